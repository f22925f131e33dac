"""What a person sees of the ledger: one page, newest first, with filters and nothing to press but those.

It changes nothing, loads nothing and runs no script.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from tornado.template import Loader
from tornado.web import RequestHandler

from sandbox.ledger import Entry
from sandbox.state import Sandbox

PAGE_ENTRIES = 200
NOTHING = "none"  # what a filter calls a request without an answer, an account, a fault
FILTERS = ("provider", "account", "method", "status", "fault")
_MAX_DIGITS = 18
_TEMPLATES = Loader(str(Path(__file__).parent), autoescape="xhtml_escape")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


class Row(NamedTuple):
    """One request in words that stand in a table."""

    seq: int
    time: str
    provider: str
    account: str
    method: str
    path: str
    name: str
    status: str
    applied: str
    fault: str
    duration: str


class LedgerPage(RequestHandler):
    def initialize(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    def get(self) -> None:
        if not self.request.path.endswith("/"):
            self.redirect("/_sandbox/")
            return
        wanted = {name: self._asked(name) for name in FILTERS}
        rows = self._rows(wanted)
        shown, more = rows[:PAGE_ENTRIES], len(rows) > PAGE_ENTRIES
        older = urlencode({**wanted, "before": shown[-1].seq}) if more else ""
        newest = "" if self._before() is None else urlencode(wanted)
        text = _TEMPLATES.load("page.html").generate(
            rows=shown, wanted=wanted, older=older, newest=newest, at_most=PAGE_ENTRIES
        )
        self.finish(text)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:  # noqa: ARG002 -- Tornado's signature
        return value.decode("utf-8", "replace")

    def write_error(self, status_code: int, **_kwargs: object) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}: this page is only read, with GET\n")

    def _asked(self, name: str) -> str:
        return self.get_query_argument(name, "")

    def _before(self) -> int | None:
        text = self._asked("before")
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else None

    def _rows(self, wanted: Mapping[str, str]) -> list[Row]:
        """One more than are shown, which tells whether there are older ones."""
        before = self._before()
        rows = (_row(entry) for entry in reversed(self.sandbox.ledger.entries) if before is None or entry.seq < before)
        return list(islice((row for row in rows if _is_wanted(row, wanted)), PAGE_ENTRIES + 1))


def _is_wanted(row: Row, wanted: Mapping[str, str]) -> bool:
    return all(_fits(getattr(row, name), pattern.strip().lower()) for name, pattern in wanted.items() if pattern)


def _fits(value: str, pattern: str) -> bool:
    """The whole value; `*` in a pattern stands for anything that is there, `none` for nothing."""
    return fnmatchcase(value.lower(), pattern) if value else pattern == NOTHING


def _row(entry: Entry) -> Row:
    took = entry.duration_ms
    return Row(
        seq=entry.seq,
        time=datetime.fromtimestamp(entry.at, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00"),
        provider=entry.provider,
        account=entry.account,
        method=entry.method,
        path=_printable(entry.path),
        name=_printable(entry.name),
        status="" if entry.status is None else str(entry.status),
        applied=_printable(entry.applied or ""),
        fault=entry.fault or "",
        duration="" if took is None else f"{took:.1f}",
    )


def _printable(text: str) -> str:
    """A name may hold half a surrogate pair, which no page can."""
    return text.encode(errors="replace").decode()
