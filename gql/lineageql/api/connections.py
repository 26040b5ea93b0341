"""Relay's connections: the arguments, the edges and the pages."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from lineageql.api.context import Info
from lineageql.api.enums import (
    ArtifactOrderField,
    ExecutionOrderField,
    OrderDirection,
    RunOrderField,
    WorkspaceOrderField,
)
from lineageql.api.filters import EntityFilter
from lineageql.api.scalars import DateTime
from lineageql.api.selection import page_needs
from lineageql.api.unknown_names import warn_of_pages
from lineageql.catalog import pages
from lineageql.catalog.finding import Listing
from lineageql.catalog.pages import PageRequest
from lineageql.errors import InvalidArgument
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event, EventType
from lineageql.model.predicates import ALWAYS, Field, Group, Item, Property
from lineageql.store.ports import Link, Order, Search

N = TypeVar("N")

First = Annotated[
    int | None,
    strawberry.argument(
        description="At most this many of the first rows; a default when neither this nor last is given."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Only rows after the one with this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="At most this many of the last rows.")]
Before = Annotated[str | None, strawberry.argument(description="Only rows before the one with this cursor.")]
WHERE = strawberry.argument(description="What the rows must meet.")
ORDER = strawberry.argument(description="In which order they come; by id where it is not given.")


@strawberry.type(description="Where a page stands in its connection.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there are rows after the page.")
    has_previous_page: bool = strawberry.field(description="Whether there are rows before the page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first row.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last row.")


_NODES = "The nodes of the page's edges."
_EDGES = "The page's rows."
_CURSOR = "Where the row stands; for `after` and `before` of the same filter and order."
_TOTAL = "How many rows there are beside the page's too, under the same filter. Counted only when asked for."


def total(parent: strawberry.Parent[pages.Page[Any]]) -> int:
    return later(parent.count())  # type: ignore[no-any-return]


def later(value: Awaitable[object]) -> Any:
    """What a resolver returns for a value that a loader is still to answer."""
    return value


@strawberry.type(description="A row of a connection.")
class Edge(Generic[N]):
    cursor: str = strawberry.field(description=_CURSOR)
    node: N = strawberry.field(description="The row's entity.")


@strawberry.type(description="A page of rows, after Relay's specification of connections.")
class Connection(Generic[N]):
    edges: list[Edge[N]] = strawberry.field(description=_EDGES)
    nodes: list[N] = strawberry.field(description=_NODES)
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(resolver=total, description=_TOTAL)


IMPLIED = (
    "Whether the writer's convention says so, without an event of MLMD's: a deployment of model-registry reads the "
    "model of the version that it names."
)


@strawberry.type(description="A row that is an event: an execution read or wrote an artifact.")
class EventEdge(Generic[N]):
    cursor: str = strawberry.field(description=_CURSOR)
    node: N = strawberry.field(description="What is at the other end of the event.")

    @strawberry.field(description="MLMD's type of the event.")
    def event_type(self, parent: strawberry.Parent[pages.Edge]) -> EventType:
        return event_of(parent).type

    @strawberry.field(description=IMPLIED)
    def implied(self, parent: strawberry.Parent[pages.Edge]) -> bool:
        return event_of(parent).implied

    @strawberry.field(description="When it happened, where the writer says so.")
    def event_time(self, parent: strawberry.Parent[pages.Edge]) -> DateTime | None:
        time = event_of(parent).time
        return None if time is None else DateTime(time)

    @strawberry.field(
        description="The input or output of the execution that the artifact was at, where the writer names it."
    )
    def port(self, parent: strawberry.Parent[pages.Edge], info: Info) -> str | None:
        event, convention = event_of(parent), parent.node.convention
        found = info.context.loaders.path_by_event.load(event, lambda path: port_of(path, convention))
        return later(found)  # type: ignore[no-any-return]

    @strawberry.field(description="MLMD's event path, indexes as digits.")
    def path(self, parent: strawberry.Parent[pages.Edge], info: Info) -> list[str]:
        return later(info.context.loaders.path_by_event.load(event_of(parent), texts_of))  # type: ignore[no-any-return]


def texts_of(path: Iterable[str | int]) -> list[str]:
    """The steps of an event's path as texts."""
    return [str(step) for step in path]


