"""What can be set, on one page? `python docs/settings_page.py` writes docs/settings.md from the models themselves."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from enum import EnumType
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from workers.config import AccountConfig, Limit, OperationConfig, ProviderConfig, RetryPolicy, Secret
from workers.providers.provider import installed
from workers.settings import Settings

PAGE = Path(__file__).with_name("settings.md")
HEAD = """# Settings

Written by `make schemas` from `workers/settings.py`, `workers/config.py` and the providers' own models. `audience
settings` shows the same variables with what is set; `audience doctor` says what is wrong with them.

## Environment

Each process reads these as it starts. An empty variable counts as unset. Names that end in `_S` are in seconds, in
`_DAYS` in days.

"""
FILE = """
## The configuration file

TOML, at `AUDIENCE_CONFIG`, read as a process starts; all processes of a deployment must have the same. A field that
does not exist is refused. A **secret** is `{ env = "NAME" }` or `{ file = "/path" }`, read at each use, and never the
value itself. A **limit** is `"5/s"`, `"100/min"`, `"1000/h burst 10"` or `"10000/day"`.
"""

_WORDS: Mapping[Any, str] = {
    str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path",
    Secret: "secret", Limit: "limit", RetryPolicy: "table", Any: "table", OperationConfig: "table",
}  # fmt: skip


def page() -> str:
    """The whole page, the same on every machine."""
    parts = [HEAD, *_table(Settings, lambda name: f"AUDIENCE_{name.upper()}"), FILE]
    for name, provider in sorted(installed().items()):
        account = get_args(provider.config_model.model_fields["accounts"].annotation)[1]
        parts += _section(f"[{name}]", provider.config_model, ProviderConfig)
        parts += _section(f"[{name}.accounts.NAME]", account, AccountConfig)
    parts += _section("What every provider's table has", ProviderConfig)
    parts += _section("What every account's table has", AccountConfig)
    parts += _section("`retry`, of a provider or an account", RetryPolicy)
    parts += _section("`operations.NAME`, of a provider or an account", OperationConfig)
    return "".join(parts)


def _section(title: str, model: type[BaseModel], but: type[BaseModel] | None = None) -> Iterator[str]:
    """The fields of a model; of what it shares with ``but`` only what has another default."""
    yield f"\n### {title.replace('[', '`[', 1) + '`' if title.startswith('[') else title}\n\n"
    yield from _table(model, str, but)


def _table(model: type[BaseModel], called: Any, but: type[BaseModel] | None = None) -> Iterator[str]:
    yield "| name | is | default | for |\n|---|---|---|---|\n"
    shared = but.model_fields if but else {}
    for name, field in model.model_fields.items():
        if name in shared and (name == "accounts" or _default(field) == _default(shared[name])):
            continue
        yield f"| `{called(name)}` | {_kind(field.annotation)} | {_default(field)} | {_reason(model, name)} |\n"


def _reason(model: type[BaseModel], name: str) -> str:
    """A field that a model declares anew keeps the reason of the one it stands for."""
    families = (each.model_fields for each in model.__mro__ if issubclass(each, BaseModel))
    return next(fields[name].description or "" for fields in families if name in fields and fields[name].description)


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "the user's state directory" if field.annotation is Path else ""
    value = field.default
    if value is None or value in ("", ()) or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(annotation: Any) -> str:
    """A type in plain words."""
    if isinstance(annotation, EnumType):
        return ", ".join(f"`{each.value}`" for each in annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin in (types.UnionType, Union):
        return " or ".join(_kind(each) for each in arguments if each is not types.NoneType)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin is Annotated:
        return _kind(arguments[0])
    return f"list of {_kind(arguments[0])}s" if origin is tuple else "table"


if __name__ == "__main__":
    PAGE.write_text(page())
