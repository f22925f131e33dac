"""What becomes of dead letters that are replayed on the command line? Each works again, or says why it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from command import Audience, as_json, example
from dead import die, fail, listed, refuse

from workers.bootstrap import Service

ONE_MORE = """
[pubmatic.accounts.later]
access_token = { env = "T" }
"""


def test_a_replayed_job_waits_as_its_next_run(audience: Audience, here: Service) -> None:
    job = example("pubmatic-create-simple")
    id_ = die(here.redis, job)
    done = audience("dead", "replay", id_).succeeded()
    assert f"{id_}: replayed as run 2" in done.out
    assert listed(audience) == []
    record = here.lanes["pubmatic"].show("acme", job["id"])
    assert record is not None
    assert (record["state"], record["run"]) == ("waiting", "2")
    again = fail(here.redis, job)
    assert again == "pubmatic/acme/travel-enthusiasts-simple/2"
    (shown,) = audience("dead", "show", again, "--json").succeeded().lines
    assert [attempt["run"] for attempt in shown["attempts"]] == [1, 2]


def test_a_filter_replays_all_that_it_means_at_a_limited_rate(audience: Audience, here: Service) -> None:
    ids = {die(here.redis, example("pubmatic-create-simple", id=f"job-{number}")) for number in range(12)}
    would = audience("dead", "replay", "--category", "rejected_by_provider", "--dry-run", "--json").succeeded().lines
    assert {line["id"] for line in would} == ids
    assert not any(line["replayed"] for line in would)
    assert set(listed(audience)) == ids
    done = audience("dead", "replay", "--category", "rejected_by_provider", "--rate", "50/s", "--json").succeeded()
    assert {line["id"] for line in done.lines if line["replayed"] and line["run"] == 2} == ids
    assert "12 replayed, 0 kept" in done.err
    assert listed(audience) == []


def test_what_would_end_the_same_is_refused_with_a_sentence(audience: Audience, here: Service) -> None:
    job = example("pubmatic-create-simple")
    id_ = die(here.redis, job, category="expired", replayable=False)
    assert "its expires_at has passed" in audience("dead", "replay", id_).failed_with(1)
    done = audience("dead", "replay", "--all").succeeded()
    assert "0 replayed, 1 kept" in done.err
    assert listed(audience) == [id_]


def test_a_message_that_is_still_invalid_stays_uncounted(audience: Audience, here: Service) -> None:
    id_ = refuse(here, b'{"id": 1}')
    outbox = here.redis.xlen("audience:{rejected}:outbox")
    assert "still no valid job: expected at /id" in audience("dead", "replay", id_).failed_with(1)
    (line,) = audience("dead", "list", "--json").succeeded().lines
    assert line["count"] == 1
    assert here.redis.xlen("audience:{rejected}:outbox") == outbox


def test_a_message_comes_in_again_once_its_account_exists(audience: Audience, here: Service, config: Path) -> None:
    job = example("pubmatic-create-simple", account="later")
    id_ = refuse(here, as_json(job))
    assert "no account later" in audience("dead", "replay", id_).failed_with(1)
    config.write_text(config.read_text() + ONE_MORE)
    assert f"{id_}: replayed" in audience("dead", "replay", id_).succeeded().out
    assert listed(audience) == []
    record = here.lanes["pubmatic"].show("later", job["id"])
    assert record is not None
    assert (record["state"], record["run"]) == ("waiting", "1")


def test_a_message_replayed_after_a_crash_in_between_is_one_job(
    audience: Audience, here: Service, config: Path
) -> None:
    job = example("pubmatic-create-simple", account="later")
    id_ = refuse(here, as_json(job))
    kept: Any = here.redis.dump(f"audience:{{rejected}}:dead:{id_.removeprefix('rejected/')}")
    config.write_text(config.read_text() + ONE_MORE)
    audience("dead", "replay", id_).succeeded()
    here.redis.restore(f"audience:{{rejected}}:dead:{id_.removeprefix('rejected/')}", 0, kept)
    here.redis.zadd("audience:{rejected}:dead", {id_.removeprefix("rejected/"): 1})
    audience("dead", "replay", id_).succeeded()
    assert here.lanes["pubmatic"].lane("later")["waiting"] == "1"
    assert listed(audience) == []


def test_an_account_that_is_gone_keeps_its_dead_jobs(audience: Audience, here: Service) -> None:
    id_ = die(here.redis, example("pubmatic-create-simple", account="gone"))
    assert "pubmatic has no account gone" in audience("dead", "replay", id_).failed_with(1)
    assert listed(audience) == [id_]
