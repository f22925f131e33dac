"""Which events came out? The stream ``audience:results``, read without taking anything from any consumer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.connection import connected
from workers.cli.endings import Failed
from workers.cli.output import Json, note, one_line, say, say_json
from workers.lanes.keys import RESULTS_STREAM

if TYPE_CHECKING:
    import redis

PAGE = 500
WAIT_MS = 1000


def results(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="The newest N only; with --follow: end after N events.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="With --follow: only events from now on.")] = False,
    as_json: Json = False,
) -> None:
    """The events, oldest first. They stay where they are: every consumer still gets them."""
    here = connected()
    if not here.settings.results_stream_length:
        raise Failed(f"There is no stream {RESULTS_STREAM}: AUDIENCE_RESULTS_STREAM_LENGTH is 0.")
    client = here.redis
    shown = 0
    try:
        for event in _follow(client, limit, new=new) if follow else _newest(client, limit):
            shown += 1
            if as_json:
                say_json(event)
            else:
                say(_line(event))
    except KeyboardInterrupt:
        raise typer.Exit from None
    if not shown:
        note("No event yet. Put a job in: audience submit FILE, and see that a worker runs: audience worker")


def _newest(client: redis.Redis, limit: int | None) -> Iterator[Any]:
    """The last events that there are now, at most ``limit``, oldest first."""
    newest: Any = client.xrevrange(RESULTS_STREAM, count=limit or 1)
    if not newest:
        return
    place, last = newest[-1][0] if limit else b"-", newest[0][0]
    while page := _range(client, place, last):
        yield from map(_event, page)
        place = b"(" + page[-1][0]


def _range(client: redis.Redis, first: bytes, last: bytes) -> Any:
    return client.xrange(RESULTS_STREAM, min=first, max=last, count=PAGE)


def _follow(client: redis.Redis, limit: int | None, *, new: bool) -> Iterator[Any]:
    place: Any = "0"
    if new:
        newest: Any = client.xrevrange(RESULTS_STREAM, count=1)
        place = newest[0][0] if newest else "0"
    left = limit
    while left is None or left > 0:
        page: Any = client.xread({RESULTS_STREAM: place}, count=min(PAGE, left or PAGE), block=WAIT_MS)
        for entry in page[0][1] if page else ():
            place = entry[0]
            left = None if left is None else left - 1
            yield _event(entry)


def _event(entry: Any) -> Any:
    return json.loads(entry[1][b"event"])


def _line(event: Any) -> str:
    data = event["data"]
    about = ".".join(part or "unknown" for part in (data["provider"], data["operation"]))
    return one_line(f"{event['time']}  {data['status']:9}  {about:26}  {event['id']}  {shows(event)}")


def shows(event: Any) -> str:
    """What an event tells, in a few words."""
    data = event["data"]
    if "error" in data:
        error = data["error"]
        code = f" {error['provider_code']}" if error["provider_code"] else ""
        return f"{error['category']}{code}: {error['message']}"
    match data["result"]:
        case {"audience_id": audience, "already_existed": existed}:
            adopted = existed and data["operation"] == "create_audience"
            text = f"audience {audience}" + (", which already existed" if adopted else "")
        case {"total": total}:
            text = f"{total} audiences"
        case {"data_path": path}:
            text = f"file {path}"
        case {"deleted": deleted}:
            text = f"deleted {', '.join(deleted)}"
        case _:
            text = "done"
    return "; ".join([text, *data["warnings"]])
