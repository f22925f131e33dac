"""Is an event cleared only if RabbitMQ has taken it? Events go out many at once, and each is answered by itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pika
import pytest
import redis
from narrow_way import NarrowWay
from pika.adapters.blocking_connection import BlockingChannel
from real import RabbitNode, wait_until

from workers.broker import connect
from workers.loop import OUTAGES
from workers.results.confirms import ConfirmedChannel, NotTakenError
from workers.results.publisher import Publisher

OUTBOX = "audience:{pubmatic}:outbox"
RESULTS = "audience.results"
SUCCEEDED, FAILED = "pubmatic.get_audience.succeeded", "pubmatic.get_audience.failed"
EVENTS = 100


@pytest.fixture
def broker(rabbit: RabbitNode) -> Iterator[BlockingChannel]:
    """A channel beside the publisher's, of another client, and no queue of events yet."""
    with pika.BlockingConnection(pika.URLParameters(rabbit.url.replace("//", "/%2F").replace(":/%2F", "://"))) as its:
        channel = its.channel()
        channel.queue_delete(RESULTS)
        yield channel
        channel.queue_delete(RESULTS)


@pytest.fixture
def narrow(broker: BlockingChannel) -> Iterator[str]:
    """A queue of one message: it refuses the next, until somebody takes it."""
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    name = broker.queue_declare("", exclusive=True, arguments=arguments).method.queue
    broker.exchange_declare(RESULTS, "topic", durable=True)
    broker.queue_bind(name, RESULTS, FAILED)
    yield name
    broker.queue_delete(name)


def publisher(state: redis.Redis, url: str) -> Publisher:
    its = Publisher(state, "pubmatic", url, bind_queue=True, stream_length=1000)
    its.turn()  # it has declared its queue then
    return its


def add(state: redis.Redis, *events: tuple[str, str]) -> None:
    for name, routing_key in events:
        state.xadd(OUTBOX, {"event": name, "routing_key": routing_key})


def left(state: redis.Redis) -> list[str]:
    entries: Any = state.xrange(OUTBOX)
    return [fields[b"event"].decode() for _, fields in entries]


def arrived(broker: BlockingChannel) -> list[str]:
    """The events on the queue, which is empty then."""
    found = []
    while (got := broker.basic_get(RESULTS, auto_ack=True))[0]:
        found.append(got[2].decode())
    return found


def test_a_batch_arrives_whole_in_its_order_as_persistent_cloudevents(
    state: redis.Redis, rabbit: RabbitNode, broker: BlockingChannel
) -> None:
    its, names = publisher(state, rabbit.url), [f"{number}" * 500 for number in range(EVENTS)]
    add(state, *((name, SUCCEEDED) for name in names))
    its.turn()
    method, properties, body = broker.basic_get(RESULTS, auto_ack=True)
    assert (method.routing_key, properties.delivery_mode, body.decode()) == (SUCCEEDED, 2, names[0])
    assert (properties.content_type, properties.content_encoding) == ("application/cloudevents+json", "utf-8")
    assert arrived(broker) == names[1:]
    assert left(state) == []
    its.close()


def test_what_is_refused_stays_and_holds_up_only_what_is_behind_it(
    state: redis.Redis, rabbit: RabbitNode, broker: BlockingChannel, narrow: str
) -> None:
    its = publisher(state, rabbit.url)
    add(state, ("a", SUCCEEDED), ("b", FAILED), ("c", FAILED), ("d", SUCCEEDED))
    with pytest.raises(NotTakenError, match="refused") as raised:
        its.turn()
    assert isinstance(raised.value, OUTAGES)  # it is waited out, and no fault of ours
    assert left(state) == ["c"]
    streamed: Any = state.xrange("audience:results")
    assert [fields[b"event"] for _, fields in streamed] == [b"a", b"b", b"d"]
    add(state, ("e", SUCCEEDED))
    assert sorted(arrived(broker)) == ["a", "b", "c", "d"]  # c was refused by the other queue that it goes to
    for _ in range(2):
        with pytest.raises(NotTakenError, match="refused"):
            its.turn()
    assert left(state) == ["c", "e"]
    assert "e" not in arrived(broker)
    broker.queue_purge(narrow)
    its.turn()
    its.turn()
    assert left(state) == []
    assert arrived(broker) == ["c", "e"]
    its.close()


