"""How does a command reach the service's parts? Made from the environment, and checked before they are used."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from workers.cli.endings import OutOfReach, broker_is_out
from workers.cli.output import note

if TYPE_CHECKING:
    from workers.bootstrap import Service

PROMPT_S = 5.0  # a server that hangs is told as one that is out of reach


def connected(*, announce: bool = True) -> Service:
    """The service of this process, its state store known to answer. Says so if the server is our own."""
    import structlog

    from workers.bootstrap import announce_embedded, service
    from workers.redis_address import client_at

    # Parts that log as in a worker are used here, too; a command's own answer says it all.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    here = service()
    if announce:
        announce_embedded(here, note)
    with client_at(here.endpoints.redis_url, prompt_s=PROMPT_S) as client:
        client.ping()
    return here


def reach_broker(here: Service) -> None:
    """Raises ``OutOfReach`` where the broker does not take connections."""
    from kombu.exceptions import OperationalError

    from workers import broker

    url = here.endpoints.broker_url
    with broker.connect(url, prompt_s=PROMPT_S) as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=PROMPT_S, reraise_as_library_errors=True)
        except OperationalError as error:
            raise OutOfReach(broker_is_out(error)) from error
