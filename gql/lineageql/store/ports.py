"""What the rest of the service asks of a store: a Reader and a Recorder.

All verbs take and answer batches, so that the number of statements follows the
depth of a query and not the number of its rows. A Reader serves one operation:
it reads the store's types once, when they are first needed, and what it reads
is of one state of the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from lineageql.errors import LineageQLError
from lineageql.model.choice import Choice
from lineageql.model.entities import Entity, ExecutionState
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event, EventType, NodeKind, NodeType
from lineageql.model.orders import OrderedBy
from lineageql.model.predicates import ALWAYS, Field, Group, Predicate
from lineageql.model.rights import Sight
from lineageql.store.explanation import Explanation
from lineageql.store.tally import Tally
from lineageql.store.text_limits import NONE, Limits
from lineageql.store.write_lock import Hold

Leading = Mapping[NodeKind, frozenset[EventType]]
"""The types of the events that lead on from an artifact, and from an execution."""
Key = tuple[str | int | float | None, ...]
"""Where a row stands in an order: the ordered value, then what breaks ties."""


@dataclass(frozen=True, slots=True)
class Order:
    """By which field, property or item rows come; ties come by id, in the same direction. See `model.orders`."""

    field: OrderedBy = Field.ID
    descending: bool = False


LACKED = frozenset({Field.START_TIME, Field.END_TIME, Field.LATEST_RUN})
"""The orders by what a row may lack."""


def nowhere(order: Order) -> int:
    """The place, in such an order, of rows that lack the value: after all others."""
    return -(2**62) if order.descending else 2**62


def in_place(order: Order, *, lacks: bool) -> int:
    """The first part of the key of a row in an order by a text: what lacks it comes after all others."""
    return int(lacks is not order.descending)


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of an order are wanted: `limit` of them between two keys.

    With `backward` these are the last `limit` rows; they come in order all the same.
    """

    limit: int
    after: Key | None = None
    before: Key | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """Entities of one kind that make a predicate true, in an order."""

    kind: EntityKind
    predicate: Predicate = ALWAYS
    order: Order = field(default_factory=Order)


APART = 8
"""The rank of what holds the words of a text, and not side by side."""


class Facet(Choice):
    """By what entities can be counted."""

    KIND = "kind"
    TYPE = "type"
    WRITER = "writer"
    STATE = "state"
    WORKSPACE = "workspace"
    RUN = "run"
    LABEL_KEY = "label key"
    LABEL_VALUE = "label value"
    PROPERTY_NAME = "property name"
    VALUE_NAME = "value name"
    PARAMETER_NAME = "parameter name"


ITEM_FACETS: Mapping[Facet, Group] = {Facet.VALUE_NAME: Group.VALUES, Facet.PARAMETER_NAME: Group.PARAMETERS}
"""The facets by the names of items, and the groups of these."""
FACETS: Mapping[EntityKind, frozenset[Facet]] = {
    EntityKind.ARTIFACT: frozenset(Facet),
    EntityKind.EXECUTION: frozenset(Facet) - {Facet.KIND, Facet.VALUE_NAME},
    EntityKind.RUN: frozenset(Facet) - {Facet.KIND, Facet.RUN, Facet.PROPERTY_NAME, *ITEM_FACETS},
}
"""By what each kind of entity can be counted."""


class Link(Choice):
    """From an owner to the entities that a connection under it lists."""

    WORKSPACE_RUNS = (EntityKind.WORKSPACE, EntityKind.RUN)
    WORKSPACE_EXECUTIONS = (EntityKind.WORKSPACE, EntityKind.EXECUTION)
    WORKSPACE_ARTIFACTS = (EntityKind.WORKSPACE, EntityKind.ARTIFACT)
    RUN_EXECUTIONS = (EntityKind.RUN, EntityKind.EXECUTION)
    RUN_INPUTS = (EntityKind.RUN, EntityKind.ARTIFACT, "consumed, not produced here")
    RUN_OUTPUTS = (EntityKind.RUN, EntityKind.ARTIFACT, "produced here")
    EXECUTION_INPUTS = (EntityKind.EXECUTION, EntityKind.ARTIFACT, "input events")
    EXECUTION_OUTPUTS = (EntityKind.EXECUTION, EntityKind.ARTIFACT, "output events")
    ARTIFACT_PRODUCERS = (EntityKind.ARTIFACT, EntityKind.EXECUTION, "output events")
    ARTIFACT_CONSUMERS = (EntityKind.ARTIFACT, EntityKind.EXECUTION, "input events")
    MODEL_METRICS = (EntityKind.ARTIFACT, EntityKind.ARTIFACT, "metrics")

    @property
    def owner(self) -> EntityKind:
        kind: EntityKind = self.value[0]
        return kind

    @property
    def target(self) -> EntityKind:
        kind: EntityKind = self.value[1]
        return kind

    @property
    def by_event(self) -> bool:
        """Whether each row is an event, so that one entity may come more than once."""
        return self in _BY_EVENT


