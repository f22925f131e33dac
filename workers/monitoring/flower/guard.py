"""May a viewer act through Flower's own controls? No more than on our pages: to revoke a task cancels its job."""

from __future__ import annotations

from typing import Any

import tornado.web
from flower.api import BaseApiHandler

from workers.bootstrap import service
from workers.monitoring.flower.roles import person_of


def guarded(rule: Any) -> Any:
    """The same rule of Flower's list, its handler closed to viewers if it is one of the API."""
    if not isinstance(rule, tuple) or not issubclass(rule[1], BaseApiHandler):
        return rule
    pattern, handler = rule

    class Guarded(handler):  # type: ignore[misc, valid-type]  # flower has no types
        def prepare(self) -> None:
            super().prepare()
            if self.request.method == "POST":
                why_not = person_of(self, service().settings).why_not
                if why_not is not None:
                    raise tornado.web.HTTPError(403, why_not)

    return pattern, Guarded
