"""How an answer gets lost, cut or slowed on the wire.

Each takes over the connection itself, so the client meets what a broken network would show it.
"""

import asyncio
import socket
import struct
from http.client import responses

from tornado.iostream import IOStream, StreamClosedError

from sandbox.answers import Answer

_LINGER_NONE = struct.pack("ii", 1, 0)


def reset(stream: IOStream) -> None:
    """Drops the connection with a TCP reset rather than an orderly end."""
    if not stream.closed():
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
    stream.close()


async def hang(stream: IOStream, longest_s: float) -> None:
    """Says nothing until the client leaves, or for the longest time a connection is held."""
    try:
        await asyncio.wait_for(stream.read_until_close(), longest_s)
    except (TimeoutError, StreamClosedError):
        pass
    finally:
        stream.close()


async def truncate(stream: IOStream, answer: Answer) -> None:
    """Sends half of a body whose whole length was announced, then ends. An empty one is announced as a byte."""
    await stream.write(_head(answer, at_least=1) + answer.body[: len(answer.body) // 2])
    stream.close()


async def drip(stream: IOStream, answer: Answer, every_s: float) -> None:
    """Sends the body byte by byte: no single read times out, the whole takes for ever."""
    await stream.write(_head(answer))
    for byte in answer.body:
        await asyncio.sleep(every_s)
        await stream.write(bytes((byte,)))
    stream.close()


def _head(answer: Answer, at_least: int = 0) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {max(len(answer.body), at_least)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
