"""Which audiences a PubMatic list holds, and in what wrapping."""

from collections.abc import Callable, Iterable, Iterator
from math import ceil

from sandbox.answers import Answer, json_answer
from sandbox.behaviour import ListShape
from sandbox.calls import Call
from sandbox.pubmatic import shapes
from sandbox.pubmatic.accounts import Account, data_provider_name
from sandbox.pubmatic.errors import refused
from sandbox.pubmatic.rules import positive_int
from sandbox.pubmatic.store import Audience
from sandbox.state import Sandbox

Wanted = Callable[[Audience, str], bool]

# The documented filters. Unverified: `name` and `providerAudienceId` match exactly, searchKey anywhere in
# name or id whatever the case; a data provider is its own organisation.
FILTERS: dict[str, Wanted] = {
    "id": lambda one, value: str(one.id) == value,
    "name": lambda one, value: one.name == value,
    "searchKey": lambda one, value: value.lower() in one.name.lower() or value in str(one.id),
    "providerAudienceId": lambda one, value: one.provider_audience_id == value,
    "dataProviderId": lambda one, value: str(one.data_provider_id) == value.lstrip("0"),
    "enabled": lambda one, value: str(one.enabled) == value,
    "private": lambda one, value: str(one.private) == value,
    "baseAudience": lambda one, value: value == ("0" if one.is_complex else "1"),
    "dataProviderOrganizationName": lambda one, value: data_provider_name(one.data_provider_id) == value,
    "dataProviderOrganizationId": lambda one, value: str(one.data_provider_id) == value,
}


def listing(call: Call, sandbox: Sandbox, owner: Account, data_provider_id: int | None) -> Answer:
    """A bare array when no page was asked for and all fits, else {metaData, items}: both are in the samples.

    `list_shape` forces one of them.

    Unverified: pageNumber and pageSize are the provider's habit elsewhere, not in this page; past the last
    page there are no records.
    """
    found = list(_chosen(call, sandbox, owner, data_provider_id))
    largest = sandbox.behaviour.page_size_max
    if found and _is_array(call, sandbox, fits=len(found) <= largest):
        return json_answer([shapes.in_bare_list(one) for one in found])
    asked = None if sandbox.behaviour.page_size_ignored else positive_int(call.param("pageSize"))
    size = min(asked or largest, largest)
    number = positive_int(call.param("pageNumber")) or 1
    items = found[(number - 1) * size : number * size]
    if not items:
        return refused(["CC03_0001"], sandbox)
    start = (number - 1) * size + 1
    meta = {
        "endRecordNumber": start + len(items) - 1,
        "startRecordNumber": start,
        "pageSize": size,
        "pageNumber": number,
        "numberOfPages": ceil(len(found) / size),
        "totalRecords": len(found),
    }
    # Numbers as strings, as in the sample.
    wrapped = {
        "metaData": {name: str(value) for name, value in meta.items()},
        "items": [shapes.on_page(one) for one in items],
    }
    return json_answer(wrapped)


def _is_array(call: Call, sandbox: Sandbox, *, fits: bool) -> bool:
    asked_for_page = any(call.param(name) is not None for name in ("pageNumber", "pageSize"))
    match sandbox.behaviour.list_shape:
        case ListShape.ARRAY:
            return True
        case ListShape.PAGES:
            return False
        case ListShape.AUTO:
            return fits and not asked_for_page


def _chosen(call: Call, sandbox: Sandbox, owner: Account, data_provider_id: int | None) -> Iterator[Audience]:
    wanted = [(FILTERS[name], value) for name in FILTERS if (value := call.param(name))]
    visible_until = sandbox.wall() - sandbox.behaviour.visible_after_ms / 1000
    for one in _in_reach(call, sandbox, owner, data_provider_id):
        if one.created_at <= visible_until and all(matches(one, value) for matches, value in wanted):
            yield one


def _in_reach(call: Call, sandbox: Sandbox, owner: Account, data_provider_id: int | None) -> Iterable[Audience]:
    """By audienceType, which may be repeated; an unknown one reaches nothing (unverified)."""
    kinds = set(call.params("audienceType")) or {"MY_AUDIENCE"}
    if kinds & {"MY_AUDIENCE", "ALL_AUDIENCE"}:
        yield from sandbox.pubmatic.mine(owner, data_provider_id, call.param("providerAudienceId"))
    if kinds & {"SHARED_AUDIENCE", "ALL_AUDIENCE"}:
        yield from sandbox.pubmatic.shared_with(owner)
