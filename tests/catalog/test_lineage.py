"""The walk over lineage, against closures that networkx finds in the same random graphs."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageql.catalog import adjacency
from lineageql.catalog.adjacency import Events
from lineageql.catalog.budget import Budget
from lineageql.catalog.closures import Closure, closure_pages
from lineageql.catalog.differences import lineage_diff
from lineageql.catalog.finding import Finder
from lineageql.catalog.lineage import Bounds, Direction, Graph, Limit, NodeFilter, Terms, walk, walk_each
from lineageql.catalog.metering import metered
from lineageql.catalog.pages import PageRequest
from lineageql.catalog.paths import shortest_path
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, NodeKind
from lineageql.model.predicates import NEVER, Field, Operator, Test
from lineageql.settings import Settings
from lineageql.store.ports import Reader
from lineageql.store.sql.event_walks import walk_statement
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from tests.catalog.graphs import Edge, artifact, execution, flow, write_graph

MANY = 1_000_000
AHEAD = [adjacency._LEAST_AHEAD, 2, 5, 9]
"""How many events are read at most with one statement, at first."""
ONE_WAY = [Direction.UPSTREAM, Direction.DOWNSTREAM, Direction.CONNECTED]
"""The directions in which all nodes are expanded in the same way, so that a frontier says how to go on."""


@asynccontextmanager
async def reading(
    artifacts: int, executions: int, edges: Sequence[Edge], cached: Collection[int] = (), ahead: int | None = None
) -> AsyncIterator[SQLReader]:
    # Small graphs are read in several turns, too.
    most = ahead or AHEAD[len(edges) % len(AHEAD)]
    with tempfile.TemporaryDirectory() as folder, patch.object(adjacency, "_LEAST_AHEAD", most):
        path = Path(folder, "graph.db")
        write_graph(path, artifacts, executions, edges, cached=cached)
        driver = SQLiteDriver(path, threads=1, lock_timeout=5)
        try:
            yield SQLReader(driver)
        finally:
            await driver.close()


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, int, list[Edge]]:
    artifacts, executions = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    pairs = st.tuples(st.integers(1, artifacts), st.integers(1, executions), st.sampled_from(EventType))
    edges = draw(st.lists(pairs, max_size=30, unique=True))
    times = draw(st.lists(st.one_of(st.none(), st.integers(1, 50)), min_size=len(edges), max_size=len(edges)))
    return artifacts, executions, [(*edge, time_) for edge, time_ in zip(edges, times, strict=True)]


def nodes_of(artifacts: int, executions: int) -> list[Ref]:
    return [*map(artifact, range(1, artifacts + 1)), *map(execution, range(1, executions + 1))]


def distances(edges: Sequence[Edge], roots: Sequence[Ref], direction: Direction) -> dict[Ref, int]:
    """The least number of steps from a root to all that it reaches, found by networkx."""
    with_the_flow = flow(edges)
    found: dict[Ref, int] = dict.fromkeys(roots, 0)
    ways = {
        Direction.UPSTREAM: [with_the_flow.reverse()],
        Direction.DOWNSTREAM: [with_the_flow],
        Direction.BOTH: [with_the_flow, with_the_flow.reverse()],
        Direction.CONNECTED: [with_the_flow.to_undirected()],
    }
    for graph, root in itertools.product(ways[direction], roots):
        if root in graph:
            for node, hops in networkx.single_source_shortest_path_length(graph, root).items():
                found[node] = min(hops, found.get(node, MANY))
    return found


def events_between(edges: Sequence[Edge], nodes: set[Ref]) -> set[tuple[int, int, EventType]]:
    return {(a, e, type_) for a, e, type_, _ in edges if artifact(a) in nodes and execution(e) in nodes}


def events_of(graph: Graph) -> set[tuple[int, int, EventType]]:
    return {(event.artifact_id, event.execution_id, event.type) for event in graph.edges}


@settings(deadline=None)
@given(graphs(), st.data(), st.sampled_from(Direction))
async def test_whole_walk_is_the_closure(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, direction: Direction
) -> None:
    artifacts, executions, edges = drawn
    roots = data.draw(st.lists(st.sampled_from(nodes_of(artifacts, executions)), min_size=1, max_size=3, unique=True))
    async with reading(artifacts, executions, edges) as reader:
        graph = await walk(reader, roots, direction, Bounds(MANY))
    expected = distances(edges, roots, direction)
    assert graph.hops == expected
    assert list(graph.hops) == sorted(expected, key=lambda ref: (expected[ref], ref.key, ref.kind.value))
    assert graph.complete
    assert graph.frontier == graph.crossing == []
    if direction is not Direction.BOTH:
        assert events_of(graph) == events_between(edges, set(expected))
    else:
        assert events_of(graph) <= events_between(edges, set(expected))


@settings(deadline=None)
@given(graphs(), st.data(), st.sampled_from(ONE_WAY), st.integers(0, 4))
async def test_hops_bound_what_is_shown(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, direction: Direction, hops: int
) -> None:
    artifacts, executions, edges = drawn
    root = data.draw(st.sampled_from(nodes_of(artifacts, executions)))
    async with reading(artifacts, executions, edges) as reader:
        graph = await walk(reader, [root], direction, Bounds(MANY, hops))
        rest = await walk(reader, graph.frontier, direction, Bounds(MANY)) if graph.frontier else Graph()
    whole = distances(edges, [root], direction)
    expected = {ref: steps for ref, steps in whole.items() if steps <= hops}
    assert graph.hops == expected
    assert events_of(graph) == events_between(edges, set(expected))
    assert graph.complete == (len(expected) == len(whole))
    assert graph.limits == ([] if graph.complete else [Limit.MAX_HOPS])
    assert graph.hops.keys() | rest.hops.keys() == whole.keys()


@settings(deadline=None)
@given(graphs(), st.data(), st.sampled_from(ONE_WAY), st.integers(1, 12))
async def test_asking_again_with_the_frontier_gives_the_rest(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, direction: Direction, most: int
) -> None:
    artifacts, executions, edges = drawn
    # Roots that a filter finds may be more than the nodes that are shown.
    roots = data.draw(st.lists(st.sampled_from(nodes_of(artifacts, executions)), min_size=1, max_size=6, unique=True))
    whole = distances(edges, roots, direction)
    seen: set[Ref] = set()
    events: set[tuple[int, int, EventType]] = set()
    async with reading(artifacts, executions, edges) as reader:
        first = await walk(reader, roots, direction, Bounds(most))
        rest = await walk(reader, first.frontier, direction, Bounds(MANY)) if first.frontier else Graph()
    for graph in (first, rest):
        seen |= graph.hops.keys()
        events |= events_of(graph)
        events |= {(event.artifact_id, event.execution_id, event.type) for event in graph.crossing}
    assert len(first.hops) == min(most, len(whole))
    assert first.complete == (len(whole) <= most)
    assert seen == set(whole)
    assert events == events_between(edges, set(whole))
    assert events_of(first) == events_between(edges, set(first.hops))
    assert {ref for ref, hops in first.hops.items() if hops == 0} == set(roots[:most])


@settings(deadline=None)
@given(graphs(), st.data(), st.sampled_from(ONE_WAY), st.sets(st.integers(1, 8)))
async def test_made_goes_over_what_made_things(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, direction: Direction, cached: set[int]
) -> None:
    artifacts, executions, edges = drawn
    nodes = st.sampled_from(nodes_of(artifacts, executions))
    root, other = data.draw(nodes), data.draw(nodes)
    made = [
        edge
        for edge in edges
        if not edge[2].name.startswith(("INTERNAL_", "PENDING_"))
        and not (edge[2].name.endswith("OUTPUT") and edge[1] in cached)
    ]
    async with reading(artifacts, executions, edges, cached) as reader:
        terms, finder = Terms(events=Events.MADE), Finder(reader, Settings())
        graph = await walk(reader, [root], direction, Bounds(MANY), terms)
        path = await shortest_path(reader, root, other, None, MANY, None, Events.MADE)
        closure = Closure(direction, NodeFilter(), PageRequest(), events=Events.MADE)
        (page,) = await closure_pages(finder, closure, [root])
        diff = await lineage_diff(finder, root, other, direction, None, Events.MADE)
    expected = distances(made, [root], direction)
    assert graph.hops == expected
    assert events_of(graph) == events_between(made, set(expected))
    assert {edge.node.ref: edge.hops for edge in page.edges} == {ref: n for ref, n in expected.items() if ref != root}
    assert path.found == any(
        root == other or (root in one and other in one and networkx.has_path(one, root, other))
        for one in (flow(made), flow(made).reverse())
    )
    others = distances(made, [other], direction).keys()
    assert {entity.ref for entity in diff.both} == (expected.keys() & others) - {root, other}


@settings(deadline=None)
@given(graphs(), st.data(), st.integers(1, 50))
async def test_as_of_leaves_out_what_came_later(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, moment: int
) -> None:
    artifacts, executions, edges = drawn
    root = data.draw(st.sampled_from(nodes_of(artifacts, executions)))
    async with reading(artifacts, executions, edges) as reader:
        graph = await walk(reader, [root], Direction.DOWNSTREAM, Bounds(MANY), Terms(as_of=1000 + moment))
    kept = [edge for edge in edges if edge[3] is None or edge[3] <= 1000 + moment]
    late = {ref for ref in nodes_of(artifacts, executions) if isinstance(ref.key, int) and ref.key > moment}
    reachable = flow(kept)
    reachable.remove_nodes_from([ref for ref in late if ref in reachable and ref != root])
    expected = {root} | (networkx.descendants(reachable, root) if root in reachable else set())
    assert set(graph.hops) == expected


@settings(deadline=None)
@given(graphs(), st.data(), st.sets(st.integers(1, 8)))
async def test_stop_at_shows_and_goes_no_further(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, stops: set[int]
) -> None:
    artifacts, executions, edges = drawn
    root = data.draw(st.sampled_from(nodes_of(artifacts, executions)))
    at = NodeFilter(artifacts=Test(Field.ID, Operator.IN, tuple(sorted(stops))), executions=NEVER)
    async with reading(artifacts, executions, edges) as reader:
        graph = await walk(reader, [root], Direction.DOWNSTREAM, Bounds(MANY), Terms(stop_at=at))
    cut = flow(edges)
    for stop in map(artifact, stops):
        if stop in cut and stop != root:
            cut.remove_edges_from(list(cut.out_edges(stop)))
    expected = {root} | (networkx.descendants(cut, root) if root in cut else set())
    assert set(graph.hops) == expected
    assert graph.complete


@settings(deadline=None)
@given(graphs(), st.data())
async def test_shortest_path(drawn: tuple[int, int, list[Edge]], data: st.DataObject) -> None:
    artifacts, executions, edges = drawn
    nodes = st.sampled_from(nodes_of(artifacts, executions))
    start, end = data.draw(nodes), data.draw(nodes)
    async with reading(artifacts, executions, edges) as reader:
        path = await shortest_path(reader, start, end, None, MANY, None)
        short = await shortest_path(reader, start, end, max(len(path.steps) - 2, 0), MANY, None)
    lengths = [
        networkx.shortest_path_length(graph, start, end)
        for graph in (flow(edges), flow(edges).reverse())
        if start in graph and end in graph and networkx.has_path(graph, start, end)
    ]
    assert path.complete
    assert path.found == bool(lengths or start == end)
    if path.found:
        assert len(path.steps) - 1 == len(path.edges) == (min(lengths) if lengths else 0)
        assert (path.steps[0], path.steps[-1]) == (start, end)
        ways = set()
        for (here, there), event in zip(itertools.pairwise(path.steps), path.edges, strict=True):
            assert {here, there} == {artifact(event.artifact_id), execution(event.execution_id)}
            ways.add((here.kind is EntityKind.ARTIFACT) == (event.type in INPUT_EVENTS))
        assert len(ways) <= 1
    if len(path.steps) > 1:
        assert not short.found
        assert not short.complete


async def test_siblings_are_connected_and_no_ancestors() -> None:
    edges = [(1, 1, EventType.INPUT, None), (2, 1, EventType.OUTPUT, None), (3, 1, EventType.OUTPUT, None)]
    async with reading(3, 2, [*edges, (3, 2, EventType.INPUT, None)]) as reader:
        both = await walk(reader, [artifact(2)], Direction.BOTH, Bounds(MANY))
        connected = await walk(reader, [artifact(2)], Direction.CONNECTED, Bounds(MANY))
    assert set(both.hops) == {artifact(2), execution(1), artifact(1)}
    assert connected.hops == {**both.hops, artifact(3): 2, execution(2): 3}
    assert len(connected.edges) == 4


async def test_walks_in_step_share_their_statements() -> None:
    chain = [edge for n in range(1, 50) for edge in ((n, n, EventType.INPUT, None), (n + 1, n, EventType.OUTPUT, None))]
    async with reading(50, 50, chain) as reader:
        before = reader.driver.statements
        await walk_each(reader, [[artifact(50)]], Direction.UPSTREAM, Bounds(MANY))
        one = reader.driver.statements - before
        graphs_ = await walk_each(reader, [[artifact(n)] for n in range(1, 51)], Direction.UPSTREAM, Bounds(MANY))
        assert reader.driver.statements - before - one <= 2 * one
    assert [len(graph.hops) for graph in graphs_] == [2 * n - 1 for n in range(1, 51)]


async def test_long_chain_and_wide_fan() -> None:
    length, width = 5_000, 100_000
    chain = [
        edge for n in range(1, length) for edge in ((n, n, EventType.INPUT, None), (n + 1, n, EventType.OUTPUT, None))
    ]
    fan: list[Edge] = [(length + n, length, EventType.OUTPUT, None) for n in range(1, width + 1)]
    edges = [*chain, (length, length, EventType.INPUT, None), *fan]
    async with reading(length + width, length, edges, ahead=AHEAD[0]) as reader:
        before = reader.driver.statements
        up = await walk(reader, [artifact(length)], Direction.UPSTREAM, Bounds(MANY))
        assert max(up.hops.values()) == 2 * (length - 1)
        assert up.complete
        # 64 of the 9,999 levels, then 128, 256 and so on to 2,048 of them; and the types of the store.
        assert reader.driver.statements - before <= 10
        down = await walk(reader, [artifact(length)], Direction.DOWNSTREAM, Bounds(MANY))
        assert len(down.hops) == width + 2
        cut = await walk(reader, [artifact(length)], Direction.DOWNSTREAM, Bounds(1000))
        assert len(cut.hops) == 1000
        assert cut.limits == [Limit.MAX_NODES]
        assert len(cut.frontier) == width + 2 - 1000


class Counting:
    """A Reader that counts the events that are read by it."""

    def __init__(self, reader: SQLReader) -> None:
        self.reader = reader
        self.events_read = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    async def events(self, *arguments: Any) -> Any:
        found = await self.reader.events(*arguments)
        self.events_read += len(found)
        return found

    async def events_onward(self, *arguments: Any) -> Any:
        found = await self.reader.events_onward(*arguments)
        self.events_read += sum(map(len, found))
        return found


@pytest.mark.parametrize("direction", Direction)
async def test_what_is_known_is_not_read_again_and_again(direction: Direction) -> None:
    """Each step of a connected walk leads back over the chain behind it; a base of all models is met at each."""
    length, base = 200, range(201, 221)
    edges = [
        edge for n in range(1, length) for edge in ((n, n, EventType.INPUT, None), (n + 1, n, EventType.OUTPUT, None))
    ]
    edges += [(n, n, EventType.INPUT, None) for n in base] + [(n + 1, n, EventType.OUTPUT, None) for n in base]
    edges += [(base[-1] + 1, n, EventType.INPUT, None) for n in range(1, length)]
    async with reading(222, 221, edges, ahead=AHEAD[0]) as reader:
        for root in (1, 100, 200):
            counting = Counting(reader)
            graph = await walk(cast(Reader, counting), [artifact(root)], direction, Bounds(MANY))
            # In a connected walk each event is read at both of its ends.
            ends = 2 if direction is Direction.CONNECTED else 1
            assert counting.events_read <= ends * len(graph.edges) + 1_000


@settings(deadline=None)
@given(graphs(), st.data(), st.sampled_from(Direction), st.integers(1, 12) | st.none())
async def test_a_walk_costs_the_same_however_it_is_read(
    drawn: tuple[int, int, list[Edge]], data: st.DataObject, direction: Direction, hops: int | None
) -> None:
    """What a caller is told of costs, and what bounds it, follows what is in the store, and no way of reading it."""
    artifacts, executions, edges = drawn
    roots = data.draw(st.lists(st.sampled_from(nodes_of(artifacts, executions)), min_size=1, max_size=3, unique=True))
    costs = []
    for steps in (adjacency._FEW_STEPS, 0):
        budget = Budget(MANY, MANY)
        async with reading(artifacts, executions, edges) as reader:
            with patch.object(adjacency, "_FEW_STEPS", steps):
                await walk(metered(reader, budget), roots, direction, Bounds(MANY, hops))
        costs.append(budget.cost)
    assert costs[0] == costs[1]


async def test_a_node_with_many_events_is_not_read_with_those_before_it() -> None:
    many = 20_000
    edges: list[Edge] = [(1, 1, EventType.INPUT, None), (2, 1, EventType.OUTPUT, None)]
    edges += [(2, n, EventType.INPUT, None) for n in range(2, many)]
    leading = {NodeKind.ARTIFACT: INPUT_EVENTS, NodeKind.EXECUTION: OUTPUT_EVENTS}
    async with reading(2, many, edges) as reader:
        assert [len(level) for level in await reader.events_onward(NodeKind.ARTIFACT, [1], leading, 9, 64)] == [1, 1]
        statement = walk_statement(reader.dialect, NodeKind.ARTIFACT, leading).given(ids="[1]", levels=8, most=64)
        steps = itertools.count()
        with closing(sqlite3.connect(cast(SQLiteDriver, reader.driver).path)) as connection:
            connection.set_progress_handler(lambda: next(steps) > 100 or None, 100)
            # It would be interrupted after 10,000 of SQLite's instructions: all those events take some 600,000.
            assert len(connection.execute(statement.text, statement.parameters).fetchall()) == 64


async def test_time_ends_a_walk_honestly() -> None:
    chain = [edge for n in range(1, 9) for edge in ((n, n, EventType.INPUT, None), (n + 1, n, EventType.OUTPUT, None))]
    async with reading(9, 9, chain) as reader:
        graph = await walk(reader, [artifact(1)], Direction.DOWNSTREAM, Bounds(MANY, None, time.monotonic() - 1))
    assert graph.limits == [Limit.TIME]
    assert graph.frontier == [artifact(1)]


@pytest.mark.parametrize("type_", EventType)
async def test_every_event_type_has_a_direction(type_: EventType) -> None:
    async with reading(1, 1, [(1, 1, type_, None)]) as reader:
        up = await walk(reader, [artifact(1)], Direction.UPSTREAM, Bounds(MANY))
        down = await walk(reader, [artifact(1)], Direction.DOWNSTREAM, Bounds(MANY))
    reads = type_.name.endswith("INPUT")
    assert (len(up.hops), len(down.hops)) == ((1, 2) if reads else (2, 1))
    assert {ref.kind for ref in (*up.hops, *down.hops)} == {EntityKind.ARTIFACT, EntityKind.EXECUTION}
