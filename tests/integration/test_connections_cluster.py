"""Can the state live in a Redis Cluster? A job's whole life by its scripts, and by a worker, on three nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from command import Audience, example
from lane_acts import AGAIN, accept, configure, finish, new_lanes, outbox, start, started, take
from real import Deployment, RedisServer, Sandbox, free_port, wait_until
from topologies import ThreeNodes

from schemas.outgoing import invalid
from schemas.problem import Problem
from schemas.reading import Readable, Refused
from workers.broker import redis_client
from workers.config import Limit
from workers.dead_letters.find import Filter, find
from workers.lanes.lanes import Lanes
from workers.lanes.orders import Orders
from workers.lanes.rejections import Rejections
from workers.lanes.state import Accepted, Noted, Permitted
from workers.lanes.tokens import Claim, SharedTokens
from workers.stream import StreamMember


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThreeNodes]:
    nodes = ThreeNodes()
    yield nodes
    nodes.close()


@pytest.fixture
def state(cluster: ThreeNodes) -> Iterator[redis.Redis]:
    """The service's own client of an empty cluster."""
    with redis_client(cluster.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    return new_lanes(state)


def test_the_providers_lie_on_different_nodes(cluster: ThreeNodes, state: redis.Redis) -> None:
    for provider in ("pubmatic", "mintegral", "rejected"):
        SharedTokens(state, provider).claim("log-in", 0, "worker", "request", 1.0, 60.0, 5)
    held = []
    for node in cluster.nodes:
        with node.client() as client:
            held.append(client.dbsize())
    assert sum(held) == 6
    assert sum(map(bool, held)) > 1


def test_a_job_goes_all_its_way(lanes: Lanes) -> None:
    configure(
        lanes, limits=["100/s"], acme={"limits": ["50/s"], "operations": {"create_audience": {"limits": ["9/s"]}}}
    )
    assert accept(lanes, "a") is Accepted.NEW
    assert accept(lanes, "a") is Accepted.DUPLICATE
    first = start(lanes, take(lanes)[0])
    assert isinstance(lanes.permit(first, 1, changes=True), Permitted)
    assert lanes.note(first, {"known": 1}, "half") is Noted.DONE
    assert lanes.give_back(first, AGAIN)
    second = start(lanes, wait_until(lambda: take(lanes), what="the job again")[0])
    assert second.notes == {"known": 1}
    assert finish(lanes, second)
    assert accept(lanes, "a") is Accepted.REPEATED
    assert outbox(lanes) == 2
    assert lanes.lane("acme")["in_flight"] == "0"


def test_lost_and_late_jobs_come_back(lanes: Lanes) -> None:
    accept(lanes, "lost")
    take(lanes, lease_s=0.01)
    wait_until(lambda: lanes.rescue() == (1, 0), what="the end of the lease")
    accept(lanes, "late", expires_at=1.0)
    assert [record.id for record in lanes.take_ended("runner")] == ["late"]
    lanes.wait_for_change(1.0)


def test_a_dead_letter_is_found_and_replayed(lanes: Lanes, state: redis.Redis) -> None:
    finish(lanes, started(lanes), dead={"category": "auth", "message": "no", "replayable": "1"})
    (found,) = find(state, ["pubmatic", "mintegral"], Filter(category="auth"))
    assert lanes.replay("acme", "a", found.run or 0, 60.0) == "replayed"
    assert take(lanes)[0].run == 2


def test_operators_orders_hold(lanes: Lanes, state: redis.Redis) -> None:
    orders = Orders(state, "pubmatic", "tester")
    accept(lanes, "a")
    orders.pause("acme", None, "a test")
    assert take(lanes) == []
    orders.resume("acme")
    orders.limit("acme", [Limit.model_validate("5/s")])
    assert lanes.lane("acme")["limits_text"] == "5/s"
    assert not isinstance(orders.cancel("acme", "a", "runner", "a test"), str)


def test_tokens_are_shared(state: redis.Redis) -> None:
    tokens = SharedTokens(state, "pubmatic")
    assert tokens.claim("log-in", 0, "me", "one", 5.0, 60.0, 5).claim is Claim.YOURS
    assert tokens.claim("log-in", 0, "you", "two", 5.0, 60.0, 5).claim is Claim.BUSY
    tokens.release("log-in", "me", sealed=b"sealed")
    assert tokens.read("log-in").value == b"sealed"


def test_rejections_and_streams_are_read_and_cleared(state: redis.Redis) -> None:
    rejections = Rejections(state, 60.0)
    answer = invalid(b"no job", Refused((Problem("", "a job"),), Readable()), rejections.now())
    rejections.add(answer, b"no job", Readable())
    member = StreamMember(state, "audience:{rejected}:outbox", "publishers")
    entries = member.read()
    member.clear(entries)
    member.leave()
    assert len(entries) == 1
    assert state.xlen("audience:{rejected}:outbox") == 0
    assert len(list(find(state, [], Filter()))) == 1


def test_a_worker_has_its_state_in_a_cluster(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer, cluster: ThreeNodes, state: redis.Redis
) -> None:
    deployment = Deployment(tmp_path, sandbox, redis_server.url, cluster.url)
    audience = Audience(**deployment.env)
    try:
        for command in ("setup", "doctor"):
            audience(command).succeeded()
        deployment.wait_for_worker(deployment.start_worker())
        jobs = [example(f"{provider}", account="acme") for provider in ("mintegral-create", "pubmatic-create-simple")]
        with redis_server.client() as broker:
            broker.lpush("audience.jobs", json.dumps(jobs[0]), "no job")
        state.xadd("audience:jobs", {"job": json.dumps(jobs[1])})
        events = wait_until(lambda: len(found := deployment.events(state)) == 3 and found, what="three events")
        kinds = sorted(event["type"] for event in events)
        assert kinds == ["audience.job.rejected", "audience.job.succeeded", "audience.job.succeeded"]
        assert len(audience("results", "--json").succeeded().lines) == 3
        assert len(audience("dead", "list", "--json").succeeded().lines) == 1
        assert {line["account"] for line in audience("lanes", "--json").succeeded().lines} >= {"acme"}
        audience("jobs", "show", "mintegral", "acme", jobs[0]["id"]).succeeded()
        audience("audit").succeeded()
    finally:
        deployment.close()


def test_a_cluster_that_is_out_of_reach_is_said_so(redis_server: RedisServer) -> None:
    url = f"redis+cluster://127.0.0.1:{free_port()}"
    audience = Audience(AUDIENCE_BROKER_URL=redis_server.url, AUDIENCE_REDIS_URL=url)
    assert "out of reach" in audience("worker").failed_with(3)


def test_a_cluster_cannot_be_the_broker(cluster: ThreeNodes) -> None:
    said = Audience(AUDIENCE_REDIS_URL=cluster.url)("worker").failed_with(2)
    assert "set AUDIENCE_BROKER_URL" in said


def test_nodes_that_are_away_are_an_outage_like_any_other(cluster: ThreeNodes, lanes: Lanes) -> None:
    for node in cluster.nodes:
        node.kill()
    with pytest.raises(redis.RedisError):
        accept(lanes, "a")
    pipe = lanes.client.pipeline(transaction=False)
    pipe.hget("a", "b")
    with pytest.raises(redis.RedisError):
        pipe.execute()
    for node in cluster.nodes:
        node.start()

    def accepted() -> bool:
        try:
            return accept(lanes, "a") in {Accepted.NEW, Accepted.DUPLICATE}
        except redis.RedisError:
            return False

    wait_until(accepted, what="the cluster's return")
