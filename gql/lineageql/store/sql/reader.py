"""The Reader over a database: each verb is a fixed number of statements."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from lineageql.model.entities import Entity, ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import Event, EventType, NodeKind, NodeType
from lineageql.model.predicates import Predicate
from lineageql.model.types import TypeCatalog
from lineageql.store.ports import Facet, Link, Row, Search, Slice, StoreCounts, Window
from lineageql.store.sql import rows as sql_rows
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.driver import Driver, Rows
from lineageql.store.sql.entities import EntityTables
from lineageql.store.sql.facets import Facets
from lineageql.store.sql.links import Members, members_of
from lineageql.store.sql.memberships import Memberships
from lineageql.store.sql.pages import count, page
from lineageql.store.sql.runs import Narrowing, named_one_of
from lineageql.store.sql.seeds import Seeds
from lineageql.store.sql.sources import Source, run_source, source_of
from lineageql.store.sql.tables import ARTIFACT, EVENT, EXECUTION
from lineageql.store.sql.texts import text_page

_MOST_SEEDS = 16
"""How many seeds are counted: of many terms one that is rare is likely among the first."""

Bound = Callable[[int, int | None], int]


def gathering_bound(size: int, limit: int | None) -> int:
    """Below how many rows a seed is small enough to start at, of `size` rows, for a page of `limit` rows.

    Walking to a page visits about size * limit / matches rows, gathering visits
    the matches: the two meet at the square root of size * limit. A count, which
    has no limit, visits every match anyway, so any seed will do.
    """
    return size if limit is None else math.isqrt(size * limit) + 1


class SQLReader:
    """Reads one database for one operation; see `store.ports.Reader`."""

    def __init__(self, driver: Driver, bound: Bound = gathering_bound) -> None:
        self.driver = driver
        self.bound = bound
        self.dialect = driver.dialect
        self._reading: asyncio.Task[TypeCatalog] | None = None

    async def _fetch(self, query: Select[Any]) -> Rows:
        return await self.driver.fetch(self.dialect.compile(query))

    # -- types

    async def types(self) -> Sequence[NodeType]:
        return [type_ for type_ in (await self._catalog()).by_id.values() if not type_.simple]

    async def _catalog(self) -> TypeCatalog:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_types())
        return await asyncio.shield(self._reading)

    async def _read_types(self) -> TypeCatalog:
        tables = [prepared(self.dialect) for prepared in sql_rows.TYPE_TABLES]
        types, properties, parents = await self.driver.fetch_each(tables)
        return TypeCatalog(sql_rows.types_of(types, properties, parents))

    async def _clauses(self) -> Clauses:
        return Clauses(await self._catalog(), self.dialect)

    # -- pages and counts

    async def search(self, search: Search, window: Window) -> Slice:
        clauses = await self._clauses()
        members = Members(source_of(search.kind, clauses.types), [])
        narrowing = await self._narrowing(clauses, search, members.source, window.limit)
        query = page(clauses, search, window, members, narrowing)
        found = await self._fetch(query.query)
        return (await self._slices(search, window, members, query.keys, [found]))[0]

    async def search_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window
    ) -> Mapping[Ref, Slice]:
        clauses = await self._clauses()
        slices: dict[Ref, Slice] = {}
        for group, named in _groups(owners):
            members = members_of(link, clauses, named_owner=named)
            query = page(clauses, search, window, members)
            lists = await self._under(query.query, group)
            found = await self._slices(search, window, members, query.keys, lists)
            slices.update(zip(group, found, strict=True))
        return slices

    async def count(self, search: Search) -> int:
        clauses = await self._clauses()
        members = Members(source_of(search.kind, clauses.types), [])
        narrowing = await self._narrowing(clauses, search, members.source, None)
        return int((await self._fetch(count(clauses, search, members, narrowing)))[0][0])

    async def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]:
        clauses = await self._clauses()
        counts: dict[Ref, int] = {}
        for group, named in _groups(owners):
            query = count(clauses, search, members_of(link, clauses, named_owner=named))
            lists = await self._under(query, group)
            counts.update((ref, found[0][0]) for ref, found in zip(group, lists, strict=True))
        return counts

    async def _under(self, query: Select[Any], owners: Sequence[Ref]) -> list[Rows]:
        keys = [[ref.key.workspace, ref.key.name] if isinstance(ref.key, RunName) else ref.key for ref in owners]
        lists: list[Rows] = [()] * len(owners)
        for place, inner in await self.driver.fetch(self.dialect.under(query, keys)):
            lists[place] = orjson.loads(inner)
        return lists

    async def _narrowing(self, clauses: Clauses, search: Search, source: Source, limit: int | None) -> Any:
        """The clause that starts a statement at the smallest seed, where one is small enough."""
        seeds = Seeds(clauses, source).of(search.predicate)[:_MOST_SEEDS]
        if not seeds:
            return None
        bound = self.bound(await self._size(search.kind), limit)
        sizes = [
            select(func.count()).select_from(seed.limit(bound).subquery()).scalar_subquery().label(f"c{place}")
            for place, seed in enumerate(seeds)
        ]
        counted = (await self._fetch(select(*sizes)))[0]
        smallest = min(range(len(seeds)), key=lambda place: int(counted[place]))
        return source.id.in_(seeds[smallest]) if counted[smallest] < bound else None

    async def _size(self, kind: EntityKind) -> int:
        """About how many there are: MLMD gives ids in order and deletes nothing."""
        table = ARTIFACT if kind is EntityKind.ARTIFACT else EXECUTION
        return (await self._fetch(select(func.max(table.c.id))))[0][0] or 1

    async def _slices(
        self, search: Search, window: Window, members: Members, keys: int, lists: Sequence[Rows]
    ) -> list[Slice]:
        """The slices of several pages, their entities loaded together."""
        shown = [found[: window.limit] for found in lists]
        payloads = [tuple(row[keys:]) for rows in shown for row in rows]
        tables = EntityTables(self.driver, await self._catalog())
        entities: dict[Any, Any]
        if search.kind is EntityKind.RUN:
            entities = await tables.runs(payloads)
        else:
            entities = await tables.by_id(search.kind, list({payload[0] for payload in payloads}))
        slices = []
        for found, rows in zip(lists, shown, strict=True):
            made = [_row(search.kind, row, keys, entities, by_event=members.event is not None) for row in rows]
            if window.backward:
                made.reverse()
            slices.append(Slice([row for row in made if row is not None], len(found) > window.limit))
        return slices

    async def facets(self, predicate: Predicate, by: Facet, key: str | None) -> Mapping[str, int]:
        clauses = await self._clauses()
        search = Search(EntityKind.ARTIFACT, predicate)
        source = source_of(search.kind, clauses.types)
        narrowing = await self._narrowing(clauses, search, source, None)
        return await Facets(self._fetch, clauses, predicate, source, narrowing).by(by, key)

    async def find_text(self, kind: EntityKind, text: str, window: Window) -> Slice:
        clauses = await self._clauses()
        members = Members(source_of(kind, clauses.types), [])
        query = text_page(clauses, members, text, window)
        found = await self._fetch(query.query)
        return (await self._slices(Search(kind), window, members, query.keys, [found]))[0]

    async def count_text(self, kind: EntityKind, text: str) -> int:
        clauses = await self._clauses()
        found = text_page(clauses, Members(source_of(kind, clauses.types), []), text, Window(0)).query
        query = select(func.count()).select_from(found.limit(None).order_by(None).subquery())
        return int((await self._fetch(query))[0][0])

    # -- entities and events

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Entity]:
        types = await self._catalog()
        tables = EntityTables(self.driver, types)
        found: dict[Ref, Entity] = {}
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            ids = [ref.key for ref in refs if ref.kind is kind and isinstance(ref.key, int)]
            found.update((Ref(kind, id_), entity) for id_, entity in (await tables.by_id(kind, ids)).items())
        spaces = [ref.key for ref in refs if ref.kind is EntityKind.WORKSPACE and isinstance(ref.key, int)]
        if spaces:
            source = source_of(EntityKind.WORKSPACE, types)
            assert source.condition is not None
            real = await self._fetch(select(source.id).where(self.dialect.among(source.id, spaces), source.condition))
            entities = await tables.by_id(EntityKind.WORKSPACE, [row[0] for row in real])
            found.update((Ref(EntityKind.WORKSPACE, id_), entity) for id_, entity in entities.items())
        runs = [ref for ref in refs if ref.kind is EntityKind.RUN]
        for group, named in _groups(runs):
            found.update(await self._get_runs(tables, group, named=named))
        return found

    async def _get_runs(self, tables: EntityTables, refs: Sequence[Ref], *, named: bool) -> dict[Ref, Entity]:
        if named:
            names = [ref.key for ref in refs if isinstance(ref.key, RunName)]
            narrowing = Narrowing(names=named_one_of(self.dialect, names))
        else:
            narrowing = Narrowing(ids=[ref.key for ref in refs if isinstance(ref.key, int)])
        source = run_source(tables.types, narrowing)
        search = Search(EntityKind.RUN)
        query = page(await self._clauses(), search, Window(len(refs)), Members(source, []))
        found = await tables.runs([tuple(row[query.keys :]) for row in await self._fetch(query.query)])
        wanted = set(refs)
        return {run.ref: run for run in found.values() if run.ref in wanted}

    async def matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]:
        clauses = await self._clauses()
        source = source_of(kind, clauses.types)
        query = select(source.id).where(self.dialect.among(source.id, ids), clauses.of(predicate, source))
        return [row[0] for row in await self._fetch(query)]

    async def types_of(self, kind: EntityKind, ids: Sequence[int]) -> Mapping[int, NodeType]:
        types = await self._catalog()
        source = source_of(kind, types)
        rows = await self._fetch(select(source.id, source.type_id).where(self.dialect.among(source.id, ids)))
        return {id_: types.by_id[type_id] for id_, type_id in rows if type_id in types.by_id}

    async def events(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[Event]:
        if not ids:
            return []
        statement = sql_rows.events_at(kind, types)(self.dialect, ids)
        return [sql_rows.event_of(row) for row in await self.driver.fetch(statement)]

    async def paths(self, events: Sequence[Event]) -> Sequence[Event]:
        steps: dict[int, list[str | int]] = {}
        if events:
            statement = sql_rows.PATHS(self.dialect, [event.id for event in events])
            for event_id, is_index, index, key in await self.driver.fetch(statement):
                steps.setdefault(event_id, []).append(index if is_index else key)
        return [replace(event, path=tuple(steps.get(event.id, ()))) for event in events]

    # -- memberships

    async def workspaces_of(self, kind: EntityKind, refs: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = Memberships(self._fetch, await self._clauses())
        if kind is EntityKind.RUN:
            found = await memberships.workspaces_of_runs(refs)
        else:
            by_id = await memberships.workspaces_of(kind, [ref.key for ref in refs if isinstance(ref.key, int)])
            found = {Ref(kind, id_): space for id_, space in by_id.items()}
        return {ref: Ref(EntityKind.WORKSPACE, space) for ref, space in found.items()}

    async def runs_of(self, executions: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = Memberships(self._fetch, await self._clauses())
        found = await memberships.runs_of([ref.key for ref in executions if isinstance(ref.key, int)])
        return {Ref(EntityKind.EXECUTION, id_): Ref(EntityKind.RUN, run) for id_, run in found.items()}

    async def runs_holding(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = Memberships(self._fetch, await self._clauses())
        found = await memberships.holders_of([ref.key for ref in artifacts if isinstance(ref.key, int)])
        return {Ref(EntityKind.ARTIFACT, id_): Ref(EntityKind.RUN, run) for id_, run in found.items()}

    async def run_states(self, runs: Sequence[Ref]) -> Mapping[Ref, Mapping[ExecutionState, int]]:
        return await Memberships(self._fetch, await self._clauses()).run_states(runs)

    async def counts(self) -> StoreCounts:
        workspaces, runs = await asyncio.gather(
            self.count(Search(EntityKind.WORKSPACE)), self.count(Search(EntityKind.RUN))
        )
        tables = [select(func.count()).select_from(table).scalar_subquery() for table in (EXECUTION, ARTIFACT, EVENT)]
        executions, artifacts, events = (await self._fetch(select(*tables)))[0]
        return StoreCounts(workspaces, runs, executions, artifacts, events)


def _row(kind: EntityKind, row: Sequence[Any], keys: int, entities: dict[Any, Any], *, by_event: bool) -> Row | None:
    payload = row[keys:]
    # A run is found by its id and both names, any other entity by its id.
    entity = entities.get((payload[0], payload[2], payload[3]) if kind is EntityKind.RUN else payload[0])
    if entity is None:
        return None  # an event may name a node that is not there
    return Row(tuple(row[:keys]), entity, sql_rows.event_of(payload[1:]) if by_event else None)


def _groups(owners: Sequence[Ref]) -> list[tuple[list[Ref], bool]]:
    """The owners that have an MLMD id, and those that are pairs of names."""
    numbered = [ref for ref in owners if isinstance(ref.key, int)]
    named = [ref for ref in owners if isinstance(ref.key, RunName)]
    return [(group, flag) for group, flag in ((numbered, False), (named, True)) if group]
