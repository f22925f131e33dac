"""Is what RabbitMQ has sent taken from the socket at once, and all of it handled?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from real import RabbitNode, wait_until

from workers.amqp_arrivals import CHUNK_BYTES, Arrivals
from workers.broker import connect

MESSAGES = 20


def bodies(count: int, size: int) -> list[bytes]:
    return [bytes([number]) * size for number in range(count)]


@pytest.fixture
def channel(rabbit: RabbitNode) -> Iterator[Any]:
    with connect(rabbit.url) as connection:
        yield connection.channel()


def consume(channel: Any, queue: str, delivered: list[bytes]) -> None:
    channel.auto_decode = False
    channel.basic_consume(queue, no_ack=True, callback=lambda message: delivered.append(message.body))


def fill(channel: Any, sent: list[bytes]) -> str:
    queue: str = channel.queue_declare("", exclusive=True).queue
    for body in sent:
        channel.basic_publish(channel.prepare_message(body), routing_key=queue)
    return queue


def unread(channel: Any) -> bytes:
    """What has arrived, and nobody has taken from the socket."""
    found: bytes = channel.connection.sock.recv(CHUNK_BYTES, socket.MSG_PEEK)
    return found


def test_one_take_asks_the_socket_once_and_handles_all_that_has_come(channel: Any) -> None:
    sent, delivered = bodies(MESSAGES, 50), list[bytes]()
    consume(channel, fill(channel, sent), delivered)
    wait_until(lambda: sent[-1] in unread(channel), what="the last delivery")
    Arrivals(channel.connection).take(5)
    assert delivered == sent


def test_a_message_of_many_frames_and_chunks_is_whole(channel: Any) -> None:
    sent, delivered = [*bodies(3, 20 * CHUNK_BYTES), b"", b"last"], list[bytes]()
    queue, arrivals = fill(channel, sent), Arrivals(channel.connection)
    consume(channel, queue, delivered)
    while len(delivered) < len(sent):
        arrivals.take(5)
    assert delivered == sent


def test_where_nothing_more_comes_it_says_so_and_goes_on_later(channel: Any) -> None:
    queue, arrivals, delivered = fill(channel, []), Arrivals(channel.connection), list[bytes]()
    consume(channel, queue, delivered)
    with pytest.raises(TimeoutError):
        arrivals.take(0.01)
    channel.basic_publish(channel.prepare_message(b"later"), routing_key=queue)
    while not delivered:
        arrivals.take(5)
    assert delivered == [b"later"]
