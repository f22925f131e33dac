"""Does the Mintegral adapter agree with the sandbox about files, updates and deletes, in good times and bad?"""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from calls import Noted, call_to
from real import Sandbox

from workers.files import Files
from workers.outcome import (
    AttemptEnded,
    Deferred,
    Outcome,
    Rejected,
    Succeeded,
    Throttled,
    Unavailable,
    Unknown,
)
from workers.providers.mintegral import PROVIDER
from workers.providers.provider import Absent, CannotTell, Found, Look

LOSSES = pytest.mark.parametrize("loss", ["commit_then_reset", "commit_then_truncate", "commit_then_hang"])
IDFA, IDFV = "idfa\n" + "A" * 36 + "\n", "idfv\n" + "B" * 36 + "\n"
FILES = [{"device_type": 2, "file": "idfa.csv"}, {"device_type": 10, "file": "idfv.txt"}]
DATA_PATH = [{"device_type": 2, "data_path": "s3://b/idfa.csv"}]
DAY_S = 86400


class Mintegral:
    """The adapter at the sandbox, with the notes of one job over its attempts."""

    def __init__(self, sandbox: Sandbox, folder: Path, permit: Callable[[bool], None] = lambda _: None) -> None:
        self.sandbox, self.folder, self.permit = sandbox, folder, permit
        (folder / "idfa.csv").write_text(IDFA)
        (folder / "idfv.txt").write_text(IDFV)
        account = {}
        for name, value in (("access_key", "access"), ("api_key", "api-key")):
            (folder / name).write_text(f"sandbox-mintegral-{value}-acme")
            account[name] = {"file": folder / name}
        config = PROVIDER.config_model.model_validate({"base_url": sandbox.url, "accounts": {"acme": account}})
        self.account = config.accounts["acme"]
        self.notes = Noted()

    def send(self, operation: str, payload: dict[str, Any], deadline_s: float = 10.0) -> Outcome:
        ours: Any = PROVIDER.operations[operation]
        try:
            outcome: Outcome = ours.send(ours.payload_model.model_validate(payload), self._call(deadline_s))
        except AttemptEnded as ended:
            return ended.outcome
        return outcome

    def find(self, operation: str, payload: dict[str, Any], since: datetime) -> Look:
        ours: Any = PROVIDER.operations[operation]
        look: Look = ours.find(ours.payload_model.model_validate(payload), self._call(10.0), since)
        return look

    def _call(self, deadline_s: float) -> Any:
        call = call_to(self.sandbox.url, self.account, self.permit, files=Files(self.folder), deadline_s=deadline_s)
        call.notes = self.notes
        return call

    def plant(self, age_s: float = DAY_S) -> int:
        """An audience that is so old."""
        audience = {"ta_name": "old", "area_type": 1, "platform": 2, "data_path": DATA_PATH}
        fields = {"provider": "mintegral", "account": "acme", "age_s": age_s, "audience": audience}
        answer = httpx.post(f"{self.sandbox.url}/_sandbox/audiences", json=fields).raise_for_status()
        (planted,) = answer.json()["ids"]
        return int(planted)

    def asked(self, method: str, path: str = "") -> list[dict[str, Any]]:
        entries = self.sandbox.ledger()["entries"]
        return [each for each in entries if each["method"] == method and path in each["path"]]


@pytest.fixture
def mintegral(sandbox: Sandbox, tmp_path: Path) -> Mintegral:
    return Mintegral(sandbox, tmp_path)


def behave(sandbox: Sandbox, **behaviour: Any) -> None:
    httpx.patch(f"{sandbox.url}/_sandbox/behaviour", json=behaviour).raise_for_status()


