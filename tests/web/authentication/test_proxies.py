"""Callers whom a proxy has found out: a real one before the service, and what others try to pass for one."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lineageql.errors import Unauthenticated, UsageError
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.settings import Settings
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.tokens import new_token
from tests.catalog.graphs import empty_store
from tests.server import Server

QUERY = {"query": "{ store { backend } }"}
KUBEFLOW = {"auth_user_header": "kubeflow-userid", "auth_groups_header": "kubeflow-groups"}
SECRET, ROW = new_token("ci")

# As a gateway does: it asks who somebody is, and says that in the place of whatever they say themselves.
CONFIGURATION = """
userlist users
  user ann@example.org insecure-password secret
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend door
  bind fd@{listener}
  http-request auth unless {{ http_auth(users) }}
  http-request set-header kubeflow-userid %[http_auth_user]
  default_backend service
backend service
  server lineageql {host}:{port} source 127.0.0.2
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("proxies")
    (folder / "store.db").write_bytes(empty_store())
    (folder / "tokens.toml").write_text(ROW.row())
    ways = ("--auth-user-header", "Kubeflow-Userid", "--auth-trusted-proxies", "127.0.0.2", "--auth-tokens")
    running = Server("serve", "store.db", "--read-only", "--port", "0", *ways, "tokens.toml", cwd=folder)
    for _ in range(100):
        try:
            httpx.get(f"{running.url}/healthz")
            break
        except httpx.ConnectError:
            time.sleep(0.1)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a proxy before the service, which sends from an address of its own."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        if os.environ.get("TEST_REQUIRE_SERVERS"):
            pytest.fail("there is no haproxy, and TEST_REQUIRE_SERVERS is set")
        pytest.skip("these need a proxy: install Debian's haproxy")
    url = httpx.URL(server.url)
    file = tmp_path_factory.mktemp("gateway") / "haproxy.cfg"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        file.write_text(CONFIGURATION.format(listener=number, host=url.host, port=url.port))
        running = subprocess.Popen([program, "-db", "-q", "-f", str(file)], pass_fds=[number])
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.kill()
        running.wait()


def ask(url: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/graphql", json=QUERY, headers=headers, timeout=30)


def test_whom_the_proxy_has_found_out_is_served(gateway: str) -> None:
    served = httpx.post(f"{gateway}/graphql", json=QUERY, auth=("ann@example.org", "secret"), timeout=30)
    assert served.json() == {"data": {"store": {"backend": "sqlite"}}}
    # The proxy itself says who that is.
    assert ask(gateway).status_code == 401
    stranger = httpx.post(f"{gateway}/graphql", json=QUERY, auth=("eve@example.org", "guessed"), timeout=30)
    assert stranger.status_code == 401
    assert "lineageql" not in stranger.text.lower()


def test_what_others_say_in_its_place_is_refused(server: Server, gateway: str) -> None:
    name = "ann@example.org"
    for spoofed in (
        {"kubeflow-userid": name},
        {"Kubeflow-UserID": name, "x-forwarded-for": "127.0.0.2", "x-real-ip": "127.0.0.2"},
        {"kubeflow-userid": name, "forwarded": "for=127.0.0.2"},
        {"kubeflow-userid": name, "authorization": f"Bearer {SECRET}"},
        {"kubeflow-userid": ""},
    ):
        refused = ask(server.url, **spoofed)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].endswith('error="invalid_token"')
    assert ask(server.url, authorization=f"Bearer {SECRET}").status_code == 200
    assert ask(server.url).status_code == 401


def test_a_large_body_without_credentials_is_refused_and_its_connection_goes_on(server: Server) -> None:
    large = json.dumps({"query": QUERY["query"], "variables": {"text": "x" * 4_000_000}}).encode()
    known = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for _ in range(3):
            refused = client.post("/graphql", content=large, headers={"content-type": "application/json"})
            assert refused.status_code == 401
            assert client.post("/graphql", json=QUERY, headers=known).status_code == 200


def who(address: str, *headers: tuple[str, str], **settings: str) -> Any:
    """The caller of a request from an address, or why it is refused."""
    trusted = {"auth_trusted_proxies": "10.1.0.0/16, 192.0.2.7, 2001:db8::/64"}
    authentication = Authentication(Settings(**{**KUBEFLOW, **trusted, **settings}))
    assert authentication.is_on
    assert authentication.call_gate is None
    assert authentication._proxies is not None
    encoded = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers]
    try:
        return authentication._proxies.caller(address, encoded) or ANONYMOUS
    except Unauthenticated as error:
        return error.reason


ANN = ("kubeflow-userid", "ann@example.org")


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("10.1.255.1", True),
        ("::ffff:10.1.0.1", True),
        ("192.0.2.7", True),
        ("2001:db8::1", True),
        ("10.2.0.1", False),
        ("192.0.2.8", False),
        ("::ffff:10.2.0.1", False),
        ("2001:db8:0:1::1", False),
        ("127.0.0.1", False),
        ("", False),
        ("unix", False),
    ],
)
def test_addresses(address: str, taken: bool) -> None:
    assert (who(address, ANN) == Caller("ann@example.org")) == taken
    assert who(address) == ANONYMOUS


def test_headers() -> None:
    groups = ("kubeflow-groups", " fraud-team ,de,, ")
    assert who("10.1.0.1", ANN, groups) == Caller("ann@example.org", frozenset(("fraud-team", "de")))
    assert who("10.1.0.1", ("kubeflow-userid", "  ann ")) == Caller("ann")
    assert who("10.1.0.1", ("kubeflow-userid", "żółć@example.org")) == Caller("żółć@example.org")
    assert who("10.1.0.1", ("kubeflow-userid", " ")) == ANONYMOUS
    for wrong in ([ANN, ANN], [ANN, groups, groups]):
        assert "twice" in who("10.1.0.1", *wrong)
    for name in ("anonymous", "*", "group:admins", "a\x00b", "a" * 257):
        assert "nobody may have" in who("10.1.0.1", ("kubeflow-userid", name))
    assert "nobody may have" in who("10.1.0.1", ANN, ("kubeflow-groups", "group:admins"))
    assert "not UTF-8" in who("10.1.0.1", ("kubeflow-userid", "\udcff"))
    assert "only the proxies" in who("10.2.0.1", groups)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"auth_trusted_proxies": ""}, "needs --auth-trusted-proxies"),
        ({"auth_trusted_proxies": "gateway.istio-system"}, "'gateway.istio-system', which is neither an address"),
        ({"auth_trusted_proxies": "10.1.2.3/16"}, "has host bits set"),
        ({"auth_user_header": "a header"}, "--auth-user-header is 'a header'"),
        ({"auth_user_header": "Authorization"}, "means nothing else"),
        ({"auth_groups_header": "a:b"}, "--auth-groups-header is 'a:b'"),
        ({"auth_user_header": ""}, "has no use without --auth-user-header"),
    ],
)
def test_wrong_settings(settings: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Authentication(Settings(**{**KUBEFLOW, "auth_trusted_proxies": "10.1.0.0/16", **settings}))
