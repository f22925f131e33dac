"""How does a command end that cannot go on? With a sentence that says what to do, and its exit code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.settings import Settings

FAILED = 1
WRONG_USAGE = 2
OUT_OF_REACH = 3
INTERRUPTED = 130

_HINT = "`audience doctor` checks every connection."


class Failed(Exception):  # noqa: N818 - an ending, not a bug
    """The thing asked for failed; the text says why, and what to do."""


class WrongUsage(Exception):  # noqa: N818
    """The command was called in a way that means nothing; the text says how to call it."""


class OutOfReach(Exception):  # noqa: N818
    """The broker or the state store does not answer; the text says which, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Ending:
    code: int
    sentence: str


def ending_of(error: Exception) -> Ending | None:
    """How the command ends by this error; None for a bug."""
    from workers.settings import SettingsError

    match error:
        case Failed():
            return Ending(FAILED, str(error))
        case WrongUsage() | SettingsError():
            return Ending(WRONG_USAGE, str(error))
        case OutOfReach():
            return Ending(OUT_OF_REACH, f"{error} {_HINT}")
        case _:
            return _out_of_reach(error)


def _out_of_reach(error: Exception) -> Ending | None:
    if _is_refused_declaration(error):
        return Ending(
            FAILED, f"The broker has a queue of that name with other arguments ({_reason(error)}): delete it."
        )
    if _is_of_redis(error):
        return Ending(OUT_OF_REACH, f"{state_is_out(error)} {_HINT}")
    if _is_of_broker(error):
        return Ending(OUT_OF_REACH, f"{broker_is_out(error)} {_HINT}")
    return None


def state_is_out(error: Exception) -> str:
    settings = _settings()
    if settings is not None and settings.redis_url is not None:
        return _sentence("state store", settings.redis_url, "AUDIENCE_REDIS_URL", error)
    if settings is not None and settings.broker_url is not None:
        return _sentence("state store", settings.broker_url, "AUDIENCE_REDIS_URL or AUDIENCE_BROKER_URL", error)
    where = "" if settings is None else f"; its log is {settings.data_dir / 'server.log'}"
    return f"The embedded server is out of reach ({_reason(error)}){where}."


def broker_is_out(error: Exception) -> str:
    settings = _settings()
    if settings is None or settings.broker_url is None:
        return state_is_out(error)
    return _sentence("broker", settings.broker_url, "AUDIENCE_BROKER_URL", error)


def masked(url: str) -> str:
    """A URL, or several joined by ";", without the credentials in it."""
    without_user = re.sub(r"(?<=://)[^;]*@", "***@", url)
    return re.sub(r"(?i)([?&][^=&;]*(?:password|secret|token|user|key)[^=&;]*=)[^&;]*", r"\1***", without_user)


def _sentence(what: str, url: str, variable: str, error: Exception) -> str:
    return f"The {what} {masked(url)} is out of reach ({_reason(error)}). Start it, or correct {variable}."


def _reason(error: Exception) -> str:
    """The library's own words, on one line; they name host and port, which stand in the URL anyway."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _settings() -> Settings | None:
    from workers.settings import SettingsError, read_settings

    try:
        return read_settings()
    except SettingsError:
        return None


def _is_of_redis(error: Exception) -> bool:
    from redis import exceptions

    return isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError)


def _is_refused_declaration(error: Exception) -> bool:
    import amqp

    return isinstance(error, amqp.PreconditionFailed)


def _is_of_broker(error: Exception) -> bool:
    import amqp
    from kombu.exceptions import OperationalError

    return isinstance(error, OperationalError | amqp.AMQPError | ConnectionError | TimeoutError)
