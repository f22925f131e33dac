"""Does whatever PubMatic answers end as exactly one outcome? Any bytes, any JSON, any status."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from calls import call_to
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from stubborn_server import StubbornServer, Told

from schemas.event import Result
from workers.http import Call
from workers.outcome import AttemptEnded, Outcome, Succeeded, Throttled
from workers.providers.provider import Absent, CannotTell, Found
from workers.providers.pubmatic import PROVIDER
from workers.providers.pubmatic.log_in import LogIn, logged_in, refreshed
from workers.providers.pubmatic.lookup import tokens
from workers.providers.pubmatic.seal import Pair

RESULT: TypeAdapter[Any] = TypeAdapter(Result)
OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
SIMPLE = OWNER | {"name": "n", "dataProviderId": 383, "providerAudienceId": "7", "price": "1.0", "enabled": 0}
COMPLEX = OWNER | {"name": "n", "queryInfix": "(,383:7,AND,383:9,)"}
PAYLOADS = {
    "simple": ("create_audience", SIMPLE),
    "complex": ("create_audience", COMPLEX),
    "update": ("update_audience", OWNER | {"audienceId": 1, "name": "n", "description": "", "price": 1}),
    "get": ("get_audience", OWNER | {"audienceId": 1}),
    "list": ("list_audiences", OWNER | {"max_items": 3}),
}
FINDABLE = ["simple", "complex", "update"]
SINCE = datetime(2017, 9, 14, 12, tzinfo=UTC)
FUZZ = settings(max_examples=80, deadline=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ODD = JSON | st.sampled_from(
    [10**40, -(10**400), "9" * 31, "9" * 5000, "-0", "٣", " 7 ", 1.5, "1e999", "nan", "\ud800"]
)
NUMBER = st.sampled_from([1, "1", 0, -1, 383, "383", "-1"]) | ODD
DATE = st.sampled_from(["2017-09-14 12:00:00", "Sep 14, 2017", "9999-12-31 23:59:59", "0001-01-01 00:00:00"]) | ODD
RULE = st.sampled_from(["(,383:7,AND,383:9,)", "(383:7,AND,383:9)", "(((", ")(", "(" * 99 + "383:7" + ")" * 99]) | ODD
# What each look-up looks for, so that many of them find it; and beside it what may be wrong with it.
SOUND = {
    "id": 475332,
    "name": "n",
    "description": "",
    "price": "1.0",
    "enabled": 0,
    "dataProviderId": "383",
    "providerAudienceId": "7",
    "queryInfix": "(383:7,AND,383:9)",
    "creationTime": "2017-09-14 12:00:00",
}
WRONG = st.fixed_dictionaries(
    {},
    optional={
        "id": NUMBER,
        "name": ODD,
        "description": ODD,
        "price": st.sampled_from([12344, "", "inf"]) | ODD,
        "enabled": NUMBER,
        "private": NUMBER,
        "dataProviderId": NUMBER,
        "providerAudienceId": ODD,
        "queryInfix": RULE,
        "creationTime": DATE,
        "favourite": st.sampled_from(["FALSE", "true"]) | ODD,
        "accountId": NUMBER,
    },
)
ONE_WRONG = st.tuples(st.sampled_from(sorted(SOUND)), NUMBER | DATE | RULE).map(lambda pair: dict([pair]))
AUDIENCE = st.one_of(st.just({}), ONE_WRONG, WRONG).map(lambda wrong: SOUND | wrong) | WRONG
CODE = st.sampled_from(["AUD01_0014", "AUD01_0035", "AUD01_0036", "CC03_0001", "AUTHZ_FAILED", "AUD01_9999"]) | ODD
ERROR = st.fixed_dictionaries({"errorCode": CODE}, optional={"errorMessage": ODD, "id": NUMBER})
DETAIL = st.fixed_dictionaries({}, optional={"errorcode": st.just("policies.ratelimit.QuotaViolation") | ODD}) | ODD
FAULT = st.fixed_dictionaries(
    {"fault": st.fixed_dictionaries({}, optional={"faultstring": ODD, "detail": DETAIL}) | ODD}
)
META = st.fixed_dictionaries({}, optional={"numberOfPages": NUMBER, "totalRecords": NUMBER, "pageNumber": NUMBER})
LISTED = st.fixed_dictionaries(
    {"items": st.lists(AUDIENCE | ERROR | JSON, max_size=3) | ODD}, optional={"metaData": META}
)
PAIR = st.fixed_dictionaries(
    {}, optional={"accessToken": st.just("t") | ODD, "refreshToken": ODD, "userEmail": ODD, "tokenType": ODD}
)
MANY = st.lists(AUDIENCE, max_size=2)
REFUSED = st.lists(ERROR | FAULT | AUDIENCE, max_size=3) | ERROR | FAULT
VALUE = st.one_of(AUDIENCE, MANY, LISTED, REFUSED, PAIR, JSON)
# What a socket can carry: half a surrogate pair goes out as the escape that JSON has for it.
BODIES = st.one_of(VALUE, VALUE, VALUE).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip)
TIME = HEADER | st.sampled_from(["2", "99999999999999999999", "Thu, 14 Sep 2017 12:00:00 GMT", "1 Jan 99999 1:1:1 GMT"])


STATUS = st.one_of(st.just(200), st.just(200), st.sampled_from([400, 429, 500, 503]), st.integers(200, 999))
HEADERS = st.just({}) | st.fixed_dictionaries(
    {}, optional={"Retry-After": TIME, "Date": TIME, "Content-Encoding": st.sampled_from(["gzip", "identity"])}
)
ANSWERS = st.lists(st.builds(Told, BODIES, STATUS, HEADERS), min_size=1, max_size=4)


@pytest.mark.parametrize("name", sorted(PAYLOADS))
@FUZZ
@given(answers=ANSWERS)
@example(answers=[Told(b'{"items": [{}], "metaData": {"numberOfPages": "' + b"9" * 5000 + b'"}}')])
def test_sending_ends_as_one_outcome(server: StubbornServer, name: str, answers: list[Told]) -> None:
    operation, payload = prepared(name)
    outcome = ending(server, answers, lambda call: operation.send(payload, call))
    assert isinstance(outcome, get_args(Outcome))
    assert_fit_for_an_event(outcome)


@pytest.mark.parametrize("since", [None, SINCE], ids=["exists", "lost"])
@pytest.mark.parametrize("name", FINDABLE)
@FUZZ
@given(answers=ANSWERS)
@example(answers=[Told(b'[{"id": 1, "queryInfix": "(383:7,AND,383:9)", "creationTime": "9999-12-31 23:59:59"}]')])
def test_looking_ends_as_one_look_or_outcome(
    server: StubbornServer, name: str, since: datetime | None, answers: list[Told]
) -> None:
    operation, payload = prepared(name)
    look = ending(server, answers, lambda call: operation.find(payload, call, since))
    assert isinstance(look, (Found, Absent, CannotTell, *get_args(Outcome)))
    assert_fit_for_an_event(look)


@FUZZ
@given(answers=ANSWERS)
def test_a_log_in_and_a_refresh_end_as_tokens_or_one_outcome(server: StubbornServer, answers: list[Told]) -> None:
    who, old = LogIn("user", "password", "name"), Pair("access", "refresh", "mail", 0.0)
    for ask in (lambda call: logged_in(call, who), lambda call: refreshed(call, old)):
        got = ending(server, answers, ask)
        assert got is None or isinstance(got, (Pair, *get_args(Outcome)))
        assert not isinstance(got, Pair) or got.access.isprintable()


def test_a_rule_of_a_million_parentheses_is_read_in_one_pass() -> None:
    deep = "(" * 500_000 + "383:7" + ")" * 500_000
    assert tokens(deep) == ["383:7"]


def prepared(name: str) -> tuple[Any, Any]:
    operation: Any = PROVIDER.operations[PAYLOADS[name][0]]
    return operation, operation.payload_model.model_validate(PAYLOADS[name][1])


def ending(server: StubbornServer, answers: list[Told], act: Callable[[Call], Any]) -> Any:
    server.play(answers)
    table = {"base_url": server.url, "accounts": {"a": {"access_token": {"env": "T"}}}}
    account = PROVIDER.config_model.model_validate(table).accounts["a"]
    try:
        return act(call_to(server.url, account, deadline_s=5.0))
    except AttemptEnded as ended:
        return ended.outcome


def assert_fit_for_an_event(ending: Any) -> None:
    if isinstance(ending, Succeeded | Found):
        assert RESULT.validate_python(ending.result).model_dump() == ending.result
        json.dumps(ending.result, allow_nan=False, ensure_ascii=False).encode()
    elif isinstance(ending, get_args(Outcome)):
        assert ending.said.message
        assert ending.said.code is None or isinstance(ending.said.code, str)
    if isinstance(ending, Throttled):
        assert ending.after_s is None or ending.after_s >= 0


@pytest.fixture(scope="module")
def server() -> Iterator[StubbornServer]:
    with pytest.MonkeyPatch.context() as patch, StubbornServer() as ours:
        patch.setenv("T", "fuzzed-token")
        yield ours
