"""What do `audience lanes` and `audience jobs show` say? How each account stands, and what a job waits for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Audience, as_json, example
from dead import die
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.intake.message import from_queue
from workers.lanes.state import Again, Record
from workers.settings import Settings

CONFIG = """
[pubmatic.accounts.acme]
access_token = { env = "T" }
limits = ["5/s", "10000/day"]
max_in_flight = 1
[pubmatic.accounts.globex]
access_token = { env = "T" }
[mintegral.accounts.acme]
access_key = { env = "K" }
api_key = { env = "A" }
"""


@pytest.fixture
def here(redis_server: RedisServer, tmp_path: Path) -> Service:
    config = tmp_path / "audience.toml"
    config.write_text(CONFIG)
    service = Service(Settings(config=config), Endpoints(redis_server.url, redis_server.url))
    service.configure_lanes()
    return service


@pytest.fixture
def audience(here: Service) -> Audience:
    return Audience(AUDIENCE_BROKER_URL=here.endpoints.redis_url, AUDIENCE_CONFIG=str(here.settings.config))


def accept(here: Service, **changes: Any) -> None:
    here.door.enter([from_queue(as_json(example("pubmatic-create-simple", **changes)), here.door.payloads)])


def take(here: Service) -> Record:
    (record,) = here.lanes["pubmatic"].take(1, 10.0).jobs
    return record


def show(audience: Audience, id_: str, account: str = "acme") -> Any:
    (job,) = audience("jobs", "show", "pubmatic", account, id_, "--json").succeeded().lines
    return job


def test_every_configured_account_has_a_lane_with_the_contracts_fields(audience: Audience, here: Service) -> None:
    accept(here, id="one")
    accept(here, id="two")
    take(here)
    lanes = audience("lanes", "--json").succeeded().lines
    assert [(lane["provider"], lane["account"]) for lane in lanes] == [
        ("mintegral", "acme"), ("pubmatic", "acme"), ("pubmatic", "globex"),
    ]  # fmt: skip
    acme = lanes[1]
    assert acme.pop("oldest_waiting_s") >= 0
    assert acme == {
        "provider": "pubmatic",
        "account": "acme",
        "waiting": 1,
        "in_flight": 1,
        "limits": ["5/s", "10000/day"],
        "rate_share": 1.0,
        "paused_until": None,
        "breaker": "closed",
    }
    assert lanes[2]["oldest_waiting_s"] is None
    assert "5/s, 10000/day" in audience("lanes").succeeded().out


def test_a_lane_whose_account_is_no_longer_configured_is_shown_while_jobs_wait(
    audience: Audience, here: Service
) -> None:
    accept(here, id="one", account="globex")
    assert here.settings.config is not None
    here.settings.config.write_text("")
    (lane,) = audience("lanes", "--json").succeeded().lines
    assert (lane["account"], lane["waiting"]) == ("globex", 1)


def test_a_job_that_may_run_waits_for_its_turn(audience: Audience, here: Service) -> None:
    accept(here, id="one")
    job = show(audience, "one")
    assert (job["state"], job["attempts"], job["requests"], job["run"]) == ("waiting", 0, 0, 1)
    assert [wait["for"] for wait in job["waits"]] == ["turn"]


def test_a_job_for_later_waits_until_it_is_due(audience: Audience, here: Service) -> None:
    accept(here, id="one", not_before="2030-01-01T00:00:00Z")
    (wait,) = show(audience, "one")["waits"]
    assert (wait["for"], wait["until"]) == ("due", "2030-01-01T00:00:00.000Z")
    assert "waits for    due until 2030-01-01" in audience("jobs", "show", "pubmatic", "acme", "one").succeeded().out


def test_a_job_of_a_paused_lane_waits_for_the_pause_with_its_reason(audience: Audience, here: Service) -> None:
    accept(here, id="one", account="globex")
    record = take(here)
    here.lanes["pubmatic"].give_back(record, Again(0.0, spent=False, pause_s=60.0, pause_reason="slow down"))
    (wait,) = show(audience, "one", "globex")["waits"]
    assert (wait["for"], wait["why"]) == ("pause", "the lane is paused by the provider: slow down")
    lane = audience("lanes", "--json").lines[2]
    assert lane["paused_until"] == wait["until"]


def test_a_job_behind_a_full_account_waits_for_a_place(audience: Audience, here: Service) -> None:
    accept(here, id="one")
    accept(here, id="two")
    record = take(here)
    assert {wait["for"] for wait in show(audience, "two")["waits"]} >= {"in_flight"}
    job = show(audience, "one")
    assert (job["state"], job["waits"][0]["for"]) == ("handed", "worker")
    assert job["lease_until"] is not None
    for number in (1, 2, 3):
        here.lanes["pubmatic"].permit(record, number, changes=False)
    assert "limit" in {wait["for"] for wait in show(audience, "two")["waits"]}
    assert show(audience, "one")["waits"][0]["for"] == "provider"


def test_a_job_that_has_ended_shows_its_event_and_history(audience: Audience, here: Service) -> None:
    id_ = die(here.redis, example("pubmatic-create-simple"))
    job = show(audience, "travel-enthusiasts-simple")
    assert (job["state"], job["waits"]) == ("failed", [])
    assert job["event"]["id"] == id_
    assert job["history"][0]["provider_code"] == "AUD01_0034"
    text = audience("jobs", "show", "pubmatic", "acme", "travel-enthusiasts-simple").succeeded().out
    assert json.loads(text.partition("\nevent\n")[2])["id"] == id_


def test_a_job_that_nobody_knows_is_a_failure(audience: Audience) -> None:
    assert "No job nobody of pubmatic/acme" in audience("jobs", "show", "pubmatic", "acme", "nobody").failed_with(1)
    assert "is not installed" in audience("jobs", "show", "google", "acme", "nobody").failed_with(2)


# ── Orders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def lane_of(audience: Audience, account: str = "acme") -> Any:
    lines = audience("lanes", "--json").succeeded().lines
    return next(line for line in lines if (line["provider"], line["account"]) == ("pubmatic", account))


def test_a_lane_is_paused_with_a_reason_and_resumed(audience: Audience, here: Service) -> None:
    accept(here, id="one")
    said = (
        audience("lanes", "pause", "pubmatic", "acme", "--for", "2h", "--reason", "their maintenance").succeeded().out
    )
    assert said == "pubmatic/acme is paused for 2h; jobs still end when their own time ends\n"
    assert here.lanes["pubmatic"].take(1, 10.0).jobs == ()
    (wait,) = show(audience, "one")["waits"]
    assert wait["for"] == "pause"
    assert wait["why"].endswith(": their maintenance")
    assert lane_of(audience)["paused_until"] == wait["until"]
    assert lane_of(audience, "globex")["paused_until"] is None
    audience("lanes", "resume", "pubmatic", "acme").succeeded()
    assert lane_of(audience)["paused_until"] is None
    assert take(here).id == "one"


def test_a_provider_is_paused_as_a_whole_until_it_is_resumed(audience: Audience, here: Service) -> None:
    audience("lanes", "pause", "pubmatic").succeeded()
    assert lane_of(audience, "globex")["paused_until"] == "9999-12-31T23:59:59.000Z"
    assert "resumed by hand" in audience("lanes").succeeded().out
    assert here.lanes["mintegral"].take(1, 10.0).next_look_s is None
    assert "pubmatic as a whole is resumed" in audience("lanes", "resume", "pubmatic").succeeded().out
    assert lane_of(audience, "globex")["paused_until"] is None


def test_limits_are_changed_and_outlive_a_worker_that_starts(audience: Audience, here: Service) -> None:
    audience("lanes", "limit", "pubmatic", "acme", "--limit", "2/s", "--limit", "100/day").succeeded()
    here.configure_lanes()
    assert lane_of(audience)["limits"] == ["2/s", "100/day"]
    audience("lanes", "limit", "pubmatic", "acme", "--operation", "create_audience", "--limit", "1/min").succeeded()
    assert here.lanes["pubmatic"].lane("acme/create_audience")["limits_text"] == "1/min"
    audience("lanes", "limit", "pubmatic", "acme", "--as-configured").succeeded()
    assert lane_of(audience)["limits"] == ["5/s", "10000/day"]


def test_a_waiting_job_is_cancelled_and_answered(audience: Audience, here: Service) -> None:
    accept(here, id="one", not_before="2030-01-01T00:00:00Z")
    audience("jobs", "cancel", "pubmatic", "acme", "one", "--reason", "a mistake").succeeded()
    job = show(audience, "one")
    assert (job["state"], job["event"]["data"]["error"]["category"]) == ("failed", "cancelled")
    (dead,) = audience("dead", "list", "--json").succeeded().lines
    assert (dead["job_id"], dead["replayable"]) == ("one", True)
    assert "The job is failed" in audience("jobs", "cancel", "pubmatic", "acme", "one").failed_with(1)
    assert "No job two" in audience("jobs", "cancel", "pubmatic", "acme", "two").failed_with(1)


def test_the_audit_says_who_ordered_what(audience: Audience) -> None:
    assert "Nobody" in audience("audit").succeeded().err
    audience("lanes", "pause", "pubmatic", "acme", "--for", "1h", "--reason", "why")
    audience("lanes", "limit", "mintegral", "--limit", "9/s")
    audience("lanes", "resume", "pubmatic", "acme")
    lines = audience("audit", "--json").succeeded().lines
    assert [(line["action"], line["target"], line["detail"]) for line in lines] == [
        ("pause", "pubmatic/acme", {"for_s": 3600.0, "reason": "why"}),
        ("limit", "mintegral/*", {"limits": "9/s"}),
        ("resume", "pubmatic/acme", {}),
    ]
    assert all("@" in line["who"] and line["at"].endswith("Z") for line in lines)
    assert audience("audit", "--limit", "1", "--json").succeeded().lines == lines[-1:]
    assert "reason: why" in audience("audit").succeeded().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pause", "google"], "is not installed"),
        (["pause", "pubmatic", "nobody"], "has no account nobody"),
        (["pause", "pubmatic", "--for", "soon"], "a time is written like"),
        (["limit", "pubmatic", "acme"], "takes either"),
        (["limit", "pubmatic", "acme", "--limit", "many"], "a limit is written like"),
        (["limit", "pubmatic", "--operation", "dance", "--limit", "1/s"], "has no operation dance"),
        (["limit", "google", "--operation", "dance", "--limit", "1/s"], "is not installed"),
    ],
)
def test_an_order_that_means_nothing_is_wrong_usage(audience: Audience, words: list[str], said: str) -> None:
    assert said in audience("lanes", *words).failed_with(2)
