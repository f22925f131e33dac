"""How a whole request arrives, whatever it looks like.

Tornado would answer an unknown method, a path that is no UTF-8, a body that is too long or no proper form with
pages of its own. Here they all reach the provider's operations, whose answers look like the provider's.
"""

import sys

from tornado.web import RequestHandler, stream_request_body

BODY_MAX_BYTES = 10 * 1024**2


@stream_request_body
class Arrival(RequestHandler):
    """`method` is the wire's, `size` the body's; of what is longer than `body_max_bytes` nothing is kept."""

    body_max_bytes = BODY_MAX_BYTES

    def initialize(self) -> None:
        self.method = self.request.method or ""
        if self.method not in self.SUPPORTED_METHODS:
            self.request.method = "OPTIONS"  # any that Tornado lets through to the operations
        self.chunks: list[bytes] = []
        self.size = 0

    def prepare(self) -> None:
        """Lets every length pass: a refusal in the middle of a body would often not reach the client."""
        self.request.connection.set_max_body_size(sys.maxsize)  # type: ignore[union-attr]  # set on every served request

    def data_received(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.body_max_bytes:
            self.chunks.clear()
        else:
            self.keep(chunk)

    def keep(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    @property
    def is_too_large(self) -> bool:
        return self.size > self.body_max_bytes

    def decode_argument(self, value: bytes, name: str | None = None) -> str:  # noqa: ARG002 -- Tornado's signature
        return value.decode("utf-8", "replace")

    def compute_etag(self) -> None:
        """No provider documents one, and hashing every answer costs."""
