"""A shortest directed path between two nodes of lineage.

The search goes from both ends at once and expands the smaller side, so a node
with a hundred thousand neighbours on the far side of a short path costs little.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from lineageql.catalog.adjacency import Events, EventTable, NodeNumber, beyond, node_of, ref_of, step_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event
from lineageql.model.predicates import ALWAYS
from lineageql.store.ports import Reader


@dataclass
class LineagePath:
    """A path, and whether the search for one was whole.

    Attributes:
        steps: the nodes from the one end to the other; empty where none was found.
        edges: the events between them, one fewer.
        complete: false where a bound ended the search before it knew, or an event leads to what the caller may not
            see: there may be a shorter path through that.
    """

    steps: list[Ref] = field(default_factory=list)
    edges: list[Event] = field(default_factory=list)
    complete: bool = True

    @property
    def found(self) -> bool:
        return bool(self.steps)


async def shortest_path(
    reader: Reader,
    start: Ref,
    end: Ref,
    max_hops: int | None,
    max_nodes: int,
    until: float | None,
    which: Events = Events.ALL,
) -> LineagePath:
    """A shortest path from the start downstream to the end, or upstream, whichever is shorter.

    Of several of one length it is the same one each time.
    """
    if start == end:
        return LineagePath([start])
    events, missing = EventTable(reader, which=which), set[NodeNumber]()
    while True:
        path = await _path(events, start, end, max_hops, max_nodes, until, missing)
        gone = await _missing(reader, path.steps) - missing
        if not gone:
            path.complete = path.complete and not events.leading_out
            return path
        # An event may name a node that is not in the store; no path leads through it.
        missing |= gone


async def _missing(reader: Reader, steps: Sequence[Ref]) -> set[NodeNumber]:
    """Those of some nodes that are not in the store."""
    gone: set[NodeNumber] = set()
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        ids = [ref.key for ref in steps if ref.kind is kind and isinstance(ref.key, int)]
        there = set(await reader.matching(kind, ids, ALWAYS)) if ids else set()
        gone.update(node_of(Ref(kind, id_)) for id_ in ids if id_ not in there)
    return gone


async def _path(
    events: EventTable,
    start: Ref,
    end: Ref,
    max_hops: int | None,
    max_nodes: int,
    until: float | None,
    missing: Collection[NodeNumber],
) -> LineagePath:
    ends = node_of(start), node_of(end)
    searches = [_Search(*ends, upstream, events, missing) for upstream in (False, True)]
    hops = 0
    while any(search.open for search in searches):
        if max_hops is not None and hops >= max_hops:
            return LineagePath(complete=False)
        if (until is not None and time.monotonic() >= until) or sum(s.size for s in searches) > max_nodes:
            return LineagePath(complete=False)
        hops += 1
        for search in searches:
            if search.open and await search.expand():
                return search.path()
    return LineagePath()


class _Side:
    """One end of a search: how each node was reached from it."""

    def __init__(self, root: NodeNumber, upstream: bool) -> None:
        self.upstream = upstream
        self.came_by: dict[NodeNumber, tuple[NodeNumber, Event] | None] = {root: None}
        self.level = [root]


class _Search:
    """A search in one direction, from both ends."""

    def __init__(
        self, start: NodeNumber, end: NodeNumber, upstream: bool, events: EventTable, missing: Collection[NodeNumber]
    ) -> None:
        self.events = events
        self.missing = missing
        self.near = _Side(start, upstream)
        self.far = _Side(end, not upstream)
        self.meeting: NodeNumber | None = None

    @property
    def open(self) -> bool:
        return bool(self.near.level and self.far.level)

    @property
    def size(self) -> int:
        return len(self.near.came_by) + len(self.far.came_by)

    async def expand(self) -> bool:
        """Expands the smaller side by one step; whether the sides now meet."""
        side, other = (self.near, self.far) if len(self.near.level) <= len(self.far.level) else (self.far, self.near)
        await self.events.load(step_of(node, side.upstream) for node in side.level)
        following: dict[NodeNumber, tuple[NodeNumber, Event]] = {}
        for node in side.level:
            for event in self.events.at[step_of(node, side.upstream)]:
                found = beyond(node, event)
                if found not in side.came_by and found not in self.missing:
                    following.setdefault(found, (node, event))
        side.came_by.update(following)
        side.level = sorted(following)
        met = [node for node in side.level if node in other.came_by]
        self.meeting = met[0] if met else None
        return bool(met)

    def path(self) -> LineagePath:
        """The path through the node at which the sides met."""
        assert self.meeting is not None
        steps, edges = [self.meeting], list[Event]()
        reached = self.near.came_by[self.meeting]
        while reached is not None:
            steps.insert(0, reached[0])
            edges.insert(0, reached[1])
            reached = self.near.came_by[reached[0]]
        reached = self.far.came_by[self.meeting]
        while reached is not None:
            steps.append(reached[0])
            edges.append(reached[1])
            reached = self.far.came_by[reached[0]]
        return LineagePath([ref_of(node) for node in steps], edges)
