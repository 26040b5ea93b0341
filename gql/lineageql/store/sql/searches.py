"""Pages and counts, as scripts: what is looked for, where a statement starts, and the entities of the rows found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select

from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.predicates import Field
from lineageql.store.ports import Link, Row, Search, Slice, Window
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.efforts import WALKED_AS_GATHERED, Efforts
from lineageql.store.sql.entities import NODE_KINDS, EntityTables
from lineageql.store.sql.links import Members, members_of
from lineageql.store.sql.narrowings import NO_CONTEXT, Stretch, needed
from lineageql.store.sql.pages import WALKED, count, edges, page, shape, stretch
from lineageql.store.sql.rows import event_of
from lineageql.store.sql.runs import all_named
from lineageql.store.sql.seed import Most, Seed, visited
from lineageql.store.sql.seeds import Seeds
from lineageql.store.sql.sources import Source, source_of
from lineageql.store.sql.statements import Statements
from lineageql.store.sql.tables import NODES
from lineageql.store.sql.texts import text_page

_MOST_SEEDS = 16
"""How many seeds are counted: of many terms one that is rare is likely among the first."""

Fields = frozenset[Field] | None


@dataclass(frozen=True)
class _Page:
    """A compiled page: how many of its columns are keys, and whether its rows are events."""

    statement: Statement
    keys: int
    by_event: bool


class Searches:
    """The scripts of one operation's searches."""

    def __init__(self, clauses: Clauses, statements: Statements, efforts: Efforts) -> None:
        self.clauses = clauses
        self.types = clauses.types
        self.dialect = clauses.dialect
        self.tables = EntityTables(clauses.types, clauses.dialect)
        self.statements = statements
        self.efforts = efforts

    def page(self, search: Search, window: Window, fields: Fields = None) -> Script[Slice]:
        """A page of the whole store."""
        made, rows = yield from self._rows(search, window)
        return (yield from self._slices(search.kind, window, made, [rows], fields))[0]

    def _rows(self, search: Search, window: Window) -> Script[tuple[_Page, Rows]]:
        """The rows of a page.

        The order is walked over, stretch by stretch, until the page is full; or as soon as one of the seeds holds no
        more than a stretch, what it holds is gathered.
        """
        if search.kind is EntityKind.WORKSPACE:
            return (yield from self._window(search, window, self._first_seed(search)))
        rest, rows = window, list[Any]()
        for most in self.efforts(window.limit) if self._seeds(search) else ():
            seed = yield from self._smallest(search, most // WALKED_AS_GATHERED)
            edge = () if seed is not None else (yield from self._edge(search, rest, most))
            if edge is None:
                continue
            if len(edge) < 2:
                made, found = yield from self._window(search, rest, seed)
                return made, [*rows, *found]
            last, beyond = (tuple(key) for key in edge)
            walked = replace(rest, after=beyond) if window.backward else replace(rest, before=beyond)
            made, found = yield from self._window(search, walked, None)
            rows += found
            if len(rows) > window.limit:
                return made, rows
            left = window.limit - len(rows)
            rest = replace(rest, limit=left, before=last) if window.backward else replace(rest, limit=left, after=last)
        return (yield from self._window(search, window, None))

    def _edge(self, search: Search, window: Window, most: int) -> Script[Rows | None]:
        """The keys of the last row of a stretch and of the first beyond it; None where the order cannot be walked."""
        if search.order.field not in WALKED:
            return () if most >= (yield from self._last(search.kind)) else None

        def make() -> Statement:
            found = stretch(self.clauses, search, window, source_of(search.kind, self.types))
            return self.dialect.compile(found).meant("walk the order: where the next rows end")

        made = self.statements.get(self.types, ("stretch", search, shape(window)), make)
        return (yield from fetch(made.given(**edges(window), window_skip=most - 1)))

    def _window(self, search: Search, window: Window, seed: int | None) -> Script[tuple[_Page, Rows]]:
        """The rows of a window, from one of the search's seeds where it is given."""

        def make() -> _Page:
            members = Members(source_of(search.kind, self.types, wanted), [])
            made = page(self.clauses, search, window, members, self.narrowing(search, members.source, seed))
            how = "in the order" if seed is None else self._named(seed)
            return _Page(self.dialect.compile(made.query).meant(f"page, {how}"), made.keys, by_event=False)

        wanted = needed(search, window)
        made = self.statements.get(self.types, ("page", search, shape(window), wanted, seed), make)
        return made, (yield from fetch(made.statement.given(**edges(window), window_limit=window.limit + 1)))

    def page_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields = None
    ) -> Script[dict[Ref, Slice]]:
        """The same page under each of several owners."""
        slices: dict[Ref, Slice] = {}
        for group, named in groups_of(owners):
            made, lists = yield from self._rows_under(link, group, search, window, named=named)
            found = yield from self._slices(search.kind, window, made, lists, fields)
            slices.update(zip(group, found, strict=True))
        return slices

    def _rows_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, *, named: bool
    ) -> Script[tuple[_Page, list[Rows]]]:
        """The rows of a page under each of several owners.

        The first runs of a workspace are likely among the next contexts; who has not enough there is asked for all.
        """
        wanted = needed(search, window)

        def made(stretch: Stretch | None) -> _Page:
            def make() -> _Page:
                members = members_of(link, self.clauses, named_owner=named, needed=wanted, stretch=stretch)
                made = page(self.clauses, search, window, members)
                how = "" if stretch is None else ", among the next contexts"
                statement = self.dialect.under(made.query).meant(f"page under each owner{how}")
                return _Page(statement, made.keys, members.event is not None)

            return self.statements.get(self.types, ("page under", link, named, search, window, stretch), make)

        near: list[Rows] = [()] * len(owners)
        if wanted is not None and wanted.after < NO_CONTEXT and all_named(self.types):
            effort = next(iter(self.efforts(wanted.rows)))
            stretch = Stretch(wanted.after, max(1, effort // WALKED_AS_GATHERED))
            near = yield from self._under(made(stretch).statement, owners)
        few = [owner for owner, rows in zip(owners, near, strict=True) if len(rows) <= window.limit]
        whole = made(None)
        if not few:
            return whole, near
        found = iter((yield from self._under(whole.statement, few)))
        return whole, [rows if len(rows) > window.limit else next(found) for rows in near]

    def count(self, search: Search) -> Script[int]:
        """How many rows there are in the whole store."""
        seed = yield from self._seed(search)

        def make() -> Statement:
            members = Members(source_of(search.kind, self.types), [])
            narrowing = self.narrowing(search, members.source, seed)
            how = "" if seed is None else f", {self._named(seed)}"
            return self.dialect.compile(count(self.clauses, search, members, narrowing)).meant(f"count{how}")

        statement = self.statements.get(self.types, ("count", search, seed), make)
        return int((yield from fetch(statement))[0][0])

    def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Script[Mapping[Ref, int]]:
        """How many rows there are under each owner."""
        counts: dict[Ref, int] = {}
        for group, named in groups_of(owners):

            def make(named: bool = named) -> Statement:
                query = count(self.clauses, search, members_of(link, self.clauses, named_owner=named))
                return self.dialect.under(query).meant("count under each owner")

            statement = self.statements.get(self.types, ("count under", link, named, search), make)
            lists = yield from self._under(statement, group)
            counts.update((ref, found[0][0]) for ref, found in zip(group, lists, strict=True))
        return counts

    def text_page(self, kind: EntityKind, text: str, window: Window) -> Script[Slice]:
        """A page of what holds a text."""
        found = text_page(self.clauses, Members(source_of(kind, self.types), []), text, window)
        statement = self.dialect.compile(found.query).meant("page of what holds a text")
        made = _Page(statement, found.keys, by_event=False)
        return (yield from self._slices(kind, window, made, [(yield from fetch(made.statement))]))[0]

    def start(self, search: Search, source: Source) -> Script[Any]:
        """The clause that lets a statement over all matches start where these are few; None where they are not."""
        return self.narrowing(search, source, (yield from self._seed(search)))

    def narrowing(self, search: Search, source: Source, seed: int | None) -> Any:
        """The clause that starts a statement at one of the search's seeds."""
        return None if seed is None else source.id.in_(self._seeds(search)[seed].ids())

    def _under(self, statement: Statement, owners: Sequence[Ref]) -> Script[list[Rows]]:
        keys = [[ref.key.workspace, ref.key.name] if isinstance(ref.key, RunName) else ref.key for ref in owners]
        rows = yield from fetch(statement.given(owners=self.dialect.owners(keys)))
        return self.dialect.lists(rows, len(owners))

    def _seed(self, search: Search) -> Script[int | None]:
        """Which of a search's seeds a statement over all matches should start at: about the smallest."""
        if search.kind is EntityKind.WORKSPACE:
            return self._first_seed(search)
        if not self._seeds(search):
            return None
        last = yield from self._last(search.kind)
        for most in self.efforts(None):
            seed = yield from self._smallest(search, most)
            if seed is not None or most >= last:
                return seed
        return None

    def _smallest(self, search: Search, most: int) -> Script[int | None]:
        """The smallest of a search's seeds, where starting there visits fewer rows than `most`."""
        seeds = self._seeds(search)
        found, least = None, most
        sizes = yield from self._sizes(("sizes", search), [seed.least for seed in seeds], most)
        for size, place in sorted((size, place) for place, size in enumerate(sizes)):
            if size >= least:
                break
            if not seeds[place].sure:
                (size,) = yield from self._sizes(("size", search, place), [partial(visited, seeds[place])], most)
            if size < least:
                found, least = place, size
        return found

    def _sizes(
        self, key: tuple[Any, ...], sizes: Sequence[Callable[[Most], ColumnElement[int]]], most: int
    ) -> Script[list[int]]:
        def make() -> Statement:
            parameter: Most = bindparam("most", 0, BigInteger())
            columns: list[Any] = [size(parameter).label(f"c{place}") for place, size in enumerate(sizes)]
            return self.dialect.compile(select(*columns)).meant("cost of access paths")

        rows = yield from fetch(self.statements.get(self.types, key, make).given(most=most))
        return [int(size) for size in rows[0]]

    def _last(self, kind: EntityKind) -> Script[int]:
        """The last id, which is about how many there are: MLMD gives ids in order and deletes nothing."""
        table = NODES[NODE_KINDS[kind]]
        statement = self.statements.get(
            self.types, ("last", kind), lambda: self.dialect.compile(select(func.max(table.c.id))).meant("highest id")
        )
        return (yield from fetch(statement))[0][0] or 0

    def _named(self, seed: int) -> str:
        """An access path, as a plan names it."""
        return f"by access path {seed + 1}"

    def _first_seed(self, search: Search) -> int | None:
        """The seed of a search for workspaces: these are too few for counting to be worth a statement."""
        seeds = self._seeds(search)
        return 0 if seeds and not seeds[0].broad else None

    def _seeds(self, search: Search) -> list[Seed]:
        def make() -> list[Seed]:
            return Seeds(self.clauses, source_of(search.kind, self.types)).of(search.predicate)[:_MOST_SEEDS]

        return self.statements.get(self.types, ("seeds", search), make)

    def _slices(
        self, kind: EntityKind, window: Window, made: _Page, lists: Sequence[Rows], fields: Fields = None
    ) -> Script[list[Slice]]:
        """The slices of several pages, their entities loaded together."""
        keys = made.keys
        shown = [found[: window.limit] for found in lists]
        payloads = [tuple(row[keys:]) for rows in shown for row in rows]
        entities: Mapping[Any, Any]
        if kind is EntityKind.RUN:
            entities = yield from self.tables.runs(payloads)
        else:
            entities = yield from self.tables.by_id(kind, list({payload[0] for payload in payloads}), fields)
        slices = []
        for found, rows in zip(lists, shown, strict=True):
            made_rows = [_row(kind, row, keys, entities, by_event=made.by_event) for row in rows]
            if window.backward:
                made_rows.reverse()
            slices.append(Slice([row for row in made_rows if row is not None], len(found) > window.limit))
        return slices


def _row(kind: EntityKind, row: Sequence[Any], keys: int, entities: Mapping[Any, Any], *, by_event: bool) -> Row | None:
    payload = row[keys:]
    # A run is found by its id and both names, any other entity by its id.
    entity = entities.get((payload[0], payload[2], payload[3]) if kind is EntityKind.RUN else payload[0])
    if entity is None:
        return None  # an event may name a node that is not there
    return Row(tuple(row[:keys]), entity, event_of(payload[1:]) if by_event else None)


def groups_of(owners: Sequence[Ref]) -> list[tuple[list[Ref], bool]]:
    """The owners that have an MLMD id, and those that are pairs of names."""
    numbered = [ref for ref in owners if isinstance(ref.key, int)]
    named = [ref for ref in owners if isinstance(ref.key, RunName)]
    return [(group, flag) for group, flag in ((numbered, False), (named, True)) if group]
