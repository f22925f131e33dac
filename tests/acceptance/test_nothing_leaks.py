"""Is a planted secret or a device ID anywhere in what a whole run puts out? Everything is searched, base64 too."""

from __future__ import annotations

import base64
import binascii
import json
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Audience
from otlp import Collector
from real import Deployment, Process, RedisServer, Sandbox, free_port, wait_until
from scrape import metrics_port, scrape, served

from audience_client import Producer, Signer

DEVICES = [f"5F0C1A7E-DE71-CE1D-0000-{number:012}" for number in range(50)]
PASSWORD = "sandbox-pubmatic-password-acme"
SIGNING_KEY = "a-signing-key-of-globex-that-is-long-enough"
CRM = Signer("crm", SIGNING_KEY)
OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
PUBMATIC = OWNER | {"name": "planted", "dataProviderId": "383", "providerAudienceId": "planted-1"}
MINTEGRAL = {"ta_name": "planted", "area_type": 1, "platform": 2, "files": [{"device_type": 2, "file": "idfa.csv"}]}


class Monitor:
    """Every command that reaches a Redis, with all its arguments: jobs, Celery's events, results."""

    def __init__(self, port: int) -> None:
        self.seen = bytearray()
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"MONITOR\r\n")
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while part := self._socket.recv(65536):
            self.seen += part

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


@pytest.fixture
def monitor(redis_server: RedisServer) -> Iterator[Monitor]:
    watching = Monitor(redis_server.port)
    yield watching
    watching.close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    yield server
    server.close()


