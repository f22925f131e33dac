"""How a device-ID file gets to Mintegral: the presign call, and the PUT it leads to."""

import hashlib
import hmac
from http import HTTPStatus
from urllib.parse import unquote

from sandbox.answers import Answer, text_answer
from sandbox.calls import Call
from sandbox.exchange import Exchange
from sandbox.mintegral.envelope import BAD_PARAMETER, answer
from sandbox.mintegral.rules import wrong_with_presign
from sandbox.mintegral.storage import MAX_BYTES
from sandbox.provider import Provider
from sandbox.state import Sandbox

# What must not reach the storage: S3 refuses Authorization beside a presigned query; the others are
# Mintegral's own.
FOREIGN_HEADERS = ("Authorization", "access-key", "token")


def presign(call: Call, sandbox: Sandbox) -> Answer:
    """Where and for how long to PUT one file. `area_type` comes back as a number, the rest as given."""
    fields = {name: call.param(name) for name in ("area_type", "file_name", "file_md5")}
    wrong = wrong_with_presign(fields)
    if wrong:
        return answer(None, code=BAD_PARAMETER, text=wrong)
    ttl_s = sandbox.behaviour.presign_ttl_s
    file_name, file_md5 = fields["file_name"] or "", fields["file_md5"] or ""
    ticket = sandbox.storage.presign(
        account=call.account, file_name=file_name, file_md5=file_md5, now=sandbox.wall(), ttl_s=ttl_s
    )
    s3 = {"method": "PUT", "url": f"{call.origin}{ticket.path}?{ticket.query}", "data_path": ticket.data_path}
    return answer({"area_type": 1, "file_name": file_name, "file_md5": file_md5, "ttl": ttl_s, "s3": s3})


def _account(call: Call, sandbox: Sandbox) -> str:
    return sandbox.storage.accounts.get(call.path, "")


def _file_name(call: Call) -> str:
    return unquote(call.path.rpartition("/")[2])


def _s3_error(status: HTTPStatus, code: str) -> Answer:
    """Status and code as S3 has them; Mintegral documents none."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return text_answer(text, status, "application/xml")


# The storage behind the URLs. It throttles nobody, but stands in the ledger.
STORAGE = Provider(
    name="mintegral",
    account=_account,
    subject=_file_name,
    throttled=None,
    too_large=_s3_error(HTTPStatus.BAD_REQUEST, "EntityTooLarge"),
    broken=_s3_error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError"),
)


class Upload(Exchange):
    """PUT of raw bytes, hashed as they pass: only size and MD5 stay, however large the file is."""

    body_max_bytes = MAX_BYTES

    def prepare(self) -> None:
        super().prepare()
        self.digest = hashlib.md5(usedforsecurity=False)

    def keep(self, chunk: bytes) -> None:
        self.digest.update(chunk)

    def operate(self, call: Call) -> Answer:
        """The whole body is read before anything is refused, so that a refusal always arrives."""
        return self._refusal(call) or self._keep(call)

    def _refusal(self, call: Call) -> Answer | None:
        expires = call.param("X-Amz-Expires-At") or ""
        expected = self.sandbox.storage.signature(call.path, expires)
        signed = hmac.compare_digest(expected.encode(), (call.param("X-Amz-Signature") or "").encode())
        checks = (
            (call.method == "PUT", HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            (signed, HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch"),
            (signed and self.sandbox.wall() < int(expires), HTTPStatus.FORBIDDEN, "AccessDenied"),
            (
                not any(name in call.headers for name in FOREIGN_HEADERS),
                HTTPStatus.BAD_REQUEST,
                "InvalidArgument",
            ),
            ("Content-Length" in call.headers, HTTPStatus.LENGTH_REQUIRED, "MissingContentLength"),
            (f"/{self.digest.hexdigest()}/" in call.path, HTTPStatus.BAD_REQUEST, "BadDigest"),
        )
        return next((_s3_error(status, code) for holds, status, code in checks if not holds), None)

    def _keep(self, call: Call) -> Answer:
        data_path = self.sandbox.storage.keep(call.path, self.size, self.digest.hexdigest())
        return Answer(HTTPStatus.OK, b"", headers={"ETag": f'"{self.digest.hexdigest()}"'}, applied=data_path)
