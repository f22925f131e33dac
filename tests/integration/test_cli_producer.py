"""How does the Python client send? Checked, confirmed, to the queue that the service declares."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command import Audience, example
from kombu import Connection, Exchange, Queue
from real import RabbitNode, RedisServer

from audience_client import InvalidJob, Producer
from schemas.job import Job


def test_a_job_model_and_a_mapping_are_sent_alike(redis_server: RedisServer) -> None:
    job = example("mintegral-create", not_before="2030-01-01T00:00:00Z")
    with Producer(redis_server.url) as producer:
        producer.submit(job)
        producer.submit(Job.model_validate(job))
    with Connection(redis_server.url) as connection:
        queue = connection.SimpleQueue("audience.jobs")
        first, second = (json.loads(queue.get(timeout=5).body) for _ in range(2))
        queue.close()
    assert first == job
    assert second == {**job, "not_before": "2030-01-01T00:00:00.000Z"}


def test_an_invalid_job_is_refused_with_all_its_problems(redis_server: RedisServer) -> None:
    with Producer(redis_server.url) as producer, pytest.raises(InvalidJob) as refused:
        producer.submit({"id": "a b", "provider": "pubmatic", "surprise": 1})
    places = {problem.pointer for problem in refused.value.problems}
    assert {"/id", "/account", "/operation", "/payload", "/surprise"} <= places
    assert "/id: a string of 1 to 128 characters" in str(refused.value)


def test_a_job_sent_to_rabbitmq_lies_on_the_durable_quorum_queue(rabbit: RabbitNode) -> None:
    job = example("mintegral-create")
    with Producer(rabbit.url) as producer:
        for _ in range(3):
            producer.submit(job)
    message = _get(rabbit)
    assert json.loads(message.body) == job
    assert message.properties["delivery_mode"] == 2
    assert message.content_type == "application/json"


def test_setup_declares_what_producers_and_consumers_need(rabbit: RabbitNode, redis_server: RedisServer) -> None:
    audience = Audience(AUDIENCE_BROKER_URL=rabbit.url, AUDIENCE_REDIS_URL=redis_server.url)
    said = audience("setup").succeeded().out
    again = audience("setup").succeeded().out
    assert said == again
    assert "guest" not in said
    with Connection(rabbit.url) as connection:
        channel = connection.channel()
        for name in ("audience.jobs", "audience.submit", "audience.results"):
            assert f"queue {name}" in said
            channel.queue_declare(name, passive=True)
        channel.exchange_declare("audience.results", "topic", passive=True)
    with redis_server.client() as client:
        assert client.xinfo_groups("audience:jobs")[0]["name"] == b"intake"


def test_a_queue_that_stands_there_otherwise_is_said_in_a_sentence(
    rabbit: RabbitNode, redis_server: RedisServer
) -> None:
    with Connection(rabbit.url) as connection:
        channel = connection.channel()
        channel.queue_delete("audience.jobs")
        Queue("audience.jobs", Exchange(""), routing_key="audience.jobs", durable=True)(channel).declare()
        try:
            audience = Audience(AUDIENCE_BROKER_URL=rabbit.url, AUDIENCE_REDIS_URL=redis_server.url)
            assert "with other arguments" in audience("setup").failed_with(1)
        finally:
            connection.channel().queue_delete("audience.jobs")


def _get(rabbit: RabbitNode) -> Any:
    with Connection(rabbit.url) as connection:
        channel = connection.channel()
        message = channel.basic_get("audience.jobs", no_ack=True)
        channel.queue_purge("audience.jobs")
        return channel.message_to_python(message) if not hasattr(message, "content_type") else message
