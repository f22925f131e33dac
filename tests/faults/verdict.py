"""Did the run keep the promises? Each that it broke, in a sentence."""

from __future__ import annotations

from faults.result import Result


def broken(result: Result) -> list[str]:
    """Empty is good. What is only counted (repeats, ``outcome_unknown``) is not here."""
    said = [f"{what} (queue): {found}" for what, found in result.findings.wrong.items()]
    said += [f"{what} (stream): {found}" for what, found in result.stream.wrong.items()]
    said += [
        f"{over} windows held more than {limit.text} of {limit.who}" for limit, over in result.over.items() if over
    ]
    said += [f"{calm.early} requests before the pause of {calm.lane} was over" for calm in result.storms if calm.early]
    return said + [f"a worker ended by itself: {each}" for each in result.workers_lost]
