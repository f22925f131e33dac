"""What a producer is told, as CloudEvents 1.0."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from schemas.instant import Instant
from schemas.scalars import AtLeast1, Count, JobId, JsonObject, Name, Text, UpTo256
from schemas.wire import Wire, expect

DATA_SCHEMA = "urn:audience:schema:event-data:1"
"""The CloudEvents attribute `dataschema`, and the $id of the published schema of `data`."""

ErrorCategory: TypeAlias = Literal[
    "invalid_job",
    "unknown_account",
    "conflicting_duplicate",
    "auth",
    "rejected_by_provider",
    "throttled",
    "unavailable",
    "outcome_unknown",
    "expired",
    "cancelled",
    "internal",
]
"""Closed. throttled: the waiting outlived the job; unavailable: tries used up; outcome_unknown: a create may
have happened and could not be confirmed."""


class AudienceResult(Wire):
    """Of a create, get or update."""

    audience_id: Text
    already_existed: bool
    audience: JsonObject = Field(description="The provider's object, its types normalised.")


class ListResult(Wire):
    """Of a list."""

    audiences: list[JsonObject]
    total: Count = Field(description="How many there are, by what the provider says.")
    truncated: bool = Field(description="Whether the provider has, or may have, more than stand here.")


class UploadResult(Wire):
    """Of an upload."""

    data_path: Text
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$"), expect("32 hexadecimal digits, lower case")]
    bytes: Count


class DeleteResult(Wire):
    """Of a delete."""

    deleted: list[Text] = Field(description="The IDs that were deleted, as strings.")


# No two have all their fields in common: the first that fits is the only one.
Result: TypeAlias = Annotated[
    AudienceResult | ListResult | UploadResult | DeleteResult, Field(union_mode="left_to_right")
]


class Detail(Wire):
    """One thing that is wrong with an invalid job."""

    pointer: str = Field(description="JSON Pointer (RFC 6901) from the root of the job; long keys are cut.")
    expected: Text


class Error(Wire):
    """Why a job ended badly."""

    category: ErrorCategory
    message: Text = Field(description="A sentence for a person, with every known secret removed.")
    provider_code: str | None
    http_status: Count | None
    details: list[Detail]
    replayable: bool


class _Data(Wire):
    attempts: Count = Field(description="Provider calls that counted as tries.")
    requests: Count = Field(description="HTTP requests sent.")
    enqueued_at: Instant | None
    started_at: Instant | None
    finished_at: Instant
    correlation_id: UpTo256 | None
    warnings: list[str]


class _OfAJob(_Data):
    job_id: JobId
    provider: Name
    account: Name
    operation: Name
    run: AtLeast1 = Field(description="1, and one more for each replay.")
    metadata: JsonObject


class Succeeded(_OfAJob):
    """The provider did what the job asked."""

    status: Literal["succeeded"]
    result: Result


class Failed(_OfAJob):
    """An accepted job ended badly."""

    status: Literal["failed"]
    error: Error


class Rejected(_Data):
    """A message that is no valid job, or no new one. What could not be read of it is null."""

    job_id: JobId | None
    provider: Name | None
    account: Name | None
    operation: Name | None
    run: None
    metadata: JsonObject | None
    status: Literal["rejected"]
    error: Error


class _Event(Wire):
    specversion: Literal["1.0"]
    id: Text = Field(description="Equal on every redelivery, so that a consumer can drop repeats.")
    source: Text
    time: Instant
    datacontenttype: Literal["application/json"]
    dataschema: Literal["urn:audience:schema:event-data:1"]
    traceparent: Text | None = Field(
        default=None,
        description="W3C trace context (CloudEvents' extension): the job's own, or this service's span in its trace.",
    )


class SucceededEvent(_Event):
    """Its id is <provider>/<account>/<job id>/<run>."""

    type: Literal["audience.job.succeeded"]
    subject: JobId
    data: Succeeded


class FailedEvent(_Event):
    """Its id is <provider>/<account>/<job id>/<run>."""

    type: Literal["audience.job.failed"]
    subject: JobId
    data: Failed


class RejectedEvent(_Event):
    """Its id is rejected/<SHA-256 of the message, hex>; no subject where the job's id could not be read."""

    type: Literal["audience.job.rejected"]
    subject: JobId | None = None
    data: Rejected


Data: TypeAlias = Annotated[Succeeded | Failed | Rejected, Field(discriminator="status")]
Event: TypeAlias = Annotated[SucceededEvent | FailedEvent | RejectedEvent, Field(discriminator="type")]

RESULT: TypeAdapter[Result] = TypeAdapter(Result)
DATA: TypeAdapter[Data] = TypeAdapter(Data)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
