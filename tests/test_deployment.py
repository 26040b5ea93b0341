"""The Kubernetes manifests: valid for Kubernetes, and fitting to each other, to the image and to the service."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import lineageql
from lineageql.catalog.policy_file import policy_file
from lineageql.errors import UsageError
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.model.rights import parse_policy
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress, address_of
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.exposure import check_exposure
from lineageql.web.sites import Authority, Names
from tests.demo import demo_store
from tests.service import serving

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("kubeflow", "oidc")
VERSIONS = ("1.30", kubernetes_validate.latest_version())
ISTIO = ("AuthorizationPolicy", "VirtualService")
"""Kinds that are not Kubernetes' own, and have no schema here."""


def read(path: Path) -> Any:
    (document,) = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    return document


class Folder:
    """A folder of kustomize's, with those that it builds on, as far as these manifests need it."""

    def __init__(self, name: str) -> None:
        self.folder = folder = FOLDER / name
        self.kustomization = read(folder / "kustomization.yaml")
        self.files: list[Path] = []
        self.images: list[Any] = list(self.kustomization.get("images", ()))
        for resource in self.kustomization["resources"]:
            if resource.startswith("../"):
                below = Folder(resource.removeprefix("../"))
                self.files += below.files
                self.images += below.images
            else:
                self.files.append(folder / resource)
        self.patches = [folder / patch["path"] for patch in self.kustomization.get("patches", ())]
        self.kinds = {found["kind"]: found for found in map(read, self.files)}
        assert len(self.kinds) == len(self.files)
        for patch in map(read, self.patches):
            found = self.kinds[patch["kind"]]
            assert found["metadata"]["name"] == patch["metadata"]["name"]
            self.kinds[patch["kind"]] = merged(found, patch)

    @property
    def generated(self) -> dict[str, Any]:
        """The ConfigMaps that it makes, by their names."""
        return {made["name"]: made for made in self.kustomization["configMapGenerator"]}

    @property
    def environ(self) -> dict[str, str]:
        (source,) = self.container["envFrom"]
        settings = self.generated[source["configMapRef"]["name"]]
        return dict(literal.split("=", 1) for literal in settings["literals"])

    @property
    def volumes(self) -> dict[str, Any]:
        """The volumes of the pods, by where they are mounted."""
        mounts = {mount["name"]: mount for mount in self.container["volumeMounts"]}
        found = {volume["name"]: volume for volume in self.pod["spec"]["volumes"]}
        assert mounts.keys() == found.keys()
        assert all(mount["readOnly"] for mount in mounts.values())
        return {mounts[name]["mountPath"]: volume for name, volume in found.items()}

    @property
    def pod(self) -> Any:
        return self.kinds["Deployment"]["spec"]["template"]

    @property
    def container(self) -> Any:
        (only,) = self.pod["spec"]["containers"]
        return only


def merged(value: Any, patch: Any) -> Any:
    """A strategic merge: objects by their keys, and lists of named objects by their names."""
    if isinstance(value, dict) and isinstance(patch, dict):
        return {**value, **{key: merged(value[key], part) if key in value else part for key, part in patch.items()}}
    if isinstance(value, list) and isinstance(patch, list):
        parts = {part["name"]: part for part in patch}
        kept = [merged(each, parts.pop(each["name"], {})) for each in value]
        return [*kept, *parts.values()]
    return patch


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Folder:
    return Folder(request.param)


