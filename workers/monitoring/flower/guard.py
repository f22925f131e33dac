"""Do Flower's own pages and controls keep to our rules? Who is answered, who may act, and who is shown a control."""

from __future__ import annotations

from typing import Any

import tornado.web
from flower.api import BaseApiHandler
from flower.views import BaseHandler
from tornado.routing import URLSpec

from workers.bootstrap import service
from workers.monitoring.flower.reach import stranger
from workers.monitoring.flower.roles import person_of


def guarded(rule: Any) -> Any:
    """The same rule of Flower's list, its handler guarded unless it serves files."""
    if isinstance(rule, URLSpec):
        return URLSpec(rule.regex, _guarded(rule.handler_class), rule.kwargs, rule.name)
    pattern, handler, *more = rule
    return (pattern, _guarded(handler), *more)


def _guarded(handler: Any) -> Any:
    if not issubclass(handler, BaseHandler):
        return handler

    class Guarded(handler):  # type: ignore[misc]  # flower has no types
        def prepare(self) -> None:
            """To revoke a task cancels its job: through the API a viewer may do no more than on our pages."""
            _refuse(stranger(self.application.options, self.request))
            super().prepare()
            if issubclass(handler, BaseApiHandler) and self.request.method == "POST":
                _refuse(self._why_not)

        def render(self, *names: Any, **more: Any) -> None:
            if "read_only" in more:  # a page with controls
                more["read_only"] = self._why_not is not None
            super().render(*names, **more)

        @property
        def _why_not(self) -> str | None:
            return person_of(self, service().settings).why_not

    return Guarded


def _refuse(sentence: str | None) -> None:
    if sentence is not None:
        raise tornado.web.HTTPError(403, sentence)
