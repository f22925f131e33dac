"""Do the providers agree with the sandbox, which read the same documents on its own?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from calls import call_to

from workers.http import Call, Permit
from workers.outcome import AlreadyExists, AttemptEnded, AuthFailed, Outcome, Rejected, Succeeded, Unknown
from workers.providers.provider import Absent, CannotTell, Found, Look, installed

ROOT = Path(__file__).parents[2]
OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
LOSSES = pytest.mark.parametrize("loss", ["commit_then_reset", "commit_then_truncate", "commit_then_hang", "drip"])


@pytest.mark.parametrize("auth_header", ["pubToken", "bearer"])
def test_a_simple_audience_is_made_once_read_and_listed(at: Open, auth_header: str) -> None:
    pubmatic = at("pubmatic", auth_header=auth_header)
    made = pubmatic.send("create_audience", simple(auth_header, price="1.0", transferCode="x"))
    assert isinstance(made, Succeeded)
    assert made.warnings == ()
    known_id = made.result["audience_id"]
    again = pubmatic.send("create_audience", simple(auth_header))
    assert isinstance(again, AlreadyExists)
    there = pubmatic.find("create_audience", simple(auth_header, price=2), since=None)
    assert isinstance(there, Found)
    assert (there.result["audience_id"], there.result["already_existed"]) == (known_id, True)
    assert there.differences == ("price is 1 at the provider; 2 was requested",)
    read = pubmatic.send("get_audience", OWNER | {"audienceId": known_id})
    assert isinstance(read, Succeeded)
    assert read.result["audience"]["providerAudienceId"] == auth_header
    listed = pubmatic.send("list_audiences", OWNER | {"providerAudienceId": auth_header})
    assert isinstance(listed, Succeeded)
    assert [str(each["id"]) for each in listed.result["audiences"]] == [known_id]


def test_a_complex_audience_is_found_by_name_and_rule(at: Open) -> None:
    pubmatic = at("pubmatic")
    assert isinstance(pubmatic.send("create_audience", simple("base1")), Succeeded)
    assert isinstance(pubmatic.send("create_audience", simple("base2")), Succeeded)
    complex_one = OWNER | {"name": "both", "queryInfix": "(,383:base1,AND,383:base2,)"}
    assert isinstance(pubmatic.send("create_audience", complex_one), Succeeded)
    assert isinstance(pubmatic.send("create_audience", complex_one), AlreadyExists)
    assert isinstance(pubmatic.find("create_audience", complex_one, since=None), Found)
    another = complex_one | {"queryInfix": "(,383:base1,OR,383:base2,)"}
    assert isinstance(pubmatic.send("create_audience", another), AlreadyExists)
    assert isinstance(pubmatic.find("create_audience", another, since=None), Absent)


def test_every_page_is_listed(at: Open, sandbox: str) -> None:
    audience = {
        "accountType": "BUYER",
        "accountId": 77,
        "dataProviderId": 383,
        "name": "p",
        "providerAudienceId": "p",
    }
    control(sandbox, "audiences", {"provider": "pubmatic", "audience": audience, "count": 450})
    listed = at("pubmatic").send("list_audiences", {"accountType": "BUYER", "accountId": 77})
    assert isinstance(listed, Succeeded)
    assert listed.result["total"] == len({each["id"] for each in listed.result["audiences"]}) == 450


def test_nothing_there_is_no_for_get_and_empty_for_list(at: Open) -> None:
    pubmatic = at("pubmatic")
    nothing = pubmatic.send("get_audience", OWNER | {"audienceId": 1})
    assert isinstance(nothing, Rejected)
    assert nothing.said.code == "CC03_0001"
    empty = pubmatic.send("list_audiences", OWNER | {"providerAudienceId": "never"})
    assert isinstance(empty, Succeeded)
    assert empty.result == {"audiences": [], "total": 0, "truncated": False}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("pubmatic", "nobody-knows-this"),
        ("pubmatic", "sandbox-pubmatic-token-unsubscribed"),
        ("mintegral", "nobody-knows-this"),
    ],
)
def test_unknown_credentials_and_missing_rights_are_auth(at: Open, name: str, secret: str) -> None:
    payload = simple("auth") if name == "pubmatic" else uploaded("auth")
    assert isinstance(at(name, secret=secret).send("create_audience", payload), AuthFailed)


def test_a_wrong_address_is_a_configuration(at: Open, sandbox: str) -> None:
    lost = at("pubmatic", base_url=f"{sandbox}/v1/nowhere").send("create_audience", simple("nowhere"))
    assert isinstance(lost, Rejected)


def test_a_mintegral_audience_is_found_among_fuzzy_names(at: Open) -> None:
    mintegral = at("mintegral")
    began = datetime.now(UTC)
    assert isinstance(mintegral.send("create_audience", uploaded("fuzzy and more")), Succeeded)
    assert isinstance(mintegral.find("create_audience", uploaded("fuzzy"), since=began), Absent)
    made = mintegral.send("create_audience", uploaded("fuzzy"))
    assert isinstance(made, Succeeded)
    found = mintegral.find("create_audience", uploaded("fuzzy"), since=began)
    assert isinstance(found, Found)
    assert found.result["audience_id"] == made.result["audience_id"]
    assert isinstance(mintegral.send("create_audience", uploaded("fuzzy")), Succeeded)
    assert isinstance(mintegral.find("create_audience", uploaded("fuzzy"), since=began), CannotTell)


@LOSSES
@pytest.mark.parametrize("name", ["pubmatic", "mintegral"])
def test_a_create_whose_answer_is_lost_is_unknown_and_found(at: Open, sandbox: str, name: str, loss: str) -> None:
    payload = (simple if name == "pubmatic" else uploaded)(f"lost by {loss}".replace(" ", "-"))
    provider = at(name)
    began = datetime.now(UTC)
    control(sandbox, "faults", {"provider": name, "method": "POST", "action": loss})
    assert isinstance(provider.send("create_audience", payload, deadline_s=0.5), Unknown)
    found = provider.find("create_audience", payload, since=began)
    assert isinstance(found, Found)
    assert not found.result["already_existed"]


def test_a_pubmatic_audience_is_changed_and_a_lost_answer_looked_up(at: Open, sandbox: str) -> None:
    pubmatic = at("pubmatic")
    made = pubmatic.send("create_audience", simple("to-change", price="1.0"))
    assert isinstance(made, Succeeded)
    change = OWNER | {"audienceId": made.result["audience_id"], "description": "new", "price": 2.5, "enabled": 0}
    began = datetime.now(UTC)
    assert isinstance(pubmatic.find("update_audience", change, since=began), Absent)
    control(sandbox, "faults", {"provider": "pubmatic", "method": "PATCH", "action": "commit_then_reset"})
    assert isinstance(pubmatic.send("update_audience", change), Unknown)
    found = pubmatic.find("update_audience", change, since=began)
    assert isinstance(found, Found)
    assert found.ours
    changed = pubmatic.send("update_audience", change)
    assert isinstance(changed, Succeeded)
    assert changed.warnings == ()
    shown = changed.result["audience"]
    assert (shown["name"], shown["description"], shown["price"], shown["enabled"]) == ("to-change", "new", 2.5, 0)
    nowhere = pubmatic.send("update_audience", change | {"audienceId": 1})
    assert isinstance(nowhere, Rejected)
    assert nowhere.said.code == "CC03_0001"


def test_an_update_to_a_name_that_is_taken_adopts_nothing(at: Open) -> None:
    pubmatic = at("pubmatic")
    for base in ("base3", "base4"):
        pubmatic.send("create_audience", simple(base))
    for name in ("first", "second"):
        made = pubmatic.send("create_audience", OWNER | {"name": name, "queryInfix": "(,383:base3,OR,383:base4,)"})
    assert isinstance(made, Succeeded)
    taken = pubmatic.send("update_audience", OWNER | {"audienceId": made.result["audience_id"], "name": "first"})
    assert isinstance(taken, Rejected)
    assert taken.said.code == "AUD01_0035"


@pytest.mark.parametrize(
    "options",
    [
        {"list_shape": "array", "page_size_max": 200},
        {"list_shape": "array", "page_size_max": 1000},
        {"list_shape": "pages", "page_size_max": 60, "page_size_ignored": True},
        {"list_shape": "pages", "treacherous": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("count", [199, 200, 201])
def test_every_audience_is_listed_in_whatever_shape(
    at: Open, sandbox: str, behave: Behave, options: dict[str, Any], count: int
) -> None:
    account = {"accountType": "BUYER", "accountId": 1000 + count}
    control(sandbox, "audiences", {"provider": "pubmatic", "audience": simple("many") | account, "count": count})
    behave(**options)
    listed = at("pubmatic").send("list_audiences", account)
    assert isinstance(listed, Succeeded)
    assert len({each["id"] for each in listed.result["audiences"]}) == listed.result["total"] == count
    assert (listed.result["truncated"], listed.warnings) == (False, ())
    assert {type(each["price"]) for each in listed.result["audiences"] if "price" in each} <= {int, float}
    control(sandbox, "audiences", None)


def test_the_other_type_of_every_field_changes_nothing(at: Open, behave: Behave) -> None:
    behave(treacherous=True)
    pubmatic = at("pubmatic")
    began = datetime.now(UTC)
    wanted = simple("treacherous", price="12.5", enabled=0, description="d")
    made = pubmatic.send("create_audience", wanted)
    assert isinstance(made, Succeeded)
    assert made.warnings == ()
    read = pubmatic.send("get_audience", OWNER | {"audienceId": made.result["audience_id"]})
    assert isinstance(read, Succeeded)
    found = pubmatic.find("create_audience", wanted, since=began)
    assert isinstance(found, Found)
    assert (found.ours, found.differences) == (True, ())
    for audience in (made.result["audience"], read.result["audience"], found.result["audience"]):
        assert (audience["id"], audience["dataProviderId"]) == (int(made.result["audience_id"]), 383)
        assert (audience["enabled"], audience["price"], audience["providerAudienceId"]) == (0, 12.5, "treacherous")
    pubmatic.send("create_audience", simple("more"))
    rule = OWNER | {"name": "by another name", "queryInfix": "(,383:treacherous,AND,383:more,)"}
    named = pubmatic.send("create_audience", rule)
    assert isinstance(named, Succeeded)
    assert named.warnings == ("name is 'test rest 78' at the provider; 'by another name' was requested",)
    assert isinstance(pubmatic.find("create_audience", rule, since=began), Found)


def test_a_refusal_in_a_success_is_a_refusal(at: Open, behave: Behave) -> None:
    behave(refusal_status=200)
    pubmatic = at("pubmatic")
    missing_base = OWNER | {"name": "no base", "queryInfix": "(,383:nobody,AND,383:registered,)"}
    refused = pubmatic.send("create_audience", missing_base)
    assert isinstance(refused, Rejected)
    assert (refused.said.code, refused.said.http_status) == ("AUD01_0034", 200)
    empty = pubmatic.send("list_audiences", OWNER | {"name": "nobody"})
    assert isinstance(empty, Succeeded)
    assert empty.result["total"] == 0


class At:
    """A provider at the sandbox, its secrets in files of ``folder``."""

    def __init__(self, url: str, folder: Path, name: str, secret: str | None, **more: str) -> None:
        known = {
            "pubmatic": {"access_token": "sandbox-pubmatic-token-acme"},
            "mintegral": {
                "access_key": "sandbox-mintegral-access-acme",
                "api_key": "sandbox-mintegral-api-key-acme",
            },
        }[name]
        account = {}
        for key, value in known.items():
            (folder / key).write_text(secret or value)
            account[key] = {"file": folder / key}
        base_url = f"{url}/v1" if name == "pubmatic" else url
        table = {"base_url": base_url, "accounts": {"acme": account}} | more
        self._config = installed()[name].config_model.model_validate(table)
        self._operations: Any = installed()[name].operations

    def send(
        self,
        operation: str,
        payload: dict[str, Any],
        deadline_s: float = 10.0,
        permit: Permit = lambda _: None,
    ) -> Outcome:
        ours = self._operations[operation]
        try:
            call = self._call(deadline_s, permit)
            outcome: Outcome = ours.send(ours.payload_model.model_validate(payload), call)
        except AttemptEnded as ended:
            return ended.outcome
        return outcome

    def find(self, operation: str, payload: dict[str, Any], since: datetime | None) -> Look:
        ours = self._operations[operation]
        look: Look = ours.find(ours.payload_model.model_validate(payload), self._call(10.0), since)
        return look

    def _call(self, deadline_s: float, permit: Permit = lambda _: None) -> Call:
        account = self._config.accounts["acme"]
        return call_to(self._config.base_url, account, permit, deadline_s=deadline_s)


class Open(Protocol):
    def __call__(self, name: str, *, secret: str | None = None, **more: str) -> At: ...


@pytest.fixture
def at(sandbox: str, tmp_path: Path) -> Open:
    def open_at(name: str, *, secret: str | None = None, **more: str) -> At:
        return At(sandbox, tmp_path, name, secret, **more)

    return open_at


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


class Behave(Protocol):
    def __call__(self, **options: Any) -> None: ...


@pytest.fixture
def behave(sandbox: str) -> Iterator[Behave]:
    """Changes the sandbox's behaviour until the test's end."""
    url = f"{sandbox}/_sandbox/behaviour"
    before = httpx.get(url).raise_for_status().json()

    def change(**options: Any) -> None:
        httpx.patch(url, json=options).raise_for_status()

    yield change
    httpx.patch(url, json=before).raise_for_status()


def control(sandbox: str, what: str, value: dict[str, Any] | None) -> None:
    """Post a value, or forget what there is."""
    method = "DELETE" if value is None else "POST"
    httpx.request(method, f"{sandbox}/_sandbox/{what}", json=value).raise_for_status()


def simple(name: str, **more: Any) -> dict[str, Any]:
    return OWNER | {"name": name, "dataProviderId": "383", "providerAudienceId": name} | more


def uploaded(name: str) -> dict[str, Any]:
    files = [
        {"device_type": 2, "data_path": "s3://b/one.txt"},
        {"device_type": 10, "data_path": "s3://b/two.txt"},
    ]
    return {"ta_name": name, "area_type": 1, "platform": 3, "data_path": files}


def test_a_given_token_that_is_changed_while_it_is_refused_is_tried_too(at: Open, tmp_path: Path) -> None:
    pubmatic = at("pubmatic", secret="of-yesterday")
    place = tmp_path / "access_token"

    def change(_: bool) -> None:  # noqa: FBT001 - as Permit
        place.write_text("sandbox-pubmatic-token-acme")

    assert isinstance(pubmatic.send("list_audiences", OWNER, permit=change), Succeeded)
    assert isinstance(at("pubmatic", secret="of-yesterday").send("list_audiences", OWNER), AuthFailed)
