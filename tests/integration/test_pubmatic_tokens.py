"""Who renews a PubMatic log-in's token, and when? One worker at a time, on a real sandbox, which counts."""

from __future__ import annotations

import pytest
from pubmatic_desk import LOG_IN, OWNER, PASSWORD, READ, REFRESHED, USER, Desk
from real import wait_until

from workers.lanes.tokens import Claim
from workers.outcome import AttemptEnded, AuthFailed, Deferred, Postponed, Said, Succeeded, Throttled, Unavailable
from workers.providers.pubmatic.log_in import TOKEN
from workers.providers.pubmatic.token import REQUESTS_A_WINDOW, WINDOW_S


def test_eight_workers_at_once_log_in_once_and_expiry_in_mid_run_refreshes_once(desk: Desk) -> None:
    assert all(isinstance(each, Succeeded) for each in desk.read_in_threads(8))
    arrived = desk.requests()
    assert arrived.count(LOG_IN) == 1
    assert len(arrived) == 9
    desk.control(expire=True)
    assert all(isinstance(each, Succeeded) for each in desk.read_in_threads(8))
    later = desk.requests()
    assert (later.count(REFRESHED), later.count(LOG_IN)) == (1, 0)
    assert len(desk.permits) == len(arrived) + len(later), "token calls spend permits too"
    assert not any(desk.permits)


@pytest.mark.parametrize("said", ["unauthorized", "in-200", "empty", "apigee"])
def test_an_expired_token_is_known_however_it_is_said(desk: Desk, said: str) -> None:
    desk.behave(expired_token=said)
    desk.read()
    desk.control(expire=True)
    desk.requests()
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [READ, REFRESHED, READ]
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [READ]


def test_a_create_with_an_expired_token_is_made_once(desk: Desk) -> None:
    desk.read()
    desk.control(expire=True)
    desk.requests()
    payload = OWNER | {"name": "n", "dataProviderId": 383, "providerAudienceId": "7"}
    made = desk.send("create_audience", payload, desk.call())
    assert isinstance(made, Succeeded)
    assert [method for method, _ in desk.requests()] == ["POST", "PUT", "POST"]
    assert len(desk.sandbox.audiences(provider="pubmatic")["audiences"]) == 1


def test_a_token_that_is_refused_again_when_it_is_new_ends_it(desk: Desk) -> None:
    desk.read()
    desk.requests()
    desk.sandbox.fault(provider="pubmatic", method="GET", preset="unauthorized_empty", times=9)
    assert isinstance(desk.read(), AuthFailed)
    assert desk.requests() == [READ, REFRESHED, READ]


def test_a_token_that_others_replaced_on_the_way_is_followed(desk: Desk) -> None:
    desk.read()
    desk.control(expire=True)
    desk.requests()
    arrived: list[str] = []

    def rotating(_: bool) -> None:  # noqa: FBT001 - as Permit
        """Right before the second try is sent, another worker's refresh ends its token."""
        arrived.append("")
        if len(arrived) == 3:
            desk.control(expire=True)
            assert isinstance(desk.read(), Succeeded)

    assert isinstance(desk.read(desk.call(rotating)), Succeeded)
    mine, others = [READ, REFRESHED, READ], [READ, REFRESHED, READ]
    assert desk.requests() == [*mine[:2], *others, READ, READ]


def test_another_workers_token_that_is_refused_as_well_is_renewed(desk: Desk) -> None:
    desk.read()
    desk.control(expire=True)
    desk.requests()
    asked = iter(range(9))

    def expiring(_: bool) -> None:  # noqa: FBT001 - as Permit
        """While the first try is on its way, another worker renews the token; that one expires before the second."""
        match next(asked):
            case 0:
                assert isinstance(desk.read(), Succeeded)
            case 1:
                desk.control(expire=True)

    assert isinstance(desk.read(desk.call(expiring)), Succeeded)
    others = [READ, REFRESHED, READ]
    assert desk.requests() == [*others, READ, READ, REFRESHED, READ]


