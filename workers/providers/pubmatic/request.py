"""How does a request reach PubMatic? Its address, its token, and a refusal as the end of the attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from workers.http import Answer, Call
from workers.outcome import AttemptEnded
from workers.providers.answers import Means, outcome
from workers.providers.credentials import read_secret
from workers.providers.pubmatic.errors import refused
from workers.providers.pubmatic.log_in import LogIn
from workers.providers.pubmatic.token import Usable, rotated, usable

AUDIENCES = "/audience/audiences"  # the page's table says /audiences, its URIs and every sample /audience/audiences

ACCOUNT_FIELDS = ("accountType", "accountId", "clientId", "dataProviderId")


def ask(
    call: Call,
    method: Literal["GET", "POST", "PATCH"],
    path: str,
    *,
    changes: bool,
    params: Iterable[tuple[str, str]] = (),
    body: Any = None,
) -> Answer:
    """Send one request. Its answer may be a refusal: ``not_refused`` and ``errors.refused`` tell.

    What was refused for its token was not processed: it is sent once more with a new one, where we can get one.
    """

    def send(token: str) -> Answer:
        name, value = ("pubToken", token) if call.account.auth_header == "pubToken" else _bearer(token)
        headers = {name: value, "Content-Type": "application/json"}  # required on every call, GET too (page v34/v35)
        return call.request(method, path, changes=changes, headers=lambda: headers, params=params, body=body)

    if (given := call.account.access_token) is not None:
        return _send_given(lambda: read_secret(call, given, "access_token"), send)
    return _send_logged_in(call, send)


def _send_given(read: Callable[[], str], send: Callable[[str], Answer]) -> Answer:
    """With a token that somebody else renews: one that was changed while it was refused is tried, too."""
    token = read()
    answer = send(token)
    if _token_is_refused(answer) and (changed := read()) != token:
        return send(changed)
    return answer


def _send_logged_in(call: Call, send: Callable[[str], Answer]) -> Answer:
    who = LogIn.of(call)
    token: Usable | None = usable(call, who)
    renewed = False
    while token is not None:  # each round has a newer token
        answer = send(token.access)
        if not _token_is_refused(answer):
            break
        # After a refusal one of our own is enough; others may have asked for one meanwhile.
        find = rotated if renewed else usable
        token = find(call, who, refused=token.number)
        renewed = renewed or (token is not None and token.ours)
    return answer


def _token_is_refused(answer: Answer) -> bool:
    refusal = refused(answer)
    return refusal is not None and refusal.means is Means.AUTH


def _bearer(token: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {token}"


def not_refused(answer: Answer, *, changes: bool) -> Answer:
    """The answer, unless it is a refusal: that raises ``AttemptEnded``."""
    if (refusal := refused(answer)) is not None:
        raise AttemptEnded(outcome(refusal, answer, changes=changes))
    return answer


def address_of(audience_id: int | str) -> str:
    """The path of one audience."""
    return f"{AUDIENCES}/{quote(str(audience_id), safe='')}"


def params_of(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters; a list is a repeated one (``audienceType`` is documented so)."""
    return [
        (name, str(each)) for name, value in fields.items() for each in (value if isinstance(value, list) else [value])
    ]


def fields_of(payload: BaseModel) -> dict[str, Any]:
    """What the job gave, under PubMatic's own names; nothing is added, no default is sent."""
    return payload.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
