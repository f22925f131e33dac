"""Do the manifests hold what they say? Rendered by kubectl, checked by Kubernetes' schemas, their commands run here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate
import pytest
import yaml
from command import EXAMPLES
from described import Container, Machine
from real import Process, RedisServer, Sandbox, free_port, missing, wait_until
from scrape import scrape

from workers.config import read_config
from workers.providers.provider import installed
from workers.settings import Settings

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
OLDEST, NEWEST = "1.28", "1.37"
"""Versions of Kubernetes whose strict schemas the manifests are checked by."""
WORKERS = {"intake", "worker-pubmatic", "worker-mintegral"}
GIVEN = {
    "audience-servers": {"audience_broker_url": "redis://redis:6379/0", "audience_redis_url": "redis://redis:6379/0"},
    "audience-accounts": {
        "pubmatic_acme_token": "sandbox-pubmatic-token-acme",
        "mintegral_acme_access_key": "sandbox-mintegral-access-acme",
        "mintegral_acme_api_key": "sandbox-mintegral-api-key-acme",
    },
    "audience-flower": {"flower.conf": 'basic_auth = ["operator:word"]'},
}
"""What docs/growing.md lets an operator put into Secrets, with the sandbox's credentials."""


@cache
def rendered(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Every object of a kustomization."""
    if shutil.which("kubectl") is None:
        missing("kubectl")
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def objects(kind: str, folder: Path = FOLDER) -> dict[str, Any]:
    return {each["metadata"]["name"]: each for each in rendered(folder) if each["kind"] == kind}


def pod(name: str) -> Any:
    return objects("Deployment")[name]["spec"]["template"]


def container(name: str) -> Any:
    (only,) = pod(name)["spec"]["containers"]
    return only


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_one_by_the_strict_schemas(version: str) -> None:
    for each in rendered():
        assert kubernetes_validate.validate(each, version, strict=True) == version
    wrong = json.loads(json.dumps(objects("Deployment")["intake"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


def test_the_folder_names_every_file_and_all_are_in_one_namespace() -> None:
    for folder in (FOLDER, FOLDER / "keda"):
        named = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        assert set(named) == {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert {each["metadata"].get("namespace", "audience") for each in rendered(folder)} == {"audience"}


def test_no_pod_may_do_more_than_it_must() -> None:
    assert objects("Namespace")["audience"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name in objects("Deployment"):
        spec, only = pod(name)["spec"], container(name)
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert not spec["automountServiceAccountToken"]
        assert not spec["enableServiceLinks"]
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in only["resources"]["limits"]
        assert re.fullmatch(r"audience-workers:\d+\.\d+\.\d+", only["image"])
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= only.keys()


def test_selectors_find_the_pods_that_are_meant() -> None:
    for name, deployment in objects("Deployment").items():
        labels = pod(name)["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert labels["app.kubernetes.io/component"] == name
    for name, budget in objects("PodDisruptionBudget").items():
        assert budget["spec"]["selector"] == objects("Deployment")[name]["spec"]["selector"]
    assert objects("PodDisruptionBudget").keys() == WORKERS
    policies = objects("NetworkPolicy")
    assert policies["nothing-else"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (who,) = policies["workers-to-the-world"]["spec"]["podSelector"]["matchExpressions"]
    assert set(who["values"]) == WORKERS - {"intake"}
    (block,) = policies["workers-to-the-world"]["spec"]["egress"][0]["to"]
    assert "169.254.0.0/16" in block["ipBlock"]["except"]
    (let_in,) = policies["prometheus-to-metrics"]["spec"]["ingress"]
    ports = {port["containerPort"] for name in objects("Deployment") for port in container(name)["ports"]}
    assert {each["port"] for each in let_in["ports"]} == ports
    for name in objects("Deployment"):
        annotations = pod(name)["metadata"]["annotations"]
        assert int(annotations["prometheus.io/port"]) in {port["containerPort"] for port in container(name)["ports"]}


def test_the_grace_is_longer_than_the_workers_own() -> None:
    grace_s = Settings.model_fields["shutdown_grace_s"].default
    for name in WORKERS:
        assert pod(name)["spec"]["terminationGracePeriodSeconds"] >= grace_s + 5


def test_the_configuration_is_one_and_its_secrets_are_mounted(tmp_path: Path) -> None:
    (config,) = [each for each in rendered() if each["kind"] == "ConfigMap"]
    (tmp_path / "audience.toml").write_text(config["data"]["audience.toml"])
    configs = read_config(tmp_path / "audience.toml", {name: each.config_model for name, each in installed().items()})
    files = set(re.findall(r"PosixPath\('([^']+)'\)", repr(configs)))
    assert files == {f"/run/secrets/accounts/{key}" for key in GIVEN["audience-accounts"]}
    for name in objects("Deployment"):
        volumes = {volume["name"]: volume for volume in pod(name)["spec"]["volumes"]}
        mounts = {mount["name"]: mount["mountPath"] for mount in container(name)["volumeMounts"]}
        assert volumes.keys() == mounts.keys()
        assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]
        assert {each["secret"]["secretName"] for each in volumes.values() if "secret" in each} <= GIVEN.keys()
        assert ("accounts" in mounts) == name.startswith("worker-")


def test_the_document_makes_the_secrets_that_are_mounted() -> None:
    page = (FOLDER.parents[1] / "docs" / "growing.md").read_text().replace("\\\n", " ")
    made = re.findall(r"create secret generic (\S+) +(.*)", page)
    assert {name: set(re.findall(r"--from-file=(\S+)", files)) for name, files in made} == {
        name: set(files) for name, files in GIVEN.items()
    }


class Pods:
    """One pod of each deployment, without a cluster."""

    def __init__(self, folder: Path, names: dict[str, str], sandbox_url: str) -> None:
        self.folder, self.names, self._sandbox_url = folder, names, sandbox_url
        self.ports = {name: free_port() for name in objects("Deployment")}
        self.processes: dict[str, Process] = {}

    def container(self, name: str) -> Container:
        only = container(name)
        env = {each["name"]: each["value"] for each in only["env"]}
        if "AUDIENCE_METRICS_PORT" in env:
            env["AUDIENCE_METRICS_PORT"] = str(self.ports[name])
        words = [str(self.ports[name]) if word == "5555" else word for word in only["args"]]
        return Container(Machine(self.folder / name, self.names), name, words, env, self._files(name))

    def _files(self, name: str) -> dict[str, str]:
        mounts = {mount["name"]: mount["mountPath"] for mount in container(name)["volumeMounts"]}
        files = {}
        for volume in pod(name)["spec"]["volumes"]:
            where = mounts[volume["name"]]
            if "configMap" in volume:
                data = objects("ConfigMap")[volume["configMap"]["name"]]["data"]
                files |= {f"{where}/{key}": self._at_the_sandbox(text) for key, text in data.items()}
            elif "secret" in volume:
                files |= {f"{where}/{key}": text for key, text in GIVEN[volume["secret"]["secretName"]].items()}
        return files

    def _at_the_sandbox(self, config: str) -> str:
        """The providers' own addresses are the defaults, and nothing here may reach them."""
        places = {"pubmatic": f"{self._sandbox_url}/v1", "mintegral": self._sandbox_url}
        return "".join(f'[{name}]\nbase_url = "{url}"\n' for name, url in places.items()) + config

    def probe(self, name: str, kind: str) -> bool:
        """What the kubelet would find."""
        what = container(name)[kind]
        if "exec" in what:
            return self.container(name).probe(what["exec"]["command"]).returncode == 0
        url = f"http://127.0.0.1:{self.ports[name]}{what['httpGet']['path']}"
        try:
            return httpx.get(url, timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def pods(tmp_path: Path, redis_server: RedisServer, sandbox: Sandbox) -> Iterator[Pods]:
    names = {"redis:6379": f"127.0.0.1:{redis_server.port}", "0.0.0.0": "127.0.0.1"}  # noqa: S104 - of a pod
    running = Pods(tmp_path, names, sandbox.url)
    with ExitStack() as ending:
        for name in objects("Deployment"):
            running.processes[name] = running.container(name).start()
            ending.callback(running.processes[name].kill)
        yield running


def test_every_pod_starts_by_its_probes_and_together_they_see_a_job_through(pods: Pods) -> None:
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        for name in objects("Deployment"):
            wait_until(lambda kind=kind, name=name: pods.probe(name, kind), 60, f"{kind} of {name}")
    for job in ("pubmatic-create-simple", "mintegral-create"):
        done = pods.container("intake").probe(["audience", "submit", str(EXAMPLES / "jobs" / f"{job}.json")])
        assert done.returncode == 0, done.stderr
    results = pods.container("intake").probe(["audience", "results", "--follow", "--limit", "2", "--json"])
    assert {json.loads(line)["type"] for line in results.stdout.splitlines()} == {"audience.job.succeeded"}
    done_by = {name: scrape(f"http://127.0.0.1:{pods.ports[name]}/metrics") for name in WORKERS}
    assert done_by["intake"].value("audience_jobs_accepted_total", outcome="new") == 2
    assert done_by["worker-pubmatic"].value("audience_jobs_succeeded_total", provider="pubmatic") == 1
    assert done_by["worker-mintegral"].value("audience_jobs_succeeded_total", provider="mintegral") == 1
    for name in WORKERS:
        assert pods.processes[name].stop(pod(name)["spec"]["terminationGracePeriodSeconds"]) == 0
        assert not pods.probe(name, "livenessProbe")
