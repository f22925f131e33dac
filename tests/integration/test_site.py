"""Do the documents make a site in which every link leads somewhere, and is the page of the settings up to date?"""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "dist", "node_modules", "__pycache__")
ELSEWHERE = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?https?://[^>]*>""")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, to build in."""
    return shutil.copytree(ROOT, tmp_path / "copy", ignore=LEFT_OUT)


def build(copy: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(copy / "docs" / "site.py")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_site_is_built_whole_and_loads_nothing_from_elsewhere(copy: Path) -> None:
    done = build(copy)
    assert done.returncode == 0, done.stderr
    site = copy / "dist" / "site"
    written = {str(page.relative_to(site)) for page in site.rglob("*.html")}
    assert {"index.html", "docs/security.html", "docs/settings.html", "docs/asyncapi.html"} <= written
    assert (site / "examples" / "python" / "with_pika.py").exists(), "what a page links to is there, too"
    assert [name for name in written if ELSEWHERE.search((site / name).read_text())] == []


@pytest.mark.parametrize("link", ["nowhere.md", "running.md#no-such-place", "../examples/no-such-program.py"])
def test_a_link_that_leads_nowhere_fails_the_build(copy: Path, link: str) -> None:
    page = copy / "docs" / "security.md"
    page.write_text(f"{page.read_text()}\n[here]({link})\n")
    done = build(copy)
    assert done.returncode != 0
    assert link in done.stderr


def test_the_page_of_the_settings_is_up_to_date() -> None:
    program = runpy.run_path(str(ROOT / "docs" / "settings_page.py"))
    assert program["PAGE"].read_text() == program["page"](), "make schemas"