def test_every_file_is_taken_in() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"base", *OVERLAYS}
    for name in OVERLAYS:
        found = Folder(name)
        kept = {FOLDER / name / file for made in found.generated.values() for file in made.get("files", ())}
        taken = {*found.files, *found.patches, *kept}
        taken |= {FOLDER / each / "kustomization.yaml" for each in ("base", name)}
        assert taken == {*(FOLDER / "base").iterdir(), *(FOLDER / name).iterdir()}
    everywhere = {"Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount"}
    assert set(Folder("kubeflow").kinds) == {*everywhere, *ISTIO}
    assert set(Folder("oidc").kinds) == {*everywhere, "Ingress"}


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_own_schema(overlay: Folder, version: str) -> None:
    for kind, found in overlay.kinds.items():
        if kind not in ISTIO:
            kubernetes_validate.validate(found, version, strict=True)


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = Folder("kubeflow").kinds["Deployment"]
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_selectors_find_the_pods_and_nothing_else_is_named(overlay: Folder) -> None:
    labels = overlay.pod["metadata"]["labels"]
    selectors = [
        overlay.kinds["Deployment"]["spec"]["selector"]["matchLabels"],
        overlay.kinds["Service"]["spec"]["selector"],
        overlay.kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        overlay.kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        overlay.pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()
    # Labels that kustomize adds to objects must not get into selectors, which cannot be changed later.
    base = Folder("base").kustomization
    assert not any(added.get("includeSelectors") for added in base["labels"])
    assert overlay.pod["spec"]["serviceAccountName"] == overlay.kinds["ServiceAccount"]["metadata"]["name"]


async def test_ports_and_probes_fit(overlay: Folder, tmp_path: Path) -> None:
    (port,) = overlay.container["ports"]
    assert port["containerPort"] == Settings().port
    (served,) = overlay.kinds["Service"]["spec"]["ports"]
    assert served["targetPort"] == port["name"]
    (rule,) = overlay.kinds["NetworkPolicy"]["spec"]["ingress"]
    assert [each["port"] for each in rule["ports"]] == [port["name"]]
    probes = {name: overlay.container[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
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


def reachable(overlay: Folder) -> set[tuple[str, int]]:
    """Where the network policy lets the pods go: labels of pods or namespaces, or networks, with a port."""
    found = set()
    for rule in overlay.kinds["NetworkPolicy"]["spec"]["egress"]:
        for peer in rule["to"]:
            selected = [peer[key]["matchLabels"] for key in ("podSelector", "namespaceSelector") if key in peer]
            where = peer.get("ipBlock", {}).get("cidr") or str(next(iter(selected[0].values())))
            found |= {(where, each["port"]) for each in rule["ports"]}
    return found


def test_settings_are_known_and_let_nobody_in_who_is_not(overlay: Folder) -> None:
    settings = Settings.load({}, overlay.environ)
    # The image listens on the network.
    exposed = replace(settings, host="0.0.0.0")
    authentication = Authentication(exposed)
    check_exposure(exposed, authentication)
    assert authentication.is_on
    assert not exposed.insecure
    # By every name that Kubernetes has for the Service, and by the pod's address, which has none.
    names = Names("0.0.0.0", settings.allowed_hosts)
    service, space = overlay.kinds["Service"]["metadata"]["name"], overlay.kustomization["namespace"]
    for host in (service, f"{service}.{space}.svc", f"{service}.{space}.svc.cluster.local"):
        assert names.answers(Authority(host))
    assert overlay.pod["spec"]["enableServiceLinks"] is False


def test_the_policy_is_one_that_the_service_takes(overlay: Folder) -> None:
    settings = Settings.load({}, overlay.environ)
    path = Path(settings.policy)
    name = overlay.volumes[str(path.parent)]["configMap"]["name"]
    made = overlay.generated[name]
    # A name with a hash would start all pods anew for a change that each of them reads by itself.
    assert made["options"] == {"disableNameSuffixHash": True}
    assert made["files"] == [path.name]
    check_policy(overlay.folder / path.name)


def check_policy(path: Path) -> None:
    """Checks that a policy is one, as it is and with its examples."""
    text = path.read_text(encoding="utf-8")
    policy = parse_policy(text, path.name)
    assert policy.rights_of(Caller("ann@example.org")).records_everywhere
    assert not policy.rights_of(ANONYMOUS).sees.patterns
    examples = parse_policy(re.sub(r"^#(?! )", "", text, flags=re.MULTILINE), path.name)
    assert len(examples.rules) == 3
    assert examples.rights_of(Caller("admin@example.org")).administers


def test_a_policy_in_a_config_map_is_followed(tmp_path: Path) -> None:
    """Kubernetes changes all files of a volume at once, by a link to the folder that they are in."""
    for place, who in (("..1", "ann"), ("..2", "bob")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "policy.toml").write_text(f'[[rule]]\nwho = ["{who}"]\nroles = ["READ"]\n')
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "policy.toml").symlink_to("..data/policy.toml")
    watched = policy_file(Settings(policy=str(tmp_path / "policy.toml")))
    assert watched is not None
    assert watched.last.rights_of(Caller("ann")).sees.whole
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    watched._look_at = 0.0
    assert asyncio.run(watched.current()).rights_of(Caller("bob")).sees.whole
    assert not watched.last.rights_of(Caller("ann")).sees.whole


def test_beside_kubeflow_the_gateway_says_who_asks() -> None:
    overlay = Folder("kubeflow")
    settings = Settings.load({}, overlay.environ)
    found = re.fullmatch(r"grpc://metadata-grpc-service\.kubeflow:(\d+)", settings.store)
    assert found is not None
    assert ("metadata-grpc-server", int(found[1])) in reachable(overlay)
    assert Names("0.0.0.0", settings.allowed_hosts).answers(Authority("lineageql.kubeflow"))
    # The sidecar's addresses are trusted, so the sidecar must be there, and let the gateway alone send the header.
    assert settings.auth_trusted_proxies == "127.0.0.6,::6"
    assert overlay.pod["metadata"]["labels"]["sidecar.istio.io/inject"] == "true"
    policy = overlay.kinds["AuthorizationPolicy"]["spec"]
    assert policy["action"] == "ALLOW"
    assert policy["selector"]["matchLabels"].items() <= overlay.pod["metadata"]["labels"].items()
    gateway, others = policy["rules"]
    (source,) = gateway["from"]
    assert source == {
        "source": {"principals": ["cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"]}
    }
    assert others == {"when": [{"key": f"request.headers[{settings.auth_user_header}]", "notValues": ["*"]}]}
    redirect, route = overlay.kinds["VirtualService"]["spec"]["http"]
    assert redirect["redirect"]["uri"] == route["match"][0]["uri"]["prefix"]
    (to,) = route["route"]
    (served,) = overlay.kinds["Service"]["spec"]["ports"]
    assert to["destination"] == {
        "host": "lineageql.kubeflow.svc.cluster.local",
        "port": {"number": served["port"]},
    }


def test_alone_it_asks_an_issuer() -> None:
    overlay = Folder("oidc")
    settings = Settings.load({}, overlay.environ)
    address = address_of(settings.store)
    assert isinstance(address, ServerAddress)
    assert {("databases", address.port), ("0.0.0.0/0", 443)} <= reachable(overlay)
    assert settings.auth_issuer.startswith("https://")
    path = Path(settings.store_password_file)
    assert path.name == "password"
    assert "secret" in overlay.volumes[str(path.parent)]
    ingress = overlay.kinds["Ingress"]["spec"]
    (rule,) = ingress["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"]["name"] == overlay.kinds["Service"]["metadata"]["name"]
    assert ingress["tls"][0]["hosts"] == [rule["host"]]
    assert Names("0.0.0.0", settings.allowed_hosts).lists(Authority(rule["host"]))


def test_it_runs_without_rights_as_the_image_does(overlay: Folder) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    user = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)
    assert user is not None
    security = overlay.pod["spec"]["securityContext"]
    assert security["runAsNonRoot"] is True
    assert (security["runAsUser"], security["runAsGroup"]) == (int(user[1]), int(user[2]))
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    inside = overlay.container["securityContext"]
    assert (inside["readOnlyRootFilesystem"], inside["allowPrivilegeEscalation"]) == (True, False)
    assert inside["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in inside
    assert overlay.pod["spec"]["automountServiceAccountToken"] is False
    resources = overlay.container["resources"]
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}
    (image,) = overlay.images
    assert (image["name"], image["newTag"]) == (overlay.container["image"], lineageql.__version__)
    assert "LINEAGEQL_HOST=0.0.0.0" in dockerfile


def test_one_pod_may_leave_at_a_time(overlay: Folder) -> None:
    assert overlay.kinds["Deployment"]["spec"]["replicas"] == 2
    assert overlay.kinds["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    update = overlay.kinds["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    assert (update["maxUnavailable"], update["maxSurge"]) == (0, 1)
    # preStop, then the requests under way, then the worker.
    assert overlay.pod["spec"]["terminationGracePeriodSeconds"] >= 5 + 10 + 5


def test_the_image_starts_with_a_choice_alone() -> None:
    chosen = Settings(host="0.0.0.0")
    with pytest.raises(UsageError, match="LINEAGEQL_INSECURE=true"):
        check_exposure(chosen, Authentication(chosen))


COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
GIVEN = {"AUTH_ISSUER": "https://id.example.org", "AUTH_CLIENT_SECRET": "s", "AUTH_COOKIE_SECRET": "c"}


def filled(text: str) -> str:
    """A text as compose fills it: `${NAME:-default}`, or `${NAME:?what is missing}`."""

    def value(found: re.Match[str]) -> str:
        if found["sign"] == "?":
            return GIVEN[found["name"]]
        return GIVEN.get(found["name"], found["rest"])

    return re.sub(r"\$\{(?P<name>\w+):(?P<sign>[-?])(?P<rest>[^}]*)\}", value, text)


@pytest.mark.parametrize("name", [name for name in COMPOSE["services"] if name.startswith("lineageql")])
def test_compose(name: str) -> None:
    service = COMPOSE["services"][name]
    environ = {key: filled(str(value)) for key, value in service["environment"].items()}
    settings = Settings.load({"host": "0.0.0.0"}, environ)
    authentication = Authentication(settings)
    check_exposure(settings, authentication)
    # Where it is known who asks, a policy says who may do what.
    assert bool(settings.policy) == authentication.is_on
    if settings.policy:
        (mount,) = service["volumes"]
        here, there, mode = mount.split(":")
        assert (Path(settings.policy).parent, mode) == (Path(there), "ro")
        check_policy(ROOT / here / Path(settings.policy).name)
    # Without a way to know who asks from this machine alone.
    if not authentication.is_on:
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["profiles"]
    assert set(service["depends_on"]) <= COMPOSE["services"].keys()


def test_compose_has_a_proxy_that_finds_out_who_asks() -> None:
    proxied, proxy = COMPOSE["services"]["lineageql-proxied"], COMPOSE["services"]["oauth2-proxy"]
    settings = Settings.load({}, proxied["environment"])
    # It is reached through the proxy alone, and believes that one's address alone.
    assert "ports" not in proxied
    assert proxy["networks"]["proxied"]["ipv4_address"] == settings.auth_trusted_proxies
    (network,) = COMPOSE["networks"]["proxied"]["ipam"]["config"]
    assert ipaddress.ip_address(settings.auth_trusted_proxies) in ipaddress.ip_network(network["subnet"])
    assert proxy["environment"]["OAUTH2_PROXY_UPSTREAMS"] == f"http://lineageql-proxied:{Settings().port}/"
    assert settings.auth_user_header == "X-Forwarded-Email"
