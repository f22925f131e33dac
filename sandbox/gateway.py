"""What turns a request away before the provider itself sees it: breakdowns and limits."""

from dataclasses import replace
from http import HTTPStatus

from sandbox.answers import Answer, text_answer
from sandbox.calls import Call
from sandbox.ledger import Entry
from sandbox.provider import Provider
from sandbox.rates import retry_after
from sandbox.state import Sandbox


def broken_down(sandbox: Sandbox, entry: Entry) -> Answer | None:
    """By the dice of `error_rate`: a page that is no JSON."""
    rate = sandbox.behaviour.error_rate
    if not rate or sandbox.dice.random() >= rate:
        return None
    entry.fault = "error_rate"
    status = sandbox.dice.choice((HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE))
    return text_answer(f"<html><body><h1>{status.value} {status.phrase}</h1></body></html>", status, "text/html")


def throttled(call: Call, provider: Provider, sandbox: Sandbox, entry: Entry) -> Answer | None:
    """By `rate_limit`; whoever comes without a known credential has none."""
    if not call.account or not sandbox.rates or provider.throttled is None:
        return None
    behaviour = sandbox.behaviour
    who = f"{provider.name}/{call.account}"
    tolerance_s = behaviour.rate_tolerance_ms / 1000
    wait_s = sandbox.admissions.admit(who, sandbox.rates, entry.at_monotonic, tolerance_s)
    if wait_s <= 0:
        return None
    entry.fault = "rate_limit"
    return replace(provider.throttled(sandbox), headers=retry_after(behaviour.retry_after, wait_s, sandbox.wall()))
