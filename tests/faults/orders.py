"""What is asked of the service? Creates for every lane, each with a name of its own, and a few messages of garbage."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from typing import Any

from faults.limits import LANES


@dataclass(frozen=True, slots=True)
class Order:
    """One message, and the id that its final event must have."""

    body: bytes
    event_id: str
    name: str = ""
    """The audience's, by which the provider's ledger is compared. Garbage has none."""


def orders(seed: int, jobs: int, malformed: int) -> list[Order]:
    """In the order of sending."""
    dice = random.Random(seed)
    every = [_create(number, dice) for number in range(jobs)] + [_garbage(number) for number in range(malformed)]
    dice.shuffle(every)
    return every


def _create(number: int, dice: random.Random) -> Order:
    provider, _, account = LANES[number % len(LANES)].partition("/")
    name, job_id = f"Audience {number}", f"order-{number}"
    job = {
        "id": job_id,
        "provider": provider,
        "account": account,
        "operation": "create_audience",
        "priority": dice.randrange(10),
        "payload": _pubmatic(name, number) if provider == "pubmatic" else _mintegral(name),
    }
    return Order(json.dumps(job).encode(), f"{provider}/{account}/{job_id}/1", name)


def _pubmatic(name: str, number: int) -> dict[str, Any]:
    return {
        "accountType": "PUBLISHER",
        "accountId": 27332341,
        "name": name,
        "dataProviderId": "383",
        "providerAudienceId": f"segment-{number}",
    }


def _mintegral(name: str) -> dict[str, Any]:
    """Mintegral takes every name twice: nothing but this service stands between a lost answer and a duplicate."""
    devices = [{"device_type": 2, "data_path": "s3://bucket/devices.csv"}]
    return {"ta_name": name, "area_type": 1, "platform": 2, "data_path": devices}


def _garbage(number: int) -> Order:
    body = b"no job %d" % number
    return Order(body, f"rejected/{hashlib.sha256(body).hexdigest()}")
