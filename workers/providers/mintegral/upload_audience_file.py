"""How is a file uploaded for a later create or update? For its own sake, with its data_path as the result."""

from __future__ import annotations

from pydantic import BaseModel

from schemas.mintegral import UploadAudienceFile as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.mintegral.upload import upload


class UploadAudienceFile:
    """``upload_audience_file``, safe to repeat: Mintegral gives each upload a place of its own."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: the storage has the bytes that were measured."""
        has = upload(call, payload.file, area_type=payload.area_type, place="1 of 1 files")
        return Succeeded({"data_path": has.data_path, "md5": has.md5, "bytes": has.size})