def test_what_no_queue_takes_stays_and_goes_out_when_the_queue_is_bound_anew(
    state: redis.Redis, rabbit: RabbitNode, broker: BlockingChannel
) -> None:
    its = publisher(state, rabbit.url)
    broker.queue_delete(RESULTS)
    add(state, ("a", SUCCEEDED), ("b", FAILED))
    with pytest.raises(NotTakenError, match="returned"):
        its.turn()
    assert left(state) == ["a", "b"]
    its.turn()
    assert left(state) == []
    assert arrived(broker) == ["a", "b"]
    its.close()


@pytest.mark.parametrize("body", [b"b", b"b" * 200_000], ids=["small", "of several frames"])
def test_a_return_in_the_middle_of_a_batch_is_that_message_alone(
    rabbit: RabbitNode, broker: BlockingChannel, body: bytes
) -> None:
    queue = broker.queue_declare("", exclusive=True).method.queue
    broker.exchange_declare(RESULTS, "topic", durable=True)
    broker.queue_bind(queue, RESULTS, SUCCEEDED)
    with connect(rabbit.url) as connection:
        channel = connection.channel()
        sent = [(SUCCEEDED, b"a"), (FAILED, body), (FAILED, b"c"), (SUCCEEDED, b"d")]
        messages = [(routing_key, channel.prepare_message(each)) for routing_key, each in sent]
        taken = list[int]()
        with pytest.raises(NotTakenError, match="returned"):
            ConfirmedChannel(channel).publish(RESULTS, messages, taken.append, mandatory=True)
        assert taken == [0, 3]


def test_a_cut_after_half_of_the_confirms_leaves_the_other_half(
    state: redis.Redis, rabbit: RabbitNode, broker: BlockingChannel, thread: ThreadPoolExecutor
) -> None:
    names = [f"{number:03}" * 300 for number in range(EVENTS)]
    with NarrowWay(rabbit.port) as way:
        its = publisher(state, rabbit.url.replace(f":{rabbit.port}/", f":{way.port}/"))
        add(state, *((name, SUCCEEDED) for name in names))
        way.carry_only(EVENTS * 900 // 2)
        turn = thread.submit(its.turn)
        wait_until(way.has_answered, what="a confirm")
        way.cut()
        with pytest.raises(OSError, match="closed"):
            turn.result(20)
        remaining = left(state)
        assert names[-len(remaining) :] == remaining
        assert EVENTS // 2 <= len(remaining) < EVENTS
        way.carry_all()
        its.turn()
        assert left(state) == []
        assert list(dict.fromkeys(arrived(broker))) == names
        its.close()


def test_events_whose_confirms_were_lost_go_out_again(
    state: redis.Redis, rabbit: RabbitNode, broker: BlockingChannel, thread: ThreadPoolExecutor
) -> None:
    names = [f"{number}" for number in range(EVENTS)]
    with NarrowWay(rabbit.port) as way:
        its = publisher(state, rabbit.url.replace(f":{rabbit.port}/", f":{way.port}/"))
        add(state, *((name, SUCCEEDED) for name in names))
        way.drop_answers()
        turn = thread.submit(its.turn)
        wait_until(lambda: broker.queue_declare(RESULTS, passive=True).method.message_count == EVENTS, what="them")
        way.cut()
        with pytest.raises(OSError, match="closed"):
            turn.result(20)
        assert left(state) == names
        way.carry_all()
        its.turn()
        assert left(state) == []
        assert arrived(broker) == names * 2
        its.close()


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool, suppress(Exception):
        yield pool
