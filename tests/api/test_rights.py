"""A caller who may see a part of a store is answered as if the store held nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import graphql
import httpx
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from lineageql.api.schema import SCHEMA
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.settings import Settings
from lineageql.store.ports import Store, StoreInfo
from lineageql.store.server_store import ServerStore
from lineageql.store.service_store import ServiceStore
from lineageql.store.sqlite_store import SQLiteStore
from lineageql.web.app import create_app
from tests.api.answers import differences
from tests.api.operations import Known, operations
from tests.api.test_operations import LIMITS
from tests.store.service.carried import carried
from tests.store.service.conftest import WAYS, ServiceBench, WithoutFilters, service_bench
from tests.store.sql.conftest import bench
from tests.store.sql.oracle import Oracle
from tests.store.sql.pruned import hidden, pruned
from tests.store.sql.records import StoreRecord
from tests.store.sql.stores import SPACE_NAMES, stores

__all__ = ["bench", "service_bench"]

PATTERNS = st.lists(
    st.sampled_from((*SPACE_NAMES, "w*", "*", "", "*[%xz]", "?", "é*", "a*", "b", "context *")), max_size=3, unique=True
)
OPERATIONS = 3
"""How many documents are asked of each store."""
EVERY = 3
"""One of how many stores is asked for everything, which takes longest."""
EVERYTHING = """query ($ids: [ID!]!, $mlmdIds: [BigInt!]) {
  workspaces(orderBy: {field: LATEST_RUN}) { totalCount nodes { id name runs { totalCount nodes { id name state } }
    executions { totalCount nodes { id } } artifacts { totalCount nodes { id } } } }
  runs { totalCount nodes { id name state createTime updateTime workspace { name }
    executions { totalCount nodes { id } } inputs { nodes { id } } outputs { totalCount nodes { id } } } }
  executions { totalCount nodes { id name run { id } workspace { name } inputs { nodes { id } } outputs { nodes { id } }
    upstream { totalCount } downstream { nodes { id } } parent { id } } }
  artifacts { totalCount nodes { id name workspaces { name } workspace { name } run { id } producer { id }
    producers { totalCount } consumers { nodes { id } } ... on Model { metrics { totalCount nodes { id } } }
    ... on Metrics { model { id } } } }
  lineage(where: {artifacts: {}, executions: {}}) { complete limits frontier nodes { hops node { id name } }
    edges { artifact { id } execution { id } implied } crossingEdges { eventType }
    counts { artifacts executions byType { value count } } }
  nodes(ids: $ids) { id ... on Entity { name } }
  search(text: "a") { totalCount nodes { id } }
  store { counts { workspaces runs executions artifacts events } }
  types(of: ARTIFACT) { name }
  FACETS
  ofIds: artifacts(where: {mlmdIds: $mlmdIds}) { totalCount }
  notOfIds: executions(where: {not: {mlmdIds: $mlmdIds}}) { totalCount }
  made: artifacts(where: {producedBy: {}}) { totalCount }
  unmade: artifacts(where: {not: {producedBy: {}}}) { totalCount }
  read: artifacts(where: {consumedBy: {inputs: {}}}) { totalCount }
  ofRuns: artifacts(where: {run: {name: {ne: "r"}}}) { totalCount }
  inRuns: executions(where: {run: {name: {ne: "r"}}}) { totalCount }
  placed: executions(where: {workspace: {name: {ne: "w"}}}) { totalCount }
  reading: runs(where: {inputs: {}}) { totalCount }
  writing: runs(where: {outputs: {}}) { totalCount }
  working: runs(where: {executions: {}, workspace: {name: {ne: "w"}}}) { totalCount }
  running: workspaces(where: {runs: {executions: {}}}) { totalCount }
  holding: workspaces(where: {artifacts: {producedBy: {}}}) { totalCount }
}""".replace(
    "FACETS",
    " ".join(
        f"{kind}{by}: {kind}Facets(by: {by}) {{ value count }}"
        for kind, more in (
            ("artifact", ("RUN", "KIND", "PROPERTY_NAME", "VALUE_NAME", "PARAMETER_NAME")),
            ("execution", ("RUN", "PROPERTY_NAME", "PARAMETER_NAME")),
            ("run", ()),
        )
        for by in ("TYPE", "WRITER", "STATE", "WORKSPACE", "LABEL_KEY", *more)
    ),
)
_MAY_DIFFER = re.compile(r"\b(viewer|url|explain)\b")


def info(backend: str) -> StoreInfo:
    return StoreInfo("a store", backend, 10, False)


@asynccontextmanager
async def client(store: Store, policy: Path | None) -> AsyncIterator[httpx.AsyncClient]:
    """What asks a service over a store."""
    limits = {**LIMITS, "max_cost": 100_000}
    loaded = Settings(**limits, policy="" if policy is None else str(policy), graphiql=False, explorer=False)
    transport = httpx.ASGITransport(app=create_app(store, loaded), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as made:
        yield made


async def answers(store: Store, policy: Path | None, asked: list[dict[str, Any]]) -> list[tuple[int, Any]]:
    """The status and the body of each answer."""
    async with client(store, policy) as http:
        found = []
        for body in asked:
            answer = await http.post(
                "/graphql", json=body, headers={"Accept": "application/graphql-response+json", "GraphQL-Cost": "0"}
            )
            found.append((answer.status_code, answer.json()))
        return found


def known(store: StoreRecord) -> Known:
    """What there is to ask for, be it hidden or not."""
    oracle = Oracle(store)
    kinds = {
        "Workspace": EntityKind.WORKSPACE,
        "Run": EntityKind.RUN,
        "Execution": EntityKind.EXECUTION,
        "Artifact": EntityKind.ARTIFACT,
    }
    ids = {name: [str(thing.ref) for thing in oracle.of(kind)] for name, kind in kinds.items()}
    names = {str(node.name) for node in (*store.contexts, *store.artifacts, *store.executions)}
    nothing = {kind: [str(Ref(of, RunName("no", "no") if kind == "Run" else 99))] for kind, of in kinds.items()}
    return Known({kind: ids[kind] or nothing[kind] for kind in kinds}, ["AAAA"], sorted(names | set(SPACE_NAMES)))


def drawn(store: StoreRecord, seed: int) -> list[dict[str, Any]]:
    """What asks for everything, and random operations, but for what says itself who asks."""
    random, of = Random(seed), known(store)
    ids = [id_ for some in of.ids.values() for id_ in some]
    asked: list[dict[str, Any]] = []
    if random.randrange(EVERY) == 0:
        asked.append({"query": EVERYTHING, "variables": {"ids": ids[:20], "mlmdIds": [1, 3, 5]}})
    while len(asked) < OPERATIONS:
        (operation,) = operations(SCHEMA._schema, of, random, most=1)
        if not _MAY_DIFFER.search(operation.query):
            asked.append(operation.body())
    return asked


ARTIFACT, EXECUTION = EntityKind.ARTIFACT, EntityKind.EXECUTION
HIDDEN = "what you may not see"
TRIES = 5


def told(body: Any) -> tuple[Any, bool]:
    """An answer without what tells that something is hidden, and whether that was there."""
    found = False

    def plain(value: Any, name: str = "") -> Any:
        nonlocal found
        if isinstance(value, dict):
            return {key: plain(item, key) for key, item in value.items()}
        if isinstance(value, list):
            if "HIDDEN" in value:
                found = True
            return [plain(item) for item in value if item != "HIDDEN"]
        return None if isinstance(value, bool) and (name == "complete" or name.startswith("comp_")) else value

    return plain(body), found


async def same(here: tuple[int, Any], there: tuple[int, Any], asked: dict[str, Any]) -> bool:
    """Checks that two answers are the same, but for what tells that something is hidden; whether that is told."""
    if any(HIDDEN in error["message"] for error in here[1].get("errors", ())):
        event("a filter by lineage came to what is hidden")
        return True
    if "errors" in here[1]:
        for body in (here[1], there[1]):  # how much was read when one field failed is a matter of who was quicker
            body.get("extensions", {}).pop("cost", None)
    mine, hides = told(here[1])
    other, tells = told(there[1])
    assert not tells
    if hides:
        event("a lineage leads to what is hidden")
    assert (here[0], mine.get("extensions")) == (there[0], other.get("extensions")), json.dumps(asked)
    assert not await differences(mine, other), json.dumps(asked)
    return hides


def alone(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as an operation asks, each of its fields in an operation of its own."""
    document = graphql.parse(asked["query"])
    (operation,) = (one for one in document.definitions if isinstance(one, graphql.OperationDefinitionNode))
    fragments = "".join(graphql.print_ast(one) for one in document.definitions if one is not operation)
    found = []
    for field in operation.selection_set.selections:
        parts = graphql.separate_operations(graphql.parse(f"query {{ {graphql.print_ast(field)} }} {fragments}"))
        ((_, reached),) = parts.items()
        text = graphql.print_ast(reached)
        named = set(re.findall(r"\$(\w+)", text))
        heads = [graphql.print_ast(d) for d in operation.variable_definitions or () if d.variable.name.value in named]
        body = "".join(graphql.print_ast(one) for one in reached.definitions if one.kind != "operation_definition")
        head = f"({', '.join(heads)})" if heads else ""
        query = f"query {head} {{ {graphql.print_ast(field)} }} {body}"
        variables = {name: value for name, value in (asked.get("variables") or {}).items() if name in named}
        found.append({"query": query, "variables": variables})
    return found


