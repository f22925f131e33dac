"""Is the dashboard one, by Grafana's own types? Every panel has the options of its kind, all of them, and no other."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import npm
import pytest

ROOT = Path(__file__).parents[2]
TYPES = ROOT / "tests" / "grafana"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "audience.json").read_text())


def complaints(dashboard: Any) -> str:
    """What TypeScript says of it; only a file beside the types finds Grafana's package."""
    npm.install(TYPES)
    with TemporaryDirectory(dir=TYPES / "node_modules") as folder:
        given = Path(folder) / "given.ts"
        typed = (
            f'import type {{ Given }} from "../../dashboard";\nexport const given: Given = {json.dumps(dashboard)};\n'
        )
        given.write_text(typed)
        options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]
        command = ["node", "node_modules/typescript/bin/tsc", *options, str(given)]
        done = subprocess.run(command, cwd=TYPES, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


def test_the_dashboard_is_one_by_grafanas_types() -> None:
    assert complaints(DASHBOARD) == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"options": {}}, "missing the following properties"),
        ({"type": "timeserie"}, "timeserie"),
        ({"gridPos": {"x": 0, "y": 0, "w": 8}}, "Property 'h' is missing"),
    ],
)
def test_a_panel_that_is_none_is_found(wrong: dict[str, Any], said: str) -> None:
    first = next(n for n, panel in enumerate(DASHBOARD["panels"]) if panel["type"] == "timeseries")
    panels = [panel | wrong if n == first else panel for n, panel in enumerate(DASHBOARD["panels"])]
    assert said in complaints(DASHBOARD | {"panels": panels})


def test_every_panel_has_a_place_of_its_own() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (column, row)
        for place in places
        for column in range(place["x"], place["x"] + place["w"])
        for row in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
