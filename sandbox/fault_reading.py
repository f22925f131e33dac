"""How the description of a fault is read: from a control request, or from a request's own header."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from sandbox.fault_presets import PRESETS
from sandbox.faults import Action, Fault
from sandbox.rates import RetryAfter
from sandbox.refusals import UnusableError
from sandbox.untrusted_json import is_duration, is_whole, read_object

HEADER = "X-Sandbox-Fault"
_ONLY_QUEUED = ("times", "skip")
_FRAMING = {"content-length", "transfer-encoding", "connection"}
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BODILESS = (204, 304)


class Kind(NamedTuple):
    fits: Callable[[Any], bool]
    sentence: str


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_header(name, text) for name, text in value.items())


def _is_header(name: str, text: Any) -> bool:
    if not name or not set(name) <= _TOKEN or name.lower() in _FRAMING:
        return False
    return isinstance(text, str) and all(" " <= letter <= "~" for letter in text)


def _one_of(values: Iterable[str]) -> Kind:
    known = list(values)
    return Kind(lambda value: isinstance(value, str) and value in known, f"one of {', '.join(known)}")


_TEXT = Kind(lambda value: isinstance(value, str), "a text")
_DURATION = Kind(is_duration, "a number from 0 to 1000000000")
_KINDS = {
    "action": _one_of(Action),
    "preset": _one_of(PRESETS),
    "times": Kind(lambda value: is_whole(value) and value >= 1, "a whole number from 1"),
    "skip": Kind(lambda value: is_whole(value) and value >= 0, "a whole number from 0"),
    "status": Kind(lambda value: is_whole(value) and 200 <= value <= 599, "a whole number from 200 to 599"),  # noqa: PLR2004 -- final HTTP statuses
    "headers": Kind(_are_headers, "an object of header names and ASCII texts, none of them about length or connection"),
    "body": Kind(lambda _value: True, ""),
    "retry_after_s": _DURATION,
    "retry_after": _one_of(RetryAfter),
    "delay_ms": _DURATION,
}


def parse_fault(value: Mapping[str, Any]) -> Fault:
    """The fault that these fields describe, over those of its preset; `UnusableError` says what is wrong."""
    _check_each(value)
    whole = {**PRESETS.get(value.get("preset", ""), {}), **value}
    if "action" not in whole:
        raise UnusableError(f"give an action ({', '.join(Action)}) or a preset ({', '.join(PRESETS)})")
    if whole.get("status") in _BODILESS and whole.get("body", "") != "":
        raise UnusableError(f"an answer with status {whole['status']} has no body; leave body out")
    enums = {"action": Action(whole["action"]), "retry_after": RetryAfter(whole.get("retry_after", "seconds"))}
    return Fault(**{**whole, **enums})


def fault_of_header(text: str) -> Fault:
    """`commit_then_hang`, `throttled` or `{"preset": "throttled", "retry_after_s": 5}`: of this one request."""
    value = read_object(text) if text.lstrip().startswith("{") else _of_word(text.strip())
    if any(name in value for name in _ONLY_QUEUED):
        raise UnusableError("a fault in a header is of its own request; leave out times and skip")
    return parse_fault(value)


def _of_word(word: str) -> dict[str, Any]:
    if word in list(Action):
        return {"action": word}
    if word in PRESETS:
        return {"preset": word}
    raise UnusableError(f"give an action ({', '.join(Action)}), a preset ({', '.join(PRESETS)}) or a JSON object")


def _check_each(value: Mapping[str, Any]) -> None:
    known = [one.name for one in fields(Fault) if one.name != "id"]
    for name, given in value.items():
        if name not in known:
            raise UnusableError(f"{name!r} is not part of a fault; there are {', '.join(sorted(known))}")
        kind = _KINDS.get(name, _TEXT)
        if not kind.fits(given):
            raise UnusableError(f"{name} is {kind.sentence}")
