"""Does the service go on when a node of its broker is gone? By the next one that the URL names."""

from __future__ import annotations

from pathlib import Path

from command import EXAMPLES, Audience
from real import Deployment, RabbitNode, RedisServer, Sandbox, free_port


def test_the_first_node_of_the_list_is_gone(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer, rabbit: RabbitNode
) -> None:
    gone = f"amqp://guest:guest@127.0.0.1:{free_port()}//"
    deployment = Deployment(tmp_path, sandbox, f"{gone};{rabbit.url}", redis_server.url)
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        audience = Audience(**deployment.env)
        audience("setup").succeeded()
        audience("submit", str(EXAMPLES / "jobs" / "mintegral-create.json")).succeeded()
        (event,) = audience("results", "--follow", "--limit", "1", "--json").succeeded().lines
        assert event["type"] == "audience.job.succeeded"
        assert worker.stop(15) == 0
    finally:
        deployment.close()
