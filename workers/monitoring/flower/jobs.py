"""What became of a job? Found by its id or a part of it; shown with its attempts, and what it waits for."""

from __future__ import annotations

import json
from typing import Any

from workers.bootstrap import Service
from workers.execution.cancel import cancel
from workers.lanes.orders import Orders
from workers.monitoring.find_jobs import Found, find_jobs
from workers.monitoring.flower.masked import masked, masked_attempts
from workers.monitoring.flower.page import Page, Refused
from workers.monitoring.jobs import read

STATES = ("waiting", "handed", "running", "succeeded", "failed")


class JobsPage(Page):
    """Those in flight; or those that a search finds."""

    async def get(self) -> None:
        text, state = self.asked("text"), self.asked("state")
        if state not in {"", *STATES}:
            raise Refused(f"A job is {', '.join(STATES)}; “{state}” is none of these.", 400)
        found: Found = await self.read(find_jobs, self.here, text, state or None)
        self.show("jobs.html", found=found, text=text, state=state, states=STATES)


class JobPage(Page):
    """One job; and its cancellation, while it waits."""

    async def get(self) -> None:
        provider, account, id_ = (self.asked(name) for name in ("provider", "account", "id"))
        job = await self.read(_job, self.here, provider, account, id_)
        event = job.pop("event")
        self.show(
            "job.html",
            job=job,
            timeline=_timeline(job),
            event=json.dumps(event, indent=2, ensure_ascii=False) if event else None,
        )

    async def post(self) -> None:
        who = self.may_act()
        provider, account, id_ = (self.given(name) for name in ("provider", "account", "id"))
        await self.read(_job, self.here, provider, account, id_)
        orders = Orders(self.here.redis, provider, who.name)
        why_not = await self.read(cancel, self.here.executor, orders, account, id_, self.given("reason"))
        if why_not is not None:
            raise Refused(why_not)
        self.done(
            "Cancelled; a worker sends its event.", self.url("audience-job", provider=provider, account=account, id=id_)
        )


def _job(here: Service, provider: str, account: str, id_: str) -> dict[str, Any]:
    job = read(here, provider, account, id_) if provider in here.providers else None
    if job is None:
        raise Refused(
            f"No job {id_} of {provider}/{account} is known: it did not come in yet, was rejected, or ended longer "
            "ago than AUDIENCE_IDEMPOTENCY_DAYS.",
            404,
        )
    return {**masked(job), "history": masked_attempts(job["history"])}


def _timeline(job: dict[str, Any]) -> list[dict[str, Any] | None]:
    """The attempts in the order of time. None stands where the latest run was accepted: after those of earlier runs."""
    earlier = [each for each in job["history"] if each["run"] < job["run"]]
    return [*earlier, None, *job["history"][len(earlier) :]]