def stored(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    found = httpx.get(f"{sandbox.url}/_sandbox/uploads").raise_for_status().json()["files"]
    return {each["data_path"]: each for each in found}


def create(name: str = "made", **more: Any) -> dict[str, Any]:
    return {"ta_name": name, "area_type": 1, "platform": 2, "files": FILES} | more


def test_an_upload_arrives_whole(mintegral: Mintegral) -> None:
    outcome = mintegral.send("upload_audience_file", {"file": "idfa.csv", "area_type": 1})
    assert isinstance(outcome, Succeeded)
    md5 = hashlib.md5(IDFA.encode(), usedforsecurity=False).hexdigest()
    assert outcome.result == {"data_path": outcome.result["data_path"], "md5": md5, "bytes": len(IDFA)}
    (file,) = stored(mintegral.sandbox).values()
    assert file == {"data_path": outcome.result["data_path"], "md5": md5, "size": len(IDFA), "account": "acme"}
    assert mintegral.notes.said == [f"1 of 1 files, idfa.csv: 0.0 of 0.0 MB {done}" for done in ("checked", "sent")]


def test_a_large_file_takes_no_memory(mintegral: Mintegral) -> None:
    size = 256 * 1024 * 1024
    with (mintegral.folder / "large.csv").open("wb") as large:
        large.write(b"idfa\n" + (b"A" * 36 + b"\n") * 4000)
        large.truncate(size)  # a hole: only its beginning is looked at
    tracemalloc.start()
    try:
        outcome = mintegral.send("upload_audience_file", {"file": "large.csv", "area_type": 1}, deadline_s=60.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Succeeded)
    assert outcome.result["bytes"] == size
    assert peak < 16 * 1024 * 1024
    assert "1 of 1 files, large.csv: 134.2 of 268.4 MB checked" in mintegral.notes.said
    assert "1 of 1 files, large.csv: 134.2 of 268.4 MB sent" in mintegral.notes.said


def test_an_audience_is_made_of_files_that_are_uploaded_first(mintegral: Mintegral) -> None:
    behave(mintegral.sandbox, uploads_required=True)
    outcome = mintegral.send("create_audience", create())
    assert isinstance(outcome, Succeeded)
    (audience,) = mintegral.sandbox.audiences(provider="mintegral")["audiences"]
    assert audience["audience"]["device_type"] == "2,10"
    assert sorted(each["size"] for each in stored(mintegral.sandbox).values()) == [len(IDFA), len(IDFV)]


def test_an_address_that_expired_is_asked_for_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    permits: list[bool] = []

    def permit(changes: bool) -> None:  # noqa: FBT001 - the face of a permit
        permits.append(changes)
        if len(permits) == 3:  # presign, put, and the second presign
            behave(sandbox, presign_ttl_s=300)

    behave(sandbox, presign_ttl_s=0)
    mintegral = Mintegral(sandbox, tmp_path, permit)
    outcome = mintegral.send("upload_audience_file", {"file": "idfa.csv", "area_type": 1})
    assert isinstance(outcome, Succeeded)
    assert [each["status"] for each in mintegral.asked("PUT")] == [403, 200]
    assert permits == [False] * 4
    assert list(stored(sandbox)) == [outcome.result["data_path"]]


def test_addresses_that_always_expire_end_the_attempt_and_not_the_job(mintegral: Mintegral) -> None:
    behave(mintegral.sandbox, presign_ttl_s=0)
    outcome = mintegral.send("upload_audience_file", {"file": "idfa.csv", "area_type": 1})
    assert isinstance(outcome, Unavailable)
    assert outcome.said.code == "AccessDenied"
    assert len(mintegral.asked("PUT")) == 3


def test_after_a_failed_upload_the_next_attempt_uploads_only_what_is_missing(mintegral: Mintegral) -> None:
    mintegral.sandbox.fault(method="PUT", path="/audience/*", skip=1, action="answer", status=500)
    assert isinstance(mintegral.send("create_audience", create()), Unavailable)
    assert isinstance(mintegral.send("create_audience", create()), Succeeded)
    assert len(mintegral.asked("GET", "presigned")) == len(mintegral.asked("PUT")) == 3
    assert not any("idfa" in name or "idfv" in name for name in mintegral.notes.known)


def test_an_upload_of_an_hour_ago_is_not_relied_upon(mintegral: Mintegral) -> None:
    assert isinstance(mintegral.send("create_audience", create("first")), Succeeded)
    for note in mintegral.notes.known.values():
        note["at"] -= 3601
    assert isinstance(mintegral.send("create_audience", create("second")), Succeeded)
    assert len(stored(mintegral.sandbox)) == 4


@pytest.mark.parametrize(
    ("unseen", "message"),
    [(True, "the file changed while it was uploaded"), (False, "the file 'idfa.csv' changed while it was read")],
)
def test_a_file_that_changes_between_the_readings_never_arrives(
    sandbox: Sandbox, tmp_path: Path, *, unseen: bool, message: str
) -> None:
    def permit(_: bool) -> None:  # noqa: FBT001 - the face of a permit
        """Another content of the same size in the same place, and if unseen with the same time of change."""
        file = tmp_path / "idfa.csv"
        times = file.stat()
        with file.open("r+") as opened:
            opened.write(IDFA.lower())
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns + (0 if unseen else 1)))

    mintegral = Mintegral(sandbox, tmp_path, permit)
    outcome = mintegral.send("upload_audience_file", {"file": "idfa.csv", "area_type": 1})
    assert isinstance(outcome, Unavailable)
    assert outcome.said.message.startswith(message)
    assert not stored(sandbox)


