"""Does a worker go on at its pace after its way to RabbitMQ was cut, time and again?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from real import Deployment, RabbitNode, RedisServer, Sandbox, wait_until

from audience_client import Producer
from faults.orders import orders
from faults.proxy import Proxy

JOBS, CUTS = 1000, 4


def test_after_each_cut_a_worker_of_many_threads_reads_whole_frames(
    tmp_path: Path, redis_server: RedisServer, request: Any
) -> None:
    rabbit: RabbitNode = request.getfixturevalue("rabbit")
    sandbox, way = Sandbox(tmp_path, "--latency-ms", "20"), Proxy(rabbit.port)
    broker_url = rabbit.url.replace(f":{rabbit.port}/", f":{way.port}/")
    deployment = Deployment(tmp_path, sandbox, broker_url, redis_server.url)
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        with redis_server.client() as client, Producer(rabbit.url) as producer:
            for order in orders(1, JOBS, 0):
                producer.send(order.body)
            for cut in range(CUTS):
                enough = (cut + 1) * JOBS // (CUTS + 1)
                wait_until(lambda n=enough: client.xlen("audience:results") >= n, 30, f"{enough} events")  # type: ignore[misc]
                way.cut()
                way.mend()
            wait_until(lambda: len(deployment.events(client)) >= JOBS, 30, "every event")
        assert "UnexpectedFrame" not in worker.text()
    finally:
        deployment.close()
        way.close()
        sandbox.close()
