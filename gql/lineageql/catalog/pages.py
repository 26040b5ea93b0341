"""Relay's pages: from first, after, last and before to a window of rows and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from lineageql.catalog.cursors import decode_cursor, encode_cursor
from lineageql.errors import InvalidArgument
from lineageql.model.entities import Entity
from lineageql.model.nodes import Event
from lineageql.store.ports import Key, Slice, Window


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The paging arguments of a connection, as the client gave them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def window(self, search: Hashable, *, default: int, maximum: int) -> Window:
        """The window that the arguments describe.

        Raises:
            InvalidArgument: a size is out of bounds, both sizes are given, or a
                cursor is not one of this search.
        """
        if self.first is not None and self.last is not None:
            raise InvalidArgument("first and last exclude each other; give one of them", "last")
        for argument, size in (("first", self.first), ("last", self.last)):
            if size is not None and size < 0:
                raise InvalidArgument(f"{argument} is {size}; it takes 0 or more", argument)
            if size is not None and size > maximum:
                raise InvalidArgument(f"{argument} is {size}; the most is {maximum}, page on with cursors", argument)
        size = self.first if self.first is not None else self.last
        return Window(
            limit=default if size is None else size,
            after=None if self.after is None else decode_cursor(self.after, search, "after"),
            before=None if self.before is None else decode_cursor(self.before, search, "before"),
            backward=self.last is not None,
        )


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(slots=True)
class Edge:
    """A row of a page. `event` is there where the rows are events."""

    node: Entity
    key: Key
    search: Hashable
    event: Event | None = None
    hops: int = 0

    @property
    def cursor(self) -> str:
        return encode_cursor(self.key, self.search)


E_ = TypeVar("E_", bound=Edge)


@dataclass(slots=True)
class Page(Generic[E_]):
    """A page of a connection. The total is counted when it is asked for."""

    edges: Sequence[E_]
    has_next_page: bool
    has_previous_page: bool
    count: Callable[[], Awaitable[int]]
    complete: bool = True

    @property
    def nodes(self) -> list[Entity]:
        return [edge.node for edge in self.edges]

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(
            self.has_next_page,
            self.has_previous_page,
            self.edges[0].cursor if self.edges else None,
            self.edges[-1].cursor if self.edges else None,
        )


def page_of(found: Slice, window: Window, search: Hashable, count: Callable[[], Awaitable[int]]) -> Page[Edge]:
    """The page that a slice of rows makes."""
    edges = [Edge(row.entity, row.key, search, row.event) for row in found.rows]
    # What lies behind the cursor that a client gives is there: MLMD deletes nothing.
    if window.backward:
        return Page(edges, window.before is not None, found.more, count)
    return Page(edges, found.more, window.after is not None, count)
