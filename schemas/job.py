"""What a producer sends."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from schemas.instant import Instant
from schemas.scalars import WHOLE, JobId, JsonObject, Name, UpTo256
from schemas.strict_json import compact
from schemas.wire import Wire, expect

MAX_METADATA_BYTES = 8 * 1024

# W3C Trace Context, level 1: four fields of fixed length; later versions may append more after another dash.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)


def _small(metadata: JsonObject) -> JsonObject:
    if len(compact(metadata)) > MAX_METADATA_BYTES:
        raise ValueError("too large")
    return metadata


def _valid_or_ignored(traceparent: Any) -> str | None:
    match = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    return match[0]


class Job(Wire):
    """One request of a producer, identified by provider, account and id."""

    id: JobId = Field(description="The idempotency key within provider and account.")
    provider: Name = Field(description="A provider that is installed: pubmatic, mintegral, …")
    account: Name = Field(description="The name of a configured account of that provider.")
    operation: Name = Field(description="What to do; each provider has its own operations.")
    payload: Annotated[JsonObject, expect("an object: the provider's own fields")] = Field(
        description="The provider's own fields, under the provider's own names."
    )
    version: Annotated[Literal[1], WHOLE, expect("1")] = Field(default=1, description="Of this envelope.")
    priority: Annotated[int, Field(ge=0, le=9), WHOLE, expect("a whole number from 0 to 9")] = Field(
        default=5, description="9 goes first, within an account."
    )
    not_before: Instant | None = Field(default=None, description="Not sent to the provider earlier.")
    expires_at: Instant | None = Field(
        default=None, description="Not sent to the provider later: the job ends as expired."
    )
    correlation_id: UpTo256 | None = Field(default=None, description="Echoed in the event.")
    traceparent: Annotated[str | None, BeforeValidator(_valid_or_ignored), WithJsonSchema({})] = Field(
        default=None,
        description="W3C trace context, continued. One that is not valid is ignored, with a warning.",
    )
    metadata: Annotated[
        JsonObject,
        AfterValidator(_small),
        expect("a JSON object of at most 8192 bytes as compact UTF-8 JSON"),
    ] = Field(
        default_factory=dict,
        description="Echoed in the event, never read. At most 8192 bytes as compact UTF-8 JSON.",
    )