def test_what_the_system_refuses_while_a_file_is_read_is_no_outage_of_ours(
    mintegral: Mintegral, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mintegral.folder / "nowhere.pem"))
    outcome = mintegral.send("upload_audience_file", {"file": "https://localhost:1/ids.csv", "area_type": 1})
    assert isinstance(outcome, Unavailable)
    assert outcome.said.message == "the file cannot be read now (FileNotFoundError)"


@LOSSES
def test_a_create_of_files_whose_answer_is_lost_is_found(mintegral: Mintegral, loss: str) -> None:
    began = datetime.now(UTC)
    mintegral.sandbox.fault(method="POST", action=loss)
    assert isinstance(mintegral.send("create_audience", create(), deadline_s=0.5), Unknown)
    found = mintegral.find("create_audience", create(), began)
    assert isinstance(found, Found)
    assert found.ours


def test_an_update_replaces_the_files(mintegral: Mintegral) -> None:
    ta_id = mintegral.plant()
    updated = mintegral.send("update_audience", {"ta_id": ta_id, "files": FILES})
    assert isinstance(updated, Succeeded)
    assert updated.result == {"audience_id": str(ta_id), "already_existed": True, "audience": {"ta_id": ta_id}}
    (audience,) = mintegral.sandbox.audiences(provider="mintegral")["audiences"]
    assert audience["audience"]["device_type"] == "2,10"


@pytest.mark.parametrize("files", [{"files": FILES}, {"data_path": DATA_PATH}], ids=["files", "data_path"])
def test_an_update_within_twelve_hours_waits_for_its_time(mintegral: Mintegral, files: dict[str, Any]) -> None:
    ta_id = mintegral.plant(age_s=3600)
    outcome = mintegral.send("update_audience", {"ta_id": ta_id} | files)
    assert isinstance(outcome, Deferred)
    assert outcome.after_s == pytest.approx(11 * 3600 + 60, abs=5)
    assert not stored(mintegral.sandbox)


@pytest.mark.parametrize("files", [{"files": FILES}, {"data_path": DATA_PATH}], ids=["files", "data_path"])
def test_an_update_of_nothing_is_no(mintegral: Mintegral, files: dict[str, Any]) -> None:
    assert isinstance(mintegral.send("update_audience", {"ta_id": 12} | files), Rejected)
    assert not stored(mintegral.sandbox)


@LOSSES
def test_an_update_whose_answer_is_lost_is_found(mintegral: Mintegral, loss: str) -> None:
    payload = {"ta_id": mintegral.plant(), "data_path": DATA_PATH}
    began = datetime.now(UTC)
    assert isinstance(mintegral.find("update_audience", payload, began), Absent)
    mintegral.sandbox.fault(method="PUT", action=loss)
    assert isinstance(mintegral.send("update_audience", payload, deadline_s=0.5), Unknown)
    found = mintegral.find("update_audience", payload, began)
    assert isinstance(found, Found)
    assert found.ours


