"""Under which names the service answers, and that no page of another site writes to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.web.answers import JSON_TYPE
from lineageql.web.sites import Authority, Names, Origins, admitted_origins
from tests.catalog.graphs import empty_store
from tests.service import Service, serving

QUERY = {"query": "{ store { backend } }"}
DATA = {"data": {"store": {"backend": "sqlite"}}}


@pytest.fixture
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "store.db"
    path.write_bytes(empty_store())
    async with serving(path, read_only=True, **getattr(request, "param", {})) as running:
        yield running


async def post(service: Service, **headers: str) -> httpx.Response:
    return await service.client.post("/graphql", json=QUERY, headers=headers)


def said(response: httpx.Response) -> str:
    """The message of a refusal, which is JSON and nothing else to any browser."""
    assert response.headers["content-type"].startswith(JSON_TYPE)
    assert response.headers["x-content-type-options"] == "nosniff"
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    return str(error["message"])


LOOPBACK = ["localhost", "LOCALHOST:8000", "lineage.localhost", "127.0.0.1:8000", "[::1]:8000", "10.1.2.3"]
INSIDE = ["lineageql", "lineageql:8000", "lineageql.team.svc", "lineageql.team.svc.cluster.local.", "a.internal"]
OUTSIDE = ["rebound.example", "rebound.example:8000", "localhost.evil.com", "127.0.0.1.evil.com", "lineageql.team"]


@pytest.mark.parametrize(
    ("listens", "allowed", "answered"),
    [
        ("127.0.0.1", "", LOOPBACK),
        ("::1", "", LOOPBACK),
        ("localhost", "", LOOPBACK),
        ("0.0.0.0", "", LOOPBACK + INSIDE),
        ("10.0.0.1", "", LOOPBACK + INSIDE),
        ("0.0.0.0", "lineageql.team", [*LOOPBACK, *INSIDE, "lineageql.team"]),
        ("127.0.0.1", "Rebound.example:8000, lineageql.*", None),
        ("127.0.0.1", "rebound.example:8000", [*LOOPBACK, "rebound.example:8000"]),
        ("127.0.0.1", "*.example,*.evil.com", [*LOOPBACK, *OUTSIDE[:4]]),
        ("127.0.0.1", "*", LOOPBACK + INSIDE + OUTSIDE),
    ],
)
def test_names(listens: str, allowed: str, answered: list[str] | None) -> None:
    if answered is None:
        with pytest.raises(UsageError, match=r"'lineageql\.\*', which is no host"):
            Names(listens, allowed)
        return
    names = Names(listens, allowed)
    everything = LOOPBACK + INSIDE + OUTSIDE
    assert [host for host in everything if names.answers(Authority.of(host) or pytest.fail(host))] == answered


async def test_a_page_whose_name_was_pointed_here_reads_and_writes_nothing(service: Service) -> None:
    """DNS rebinding: for the browser the page and this service are one origin."""
    rebound = {"host": "rebound.example:8000", "origin": "http://rebound.example:8000"}
    for response in (
        await post(service, **rebound),
        await service.client.get("/graphql", params=QUERY, headers={"host": "rebound.example"}),
        await service.client.get("/graphql", headers={"host": "rebound.example", "accept": "text/html"}),
        await service.client.get("/schema.graphql", headers={"host": "rebound.example"}),
    ):
        assert response.status_code == 421
        assert "--allowed-hosts rebound.example" in said(response)
    for path in ("/healthz", "/readyz"):
        assert (await service.client.get(path, headers={"host": "10.1.2.3.probes.example"})).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", 200),
        ("http://127.0.0.1:8001", 403),
        ("http://localhost:8000", 403),
        ("https://evil.example", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://127.0.0.1:8000@evil.example", 403),
    ],
)
async def test_a_page_of_another_site_asks_nothing(service: Service, origin: str, status: int) -> None:
    posted = await post(service, host="127.0.0.1:8000", origin=origin)
    got = await service.client.get(
        "/graphql",
        params=QUERY,
        # What a page of another origin may send once CORS allows it, which it does not.
        headers={"host": "127.0.0.1:8000", "origin": origin, "graphql-require-preflight": "1"},
    )
    preflight = await service.client.options("/graphql", headers={"host": "127.0.0.1:8000", "origin": origin})
    assert posted.status_code == got.status_code == status
    assert preflight.status_code == (405 if status == 200 else 403)
    assert "access-control-allow-origin" not in {**posted.headers, **got.headers, **preflight.headers}
    if status == 200:
        assert posted.json() == got.json() == DATA
    else:
        assert "another site" in said(posted)


@pytest.mark.parametrize("service", [{"allowed_hosts": "lineage.example.org,*"}], indirect=True)
async def test_a_proxy_may_ask_under_a_name_of_its_own(service: Service) -> None:
    for origin, status in (
        ("https://lineage.example.org", 200),
        ("http://lineage.example.org", 200),
        ("https://lineage.example.org:8443", 403),
        ("https://evil.example", 403),
    ):
        assert (await post(service, host="upstream.example", origin=origin)).status_code == status, origin
    assert (await post(service, host="lineage.example.org", origin="https://lineage.example.org:443")).json() == DATA


async def test_a_request_names_one_host(service: Service) -> None:
    for hosts in ([], ["localhost", "localhost"], ["a b"], [""], ["[::1"], ["localhost:port"], ["user@localhost"]):
        headers: Any = [("content-type", JSON_TYPE), *(("host", host) for host in hosts)]
        request = service.client.build_request("POST", "/graphql", content=b"{}", headers=headers)
        if not hosts:
            del request.headers["host"]
        response = await service.client.send(request)
        assert response.status_code == 400, hosts
        assert "one header Host" in said(response)


DASH = "https://dash.example.org"
ASKING = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


@pytest.mark.parametrize("service", [{"cors_origins": f"{DASH}, http://127.0.0.1:8001"}], indirect=True)
async def test_pages_of_the_origins_that_are_named_may_ask(service: Service) -> None:
    for origin in (DASH, "http://127.0.0.1:8001"):
        preflight = await service.client.options("/graphql", headers={"origin": origin, **ASKING})
        assert (preflight.status_code, preflight.text) == (204, "")
        assert preflight.headers["access-control-allow-origin"] == origin
        assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, POST"
        assert {"authorization", "content-type"} <= set(preflight.headers["access-control-allow-headers"].split(", "))
        assert preflight.headers["access-control-max-age"] == "7200"
        cross = {"origin": origin, "sec-fetch-site": "cross-site"}
        for answer in (
            await post(service, **cross),
            await service.client.get("/graphql", params=QUERY, headers=cross),
        ):
            assert answer.json() == DATA
            assert answer.headers["access-control-allow-origin"] == origin
            # Never with what the browser knows of its user.
            assert "access-control-allow-credentials" not in {**answer.headers, **preflight.headers}
            assert {"Accept", "Origin"} <= set(answer.headers["vary"].replace(" ", "").split(","))
        # What is refused can be read too.
        wrong = await service.client.post("/graphql", content=b"{", headers={**cross, "content-type": JSON_TYPE})
        assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (400, origin)
    for origin in (
        "https://dash.example.org.evil.com",
        "https://evil.example",
        "http://dash.example.org",
        f"{DASH}:444",
        f"{DASH}/",
        "https://a.dash.example.org",
        "null",
    ):
        for refused in (
            await post(service, origin=origin),
            await service.client.options("/graphql", headers={"origin": origin, **ASKING}),
        ):
            assert refused.status_code == 403
            assert "--cors-origins" in said(refused)
            assert not [name for name in refused.headers if name.startswith("access-control")]
    own = await post(service, host="127.0.0.1:8000", origin="http://127.0.0.1:8000")
    assert own.json() == DATA
    assert "access-control-allow-origin" not in own.headers
    assert "Origin" in own.headers["vary"]


@pytest.mark.parametrize("service", [{"cors_origins": "*", "insecure": True}], indirect=True)
async def test_pages_of_any_origin_may_ask_where_that_was_chosen(service: Service) -> None:
    answer = await post(service, origin="https://evil.example")
    assert (answer.json(), answer.headers["access-control-allow-origin"]) == (DATA, "*")
    assert (await post(service, origin="null")).status_code == 403
    # The name under which it is asked counts all the same.
    assert (await post(service, origin="https://evil.example", host="rebound.example")).status_code == 421


def test_origins() -> None:
    assert not Origins()
    assert Origins("HTTPS://Dash.example.org:443").admits(DASH)
    assert Origins("http://[::1]:8080").admits("http://[::1]:8080")
    for wrong in (
        "dash.example.org",
        f"{DASH}/",
        f"{DASH}/x",
        "https://*.example.org",
        "null",
        "ftp://a",
        "https://a:b@c",
    ):
        with pytest.raises(UsageError, match="which is no origin"):
            Origins(wrong)
    with pytest.raises(UsageError, match="lets any page"):
        admitted_origins(Settings(cors_origins="*"))
    assert admitted_origins(Settings(cors_origins="*", persisted_documents="require")).any


async def test_every_answer_tells_a_browser_to_be_careful(service: Service) -> None:
    html = {"accept": "text/html"}
    for answer in (
        await post(service),
        await post(service, host="rebound.example"),
        await post(service, origin="https://evil.example"),
        await service.client.get("/graphql", headers=html),
        await service.client.get("/", headers=html),
        await service.client.get("/"),
        await service.client.get("/nowhere"),
        await service.client.get("/schema.graphql"),
        await service.client.get("/healthz"),
        await service.client.get("/readyz"),
        await service.client.put("/graphql"),
    ):
        headers = answer.headers
        assert headers.get_list("x-content-type-options") == ["nosniff"]
        assert headers.get_list("referrer-policy") == ["no-referrer"]
        (policy,) = headers.get_list("content-security-policy")
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