def test_a_token_that_another_worker_is_replacing_is_waited_for(desk: Desk) -> None:
    desk.read()
    desk.sandbox.fault(provider="pubmatic", method="GET", preset="unauthorized_empty", times=2)
    asked = iter(range(9))

    def claiming(_: bool) -> None:  # noqa: FBT001 - as Permit
        if next(asked) == 2:
            assert desk.claim("another") is Claim.YOURS

    assert isinstance(desk.read(desk.call(claiming)), Deferred)


def test_a_missing_right_renews_nothing(desk: Desk) -> None:
    desk.read()
    desk.requests()
    desk.sandbox.fault(provider="pubmatic", method="GET", preset="not_authorized")
    ended = desk.read()
    assert isinstance(ended, AuthFailed)
    assert ended.said.code == "AUTHZ_FAILED"
    assert desk.requests() == [READ]


def test_a_refresh_whose_answer_was_lost_ends_in_a_log_in(desk: Desk) -> None:
    desk.read()
    desk.control(expire=True)
    desk.requests()
    desk.sandbox.fault(provider="pubmatic", method="PUT", action="commit_then_reset")
    assert isinstance(desk.read(), Unavailable)
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [READ, REFRESHED, READ, REFRESHED, LOG_IN, READ]


def test_a_token_is_refreshed_before_its_sixty_days_end(desk: Desk) -> None:
    before = desk.grow_older(days=55.1)
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [REFRESHED, READ]
    after = desk.stored()
    assert (after.access != before.access, after.refresh != before.refresh) == (True, True)
    assert after.email == USER
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [READ]


def test_a_token_of_54_days_is_left_alone(desk: Desk) -> None:
    desk.grow_older(days=54.9)
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [READ]


def test_while_another_worker_renews_it_an_old_token_does_as_long_as_it_lives(desk: Desk) -> None:
    desk.grow_older(days=59.9)
    assert desk.claim("another") is Claim.YOURS
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [READ]


def test_while_another_worker_renews_it_a_dead_token_is_waited_for(desk: Desk) -> None:
    desk.grow_older(days=60.1)
    assert desk.claim("another") is Claim.YOURS
    ended = desk.read()
    assert isinstance(ended, Deferred)
    assert 0 < ended.after_s <= 1.0
    assert desk.requests() == []


def test_a_renewal_that_fails_holds_nothing_up_while_the_old_token_lives(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    before = desk.grow_older(days=56)
    desk.sandbox.fault(provider="pubmatic", method="PUT", preset="server_error")
    assert isinstance(desk.read(), Succeeded)
    assert desk.requests() == [REFRESHED, READ]
    shown = capsys.readouterr().out
    assert "pubmatic.token_not_renewed" in shown
    assert not any(secret in shown for secret in (before.access, before.refresh, USER, PASSWORD))


def test_too_many_requests_for_a_token_pause_the_lane_and_none_more_is_sent(desk: Desk) -> None:
    for number in range(REQUESTS_A_WINDOW):
        desk.sandbox.fault(provider="pubmatic", path=f"/v1{TOKEN}", preset="server_error")
        assert isinstance(desk.read(), Unavailable), number
    assert desk.requests() == [LOG_IN] * REQUESTS_A_WINDOW
    ended = desk.read()
    assert isinstance(ended, Throttled)
    assert ended.after_s is not None
    assert WINDOW_S - 60 < ended.after_s <= WINDOW_S
    assert "more than 200 would disable the account" in ended.said.message
    assert desk.requests() == []


def test_a_request_for_a_token_that_never_left_does_not_count(desk: Desk) -> None:
    def refuse(_: bool) -> None:  # noqa: FBT001 - as Permit
        raise AttemptEnded(Postponed(Said("the lane is paused")))

    for _ in range(REQUESTS_A_WINDOW + 1):
        assert isinstance(desk.read(desk.call(refuse)), Postponed)
    assert isinstance(desk.read(), Succeeded)


def test_a_worker_that_died_while_it_asked_is_replaced_when_its_claim_runs_out(desk: Desk) -> None:
    assert desk.claim("dead", hold_s=0.3) is Claim.YOURS
    assert isinstance(desk.read(), Deferred)
    wait_until(lambda: isinstance(desk.read(), Succeeded), what="a token after the claim's end")
    assert desk.requests() == [LOG_IN, READ]
