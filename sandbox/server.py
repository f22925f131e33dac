"""How the parts become one HTTP server."""

import asyncio
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from sandbox import control
from sandbox.answers import Answer, text_answer
from sandbox.behaviour import Behaviour
from sandbox.calls import Call
from sandbox.credentials import Credentials
from sandbox.exchange import Exchange
from sandbox.mintegral import audience_calls as mintegral
from sandbox.mintegral import envelope, uploads
from sandbox.mintegral import provider as mintegral_door
from sandbox.mintegral.storage import PREFIX
from sandbox.page import LedgerPage
from sandbox.provider import Operation, Provider
from sandbox.pubmatic import audience_calls as pubmatic
from sandbox.pubmatic import errors, token_calls
from sandbox.pubmatic import provider as pubmatic_door
from sandbox.state import Sandbox

LOOPBACK = "127.0.0.1"
STOP_WITHIN_S = 3.0
CONNECTIONS = 10_240  # as many as macOS gives a process


def make_app(
    behaviour: Behaviour | None = None,
    credentials: Credentials | None = None,
    *,
    sandbox: Sandbox | None = None,
) -> Application:
    """Both providers and the control API on one application."""
    held = sandbox or Sandbox(behaviour or Behaviour(), credentials or Credentials())
    return Application(
        [*_control(held), *_pubmatic(held), *_mintegral(held), _nothing_else(held)],
        log_function=lambda _handler: None,  # the ledger is the access log
    )


def serve(
    host: str = LOOPBACK,
    port: int = 0,
    behaviour: Behaviour | None = None,
    ready: Callable[[str], None] = lambda _url: None,
    credentials: Credentials | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT. Port 0 takes a free one; `ready` is told the URL when it is open.

    Raises OSError when the address is taken or not this machine's. Has to run in the main thread.
    """
    _allow_many_connections()
    asyncio.run(_serve(host, port, make_app(behaviour, credentials), ready))


def _allow_many_connections() -> None:
    """Silent ones are held open on purpose, and some systems stop at 256 files unless asked."""
    allowed, at_most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS if at_most == resource.RLIM_INFINITY else min(CONNECTIONS, at_most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, at_most))


async def _serve(host: str, port: int, app: Application, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = HTTPServer(app)
    sockets = bind_sockets(port, address=host)
    server.add_sockets(sockets)
    shown = f"[{host}]" if ":" in host else host
    ready(f"http://{shown}:{sockets[0].getsockname()[1]}")
    await stop.wait()
    server.stop()
    # Tornado logs a request that is cancelled while its headers are read, so those come to their end first.
    with suppress(TimeoutError):
        await asyncio.wait_for(server.close_all_connections(), STOP_WITHIN_S)


def _control(held: Sandbox) -> list[Any]:
    routes = [(f"/_sandbox/{name}", handler, {"sandbox": held}) for name, handler in control.ROUTES.items()]
    page = ("/_sandbox/?", LedgerPage, {"sandbox": held})
    return [page, *routes, ("/_sandbox/.*", control.NothingControl, {"sandbox": held})]


def _pubmatic(held: Sandbox) -> list[Any]:
    door = pubmatic_door.guarded

    def route(path: str, operations: dict[str, Operation], otherwise: Operation = errors.wrong_method) -> Any:
        return _route(held, path, pubmatic_door.PUBMATIC, operations, otherwise)

    audiences = {"GET": door(pubmatic.list_all), "POST": door(pubmatic.create)}
    one = {"GET": door(pubmatic.get), "PATCH": door(pubmatic.update)}
    return [
        route("/v1/audience/audiences", audiences),
        route("/v1/audience/audiences/([^/]+)", one),
        route("/v1/developer-integrations/developer/token", {"POST": token_calls.generate}),
        route("/v1/developer-integrations/developer/refreshToken", {"PUT": token_calls.refresh}),
        route("/v1/.*", {}, errors.invalid_api),
    ]


def _mintegral(held: Sandbox) -> list[Any]:
    door = mintegral_door.guarded

    def route(path: str, operations: dict[str, Operation], otherwise: Operation = envelope.wrong_method) -> Any:
        return _route(held, path, mintegral_door.MINTEGRAL, operations, otherwise)

    audience = {
        "POST": door(mintegral.create),
        "GET": door(mintegral.list_all),
        "PUT": door(mintegral.update),
        "DELETE": door(mintegral.delete),
    }
    storage = {"sandbox": held, "provider": uploads.STORAGE, "operations": {}, "otherwise": _not_found}
    return [
        route("/api/open/v1/audience", audience),
        route("/api/open/v1/audience/presigned-upload-data", {"GET": door(uploads.presign)}),
        route("/api/open/v1/.*", {}, envelope.no_such_path),
        (f"{PREFIX}.*", uploads.Upload, storage),
    ]


def _nothing_else(held: Sandbox) -> Any:
    nobody = Provider(
        name="",
        account=lambda _call, _sandbox: "",
        subject=lambda _call: "",
        throttled=None,
        too_large=text_answer("Too large\n", 413),
        broken=text_answer("The sandbox has a bug; see its standard error\n", 500),
    )
    return _route(held, ".*", nobody, {}, _not_found)


def _not_found(_call: Call, _sandbox: Sandbox) -> Answer:
    return text_answer("Neither provider has this path; see /_sandbox/health\n", 404)


def _route(held: Sandbox, path: str, provider: Provider, operations: dict[str, Operation], otherwise: Operation) -> Any:
    arguments = {"sandbox": held, "provider": provider, "operations": operations, "otherwise": otherwise}
    return (path, Exchange, arguments)