_BY_EVENT = {Link.EXECUTION_INPUTS, Link.EXECUTION_OUTPUTS, Link.ARTIFACT_PRODUCERS, Link.ARTIFACT_CONSUMERS}


class Row(NamedTuple):
    """One row of a slice; `event` is there where the link is by event."""

    key: Key
    entity: Entity
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows in order, and whether there are more beyond them in the window's direction."""

    rows: Sequence[Row]
    more: bool


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """How many of each there are in the store."""

    workspaces: int
    runs: int
    executions: int
    artifacts: int
    events: int


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store is.

    Attributes:
        url: its address, without credentials.
        backend: what it is called.
        schema_version: MLMD's, where it is known.
        writable: whether it can be recorded in.
        integer_bits: those of an integer property.
        limits: how long texts may be in it.
    """

    url: str
    backend: str
    schema_version: int | None
    writable: bool
    integer_bits: int = 64
    limits: Limits = NONE


class Reader(Protocol):
    """Reads one store for one operation, as if it held nothing but what one caller may see.

    Types belong to the whole store, and everybody sees them. A predicate holds no walk over lineage: see
    `catalog.reach`.

    Raises:
        Unavailable: the store cannot be reached or read now.
    """

    @property
    def faults(self) -> Sequence[LineageQLError]:
        """What could not be read so far and was left out of answers; each error is shown beside these."""

    @property
    def hides(self) -> bool:
        """Whether it leaves out what its caller may not see."""

    @property
    def unindexed(self) -> bool:
        """Whether it looked for words, or for an order of names, in a store that lacks the search index for that."""

    async def types(self) -> Sequence[NodeType]:
        """All types but MLMD's own simple ones."""

    async def search(self, search: Search, window: Window, fields: frozenset[Field] | None = None) -> Slice:
        """The rows of the whole store that a window shows; see `get` for `fields`."""

    async def search_under(
        self,
        link: Link,
        owners: Sequence[Ref],
        search: Search,
        window: Window,
        fields: frozenset[Field] | None = None,
    ) -> Mapping[Ref, Slice]:
        """The rows that a window shows under each owner; see `get` for `fields`."""

    async def count(self, search: Search) -> int:
        """How many entities of the whole store make the predicate true."""

    async def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]:
        """How many rows there are under each owner."""

    async def facets(self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None) -> Mapping[str, int]:
        """How many of the entities that make the predicate true have each value; `key` for LABEL_VALUE.

        One without a value counts nowhere, one with several in each. See `FACETS`.
        """

    async def find_text(self, kind: EntityKind, text: str, window: Window) -> Slice:
        """Entities in whose names, uris, label values or descriptions every word of a text is, best matches first.

        Keys are the rank, 1 the best, then what breaks ties. A window after the
        rank alone begins with the next rank.
        """

    async def count_text(self, kind: EntityKind, text: str) -> int:
        """How many entities the words of a text are in."""

    async def get(self, refs: Sequence[Ref], fields: frozenset[Field] | None = None) -> Mapping[Ref, Entity]:
        """The entities of these references; what is not there is left out.

        Args:
            refs: references of any kinds.
            fields: which fields of artifacts and executions are going to be read beside their ids and types;
                all, and their properties, where it is None. Others read as if they were not there.
        """

    async def matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]:
        """The ids among these whose artifacts or executions make the predicate true."""

    async def ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]:
        """The ids of the artifacts or executions that make the predicate true, of any `most` where there are more."""

    async def types_of(self, kind: EntityKind, ids: Sequence[int]) -> Mapping[int, NodeType]:
        """The type of each of these artifacts or executions."""

    async def events(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[Event]:
        """The events of these types at these artifacts or executions, without paths."""

    async def events_onward(
        self, kind: NodeKind, ids: Sequence[int], leading: Leading, levels: int, most: int
    ) -> Sequence[Sequence[Event]]:
        """The events at nodes, those at the nodes at their other ends, and so on: level by level, each whole.

        Args:
            kind: of the nodes that it begins at: artifacts or executions.
            ids: theirs.
            leading: the types of the events that lead on from each kind.
            levels: how many are read at most, one or more.
            most: after how many events no further level is read.

        Returns:
            One level or more, as many as can be read at once. The last is empty where nothing leads on.
        """

    async def charge_ahead(self, reads: int, events: int) -> None:
        """Says that events are used now which `events_onward` read beyond its first level.

        An operation pays for them now, as for so many reads of their own, so a walk costs the same however it is read.
        """

    async def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[int]:
        """The ids among these of which an event, whenever it was, leads to what is there and the caller may not see.

        Args:
            kind: of the artifacts or executions.
            ids: theirs.
            types: of the events that count.
        """

    async def paths(self, events: Sequence[Event]) -> Sequence[Event]:
        """The same events with their paths."""

    async def workspaces_of(self, kind: EntityKind, ids: Sequence[Ref]) -> Mapping[Ref, Ref]:
        """The workspace of each run, execution or artifact that has one."""

    async def all_workspaces_of(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Sequence[Ref]]:
        """All workspaces that each artifact belongs to, in the order of ids, for those that belong to any."""

    async def runs_of(self, executions: Sequence[Ref]) -> Mapping[Ref, Ref]:
        """The run of each execution that has one."""

    async def runs_holding(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Ref]:
        """The run that holds each artifact without an execution that wrote it, where the writer records no events."""

    async def run_states(self, runs: Sequence[Ref]) -> Mapping[Ref, Mapping[ExecutionState, int]]:
        """For each run, how many of its executions are in each state."""

    async def counts(self) -> StoreCounts:
        """How many of each there are."""


class Recorder(Protocol):
    """Writes to a store by the methods of MLMD's service, each atomic.

    Raises:
        Unavailable: MLMD cannot be reached, or went away during the call.
        LineageQLError: what MLMD answered, in the one tree of errors.
    """

    tally: Tally
    """What was asked of it."""

    async def call(self, rpc: str, request: bytes) -> bytes:
        """Sends a serialized request to the method of this name; answers the serialized reply."""

    async def close(self) -> None:
        """Lets go of what the recorder holds."""


class Store(Protocol):
    """An open store."""

    info: StoreInfo
    recorder: Recorder | None

    @property
    def statements(self) -> int:
        """How many statements, or calls of MLMD's service, were sent to read it since it was opened."""

    def reading(
        self, sight: Sight, *, current: bool = False, explanation: Explanation | None = None
    ) -> AbstractContextManager[Reader]:
        """A Reader for one operation: all that it reads is of one state of the store, where the store can do that.

        It is the state when the Reader first reads. Leaving lets go of it, ends what is still read, and does not wait.

        Args:
            sight: what its caller may see.
            current: it must see what was written just now, as an operation that writes does; other operations may
                be served by a replica, which lags behind.
            explanation: what is told all that the Reader does.
        """

    def reader(self, sight: Sight, *, current: bool = False) -> Reader:
        """A Reader each of whose verbs reads the store as it is at its time; it holds nothing and needs no end.

        See `reading` for its arguments.
        """

    def exclusive(self, asked: float) -> AbstractAsyncContextManager[Hold]:
        """While it is entered, no other process records in this store through LineageQL, on this machine or another.

        Behind MLMD's service there is no such lock, and nothing is held.

        Args:
            asked: since when its caller waits for its turn, by the event loop's clock: where the store was found not
                to answer since then, nobody waits to find it out again.

        Raises:
            StoreLocked: other processes recorded all the time.
            Unavailable, StoreError: the lock cannot be had.
        """

    async def probe(self) -> str | None:
        """Finds out whether the store can be read now, beside all operations: none of them is waited for.

        Returns:
            What whoever runs the service should know all the same, a clause; None where there is nothing.

        Raises:
            Unavailable: it cannot.
        """

    async def close(self) -> None:
        """Closes connections and ends the recorder."""
