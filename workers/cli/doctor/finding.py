"""What does a check find? That something is as it should be, or a problem and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from workers.cli.endings import FAILED


@dataclass(frozen=True, slots=True)
class Finding:
    """``do`` is None where all is well."""

    check: str
    found: str
    do: str | None = None
    code: int = FAILED
    """The exit code that the problem gives the command."""

    @property
    def is_problem(self) -> bool:
        return self.do is not None

    def listed(self) -> dict[str, object]:
        return {"check": self.check, "ok": not self.is_problem, "found": self.found, "do": self.do}
