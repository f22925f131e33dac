"""What does ``/metrics`` say? Scraped as Prometheus does, and checked by its own tool."""

from __future__ import annotations

import shutil
import subprocess

import httpx
from prometheus_client.parser import text_string_to_metric_families
from real import free_port, missing, wait_until


class Scrape:
    """One answer of ``/metrics``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that carry these labels."""
        return sum(
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def labels(self, name: str) -> set[str]:
        """The names of the labels that samples of this name carry."""
        families = self.families.values()
        return {label for each in families for sample in each.samples if sample.name == name for label in sample.labels}

    def names(self) -> set[str]:
        """Every name that a query may use: with the endings of counters and histograms."""
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        return {family.name + ending for family in self.families.values() for ending in endings.get(family.type, ("",))}


def scrape(url: str) -> Scrape:
    return Scrape(httpx.get(url, timeout=10, trust_env=False).raise_for_status().text)


def metrics_port() -> tuple[dict[str, str], str]:
    """The environment of a worker that serves metrics, and their address."""
    port = free_port()
    return {"AUDIENCE_METRICS_PORT": str(port)}, f"http://127.0.0.1:{port}/metrics"


def served(url: str) -> Scrape:
    """The first scrape of a process that is about to serve."""

    def answers() -> Scrape | None:
        try:
            return scrape(url)
        except httpx.TransportError:
            return None

    found = wait_until(answers, 30, f"metrics at {url}")
    assert found
    return found


def promtool(*arguments: str, text: str = "") -> str:
    """Prometheus's own tool over what it is given. Fails with what it says; answers what it printed."""
    if shutil.which("promtool") is None:
        missing("promtool")
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