@LOSSES
def test_a_delete_whose_answer_is_lost_is_found(mintegral: Mintegral, loss: str) -> None:
    payload = {"ta_id": [mintegral.plant(), mintegral.plant()]}
    began = datetime.now(UTC)
    assert isinstance(mintegral.find("delete_audience", payload, began), Absent)
    mintegral.sandbox.fault(method="DELETE", action=loss)
    assert isinstance(mintegral.send("delete_audience", payload, deadline_s=0.5), Unknown)
    found = mintegral.find("delete_audience", payload, began)
    assert isinstance(found, Found)
    assert found.result == {"deleted": [str(each) for each in payload["ta_id"]]}


def test_a_delete_takes_all_or_none(mintegral: Mintegral) -> None:
    there, left = mintegral.plant(), mintegral.plant()
    assert isinstance(mintegral.send("delete_audience", {"ta_id": [there, 1]}), Rejected)
    assert mintegral.send("delete_audience", {"ta_id": [there]}) == Succeeded({"deleted": [str(there)]})
    half = mintegral.find("delete_audience", {"ta_id": [there, left]}, datetime.now(UTC))
    assert isinstance(half, CannotTell)


def test_all_pages_are_listed_with_every_filter(mintegral: Mintegral) -> None:
    audience = {"ta_name": "Old", "area_type": 1, "platform": 3, "data_path": DATA_PATH}
    mintegral.sandbox.preset(provider="mintegral", account="acme", audience=audience, count=1100)
    mintegral.plant()
    everything = mintegral.send("list_audiences", {})
    assert isinstance(everything, Succeeded)
    assert everything.result["total"] == len({each["ta_id"] for each in everything.result["audiences"]}) == 1101
    some = mintegral.send("list_audiences", {"ta_name": "old", "platform": 3, "max_items": 700})
    assert isinstance(some, Succeeded)
    assert (some.result["total"], len(some.result["audiences"]), some.result["truncated"]) == (1100, 700, True)
    ids = [each["ta_id"] for each in everything.result["audiences"][:250]]
    named = mintegral.send("list_audiences", {"ta_ids": ids})
    assert isinstance(named, Succeeded)
    assert [each["ta_id"] for each in named.result["audiences"]] == ids


@pytest.mark.parametrize("throttle", ["http", "envelope"])
def test_a_limit_is_patience_however_it_is_said(mintegral: Mintegral, throttle: str) -> None:
    behave(mintegral.sandbox, rate_limit="1/h", mintegral_throttle=throttle)
    assert isinstance(mintegral.send("list_audiences", {}), Succeeded)
    assert isinstance(mintegral.send("delete_audience", {"ta_id": [1]}), Throttled)
    assert isinstance(mintegral.send("update_audience", {"ta_id": 1, "files": FILES}), Throttled)
    assert isinstance(mintegral.send("upload_audience_file", {"file": "idfa.csv", "area_type": 1}), Throttled)


def test_what_is_treacherous_is_read_all_the_same(mintegral: Mintegral) -> None:
    behave(mintegral.sandbox, treacherous=True)
    began = datetime.now(UTC)
    made = mintegral.send("create_audience", create())
    assert isinstance(made, Succeeded)
    found = mintegral.find("create_audience", create(), began)
    assert isinstance(found, Found)
    assert found.result["audience_id"] == made.result["audience_id"]
    early = mintegral.send("update_audience", {"ta_id": int(made.result["audience_id"]), "data_path": DATA_PATH})
    assert isinstance(early, Deferred)
    gone = mintegral.send("delete_audience", {"ta_id": [int(made.result["audience_id"])]})
    assert isinstance(gone, Succeeded)


def test_a_name_that_is_taken_is_looked_up(mintegral: Mintegral) -> None:
    behave(mintegral.sandbox, unique_names=True)
    assert isinstance(mintegral.send("create_audience", create()), Succeeded)
    assert type(mintegral.send("create_audience", create())).__name__ == "AlreadyExists"
