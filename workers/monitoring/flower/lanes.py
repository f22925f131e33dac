"""How do the lanes stand, and how does an operator hold one or let it go?"""

from __future__ import annotations

from typing import Any

from workers import durations
from workers.lanes.orders import WHOLE, Orders
from workers.monitoring.flower.chart import Chart, chart
from workers.monitoring.flower.page import Page, Refused
from workers.monitoring.flower.samples import SAMPLES
from workers.monitoring.lanes import told, told_of, unknown


class LanesPage(Page):
    """Every lane in a table."""

    async def get(self) -> None:
        lanes = [_seen(each) for each in await self.read(told, self.here)]
        accounts = [each for each in lanes if each["account"] != WHOLE]
        accounts.sort(key=lambda each: each["state"] not in HELD)  # trouble first, else by name
        self.show(
            "lanes.html",
            providers=[each for each in lanes if each["account"] == WHOLE],
            accounts=accounts,
            waiting=sum(each["waiting"] for each in accounts),
            in_flight=sum(each["in_flight"] for each in accounts),
            held=sum(each["state"] in HELD for each in accounts),
            oldest=max((each["oldest_waiting_s"] or 0.0 for each in accounts), default=0.0),
        )


class LanePage(Page):
    """One lane, with its courses; and the orders to it."""

    async def get(self) -> None:
        provider, account = await self._named(self.asked("provider"), self.asked("account"))
        lane = await self.read(told_of, self.here, provider, account)
        self.show("lane.html", lane=_seen(lane), courses=_courses((provider, account)))

    async def post(self) -> None:
        who = self.may_act()
        provider, account = await self._named(self.given("provider"), self.given("account"))
        orders = Orders(self.here.redis, provider, who.name)
        if self.given("order") == "pause":
            said = await self._pause(orders, account)
        elif self.given("order") == "resume":
            said = await self._resume(orders, account)
        else:
            raise Refused("There is no such order: it is pause or resume.", 400)
        self.done(said, self.url("audience-lane", provider=provider, account=account))

    async def _named(self, provider: str, account: str) -> tuple[str, str]:
        sentence = await self.read(unknown, self.here, provider, account)
        if sentence is not None:
            raise Refused(sentence, 404)
        return provider, account

    async def _pause(self, orders: Orders, account: str) -> str:
        for_ = self.given("for")
        try:
            for_s = durations.seconds(for_) if for_ else None
        except ValueError as error:
            raise Refused(f"For how long, “{for_}”: {error}.", 400) from error
        await self.read(orders.pause, account, for_s, self.given("reason"))
        return f"{title(orders.provider, account)} is paused {f'for {for_}' if for_ else 'until it is resumed'}."

    async def _resume(self, orders: Orders, account: str) -> str:
        until = await self.read(orders.resume, account)
        rest = " The provider itself asked to wait longer: that pause holds." if until else ""
        return f"{title(orders.provider, account)} is resumed.{rest}"


HELD = frozenset({"paused", "breaker open", "breaker half open"})


def title(provider: str, account: str) -> str:
    """A lane's name, for people."""
    return f"{provider} as a whole" if account == WHOLE else f"{provider}/{account}"


def _seen(lane: dict[str, Any]) -> dict[str, Any]:
    key = (lane["provider"], lane["account"])
    used = SAMPLES.used(key) or lane["spent"]
    return {
        **lane,
        "title": title(*key),
        "state": _state(lane),
        "uses": list(zip(lane["limits"], used, strict=False)),
        "course": chart("waiting", [(each.at, each.waiting) for each in SAMPLES.of(key)]),
    }


def _state(lane: dict[str, Any]) -> str:
    if lane["paused_until"]:
        return "paused"
    if lane["breaker"] != "closed":
        return f"breaker {lane['breaker'].replace('_', ' ')}"
    return "running" if lane["in_flight"] else "waiting" if lane["waiting"] else "idle"


def _courses(key: tuple[str, str]) -> list[Chart]:
    samples = SAMPLES.of(key)
    found = [
        chart("Waiting jobs", [(each.at, each.waiting) for each in samples]),
        chart("In flight", [(each.at, each.in_flight) for each in samples]),
        chart("Oldest waits, seconds", [(each.at, each.oldest_s) for each in samples]),
        chart("Use of its limits, %", [(each.at, 100 * max(each.spent, default=0.0)) for each in samples], 100.0),
    ]
    return [each for each in found if each is not None]
