"""Which payloads Mintegral's audience operations take.

Fields and values: Mintegral open API, Create Audience (2025-07-29), where not said otherwise. It calls no
field optional, so all are required; it states no limit for a name.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from schemas.rules import Rule, exactly_one
from schemas.scalars import WHOLE, AtLeast1, Text
from schemas.wire import Wire, expect

# Older pages also know 2, the mainland of China.
AreaType = Annotated[Literal[1], WHOLE, expect("1 (outside the mainland of China)")]
Platform = Annotated[Literal[1, 2, 3], WHOLE, expect("one of 1 (Android), 2 (iOS), 3 (mix)")]
# 5 does not exist. IDFV and IDFV_MD5 are 10 and 11 here and in List, 12 and 13 in Update and in newer copies
# of Create: all four pass.
DeviceType = Annotated[
    Literal[1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13],
    WHOLE,
    expect("one of 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13"),
]


class UploadedFile(Wire):
    """A file of device IDs that Mintegral already holds."""

    device_type: DeviceType
    data_path: Text = Field(description="As Mintegral's Upload Audience File gave it: s3://…")


class FileToUpload(Wire):
    """A file of device IDs that is uploaded first."""

    device_type: DeviceType
    file: Text = Field(description="A path below the folder for files, or a URL: https://, s3:// or gs://.")


UploadedFiles = Annotated[list[UploadedFile], Field(min_length=1)]
FilesToUpload = Annotated[list[FileToUpload], Field(min_length=1)]
Ids = Annotated[list[AtLeast1], Field(min_length=1)]


class CreateAudience(Wire):
    """A new audience of uploaded files (data_path), or of files to upload first (files)."""

    model_config = ConfigDict(title="Mintegral create_audience payload")
    rules: ClassVar[tuple[Rule, ...]] = exactly_one("data_path", "files")

    ta_name: Text
    area_type: AreaType
    platform: Platform
    data_path: UploadedFiles | None = None
    files: FilesToUpload | None = None


class UpdateAudience(Wire):
    """New files in place of the old ones; refused within 12 hours of the last change (Update Audience)."""

    model_config = ConfigDict(title="Mintegral update_audience payload")
    rules: ClassVar[tuple[Rule, ...]] = exactly_one("data_path", "files")

    ta_id: AtLeast1
    data_path: UploadedFiles | None = None
    files: FilesToUpload | None = None


class ListAudiences(Wire):
    """The audiences that pass the filters, from all pages; ta_name is fuzzy (Get Audience List)."""

    model_config = ConfigDict(title="Mintegral list_audiences payload")

    ta_ids: Ids | None = None
    ta_name: Text | None = None
    platform: Platform | None = None
    max_items: AtLeast1 | None = Field(
        default=None, description="Ours, not sent: stop after so many audiences; 10,000."
    )


class DeleteAudience(Wire):
    """Audiences to delete: a list, though the field's name is singular (Delete Audience)."""

    model_config = ConfigDict(title="Mintegral delete_audience payload")

    ta_id: Ids


class UploadAudienceFile(Wire):
    """A file of device IDs for a later create or update."""

    model_config = ConfigDict(title="Mintegral upload_audience_file payload")

    file: Text = Field(description="A path below the folder for files, or a URL: https://, s3:// or gs://.")
    area_type: AreaType


PAYLOADS: Mapping[str, type[Wire]] = {
    "create_audience": CreateAudience,
    "update_audience": UpdateAudience,
    "list_audiences": ListAudiences,
    "delete_audience": DeleteAudience,
    "upload_audience_file": UploadAudienceFile,
}
