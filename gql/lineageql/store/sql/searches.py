"""Pages and counts, as scripts: what is looked for, where a statement starts, and the entities of the rows found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.predicates import Field
from lineageql.store.ports import Link, Row, Search, Slice, Window
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.entities import EntityTables
from lineageql.store.sql.links import Members, members_of
from lineageql.store.sql.pages import count, page
from lineageql.store.sql.rows import event_of
from lineageql.store.sql.runs import needed
from lineageql.store.sql.seeds import Seed, Seeds
from lineageql.store.sql.sources import Source, source_of
from lineageql.store.sql.statements import Statements
from lineageql.store.sql.tables import ARTIFACT, EXECUTION
from lineageql.store.sql.texts import text_page

_MOST_SEEDS = 16
"""How many seeds are counted: of many terms one that is rare is likely among the first."""

Bound = Callable[[int, int | None], int]
Fields = frozenset[Field] | None


def gathering_bound(size: int, limit: int | None) -> int:
    """Below how many rows a seed is small enough to start at, of `size` rows, for a page of `limit` rows.

    Walking to a page visits about size * limit / matches rows, gathering visits
    the matches: the two meet at the square root of size * limit. A count, which
    has no limit, visits every match anyway, so any seed will do.
    """
    most = size if limit is None else math.isqrt(size * limit) + 1
    return 1 << most.bit_length()  # of a store that grows, the same for long: statements are kept by it


@dataclass(frozen=True)
class _Page:
    """A compiled page: how many of its columns are keys, and whether its rows are events."""

    statement: Statement
    keys: int
    by_event: bool


class Searches:
    """The scripts of one operation's searches."""

    def __init__(self, clauses: Clauses, statements: Statements, bound: Bound) -> None:
        self.clauses = clauses
        self.types = clauses.types
        self.dialect = clauses.dialect
        self.tables = EntityTables(clauses.types, clauses.dialect)
        self.statements = statements
        self.bound = bound

    def page(self, search: Search, window: Window, fields: Fields = None) -> Script[Slice]:
        """A page of the whole store."""
        seed = yield from self._seed(search, window.limit)

        def make() -> _Page:
            members = Members(source_of(search.kind, self.types, needed(search, window)), [])
            made = page(self.clauses, search, window, members, self.narrowing(search, members.source, seed))
            return _Page(self.dialect.compile(made.query), made.keys, by_event=False)

        made = self.statements.get(self.types, ("page", search, window, seed), make)
        return (yield from self._slices(search.kind, window, made, [(yield from fetch(made.statement))], fields))[0]

    def page_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields = None
    ) -> Script[dict[Ref, Slice]]:
        """The same page under each of several owners."""
        slices: dict[Ref, Slice] = {}
        for group, named in groups_of(owners):

            def make(named: bool = named) -> _Page:
                members = members_of(link, self.clauses, named_owner=named, needed=needed(search, window))
                made = page(self.clauses, search, window, members)
                return _Page(self.dialect.under(made.query), made.keys, members.event is not None)

            made = self.statements.get(self.types, ("page under", link, named, search, window), make)
            lists = yield from self._under(made.statement, group)
            found = yield from self._slices(search.kind, window, made, lists, fields)
            slices.update(zip(group, found, strict=True))
        return slices

    def count(self, search: Search) -> Script[int]:
        """How many rows there are in the whole store."""
        seed = yield from self._seed(search, None)

        def make() -> Statement:
            members = Members(source_of(search.kind, self.types), [])
            narrowing = self.narrowing(search, members.source, seed)
            return self.dialect.compile(count(self.clauses, search, members, narrowing))

        statement = self.statements.get(self.types, ("count", search, seed), make)
        return int((yield from fetch(statement))[0][0])

    def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Script[Mapping[Ref, int]]:
        """How many rows there are under each owner."""
        counts: dict[Ref, int] = {}
        for group, named in groups_of(owners):

            def make(named: bool = named) -> Statement:
                return self.dialect.under(
                    count(self.clauses, search, members_of(link, self.clauses, named_owner=named))
                )

            statement = self.statements.get(self.types, ("count under", link, named, search), make)
            lists = yield from self._under(statement, group)
            counts.update((ref, found[0][0]) for ref, found in zip(group, lists, strict=True))
        return counts

    def text_page(self, kind: EntityKind, text: str, window: Window) -> Script[Slice]:
        """A page of what holds a text."""
        found = text_page(self.clauses, Members(source_of(kind, self.types), []), text, window)
        made = _Page(self.dialect.compile(found.query), found.keys, by_event=False)
        return (yield from self._slices(kind, window, made, [(yield from fetch(made.statement))]))[0]

    def start(self, search: Search, source: Source) -> Script[Any]:
        """The clause that lets a statement over all matches start where these are few; None where they are not."""
        return self.narrowing(search, source, (yield from self._seed(search, None)))

    def narrowing(self, search: Search, source: Source, seed: int | None) -> Any:
        """The clause that starts a statement at one of the search's seeds."""
        return None if seed is None else source.id.in_(self._seeds(search)[seed].ids())

    def _under(self, statement: Statement, owners: Sequence[Ref]) -> Script[list[Rows]]:
        keys = [[ref.key.workspace, ref.key.name] if isinstance(ref.key, RunName) else ref.key for ref in owners]
        rows = yield from fetch(statement.given(owners=self.dialect.owners(keys)))
        return self.dialect.lists(rows, len(owners))

    def _seed(self, search: Search, limit: int | None) -> Script[int | None]:
        """Which of a search's seeds a statement should start at: the smallest, where it is small enough."""
        seeds = self._seeds(search)
        if not seeds:
            return None
        table = ARTIFACT if search.kind is EntityKind.ARTIFACT else EXECUTION
        # About how many there are: MLMD gives ids in order and deletes nothing.
        last = self.statements.get(
            self.types, ("last", search.kind), lambda: self.dialect.compile(select(func.max(table.c.id)))
        )
        bound = self.bound((yield from fetch(last))[0][0] or 1, limit)

        def make() -> Statement:
            sizes = (select(func.count()).select_from(seed.rows(bound).subquery()).scalar_subquery() for seed in seeds)
            return self.dialect.compile(select(*(size.label(f"c{place}") for place, size in enumerate(sizes))))

        statement = self.statements.get(self.types, ("sizes", search, bound), make)
        sizes = [int(size) for size in (yield from fetch(statement))[0]]
        smallest = min(range(len(sizes)), key=sizes.__getitem__)
        return smallest if sizes[smallest] < bound else None

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
