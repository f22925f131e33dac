"""Is a weakness known of anything in the lock, and what is in it? An audit, and an SBOM in CycloneDX.

``python .ci/audit.py [OPTIONS OF PIP-AUDIT]``. Exit code 1: a weakness is known. An advisory service that is out of
reach, or knows none of the packages, as a mirror does, is said and fails nothing: it says nothing about the lock.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements-dev.lock"
SBOM = ROOT / "dist" / "sbom.cdx.json"

# What pip-audit 2.10 ends with when it hears nothing from its service: its own words, or the errors beneath.
NOT_HEARD = ("vulnerability feed", "ServiceError", "requests.exceptions.")


def main(options: list[str]) -> int:
    print(write_sbom(SBOM))
    command = [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--require-hashes", "--disable-pip"]
    command += ["--progress-spinner", "off", "--format", "json", *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if not answer.stdout.strip():
        return _ended_without_an_answer(answer)
    said, weak = verdict(json.loads(answer.stdout)["dependencies"])
    print(said)
    return 1 if weak else 0


def write_sbom(to: Path) -> str:
    """Write what the lock names, with the hashes of each package."""
    to.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCK), "--output-reproducible", "-o", str(to)]
    subprocess.run(command, check=True)
    return f"{len(json.loads(to.read_text())['components'])} packages in {to.relative_to(ROOT)}"


def verdict(dependencies: list[dict[str, Any]]) -> tuple[str, bool]:
    """What pip-audit found, in sentences, and whether a weakness is known."""
    audited = [each for each in dependencies if "skip_reason" not in each]
    if not audited:
        return "NOT audited: the advisory service knows none of the packages; is it a mirror of an index?", False
    lines = [_line(each, weakness) for each in audited for weakness in each["vulns"]]
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    rest = f"; not known to the service: {', '.join(unknown)}" if unknown else ""
    return "\n".join([*lines, f"{len(audited)} packages audited, {len(lines)} weaknesses known{rest}"]), bool(lines)


def _line(package: dict[str, Any], weakness: dict[str, Any]) -> str:
    mended = ", ".join(weakness["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}"


def _ended_without_an_answer(answer: subprocess.CompletedProcess[str]) -> int:
    last = answer.stderr.strip().rpartition("\n")[2]
    if any(words in answer.stderr for words in NOT_HEARD):
        print(f"NOT audited: the advisory service is out of reach ({last.partition(':')[0]})")
        return 0
    print(f"pip-audit could not be run: {last}", file=sys.stderr)
    return answer.returncode or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
