"""What can a configuration say of providers and accounts? Its tables, their limits and secrets, and how it is read."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.signed import fit
from workers.settings import SettingsError

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

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"the file {self.file}" if self.env is None else f"the environment variable {self.env}"

    def read(self) -> str:
        """The secret's value. Raises ``SettingsError`` where it is missing or empty, naming the place."""
        if self.env is not None:
            value = os.environ.get(self.env, "")
        else:
            assert self.file is not None  # noqa: S101 - _exactly_one
            try:
                value = self.file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"a secret cannot be read from {self.place}: {type(error).__name__}") from error
        if not value:
            raise SettingsError(f"a secret is missing: {self.place} is empty or not set")
        return value


class SigningKey(Secret):
    """Where the key is that a producer signs its jobs with."""

    def read(self) -> str:
        """The key. Raises ``SettingsError`` where it is missing, or is none, naming the place."""
        key = super().read()
        try:
            return fit(key)
        except ValueError as error:
            raise SettingsError(f"{self.place} holds no signing key: {error}") from error


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


_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")


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
    producers: Mapping[str, SigningKey] = Field(
        default_factory=dict,
        description="Who may enqueue: by name, a secret, 32 bytes or more, that each signs with. None: anybody.",
    )

    @model_validator(mode="after")
    def _who_may_enqueue(self) -> Self:
        if "producers" in self.model_fields_set and not self.producers:
            raise ValueError(
                "producers: none is named, so that anybody could enqueue: name one, or leave the table out"
            )
        for name in self.producers:
            if not _NAME.fullmatch(name):
                raise ValueError("a producer's name is 1 to 128 characters of A-Z a-z 0-9 . _ -, as its kid says it")
        return self

    def secrets(self) -> Iterator[tuple[str, Secret]]:
        """Every secret of the account, by its field."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, Secret):
                yield field, value
        for name, key in self.producers.items():
            yield f"producers.{name}", key


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

    @model_validator(mode="after")
    def _names_of_accounts(self) -> Self:
        for name in self.accounts:
            if not _NAME.fullmatch(name):
                raise ValueError("an account's name is 1 to 128 characters of A-Z a-z 0-9 . _ -, as jobs name it")
        return self

    def policy(self, account: str) -> RetryPolicy:
        """The retry policy of one account; the provider's own where the account is not configured (any more)."""
        return self._policies.get(account, self.retry)

    @cached_property
    def _policies(self) -> Mapping[str, RetryPolicy]:
        ours = self.retry.model_dump()
        return {name: RetryPolicy.model_validate(ours | account.retry) for name, account in self.accounts.items()}


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
            configs[name].policy("")  # builds them all, and raises for one that is wrong
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
