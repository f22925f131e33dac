"""How do workers share a PubMatic log-in's token? On a real sandbox, which counts, and a real Redis, which is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from calls import call_to
from real import RedisServer, Sandbox, wait_until

from workers.http import Call
from workers.http_transport import _transport
from workers.lanes.tokens import Claim
from workers.outcome import (
    AttemptEnded,
    AuthFailed,
    Deferred,
    Outcome,
    Postponed,
    Said,
    Succeeded,
    Throttled,
    Unavailable,
)
from workers.providers.pubmatic import PROVIDER
from workers.providers.pubmatic.config import PubmaticConfig
from workers.providers.pubmatic.log_in import REFRESH, TOKEN, LogIn
from workers.providers.pubmatic.seal import Pair, seal, unseal
from workers.providers.pubmatic.token import DAY_S, REQUESTS_A_WINDOW, WINDOW_S

OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
USER, PASSWORD = "acme@sandbox.example", "sandbox-pubmatic-password-acme"
READ, LOG_IN, REFRESHED = ("GET", "/v1/audience/audiences"), ("POST", f"/v1{TOKEN}"), ("PUT", f"/v1{REFRESH}")


@dataclass
class Desk:
    """Workers of one user: the sandbox they ask, the Redis they share, the permits they spent."""

    sandbox: Sandbox
    state: redis.Redis
    folder: Path
    permits: list[bool] = field(default_factory=list)

    def call(self, permit: Callable[[bool], None] | None = None, **secrets: str) -> Call:
        """An attempt of an account that logs in; ``secrets`` take the place of the user's own."""
        known = {"user_name": USER, "password": PASSWORD} | secrets
        account = {}
        for name, value in known.items():
            place = self.folder / f"{name}-{value}".replace("/", "-")
            if not place.exists():
                place.write_text(value)
            account[name] = {"file": place}
        config = PubmaticConfig.model_validate({"base_url": f"{self.sandbox.url}/v1", "accounts": {"a": account}})
        return call_to(
            config.base_url, config.accounts["a"], permit or self.permits.append, state=self.state, deadline_s=2.0
        )

    def read(self, call: Call | None = None) -> Outcome:
        return self.send("list_audiences", OWNER, call or self.call())

    def send(self, operation: str, payload: dict[str, Any], call: Call) -> Outcome:
        ours: Any = PROVIDER.operations[operation]
        try:
            outcome: Outcome = ours.send(ours.payload_model.model_validate(payload), call)
        except AttemptEnded as ended:
            return ended.outcome
        return outcome

    def read_in_threads(self, threads: int) -> list[Outcome]:
        """All at the same moment, each again while it is told to wait."""
        self.call()  # the files of its secrets are there, and whole
        ready = threading.Barrier(threads)

        def read(_: int) -> Outcome:
            ready.wait(10)
            deadline = time.monotonic() + 20
            while isinstance(outcome := self.read(), Deferred) and time.monotonic() < deadline:
                time.sleep(outcome.after_s)  # as its lane would
            transport, _ = _transport()
            transport.close()  # a worker's threads last; these do not
            return outcome

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(read, range(threads)))

    def requests(self) -> list[tuple[str, str]]:
        """What arrived since the last time."""
        entries = self.sandbox.ledger(provider="pubmatic")["entries"]
        httpx.delete(f"{self.sandbox.url}/_sandbox/ledger").raise_for_status()
        return [(each["method"], each["path"]) for each in entries]

    def control(self, **credentials: Any) -> None:
        body = {"provider": "pubmatic", "account": "acme"} | credentials
        httpx.post(f"{self.sandbox.url}/_sandbox/credentials", json=body).raise_for_status()

    def behave(self, **options: Any) -> None:
        httpx.patch(f"{self.sandbox.url}/_sandbox/behaviour", json=options).raise_for_status()

    def stored(self) -> Pair:
        call = self.call()
        pair = unseal(call.tokens.read(LogIn.of(call).name).value, USER, PASSWORD)
        assert pair is not None
        return pair

    def grow_older(self, days: float) -> Pair:
        """Log in, and let the stored token be that old; what it was."""
        assert isinstance(self.read(), Succeeded)
        call, pair = self.call(), self.stored()
        name = LogIn.of(call).name
        older = replace(pair, at=pair.at - days * DAY_S)
        self.state.hset(f"audience:{{contract}}:token:{name}", "sealed", seal(older, USER, PASSWORD))
        self.requests()
        return pair

    def claim(self, by: str, hold_s: float = 60.0, request: str = "r", seen: int = 99) -> Claim:
        call = self.call()
        name = LogIn.of(call).name
        return call.tokens.claim(name, seen, by, request, hold_s, WINDOW_S, REQUESTS_A_WINDOW).claim


@pytest.fixture
def desk(sandbox: Sandbox, redis_server: RedisServer, tmp_path: Path) -> Iterator[Desk]:
    with redis_server.client() as state:
        yield Desk(sandbox, state, tmp_path)


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


def test_a_wrong_password_is_said_without_it(desk: Desk) -> None:
    ended = desk.read(desk.call(password="a wrong pässword"))
    assert isinstance(ended, AuthFailed)
    assert (ended.said.code, ended.said.http_status) == ("AUTH_FAILED", 401)
    assert "user_name and password" in ended.said.message
    assert "wrong p" not in ended.said.message
    assert USER not in ended.said.message


def test_a_rotated_password_logs_in_anew_and_the_old_one_opens_nothing(desk: Desk) -> None:
    assert isinstance(desk.read(), Succeeded)
    desk.control(user_name=USER, password="new-password")
    desk.requests()
    rotated = desk.call(password="new-password")
    assert isinstance(desk.read(rotated), Succeeded)
    assert desk.requests() == [LOG_IN, READ]
    assert isinstance(desk.read(desk.call()), AuthFailed)
    assert desk.requests() == [LOG_IN]


def test_two_accounts_of_one_user_share_its_token_and_another_user_has_its_own(desk: Desk) -> None:
    assert isinstance(desk.read(), Succeeded)
    assert isinstance(desk.read(desk.call()), Succeeded)
    assert desk.requests() == [LOG_IN, READ, READ]
    other = desk.call(user_name="globex@sandbox.example", password="sandbox-pubmatic-password-globex")
    assert isinstance(desk.read(other), Succeeded)
    assert desk.requests() == [LOG_IN, READ]


def test_no_key_of_redis_holds_a_token_or_who_logs_in(desk: Desk) -> None:
    assert isinstance(desk.read(), Succeeded)
    pair = desk.stored()
    secrets = [text.encode() for text in (pair.access, pair.refresh, USER, PASSWORD)]
    everything = b"\n".join(everything_in(desk.state))
    assert b":token:" in everything
    assert not any(secret in everything for secret in secrets)


def test_every_secret_of_the_log_in_is_known_to_the_call(desk: Desk) -> None:
    call = desk.call()
    assert isinstance(desk.read(call), Succeeded)
    pair = desk.stored()
    assert call.secrets >= {USER, PASSWORD, pair.access, pair.refresh, pair.email}


def everything_in(state: redis.Redis) -> Iterator[bytes]:
    """All keys with their values, as they stand."""
    for key in state.scan_iter():
        yield key
        yield state.dump(key)
        kind = state.type(key)
        if kind == b"hash":
            yield from [part for pair in state.hgetall(key).items() for part in pair]
        if kind == b"zset":
            yield from state.zrange(key, 0, -1)
