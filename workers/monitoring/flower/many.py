"""How are all dead letters edited, replayed or discarded that a filter lets through? A preview first, then an order."""

from __future__ import annotations

import secrets

from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.rate import RATE
from workers.dead_letters.trail import Trail
from workers.monitoring.flower.acts import Act, act_of
from workers.monitoring.flower.filters import filter_of
from workers.monitoring.flower.orders import ORDERS, Order
from workers.monitoring.flower.page import Page, Refused
from workers.monitoring.flower.preview import count, preview


class ManyPage(Page):
    """A dry run of an order to all that a filter lets through, and the order itself.

    What is merged by an edit travels in forms only, never in an address: it may hold what no log should.
    """

    async def get(self) -> None:
        does = self.asked("does")
        wanted, given = filter_of(self.asked)
        if does == "edit":
            await self._ask(wanted, given)
        else:
            await self._preview(does, act_of(does, self.asked, self.here, ""), wanted, given)

    async def post(self) -> None:
        who = self.may_act()
        does, step = self.given("does"), self.given("step")
        wanted, given = filter_of(self.given)
        if does == "edit" and step == "change":
            await self._ask(wanted, given)
            return
        try:
            act = act_of(does, self.given, self.here, who.name)
        except ValueError as error:
            self.set_status(400)
            await self._ask(wanted, given, wrong=str(error))
            return
        if step == "look":
            await self._preview(does, act, wanted, given)
        else:
            await self._begin(does, act, who.name, wanted, given)

    async def _ask(self, wanted: Filter, given: dict[str, str], wrong: str | None = None) -> None:
        """For what is to be merged."""
        total = await self.read(count, self.here, wanted)
        self.show("merge.html", given=given, total=total, merge=self.given("merge"), wrong=wrong)

    async def _preview(self, does: str, act: Act, wanted: Filter, given: dict[str, str]) -> None:
        seen = await self.read(preview, self.here, wanted, act.would)
        self.show("many.html", does=does, given=given, preview=seen, rate=RATE, merge=self.given("merge"))

    async def _begin(self, does: str, act: Act, who: str, wanted: Filter, given: dict[str, str]) -> None:
        if does == "discard" and not self.given("reason"):
            raise Refused("Say why they are discarded: who reads the audit will want to know.", 400)
        total = await self.read(count, self.here, wanted)
        trail = Trail(self.here.redis, who, does, {"filter": wanted.given, **act.about})
        order = Order(secrets.token_hex(8), does, trail, given, act.interval_s, total)
        found = await self.read(find, self.here.redis, self.here.providers, wanted)
        ORDERS.begin(order, (each.place for each in found), act.do)
        self.redirect(self.url("audience-order", id=order.id), status=303)


class OrderPage(Page):
    """How far an order is; and how it is stopped."""

    async def get(self) -> None:
        self.show("order.html", order=_order(self.asked("id")))

    async def post(self) -> None:
        self.may_act()
        order = _order(self.given("id"))
        order.stopping.set()
        self.done("It stops after the dead letter that it is at.", self.url("audience-order", id=order.id))


def _order(id_: str) -> Order:
    order = ORDERS.of(id_)
    if order is None:
        raise Refused("This Flower knows no such order (any more): `audience audit` tells what every order did.", 404)
    return order
