"""Does a member of a stream's group lose sight of what it has read and not cleared?"""

from __future__ import annotations

import pytest
import redis

from workers.stream import StreamMember

STREAM, GROUP = "audience:{pubmatic}:outbox", "publishers"


def add(state: redis.Redis, *names: str) -> None:
    for name in names:
        state.xadd(STREAM, {"event": name})


def read(member: StreamMember) -> list[str]:
    return [fields[b"event"].decode() for _, fields in member.read()]


def test_what_was_read_and_not_cleared_is_read_again_before_anything_new(state: redis.Redis) -> None:
    member = StreamMember(state, STREAM, GROUP)
    add(state, "a", "b")
    first, second = member.read()
    member.clear([first])
    add(state, "c")
    assert read(member) == ["b"]
    member.clear([second])
    assert read(member) == ["c"]


def test_after_a_failure_a_member_looks_for_what_it_may_have_been_given(state: redis.Redis) -> None:
    member = StreamMember(state, STREAM, GROUP)
    assert read(member) == []
    add(state, "a")
    StreamMember(state, STREAM, GROUP, name=member.name).read()  # given to this name, and the answer lost
    state.rename(STREAM, "{pubmatic}:aside")
    state.set(STREAM, "no stream")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        member.read()
    state.rename("{pubmatic}:aside", STREAM)
    assert read(member) == ["a"]
