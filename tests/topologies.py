"""Which constellations of real servers do tests run against? Master, replica and Sentinel; clusters; TLS."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import redis
import trustme
from real import Process, RabbitNode, RedisServer, binaries, free_port, wait_until

VALKEY = dict(binaries())["valkey"]
MASTER = "mymaster"
LAST_SLOT = 16383


class Watched:
    """A master, its replica, and one Sentinel, which makes the replica the master when the master is gone."""

    def __init__(self) -> None:
        self.master = RedisServer(VALKEY, "--repl-diskless-sync-delay", "0")
        self.replica = RedisServer(VALKEY, "--replicaof", "127.0.0.1", str(self.master.port))
        wait_until(self._is_linked, what="a replica that follows its master")
        self.port = free_port()
        self.url = f"sentinel://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="sentinel"))
        self.process = self._start_sentinel()
        wait_until(lambda: self._knows("num-slaves") == 1, what="a Sentinel that knows the replica")

    def _start_sentinel(self) -> Process:
        config = self.folder / "sentinel.conf"
        watch = f"sentinel monitor {MASTER} 127.0.0.1 {self.master.port} 1"
        soon = (f"sentinel down-after-milliseconds {MASTER} 1000", f"sentinel failover-timeout {MASTER} 5000")
        config.write_text("\n".join([f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", watch, *soon]))
        return Process([VALKEY, str(config), "--sentinel"], self.folder / "log")

    def _knows(self, what: str) -> Any:
        """What the Sentinel says of the master; None before it answers."""
        try:
            with redis.Redis(port=self.port, retry=None) as sentinel:
                return sentinel.sentinel_master(MASTER)[what]
        except redis.ConnectionError:
            return None

    def _is_linked(self) -> bool:
        with self.replica.client() as client:
            info: Any = client.info("replication")
            return bool(info["master_link_status"] == "up")

    def kill_master_once_replicated(self) -> None:
        """Let the replica have every write that the master acknowledged, then kill the master."""
        with self.master.client() as client:
            client.client_pause(60_000, all=False)  # no write is acknowledged from here on
            wait_until(lambda: self._is_replicated(client), what="a replica that has everything")
        self.master.kill()

    def _is_replicated(self, client: redis.Redis) -> bool:
        info: Any = client.info("replication")
        return bool(info["slave0"]["offset"] == info["master_repl_offset"])

    def wait_for_failover(self) -> None:
        wait_until(lambda: self._knows("port") == self.replica.port, 30, "the replica as the master")

    def close(self) -> None:
        self.process.kill()
        self.replica.close()
        self.master.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class ThreeNodes:
    """A Redis Cluster of three masters that share the slots."""

    def __init__(self) -> None:
        self.nodes: list[RedisServer] = []
        self._buses = [free_port() for _ in range(3)]
        for bus in self._buses:
            self.nodes.append(RedisServer(VALKEY, "--cluster-enabled", "yes", "--cluster-port", str(bus)))
        self.url = f"redis+cluster://127.0.0.1:{self.nodes[0].port}"
        self._share()

    def _share(self) -> None:
        edges = [0, 5461, 10923, LAST_SLOT + 1]
        for number, node in enumerate(self.nodes):
            with node.client() as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", edges[number], edges[number + 1] - 1)
                client.execute_command("CLUSTER MEET", "127.0.0.1", self.nodes[0].port, self._buses[0])
        wait_until(lambda: all(map(self._is_whole, self.nodes)), what="a cluster that is whole")

    def _is_whole(self, node: RedisServer) -> bool:
        with node.client() as client:
            info: Any = client.execute_command("CLUSTER INFO")
            return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3")

    def close(self) -> None:
        for node in self.nodes:
            node.close()


class RabbitCluster:
    """Three RabbitMQ nodes that are one broker. Its virtual host ``quorum`` makes quorum queues by default."""

    def __init__(self) -> None:
        first = RabbitNode()
        formed = "cluster_formation.peer_discovery_backend = classic_config\n"
        formed += f"cluster_formation.classic_config.nodes.1 = {first.name}\n"
        self.nodes = [first, RabbitNode(formed, first), RabbitNode(formed, first)]
        first.control("add_vhost", "quorum", "--default-queue-type", "quorum")
        first.control("set_permissions", "-p", "quorum", "guest", ".*", ".*", ".*")

    def url(self, vhost: str) -> str:
        """A URL that names every node."""
        return ";".join(f"{node.url.removesuffix('/')}{vhost}" for node in self.nodes)

    def close(self) -> None:
        for node in reversed(self.nodes):  # the first one has the port mapper
            node.close()


class Authority:
    """A throw-away certificate authority, and one server certificate for 127.0.0.1, and for no other name."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1")
        self.file, self.key, self.chain = folder / "ca.pem", folder / "key.pem", folder / "chain.pem"
        authority.cert_pem.write_to_path(str(self.file))
        issued.private_key_pem.write_to_path(str(self.key))
        self.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))

    def redis(self, binary: str, tls_port: int, *options: str) -> RedisServer:
        """A Redis that speaks TLS at ``tls_port``, and plainly at its own for the test."""
        files = ("--tls-cert-file", self.chain, "--tls-key-file", self.key, "--tls-ca-cert-file", self.file)
        return RedisServer(binary, "--tls-port", str(tls_port), "--tls-auth-clients", "no", *map(str, files), *options)

    def rabbit(self, tls_port: int) -> RabbitNode:
        """A RabbitMQ that speaks TLS at ``tls_port``, and plainly at its own for the test."""
        files = {"cacertfile": self.file, "certfile": self.chain, "keyfile": self.key}
        lines = [f"listeners.ssl.default = 127.0.0.1:{tls_port}"]
        return RabbitNode("\n".join(lines + [f"ssl_options.{name} = {path}" for name, path in files.items()]) + "\n")
