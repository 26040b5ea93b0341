"""The events at nodes, read once for all who walk over them.

A walk visits hundreds of thousands of nodes, so here a *node* is one integer,
the MLMD id doubled and 1 more for an execution, and a *step* is one more: the
node doubled, and 1 more where it is expanded upstream. The order of nodes is
that of their ids, an artifact before the execution of the same id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import partial
from itertools import chain
from operator import attrgetter

from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Event, EventType, NodeKind
from lineageql.model.predicates import Field, Operator, Test
from lineageql.pace import Pace, in_pieces
from lineageql.store.ports import Reader

NodeNumber = int
StepNumber = int

_KINDS = (EntityKind.ARTIFACT, EntityKind.EXECUTION)
_NODE_KINDS = (NodeKind.ARTIFACT, NodeKind.EXECUTION)
_EVENTS: dict[tuple[int, int], frozenset[EventType]] = {
    (0, 1): OUTPUT_EVENTS,
    (1, 1): INPUT_EVENTS,
    (0, 0): INPUT_EVENTS,
    (1, 0): OUTPUT_EVENTS,
}
"""The events that lead on, by whether the node is an execution and whether the walk goes upstream."""


class Events(Enum):
    """Which events a walk goes over."""

    ALL = "ALL"
    MADE = "MADE"


_UNMADE = frozenset({EventType.INTERNAL_INPUT, EventType.INTERNAL_OUTPUT, EventType.PENDING_OUTPUT})
"""The events of what a system found or announced: they made nothing."""
_CACHED = Test(Field.STATE, Operator.IN, (ExecutionState.CACHED.value,))

_FEW_STEPS = 8
"""A level of at most so many steps is read with further levels, in one turn."""
_LEAST_AHEAD, _MOST_AHEAD = 64, 2_048
"""How many events a turn reads at most: at first, and in the end.

