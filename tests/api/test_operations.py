"""Whatever operation a client sends, it gets a GraphQL answer, and the one that graphql-core's own executor gives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.api.execution import Executor
from lineageql.api.schema import SCHEMA
from lineageql.catalog.finding import Finder
from tests.api.answers import answer, differences, ended, graphql_core, timeless
from tests.api.operations import Known, operations
from tests.demo import demo_store
from tests.service import Service, serving

# Small enough for random operations to come to the limits, and for those within them to be quick.
LIMITS = {
    "max_cost": 3_000,
    "max_depth": 12,
    "page_size": 4,
    "max_page_size": 20,
    "lineage_nodes": 60,
    "max_lineage_nodes": 200,
}


async def known_of(service: Service) -> Known:
    """What there is to ask for."""
    names = ("workspaces", "runs", "executions", "artifacts")
    parts = " ".join(
        f"{name}(first: 20) {{ edges {{ cursor node {{ __typename id name labels {{ key value }} }} }} }}"
        for name in names
    )
    more = "artifact(mlmdId: 5) { upstream(first: 3) { edges { cursor } } producers { edges { cursor } } }"
    data = await service.data(f"{{ {parts} {more} }}")
    nodes = {name: [edge["node"] for edge in data[name]["edges"]] for name in names}
    kinds = dict(zip(("Workspace", "Run", "Execution", "Artifact"), names, strict=True))
    pages = [*(data[name] for name in names), *data["artifact"].values()]
    return Known(
        ids={kind: [node["id"] for node in nodes[name]] for kind, name in kinds.items()},
        cursors=[edge["cursor"] for page in pages for edge in page["edges"][:4]],
        texts=sorted(
            {node["name"] for some in nodes.values() for node in some}
            | {text for node in nodes["artifacts"] for label in node["labels"] for text in label.values()}
        ),
    )


class Target:
    """Services over copies of the demonstration store, and a loop for them."""

    def __init__(self, folder: Path, copies: int, **more: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.services: list[Service] = []
        self._open = AsyncExitStack()
        self.loop.run_until_complete(self._begin(folder, copies, more))

    async def _begin(self, folder: Path, copies: int, more: dict[str, Any]) -> None:
        for number in range(copies):
            path = folder / f"demo-{number}.db"
            path.write_bytes(demo_store())
            self.services.append(await self._open.enter_async_context(serving(path, **LIMITS, **more)))
        self.known = await known_of(self.services[0])

    def close(self) -> None:
        self.loop.run_until_complete(self._open.aclose())
        self.loop.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One that only reads."""
    made = Target(tmp_path_factory.mktemp("operations"), 1, read_only=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Two that record, each into a store of its own."""
    made = Target(tmp_path_factory.mktemp("mutations"), 2)
    yield made
    made.close()


async def check(service: Service, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The answer to a query.

    Fails where it is none of GraphQL's, or not graphql-core's, or where something goes on after it.
    """
    before = asyncio.all_tasks()
    ours = await answer(service, query, variables)
    await ended(before)
    async with graphql_core():
        theirs = await answer(service, query, variables)
    await ended(before, 60)  # graphql-core lets what it waits for beside a failed field come to its end
    faults = await differences(ours, theirs, service, query, variables)
    assert not faults, "\n".join(faults)
    return ours


async def check_mutation(services: list[Service], query: str, variables: dict[str, Any]) -> None:
    """The same for a mutation, that each of two equal stores is sent once."""
    ours = timeless(await answer(services[0], query, variables))
    async with graphql_core():
        theirs = timeless(await answer(services[1], query, variables))
    faults = await differences(ours, theirs)
    assert not faults, "\n".join(faults)


RANDOM = settings(deadline=None, suppress_health_check=list(HealthCheck))


@RANDOM
@given(st.integers(0, 2**64 - 1))
def test_random_queries(target: Target, seed: int) -> None:
    for drawn in operations(SCHEMA._schema, target.known, Random(seed), most=2):
        target.loop.run_until_complete(check(target.services[0], drawn.query, drawn.variables))


@settings(RANDOM, max_examples=max(4, settings.default.max_examples // 4))
@given(st.integers(0, 2**64 - 1))
def test_random_mutations(twins: Target, seed: int) -> None:
    for drawn in operations(SCHEMA._schema, twins.known, Random(seed), mutation=True, most=2):
        twins.loop.run_until_complete(check_mutation(twins.services, drawn.query, drawn.variables))


SHARED = """
  fragment Shared on Artifact { producers { nodes { id } } run { id executions { nodes { id } } } }
"""
FOUND: dict[str, tuple[str, dict[str, Any]]] = {
    # graphql-core cancels the fields beside one that fails, and the other artifact waited for the same loader.
    "a cursor that fails beside what another field waits for": (
        """{ a: artifact(mlmdId: 5) {
               ...Shared workspace { runs { nodes { id } } } downstream(after: "no") { totalCount } }
             b: artifact(mlmdId: 5) { ...Shared workspace { id } } }"""
        + SHARED,
        {},
    ),
    "an id of a run beside what another field waits for": (
        """query ($run: ID!) {
             a: artifact(mlmdId: 5) { ...Shared producers { nodes {
               downstream(where: {artifacts: {ids: [$run]}}) { totalCount } } } }
             b: artifact(mlmdId: 5) { ...Shared workspace { runs { nodes { id } } } } }"""
        + SHARED,
        {"run": "RUN"},
    ),
    "a condition that is null": (
        """query ($no: Boolean = false) {
             artifact(mlmdId: 5) { upstream { pageInfo { hasNextPage @skip(if: $no) } nodes { id } } } }""",
        {"no": None},
    ),
    "a number of thousands of digits": (f"{{ artifacts(first: {'1' * 5000}) {{ totalCount }} }}", {}),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_random_queries_found(what: str, target: Target) -> None:
    query, variables = FOUND[what]
    real = {name: target.known.ids["Run"][0] if value == "RUN" else value for name, value in variables.items()}
    found = target.loop.run_until_complete(check(target.services[0], query, real))
    assert {error["extensions"]["code"] for error in found["errors"]} <= {"INVALID_ARGUMENT", "BAD_REQUEST"}


@pytest.mark.parametrize("verb", ["page", "workspaces", "pages"])
async def test_a_cancellation_that_nobody_asked_for_is_an_error(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def cancelled(*_: Any) -> Any:
        raise asyncio.CancelledError

    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        monkeypatch.setattr(Finder, verb, cancelled)
        with caplog.at_level(logging.ERROR, "lineageql.api"):
            error = await service.error("{ artifacts(first: 1) { nodes { workspace { runs { totalCount } } } } }")
    assert error["code"] == "INTERNAL"
    assert error["errorId"] in caplog.text
    assert "cancelled" in caplog.text or "_Stray" in caplog.text
    assert "TypeError" not in caplog.text  # as the cancellation itself was taken for an answer


async def test_what_nobody_foresaw_is_an_error_of_graphql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise LookupError("nobody foresaw this")

    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        for owner, name, status in ((type(service.store), "reading", 200), (Executor, "execute", 500)):
            with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "lineageql.api"):
                patch.setattr(owner, name, broken)
                response = await service.client.post("/graphql", json={"query": "{ artifacts { totalCount } }"})
            assert response.status_code == status
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == "INTERNAL"
            assert error["extensions"]["errorId"] in caplog.text
            assert "nobody foresaw this" in caplog.text
            assert "nobody foresaw this" not in response.text
