"""What follows from each outcome: the policy of the service, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.config import RetryPolicy
from workers.execution.trouble import Trouble
from workers.execution.verdict import (
    Dead,
    Done,
    Verdict,
    backoff_s,
    cancelled,
    decide,
    health_of,
    look_wait_s,
    too_old,
)
from workers.lanes.state import Again, Health
from workers.outcome import (
    AlreadyExists,
    AuthFailed,
    Broken,
    Deferred,
    Expired,
    Outcome,
    Postponed,
    Rejected,
    Said,
    Succeeded,
    Throttled,
    Unavailable,
    Unknown,
    Unseen,
    Unusable,
)

SAID = Said("a sentence", "A1", 400)
POLICY = RetryPolicy(max_attempts=3, backoff_base_s=1, backoff_cap_s=60, look_after_s=2, looks=3)
FRESH = Trouble()
LOOKING = Trouble(attempts=1, looks=1, unknown=True, unknown_since=7.0)


def decided(outcome: Outcome, before: Trouble = FRESH, dice: float = 0.5) -> Verdict:
    return decide(outcome, before, POLICY, dice)


def test_a_success_is_done() -> None:
    assert decided(Succeeded({"audience_id": "1"})) == Done(Succeeded({"audience_id": "1"}))


def test_throttling_pauses_the_lane_for_what_was_asked_and_spends_nothing() -> None:
    verdict = decided(Throttled(SAID, after_s=90.0))
    assert verdict == Again(None, spent=False, throttles=1, pause_s=90.0, pause_reason="a sentence")


def test_throttling_without_a_time_waits_longer_each_time_in_a_row() -> None:
    pauses = [decided(Throttled(SAID), Trouble(throttles=before)) for before in range(8)]
    assert [verdict.pause_s for verdict in pauses if isinstance(verdict, Again)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_job_held_back_by_our_own_side_keeps_its_place_and_spends_nothing() -> None:
    assert decided(Postponed(SAID)) == Again(None, spent=False)


def test_a_job_that_is_too_early_waits_alone_and_spends_nothing() -> None:
    assert decided(Deferred(SAID, 3600.0)) == Again(3600.0, spent=False)
    assert decided(Deferred(SAID, 1.0), LOOKING) == Again(1.0, spent=False, look=True, looks=1, unknown_since=7.0)


def test_what_the_job_names_and_nobody_can_use_makes_it_an_invalid_job() -> None:
    assert decided(Unusable(SAID)) == Dead("invalid_job", SAID, spent=True)


def test_a_lost_answer_that_asks_for_patience_pauses_the_lane_too() -> None:
    verdict = decided(Unknown(SAID, after_s=30.0))
    assert verdict == Again(2.0, spent=True, look=True, unknown_now=True, pause_s=30.0, pause_reason="a sentence")


def test_throttled_while_a_lost_answer_is_looked_for_the_look_is_not_forgotten() -> None:
    verdict = decided(Throttled(SAID, 5.0), LOOKING)
    assert isinstance(verdict, Again)
    assert (verdict.look, verdict.looks, verdict.unknown_since) == (True, 1, 7.0)


@pytest.mark.parametrize(("dice", "after_s"), [(0.0, 0.0), (0.5, 1.0), (0.999, 1.998)])
def test_an_unavailable_provider_is_tried_again_after_a_random_wait(dice: float, after_s: float) -> None:
    assert decided(Unavailable(SAID), Trouble(attempts=1), dice) == Again(after_s, spent=True)


def test_used_up_tries_end_as_unavailable() -> None:
    assert decided(Unavailable(SAID), Trouble(attempts=2)) == Dead("unavailable", SAID, spent=True)


def test_a_try_that_was_not_made_does_not_count() -> None:
    assert decided(Unavailable(SAID, tried=False), Trouble(attempts=3)) == Dead("unavailable", SAID, spent=False)


def test_used_up_tries_of_a_look_up_end_as_outcome_unknown() -> None:
    before = Trouble(attempts=2, unknown=True, unknown_since=7.0)
    assert decided(Unavailable(SAID), before) == Dead("outcome_unknown", SAID, spent=True)


def test_a_lost_answer_is_looked_for_first_even_on_the_last_try() -> None:
    verdict = decided(Unknown(SAID), Trouble(attempts=2))
    assert verdict == Again(2.0, spent=True, look=True, unknown_now=True)


def test_a_look_up_that_cannot_tell_ends_as_outcome_unknown() -> None:
    assert decided(Unknown(SAID), LOOKING) == Dead("outcome_unknown", SAID, spent=True)


def test_a_look_up_that_misses_is_repeated_later_and_later() -> None:
    assert decided(Unseen(SAID), LOOKING) == Again(8.0, spent=False, look=True, looks=2, unknown_since=7.0)


@pytest.mark.parametrize(
    ("outcome", "category"),
    [
        (AuthFailed(SAID), "auth"),
        (Rejected(SAID), "rejected_by_provider"),
        (AlreadyExists(SAID), "rejected_by_provider"),
        (Expired(SAID), "expired"),
        (Broken(SAID), "internal"),
    ],
)
def test_every_other_ending_dies_with_its_category(outcome: Outcome, category: str) -> None:
    verdict = decided(outcome)
    assert isinstance(verdict, Dead)
    assert verdict.category == category
    assert verdict.said == SAID


@pytest.mark.parametrize("outcome", [AuthFailed(SAID), Rejected(SAID), Expired(SAID), Broken(SAID)])
def test_while_an_outcome_is_unknown_no_death_claims_to_know(outcome: Outcome) -> None:
    verdict = decided(outcome, LOOKING)
    assert isinstance(verdict, Dead)
    assert verdict.category == "outcome_unknown"


def test_what_expired_is_not_replayable_and_all_else_is() -> None:
    assert not Dead("expired", SAID, spent=False).replayable
    assert Dead("auth", SAID, spent=True).replayable


@pytest.mark.parametrize(
    ("before", "expired", "category"),
    [(FRESH, False, "throttled"), (FRESH, True, "expired"), (LOOKING, True, "outcome_unknown")],
)
def test_what_waited_too_long_dies_for_what_it_waited_for(before: Trouble, *, expired: bool, category: str) -> None:
    assert too_old(expired=expired, before=before).category == category


@pytest.mark.parametrize(("before", "category"), [(FRESH, "cancelled"), (LOOKING, "outcome_unknown")])
def test_a_revoked_job_ends_as_cancelled_unless_it_may_have_happened(before: Trouble, category: str) -> None:
    assert cancelled(before).category == category


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0.01, 1e4), st.floats(0.01, 1e5))
def test_no_wait_is_negative_or_above_its_cap(attempts: int, dice: float, base: float, cap: float) -> None:
    policy = RetryPolicy(backoff_base_s=base, backoff_cap_s=cap, look_after_s=base)
    assert 0 <= backoff_s(attempts, policy, dice) <= cap
    assert 0 <= look_wait_s(attempts, policy) <= cap


@given(st.integers(0, 10_000), st.floats(0.01, 1e4), st.floats(0.01, 1e5))
def test_ceilings_never_fall(attempts: int, base: float, cap: float) -> None:
    policy = RetryPolicy(backoff_base_s=base, backoff_cap_s=cap)
    assert backoff_s(attempts + 1, policy, 1.0) >= backoff_s(attempts, policy, 1.0)


@pytest.mark.parametrize(
    ("outcome", "health"),
    [
        (Succeeded({}), Health.GOOD),
        (Rejected(SAID), Health.GOOD),
        (AlreadyExists(SAID), Health.GOOD),
        (Unavailable(SAID), Health.BAD),
        (AuthFailed(SAID), Health.BAD),
        (Unavailable(SAID, at_provider=False), Health.UNTOLD),
        (Unavailable(SAID, tried=False), Health.UNTOLD),
        (Unknown(SAID), Health.UNTOLD),
        (Throttled(SAID), Health.UNTOLD),
        (Deferred(SAID, 1.0), Health.UNTOLD),
    ],
)
def test_what_an_outcome_says_of_the_way_to_the_provider(outcome: Outcome, health: Health) -> None:
    assert health_of(outcome) is health


def test_a_probe_does_not_die_of_the_credentials_that_all_wait_for() -> None:
    assert decided(AuthFailed(SAID), Trouble(attempts=1, probe=True)) == Again(None, spent=False)
