"""How long a list does each provider give, where a job does not say?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from calls import call_to
from stubborn_server import StubbornServer, Told

from workers.outcome import Succeeded
from workers.providers import mintegral, pubmatic
from workers.providers.listing import MAX_ITEMS
from workers.providers.provider import Provider

COUNT = MAX_ITEMS + 1
SECRET = {"env": "TEST_LISTS_SECRET"}
ALL_AT_MINTEGRAL = {
    "code": 200,
    "data": {"limit": COUNT, "total": COUNT, "list": [{"ta_id": each} for each in range(1, COUNT + 1)]},
}
ALL_AT_PUBMATIC = {
    "metaData": {"numberOfPages": "1", "totalRecords": str(COUNT)},
    "items": [{"id": each} for each in range(1, COUNT + 1)],
}


@pytest.mark.parametrize(
    ("provider", "account", "payload", "answer"),
    [
        (mintegral.PROVIDER, {"access_key": SECRET, "api_key": SECRET}, {}, ALL_AT_MINTEGRAL),
        (pubmatic.PROVIDER, {"access_token": SECRET}, {"accountType": "PUBLISHER", "accountId": 5}, ALL_AT_PUBMATIC),
    ],
    ids=["mintegral", "pubmatic"],
)
def test_a_list_ends_at_ten_thousand_where_a_job_does_not_say(
    provider: Provider,
    account: dict[str, Any],
    payload: dict[str, Any],
    answer: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_LISTS_SECRET", "a-secret-of-a-test")
    config = provider.config_model.model_validate({"accounts": {"acme": account}})
    operation: Any = provider.operations["list_audiences"]
    with StubbornServer() as server:
        server.play([Told(json.dumps(answer).encode())])
        call = call_to(server.url, config.accounts["acme"])
        outcome = operation.send(operation.payload_model.model_validate(payload), call)

    assert isinstance(outcome, Succeeded)
    assert len(outcome.result["audiences"]) == 10_000
    assert outcome.result["total"] == COUNT
    assert outcome.result["truncated"] is True
