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

from sandbox.ledger import Entry, Ledger
from sandbox.state import Sandbox

PAGE_ENTRIES = 200
STRETCH_ENTRIES = 50_000
NOTHING = "none"  # what a filter calls a request without an answer, an account, a fault
FILTERS = ("provider", "account", "method", "status", "fault")
_MAX_DIGITS = 18
_TEMPLATES = Loader(str(Path(__file__).parent), autoescape="xhtml_escape")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


class Row(NamedTuple):
    """One request in words that stand in a table."""

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
        wanted = {name: self.get_query_argument(name, "") for name in FILTERS}
        before = self._before()
        entries, older = newest(self.sandbox.ledger, wanted, before)
        text = _TEMPLATES.load("page.html").generate(
            rows=[_row(entry) for entry in entries],
            wanted=wanted,
            at_most=PAGE_ENTRIES,
            newest="" if before is None else urlencode(wanted),
            older="" if older is None else urlencode({**wanted, "before": older}),
        )
        self.finish(text)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:  # noqa: ARG002 -- Tornado's signature
        return value.decode("utf-8", "replace")

    def write_error(self, status_code: int, **_kwargs: object) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}: this page is only read, with GET\n")

    def _before(self) -> int | None:
        text = self.get_query_argument("before", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else None


def newest(ledger: Ledger, wanted: Mapping[str, str], before: int | None = None) -> tuple[list[Entry], int | None]:
    """The entries of one page, and the number before which the next one begins, if there may be more.

    It looks through a bounded stretch only: while a page is made no request is served.
    """
    newer = 0 if before is None else max(0, ledger.last_seq + 1 - before)
    stretch = list(islice(reversed(ledger.entries), newer, newer + STRETCH_ENTRIES))
    patterns = {name: pattern.strip().lower() for name, pattern in wanted.items() if pattern.strip()}
    found = [entry for entry in stretch if all(_fits(getattr(entry, name), patterns[name]) for name in patterns)]
    shown = found[:PAGE_ENTRIES]
    if len(found) > PAGE_ENTRIES:
        return shown, shown[-1].seq
    return shown, stretch[-1].seq if len(stretch) == STRETCH_ENTRIES else None


def _fits(value: object, pattern: str) -> bool:
    """The whole value; `*` in a pattern stands for anything that is there, `none` for nothing."""
    text = "" if value is None else str(value).lower()
    return fnmatchcase(text, pattern) if text else pattern == NOTHING


def _row(entry: Entry) -> Row:
    took = entry.duration_ms
    return Row(
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
