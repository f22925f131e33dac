"""When did a request leave, by a clock that is not ours?"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from workers.http import Answer
from workers.providers.mintegral.clock import Sent, sent

LEFT = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = LEFT.timestamp()


def when(date: str | None, *, now: float) -> Sent:
    return sent(LEFT, Answer(200, {} if date is None else {"date": date}, b""), now)


@pytest.mark.parametrize("off_s", [-150, 0, 150])
def test_a_date_tells_how_far_the_clock_is_off(off_s: int) -> None:
    told = when(formatdate(AT + 10 + off_s, usegmt=True), now=AT + 10)
    assert told == Sent(AT + off_s - 60, AT + off_s - 2)


def test_without_a_date_the_clock_may_be_off_by_as_much_as_mintegral_might_take() -> None:
    assert when(None, now=AT + 10) == Sent(AT - 300, AT - 60)
    assert when("yesterday", now=AT + 10) == Sent(AT - 300, AT - 60)


def test_a_date_that_cannot_be_the_clock_of_the_api_tells_nothing() -> None:
    assert when(formatdate(AT - 3600, usegmt=True), now=AT + 10) == Sent(AT - 300, AT - 60)
