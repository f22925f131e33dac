"""What is stored of a PubMatic log-in's token? Nothing that anybody without the password can read."""

from __future__ import annotations

from collections.abc import Iterator

import redis
from pubmatic_desk import LOG_IN, PASSWORD, READ, USER, Desk

from workers.outcome import AuthFailed, Succeeded


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
