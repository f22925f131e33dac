"""What have all our pages in common? Flower's look and authentication, roles, and a guard on every change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlencode

import redis
import tornado.web
from flower.views import BaseHandler

from workers.bootstrap import Service, service
from workers.monitoring.flower import words
from workers.monitoring.flower.reach import stranger
from workers.monitoring.flower.roles import Person, person_of

T = TypeVar("T")

THREADS = ThreadPoolExecutor(8, "audience-pages")
"""Redis is asked in these, never in Tornado's own thread."""

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SAID = "audience_said"


class Refused(tornado.web.HTTPError):
    """What was asked for cannot be done; the sentence says why, and what to do."""

    def __init__(self, sentence: str, status: int = 409) -> None:
        super().__init__(status)
        self.sentence = sentence


class Page(BaseHandler):  # type: ignore[misc]  # flower has no types
    """One page. It answers in Flower's look; its arguments come as they are, and templates escape them."""

    def set_default_headers(self) -> None:
        """Over Flower's own: nothing may be framed, cached, come from elsewhere or be read from there.

        With FLOWER_UNAUTHENTICATED_API Flower lets every site read, its API being meant.
        """
        super().set_default_headers()
        for name in ("Origin", "Headers", "Methods"):
            self.clear_header(f"Access-Control-Allow-{name}")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY)
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        refusal = stranger(self.application.options, self.request)
        if refusal is not None:
            raise Refused(refusal, 403)
        if self.current_user is None and self.request.method == "POST":
            raise Refused("You are not logged in (any more).", 403)
        if self.current_user is None:
            self.redirect(self.get_login_url() + "?" + urlencode({"next": self.request.uri}))

    def check_xsrf_cookie(self) -> None:
        """Flower asks for the token with OAuth only; here every POST needs it."""
        tornado.web.RequestHandler.check_xsrf_cookie(self)

    @property
    def here(self) -> Service:
        return service()

    @property
    def person(self) -> Person:
        return person_of(self, self.here.settings)

    def asked(self, name: str) -> str:
        """An argument of the address, "" without one."""
        return str(self.get_query_argument(name, "")).strip()

    def given(self, name: str) -> str:
        """A field of the form, "" without one."""
        return str(self.get_body_argument(name, "")).strip()

    async def read(self, act: Callable[..., T], *arguments: Any) -> T:
        """What asks Redis, done in a thread. An outage is said in a sentence."""
        try:
            return await asyncio.get_running_loop().run_in_executor(THREADS, act, *arguments)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise Refused("The state store is out of reach; `audience doctor` checks every connection.", 503) from error

    def show(self, template: str, *, refresh: bool = True, **more: Any) -> None:
        """Answer with a page. ``refresh``: not if making it is dear."""
        said = self.get_signed_cookie(_SAID)
        if said:
            self.clear_cookie(_SAID)
        self.render(
            template, person=self.person, said=said.decode() if said else None, words=words, url=self.url,
            refresh=refresh and self.application.options.auto_refresh, **more,
        )  # fmt: skip

    def write_error(self, status_code: int, **more: Any) -> None:
        """A refusal is a page of ours; the rest is Flower's."""
        error = more.get("exc_info", (None, None))[1]
        if isinstance(error, Refused):
            self._refuse(error.sentence)
        elif isinstance(error, tornado.web.HTTPError) and status_code == 403:  # noqa: PLR2004
            self._refuse("The form was not sent from this page, or it is too old: load it anew.")
        else:
            super().write_error(status_code, **more)

    def _refuse(self, sentence: str) -> None:
        title = "Not done" if self.request.method == "POST" else "Not to be shown"
        self.render("refused.html", title=title, sentence=sentence)

    def may_act(self) -> Person:
        """Who acts. Raises 403 for who may only look."""
        who = self.person
        if who.why_not is not None:
            raise Refused(who.why_not, 403)
        return who

    def done(self, said: str, url: str) -> None:
        """After a change: the sentence stands once on the page that follows."""
        self.set_signed_cookie(_SAID, said, expires_days=None, httponly=True, samesite="Lax")
        self.redirect(url, status=303)

    def url(self, name: str, **arguments: Any) -> str:
        """The address of a page of ours."""
        given = {key: value for key, value in arguments.items() if value not in {None, ""}}
        return str(self.reverse_url(name)) + ("?" + urlencode(given) if given else "")
