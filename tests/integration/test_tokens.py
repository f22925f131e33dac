"""What do the shared tokens promise? One renewal at a time, few in a window, and never a step back."""

from __future__ import annotations

import pytest
import redis
from real import wait_until

from workers.lanes.tokens import Claim, Claimed, Sealed, SharedTokens

NONE, NEWER, YOURS = Sealed(0, b""), Claimed(Claim.NEWER, 0.0), Claimed(Claim.YOURS, 0.0)


@pytest.fixture
def tokens(state: redis.Redis) -> SharedTokens:
    return SharedTokens(state, "pubmatic")


def claim(  # noqa: PLR0917 - the face of SharedTokens.claim
    tokens: SharedTokens, by: str, request: str = "r", seen: int = 0, hold_s: float = 60.0, window_s: float = 60.0
) -> Claimed:
    return tokens.claim("log-in", seen, by, request, hold_s, window_s, at_most=3)


def test_there_is_no_token_before_the_first(tokens: SharedTokens) -> None:
    assert tokens.read("log-in") == NONE


def test_one_claims_and_the_others_are_told_to_wait(tokens: SharedTokens) -> None:
    assert claim(tokens, "a") == YOURS
    other = claim(tokens, "b", "s")
    assert other.claim is Claim.BUSY
    assert 59.0 < other.wait_s <= 60.0


def test_a_renewal_is_seen_by_all_and_by_those_who_come_too_late(tokens: SharedTokens) -> None:
    claim(tokens, "a")
    tokens.release("log-in", "a", sealed=b"one")
    assert tokens.read("log-in") == Sealed(1, b"one")
    assert claim(tokens, "b", "s", seen=0) == NEWER
    assert claim(tokens, "b", "s", seen=1) == YOURS


def test_a_claim_of_a_worker_that_died_runs_out_and_its_late_token_changes_nothing(tokens: SharedTokens) -> None:
    claim(tokens, "dead", hold_s=0.05)
    wait_until(lambda: claim(tokens, "b", "s") == YOURS)
    tokens.release("log-in", "dead", sealed=b"late")
    assert tokens.read("log-in") == NONE
    assert claim(tokens, "c", "t").claim is Claim.BUSY


def test_requests_are_counted_also_those_that_brought_no_token(tokens: SharedTokens) -> None:
    for request in ("1", "2", "3"):
        assert claim(tokens, "a", request) == YOURS
    tokens.release("log-in", "a")
    spent = claim(tokens, "b", "4")
    assert spent.claim is Claim.SPENT
    assert 59.0 < spent.wait_s <= 60.0
    assert tokens.claim("another", 0, "b", "4", 60.0, 60.0, at_most=3) == YOURS


def test_a_repeated_command_counts_once(tokens: SharedTokens) -> None:
    for _ in range(5):
        assert claim(tokens, "a", "1") == YOURS


def test_a_request_that_was_never_sent_does_not_count(tokens: SharedTokens) -> None:
    for request in ("1", "2", "3", "4"):
        assert claim(tokens, "a", request) == YOURS
        tokens.release("log-in", "a", unsent=request)


def test_requests_are_forgotten_when_their_window_is_over(tokens: SharedTokens) -> None:
    for request in ("1", "2", "3"):
        claim(tokens, "a", request, window_s=0.1)
    wait_until(lambda: claim(tokens, "a", "4", window_s=0.1) == YOURS)
