"""Where do our pages meet Flower? Here only: its handlers, its settings, and one place of its navigation.

Flower 2.2 has no plug-ins. ``flower.urls.handlers`` and ``flower.urls.settings`` are what its command makes the
Tornado application of; ``template_loader`` is a setting of Tornado; ``get_active_queue_names`` says which queues its
page of the broker and its API show. tests/integration/flower/test_flower_seam.py names the
versions that this works with.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import flower.urls
from celery import Celery, signals
from flower.views import BaseHandler
from tornado.options import options
from tornado.template import DictLoader

from workers.bootstrap import service
from workers.monitoring.flower import handlers
from workers.monitoring.flower.guard import guarded
from workers.monitoring.flower.metrics import bounded
from workers.monitoring.flower.reach import LOOPBACK, refusal
from workers.monitoring.flower.samples import SAMPLES
from workers.monitoring.metrics.serve import export_state
from workers.monitoring.queues import QUEUES
from workers.settings import SettingsError

END_OF_ITS_LINKS = "</ul>"
"""The first one in Flower's navbar.html ends the list of its pages."""

_LINK = """
        <li class="nav-item">
          <a class="nav-link{{% if active_tab == '{name}' %}} active{{% end %}}" href="{{{{ reverse_url('{name}') }}}}"
            {{% if active_tab == '{name}' %}}aria-current="page"{{% end %}}>{text}</a>
        </li>"""


def install(app: Celery) -> None:
    """Give Flower our pages, before its command makes its application."""
    names = {each.name for each in flower.urls.handlers if hasattr(each, "name")}
    if handlers.LANES not in names:
        *theirs, not_found = (guarded(bounded(rule)) for rule in flower.urls.handlers)
        flower.urls.handlers[:] = [*theirs, *handlers.all_of_them(), not_found]
    flower.urls.settings["template_loader"] = DictLoader(templates())
    BaseHandler.get_active_queue_names = lambda _self: list(QUEUES)  # Celery's own workers read none, and so name none
    options.address = LOOPBACK  # in place of every address; what is set otherwise still leads
    signals.import_modules.connect(_check, sender=app, weak=False)


def templates() -> dict[str, str]:
    """Flower's templates and ours by name, with the links to our pages in its navigation."""
    found = {**_texts(Path(flower.urls.settings["template_path"])), **_texts(files(__package__) / "templates")}
    before, end, after = found["navbar.html"].partition(END_OF_ITS_LINKS)
    links = "".join(_LINK.format(name=name, text=text) for name, text in handlers.NAVIGATION.items())
    return {**found, "navbar.html": f"{before.rstrip()}{links}\n      {end}{after}"}


def _texts(folder: Any) -> dict[str, str]:
    return {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".html")}


def _check(**_: Any) -> None:
    """Flower has read its options, and has not bound its socket yet."""
    try:
        here, sentence = service(), refusal(options)
    except SettingsError as error:
        sentence = str(error)
    if sentence is not None:
        print(sentence, file=sys.stderr)  # noqa: T201 - no log is set up yet
        raise SystemExit(2)
    SAMPLES.start()
    export_state(here.endpoints.redis_url, here.endpoints.broker_url, here.configs)  # on Flower's own /metrics