On SQLite a turn takes some 10 µs an event, and a level by itself 0.4 ms: turns pay where a lineage is long and narrow.
"""
_MANY_LEVELS = 8
"""A turn that reads so many levels shows that the lineage is narrow: the next turn may read twice as much."""
_LEAST_WITHOUT, _MOST_WITHOUT = 4, 256
"""How many levels are read by themselves after a turn that was of little use: more after each, up to the most."""

_ARTIFACT, _EXECUTION = attrgetter("artifact_id"), attrgetter("execution_id")


def node_of(ref: Ref) -> NodeNumber:
    """The number of an artifact or an execution."""
    assert isinstance(ref.key, int)
    return ref.key << 1 | (ref.kind is EntityKind.EXECUTION)


def ref_of(node: NodeNumber) -> Ref:
    """The reference of a node."""
    return Ref(_KINDS[node & 1], node >> 1)


def step_of(node: NodeNumber, upstream: bool) -> StepNumber:
    """The expansion of a node."""
    return node << 1 | upstream


def ends(event: Event) -> tuple[NodeNumber, NodeNumber]:
    """The artifact and the execution of an event."""
    return event.artifact_id << 1, event.execution_id << 1 | 1


def beyond(node: NodeNumber, event: Event) -> NodeNumber:
    """The node at the other end of an event."""
    return event.artifact_id << 1 if node & 1 else event.execution_id << 1 | 1


def following(steps: Iterable[StepNumber], events: EventTable) -> set[StepNumber]:
    """The steps at the other ends of the events of steps."""
    ways: dict[int, list[StepNumber]] = {}
    for step in steps:
        ways.setdefault(step & 3, []).append(step)
    found: set[StepNumber] = set()
    for way, some in ways.items():
        other = _ARTIFACT if way & 2 else _EXECUTION
        lower = way ^ 2
        found.update([id_ << 2 | lower for id_ in set(map(other, events.of(some)))])
    return found


class _Ahead:
    """How far ahead the events of one way are read."""

    def __init__(self) -> None:
        self.most = _LEAST_AHEAD
        self._without = 0
        self._next_without = _LEAST_WITHOUT

    def may(self) -> bool:
        """Whether the next level is read with further ones."""
        if self._without:
            self._without -= 1
            return False
        return True

    def learn(self, levels: int, *, new: int, read: int) -> None:
        """Sets what the next turn may read, or puts it off.

        Args:
            levels: how many the last turn found.
            new: how many of its events were not known.
            read: how many events it read.
        """
        if levels >= _MANY_LEVELS and 2 * new >= read:
            self.most, self._next_without = min(2 * self.most, _MOST_AHEAD), _LEAST_WITHOUT
        else:
            self.most, self._without = _LEAST_AHEAD, self._next_without
            self._next_without = min(2 * self._next_without, _MOST_WITHOUT)


class EventTable:
    """The events at the nodes of steps.

    Args:
        reader: what they are read by.
        as_of: milliseconds since 1970; later events are left out.
        which: MADE leaves out the events of systems' own and those by which a cached execution outputs what an
            earlier one made.
    """

    def __init__(self, reader: Reader, as_of: int | None = None, which: Events = Events.ALL) -> None:
        self.reader = reader
        self.as_of = as_of
        self.made = which is Events.MADE
        self._cached: dict[int, bool] = {}
        self.at: dict[StepNumber, list[Event]] = {}
        self.leading_out: set[StepNumber] = set()
        """The steps that were read of which an event leads to what the caller may not see."""
        self._pace = Pace()
        self._ahead = _Ahead(), _Ahead()
        self._unused: dict[StepNumber, int] = {}
        """How many events there are at each step that was read ahead and that no walk has come to."""

    async def load(self, steps: Iterable[StepNumber], levels: int = _MOST_AHEAD) -> None:
        """Reads the events of steps that were not read yet: a statement a kind and way.

        Args:
            steps: a level of a walk.
            levels: how many levels may be wanted, with this one. Where there are few steps, the events of several
                levels are read with one statement: a long chain would take one for each step.
        """
        at, unused = self.at, self._unused
        wanted: dict[tuple[int, int], list[int]] = {}
        used: dict[tuple[int, int], int] = {}
        for step in steps:
            if step in unused:
                group = step >> 1 & 1, step & 1
                used[group] = used.get(group, 0) + unused.pop(step)
            elif step not in at:
                at[step] = []
                wanted.setdefault((step >> 1 & 1, step & 1), []).append(step >> 2)
        if used:
            await self.reader.charge_ahead(len(used.keys() - wanted.keys()), sum(used.values()))
        # What is hidden, and who was run, is asked level by level.
        narrow = levels > 1 and not self.made and not self.reader.hides
        narrow = narrow and sum(map(len, wanted.values())) <= _FEW_STEPS
        for (execution, up), ids in wanted.items():
            if narrow and self._ahead[up].may():
                await self._load_onward(execution, up, ids, levels)
                continue
            lower = execution << 1 | up
            types = _EVENTS[execution, up]
            types = types - _UNMADE if self.made else types
            events = await self.reader.events(_NODE_KINDS[execution], ids, types)
            if self.reader.hides:
                out = await self.reader.leading_out(_NODE_KINDS[execution], ids, types)
                self.leading_out.update(id_ << 2 | lower for id_ in out)
            if self.made and _EVENTS[execution, up] is OUTPUT_EVENTS:
                events = await self._of_makers(events)
            await self._place_level(lower, events)

    async def _load_onward(self, execution: int, up: int, ids: Sequence[int], levels: int) -> None:
        """Reads the events of steps, and of as many levels beyond them as can be read at once."""
        ahead, at = self._ahead[up], self.at
        leading = {kind: _EVENTS[place, up] for place, kind in enumerate(_NODE_KINDS)}
        # Each level has an event, or is the last.
        levels = min(levels, ahead.most)
        found = await self.reader.events_onward(_NODE_KINDS[execution], ids, leading, levels, ahead.most)
        new, lower = 0, execution << 1 | up
        level = {id_ << 2 | lower for id_ in ids}
        for place, events in enumerate(found):
            if place:
                level = following(level, self)
                lower ^= 2
                # Those that were read before are complete.
                missing = level - at.keys()
                at.update((step, []) for step in missing)
                here = _EXECUTION if lower & 2 else _ARTIFACT
                events = [event for event in events if here(event) << 2 | lower in missing]
                self._unused.update(dict.fromkeys(missing, 0))
                self._unused.update(Counter(here(event) << 2 | lower for event in events))
            await self._place_level(lower, events)
            new += len(events)
        ahead.learn(len(found), new=new, read=sum(map(len, found)))

    async def _place_level(self, lower: int, events: Sequence[Event]) -> None:
        as_of = self.as_of
        if as_of is not None:
            events = [event for event in events if event.time is None or event.time <= as_of]
        await in_pieces(self._pace, len(events), partial(self._place, lower, events))

    def _place(self, lower: int, events: Sequence[Event]) -> None:
        here = map(_EXECUTION if lower & 2 else _ARTIFACT, events)
        for id_, event in zip(here, events, strict=True):
            self.at[id_ << 2 | lower].append(event)

    async def _of_makers(self, outputs: Sequence[Event]) -> Sequence[Event]:
        """The output events of executions that were run: each is asked about once."""
        cached = self._cached
        new = sorted({event.execution_id for event in outputs} - cached.keys())
        if new:
            found = set(await self.reader.matching(EntityKind.EXECUTION, new, _CACHED))
            cached.update((id_, id_ in found) for id_ in new)
        return [event for event in outputs if not cached[event.execution_id]]

    def of(self, steps: Iterable[StepNumber]) -> list[Event]:
        """The events of steps that were read."""
        return list(chain.from_iterable(map(self.at.__getitem__, steps)))
