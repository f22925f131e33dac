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
from workers.lanes.state import Again, Handed
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
    here.door.enter(from_queue(as_json(example("pubmatic-create-simple", **changes)), here.door.payloads))


def take(here: Service) -> Handed:
    (handed,) = here.lanes["pubmatic"].take(1, 10.0).jobs
    return handed


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
    handed = take(here)
    record = here.lanes["pubmatic"].start(handed.account, handed.id, handed.fence, "test")
    assert record is not None
    here.lanes["pubmatic"].give_back(record, Again(0.0, spent=False, pause_s=60.0, pause_reason="slow down"))
    (wait,) = show(audience, "one", "globex")["waits"]
    assert (wait["for"], wait["why"]) == ("pause", "the lane is paused: slow down")
    lane = audience("lanes", "--json").lines[2]
    assert lane["paused_until"] == wait["until"]


def test_a_job_behind_a_full_account_waits_for_a_place(audience: Audience, here: Service) -> None:
    accept(here, id="one")
    accept(here, id="two")
    handed = take(here)
    assert {wait["for"] for wait in show(audience, "two")["waits"]} >= {"in_flight"}
    job = show(audience, "one")
    assert (job["state"], job["waits"][0]["for"]) == ("handed", "worker")
    assert job["lease_until"] is not None
    record = here.lanes["pubmatic"].start(handed.account, handed.id, handed.fence, "test")
    assert record is not None
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
