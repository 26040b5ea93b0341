"""How many calls a question takes: its depth and its pages decide, and not the rows beside those that are wanted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lineageql.errors import InvalidArgument, TooExpensive
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, NodeKind
from lineageql.model.predicates import ALWAYS, Field, Operator, Predicate, Property, Related, Relation, Test
from lineageql.store.ports import Link, Order, Search, Window
from lineageql.store.service.client import Knowledge
from lineageql.store.service.reader import ServiceReader
from tests.store.service.conftest import WAYS, ServiceBench, WithoutFilters
from tests.store.sql.node_types import KUBEFLOW, METRICS, MODEL, RUN, SDK_EXECUTION, WORKSPACE
from tests.store.sql.records import EventRecord, NodeRecord, StoreRecord

ARTIFACTS, EXECUTIONS, RUNS, SPACES = 2500, 600, 12, 3


def large() -> StoreRecord:
    """Workspaces with runs, whose executions write four artifacts each and read one that the execution before wrote."""
    names = [f"team-{number}" for number in range(SPACES)]
    spaces = [NodeRecord(id_ + 1, WORKSPACE, name=name) for id_, name in enumerate(names)]
    runs = [
        NodeRecord(
            SPACES + 1 + number,
            RUN,
            name=f"{names[number % SPACES]}/run-{number}",
            custom={"__kf_workspace__": names[number % SPACES], "__kf_run__": f"run-{number}"},
        )
        for number in range(RUNS)
    ]
    executions = [
        NodeRecord(
            id_,
            SDK_EXECUTION,
            name=f"e{id_}",
            state=3,
            created=1000 + id_,
            custom={"__kf_workspace__": names[id_ % SPACES], "__kf_run__": f"run-{id_ % RUNS}"},
        )
        for id_ in range(1, EXECUTIONS + 1)
    ]
    artifacts = [
        NodeRecord(
            id_,
            METRICS if id_ % 50 == 0 else MODEL,
            name=f"a{id_}",
            uri=f"s3://bucket/{id_}",
            created=5000 - id_,
            declared={"name": f"model {id_}"},
            custom={"__kf_workspace__": names[id_ % SPACES], "grade": f"g{id_ % 500}"},
        )
        for id_ in range(1, ARTIFACTS + 1)
    ]
    written = [(1 + (4 * n + i) % ARTIFACTS, n + 1, 4) for n in range(EXECUTIONS) for i in range(4)]
    read = [(4 * n, n + 1, 3) for n in range(1, EXECUTIONS)]
    events = [EventRecord(place + 1, *event, time=place + 1) for place, event in enumerate([*read, *written])]
    return StoreRecord(
        types=KUBEFLOW,
        artifacts=tuple(artifacts),
        executions=tuple(executions),
        contexts=(*spaces, *runs),
        events=tuple(events),
        attributions=frozenset((1 + node.id % SPACES, node.id) for node in artifacts),
        associations=frozenset((1 + node.id % SPACES, node.id) for node in executions),
        parents=frozenset((SPACES + 1 + number, 1 + number % SPACES) for number in range(RUNS)),
    )


class Counting:
    """Counts calls by their methods."""

    def __init__(self, caller: Any) -> None:
        self.caller = caller
        self.calls: Counter[str] = Counter()

    async def call(self, rpc: str, request: bytes) -> bytes:
        self.calls[rpc] += 1
        found: bytes = await self.caller.call(rpc, request)
        return found


@pytest.fixture(scope="module")
def filled(service_bench: ServiceBench) -> ServiceBench:
    service_bench.put(large())
    return service_bench


class Asked:
    """A Reader whose types are read, and the calls that it makes from then on."""

    def __init__(self, bench: ServiceBench, way: str = WAYS[0], **knobs: Any) -> None:
        self.counting = Counting(bench.channel if way == WAYS[0] else WithoutFilters(bench.channel))
        knowledge = Knowledge(filters=way == WAYS[0], plural=False)
        self.reader = ServiceReader(self.counting, knowledge, **knobs)
        self.run = bench.run
        self.run(self.reader.types())
        self.counting.calls.clear()

    @property
    def calls(self) -> int:
        return self.counting.calls.total()


def bound(bench: ServiceBench, way: str, with_filters: int, without: int) -> int:
    """The most calls that are right; where ml-metadata itself has no filters, one more finds that out."""
    if way != WAYS[0]:
        return without
    return with_filters if bench.filters else without + 1


IN_SPACE = Related(Relation.WORKSPACE, Test(Field.NAME, Operator.EQ, "team-1"))
FIRSTS: dict[str, tuple[Predicate, int, int]] = {
    # What is asked, and the calls for its first page of 20 with filters and without.
    "everything": (ALWAYS, 1, 1),
    "an id": (Test(Field.ID, Operator.EQ, 77), 1, 1),
    "a uri": (Test(Field.URI, Operator.EQ, "s3://bucket/77"), 1, 1),
    "a type": (Test(Field.TYPE, Operator.EQ, METRICS.name), 1, 1),
    "what a filter cannot say": (Test(Field.NAME, Operator.ENDS_WITH, "77"), 3, 3),
    "made by an execution": (Related(Relation.PRODUCED_BY, Test(Field.ID, Operator.EQ, 5)), 3, 3),
    "a grade": (Test(Property("grade"), Operator.EQ, "g7"), 5, 5),
}


@pytest.mark.parametrize("name", FIRSTS)
def test_first_pages(filled: ServiceBench, way: str, name: str) -> None:
    predicate, with_filters, without = FIRSTS[name]
    asked = Asked(filled, way)
    found = asked.run(asked.reader.search(Search(EntityKind.ARTIFACT, predicate), Window(20)))
    assert found.rows
    assert asked.calls == (with_filters if way == WAYS[0] else without), asked.counting.calls


def test_executions_are_found_by_a_safe_filter(filled: ServiceBench, way: str) -> None:
    asked = Asked(filled, way)
    named = Test(Field.NAME, Operator.EQ, "e77")
    found = asked.run(asked.reader.search(Search(EntityKind.EXECUTION, named), Window(20)))
    assert [row.entity.mlmd_id for row in found.rows] == [77]
    assert asked.calls <= bound(filled, way, 5, 12), asked.counting.calls
    bounded = Asked(filled, way, scan_limit=10)
    if way == WAYS[0] and filled.filters:
        assert bounded.run(bounded.reader.count(Search(EntityKind.EXECUTION, named))) == 1
    else:
        with pytest.raises(TooExpensive, match="more than 10 rows"):
            bounded.run(bounded.reader.count(Search(EntityKind.EXECUTION, named)))


@pytest.mark.parametrize("field", [Field.CREATE_TIME, Field.UPDATE_TIME], ids=lambda field: field.value)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_in_the_order_of_times(filled: ServiceBench, way: str, field: Field, descending: bool) -> None:
    """The update times of all are equal, and the ids go against the times of creation."""
    upward = descending if field is Field.CREATE_TIME else not descending
    wanted = list(range(1, ARTIFACTS + 1))[:: 1 if upward else -1]
    search = Search(EntityKind.ARTIFACT, order=Order(field, descending))
    found: list[int | None] = []
    key = None
    for size in (60, 150, 30):
        asked = Asked(filled, way)
        page = asked.run(asked.reader.search(search, Window(size, after=key)))
        found += [row.entity.mlmd_id for row in page.rows]
        key = page.rows[-1].key
        assert asked.calls <= bound(filled, way, 6, 8), asked.counting.calls
    assert found == wanted[:240]


def test_a_page_deep_inside_costs_what_the_first_costs(filled: ServiceBench, way: str) -> None:
    asked = Asked(filled, way)
    search = Search(EntityKind.ARTIFACT)
    page = asked.run(asked.reader.search(search, Window(50, after=(2000,))))
    assert [row.entity.mlmd_id for row in page.rows] == list(range(2001, 2051))
    last = asked.run(asked.reader.search(search, Window(50, before=(2000,), backward=True)))
    assert [row.entity.mlmd_id for row in last.rows] == list(range(1950, 2000))
    assert asked.calls == 2, asked.counting.calls


def test_levels_of_lineage(filled: ServiceBench) -> None:
    """However many nodes there are in a level, it takes a call or two."""
    asked = Asked(filled)
    ids = list(range(1, 900))
    events = asked.run(asked.reader.events(NodeKind.ARTIFACT, ids, OUTPUT_EVENTS))
    executions = sorted({event.execution_id for event in events})
    asked.run(asked.reader.events(NodeKind.EXECUTION, executions, INPUT_EVENTS))
    assert len(executions) == 225
    asked.run(asked.reader.types_of(EntityKind.ARTIFACT, ids))
    asked.run(asked.reader.matching(EntityKind.ARTIFACT, ids, Test(Field.NAME, Operator.STARTS_WITH, "model 1")))
    assert asked.counting.calls == {"GetEventsByArtifactIDs": 1, "GetEventsByExecutionIDs": 1, "GetArtifactsByID": 1}


def test_memberships_of_many(filled: ServiceBench, way: str) -> None:
    """Without filters each artifact is asked for its contexts."""
    asked = Asked(filled, way)
    refs = [Ref(EntityKind.ARTIFACT, id_) for id_ in range(1, 301)]
    found = asked.run(asked.reader.workspaces_of(EntityKind.ARTIFACT, refs))
    assert found == {ref: Ref(EntityKind.WORKSPACE, 1 + int(str(ref.key)) % SPACES) for ref in refs}
    assert asked.calls <= bound(filled, way, 6, len(refs) + 6), asked.counting.calls
    again = Asked(filled, way)
    matching = again.run(again.reader.matching(EntityKind.ARTIFACT, [int(str(ref.key)) for ref in refs], IN_SPACE))
    assert len(matching) == 100
    assert again.calls <= bound(filled, way, 6, len(refs) + 6), again.counting.calls


def test_what_is_under_a_workspace(filled: ServiceBench) -> None:
    asked = Asked(filled)
    spaces = [Ref(EntityKind.WORKSPACE, id_) for id_ in (1, 2, 3)]
    search = Search(EntityKind.ARTIFACT)
    pages = asked.run(asked.reader.search_under(Link.WORKSPACE_ARTIFACTS, spaces, search, Window(20)))
    assert all(len(page.rows) == 20 and page.more for page in pages.values())
    assert asked.counting.calls == {"GetArtifactsByContext": 3}
    counts = asked.run(asked.reader.count_under(Link.WORKSPACE_ARTIFACTS, spaces, search))
    assert sum(counts.values()) == ARTIFACTS


def test_a_workspace_by_its_name(filled: ServiceBench) -> None:
    asked = Asked(filled)
    named = Search(EntityKind.WORKSPACE, Test(Field.NAME, Operator.EQ, "team-1"))
    found = asked.run(asked.reader.search(named, Window(2)))
    assert [row.entity.mlmd_id for row in found.rows] == [2]
    # The second tells that the name is not one that nodes have for a workspace without a context.
    assert asked.counting.calls == {"GetContexts": 1, "GetContextByTypeAndName": 1}


def test_the_runs_of_a_workspace(filled: ServiceBench, way: str) -> None:
    """The contexts are read once, for those that are runs and for their names."""
    asked = Asked(filled, way)
    search, owner = Search(EntityKind.RUN), Ref(EntityKind.WORKSPACE, 2)
    found = asked.run(asked.reader.search_under(Link.WORKSPACE_RUNS, [owner], search, Window(20)))
    assert len(found[owner].rows) == RUNS // SPACES
    # One call more, with filters, is for the workspaces that they name.
    assert asked.counting.calls["GetContexts"] <= 2
    assert asked.counting.calls["GetContextsByType"] == 0


def test_states_of_runs(filled: ServiceBench, way: str) -> None:
    asked = Asked(filled, way)
    found = asked.run(asked.reader.search(Search(EntityKind.RUN), Window(100)))
    states = asked.run(asked.reader.run_states([row.entity.ref for row in found.rows]))
    assert {sum(counts.values()) for counts in states.values()} == {EXECUTIONS // RUNS}
    assert asked.calls <= 20, asked.counting.calls


def test_too_much_to_look_at_is_an_error(filled: ServiceBench, way: str) -> None:
    asked = Asked(filled, way, scan_limit=1000)
    rare = Search(EntityKind.ARTIFACT, Test(Field.NAME, Operator.ENDS_WITH, "2499"))
    with pytest.raises(TooExpensive, match="more than 1000 rows"):
        asked.run(asked.reader.search(rare, Window(20)))
    within = Asked(filled, way, scan_limit=3000)
    assert len(within.run(within.reader.search(rare, Window(20))).rows) == 1


@pytest.mark.parametrize("key", [("a",), (None, 1), ("a", "b"), (1.5,)], ids=str)
def test_keys_of_no_cursor_are_refused(filled: ServiceBench, key: Any) -> None:
    for field in (Field.ID, Field.CREATE_TIME):
        asked = Asked(filled)
        with pytest.raises(InvalidArgument, match="cursor"):
            asked.run(asked.reader.search(Search(EntityKind.ARTIFACT, order=Order(field)), Window(2, after=key)))
