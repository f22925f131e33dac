"""Which JWS is read as a signed job, whose is it, and what is said to all others?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jws import HEADER, KEY, OTHER_KEY, jws, part

from schemas import signed
from schemas.problem import Problem
from schemas.signed import SignedJob, Signer
from schemas.strict_json import MAX_BODY_BYTES

JOB = b'{"id": "order-1", "account": "acme"}'
TOKEN = jws(JOB)
HEAD, PAYLOAD, MAC = TOKEN.split(b".")


def read(body: bytes) -> SignedJob:
    found = signed.read(body)
    assert isinstance(found, SignedJob), found
    return found


def test_a_job_signed_by_hand_is_its_producers_and_nobody_elses() -> None:
    found = read(TOKEN)
    assert (found.producer, found.job) == ("crm", JOB)
    assert found.is_by(KEY)
    assert not found.is_by(OTHER_KEY)


def test_what_we_sign_is_what_every_language_would_write() -> None:
    assert Signer("crm", KEY).sign(JOB) == jws(JOB, header=b'{"alg":"HS256","kid":"crm"}')


def test_the_type_that_jwt_libraries_write_is_let_through() -> None:
    assert read(jws(JOB, header=HEADER | {"typ": "JWT"})).is_by(KEY)


def test_space_around_it_is_as_around_json() -> None:
    assert read(b" \n" + TOKEN + b"\r\n").is_by(KEY)


@pytest.mark.parametrize(
    "token",
    [
        HEAD + b"." + part(JOB.replace(b"acme", b"evil")) + b"." + MAC,
        part(b'{"alg":"HS256","kid":"crm"}') + b"." + PAYLOAD + b"." + MAC,
        HEAD + b"." + PAYLOAD + b"." + part(b"0" * 32),
        HEAD + b"." + PAYLOAD + b"." + MAC[:-4],
        HEAD + b"." + PAYLOAD + b".",
        jws(JOB, OTHER_KEY),
        jws(JOB, KEY + " "),
    ],
    ids=["other-payload", "other-header", "other-mac", "shorter-mac", "no-mac", "other-key", "other-space"],
)
def test_one_that_was_changed_is_nobodys(token: bytes) -> None:
    assert not read(token).is_by(KEY)


def test_two_spellings_of_one_mac_are_not_both_taken() -> None:
    last = MAC[-1:]
    twin = next(each for each in (b"A", b"B", b"C", b"D", b"E", b"F", b"G", b"H", b"I") if each != last)
    assert not read(HEAD + b"." + PAYLOAD + b"." + MAC[:-1] + twin).is_by(KEY)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"e30", signed.FORM),
        (b"e30.e30", signed.FORM),
        (HEAD + b"." + PAYLOAD, signed.FORM),
        (TOKEN + b"." + MAC, signed.FORM),
        (TOKEN + b"=", signed.FORM),
        (TOKEN.replace(b".", b". ", 1), signed.FORM),
        (TOKEN.decode().replace(".", "\u2024").encode(), signed.FORM),
        (b"e." + PAYLOAD + b"." + MAC, signed.FORM),
        (b"".join((part(b'{"alg":'), b".", PAYLOAD, b".", MAC)), signed.HEADER),
        (jws(JOB, header=b'{"alg":"none","kid":"crm","alg":"HS256"}'), signed.HEADER),
        (jws(JOB, header=b'{"alg":"HS256","kid":"erp","kid":"crm"}'), signed.HEADER),
        (part(b'{"alg":"none","kid":"crm"}') + b"." + PAYLOAD + b".", signed.ALG),
        (jws(JOB, header=HEADER | {"alg": "None"}), signed.ALG),
        (jws(JOB, header=HEADER | {"alg": "hs256"}), signed.ALG),
        (jws(JOB, header=HEADER | {"alg": "HS512"}), signed.ALG),
        (jws(JOB, header=HEADER | {"alg": "RS256"}), signed.ALG),
        (jws(JOB, header=HEADER | {"alg": ["HS256"]}), signed.ALG),
        (jws(JOB, header={"kid": "crm"}), signed.ALG),
        (jws(JOB, header=b"{}"), signed.ALG),
        (jws(JOB, header=HEADER | {"crit": ["exp"], "exp": 1}), signed.FIELDS),
        (jws(JOB, header=HEADER | {"crit": ["b64"], "b64": False}), signed.FIELDS),
        (jws(JOB, header=HEADER | {"b64": False}), signed.FIELDS),
        (jws(JOB, header=HEADER | {"jwk": {"kty": "oct", "k": "a2V5"}}), signed.FIELDS),
        (jws(JOB, header=HEADER | {"jku": "https://keys.example"}), signed.FIELDS),
        (jws(JOB, header={"alg": "HS256"}), signed.KID),
        (jws(JOB, header=HEADER | {"kid": ""}), signed.KID),
        (jws(JOB, header=HEADER | {"kid": 7}), signed.KID),
        (jws(JOB, header=HEADER | {"kid": ["crm"]}), signed.KID),
        (jws(TOKEN), signed.PAYLOAD),
        (jws(b" " + TOKEN), signed.PAYLOAD),
        (b"e" * (signed.MAX_SIGNED_BYTES + 1), signed.SMALL_ENOUGH),
    ],
)
def test_what_is_not_taken_is_told_what_is(body: bytes, expected: str) -> None:
    assert signed.looks_signed(body)
    assert signed.read(body) == Problem("", expected)


def test_the_largest_job_fits_into_a_jws() -> None:
    largest = b"{" + b" " * (MAX_BODY_BYTES - 2) + b"}"
    assert read(jws(largest, header=HEADER | {"kid": "x" * 128})).job == largest


@pytest.mark.parametrize("body", [b"{}", b" {}", b"[]", b'"e"', b"1", b"-1", b"true", b"false", b"null", b"", b"\xff"])
def test_no_json_begins_as_a_jws_does(body: bytes) -> None:
    assert not signed.looks_signed(body)
    assert signed.unwrapped(body) == body


def test_the_job_in_it_can_be_looked_at_whoever_signed() -> None:
    assert signed.unwrapped(TOKEN) == JOB
    assert signed.unwrapped(b"e30") == b"e30"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("k" * 31, "at least 32 bytes"),
        ("k" * 32 + "\n", "no space around it"),
        (
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
            "no certificate",
        ),
        (json.dumps({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}), "no JWK"),
        ("\udcff" * 32, "UTF-8"),
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(key: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        Signer("crm", key)
    assert key not in str(caught.value)
    assert caught.value.__cause__ is None


def test_bytes_are_counted_and_not_characters() -> None:
    assert Signer("crm", "ü" * 16).sign(JOB) == jws(JOB, "ü" * 16, b'{"alg":"HS256","kid":"crm"}')


def test_nothing_shows_a_key() -> None:
    assert KEY not in repr(Signer("crm", KEY))
    assert MAC.decode() not in repr(read(TOKEN))


@given(st.binary())
def test_no_bytes_whatever_raise(body: bytes) -> None:
    for each in (body, b"e" + body, jws(body), jws(JOB, header=b"{" + body)):
        found = signed.read(each)
        assert isinstance(found, Problem) or isinstance(found.is_by(KEY), bool)
