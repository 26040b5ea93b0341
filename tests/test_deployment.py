"""The Kubernetes manifests: valid for Kubernetes, and fitting to each other, to the image and to the service."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import lineageql
from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.exposure import check_exposure
from lineageql.web.sites import Authority, Names
from tests.demo import demo_store
from tests.service import serving

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.30", kubernetes_validate.latest_version())


def read(name: str) -> Any:
    (document,) = yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))
    return document


KUSTOMIZATION = read("kustomization.yaml")
OBJECTS = {(found["kind"], found["metadata"]["name"]): found for found in map(read, KUSTOMIZATION["resources"])}
KINDS = {kind: found for (kind, _), found in OBJECTS.items()}


def test_every_file_is_taken_in() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"kustomization.yaml", *KUSTOMIZATION["resources"]}
    assert len(OBJECTS) == len(KUSTOMIZATION["resources"])
    needed = {"Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount"}
    assert set(KINDS) == needed


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", KUSTOMIZATION["resources"])
def test_kubernetes_own_schema(name: str, version: str) -> None:
    kubernetes_validate.validate(read(name), version, strict=True)


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = read("deployment.yaml")
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def pod() -> Any:
    return KINDS["Deployment"]["spec"]["template"]


def container() -> Any:
    (only,) = pod()["spec"]["containers"]
    return only


def test_selectors_find_the_pods_and_nothing_else_is_named() -> None:
    labels = pod()["metadata"]["labels"]
    selectors = [
        KINDS["Deployment"]["spec"]["selector"]["matchLabels"],
        KINDS["Service"]["spec"]["selector"],
        KINDS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        KINDS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        pod()["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()
    # Labels that kustomize adds to objects must not get into selectors, which cannot be changed later.
    assert not any(added.get("includeSelectors") for added in KUSTOMIZATION["labels"])
    assert pod()["spec"]["serviceAccountName"] == KINDS["ServiceAccount"]["metadata"]["name"]


async def test_ports_and_probes_fit(tmp_path: Path) -> None:
    (port,) = container()["ports"]
    assert port["containerPort"] == Settings().port
    (served,) = KINDS["Service"]["spec"]["ports"]
    assert served["targetPort"] == port["name"]
    (rule,) = KINDS["NetworkPolicy"]["spec"]["ingress"]
    assert [each["port"] for each in rule["ports"]] == [port["name"]]
    probes = {name: container()[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["httpGet"]["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {port["name"]}
    (tmp_path / "demo.db").write_bytes(demo_store())
    async with serving(tmp_path / "demo.db", read_only=True) as service:
        for probe in probes.values():
            assert (await service.client.get(probe["httpGet"]["path"])).status_code == 200
    # The service itself waits this long for the store before it says that it is not ready.
    assert probes["readiness"]["timeoutSeconds"] > 5


def test_settings_are_known_and_the_store_may_be_reached() -> None:
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    assert container()["envFrom"] == [{"configMapRef": {"name": generated["name"]}}]
    environ = dict(literal.split("=", 1) for literal in generated["literals"])
    settings = Settings.load({}, environ)
    found = re.fullmatch(r"grpc://metadata-grpc-service\.kubeflow:(\d+)", settings.store)
    assert found is not None
    # The image listens on the network.
    check_exposure(replace(settings, host="0.0.0.0"), Authentication(settings))
    # By every name that Kubernetes has for the Service, and by the pod's address, which has none.
    names = Names("0.0.0.0", settings.allowed_hosts)
    service, space = KINDS["Service"]["metadata"]["name"], KUSTOMIZATION["namespace"]
    for host in (service, f"{service}.{space}", f"{service}.{space}.svc", f"{service}.{space}.svc.cluster.local"):
        assert names.answers(Authority(host))
    stores = KINDS["NetworkPolicy"]["spec"]["egress"][0]
    assert [each["port"] for each in stores["ports"]] == [int(found[1])]
    assert pod()["spec"]["enableServiceLinks"] is False


def test_it_runs_without_rights_as_the_image_does() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    user = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)
    assert user is not None
    security = pod()["spec"]["securityContext"]
    assert security["runAsNonRoot"] is True
    assert (security["runAsUser"], security["runAsGroup"]) == (int(user[1]), int(user[2]))
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    inside = container()["securityContext"]
    assert (inside["readOnlyRootFilesystem"], inside["allowPrivilegeEscalation"]) == (True, False)
    assert inside["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in inside
    assert pod()["spec"]["automountServiceAccountToken"] is False
    resources = container()["resources"]
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}
    (image,) = KUSTOMIZATION["images"]
    assert (image["name"], image["newTag"]) == (container()["image"], lineageql.__version__)
    assert "LINEAGEQL_HOST=0.0.0.0" in dockerfile


def test_one_pod_may_leave_at_a_time() -> None:
    assert KINDS["Deployment"]["spec"]["replicas"] == 2
    assert KINDS["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    update = KINDS["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    assert (update["maxUnavailable"], update["maxSurge"]) == (0, 1)
    # preStop, then the requests under way, then the worker.
    assert pod()["spec"]["terminationGracePeriodSeconds"] >= 5 + 10 + 5


def test_the_image_and_compose_start_with_a_choice_alone() -> None:
    chosen = Settings(host="0.0.0.0")
    with pytest.raises(UsageError, match="LINEAGEQL_INSECURE=true"):
        check_exposure(chosen, Authentication(chosen))
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"].items():
        if name.startswith("lineageql"):
            settings = Settings.load({"host": "0.0.0.0"}, service["environment"])
            check_exposure(settings, Authentication(settings))
            # Without a token from this machine alone.
            assert all(port.startswith("127.0.0.1:") for port in service["ports"])
