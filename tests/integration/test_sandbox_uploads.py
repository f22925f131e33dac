"""How the sandbox's Mintegral takes a device-ID file: presign, then a raw PUT."""

import hashlib
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from sandbox.credentials import MINTEGRAL_KEYS
from sandbox.mintegral.provider import token_for
from sandbox.process import started

PRESIGN = "/api/open/v1/audience/presigned-upload-data"
CONTENT = b"idfa\n6D92078A-8246-4BA4-AE5B-76104861E7DC\n"
MIB = 1024 * 1024


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    keys, stamp = MINTEGRAL_KEYS["acme"], str(int(time.time()))
    headers = {"access-key": keys.access_key, "timestamp": stamp, "token": token_for(keys.api_key, stamp)}
    with httpx.Client(base_url=url, headers=headers) as client:
        client.patch("/_sandbox/behaviour", json={"presign_ttl_s": 300})
        client.delete("/_sandbox/audiences")
        client.delete("/_sandbox/ledger")
        yield client


def presigned(api: httpx.Client, content: bytes = CONTENT, file_name: str = "ids.txt") -> dict[str, Any]:
    query = {"area_type": 1, "file_name": file_name, "file_md5": md5(content)}
    data = api.get(PRESIGN, params=query).json()["data"]
    assert isinstance(data, dict)
    return data


def stored(api: httpx.Client) -> list[dict[str, Any]]:
    files = api.get("/_sandbox/uploads").json()["files"]
    assert isinstance(files, list)
    return files


def test_a_presigned_url_takes_the_file_and_keeps_size_and_md5(api: httpx.Client) -> None:
    data = presigned(api, file_name="my ids.csv.gz")
    assert (data["ttl"], data["area_type"], data["file_name"]) == (300, 1, "my ids.csv.gz")
    assert data["s3"]["method"] == "PUT"
    assert data["s3"]["data_path"].endswith(f"/{md5(CONTENT)}/my ids.csv.gz")
    assert httpx.put(data["s3"]["url"], content=CONTENT).status_code == 200
    assert stored(api) == [
        {"data_path": data["s3"]["data_path"], "size": len(CONTENT), "md5": md5(CONTENT), "account": "acme"}
    ]


def test_the_same_put_twice_is_one_file(api: httpx.Client) -> None:
    data = presigned(api)
    for _ in range(2):
        assert httpx.put(data["s3"]["url"], content=CONTENT).is_success
    assert len(stored(api)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"area_type": 2},
        {"area_type": None},
        {"file_name": None},
        {"file_name": "ids.zip"},
        {"file_name": "../ids.txt"},
        {"file_md5": None},
        {"file_md5": "abc"},
        {"file_md5": md5(CONTENT).upper().replace("0", "A")},
    ],
)
def test_a_presign_with_a_wrong_parameter_is_code_10000(api: httpx.Client, changes: dict[str, Any]) -> None:
    query = {"area_type": 1, "file_name": "ids.txt", "file_md5": md5(CONTENT)} | changes
    answer = api.get(PRESIGN, params={name: value for name, value in query.items() if value is not None})
    assert (answer.status_code, answer.json()["code"]) == (200, 10000)


def test_what_is_not_the_announced_file_is_a_bad_digest(api: httpx.Client) -> None:
    answer = httpx.put(presigned(api)["s3"]["url"], content=CONTENT[:-1])
    assert (answer.status_code, "BadDigest" in answer.text) == (400, True)
    assert stored(api) == []


def test_a_form_is_not_the_file(api: httpx.Client) -> None:
    answer = httpx.put(presigned(api)["s3"]["url"], files={"file": CONTENT})
    assert (answer.status_code, "BadDigest" in answer.text) == (400, True)


def test_an_altered_signature_path_or_expiry_is_forbidden(api: httpx.Client) -> None:
    url = presigned(api)["s3"]["url"]
    for altered in (
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace("ids", "ads"),
        url.partition("?")[0],
    ):
        answer = httpx.put(altered, content=CONTENT)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)


def test_an_expired_url_is_forbidden(api: httpx.Client) -> None:
    api.patch("/_sandbox/behaviour", json={"presign_ttl_s": 0})
    answer = httpx.put(presigned(api)["s3"]["url"], content=CONTENT)
    assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)


def test_a_body_of_unannounced_length_is_refused(api: httpx.Client) -> None:
    answer = httpx.put(presigned(api)["s3"]["url"], content=iter([CONTENT]))
    assert (answer.status_code, "MissingContentLength" in answer.text) == (411, True)


@pytest.mark.parametrize("header", ["access-key", "token", "Authorization"])
def test_provider_credentials_do_not_belong_on_the_storage_request(api: httpx.Client, header: str) -> None:
    answer = httpx.put(presigned(api)["s3"]["url"], content=CONTENT, headers={header: "x"})
    assert (answer.status_code, "InvalidArgument" in answer.text) == (400, True)


def test_a_large_file_passes_in_constant_memory(api: httpx.Client) -> None:
    process = psutil.Process(api.get("/_sandbox/health").json()["pid"])
    block, blocks = b"0" * MIB, 200
    digest = hashlib.md5(usedforsecurity=False)
    for _ in range(blocks):
        digest.update(block)
    query = {"area_type": 1, "file_name": "large.txt", "file_md5": digest.hexdigest()}
    target = api.get(PRESIGN, params=query).json()["data"]["s3"]["url"]
    before = process.memory_info().rss
    answer = httpx.put(
        target,
        content=(block for _ in range(blocks)),
        headers={"Content-Length": str(blocks * MIB)},
        timeout=60,
    )
    assert answer.is_success, answer.text
    assert stored(api)[0]["size"] == blocks * MIB
    assert process.memory_info().rss - before < 30 * MIB


def test_presign_and_put_both_stand_in_the_ledger_under_the_account(api: httpx.Client) -> None:
    data = presigned(api)
    httpx.put(data["s3"]["url"], content=CONTENT)
    told = api.get("/_sandbox/ledger", params={"provider": "mintegral"})
    assert [(one["method"], one["account"], one["name"], one["applied"]) for one in told.json()["entries"]] == [
        ("GET", "acme", "ids.txt", None),
        ("PUT", "acme", "ids.txt", data["s3"]["data_path"]),
    ]
    assert "X-Amz-Signature" not in told.text
