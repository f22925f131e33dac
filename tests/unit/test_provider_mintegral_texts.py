"""What do the words of a refusal mean, as far as words can be trusted?"""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from workers.http import Answer
from workers.providers.answers import Means
from workers.providers.mintegral.clock import hint, time_at_mintegral
from workers.providers.mintegral.errors import EARLY, NOT_EARLY, refused


def means(text: str, *sent: str, code: object = 20007, status: int = 200) -> Means:
    refusal = refused(Answer(status, {}, json.dumps({"code": code, "message": text}).encode()), sent)
    assert refusal is not None
    return refusal.means


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Rate limit exceeded", Means.THROTTLED),
        ("requests are too frequent", Means.THROTTLED),
        ("Too Many Requests", Means.THROTTLED),
        ("throttled", Means.THROTTLED),
        ("too many files", Means.REJECTED),
        ("audience name already exists", Means.EXISTS),
        ("ta_name exist", Means.EXISTS),
        ("duplicate name", Means.EXISTS),
        ("the name is in use", Means.EXISTS),
        ("the audience does not exist", Means.REJECTED),
        ("audience doesn't exist", Means.REJECTED),
        ("bad token", Means.AUTH),
        ("invalid sign", Means.AUTH),
        ("access_key is invalid", Means.AUTH),
        ("Please login first", Means.AUTH),
        ("Unauthorized", Means.AUTH),
        ("design is invalid", Means.REJECTED),
        ("timestamp is required", Means.REJECTED),
        ("", Means.REJECTED),
    ],
)
def test_words_decide_where_the_code_does_not(text: str, meaning: Means) -> None:
    assert means(text) is meaning
    assert means(text, code=10000) is meaning


def test_an_exact_code_or_status_leads_over_words() -> None:
    assert means("audience name already exists", code=401) is Means.AUTH
    assert means("audience name already exists", status=429) is Means.THROTTLED
    assert means("token error", status=500) is Means.FAILED
    assert means("token error", code=500) is Means.AUTH
    assert means("internal error", code=500) is Means.FAILED


def test_what_was_sent_is_no_sign_where_it_stands_alone() -> None:
    assert means("ta_name token is too long", "token") is Means.REJECTED
    assert means('"s3://b/token/already exists.csv" is unreadable', "s3://b/token/already exists.csv") is Means.REJECTED
    assert means("audience name already exists", "a", "e", "") is Means.EXISTS
    assert means("bad tokens, bad token", "tok") is Means.AUTH


@pytest.mark.parametrize(
    "text",
    [
        "the audience cannot be updated within 12 hours of its creation",
        "Audience can only be updated once every 12h",
        "operation too frequent",
        "too soon, try again later",
        "recently updated",
        "the audience is being published",
        "距上次更新不足12小时",
    ],
)
def test_words_about_time_lead_to_a_look_at_the_audience(text: str) -> None:
    assert EARLY.search(text)
    assert not NOT_EARLY.search(text)


@pytest.mark.parametrize("text", ["ta_id 12 does not exist", "data_path is required", "data_path cannot be empty"])
def test_words_about_the_request_do_not(text: str) -> None:
    assert NOT_EARLY.search(text)


def test_refused_credentials_name_a_clock_that_is_off() -> None:
    now = time.time()
    assert hint(dated(now + 100)) == ""
    assert hint(Answer(200, {}, b"")) == ""
    assert "s off Mintegral's: set it by NTP" in hint(dated(now - 600))
    assert " -" in hint(dated(now + 600))


@pytest.mark.parametrize("date", ["", "now", "Wed, 10 Jan 99999 10:00:00 GMT"])
def test_a_date_that_is_none_is_no_time(date: str) -> None:
    assert time_at_mintegral(Answer(200, {"date": date}, b"")) is None


def dated(at: float) -> Answer:
    return Answer(200, {"date": formatdate(at, usegmt=True)}, b"")
