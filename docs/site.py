"""How do the documents become a site? `python docs/site.py` lays out each page and what it links to, and runs mkdocs.

The pages stand in the folders of the repository, so that a link is right there as it is here. mkdocs refuses, strictly,
a link or an anchor that leads nowhere; a page that no menu of mkdocs.yml has is only told.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "mkdocs.yml"
LAID_OUT = ROOT / "dist" / "pages"
WRITTEN_FOR_PEOPLE = ("*.md", "docs/*.md", "schemas/*.md", "sandbox/*.md", "workers/providers/*/*.md")


def pages() -> list[Path]:
    """Every document, whether a menu has it or not."""
    return sorted(path for pattern in WRITTEN_FOR_PEOPLE for path in ROOT.glob(pattern))


def linked_from(page: Path) -> list[Path]:
    """The files that are no pages and that a page links to or shows."""
    targets = re.findall(r"\]\((?!\w+:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    files = {(page.parent / target).resolve() for target in targets}
    return sorted(file for file in files if file.is_file() and file.suffix != ".md")


def lay_out() -> None:
    """Copy the pages, and what they need, anew."""
    shutil.rmtree(LAID_OUT, ignore_errors=True)
    for page in pages():
        for file in (page, *linked_from(page)):
            to = LAID_OUT / file.relative_to(ROOT)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)


if __name__ == "__main__":
    lay_out()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "--config-file", str(SETTINGS)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}  # the theme's word about its successor
    sys.exit(subprocess.run(command, cwd=ROOT, env=quiet, check=False).returncode)
