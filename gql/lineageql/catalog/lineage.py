"""The walk over lineage: level by level, within bounds that the answer tells.

Artifacts and executions alternate; an event is an edge. Upstream goes against
the flow, from an artifact to the executions that output it and from an
execution to the artifacts it read; downstream goes with it. Both is the
ancestors and the descendants of the roots; connected is whatever is tied to
them, as each step of it goes both ways.

Several walks go on in step, so that a level of all of them costs the events of
their artifacts and the events of their executions, two statements; where there
are few, several levels are read with one, see `EventTable.load`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from operator import attrgetter

from lineageql.catalog.adjacency import (
    Events,
    EventTable,
    NodeNumber,
    StepNumber,
    beyond,
    ends,
    following,
    node_of,
    ref_of,
    step_of,
)
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event
from lineageql.model.predicates import ALWAYS, NEVER, Field, Operator, Predicate, Test
from lineageql.pace import Pace, in_pieces
from lineageql.store.ports import Reader


class Direction(Enum):
    """Which way a walk goes."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"
    BOTH = "BOTH"
    CONNECTED = "CONNECTED"


class Limit(Enum):
    """What cut a walk short."""

    MAX_HOPS = "MAX_HOPS"
    MAX_NODES = "MAX_NODES"
    TIME = "TIME"
    HIDDEN = "HIDDEN"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a walk may go.

    Attributes:
        max_nodes: nodes in the answer, the roots among them.
        max_hops: steps from a root; None for as far as it goes.
        until: `time.monotonic()` at which the walk stops before its next level.
    """

    max_nodes: int
    max_hops: int | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Which nodes of a lineage are meant."""

    artifacts: Predicate = ALWAYS
    executions: Predicate = ALWAYS

    def of(self, kind: EntityKind) -> Predicate:
        return self.artifacts if kind is EntityKind.ARTIFACT else self.executions


@dataclass(frozen=True, slots=True)
class Terms:
    """What a walk passes through.

    Attributes:
        stop_at: nodes that are shown and not expanded; roots are expanded all the same.
        as_of: milliseconds since 1970; events and nodes of a later time are not there.
            What has no time is.
        events: which events it goes over.
    """

    stop_at: NodeFilter = NodeFilter(NEVER, NEVER)
    as_of: int | None = None
    events: Events = Events.ALL


@dataclass
class Graph:
    """What a walk found.

    Attributes:
        distances: each node with its least number of steps from a root, by hops, then id.
        edges: all events between the nodes, by id; where TIME ran out, those of its last level are not read.
        crossing: the events that lead from the nodes to nodes of the frontier that are not among them, by id.
        limits: what cut it short; empty when it is whole.
        frontier: the nodes that were not expanded because of a limit and have more beyond them.
    """

    distances: dict[NodeNumber, int] = field(default_factory=dict)
    edges: list[Event] = field(default_factory=list)
    crossing: list[Event] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    frontier: list[Ref] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.limits

    @cached_property
    def hops(self) -> dict[Ref, int]:
        """The nodes by their references, for those who look at them one by one."""
        return {ref_of(node): distance for node, distance in self.distances.items()}

    def ids(self, kind: EntityKind) -> list[int]:
        """The ids of the nodes of a kind."""
        execution = kind is EntityKind.EXECUTION
        return [node >> 1 for node in self.distances if node & 1 == execution]


_ID = attrgetter("id")
_WAYS = {
    Direction.UPSTREAM: (True,),
    Direction.DOWNSTREAM: (False,),
    Direction.BOTH: (True, False),
    Direction.CONNECTED: (True, False),
}


async def walk(
    reader: Reader, roots: Sequence[Ref], direction: Direction, bounds: Bounds, terms: Terms | None = None
) -> Graph:
    """The lineage of the roots, as one graph. Where there are more of them than nodes may be, the first are shown."""
    return (await walk_each(reader, [roots], direction, bounds, terms))[0]


async def walk_each(
    reader: Reader,
    roots: Sequence[Collection[Ref]],
    direction: Direction,
    bounds: Bounds,
    terms: Terms | None = None,
) -> list[Graph]:
    """The lineage of each collection of roots, walked in step."""
    terms = terms or Terms()
    events, gate = EventTable(reader, terms.as_of, terms.events), Gate(reader, terms)
    walks = [_Walk(some, direction, bounds, events, gate) for some in roots]
    pace = Pace()
    while active := [walk for walk in walks if walk.level]:
        if bounds.until is not None and time.monotonic() >= bounds.until:
            for walk in active:
                walk.stop(Limit.TIME)
            break
        await events.load((step for walk in active for step in walk.level), max(walk.levels for walk in active))
        if gate.asks:
            await gate.load(node for walk in active for node in walk.reached())
        for walk in active:
            await in_pieces(pace, len(walk.level), walk.advance)
    return [await in_pieces(pace, len(walk.found), walk.finish) for walk in walks]


