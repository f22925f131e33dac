"""Does every alert lead to a section of the runbook, and name only what there is: metrics, sections, commands?"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from real import RedisServer
from scrape import Scrape, promtool

from workers.cli.commands import app
from workers.config import ProviderConfig
from workers.monitoring.metrics.counts import Counts
from workers.monitoring.metrics.standing import Standing
from workers.monitoring.queues import queues_at

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
TESTS = ROOT / "deploy" / "prometheus" / "alerts_test.yml"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
OPERATING = (ROOT / "docs" / "operating.md").read_text()
METRICS = (ROOT / "docs" / "metrics.md").read_text()
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
UNNAMED = ("_sum", "_count", "_created")
"""What a metric's own name stands for as well; the last is not served."""
NAME = re.compile(r"\baudience_[a-z_]+[a-z]\b")


@pytest.fixture
def exported(redis_server: RedisServer) -> Scrape:
    registry = CollectorRegistry()
    configs = {"pubmatic": ProviderConfig(base_url="http://provider")}
    registry.register(Standing(redis_server.url, queues_at(redis_server.url), configs))
    Counts(registry, configs)
    return Scrape(generate_latest(registry).decode())


def test_the_rules_hold_and_are_tested() -> None:
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(TESTS))
    fired = set(re.findall(r"labels: 'ALERTS\{alertname=\"(\w+)\"", TESTS.read_text()))
    assert fired == {rule["alert"] for rule in RULES}


def test_a_wrong_rule_fails_its_test(tmp_path: Path) -> None:
    """So that the test above can fail."""
    (tmp_path / "alerts.yml").write_text(ALERTS.read_text().replace("max(audience_state_up) == 0", "vector(0) > 1"))
    (tmp_path / "alerts_test.yml").write_text(TESTS.read_text())
    with pytest.raises(AssertionError, match="AudienceStateOutOfReach"):
        promtool("test", "rules", str(tmp_path / "alerts_test.yml"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_each_alert_is_a_section_of_the_runbook(rule: dict[str, Any]) -> None:
    summary, url = rule["annotations"]["summary"], rule["annotations"]["runbook_url"]
    assert url == f"docs/runbook.md#{_anchor(summary)}"
    section = _sections()[summary]
    assert [word for word in ("**Means.**", "**Look.**", "**Do.**", "**Over when**") if word not in section] == []


def test_the_runbook_has_no_other_sections() -> None:
    assert list(_sections()) == [rule["annotations"]["summary"] for rule in RULES]


def test_every_metric_that_is_named_is_exported(exported: Scrape) -> None:
    dashboard = (ROOT / "deploy" / "grafana" / "audience.json").read_text()
    for text in (ALERTS.read_text(), dashboard, RUNBOOK, METRICS):
        named = set(NAME.findall(text))
        assert named
        assert named - exported.names() - {each.removesuffix("_bucket") for each in exported.names()} == set()


def test_every_metric_is_documented(exported: Scrape) -> None:
    ours = {name for name in exported.names() if name.startswith("audience_") and not name.endswith(UNNAMED)}
    documented = set(re.findall(r"^\| `(audience_\w+)`", METRICS, re.MULTILINE))
    assert {name.removesuffix("_bucket") for name in ours} == documented


def test_every_query_of_the_dashboard_is_promql() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "audience.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(queries) > 10
    rules = [{"record": f"q{n}", "expr": _without_variables(each)} for n, each in enumerate(queries)]
    text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
    promtool("check", "rules", "/dev/stdin", text=text)


def test_every_command_of_the_runbook_exists() -> None:
    commands = [*_commands(RUNBOOK), *_commands(OPERATING)]
    assert len(commands) > 40
    root = typer.main.get_command(app)
    assert [wrong for command in commands if (wrong := _wrong_in(command, root))] == []


@pytest.mark.parametrize("command", ["audience lane", "audience lanes --nothing", "audience dead lists"])
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    assert _wrong_in(command, typer.main.get_command(app)) is not None


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _without_variables(query: str) -> str:
    return query.replace("$__rate_interval", "5m").replace("$provider", ".*").replace("$account", ".*")


def _commands(text: str) -> list[str]:
    """Those in blocks and those in sentences."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [each for each in (*lines, *re.findall(r"`(audience [^`]+)`", text)) if each.startswith("audience ")]


def _wrong_in(command: str, root: click.Command) -> str | None:
    """The first word of it that no command has."""
    at: Any = root
    for word in shlex.split(command)[1:]:
        if word.startswith("-"):
            if not any(word.partition("=")[0] in (*each.opts, *each.secondary_opts) for each in at.params):
                return f"{command}: {word}"
        elif hasattr(at, "commands"):
            if word not in at.commands:
                return f"{command}: {word}"
            at = at.commands[word]
    return None
