"""Lists that are read page by page, as far as somebody looks.

`Pages` and `AsyncPages` differ in how they wait; what a page is stands in `PageReader`.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lineageql_client import tables
from lineageql_client.decoding import decode, selection
from lineageql_client.errors import warn_incomplete
from lineageql_client.reading import Field, connection
from lineageql_client.transport import Request

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from lineageql_client.frames import Columns

T = TypeVar("T")
Report = Callable[[int, "int | None"], None]
"""Is told how many rows there are so far, and of how many; None where that is not known."""

PAGE_SIZE = 200
FRAME_PAGE_SIZE = 1000
"""Rows of a page when nobody says; a frame takes as many as the service gives by default."""
SHOWN = 20
"""Rows that a notebook shows."""


@dataclass(frozen=True)
class Page:
    """One answer: its rows as JSON, where the next one begins, and whether the walk behind it was complete."""

    rows: Sequence[Mapping[str, Any]]
    after: str | None
    complete: bool | None


@dataclass(frozen=True)
class PageReader:
    """How the pages of one connection are asked for and read."""

    field: Field
    size: int | None
    limit: int | None

    @property
    def row_type(self) -> str:
        return connection(self.field)[0]

    def request(self, first: int, after: str | None, only: frozenset[str] | None = None) -> Request:
        row, nodes, completes = connection(self.field)
        rows = f"node {{ {selection(row, only)} }}" if nodes else selection(row, only)
        body = f"edges {{ {rows} }} pageInfo {{ hasNextPage endCursor }}" + (" complete" if completes else "")
        paging: dict[str, Any] = {"first": first}
        if after is not None:
            paging["after"] = after
        return self.field.request(body, paging)

    def page(self, data: Mapping[str, Any]) -> Page:
        found = self.field.found(data)
        if found is None:
            return Page([], None, None)
        _, nodes, completes = connection(self.field)
        rows = [edge["node"] for edge in found["edges"]] if nodes else found["edges"]
        info = found["pageInfo"]
        return Page(rows, info["endCursor"] if info["hasNextPage"] else None, found["complete"] if completes else None)

    def sizes(self, default: int) -> Iterator[int]:
        """How many rows to ask for, page after page, until there are enough."""
        size = self.size or default
        left = self.limit
        while left is None or left > 0:
            now = size if left is None else min(size, left)
            yield now
            left = None if left is None else left - now

    def count_request(self) -> Request:
        return self.field.request("totalCount", {"first": 1})

    def count(self, data: Mapping[str, Any]) -> int:
        found = self.field.found(data)
        total = 0 if found is None else int(found["totalCount"])
        return total if self.limit is None else min(total, self.limit)


class _Shared(Generic[T]):
    """What both kinds have."""

    def __init__(self, reader: PageReader, source: Any, report: Report | None = None) -> None:
        self._reader = reader
        self._source = source
        self._report = report
        self.complete: bool | None = None
        """Whether the walk behind the rows was complete, as far as they were read; None where there is none."""

    def _read(self, data: Mapping[str, Any]) -> Page:
        page = self._reader.page(data)
        if page.complete is False and self.complete is not False:
            warn_incomplete(f"this answer of {self._reader.field.name}", stacklevel=6)
        if page.complete is not None:
            self.complete = page.complete and self.complete is not False
        return page

    def _decode(self, page: Page) -> list[T]:
        return [decode(self._reader.row_type, row, self._source) for row in page.rows]


class Pages(_Shared[T]):
    """A list that is read as it is gone through: `for artifact in client.artifacts(kind="MODEL")`.

    Going through it again reads it again.
    """

    def __init__(
        self,
        reader: PageReader,
        source: Any,
        send: Callable[[Request], Mapping[str, Any]],
        report: Report | None = None,
    ) -> None:
        super().__init__(reader, source, report)
        self._send = send

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[list[T]]:
        """Page after page."""
        for page in self._raw(PAGE_SIZE):
            yield self._decode(page)

    def _raw(self, size: int, only: frozenset[str] | None = None) -> Iterator[Page]:
        after, done = None, 0
        total = self.count() if self._report is not None else None
        for first in self._reader.sizes(size):
            page = self._read(self._send(self._reader.request(first, after, only)))
            done += len(page.rows)
            if self._report is not None:
                self._report(done, total)
            yield page
            after = page.after
            if after is None:
                return

    def first(self) -> T | None:
        """The first row, if there is one."""
        for page in self._raw(1):
            for row in self._decode(page):
                return row
        return None

    def all(self) -> list[T]:
        """All rows."""
        return list(self)

    def count(self) -> int:
        """How many rows there are, which the service counts."""
        return self._reader.count(self._send(self._reader.count_request()))

    def progress(self, report: Report | None = None) -> Pages[T]:
        """The same, telling how far it is: to `report`, else on standard error."""
        return Pages(self._reader, self._source, self._send, report or meter())

    def columns(self, columns: Sequence[str] | None = None) -> Columns:
        """The rows as columns, which frames are made of; see `lineageql_client.frames`."""
        from lineageql_client.frames import Columns

        made = Columns(self._reader.row_type, columns)
        for page in self._raw(FRAME_PAGE_SIZE, made.only):
            made.add(page.rows)
        return made

    def to_pandas(self, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """A frame of pandas; of the extra `frames`.

        Args:
            columns: the columns to have, such as `name`, `labels.stage`, `values.accuracy` or `labels`, which stands
                for all of these. If None: all but `properties`, `custom_properties` and `producer`.
        """
        return self.columns(columns).to_pandas()

    def to_arrow(self, columns: Sequence[str] | None = None) -> pyarrow.Table:
        """A table of Arrow; of the extra `arrow`. See `to_pandas`."""
        return self.columns(columns).to_arrow()

    def to_polars(self, columns: Sequence[str] | None = None) -> polars.DataFrame:
        """A frame of Polars; of the extra `polars`. See `to_pandas`."""
        return self.columns(columns).to_polars()

    def __repr__(self) -> str:
        return f"<Pages of {self._reader.row_type}: {self._reader.field.name}>"

    def _repr_html_(self) -> str:
        shown = list(itertools.islice(self, SHOWN + 1))
        return tables.rows(shown[:SHOWN], f"first {SHOWN} of {self.count():,}" if len(shown) > SHOWN else None)


class AsyncPages(_Shared[T]):
    """The same with `async for`."""

    def __init__(
        self,
        reader: PageReader,
        source: Any,
        send: Callable[[Request], Awaitable[Mapping[str, Any]]],
        report: Report | None = None,
    ) -> None:
        super().__init__(reader, source, report)
        self._send = send

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for row in page:
                yield row

    async def pages(self) -> AsyncIterator[list[T]]:
        """Page after page."""
        async for page in self._raw(PAGE_SIZE):
            yield self._decode(page)

    async def _raw(self, size: int, only: frozenset[str] | None = None) -> AsyncIterator[Page]:
        after, done = None, 0
        total = await self.count() if self._report is not None else None
        for first in self._reader.sizes(size):
            page = self._read(await self._send(self._reader.request(first, after, only)))
            done += len(page.rows)
            if self._report is not None:
                self._report(done, total)
            yield page
            after = page.after
            if after is None:
                return

    async def first(self) -> T | None:
        """The first row, if there is one."""
        async for page in self._raw(1):
            for row in self._decode(page):
                return row
        return None

    async def all(self) -> list[T]:
        """All rows."""
        return [row async for row in self]

    async def count(self) -> int:
        """How many rows there are, which the service counts."""
        return self._reader.count(await self._send(self._reader.count_request()))

    def progress(self, report: Report | None = None) -> AsyncPages[T]:
        """The same, telling how far it is: to `report`, else on standard error."""
        return AsyncPages(self._reader, self._source, self._send, report or meter())

    async def columns(self, columns: Sequence[str] | None = None) -> Columns:
        """The rows as columns, which frames are made of; see `lineageql_client.frames`."""
        from lineageql_client.frames import Columns

        made = Columns(self._reader.row_type, columns)
        async for page in self._raw(FRAME_PAGE_SIZE, made.only):
            made.add(page.rows)
        return made

    async def to_pandas(self, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """As `Pages.to_pandas`."""
        return (await self.columns(columns)).to_pandas()

    async def to_arrow(self, columns: Sequence[str] | None = None) -> pyarrow.Table:
        """As `Pages.to_arrow`."""
        return (await self.columns(columns)).to_arrow()

    async def to_polars(self, columns: Sequence[str] | None = None) -> polars.DataFrame:
        """As `Pages.to_polars`."""
        return (await self.columns(columns)).to_polars()

    def __repr__(self) -> str:
        return f"<AsyncPages of {self._reader.row_type}: {self._reader.field.name}>"


def meter() -> Report:
    """Says on standard error how far it is.

    A terminal and a notebook show one line, written anew at most ten times a second; a file, which keeps all that is
    written, gets a line every ten seconds and the last.
    """
    stream = sys.stderr
    renewed = stream.isatty() or type(stream).__module__.startswith("ipykernel")
    pause = 0.1 if renewed else 10.0
    last = time.monotonic() - pause if renewed else time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        now, end = time.monotonic(), total is not None and done >= total
        if end or now - last >= pause:
            last = now
            of = "" if total is None else f" of {total:,}"
            text = f"{done:,}{of} rows"
            stream.write(f"\r{text}" + ("\n" if end else "") if renewed else f"{text}\n")
            stream.flush()

    return report
