"""What becomes of Mintegral jobs with files in a real worker: progress, waiting, the event?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Audience
from real import Deployment, RedisServer, Sandbox, wait_until

from audience_client import Producer

FILES = [{"device_type": 2, "file": "idfa.csv"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "files"
    root.mkdir()
    (root / "idfa.csv").write_text("idfa\n" + "A" * 36 + "\n")
    return root


def submit(deployment: Deployment, id_: str, operation: str, payload: dict[str, Any]) -> None:
    job = {"id": id_, "provider": "mintegral", "account": "acme", "operation": operation, "payload": payload}
    with Producer(deployment.broker_url) as producer:
        producer.submit(job)


def event(deployment: Deployment, server: RedisServer, id_: str) -> dict[str, Any]:
    with server.client() as client:
        seen = wait_until(
            lambda: [each for each in deployment.events(client) if each["subject"] == id_], 60, f"the event of {id_}"
        )
    data: dict[str, Any] = seen[0]["data"]
    return data


def show(deployment: Deployment, id_: str) -> Any:
    (job,) = Audience(**deployment.env)("jobs", "show", "mintegral", "acme", id_, "--json").succeeded().lines
    return job


def test_a_job_with_files_shows_its_progress_and_makes_its_audience(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer, folder: Path
) -> None:
    sandbox.fault(method="GET", path="*presigned*", action="delay", delay_ms=8000)
    worker = on_redis.start_worker(AUDIENCE_FILES_ROOT=str(folder), AUDIENCE_REQUEST_TIMEOUT_S="30")
    on_redis.wait_for_worker(worker)
    submit(on_redis, "made", "create_audience", {"ta_name": "made", "area_type": 1, "platform": 2, "files": FILES})
    running = wait_until(lambda: (job := _seen(on_redis, "made")) and job["progress"] and job, 20, "progress")
    assert running["progress"] == "1 of 1 files, idfa.csv: 0.0 of 0.0 MB checked"
    assert running["state"] == "running"
    done = event(on_redis, redis_server, "made")
    assert done["status"] == "succeeded"
    assert done["requests"] == 3  # presign, upload, create
    assert show(on_redis, "made")["progress"] is None


def _seen(deployment: Deployment, id_: str) -> Any:
    """The job, if it has come in."""
    shown = Audience(**deployment.env)("jobs", "show", "mintegral", "acme", id_, "--json")
    return shown.lines[0] if shown.code == 0 else None


def test_after_a_killed_worker_only_what_is_missing_is_uploaded(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer, folder: Path
) -> None:
    (folder / "idfv.csv").write_text("idfv\n" + "B" * 36 + "\n")
    files = [*FILES, {"device_type": 10, "file": "idfv.csv"}]
    sandbox.fault(method="PUT", path="/audience/*", skip=1, action="hang")
    first = on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_FILES_ROOT=str(folder)))
    submit(on_redis, "killed", "create_audience", {"ta_name": "k", "area_type": 1, "platform": 2, "files": files})
    wait_until(lambda: names_put(sandbox) == ["idfa.csv", "idfv.csv"], what="the second upload")
    first.kill()
    on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_FILES_ROOT=str(folder)))
    done = event(on_redis, redis_server, "killed")
    assert done["status"] == "succeeded"
    assert done["result"]["already_existed"] is False
    assert names_put(sandbox) == ["idfa.csv", "idfv.csv", "idfv.csv"]


def names_put(sandbox: Sandbox) -> list[str]:
    return [each["name"] for each in sandbox.ledger()["entries"] if each["method"] == "PUT"]


def test_an_update_that_is_too_early_waits_alone_and_spends_no_attempt(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    data_path = [{"device_type": 2, "data_path": "s3://b/idfa.csv"}]
    submit(
        on_redis, "new", "create_audience", {"ta_name": "new", "area_type": 1, "platform": 2, "data_path": data_path}
    )
    ta_id = int(event(on_redis, redis_server, "new")["result"]["audience_id"])
    submit(on_redis, "early", "update_audience", {"ta_id": ta_id, "data_path": data_path})
    wait_until(lambda: any(each["method"] == "PUT" for each in sandbox.ledger()["entries"]), what="the update")
    submit(on_redis, "gone", "delete_audience", {"ta_id": [ta_id]})
    gone = event(on_redis, redis_server, "gone")
    assert gone["result"] == {"deleted": [str(ta_id)]}
    job = wait_until(lambda: (job := show(on_redis, "early"))["state"] == "waiting" and job, what="a job that waits")
    assert (job["attempts"], job["requests"]) == (0, 2)
    assert [each["outcome"] for each in job["history"]] == ["Deferred"]
    assert job["due_at"] > job["accepted_at"]


def test_a_file_that_cannot_be_used_is_an_invalid_job_and_its_rows_stay_private(
    on_redis: Deployment, redis_server: RedisServer, folder: Path
) -> None:
    canary = "5f0c1a7e-canary-device-id"
    (folder / "two.csv").write_text(f"idfa,gaid\n{canary},{canary}\n")
    worker = on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_FILES_ROOT=str(folder)))
    submit(on_redis, "two", "upload_audience_file", {"file": "two.csv", "area_type": 1})
    error = event(on_redis, redis_server, "two")["error"]
    assert error["category"] == "invalid_job"
    assert error["message"] == "row 1 of the file holds a comma: give one column, one device ID a row"
    assert canary not in worker.text() + letter(on_redis, "two")


def test_a_signed_address_is_shown_nowhere(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer, folder: Path
) -> None:
    sandbox.fault(method="PUT", path="/audience/*", action="answer", status=400, body="<Code>BadDigest</Code>")
    worker = on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_FILES_ROOT=str(folder)))
    submit(on_redis, "refused", "upload_audience_file", {"file": "idfa.csv", "area_type": 1})
    error = event(on_redis, redis_server, "refused")["error"]
    assert (error["category"], error["provider_code"], error["http_status"]) == (
        "rejected_by_provider", "BadDigest", 400,
    )  # fmt: skip
    shown = letter(on_redis, "refused")
    assert "X-Amz" not in worker.text() + shown
    (attempt,) = json.loads(shown)["attempts"]
    asked, put = attempt["exchanges"]
    assert (asked["status"], "[secret]" in asked["answer"]) == (200, True)
    assert (put["method"], put["body"], put["status"], put["answer"]) == ("PUT", None, 400, "<Code>BadDigest</Code>")
    assert ": HTTP 400\n" in Audience(**on_redis.env)("dead", "show", "mintegral/acme/refused/1").succeeded().out


def letter(deployment: Deployment, id_: str) -> str:
    """The dead letter of a job, with its body, attempts and event."""
    return Audience(**deployment.env)("dead", "show", f"mintegral/acme/{id_}/1", "--json").succeeded().out
