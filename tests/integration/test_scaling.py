"""Do workers grow with what may run now? The KEDA objects' queries, by Prometheus's own tool over a real state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from lane_acts import accept, configure, new_lanes, start, take
from prometheus_client import CollectorRegistry, generate_latest
from real import RedisServer, wait_until
from scrape import Scrape, promtool

from workers.lanes.orders import Orders
from workers.monitoring.metrics.standing import Standing
from workers.monitoring.queues import queues_at
from workers.settings import Settings

KEDA = Path(__file__).parents[2] / "deploy" / "kubernetes" / "keda"
SCALED: dict[str, Any] = {path.stem: yaml.safe_load(path.read_text()) for path in KEDA.glob("*.yaml")}
SCALED.pop("kustomization")


def triggers(name: str) -> dict[str, Any]:
    return {trigger["type"]: trigger for trigger in SCALED[name]["spec"]["triggers"]}


def query(name: str) -> str:
    return str(triggers(name)["prometheus"]["metadata"]["query"])


@pytest.mark.parametrize("name", SCALED)
def test_an_object_scales_what_is_there_and_never_to_nothing(name: str) -> None:
    """By KEDA's reference: https://keda.sh/docs/latest/reference/scaledobject-spec/ and …/scalers/prometheus/."""
    spec = SCALED[name]["spec"]
    assert SCALED[name]["apiVersion"] == "keda.sh/v1alpha1"
    assert spec["scaleTargetRef"] == {"name": name}
    target = next(yaml.safe_load_all((KEDA.parent / f"{name}.yaml").read_text()))
    assert (target["kind"], target["metadata"]["name"]) == ("Deployment", name)
    assert "replicas" not in target["spec"]  # an `apply` would undo what KEDA did
    assert 0 < spec["minReplicaCount"] < spec["maxReplicaCount"]
    found = triggers(name)
    assert found["prometheus"]["metadata"].keys() == {"serverAddress", "query", "threshold", "ignoreNullValues"}
    for trigger in found.values():
        assert trigger["metricType"] == "AverageValue"
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
    if name != "intake":
        threads = Settings.model_fields["concurrency"].default
        assert float(found["prometheus"]["metadata"]["threshold"]) < threads  # busy ones ask for more
        assert found["cpu"]["metadata"] == {"value": "800m"}  # of the one core that a process can use


def test_what_may_run_now_counts_and_what_is_held_back_does_not(redis_server: RedisServer, tmp_path: Path) -> None:
    with redis_server.client() as client:
        lanes = new_lanes(client)
        accounts = {"open": {"max_in_flight": 3}, "paused": {}, "limited": {"limits": ["1/h"]}, "later": {}}
        configure(lanes, **accounts)
        Orders(client, "pubmatic", "test").pause("paused", None, "maintenance")
        for account in ("open", "paused", "limited"):
            for number in range(20):
                accept(lanes, f"{account}-{number}", account)
        accept(lanes, "later", "later", not_before=4e9)
        taken: list[Any] = []
        wait_until(lambda: taken.extend(take(lanes)) or len(taken) == 3 + 1, what="every job that may run now")
        start(lanes, taken[0])
        client.rpush("audience.jobs", *["a job"] * 7)
        client.rpush("audience.results", *["an event"] * 9)
        registry = CollectorRegistry()
        registry.register(Standing(redis_server.url, queues_at(redis_server.url), {"pubmatic": lanes.config}))
        found = Scrape(generate_latest(registry).decode())
    assert found.value("audience_jobs", state="waiting") == 61 - 4
    assert found.value("audience_jobs", state="running") == 1
    told = [*as_told_by(found, "a"), *as_told_by(found, "b")]
    # Of the open lane its cap, of the limited one the hour's only job; and the messages that wait to be taken in.
    evaluate(tmp_path, told, {query("worker-pubmatic"): 3 + 1, query("intake"): 7})


def test_without_metrics_there_is_no_answer_to_scale_by(tmp_path: Path) -> None:
    evaluate(tmp_path, [], {query(name): None for name in SCALED})


def as_told_by(found: Scrape, instance: str) -> list[dict[str, str]]:
    """What one process told at each scrape of five minutes, as promtool reads series."""
    samples = [sample for family in found.families.values() for sample in family.samples]
    return [{"series": series(each, instance), "values": f"{each.value:g}+0x20"} for each in samples]


def series(sample: Any, instance: str) -> str:
    labels = {**sample.labels, "instance": instance}
    return sample.name + "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"


def evaluate(folder: Path, told: list[dict[str, str]], expected: dict[str, float | None]) -> None:
    tests = [
        {
            "expr": expr,
            "eval_time": "5m",
            "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
        }
        for expr, value in expected.items()
    ]
    text = yaml.safe_dump({"tests": [{"interval": "15s", "input_series": told, "promql_expr_test": tests}]})
    (folder / "test.yml").write_text(text)
    promtool("test", "rules", str(folder / "test.yml"))
