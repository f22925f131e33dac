"""What can be set, in which unit, with which default, and why? Every knob of the service stands here."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
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


_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
_LIMIT = re.compile(r"(\d{1,9})/(s|min|h|day)(?: burst (\d{1,9}))?")


class Limit(BaseModel):
    """At most ``count`` requests in each ``period_s`` seconds; ``burst`` of them may be sent at once."""

    model_config = ConfigDict(frozen=True)
    count: int = Field(ge=1)
    period_s: float
    burst: int = Field(1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        match = _LIMIT.fullmatch(value.strip())
        if match is None or int(match[1]) == 0 or match[3] == "0":
            raise ValueError('a limit is written like "5/s", "100/min", "1000/h burst 10" or "10000/day"')
        return {"count": int(match[1]), "period_s": _PERIODS[match[2]], "burst": int(match[3] or 1)}

    def __str__(self) -> str:
        period = next(name for name, seconds in _PERIODS.items() if seconds == self.period_s)
        return f"{self.count}/{period}" + (f" burst {self.burst}" if self.burst > 1 else "")


class Secret(BaseModel):
    """Where a secret is read from: an environment variable or a file, at each use, so that it can be rotated."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    env: str | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_the_value_itself(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError('a secret is never written here: use { env = "NAME" } or { file = "/path" }')  # noqa: TRY004 - pydantic expects ValueError
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret needs exactly one of env and file")
        return self

    def read(self) -> str:
        """The secret's value. Raises ``SettingsError`` where it is missing or empty, naming the place."""
        if self.env is not None:
            value, place = os.environ.get(self.env, ""), f"the environment variable {self.env}"
        else:
            assert self.file is not None  # noqa: S101 - _exactly_one
            place = f"the file {self.file}"
            try:
                value = self.file.read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"a secret cannot be read from {place}: {type(error).__name__}") from error
        if not value:
            raise SettingsError(f"a secret is missing: {place} is empty or not set")
        return value


class RetryPolicy(BaseModel):
    """When a job is tried again, and when no more. An account's value leads over its provider's."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_attempts: int = Field(8, ge=1, description="Tries that reach the provider, before the job dies.")
    backoff_base_s: float = Field(1.0, gt=0, description="The first ceiling of the random wait; it doubles each try.")
    backoff_cap_s: float = Field(300.0, gt=0, description="The highest ceiling of the random wait.")
    max_age_s: float = Field(86400.0, gt=0, description="A job that still waits then, after acceptance, dies.")
    look_after_s: float = Field(
        2.0,
        gt=0,
        description="The wait before the first look-up of an unknown outcome; it doubles each look.",
    )
    breaker_failures: int = Field(
        5, ge=1, description="Unavailable or refused credentials, so often in a row, open the lane's breaker."
    )
    breaker_open_s: float = Field(
        5.0, gt=0, description="The breaker's first wait before it probes with one job; it doubles each time."
    )
    breaker_open_cap_s: float = Field(60.0, gt=0, description="The breaker's longest wait.")
    looks: int = Field(3, ge=1, description="Look-ups in a row that must miss an audience before it counts as absent.")


class OperationConfig(BaseModel):
    """What applies to one operation, beside what applies to all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    limits: tuple[Limit, ...] = Field((), description="Of this operation's requests, beside all others.")


class AccountConfig(BaseModel):
    """What every provider's account has. Providers add their credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    limits: tuple[Limit, ...] = Field((), description="Of all requests of the account; each must hold.")
    max_in_flight: int = Field(8, ge=1, description="Jobs of the account that may be at work at once.")
    weight: int = Field(1, ge=1, le=32, description="Jobs in one turn, where the lanes of several accounts take turns.")
    adaptive: bool = Field(
        False, description="Whether 429s without a Retry-After lower the rate, which then grows back (AIMD)."
    )
    operations: Mapping[str, OperationConfig] = Field(
        default_factory=dict, description="By operation, what applies to it in this account."
    )
    retry: dict[str, Any] = Field(default_factory=dict, description="What differs from the provider's `retry`.")


def _http_url(value: str) -> str:
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError("a URL that begins with https:// (or http:// for a sandbox)")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class ProviderConfig(BaseModel):
    """What every provider's table has. Providers narrow ``accounts`` to their own account model."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base_url: HttpUrl = Field(description="Where its API is.")
    limits: tuple[Limit, ...] = Field((), description="Of all requests of all accounts together; each must hold.")
    max_in_flight: int | None = Field(None, ge=1, description="Of all accounts together. Unset: no cap but theirs.")
    operations: Mapping[str, OperationConfig] = Field(
        default_factory=dict, description="By operation, what applies to it in all accounts together."
    )
    retry: RetryPolicy = Field(RetryPolicy(), description="When a job is tried again, and when no more.")
    accounts: Mapping[str, AccountConfig] = Field(default_factory=dict, description="By name, as jobs name them.")
    _policies: dict[str, RetryPolicy] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _names_of_accounts(self) -> Self:
        for name in self.accounts:
            if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", name):
                raise ValueError("an account's name is 1 to 128 characters of A-Z a-z 0-9 . _ -, as jobs name it")
        return self

    def policy(self, account: str) -> RetryPolicy:
        """The retry policy of one account; the provider's own where the account is not configured (any more)."""
        if account not in self.accounts:
            return self.retry
        if account not in self._policies:
            ours = self.retry.model_dump() | self.accounts[account].retry
            self._policies[account] = RetryPolicy.model_validate(ours)
        return self._policies[account]


def read_config(path: Path | None, models: Mapping[str, type[ProviderConfig]]) -> dict[str, ProviderConfig]:
    """The configuration of every provider in ``models``, from the TOML file; defaults where it has no table.

    Raises ``SettingsError`` with every mistake of the file at once.
    """
    tables: dict[str, Any] = {}
    if path is not None:
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"AUDIENCE_CONFIG: {path} cannot be read ({type(error).__name__})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"AUDIENCE_CONFIG: {path} is not TOML: {error}") from error
    problems = [
        f"[{name}]: no such provider is installed{_did_you_mean(name, list(models))}"
        for name in tables
        if name not in models
    ]
    configs = {}
    for name, model in models.items():
        try:
            configs[name] = model.model_validate(tables.get(name, {}))
            for account in configs[name].accounts:
                configs[name].policy(account)
        except ValidationError as error:
            problems += [_sentence(name, item) for item in error.errors(include_input=False, include_url=False)]
    if problems:
        raise SettingsError(f"AUDIENCE_CONFIG: {path}:\n  " + "\n  ".join(problems))
    return configs


def _sentence(provider: str, item: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in (provider, *item["loc"]))
    return f"{place}: {item['msg'].removeprefix('Value error, ')}"


def _did_you_mean(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else f" (installed: {', '.join(sorted(known))})"


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