class Gate:
    """Which nodes a walk may show, and which it may go through; asked of each node once."""

    def __init__(self, reader: Reader, terms: Terms) -> None:
        self.reader = reader
        self.terms = terms
        self.asks = terms.as_of is not None or terms.stop_at != NodeFilter(NEVER, NEVER)
        self.known: set[NodeNumber] = set()
        self.hidden: set[NodeNumber] = set()
        self.stops: set[NodeNumber] = set()

    async def load(self, nodes: Iterable[NodeNumber]) -> None:
        """Asks of the nodes that were not asked of yet: a statement a kind and question."""
        new = set(nodes) - self.known
        self.known |= new
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            execution = kind is EntityKind.EXECUTION
            ids = sorted(node >> 1 for node in new if node & 1 == execution)
            if ids and self.terms.as_of is not None:
                late = Test(Field.CREATE_TIME, Operator.GT, self.terms.as_of)
                self.hidden.update(id_ << 1 | execution for id_ in await self.reader.matching(kind, ids, late))
            stop = self.terms.stop_at.of(kind)
            if ids and stop != NEVER:
                self.stops.update(id_ << 1 | execution for id_ in await self.reader.matching(kind, ids, stop))


class _Walk:
    def __init__(
        self, roots: Collection[Ref], direction: Direction, bounds: Bounds, events: EventTable, gate: Gate
    ) -> None:
        self.bounds = bounds
        self.events = events
        self.gate = gate
        self.both_ways = direction is Direction.CONNECTED
        numbers = list(dict.fromkeys(map(node_of, roots)))
        self.hops: dict[NodeNumber, int] = dict.fromkeys(sorted(numbers[: bounds.max_nodes]), 0)
        self.level: list[StepNumber] = [step_of(root, up) for root in self.hops for up in _WAYS[direction]]
        self.seen: set[StepNumber] = set(self.level)
        self.found: dict[int, Event] = {}
        self.refused: set[NodeNumber] = set(numbers[bounds.max_nodes :])
        self.frontier: set[NodeNumber] = set()
        self.limits: list[Limit] = []
        self.closing = bool(self.refused)
        self.depth = 0

    @property
    def levels(self) -> int:
        """How many levels may be wanted still.

        A walk that filters stop may want no more than its next, nor does one that is over with it. Where each step
        goes both ways, those beyond a level lead back to what is known.
        """
        if self.closing or self.both_ways or self.gate.terms.stop_at != NodeFilter(NEVER, NEVER):
            return 1
        most = self.bounds.max_hops
        return self.bounds.max_nodes if most is None else most - self.depth + 1

    def reached(self) -> Iterator[NodeNumber]:
        """The nodes at the other ends of the level's events."""
        return (beyond(step >> 1, event) for step in self.level for event in self.events.at[step])

    def advance(self) -> None:
        """Expands the level whose events have been read, or closes the walk with it."""
        if Limit.HIDDEN not in self.limits and not self.events.leading_out.isdisjoint(self.level):
            self.limits.append(Limit.HIDDEN)
        hidden = self.gate.hidden
        reached = following(self.level, self.events)
        if self.both_ways:
            reached |= {step ^ 1 for step in reached}
        reached -= self.seen
        if hidden:
            reached = {step for step in reached if step >> 1 not in hidden}
        if self.closing or self.depth == self.bounds.max_hops:
            self._close(reached)
            return
        self._find(self.events.of(self.level))
        self.depth += 1
        self._admit(reached)
        # A level that did not fit is not expanded; its events are read once more for the edges inside the graph.
        self.closing = bool(self.refused)
        if self.closing and not self.level:
            self._close(set())

    def _find(self, events: Sequence[Event]) -> None:
        self.found.update(zip(map(_ID, events), events, strict=True))

    def _admit(self, reached: set[StepNumber]) -> None:
        hops, depth, stops, most = self.hops, self.depth, self.gate.stops, self.bounds.max_nodes
        self.level = []
        for step in sorted(reached):
            node = step >> 1
            if node not in hops:
                if len(hops) >= most:
                    self.refused.add(node)
                    continue
                hops[node] = depth
            self.seen.add(step)
            if node not in stops:
                self.level.append(step)

    def _close(self, reached: set[StepNumber]) -> None:
        if reached and not self.closing:
            self.limits.append(Limit.MAX_HOPS)
        if self.closing:
            self.limits.append(Limit.MAX_NODES)
        self.frontier = set(self.refused)
        for step in self.level:
            node = step >> 1
            for event in self.events.at[step]:
                other = beyond(node, event)
                if other in self.hops:
                    self.found[event.id] = event
                if step_of(other, bool(step & 1)) in reached:
                    self.frontier.add(node)
        self.level = []

    def stop(self, limit: Limit) -> None:
        """Ends the walk before its level is read."""
        self.limits.append(limit)
        self.frontier = {step >> 1 for step in self.level} | self.refused
        self.level = []

    def finish(self) -> Graph:
        """The graph. Levels were admitted in order, so the nodes are by hops, then id."""
        hops, hidden = self.hops, self.gate.hidden
        events = sorted(self.found.values(), key=_ID)
        crossing: list[Event] = []
        if self.limits or hidden:
            inside = []
            for event in events:
                outside = [end for end in ends(event) if end not in hops]
                if not outside:
                    inside.append(event)
                elif outside[0] not in hidden:
                    crossing.append(event)
            events = inside
        return Graph(hops, events, crossing, self.limits, [ref_of(node) for node in sorted(self.frontier)])
