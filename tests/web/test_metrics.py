"""The metrics of the service, through HTTP, read by Prometheus' own parser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lineageql.web.metrics import Metrics
from tests.demo import demo_store
from tests.server import Server
from tests.service import serving

ROOT = Path(__file__).parents[2]
CREATE = 'mutation { createWorkspace(input: {name: "%s"}) { workspace { id } } }'


class Samples(dict[str, float]):
    """The values of samples by their text, such as `lineageql_operations_total{code="OK",kind="query"}`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.types: dict[str, str] = {}
        for family in text_string_to_metric_families(text):
            assert family.documentation, family.name
            self.types[family.name] = family.type
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
                self[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value

    def __missing__(self, name: str) -> float:
        return 0.0


async def told(client: httpx.AsyncClient) -> Samples:
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Samples(response.text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


async def test_what_the_service_did(path: Path) -> None:
    pytest.importorskip("ml_metadata")
    async with serving(path) as service:
        await service.data("{ artifacts(first: 3) { nodes { name producer { name } } } }")
        await service.data("{ __typename }")
        await service.ask("{ nothing }")
        await service.ask('{ artifacts(first: -1) { nodes { id } } a: workspace(name: "x") { id } }')
        await service.data(CREATE % "measured")
        await service.client.get("/nowhere/at/all")
        await service.client.get("/readyz")
        await service.client.request("BREW", "/graphql")
        samples = await told(service.client)
        statements = service.statements
    assert samples['lineageql_operations_total{code="OK",kind="query"}'] == 2
    assert samples['lineageql_operations_total{code="BAD_REQUEST",kind="invalid"}'] == 1
    assert samples['lineageql_operations_total{code="INVALID_ARGUMENT",kind="query"}'] == 1
    assert samples['lineageql_operations_total{code="OK",kind="mutation"}'] == 1
    assert samples['lineageql_operation_duration_seconds_count{kind="query"}'] == 3
    assert 0 < samples['lineageql_operation_duration_seconds_sum{kind="mutation"}'] < 60
    assert samples['lineageql_operation_cost_count{kind="query"}'] == 3
    assert samples['lineageql_operation_cost_sum{kind="query"}'] > 20
    assert samples['lineageql_http_requests_total{method="POST",path="/graphql",status="200"}'] == 5
    assert samples['lineageql_http_requests_total{method="GET",path="other",status="404"}'] == 1
    assert samples['lineageql_http_requests_total{method="GET",path="/readyz",status="200"}'] == 1
    assert samples['lineageql_http_requests_total{method="other",path="/graphql",status="405"}'] == 1
    assert samples["lineageql_store_statements_total"] == statements > 3
    assert samples["lineageql_store_reads_total"] >= 3
    assert samples['lineageql_recorder_calls_total{code="OK",method="PutContexts"}'] == 1
    assert samples["lineageql_recorder_starts_total"] == 1
    assert samples['lineageql_operations_running{kind="query"}'] == 0
    assert samples["process_start_time_seconds"] > 0
    assert any(name.startswith("lineageql_build_info{") for name in samples)


async def test_no_client_makes_labels(path: Path) -> None:
    async with serving(path, read_only=True) as service:
        before = len(await told(service.client))
        for number in range(20):
            await service.ask(f"query Q{number} {{ store {{ backend }} }}")
            await service.client.get(f"/static/{number}")
            await service.client.get(f"/{number}")
            await service.client.request(f"M{number}", "/graphql")
        assert len(await told(service.client)) < before + 60


async def test_what_runs_and_waits(path: Path) -> None:
    async with serving(path, read_only=True, max_concurrent=1, max_waiting=2) as service:
        queries = [asyncio.create_task(service.ask("{ artifacts { nodes { upstream { totalCount } } } }"))]
        queries += [asyncio.create_task(service.ask("{ store { backend } }")) for _ in range(4)]
        seen: list[tuple[float, float]] = []
        while not all(query.done() for query in queries):
            await asyncio.sleep(0.001)
            samples = await told(service.client)
            kind = '{kind="query"}'
            seen.append(
                (samples[f"lineageql_operations_running{kind}"], samples[f"lineageql_operations_waiting{kind}"])
            )
        assert max(seen) >= (1, 1)
        assert all(running <= 1 and waiting <= 2 for running, waiting in seen)
        samples = await told(service.client)
        assert samples['lineageql_operations_total{code="UNAVAILABLE",kind="query"}'] == 2


async def test_switched_off(path: Path) -> None:
    async with serving(path, read_only=True, metrics=False) as service:
        assert (await service.client.get("/metrics")).status_code == 404
        assert await service.data("{ __typename }") == {"__typename": "Query"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int]]:
    """A server with a port of its own for metrics."""
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "demo.db").write_bytes(demo_store())
    flags = ("--port", "0", "--read-only", "--metrics-port", "0", "--max-connections", "2")
    server = Server("serve", "demo.db", *flags, cwd=folder)
    assert server.process.stderr is not None
    port = 0
    for line in server.process.stderr:
        found = re.search(r"metrics are told at http://127.0.0.1:(\d+)/metrics", line)
        if found:
            port = int(found[1])
            break
    try:
        yield server, port
    finally:
        server.stop()


def test_a_port_of_its_own(server: tuple[Server, int]) -> None:
    running, port = server
    with httpx.Client(base_url=running.url) as client:
        assert client.post("/graphql", json={"query": "{ __typename }"}).status_code == 200
        assert client.get("/metrics").status_code == 404

        def connections() -> Samples:
            return Samples(httpx.get(f"http://127.0.0.1:{port}/metrics").text)

        samples: Any = connections()
        assert samples['lineageql_operations_total{code="OK",kind="query"}'] == 1
        for _ in range(50):
            if samples['lineageql_connections{state="waiting"}'] == 1:
                break
            samples = connections()
            asyncio.run(asyncio.sleep(0.1))
        assert samples['lineageql_connections{state="waiting"}'] == 1


def test_what_to_alert_on_is_told() -> None:
    """Every metric that docs/operations.md names is one."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`?(lineageql_[a-z_]+)", text))
    known = {family.name for family in Metrics().registry.collect()}
    stems = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in named}
    assert len(stems) >= 8
    assert stems <= known
