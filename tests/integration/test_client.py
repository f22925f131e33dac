"""How does the Python client hear of events? Typed, each once, and none lost to a crash or a cut connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import kombu
import pytest
from command import EXAMPLES, example
from faults.proxy import Proxy
from real import Deployment, RabbitNode, RedisServer, Sandbox

from audience_client import Answers, Events, NoAnswer, Producer
from schemas.event import FailedEvent, RejectedEvent, SucceededEvent
from schemas.job import Job
from workers.broker import RESULTS_EXCHANGE

EVENT = json.loads((EXAMPLES / "events" / "pubmatic-create-succeeded.json").read_text())
JOB_OF_EVENT = {**EVENT["data"], "id": EVENT["data"]["job_id"]}
PATIENCE_S = 30.0


@dataclass
class Place:
    """Where events come from: a broker, of which the test publishes what a worker would."""

    url: str
    port: int
    redis: RedisServer

    def publish(self, *names: str) -> None:
        """An event for each name."""
        for name in names:
            body = json.dumps({**EVENT, "id": f"pubmatic/acme/{name}/1", "subject": name})
            if self.url.startswith("redis"):
                with self.redis.client() as client:
                    client.xadd("audience:results", {"event": body})
            else:
                with kombu.Connection(self.url, transport_options={"confirm_publish": True}) as connection:
                    connection.Producer().publish(
                        body,
                        exchange=RESULTS_EXCHANGE,
                        routing_key="pubmatic.create_audience.succeeded",
                        content_type="application/cloudevents+json",
                        content_encoding="utf-8",
                        declare=[RESULTS_EXCHANGE],
                    )


@pytest.fixture(params=["redis", "rabbitmq"])
def place(request: pytest.FixtureRequest, redis_server: RedisServer) -> Place:
    if request.param == "redis":
        return Place(redis_server.url, redis_server.port, redis_server)
    rabbit: RabbitNode = request.getfixturevalue("rabbit")
    with kombu.Connection(rabbit.url) as connection:
        for queue in ("audience.jobs", "audience.submit", "audience.results", "billing"):
            connection.channel().queue_delete(queue)
    return Place(rabbit.url, rabbit.port, redis_server)


@pytest.fixture
def deployment(tmp_path: Any, place: Place, sandbox: Sandbox) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path, sandbox, place.url, place.redis.url)
    deployment.wait_for_worker(deployment.start_worker())
    yield deployment
    deployment.close()


def named(events: Events, count: int) -> list[str | None]:
    """The next jobs of which the events tell. The last one's event is not done: nobody asks for the next."""
    return [event.subject for event in islice(events, count)]


@pytest.mark.usefixtures("deployment")
def test_a_program_sends_jobs_and_gets_the_event_of_each(place: Place) -> None:
    first, second = example("pubmatic-create-simple"), example("mintegral-create")
    with Producer(place.url) as producer, Answers(place.url) as answers:
        producer.submit(first)
        producer.submit(second)
        of_second, of_first = answers.to(Job.model_validate(second), PATIENCE_S), answers.to(first, PATIENCE_S)
        assert isinstance(of_first, SucceededEvent)
        assert isinstance(of_second, SucceededEvent)
        assert of_first.id == f"pubmatic/acme/{first['id']}/1"
        assert of_second.data.job_id == second["id"]
        producer.submit(first)
        assert answers.to(first, PATIENCE_S) == of_first  # the same job: its stored event again, and no second call
        producer.submit({**first, "payload": {**first["payload"], "name": "Other"}})
        refused = answers.to(first, PATIENCE_S)
        assert isinstance(refused, RejectedEvent)
        assert refused.data.error.category == "conflicting_duplicate"
        later = example("pubmatic-create-simple", id="later", not_before="2099-01-01T00:00:00Z")
        producer.submit(later)
        with pytest.raises(NoAnswer, match=r"no event within 1 s: `audience jobs show`"):
            answers.to(later, 1)


@pytest.mark.usefixtures("deployment")
def test_a_job_that_fails_is_told_with_its_error(sandbox: Sandbox, place: Place) -> None:
    sandbox.fault(action="answer", provider="pubmatic", times=1, status=401)
    job = example("pubmatic-create-simple")
    with Answers(place.url) as answers, Producer(place.url) as producer:
        producer.submit(job)
        event = answers.to(job, PATIENCE_S)
    assert isinstance(event, FailedEvent)
    assert event.data.error.replayable


def test_answers_come_again_after_the_broker_was_away(rabbit: RabbitNode, redis_server: RedisServer) -> None:
    place = Place(rabbit.url, rabbit.port, redis_server)
    with Answers(place.url) as answers:
        rabbit.stop()
        rabbit.start()
        with pytest.raises(NoAnswer):
            answers.to(JOB_OF_EVENT, 1)  # nothing was published: it listens anew
        place.publish("a")
        assert answers.to(JOB_OF_EVENT, PATIENCE_S).subject == "a"


def test_of_the_stream_no_answer_is_missed_while_the_way_is_cut(redis_server: RedisServer) -> None:
    proxy, place = Proxy(redis_server.port), Place(redis_server.url, redis_server.port, redis_server)
    try:
        with Answers(place.url.replace(str(place.port), str(proxy.port))) as answers:
            proxy.cut()
            place.publish("a")
            proxy.mend()
            assert answers.to(JOB_OF_EVENT, PATIENCE_S).subject == "a"
    finally:
        proxy.close()


def test_answers_of_a_server_that_stays_away_end_with_the_time_that_was_given(redis_server: RedisServer) -> None:
    proxy = Proxy(redis_server.port)
    with Answers(redis_server.url.replace(str(redis_server.port), str(proxy.port))) as answers:
        proxy.close()
        with pytest.raises(kombu.exceptions.OperationalError):
            answers.to(JOB_OF_EVENT, 1)


def test_each_event_comes_once_however_often_it_was_published(place: Place) -> None:
    with Events(place.url) as events:
        place.publish("a", "b", "a", "a", "c")
        assert named(events, 3) == ["a", "b", "c"]


def test_what_was_not_done_comes_again_and_what_was_done_does_not(place: Place) -> None:
    with Events(place.url) as events:
        place.publish("a", "b", "c")
        assert named(events, 2) == ["a", "b"]  # of b the program never asked for the next
    with Events(place.url) as events:
        assert named(events, 2) == ["b", "c"]


def test_what_comes_while_nobody_reads_is_kept(place: Place) -> None:
    with Events(place.url):
        pass
    place.publish("a", "b")
    with Events(place.url) as events:
        assert named(events, 2) == ["a", "b"]


def test_another_name_hears_of_every_event_too(place: Place) -> None:
    with Events(place.url) as events, Events(place.url, "billing") as billing:
        place.publish("a", "b")
        assert named(events, 2) == named(billing, 2) == ["a", "b"]


def test_a_cut_connection_is_opened_anew_and_loses_and_repeats_nothing(place: Place) -> None:
    proxy = Proxy(place.port)
    try:
        with Events(place.url.replace(str(place.port), str(proxy.port))) as events:
            place.publish("a", "b")
            told = iter(events)
            assert next(told).subject == "a"
            proxy.cut()
            proxy.mend()
            place.publish("c")
            assert [next(told).subject, next(told).subject] == ["b", "c"]
    finally:
        proxy.close()


def test_what_is_no_event_ends_the_loop_and_stays(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.xadd("audience:results", {"event": '{"specversion": "2.0"}'})
    for _ in range(2):
        with Events(redis_server.url) as events, pytest.raises(ValueError, match="specversion"):
            next(iter(events))
