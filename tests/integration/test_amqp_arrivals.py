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
    channel.basic_consume(queue, no_ack=True, callback=lambda message: delivered.append(message.body or b""))


def queue(channel: Any) -> str:
    name: str = channel.queue_declare("", exclusive=True).queue
    return name


def fill(url: str, queue: str, sent: list[bytes]) -> None:
    """By another connection, so that nobody reads this one's."""
    with connect(url) as connection:
        channel = connection.channel()
        for body in sent:
            channel.basic_publish(channel.prepare_message(body), routing_key=queue)


def unread(channel: Any) -> bytes:
    """What has arrived, and nobody has taken from the socket."""
    found: bytes = channel.connection.sock.recv(CHUNK_BYTES, socket.MSG_PEEK)
    return found


def test_one_take_asks_the_socket_once_and_handles_all_that_has_come(rabbit: RabbitNode, channel: Any) -> None:
    sent, delivered, name = bodies(MESSAGES, 50), list[bytes](), queue(channel)
    consume(channel, name, delivered)
    fill(rabbit.url, name, sent)
    wait_until(lambda: sent[-1] in unread(channel), what="the last delivery")
    Arrivals(channel.connection).take(5)
    assert delivered == sent


def test_a_message_of_many_frames_and_chunks_is_whole(rabbit: RabbitNode, channel: Any) -> None:
    sent, delivered, name = [*bodies(3, 20 * CHUNK_BYTES), b"", b"last"], list[bytes](), queue(channel)
    arrivals = Arrivals(channel.connection)
    consume(channel, name, delivered)
    fill(rabbit.url, name, sent)
    while len(delivered) < len(sent):
        arrivals.take(5)
    assert delivered == sent


def test_where_nothing_comes_it_says_so_and_goes_on_later(rabbit: RabbitNode, channel: Any) -> None:
    arrivals, delivered, name = Arrivals(channel.connection), list[bytes](), queue(channel)
    consume(channel, name, delivered)
    assert not arrivals.take(0.01)
    fill(rabbit.url, name, [b"later"])
    while not delivered:
        assert arrivals.take(5)
    assert delivered == [b"later"]


def test_a_timeout_of_who_handles_a_message_is_not_taken_for_silence(rabbit: RabbitNode, channel: Any) -> None:
    def reopen(_: Any) -> None:
        raise TimeoutError("as py-amqp does where the broker does not answer a channel that opens anew")

    arrivals, name = Arrivals(channel.connection), queue(channel)
    channel.basic_consume(name, no_ack=True, callback=reopen)
    fill(rabbit.url, name, [b"a"])
    wait_until(lambda: unread(channel).endswith(b"a\xce"), what="the whole delivery")
    with pytest.raises(TimeoutError, match="as py-amqp does"):
        arrivals.take(5)
