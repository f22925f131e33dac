"""What does the storage say to an upload? S3's statuses and codes, over the statuses that all providers share.

Mintegral documents none of them. Codes: Amazon S3 API reference, Error responses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workers.http import Answer
from workers.outcome import Said
from workers.providers.answers import Means, Refusal, by_status

_CODES: Mapping[str, Means] = {
    "ExpiredToken": Means.AUTH,  # 400: what signed the address has expired
    "RequestTimeout": Means.FAILED,  # 400: the body came too slowly
    "OperationAborted": Means.FAILED,  # 409: something else was done to the object at that moment
}
_SIGNED_ANEW = {401, 403}  # the address has expired, or its signature is refused


def refused(answer: Answer) -> Refusal | None:
    """The refusal in the storage's answer: ``AUTH`` means that another address may do. None: it has the file.

    Only the code is read of S3's error: its other fields hold the key and what was signed.
    """
    if answer.is_success:
        return None
    code = _code(answer.body)
    row, means = by_status(answer.status)
    if answer.status in _SIGNED_ANEW:
        means = Means.AUTH
    message = f"the storage refused the upload: {code or f'HTTP {answer.status}'}"
    return Refusal(row, _CODES.get(code or "", means), Said(message, code, answer.status))


def _code(body: bytes) -> str | None:
    found = re.search(rb"<Code>\s*([A-Za-z0-9_.-]{1,64})\s*</Code>", body[:65536])
    return found[1].decode() if found else None
