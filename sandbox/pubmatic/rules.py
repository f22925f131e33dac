"""Which codes an audience or a query earns.

Every rule as data: the documented code, the kinds of audience whose table lists it, and what must hold. All
broken rules are answered at once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sandbox.pubmatic.accounts import ACCOUNT_TYPES, CLIENT

Fields = Mapping[str, Any]
NAME_MAX = 256
TEXT_MAX = 1024
_MAX_DIGITS = 18
NEGATIVE_PRICE = "AUD01_0153"

SIMPLE, COMPLEX = "simple", "complex"


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    kinds: frozenset[str]
    holds: Callable[[Fields], bool]


def kind_of(fields: Fields) -> str:
    """Decided by the payload alone: with a queryInfix it is complex."""
    return COMPLEX if fields.get("queryInfix") not in (None, "") else SIMPLE


def account_type(fields: Fields) -> Any:
    """The complex samples send accountTypeId where the table says accountType; either will do there."""
    value = fields.get("accountType")
    return fields.get("accountTypeId") if value is None and kind_of(fields) == COMPLEX else value


def positive_int(value: Any) -> int | None:
    """A whole number above zero, as a number or as digits: the samples send both."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def flag(value: Any) -> int:
    """`enabled` and `private`: what is not 0 or 1 silently becomes 1, as documented."""
    return 0 if value in (0, "0") and value is not False else 1


def price_of(value: Any) -> float | None:
    """None when absent; what is no number, or negative, becomes 0, as the request table has it."""
    return None if value is None else max(_number(value), 0.0)


def _number(value: Any) -> float:
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if isfinite(number) else 0.0


def _filled(name: str, longest: int) -> Callable[[Fields], bool]:
    """Blank counts as missing (unverified)."""
    return lambda fields: _text(fields.get(name), longest) and bool(fields[name].strip())


def _fits(name: str, longest: int) -> Callable[[Fields], bool]:
    return lambda fields: fields.get(name) is None or _text(fields[name], longest)


def _text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest


def _known_type(fields: Fields) -> bool:
    return account_type(fields) in (*ACCOUNT_TYPES, CLIENT)


def _account_id_if_needed(fields: Fields) -> bool:
    return account_type(fields) not in ACCOUNT_TYPES or positive_int(fields.get("accountId")) is not None


def _client_id_if_needed(fields: Fields) -> bool:
    return account_type(fields) != CLIENT or _filled("clientId", TEXT_MAX)(fields)


def _some_id(fields: Fields) -> bool:
    """Unverified: AUD01_0004 is taken to mean that nothing says which of the two ids is missing."""
    return _known_type(fields) or any(fields.get(name) not in (None, "") for name in ("accountId", "clientId"))


def _data_provider(fields: Fields) -> bool:
    return positive_int(fields.get("dataProviderId")) is not None


def _not_negative(fields: Fields) -> bool:
    return _number(fields.get("price")) >= 0


def _one_kind(fields: Fields) -> bool:
    """Unverified: a payload of both kinds at once fails the query's validation."""
    return isinstance(fields["queryInfix"], str) and fields.get("providerAudienceId") in (None, "")


BOTH, ONLY_SIMPLE, ONLY_COMPLEX = frozenset({SIMPLE, COMPLEX}), frozenset({SIMPLE}), frozenset({COMPLEX})

CREATE = (
    Rule("AUD01_0037", BOTH, _known_type),
    Rule("AUD01_0004", BOTH, _some_id),  # the create tables omit this one and the next: unverified
    Rule("AUD01_0036", BOTH, _account_id_if_needed),
    Rule("AUD01_0026", BOTH, _client_id_if_needed),
    Rule("AUD01_0005", ONLY_SIMPLE, _data_provider),
    Rule("AUD01_0008", BOTH, _filled("name", NAME_MAX)),
    Rule("AUD01_0009", BOTH, _fits("description", TEXT_MAX)),
    Rule("AUD01_0010", ONLY_SIMPLE, _filled("providerAudienceId", NAME_MAX)),
    Rule("AUD01_0011", BOTH, _fits("definition", TEXT_MAX)),  # its complex table omits 0011, 0012, 0153: unverified
    Rule("AUD01_0012", BOTH, _fits("transferCode", NAME_MAX)),
    Rule("AUD01_0034", ONLY_COMPLEX, _one_kind),
    Rule(NEGATIVE_PRICE, BOTH, _not_negative),
)

UPDATE = (
    Rule("AUD01_0008", BOTH, lambda fields: "name" not in fields or _filled("name", NAME_MAX)(fields)),
    Rule("AUD01_0009", BOTH, _fits("description", TEXT_MAX)),
    Rule(NEGATIVE_PRICE, BOTH, _not_negative),
)

WHO_ASKS = (
    Rule("AUD01_0037", BOTH, _known_type),
    Rule("AUD01_0004", BOTH, _some_id),
    Rule("AUD01_0036", BOTH, _account_id_if_needed),
    Rule("AUD01_0026", BOTH, _client_id_if_needed),
    Rule(
        "AUD01_0005",
        BOTH,
        lambda fields: _data_provider(fields) or (account_type(fields) != CLIENT and "dataProviderId" not in fields),
    ),
)


def broken(rules: Iterable[Rule], fields: Fields) -> list[str]:
    """The codes of every rule that does not hold, in the order of the table."""
    kind = kind_of(fields)
    return [rule.code for rule in rules if kind in rule.kinds and not rule.holds(fields)]
