"""Which pages are there, and where? Each with its address and the name that links use."""

from __future__ import annotations

from importlib.resources import files

from tornado.routing import URLSpec
from tornado.web import StaticFileHandler, url

from workers.monitoring.flower.audit import AuditPage
from workers.monitoring.flower.dead import DeadPage
from workers.monitoring.flower.jobs import JobPage, JobsPage
from workers.monitoring.flower.lanes import LanePage, LanesPage
from workers.monitoring.flower.letter import LetterPage
from workers.monitoring.flower.many import ManyPage, OrderPage

LANES = "audience-lanes"

NAVIGATION = {LANES: "Lanes", "audience-dead": "Dead letters", "audience-jobs": "Jobs", "audience-audit": "Audit"}
"""The pages in Flower's navigation."""


class Asset(StaticFileHandler):
    """Style and script: asked for each time, sent only when they have changed."""

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - tornado's face
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")


def all_of_them() -> list[URLSpec]:
    """In the order in which Tornado looks at them."""
    return [
        url(r"/audience/lanes", LanesPage, name=LANES),
        url(r"/audience/lane", LanePage, name="audience-lane"),
        url(r"/audience/dead", DeadPage, name="audience-dead"),
        url(r"/audience/dead/letter", LetterPage, name="audience-letter"),
        url(r"/audience/dead/many", ManyPage, name="audience-many"),
        url(r"/audience/dead/order", OrderPage, name="audience-order"),
        url(r"/audience/jobs", JobsPage, name="audience-jobs"),
        url(r"/audience/job", JobPage, name="audience-job"),
        url(r"/audience/audit", AuditPage, name="audience-audit"),
        # A group without a name in a named address: reverse_url fills it in.
        url(r"/audience/static/(.*)", Asset, {"path": str(files(__package__) / "static")}, name="audience-static"),
    ]
