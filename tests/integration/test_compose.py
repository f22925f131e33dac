"""Does the compose file hold what it says? By its schema, by its rules, and by running each service without Docker."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
import yaml
from command import EXAMPLES
from described import Container, Machine
from real import RABBITMQ, Process, RabbitNode, free_port, missing, wait_until
from scrape import promtool, scrape

from workers.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("audience-workers:")}
WORKERS = {"intake", "worker-pubmatic", "worker-mintegral"}
SANDBOX = ROOT / "deploy" / "compose" / "sandbox"


def value(text: str, **env: str) -> str:
    """A value in which compose fills in variables: ``${NAME:-default}``."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: env.get(found[1], found[2]), text)


def source(what: dict[str, str], **env: str) -> Path:
    return ROOT / value(what["file"], **env)


def test_the_file_is_one_by_the_schema_of_the_specification() -> None:
    assert_is_compose(ROOT / "docker-compose.yml")


def assert_is_compose(path: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_container_may_do_more_than_it_must() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} == limits.keys(), name
        assert service["healthcheck"]["test"], name
        assert "container_name" not in service, name  # `--scale` would end at one
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert COMPOSE["networks"]["inside"]["internal"]
    assert not {"redis", "rabbitmq", "sandbox"} & {name for name in SERVICES if "outside" in SERVICES[name]["networks"]}


def test_every_version_is_named_in_full() -> None:
    images = {service["image"] for service in SERVICES.values()}
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(set(bases)) == 1
    for image in [*images, *bases]:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+(-[\w.-]+)?", image), image
    assert f"audience-workers:{PROJECT['project']['version']}" in images


def test_no_secret_stands_in_the_file_and_each_is_a_file() -> None:
    used = [each for service in SERVICES.values() for each in service.get("secrets", [])]
    names = {each if isinstance(each, str) else each["source"] for each in used}
    assert names == COMPOSE["secrets"].keys()
    for what in [*COMPOSE["secrets"].values(), *COMPOSE["configs"].values()]:
        assert what.keys() == {"file"}
        assert value(what["file"]).startswith("./deploy/compose/sandbox/")
        assert value(what["file"], AUDIENCE_DEPLOYMENT="/srv").startswith("/srv/")
        assert source(what).stat().st_size
    on_rabbitmq = source(COMPOSE["secrets"]["audience_broker_url"], AUDIENCE_BROKER="rabbitmq")
    assert on_rabbitmq.read_text().startswith("amqp://")


