"""What is wrong with a Mintegral request: a sentence for the first thing found, or None.

Documented are types and listed values; that all fields are required follows from sibling pages, which mark
optional ones. The sentences are unverified.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

Fields = Mapping[str, Any]

AREA_TYPES = {1}
PLATFORMS = {1, 2, 3}
DEVICE_TYPES = {1, 2, 3, 4, 6, 7, 8, 9, 10, 11}  # no 5 in the page
NEWER_DEVICE_TYPES = DEVICE_TYPES | {12, 13}  # how newer pages number IDFV and IDFV_MD5
FILE_ENDINGS = (".txt", ".csv", ".txt.gz", ".csv.gz")
_MD5_LENGTH = 32

Uploaded = Callable[[str], bool]


def wrong_with_create(fields: Fields, device_types: Collection[int], uploaded: Uploaded) -> str | None:
    return (
        _missing(fields, ("ta_name", "area_type", "platform", "data_path"))
        or _not_text(fields, "ta_name")
        or _not_one_of(fields, "area_type", AREA_TYPES)
        or _not_one_of(fields, "platform", PLATFORMS)
        or wrong_with_files(fields["data_path"], device_types, uploaded)
    )


def wrong_with_update(fields: Fields, device_types: Collection[int], uploaded: Uploaded) -> str | None:
    return (
        _missing(fields, ("ta_id", "data_path"))
        or (None if is_int(fields["ta_id"]) else "ta_id must be an integer")
        or wrong_with_files(fields["data_path"], device_types, uploaded)
    )


def wrong_with_delete(fields: Fields) -> str | None:
    if missing := _missing(fields, ("ta_id",)):
        return missing
    ids = fields["ta_id"]
    return None if isinstance(ids, list) and ids and all(map(is_int, ids)) else "ta_id must be a list of integers"


def wrong_with_presign(fields: Fields) -> str | None:
    if missing := _missing(fields, ("area_type", "file_name", "file_md5")):
        return missing
    if fields["area_type"] not in {str(area) for area in AREA_TYPES}:
        return "area_type is invalid"
    name, md5 = fields["file_name"], fields["file_md5"]
    if not name.endswith(FILE_ENDINGS) or "/" in name:
        return "file_name must end with .txt, .csv, .txt.gz or .csv.gz"
    return None if len(md5) == _MD5_LENGTH and set(md5) <= set("0123456789abcdef") else "file_md5 is invalid"


def wrong_with_files(files: Any, device_types: Collection[int], uploaded: Uploaded) -> str | None:
    if not isinstance(files, list) or not files:
        return "data_path must be a non-empty list"
    for file in files:
        if not isinstance(file, dict):
            return "data_path must hold objects"
        wrong = (
            _missing(file, ("device_type", "data_path"))
            or _not_one_of(file, "device_type", device_types)
            or _not_text(file, "data_path")
        )
        if wrong:
            return f"data_path.{wrong}"
        if not file["data_path"].startswith("s3://") or not uploaded(file["data_path"]):
            return "data_path.data_path does not come from an upload"
    return None


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _missing(fields: Fields, names: tuple[str, ...]) -> str | None:
    absent = [name for name in names if fields.get(name) in (None, "")]
    return f"{', '.join(absent)} is required" if absent else None


def _not_text(fields: Fields, name: str) -> str | None:
    return None if isinstance(fields[name], str) and fields[name].strip() else f"{name} must be a string"


def _not_one_of(fields: Fields, name: str, values: Collection[int]) -> str | None:
    return None if is_int(fields[name]) and fields[name] in values else f"{name} is invalid"
