"""How does a request reach PubMatic? Its address, its token, and a refusal as the end of the attempt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel

from workers.http import Answer, Call
from workers.outcome import AttemptEnded
from workers.providers.answers import outcome
from workers.providers.credentials import read_secret
from workers.providers.pubmatic.errors import refused

AUDIENCES = "/audience/audiences"  # the page's table says /audiences, its URIs and every sample /audience/audiences

ACCOUNT_FIELDS = ("accountType", "accountId", "clientId", "dataProviderId")


def ask(
    call: Call,
    method: Literal["GET", "POST"],
    path: str,
    *,
    changes: bool,
    params: Iterable[tuple[str, str]] = (),
    body: Any = None,
) -> Answer:
    """Send one request. Its answer may be a refusal: ``not_refused`` and ``errors.refused`` tell."""
    token = read_secret(call, call.account.access_token, "access_token")
    # The given token cannot be refreshed, so that a refused one ends the attempt at once.
    authorised = {"pubToken": token} if call.account.auth_header == "pubToken" else {"Authorization": f"Bearer {token}"}
    headers = authorised | {"Content-Type": "application/json"}  # required on every call, GET too (page v34/v35)
    return call.request(method, path, changes=changes, headers=lambda: headers, params=params, body=body)


def not_refused(answer: Answer, *, changes: bool) -> Answer:
    """The answer, unless it is a refusal: that raises ``AttemptEnded``."""
    if (refusal := refused(answer)) is not None:
        raise AttemptEnded(outcome(refusal, answer, changes=changes))
    return answer


def params_of(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Query parameters; a list is a repeated one (``audienceType`` is documented so)."""
    return [
        (name, str(each)) for name, value in fields.items() for each in (value if isinstance(value, list) else [value])
    ]


def fields_of(payload: BaseModel) -> dict[str, Any]:
    """What the job gave, under PubMatic's own names; nothing is added, no default is sent."""
    return payload.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