def spent(answer: tuple[int, Any]) -> Any:
    """What an operation cost."""
    return answer[1].get("extensions", {}).get("cost")


def leads_out(store: StoreRecord, seen: StoreRecord) -> bool:
    """Whether an event leads from what is seen to what is not."""
    gone = hidden(store, seen)
    events = [*store.events, *Oracle(store).implied_inputs]
    ends = [
        (Ref(EntityKind.ARTIFACT, e.artifact) in gone, Ref(EntityKind.EXECUTION, e.execution) in gone) for e in events
    ]
    return any(here is not there for here, there in ends)


def write_policy(path: Path, patterns: list[str]) -> Path:
    path.write_text(f'[[rule]]\nwho = ["anonymous"]\nroles = ["READ"]\nworkspaces = {json.dumps(patterns)}\n')
    return path


RANDOM = settings(deadline=None, suppress_health_check=list(HealthCheck))


class SQLBench:
    """Opens stores of a workbench."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.run = bench.run
        self.keeps = bench.keeps

    @contextmanager
    def store(self, record: StoreRecord) -> Iterator[Store]:
        with self.bench.store(record) as driver:
            backend = driver.dialect.name
            if backend == "sqlite":
                yield SQLiteStore(driver, info(backend), None)
            else:
                yield ServerStore(driver, driver, info(backend), None)


class GRPCBench:
    """Opens stores behind MLMD's service."""

    def __init__(self, bench: ServiceBench, way: str) -> None:
        self.bench = bench
        self.way = way
        self.run = bench.run
        self.keeps = carried

    @contextmanager
    def store(self, record: StoreRecord) -> Iterator[Store]:
        self.bench.put(record)
        channel = self.bench.channel
        yield ServiceStore(info("grpc"), channel if self.way == WAYS[0] else WithoutFilters(channel))


