"""Is what the sandbox's README shows true? Its commands and its Python run, its tables are whole."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from sandbox.behaviour import Behaviour
from sandbox.fault_presets import PRESETS
from sandbox.faults import Action
from sandbox.process import started

ROOT = Path(__file__).parents[2]
README = (ROOT / "sandbox" / "README.md").read_text()
HERE = "http://127.0.0.1:8900"
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(ROOT),
}
START, *BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=ENVIRONMENT, check=False, timeout=60)


def table(title: str) -> list[list[str]]:
    """The cells of the rows under this heading row."""
    rows = README[README.index(title) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))] for row in rows]


def test_the_first_command_starts_it() -> None:
    assert START == "python -m sandbox --port 8900\n"


@pytest.mark.parametrize("block", BLOCKS)
def test_every_other_command_runs(block: str, url: str, tmp_path: Path) -> None:
    done = run(["sh", "-eu", "-c", block.replace(HERE, url)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert '"error"' not in done.stdout


def test_the_two_minutes_show_a_success_a_duplicate_and_a_throttled_request(tmp_path: Path) -> None:
    with started() as url:
        shown = run(["sh", "-eu", "-c", BLOCKS[0].replace(HERE, url)], tmp_path).stdout
    assert '"id":475332' in shown
    assert "AUD01_0014" in shown
    assert "Retry-After: 2" in shown
    assert shown.count('"seq":') == 3


def test_its_python_is_a_test_that_passes(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "test_example.py").write_text(example)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_its_table_of_presets_is_whole_and_true() -> None:
    rows = {row[0].strip("`"): row for row in table("| preset | done |")}
    assert list(rows) == list(PRESETS)
    for name, (_, done, sees, origin) in rows.items():
        fields = PRESETS[name]
        assert (done == "yes") is (fields["action"] != Action.ANSWER)
        assert "status" not in fields or sees.startswith(str(fields["status"]))
        assert origin


def test_its_table_of_actions_and_options_is_whole() -> None:
    actions = re.findall(r"`(\w+)`", " ".join(row[0] for row in table("| `action` |")))
    assert sorted(actions) == sorted(Action)
    options = re.findall(r"`(\w+)`", " ".join(row[0] for row in table("| option |")))
    assert sorted(options) == sorted(asdict(Behaviour()))
