"""What would become of all that a filter lets through, and how is it done? A preview first, then an order."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workers.bootstrap import Service
from workers.dead_letters.answers import Discarded, Kept, Replayed
from workers.dead_letters.discard import Discarder
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.group import group
from workers.dead_letters.rate import RATE, interval_s
from workers.dead_letters.replay import Replayer
from workers.dead_letters.summary import Place
from workers.dead_letters.trail import Trail
from workers.monitoring.flower.filters import filter_of
from workers.monitoring.flower.orders import ORDERS, Order
from workers.monitoring.flower.page import Page, Refused

LOOKED_AT = 1000
SHOWN = 20
ACTS = ("replay", "discard")

Answer = Replayed | Discarded | Kept


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of the newest. ``total`` None: there are more than were looked at, and nobody counted."""

    would: int
    kept: Counter[str]
    first: list[Answer]
    total: int | None

    @property
    def looked_at(self) -> int:
        return self.would + self.kept.total()

    @property
    def is_whole(self) -> bool:
        return self.total == self.looked_at


class ManyPage(Page):
    """A dry run of an order to all that a filter lets through, and the order itself."""

    async def get(self) -> None:
        does = _does(self.asked("does"))
        wanted, given = filter_of(self.asked)
        preview = await self.read(_preview, self.here, does, wanted)
        self.show("many.html", does=does, given=given, preview=preview, rate=RATE, shown=preview.first[:SHOWN])

    async def post(self) -> None:
        who = self.may_act()
        does = _does(self.given("does"))
        wanted, given = filter_of(self.given)
        reason = self.given("reason")
        if does == "discard" and not reason:
            raise Refused("Say why they are discarded: who reads the audit will want to know.", 400)
        rate = self.given("rate") or RATE
        about = {"filter": wanted.given, **({"rate": rate} if does == "replay" else {"reason": reason})}
        total = await self.read(_count, self.here, wanted)
        order = Order(
            secrets.token_hex(8), does, Trail(self.here.redis, who.name, does, about), given,
            _interval_s(rate) if does == "replay" else 0.0, total,
        )  # fmt: skip
        found = await self.read(find, self.here.redis, self.here.providers, wanted)
        ORDERS.begin(order, (each.place for each in found), _act(self.here, does, reason))
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


def _does(given: str) -> str:
    if given not in ACTS:
        raise Refused("There is no such order: it is replay or discard.", 400)
    return given


def _interval_s(rate: str) -> float:
    try:
        return interval_s(rate)
    except ValueError as error:
        raise Refused(f"“{rate}”: {error}.", 400) from error


def _act(here: Service, does: str, reason: str) -> Callable[[Place], Any]:
    return Replayer.of(here.door, here.redis).replay if does == "replay" else Discarder(here.redis, reason).discard


def _preview(here: Service, does: str, wanted: Filter) -> Preview:
    would = Replayer.of(here.door, here.redis).would if does == "replay" else Discarder(here.redis, "").would
    answers: list[Answer] = [would(each.place) for each in islice(find(here.redis, here.providers, wanted), LOOKED_AT)]
    kept = Counter(answer.why for answer in answers if isinstance(answer, Kept))
    total = len(answers) if len(answers) < LOOKED_AT else _count(here, wanted)
    return Preview(len(answers) - kept.total(), kept, answers, total)


def _count(here: Service, wanted: Filter) -> int | None:
    """How many there are; None where each would have to be looked at."""
    if wanted.looks_inside:
        return None
    return sum(each.count for each in group(here.redis, here.providers, wanted))