def property_holds(place: Any, folder: Path, share: float) -> None:
    """Tries the property with a share of the usual number of examples."""

    @settings(RANDOM, max_examples=max(2, int(settings.default.max_examples * share)))
    @given(stores(), PATTERNS, st.integers(0, 2**64 - 1))
    def check(drawn_store: StoreRecord, patterns: list[str], seed: int) -> None:
        store = place.keeps(drawn_store)
        seen, asked = pruned(store, patterns), drawn(store, seed)
        policy = write_policy(folder / "policy.toml", patterns or ["nothing"])

        def both(bodies: list[dict[str, Any]]) -> tuple[list[tuple[int, Any]], list[tuple[int, Any]]]:
            """What is answered where something is hidden, and where it is not there."""
            for _ in range(TRIES):
                with place.store(store) as opened:
                    narrowed = place.run(answers(opened, policy, bodies))
                with place.store(seen) as opened:
                    whole = place.run(answers(opened, None, bodies))
                # Reads that are ready at one moment go together: how many there were is a matter of who was quicker.
                if list(map(spent, narrowed)) == list(map(spent, whole)):
                    break
            return narrowed, whole

        narrowed, whole = both(asked)
        for here, there, body in zip(narrowed, whole, asked, strict=True):
            if spent(here) != spent(there) and "errors" not in here[1]:
                event("the whole costs now this, now that")
                parts = both(alone(body))
                assert list(map(spent, parts[0])) == list(map(spent, parts[1])), json.dumps(body)
                there[1]["extensions"]["cost"] = spent(here)
        told_so = [place.run(same(*each)) for each in zip(narrowed, whole, asked, strict=True)]
        if asked[0]["query"] == EVERYTHING:
            assert told_so[0] is leads_out(store, seen)

    check()


def test_an_answer_is_that_of_what_may_be_seen(bench: Any, tmp_path: Path) -> None:
    property_holds(SQLBench(bench), tmp_path, bench.examples / 2)


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_behind_mlmds_service(service_bench: ServiceBench, way: str, tmp_path: Path) -> None:
    property_holds(GRPCBench(service_bench, way), tmp_path, 0.2)