@pytest.fixture
def planted(on_redis: Deployment, sandbox: Sandbox, tmp_path: Path) -> Deployment:
    """Credentials of every kind, and a file of device IDs."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "idfa.csv").write_text("idfa\n" + "\n".join(DEVICES) + "\n")
    lines = [
        f'[pubmatic]\nbase_url = "{sandbox.url}/v1"',
        '[pubmatic.accounts.acme]\nuser_name = { env = "USER_NAME" }\npassword = { env = "PASSWORD" }',
        '[pubmatic.accounts.globex]\naccess_token = { env = "P_globex" }',
        'producers = { crm = { env = "SIGNING_KEY" } }',
        f'[mintegral]\nbase_url = "{sandbox.url}"',
        '[mintegral.accounts.acme]\naccess_key = { env = "MA_acme" }\napi_key = { env = "MK_acme" }',
    ]
    on_redis.config.write_text("\n".join(lines))
    more = {"USER_NAME": "acme@sandbox.example", "PASSWORD": PASSWORD, "AUDIENCE_LOG_LEVEL": "DEBUG"}
    on_redis.env |= {**more, "SIGNING_KEY": SIGNING_KEY, "AUDIENCE_FILES_ROOT": str(files)}
    return on_redis


def jobs() -> Iterator[dict[str, Any]]:
    """Some that end well, and one of each account that dies, of an answer that quotes its secrets."""
    for account in ("acme", "globex"):
        for name in ("good", "leaky"):
            payload = PUBMATIC | {"name": f"{name}-{account}", "providerAudienceId": f"{name}-{account}"}
            yield _job("pubmatic", account, f"p-{name}-{account}", "create_audience", payload)
    yield _job("mintegral", "acme", "m-good", "create_audience", MINTEGRAL)
    yield _job("mintegral", "acme", "m-leaky", "create_audience", MINTEGRAL | {"ta_name": "leaky"})
    yield _job("mintegral", "acme", "m-upload", "upload_audience_file", {"file": "idfa.csv", "area_type": 1})
    yield _job("mintegral", "nobody", "m-unknown", "create_audience", MINTEGRAL)


def _job(provider: str, account: str, id_: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "provider": provider, "account": account, "operation": operation, "payload": payload}


def test_no_secret_and_no_device_id_is_in_any_output(
    planted: Deployment,
    sandbox: Sandbox,
    redis_server: RedisServer,
    collector: Collector,
    monitor: Monitor,
) -> None:
    secrets = [PASSWORD, SIGNING_KEY, *(planted.env[name] for name in ("P_globex", "MK_acme", "MA_acme"))]
    for name, own in (("leaky", secrets[3:]), ("leaky-acme", [PASSWORD]), ("leaky-globex", [secrets[2]])):
        said = json.dumps({"code": 10000, "message": " ".join(["said the provider:", *own])})
        sandbox.fault(action="answer", name=name, times=2, status=400, body=said)
    env, metrics_url = metrics_port()
    worker = planted.wait_for_worker(planted.start_worker(**env, **collector.env))
    port = free_port()
    command = [sys.executable, "-m", "workers.cli", "flower", "--port", str(port)]
    flower = Process(command, planted.folder / "flower.log", planted.env)
    try:
        flower_metrics = served(f"http://127.0.0.1:{port}/metrics")
        with Producer(planted.broker_url) as producer, Producer(planted.broker_url, signer=CRM) as crm:
            for job in jobs():
                (crm if job["account"] == "globex" else producer).submit(job)
            forged = _job("pubmatic", "globex", "forged", "create_audience", PUBMATIC)
            crm.send(Signer("crm", SIGNING_KEY[::-1]).sign(json.dumps(forged).encode()))
        with redis_server.client() as client:
            wait_until(lambda: len(planted.events(client)) >= 9, 60, "every event")
            events = planted.events(client)
            client.config_set("rdbcompression", "no")  # compressed, a secret would not be found
            kept = b"".join(client.dump(key) or b"" for key in client.scan_iter("*"))
        wait_until(lambda: len(collector.named("event")) >= 7, what="the spans of the events")
        outputs = {
            "commands": _commands(planted),
            "metrics": scrape(metrics_url).text + flower_metrics.text,
            "events": json.dumps(events),
            "spans": b"".join(collector.raw).decode("latin1"),
            "state": kept.decode("latin1"),
            "redis": bytes(monitor.seen).decode("latin1"),
        }
        assert worker.stop() == 0
    finally:
        flower.kill()
    outputs |= {"worker": worker.text(), "flower": flower.text()}

    statuses = {event.get("subject"): event["data"]["status"] for event in events}
    assert sorted(name for name, status in statuses.items() if status == "succeeded") == [
        "m-good", "m-upload", "p-good-acme", "p-good-globex",
    ]  # fmt: skip
    for name in ("commands", "events", "state", "redis", "worker", "spans"):
        assert "m-leaky" in outputs[name], f"{name} was not there to be searched"
    assert "said the provider: [secret] [secret]" in outputs["commands"]
    assert "m-leaky" in _decoded(outputs["redis"]), "no job was there to be searched"
    hidden = [*secrets, *DEVICES, "X-Amz-Signature="]
    found = [(place, each) for place, text in outputs.items() for each in hidden if each in text + _decoded(text)]
    assert found == []
    assert not [job["id"] for job in jobs() if job["id"] in outputs["metrics"]]


def _commands(deployment: Deployment) -> str:
    """What the command shows of it all."""
    audience = Audience(**deployment.env)
    lines = [
        ("dead", "list"), ("dead", "list", "--group"), ("dead", "export"), ("lanes",), ("audit",), ("settings",),
        ("jobs", "show", "mintegral", "acme", "m-leaky"), ("jobs", "show", "mintegral", "acme", "m-upload"),
        ("dead", "show", "mintegral/acme/m-leaky/1"), ("dead", "show", "pubmatic/acme/p-leaky-acme/1"),
        ("results", "--limit", "20"), ("results", "--limit", "20", "--json"), ("doctor",),
    ]  # fmt: skip
    done = [audience(*line) for line in lines]
    return "\n".join(each.out + each.err for each in done)


def _decoded(text: str) -> str:
    """What of it is base64, as kombu writes the bodies of messages."""
    decoded = []
    for part in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", text):
        try:
            decoded.append(base64.b64decode(part[: len(part) // 4 * 4]).decode("latin1"))
        except binascii.Error:
            continue
    return "\n".join(decoded)
