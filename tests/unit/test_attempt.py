"""In which order does an attempt look and send, and what does it make of what it finds?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from calls import call_to
from pydantic import BaseModel

from workers.config import RetryPolicy
from workers.execution.attempt import CONFIRMED, attempt
from workers.execution.trouble import Trouble
from workers.http import Call
from workers.outcome import (
    AlreadyExists,
    AttemptEnded,
    Outcome,
    Postponed,
    Rejected,
    Said,
    Succeeded,
    Unavailable,
    Unknown,
    Unseen,
)
from workers.providers.provider import Absent, CannotTell, Found, Look

POLICY = RetryPolicy(max_attempts=3, looks=3)
MADE = Succeeded({"audience_id": "1", "already_existed": False})
OURS = Found({"audience_id": "1", "already_existed": False}, ours=True)
OLDER = Found({"audience_id": "1", "already_existed": True}, ours=False, differences=("name differs",))
EXISTS = AlreadyExists(Said("it exists", "E1", 400))
LOST = Trouble(attempts=1, unknown=True, unknown_since=7.0)


class Create:
    """An operation that says what it is told to say, and remembers what was asked of it."""

    payload_model = BaseModel

    def __init__(self, sent: Outcome = MADE, found: Look | None = None) -> None:
        self.sent, self.found = sent, found
        self.asked: list[Any] = []

    def send(self, payload: Any, call: Call) -> Outcome:
        del payload, call
        self.asked.append("send")
        return self.sent

    def find(self, payload: Any, call: Call, since: datetime | None) -> Look:
        del payload, call
        self.asked.append(since)
        if self.found is None:
            raise AttemptEnded(Postponed(Said("the lane is paused")))
        return self.found


def run(operation: Create, before: Trouble = Trouble()) -> Outcome:  # noqa: B008 - frozen
    return attempt(operation, None, call_to(""), before, POLICY).outcome


def test_a_fresh_job_is_sent_without_a_look() -> None:
    operation = Create()
    assert run(operation) == MADE
    assert operation.asked == ["send"]


def test_a_lost_answer_is_looked_for_since_the_moment_it_was_sent_and_nothing_is_sent() -> None:
    operation = Create(found=OURS)
    assert run(operation, LOST) == Succeeded(OURS.result, (CONFIRMED,))
    assert operation.asked == [datetime.fromtimestamp(7.0, UTC)]


def test_an_audience_that_is_older_than_our_request_is_adopted_as_somebody_elses() -> None:
    assert run(Create(found=OLDER), LOST) == Succeeded(OLDER.result, ("name differs",))


@pytest.mark.parametrize("looks", [0, 1])
def test_a_look_that_misses_is_not_yet_an_absence(looks: int) -> None:
    operation = Create(found=Absent())
    assert isinstance(run(operation, Trouble(1, 0, looks, unknown=True, unknown_since=7.0)), Unseen)
    assert "send" not in operation.asked


def test_after_enough_misses_it_is_sent_again_as_if_for_the_first_time() -> None:
    operation = Create(Unknown(Said("lost again")), Absent())
    ended = attempt(
        operation,
        None,
        call_to(""),
        Trouble(1, 0, 2, unknown=True, unknown_since=7.0),
        POLICY,
    )
    assert operation.asked[1:] == ["send"]
    assert ended.before == Trouble(1, 0, 0, unknown=False, unknown_since=7.0)


def test_what_is_surely_absent_is_not_sent_when_the_tries_are_used_up_and_the_last_word_stays() -> None:
    operation = Create(found=Absent())
    last = Said("HTTP 500", "E5", 500)
    outcome = run(operation, Trouble(3, 0, 2, unknown=True, unknown_since=7.0, last=last))
    assert outcome == Unavailable(Said("HTTP 500; the tries are used up", "E5", 500), tried=False)
    assert "send" not in operation.asked


def test_a_look_that_cannot_tell_leaves_the_outcome_unknown() -> None:
    assert run(Create(found=CannotTell("two of them")), LOST) == Unknown(Said("two of them"))


def test_what_exists_is_looked_up_whoever_made_it_and_adopted() -> None:
    operation = Create(EXISTS, OLDER)
    assert run(operation) == Succeeded(OLDER.result, ("name differs",))
    assert operation.asked == ["send", None]


def test_what_exists_after_a_lost_answer_is_our_own() -> None:
    outcome = run(Create(EXISTS, OLDER), Trouble(attempts=2, unknown_since=7.0))
    assert outcome == Succeeded({"audience_id": "1", "already_existed": False}, (CONFIRMED, "name differs"))


@pytest.mark.parametrize("found", [Absent(), CannotTell("two of them")])
def test_what_exists_and_is_not_the_jobs_is_a_refusal_with_the_providers_code(found: Look) -> None:
    outcome = run(Create(EXISTS, found))
    assert isinstance(outcome, Rejected)
    assert outcome.said.code == "E1"


def test_an_attempt_that_ends_on_its_way_ends_with_that_outcome() -> None:
    assert run(Create(), LOST) == Postponed(Said("the lane is paused"))
