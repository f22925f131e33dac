"""What can be set of a process, in which unit, with which default, and why? Each an environment variable."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError


class SettingsError(Exception):
    """The settings cannot be used; the text says which one, and what to do."""


_MASTER = "[A-Za-z0-9._-]+"
NO_PROVIDER = "none"
"""In the place of providers' names: this worker executes nothing."""


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    """The process's own settings, each an environment variable ``AUDIENCE_<NAME>``.

    The description is the one-line reason that ``audience settings`` prints.
    """

    model_config = SettingsConfigDict(env_prefix="AUDIENCE_", frozen=True, extra="ignore", env_ignore_empty=True)

    broker_url: str | None = Field(
        None,
        description="Where jobs come in and events go out: a Redis or RabbitMQ URL. Unset: an embedded server.",
    )
    redis_url: str | None = Field(
        None,
        description="Where the state lives: Redis 6.2 or later, or Valkey. Unset: the broker, if that is a Redis.",
    )
    secrets_dir: Path | None = Field(
        None,
        description="A folder whose files may stand in for variables, audience_broker_url say; a variable leads.",
    )
    sentinel_master: str | None = Field(
        None,
        pattern=f"^{_MASTER}$",
        description="The master's name at the Sentinels, for every sentinel:// URL that does not end with #NAME.",
    )
    config: Path | None = Field(None, description="The TOML file of providers and accounts. Unset: no account exists.")
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_state_path("audience"),
        description="Where the embedded server keeps its data.",
    )
    files_root: Path | None = Field(
        None, description="The only folder from which jobs may name local files. Unset: jobs may name none."
    )
    files_private_hosts: str = Field(
        "",
        description="Hosts, or host:port, by commas, whose files jobs may name though their address is private.",
    )
    concurrency: int = Field(
        64,
        ge=1,
        le=1000,
        description="Threads of one worker process; calls wait for the network, so many fit one core.",
    )
    intake: bool = Field(True, description="Whether this worker takes jobs in; off for workers that only execute.")
    providers: str = Field(
        "",
        description="Providers this worker executes, by commas. Empty: every installed one; none: it only takes in.",
    )
    lease_s: float = Field(
        10.0, gt=0, description="Seconds in which a worker must begin a job that it took, or lose it to its lane."
    )
    request_timeout_s: float = Field(
        30.0,
        gt=0,
        description="Seconds one HTTP request may take in all; a running job's lease is 15 s longer.",
    )
    max_answer_bytes: int = Field(
        32 * 1024 * 1024,
        ge=64 * 1024,
        description="Bytes of one HTTP answer that are read at most; a full page of audiences is about 1 MB.",
    )
    max_waiting_jobs: int = Field(
        2_000_000,
        ge=1,
        description="Jobs that may wait in all; above, intake stops and the broker holds the rest.",
    )
    max_memory_share: float = Field(
        0.8,
        gt=0,
        le=1,
        description="Of the state store's maxmemory, if it has one; above, intake stops and the broker holds the rest.",
    )
    idempotency_days: float = Field(
        7.0,
        gt=0,
        description="Days after its final event in which the same job id is recognised as a repeat.",
    )
    dead_letter_days: float = Field(90.0, gt=0, description="Days a dead letter is kept. None is evicted by count.")
    results_queue: bool = Field(
        True,
        description="Whether the queue audience.results is bound; off where consumers bind their own queues.",
    )
    results_stream_length: int = Field(
        100_000, ge=0, description="Events kept, about, in the Redis stream audience:results. 0: no stream."
    )
    shutdown_grace_s: float = Field(
        30.0, gt=0, description="Seconds that requests in flight have to finish after SIGTERM."
    )
    operators: str | None = Field(
        None,
        description="Flower users, by commas, who may pause, edit, replay, discard there. Unset: all whom it lets in.",
    )
    health_file: Path | None = Field(
        None,
        description="Where this worker notes how its threads fare, for doctor --live and --ready. Unset: nowhere.",
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Where this worker serves its metrics, /metrics. Unset: nowhere."
    )
    metrics_address: str = Field(
        "127.0.0.1", description="On which address it does; nobody is asked who they are, so no public one."
    )
    traces: bool = Field(
        False,
        description="Whether this worker sends OpenTelemetry traces, to OTEL_EXPORTER_OTLP_ENDPOINT (extra: traces).",
    )
    log_format: LogFormat = Field(LogFormat.AUTO, description="json, console, or auto: console on a terminal.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe log line that is written."
    )


_URLS = ("broker_url", "redis_url")


def read_settings() -> Settings:
    """The settings from the environment. Raises ``SettingsError`` with a sentence for each wrong variable."""
    try:
        settings = Settings(_secrets_dir=_secrets_dir())
    except ValidationError as error:
        lines = [f"AUDIENCE_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors(include_input=False)]
        raise SettingsError("; ".join(lines)) from error
    except UnreadableError as error:
        raise SettingsError(
            "AUDIENCE_SECRETS_DIR: a file there cannot be read; let the service's user read each, as UTF-8"
        ) from error
    for name in _URLS:
        _check_url(f"AUDIENCE_{name.upper()}", getattr(settings, name))
    named = {name: _with_master(getattr(settings, name), settings.sentinel_master) for name in _URLS}
    return settings.model_copy(update={name: url for name, url in named.items() if url is not None})


def _secrets_dir() -> str | None:
    """The folder, which has to be known before the rest can be read."""
    folder = os.environ.get("AUDIENCE_SECRETS_DIR") or None
    if folder is not None and not Path(folder).is_dir():
        raise SettingsError(f"AUDIENCE_SECRETS_DIR: {folder} is no folder; mount one there, or unset the variable")
    return folder


def _check_url(name: str, url: str | None) -> None:
    """Find what no library should quote: a password with a character that ends the address."""
    for each in (url or "").split(";"):  # kombu takes several, one after the other
        try:
            parts = urlsplit(each)
            master = parts.scheme == "sentinel" and re.fullmatch(_MASTER, parts.fragment)
            whole = (master or not parts.fragment) and "@" not in parts.query and parts.port != 0
        except ValueError:
            whole = False
        if not whole:
            raise SettingsError(
                f"{name} cannot be read: percent-encode / # ? @ and : in the user name and the password"
            )


def _with_master(url: str | None, name: str | None) -> str | None:
    """A URL of Sentinels with the master's name at its end, where kombu, which knows no place for it, reads nothing."""
    if url is None or name is None or "#" in url or not url.startswith("sentinel://"):
        return url
    return f"{url}#{name}"
