"""The walk over lineage: level by level, within bounds that the answer tells.

Artifacts and executions alternate; an event is an edge. Upstream goes against
the flow, from an artifact to the executions that output it and from an
execution to the artifacts it read; downstream goes with it. Both is the
ancestors and the descendants of the roots, not whatever is connected with them.

Several walks go on in step, so that a level of all of them costs the events of
their artifacts and the events of their executions, two statements.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Event, EventType, NodeKind
from lineageql.model.predicates import ALWAYS, NEVER, Field, Operator, Predicate, Test
from lineageql.store.ports import Reader


class Direction(Enum):
    """Which way a walk goes."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"
    BOTH = "BOTH"


class Limit(Enum):
    """What cut a walk short."""

    MAX_HOPS = "MAX_HOPS"
    MAX_NODES = "MAX_NODES"
    TIME = "TIME"


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
    """

    stop_at: NodeFilter = NodeFilter(NEVER, NEVER)
    as_of: int | None = None


@dataclass
class Graph:
    """What a walk found.

    Attributes:
        hops: each node with its least number of steps from a root, by hops, then id.
        edges: all events between the nodes, by id; where TIME ran out, those of its last level are not read.
        crossing: the events that lead from the nodes to nodes of the frontier that are not among them, by id.
        limits: what cut it short; empty when it is whole.
        frontier: the nodes that were not expanded because of a limit and have more beyond them.
    """

    hops: dict[Ref, int] = field(default_factory=dict)
    edges: list[Event] = field(default_factory=list)
    crossing: list[Event] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    frontier: list[Ref] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.limits


_WAYS = {Direction.UPSTREAM: (True,), Direction.DOWNSTREAM: (False,), Direction.BOTH: (True, False)}
_EVENTS: dict[tuple[EntityKind, bool], frozenset[EventType]] = {
    (EntityKind.ARTIFACT, True): OUTPUT_EVENTS,
    (EntityKind.EXECUTION, True): INPUT_EVENTS,
    (EntityKind.ARTIFACT, False): INPUT_EVENTS,
    (EntityKind.EXECUTION, False): OUTPUT_EVENTS,
}
_NODE_KINDS = {EntityKind.ARTIFACT: NodeKind.ARTIFACT, EntityKind.EXECUTION: NodeKind.EXECUTION}

Step = tuple[Ref, bool]
"""A node, and whether it is to be expanded upstream."""


async def walk(
    reader: Reader, roots: Sequence[Ref], direction: Direction, bounds: Bounds, terms: Terms | None = None
) -> Graph:
    """The lineage of the roots, as one graph."""
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
    events, gate = EventTable(reader, terms), Gate(reader, terms)
    walks = [_Walk(some, direction, bounds, events, gate) for some in roots]
    while active := [walk for walk in walks if walk.level]:
        if bounds.until is not None and time.monotonic() >= bounds.until:
            for walk in active:
                walk.stop(Limit.TIME)
            break
        await events.load(step for walk in active for step in walk.level)
        await gate.load(ref for walk in active for ref in walk.reached())
        for walk in active:
            walk.advance()
    return [walk.finish() for walk in walks]


class EventTable:
    """The events at nodes, read once for all walks."""

    def __init__(self, reader: Reader, terms: Terms) -> None:
        self.reader = reader
        self.as_of = terms.as_of
        self.at: dict[Step, list[Event]] = {}

    async def load(self, steps: Iterable[Step]) -> None:
        """Reads the events of steps that were not read yet: a statement a kind and way."""
        wanted: dict[tuple[EntityKind, bool], list[int]] = {}
        for step in dict.fromkeys(steps):
            if step not in self.at:
                ref, up = step
                self.at[step] = []
                assert isinstance(ref.key, int)
                wanted.setdefault((ref.kind, up), []).append(ref.key)
        for (kind, up), ids in wanted.items():
            artifact = kind is EntityKind.ARTIFACT
            for event in await self.reader.events(_NODE_KINDS[kind], ids, _EVENTS[kind, up]):
                here = Ref(kind, event.artifact_id if artifact else event.execution_id)
                if self.as_of is None or event.time is None or event.time <= self.as_of:
                    self.at[here, up].append(event)


class Gate:
    """Which nodes a walk may show, and which it may go through; asked of each node once."""

    def __init__(self, reader: Reader, terms: Terms) -> None:
        self.reader = reader
        self.terms = terms
        self.known: set[Ref] = set()
        self.hidden: set[Ref] = set()
        self.stops: set[Ref] = set()

    async def load(self, refs: Iterable[Ref]) -> None:
        """Asks of the nodes that were not asked of yet: a statement a kind and question."""
        if self.terms == Terms():
            return
        new = set(refs) - self.known
        self.known |= new
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            ids = sorted(ref.key for ref in new if ref.kind is kind and isinstance(ref.key, int))
            if ids and self.terms.as_of is not None:
                late = Test(Field.CREATE_TIME, Operator.GT, self.terms.as_of)
                self.hidden.update(Ref(kind, id_) for id_ in await self.reader.matching(kind, ids, late))
            stop = self.terms.stop_at.of(kind)
            if ids and stop != NEVER:
                self.stops.update(Ref(kind, id_) for id_ in await self.reader.matching(kind, ids, stop))


class _Walk:
    def __init__(
        self, roots: Collection[Ref], direction: Direction, bounds: Bounds, events: EventTable, gate: Gate
    ) -> None:
        self.bounds = bounds
        self.events = events
        self.gate = gate
        self.graph = Graph(hops=dict.fromkeys(sorted(set(roots), key=_place), 0))
        self.level: list[Step] = [(root, up) for root in self.graph.hops for up in _WAYS[direction]]
        self.seen: set[Step] = set(self.level)
        self.found: dict[int, Event] = {}
        self.refused: set[Ref] = set()
        self.closing = False
        self.depth = 0

    def reached(self) -> Iterator[Ref]:
        """The nodes at the other ends of the level's events."""
        return (other_end(step[0], event) for step in self.level for event in self.events.at[step])

    def advance(self) -> None:
        """Expands the level whose events have been read, or closes the walk with it."""
        following = {
            (other_end(step[0], event), step[1]) for step in self.level for event in self.events.at[step]
        } - self.seen
        following = {step for step in following if step[0] not in self.gate.hidden}
        last = self.closing or self.depth == self.bounds.max_hops
        if last:
            self._close(following)
            return
        self._keep(event for step in self.level for event in self.events.at[step])
        self.depth += 1
        admitted: list[Step] = []
        for step in sorted(following, key=lambda step: (_place(step[0]), step[1])):
            if step[0] not in self.graph.hops:
                if len(self.graph.hops) >= self.bounds.max_nodes:
                    self.refused.add(step[0])
                    continue
                self.graph.hops[step[0]] = self.depth
            self.seen.add(step)
            if step[0] not in self.gate.stops:
                admitted.append(step)
        self.level = admitted
        # A level that did not fit is not expanded; its events are read once more for the edges inside the graph.
        self.closing = bool(self.refused)
        if self.closing and not admitted:
            self._close(set())

    def _close(self, following: set[Step]) -> None:
        inside = self.graph.hops.keys()
        ends = [
            (step[0], event, (other_end(step[0], event), step[1]))
            for step in self.level
            for event in self.events.at[step]
        ]
        self._keep(event for _, event, beyond in ends if beyond[0] in inside)
        if following and not self.closing:
            self.graph.limits.append(Limit.MAX_HOPS)
        if self.closing:
            self.graph.limits.append(Limit.MAX_NODES)
        unexpanded = {ref for ref, _, beyond in ends if beyond in following}
        self.graph.frontier = sorted(unexpanded | self.refused, key=_place)
        self.level = []

    def stop(self, limit: Limit) -> None:
        """Ends the walk before its level is read."""
        self.graph.limits.append(limit)
        self.graph.frontier = sorted({ref for ref, _ in self.level} | self.refused, key=_place)
        self.level = []

    def _keep(self, events: Iterable[Event]) -> None:
        for event in events:
            self.found[event.id] = event

    def finish(self) -> Graph:
        nodes = self.graph.hops
        for _, event in sorted(self.found.items()):
            outside = [end for end in _ends(event) if end not in nodes]
            if not outside:
                self.graph.edges.append(event)
            elif outside[0] not in self.gate.hidden:
                self.graph.crossing.append(event)
        self.graph.hops = dict(sorted(nodes.items(), key=lambda item: (item[1], _place(item[0]))))
        return self.graph


def _place(ref: Ref) -> tuple[int, str]:
    assert isinstance(ref.key, int)
    return ref.key, ref.kind.value


def _ends(event: Event) -> tuple[Ref, Ref]:
    return Ref(EntityKind.ARTIFACT, event.artifact_id), Ref(EntityKind.EXECUTION, event.execution_id)


def other_end(ref: Ref, event: Event) -> Ref:
    """The node at the other end of an event."""
    artifact, execution = _ends(event)
    return execution if ref.kind is EntityKind.ARTIFACT else artifact
