"""Which files does a create or update name to Mintegral? Those that the job gives, or those that it has uploaded first.

An uploaded file is noted in the job's state, so that a later attempt does not upload it again. How long Mintegral keeps
what lies under tmp_upload is not documented; the note is used for an hour.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from schemas.mintegral import CreateAudience, FileToUpload, UpdateAudience
from workers.http import Call
from workers.outcome import AttemptEnded, Unusable
from workers.providers.mintegral.device_types import Table, as_sent, differences
from workers.providers.mintegral.upload import upload

KEPT_S = 3600.0  # unverified

Payload = CreateAudience | UpdateAudience


def device_types(payload: Payload) -> tuple[int, ...]:
    """The device types that the job gives, one for each file."""
    return tuple(each.device_type for each in payload.data_path or payload.files or ())


def renumbered(payload: Payload, table: Table) -> tuple[str, ...]:
    """The event's warnings about device types that are sent as another number."""
    return differences(device_types(payload), table)


def data_paths(payload: Payload, call: Call, *, area_type: int) -> list[dict[str, Any]]:
    """The request's ``data_path``, in the job's order, its files uploaded. Raises ``AttemptEnded``."""
    if payload.data_path is not None:
        paths = [each.data_path for each in payload.data_path]
    else:
        paths = _uploaded(payload.files or [], call, area_type)
    numbers = [as_sent(each, call.account.device_types) for each in device_types(payload)]
    return [{"device_type": number, "data_path": path} for number, path in zip(numbers, paths, strict=True)]


def _uploaded(files: Sequence[FileToUpload], call: Call, area_type: int) -> list[str]:
    """One upload for each name, as often as it stands there: Create's own example gives one file two device types."""
    paths = []
    for number, each in enumerate(files, start=1):
        with _which(number, len(files)):
            paths.append(_one(each.file, call, area_type, f"{number} of {len(files)} files"))
    return paths


def _one(named: str, call: Call, area_type: int, place: str) -> str:
    note = f"uploaded {hashlib.sha256(named.encode()).hexdigest()[:32]}"  # the name itself may be a signed URL
    known = call.notes.known.get(note)
    if known is not None and 0 <= time.time() - known["at"] < KEPT_S:
        return str(known["data_path"])
    data_path = upload(call, named, area_type=area_type, place=place).data_path
    call.notes.keep(note, {"data_path": data_path, "at": time.time()})
    call.may_end_here()
    return data_path


@contextmanager
def _which(number: int, files: int) -> Iterator[None]:
    """Of several files, say which has to be mended."""
    try:
        yield
    except AttemptEnded as ended:
        if files == 1 or not isinstance(ended.outcome, Unusable):
            raise
        said = ended.outcome.said
        raise AttemptEnded(Unusable(replace(said, message=f"file {number} of {files}: {said.message}"))) from ended