def test_the_documents_name_every_file_of_a_folder_and_show_how_to_add_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "running.md").read_text()
    (table,) = re.findall(r"^\| file \| holds \|\n(.*?)\n\n", page, re.DOTALL | re.MULTILINE)
    named = {name for row in table.splitlines()[1:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert named == {path.name for path in SANDBOX.iterdir()}
    (more,) = re.findall(r"^```yaml\n(# docker-compose.override.yml\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "docker-compose.override.yml").write_text(more)
    assert_is_compose(tmp_path / "docker-compose.override.yml")
    assert yaml.safe_load(more)["services"].keys() <= SERVICES.keys()


def test_every_file_that_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            theirs = volume.split(":")[0]
            assert (ROOT / theirs).exists() if theirs.startswith(".") else theirs in COMPOSE["volumes"], volume


def test_the_grace_is_longer_than_the_workers_own() -> None:
    grace_s = Settings.model_fields["shutdown_grace_s"].default
    for name in WORKERS:
        assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= grace_s + 5


def test_prometheus_scrapes_each_service_that_serves_metrics(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "compose" / "prometheus.yml").read_text()
    shutil.copy(ROOT / "deploy" / "prometheus" / "alerts.yml", tmp_path)
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/", f"{tmp_path}/"))
    assert "1 rule files found" in promtool("check", "config", str(tmp_path / "prometheus.yml"))
    workers, flower = yaml.safe_load(text)["scrape_configs"]
    (found,) = workers["dns_sd_configs"]
    assert set(found["names"]) == WORKERS
    for name in WORKERS:
        assert SERVICES[name]["environment"]["AUDIENCE_METRICS_PORT"] == found["port"]
        assert "inside" in SERVICES[name]["networks"]
    assert flower["static_configs"][0]["targets"] == ["flower:5555"]


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    folder = ROOT / "deploy" / "compose" / "grafana"
    (datasource,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert httpx.URL(datasource["url"]).host in SERVICES
    (dashboards,) = yaml.safe_load((folder / "dashboards" / "audience.yml").read_text())["providers"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/grafana"] == dashboards["options"]["path"]
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert json.loads((ROOT / "deploy" / "grafana" / home.name).read_text())["uid"] == "audience-workers"


def test_the_image_copies_what_is_there_and_every_package() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "\nUSER 10001:10001\n" in dockerfile
    copied = {name for line in re.findall(r"^COPY (?!--)(.*)", dockerfile, re.MULTILINE) for name in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    let_in = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert let_in == copied
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied


def test_the_image_runs_the_versions_that_the_tests_ran_with() -> None:
    tested = pins("requirements-dev.lock")
    for lock in ("requirements.lock", "requirements-build.lock"):
        found = pins(lock)
        assert found
        assert found.items() <= tested.items()
    asked = re.findall(
        r'^  "([\w-]+)(?:\[\w+\])?>=', (ROOT / "pyproject.toml").read_text().split("]", 4)[3], re.MULTILINE
    )
    assert set(asked) <= pins("requirements.lock").keys()


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / lock).read_text(), re.MULTILINE))


class Stack:
    """Every service of the compose file that runs without its engine, on this machine."""

    def __init__(self, folder: Path, broker: str, ending: ExitStack) -> None:
        self.env = {"AUDIENCE_BROKER": broker}
        self.ports = {name: free_port() for name in ("redis", "flower", "sandbox", *WORKERS)}
        names = {
            "redis:6379": f"127.0.0.1:{self.ports['redis']}",
            "127.0.0.1:6379": f"127.0.0.1:{self.ports['redis']}",
            "sandbox:8900": f"127.0.0.1:{self.ports['sandbox']}",
            "127.0.0.1:8900": f"127.0.0.1:{self.ports['sandbox']}",
            "127.0.0.1:5555": f"127.0.0.1:{self.ports['flower']}",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - of a container
        }
        if broker == "rabbitmq":
            if not RABBITMQ.exists():
                missing("rabbitmq-server")
            node = RabbitNode(self._secret("rabbitmq.conf"))
            ending.callback(node.close)
            names["rabbitmq:5672"] = f"127.0.0.1:{node.port}"
        self.folder, self.names, self._ending = folder, names, ending
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        """Start each after those that it waits for, as compose does."""
        self._start_redis()
        for name in ("sandbox", *sorted(OURS - {"sandbox"})):
            self.processes[name] = self.container(name).start()
            self._ending.callback(self.processes[name].kill)
        for name in OURS:
            self.wait_for(name)

    def wait_for(self, name: str) -> None:
        """Until its own health check says that it is well."""

        def is_healthy() -> bool:
            assert self.processes[name].popen.poll() is None, self.processes[name].text()
            return self.check(name) == 0

        wait_until(is_healthy, 60, f"a healthy {name}")

    def check(self, name: str) -> int:
        kind, *words = SERVICES[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.container(name).probe(words).returncode

    def container(self, name: str) -> Container:
        service = SERVICES[name]
        env = {key: str(each) for key, each in service["environment"].items()}
        if name in self.ports and "AUDIENCE_METRICS_PORT" in env:
            env["AUDIENCE_METRICS_PORT"] = str(self.ports[name])
        files = {each["target"]: source(COMPOSE["configs"][each["source"]]).read_text() for each in service["configs"]}
        files |= {f"/run/secrets/{secret}": self._secret(secret) for secret in service.get("secrets", [])}
        ours = {"8900": str(self.ports["sandbox"]), "5555": str(self.ports["flower"])}
        words = [ours.get(word, word) for word in shlex.split(service["command"])]
        return Container(Machine(self.folder / name, self.names), name, words, env, files)

    def _secret(self, name: str) -> str:
        return source(COMPOSE["secrets"][name], **self.env).read_text()

    def _start_redis(self) -> None:
        if shutil.which("redis-server") is None:
            missing("redis-server")
        machine = Machine(self.folder / "redis", self.names)
        machine.put("/run/secrets/redis.acl", self._secret("redis.acl"))
        command = [machine.here(word) for word in shlex.split(SERVICES["redis"]["command"])]
        more = ["--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--dir", str(machine.root)]
        self.processes["redis"] = Process([*command, *more], machine.root / "log")
        self._ending.callback(self.processes["redis"].kill)
        wait_until(lambda: self.redis_check() == 0, what="a healthy redis")

    def redis_check(self) -> int:
        _, line = SERVICES["redis"]["healthcheck"]["test"]
        done = subprocess.run(
            ["sh", "-c", Machine(self.folder, self.names).here(line)], capture_output=True, check=False
        )
        return done.returncode


@pytest.fixture(params=["redis", "rabbitmq"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    with ExitStack() as ending:
        running = Stack(tmp_path, request.param, ending)
        running.start()
        yield running


def test_every_service_runs_is_healthy_and_sees_jobs_through(stack: Stack) -> None:
    for job in ("pubmatic-create-simple", "mintegral-create"):
        done = stack.container("intake").probe(["audience", "submit", str(EXAMPLES / "jobs" / f"{job}.json")])
        assert done.returncode == 0, done.stderr
    results = stack.container("intake").probe(["audience", "results", "--follow", "--limit", "2", "--json"])
    events = [json.loads(line) for line in results.stdout.splitlines()]
    assert {event["data"]["provider"] for event in events} == {"pubmatic", "mintegral"}
    assert {event["type"] for event in events} == {"audience.job.succeeded"}

    told = {name: scrape(f"http://127.0.0.1:{stack.ports[name]}/metrics") for name in WORKERS}
    accepted = {name: told[name].value("audience_jobs_accepted_total", outcome="new") for name in WORKERS}
    assert accepted == {"intake": 2, "worker-pubmatic": 0, "worker-mintegral": 0}
    succeeded = {name: told[name].value("audience_jobs_succeeded_total") for name in WORKERS}
    assert succeeded == {"intake": 0, "worker-pubmatic": 1, "worker-mintegral": 1}

    flower = f"http://127.0.0.1:{stack.ports['flower']}"
    assert httpx.get(f"{flower}/audience/lanes", trust_env=False).status_code == 401
    names = {"__name__": ""}
    exec(compile((SANDBOX / "flower.conf").read_text(), "flower.conf", "exec"), names)  # noqa: S102 - as Flower reads it
    user, _, password = names["basic_auth"][0].partition(":")
    assert httpx.get(f"{flower}/audience/lanes", auth=(user, password), trust_env=False).status_code == 200

    with redis.Redis(port=stack.ports["redis"], password="wrong") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    for name in WORKERS:
        assert stack.processes[name].stop() == 0, stack.processes[name].text()
        assert stack.check(name) == 1
    stack.processes["redis"].kill()
    assert stack.redis_check() != 0
