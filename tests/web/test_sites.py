"""Under which names the service answers, and that no page of another site writes to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.errors import UsageError
from lineageql.web.answers import JSON_TYPE
from lineageql.web.sites import Authority, Names
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
