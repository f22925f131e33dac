"""Which number has each kind of device ID? The table of the Create page, which settings can change.

IDFV and IDFV_MD5 are 10 and 11 in Create (2025-07-29) and in List, 12 and 13 in Update and in newer copies of Create.
Whether Mintegral still takes 10 and 11 is unverified. A job may give either; what is sent is the table's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

Table = Mapping[str, int]

DEFAULTS: Table = {
    "IMEI": 1,
    "IDFA": 2,
    "GAID": 3,
    "OAID": 4,
    "IMEI_MD5": 6,  # there is no 5
    "IDFA_MD5": 7,
    "GAID_MD5": 8,
    "OAID_MD5": 9,
    "IDFV": 10,
    "IDFV_MD5": 11,
}

_IN_JOBS: Mapping[int, str] = {number: kind for kind, number in DEFAULTS.items()} | {12: "IDFV", 13: "IDFV_MD5"}


def completed(changes: Table) -> Table:
    """The whole table. Raises ``ValueError`` for a kind that nobody knows, and for one number of two kinds."""
    unknown = sorted(changes.keys() - DEFAULTS.keys())
    if unknown:
        raise ValueError(f"no such device type: {', '.join(unknown)}; there are {', '.join(DEFAULTS)}")
    table = {**DEFAULTS, **changes}
    for one, other in pairwise(sorted(table, key=lambda kind: table[kind])):
        if table[one] == table[other]:
            raise ValueError(f"{one} and {other} have the same number, {table[one]}: give each its own")
    return table


def as_sent(number: int, table: Table) -> int:
    """The number to send for what a job gives."""
    return table[_IN_JOBS[number]]


def differences(numbers: Iterable[int], table: Table) -> tuple[str, ...]:
    """A sentence for each number that is sent as another, once."""
    return tuple(
        f"device_type {number} ({_IN_JOBS[number]}) is sent as {as_sent(number, table)}, its number in device_types"
        for number in dict.fromkeys(numbers)
        if as_sent(number, table) != number
    )


def kinds(numbers: Any, table: Table) -> set[Any]:
    """The kinds that an audience's ``device_type`` names, by whichever number; unknown ones as they are."""
    ours = {number: kind for kind, number in table.items()}
    listed = numbers if isinstance(numbers, list) else [numbers]
    return {_kind(each, ours) for each in listed}


def _kind(number: Any, ours: Mapping[int, str]) -> str:
    known = ours.get(number) or _IN_JOBS.get(number) if isinstance(number, int) else None
    return known or str(number)