def event_of(edge: pages.Edge) -> Event:
    assert edge.event is not None  # every row of a link by event has one
    return edge.event


@strawberry.type(description="A page of events, oldest first.")
class EventConnection(Generic[N]):
    edges: list[EventEdge[N]] = strawberry.field(description=_EDGES)
    nodes: list[N] = strawberry.field(description=_NODES)
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(resolver=total, description=_TOTAL)


_DIRECTION = "Which way."
_KEY = "The name of {}; needed by {}, and taken by no other order."
_KEY_OF = {
    "Artifact": _KEY.format("what it is by", "VALUE, PARAMETER and PROPERTY"),
    "Execution": _KEY.format("what it is by", "PARAMETER and PROPERTY"),
    "Run": _KEY.format("the value", "VALUE"),
}


@strawberry.input(description="An order of artifacts.")
class ArtifactOrder:
    field: ArtifactOrderField = strawberry.field(description="By what.")
    key: str | None = strawberry.field(default=None, description=_KEY_OF["Artifact"])
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description=_DIRECTION)


@strawberry.input(description="An order of executions.")
class ExecutionOrder:
    field: ExecutionOrderField = strawberry.field(description="By what.")
    key: str | None = strawberry.field(default=None, description=_KEY_OF["Execution"])
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description=_DIRECTION)


@strawberry.input(description="An order of runs.")
class RunOrder:
    field: RunOrderField = strawberry.field(description="By what.")
    key: str | None = strawberry.field(default=None, description=_KEY_OF["Run"])
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description=_DIRECTION)


@strawberry.input(description="An order of workspaces.")
class WorkspaceOrder:
    field: WorkspaceOrderField = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description=_DIRECTION)


AnyOrder = ArtifactOrder | ExecutionOrder | RunOrder | WorkspaceOrder


def search_for(kind: EntityKind, where: EntityFilter | None, order_by: AnyOrder | None = None) -> Search:
    """The search that a filter and an order stand for."""
    return Search(
        kind, ALWAYS if where is None else where.predicate(), Order() if order_by is None else _order(order_by)
    )


def _order(given: AnyOrder) -> Order:
    """The order that an input stands for.

    Raises:
        InvalidArgument: the key of an order by a name is missing, or another order has one.
    """
    by, key = given.field.value, None if isinstance(given, WorkspaceOrder) else given.key
    descending = given.direction.value
    if isinstance(by, Field):
        if key is not None:
            named = ", ".join(one.name for one in type(given.field) if not isinstance(one.value, Field))
            raise InvalidArgument(
                f"{given.field.name} takes no key: leave it out, or order by what has a name, {named}", "orderBy.key"
            )
        return Order(by, descending)
    if key is None:
        what = given.field.name.lower()
        raise InvalidArgument(
            f"the order by {given.field.name} needs the name of the {what}: "
            f'write {{field: {given.field.name}, key: "the {what}\'s name"}}',
            "orderBy.key",
        )
    return Order(Item(by, key) if isinstance(by, Group) else Property(key), descending)


def under(
    info: Info,
    link: Link,
    owner: Ref,
    request: PageRequest,
    where: EntityFilter | None = None,
    order_by: AnyOrder | None = None,
) -> Any:
    """The page of a connection under an owner."""
    # A level asks the same under each of its owners. A field of a fragment may be asked more elsewhere, where others
    # are merged with it. What is kept holds on to the filter and the order, so that no other object can have their
    # place in memory.
    context = info.context
    key = (tuple(map(id, info._raw_info.field_nodes)), link, request, id(where), id(order_by))
    made = context.listings.get(key)
    if made is None:
        search = search_for(link.target, where, order_by)
        listing, seen = Listing(link, search, request, page_needs(info)), partial(warn_of_pages, info, search, request)
        made = context.listings[key] = (context.loaders.pages(listing, seen), where, order_by)
    return made[0].load(owner)
