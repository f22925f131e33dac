"""What is read in a message, told by its shape alone?"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jws import KEY, jws

from schemas import mintegral, pubmatic
from schemas.reading import Accepted, Refused
from schemas.strict_json import SMALL_ENOUGH
from workers.intake.message import Message, from_list, from_queue, from_stream

PAYLOADS = {"pubmatic": pubmatic.PAYLOADS, "mintegral": mintegral.PAYLOADS}
JOB: dict[str, Any] = {
    "id": "order-1",
    "provider": "pubmatic",
    "account": "acme",
    "operation": "get_audience",
    "payload": {"audienceId": 475332, "accountType": "PUBLISHER", "accountId": 1},
}
BARE = json.dumps(JOB).encode()
SIGNED = jws(BARE)


def celery_body(*args: object, **kwargs: object) -> bytes:
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return json.dumps([args, kwargs, embed]).encode()


def envelope(body: bytes, *, encoded: bool = True) -> bytes:
    return json.dumps(
        {
            "body": base64.b64encode(body).decode() if encoded else body.decode(),
            "content-type": "text/whatever",
            "headers": {"foreign": True},
            "properties": {"body_encoding": "base64" if encoded else None, "delivery_tag": "x"},
        }
    ).encode()


def job_of(message: Message) -> str:
    assert isinstance(message.read, Accepted), message.read
    assert json.loads(message.job)["id"] == JOB["id"]
    return message.read.job.id


def problem_of(message: Message) -> str:
    assert isinstance(message.read, Refused)
    return message.read.problems[0].expected


@pytest.mark.parametrize(
    "entry",
    [
        BARE,
        envelope(BARE),
        envelope(BARE, encoded=False),
        envelope(celery_body(JOB)),
        celery_body(JOB),
        json.dumps({"task": "audience.submit", "id": "1", "args": [JOB], "kwargs": {}, "retries": 0}).encode(),
    ],
    ids=["bare", "kombu", "kombu-unencoded", "celery-in-kombu", "celery", "celery-protocol-1"],
)
def test_a_job_is_read_in_every_form_that_a_list_may_hold(entry: bytes) -> None:
    assert job_of(from_list(entry, PAYLOADS)) == "order-1"


def test_a_job_is_read_from_the_field_of_a_stream_entry() -> None:
    assert job_of(from_stream([(b"job", BARE), (b"note", b"ignored")], PAYLOADS)) == "order-1"


@pytest.mark.parametrize(
    "entry",
    [
        SIGNED,
        b"\n" + SIGNED + b"\n",
        envelope(SIGNED),
        envelope(SIGNED, encoded=False),
        envelope(celery_body(SIGNED.decode())),
        celery_body(SIGNED.decode()),
        json.dumps({"task": "audience.submit", "id": "1", "args": [SIGNED.decode()], "kwargs": {}}).encode(),
    ],
    ids=["bare", "with-space", "kombu", "kombu-unencoded", "celery-in-kombu", "celery", "celery-protocol-1"],
)
def test_a_signed_job_is_read_wherever_a_bare_one_is(entry: bytes) -> None:
    message = from_list(entry, PAYLOADS)
    assert job_of(message) == "order-1"
    assert message.job == BARE
    assert message.signed is not None
    assert message.signed.is_by(KEY)


def test_a_signed_job_is_read_from_the_field_of_a_stream_entry() -> None:
    assert job_of(from_stream([(b"job", SIGNED)], PAYLOADS)) == "order-1"


def test_a_signed_job_is_named_by_its_own_bytes_and_keeps_them() -> None:
    refused = jws(b'{"id": 1}')
    message = from_list(envelope(refused), PAYLOADS)
    assert (message.body, message.identity) == (refused, refused)
    assert isinstance(message.read, Refused)
    assert {each.pointer for each in message.read.problems} > {"/id", "/account"}


@pytest.mark.parametrize("payload", [b"", b"no JSON", b"[]", b'{"id": "a", "id": "b"}', b"{" + b" " * 262144 + b"}"])
def test_in_a_jws_a_job_is_held_to_the_same_rules(payload: bytes) -> None:
    assert isinstance(from_list(jws(payload), PAYLOADS).read, Refused)


def test_a_stream_entry_without_the_field_is_named_by_all_that_it_holds() -> None:
    message = from_stream([(b"jobs", BARE)], PAYLOADS)
    assert "the field job" in problem_of(message)
    assert message.identity == b"jobs\0" + BARE


@pytest.mark.parametrize("body", [celery_body(), celery_body(JOB, JOB), celery_body(job=JOB), celery_body(JOB, x=1)])
def test_other_arguments_than_one_job_are_refused_with_how_it_is_done(body: bytes) -> None:
    assert "send_task" in problem_of(from_queue(body, PAYLOADS))


def test_a_celery_call_that_is_refused_is_named_by_its_arguments_and_kept_whole() -> None:
    one, two = (from_queue(celery_body("text", **kwargs), PAYLOADS) for kwargs in ({}, {}))
    assert one.identity == two.identity
    assert one.body == celery_body("text")


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"[1,2,3]",
        b"\xff",
        b'{"body": 1, "properties": {}}',
        b'{"properties": []}',
        b"[[],{},{}]",
    ],
)
def test_what_is_neither_is_refused_as_it_is(entry: bytes) -> None:
    message = from_list(entry, PAYLOADS)
    assert isinstance(message.read, Refused)
    assert message.body == entry


def test_an_envelope_around_garbage_is_refused_with_the_garbage() -> None:
    message = from_list(envelope(b"garbage"), PAYLOADS)
    assert isinstance(message.read, Refused)
    assert message.body == b"garbage"


@given(st.binary())
def test_no_bytes_whatever_raise(entry: bytes) -> None:
    assert isinstance(from_list(entry, PAYLOADS).read, Refused)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_whatever_raises(value: object) -> None:
    for body in (json.dumps(value).encode(), celery_body(value), envelope(json.dumps(value).encode())):
        assert isinstance(from_list(body, PAYLOADS).read, Refused)


def test_what_is_far_too_large_is_not_parsed_as_an_envelope_or_a_call() -> None:
    call = json.dumps([[JOB | {"metadata": {"a": "x" * 2**20}}], {}, {}]).encode()
    large = json.dumps({"properties": {}, "body": "x" * 2**20}).encode()
    for message in (from_queue(call, PAYLOADS), from_list(large, PAYLOADS)):
        assert isinstance(message.read, Refused)
        assert [problem.expected for problem in message.read.problems] == [SMALL_ENOUGH]


def test_the_largest_job_is_read_in_every_envelope() -> None:
    wide = JOB | {"metadata": {"a": "\U0001f600" * 1000}}
    assert isinstance(from_queue(json.dumps([[wide], {}, {}]).encode(), PAYLOADS).read, Accepted)
