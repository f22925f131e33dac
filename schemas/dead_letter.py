"""What an operator sees of a job or message that ended badly: `dead show --json`."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from schemas.event import ErrorCategory, FailedEvent, RejectedEvent
from schemas.instant import Instant
from schemas.rules import Broken, Given, Rule, exactly_one
from schemas.scalars import AtLeast1, Count, JobId, JsonObject, Name, Text
from schemas.wire import Wire, expect


class Exchange(Wire):
    """One HTTP request and its answer, every known secret removed; long texts are cut."""

    method: Text
    url: Text
    body: str | None = Field(description="The JSON that was sent; null: none, or the bytes of a file.")
    status: Count | None = Field(description="null: no whole answer came.")
    answer: str | None


class Attempt(Wire):
    """One try that reached for the provider."""

    run: AtLeast1
    number: AtLeast1 = Field(description="From 1 in each run.")
    started_at: Instant
    ended_at: Instant | None = Field(description="null: the worker was gone before it could say.")
    outcome: Text = Field(description="How it ended, in one word of the closed set of outcomes.")
    requests: Count
    provider_code: str | None
    http_status: Count | None
    message: str | None = Field(description="What was said, with every known secret removed.")
    exchanges: list[Exchange] = Field(default=[], description="Its last requests, where it did not succeed.")


class Edit(Wire):
    """A change by an operator: of a job's payload, or of a message that was no valid job, of the whole job in it."""

    at: Instant
    who: Text
    changed: list[str] = Field(description="JSON Pointers to what differs between old and new.")
    old: JsonObject | None = Field(description="null: the message held no JSON object; its bytes are the body.")
    new: JsonObject = Field(description="That of the last edit is what the next replay sends.")


class _IdOfItsEvent:
    def broken(self, given: Given) -> Iterable[Broken]:
        event = given.get("event")
        if isinstance(event, dict) and event.get("id") != given.get("id"):
            yield ("id",), "the id of its event"

    def schema(self) -> dict[str, Any]:
        return {}  # JSON Schema cannot compare two places


class DeadLetter(Wire):
    """Kept until replayed or discarded, or until its retention ends. Its id is that of its event."""

    model_config = ConfigDict(title="Dead letter")
    rules: ClassVar[tuple[Rule, ...]] = (*exactly_one("body", "body_base64"), _IdOfItsEvent())

    id: Text
    provider: Name | None
    account: Name | None
    operation: Name | None
    job_id: JobId | None
    run: AtLeast1 | None
    category: ErrorCategory
    provider_code: str | None
    message: Text
    died_at: Instant
    count: AtLeast1 = Field(description="How often the same message, or the same run, came to this end.")
    replayable: bool
    body: str | None = Field(
        default=None, description="The message that this run was about, if it is UTF-8; no edit changes it."
    )
    body_base64: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$"), expect("base64")] = Field(
        default=None, description="The original message, if it is not UTF-8."
    )
    attempts: list[Attempt]
    edits: list[Edit] = Field(description="Of all runs, the oldest first.")
    event: Annotated[FailedEvent | RejectedEvent, Field(discriminator="type")]
