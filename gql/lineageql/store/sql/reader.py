"""The Reader over a database: each verb is a script with a fixed number of statements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, func, select, union_all

from lineageql.errors import LineageQLError
from lineageql.model.conventions.kubeflow import WORKSPACE_TYPE
from lineageql.model.entities import Entity, ExecutionState, Workspace
from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.nodes import Event, EventType, NodeKind, NodeType
from lineageql.model.predicates import ALWAYS, Field, Operator, Predicate, Test
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.named_workspaces import Fields, NamedWorkspaces
from lineageql.store.ports import Facet, Leading, Link, Search, Slice, StoreCounts, Window
from lineageql.store.sql import rows as sql_rows
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script, fetch
from lineageql.store.sql.entities import NODE_KINDS
from lineageql.store.sql.event_sources import COLUMNS, implied_rows
from lineageql.store.sql.event_walks import walk_statement, whole_levels
from lineageql.store.sql.facets import Facets
from lineageql.store.sql.link_sources import Members
from lineageql.store.sql.memberships import Key, Memberships
from lineageql.store.sql.page_statements import page
from lineageql.store.sql.parameterized import LookedInto, Placeholders, by_parameters
from lineageql.store.sql.residuals import grounded, is_residual
from lineageql.store.sql.row_budgets import RowBudgets, row_budgets
from lineageql.store.sql.run_scan import RunScan, named_one_of
from lineageql.store.sql.search_index.entry_tables import is_indexed
from lineageql.store.sql.search_index.indexed_names import IndexedNames
from lineageql.store.sql.search_index.indexed_texts import IndexedTexts
from lineageql.store.sql.searches import Searches, groups_of
from lineageql.store.sql.sources import run_source, source_of
from lineageql.store.sql.statements import Statements
from lineageql.store.sql.struct_items import in_structs
from lineageql.store.sql.tables import ARTIFACT, EVENT, EXECUTION
from lineageql.store.sql.value_orders import page_in_parts, pages_in_parts
from lineageql.store.sql.workspace_names import workspace_names

T = TypeVar("T")
_FEW_NAMES = 4
"""How many workspaces are looked for one by one, and not among the names of all."""
_FEW_RUNS = 16
"""How many runs are asked for at most by a statement that is kept."""


class SQLReader(NamedWorkspaces):
    """Reads one database for one operation; see `store.ports.Reader`.

    Args:
        driver: the open database, or a snapshot of it.
        statements: compiled statements of the same database, of other operations too.
        budgets: how many rows each turn of a search may visit.
        search_index: whether there is a search index that is used; None where that is to be found out.
    """

    faults: Sequence[LineageQLError] = ()
    hides = False

    def __init__(
        self,
        driver: Runner,
        statements: Statements | None = None,
        budgets: RowBudgets = row_budgets,
        *,
        search_index: bool | None = None,
    ) -> None:
        self.driver = driver
        self.statements = statements or Statements()
        self.budgets = budgets
        self.search_index = search_index
        self.dialect = driver.dialect
        self._reading: asyncio.Task[TypeCatalog] | None = None
        self._readers = 0
        self._all_named: Sequence[str] | None = None
        self._naming = asyncio.Lock()

    @property
    def unindexed(self) -> bool:
        # Who sees less has no use for an index.
        return self.search_index is False and not self.hides and self.dialect.has_search_table is not None

    async def _fetch(self, query: Select[Any]) -> Rows:
        def script() -> Script[Rows]:
            # Compiling takes longer than anything else that is done for a statement here, and a script's long steps run
            # in threads.
            return (yield from fetch(self.dialect.compile(query)))

        return await self.driver.run(script())

    async def _fetch_kept(self, key: Key, build: Callable[..., Any], **lists: Sequence[int | str]) -> Rows:
        """The rows of a statement that is kept; see `memberships.FetchKept`."""
        if not all(lists.values()):
            return []
        return await self.driver.run(self._kept(await self.type_catalog(), key, build, **lists))

    def _kept(
        self, types: TypeCatalog, key: Key, build: Callable[..., Any], **lists: Sequence[int | str]
    ) -> Script[Rows]:
        def make() -> Statement:
            nothing = self.dialect.listed([])
            query = build(**{name: bindparam(name, nothing) for name in lists})
            return self.dialect.compile(query).meant(key if isinstance(key, str) else str(key[0]))

        made = self.statements.get(types, ("by lists", key), make)
        return (yield from fetch(made.given(**{name: self.dialect.listed(some) for name, some in lists.items()})))

    # -- types

    async def types(self) -> Sequence[NodeType]:
        return [type_ for type_ in (await self.type_catalog()).by_id.values() if not type_.simple]

    async def type_catalog(self) -> TypeCatalog:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_types())
        reading = self._reading
        self._readers += 1
        try:
            return await asyncio.shield(reading)
        finally:
            self._readers -= 1
            if not self._readers and not reading.done():
                # All who waited have gone, at a deadline or with their clients.
                reading.cancel()
                self._reading = None

    async def _read_types(self) -> TypeCatalog:
        def script() -> Script[TypeCatalog]:
            return self.statements.catalog((yield from fetch(sql_rows.TYPES(self.dialect))))

        return await self.driver.run(script())

    async def _clauses(self) -> Clauses:
        return Clauses(await self.type_catalog(), self.dialect)

    async def _memberships(self) -> Memberships:
        return Memberships(self._fetch_kept, await self._clauses())

    async def _searches(self) -> Searches:
        return Searches(await self._clauses(), self.statements, self.budgets)

    async def _grounded(self, search: Search, within: Predicate = ALWAYS) -> tuple[Searches, Search]:
        """What does a search, and the search with its residual tests decided."""
        searches = await self._searches()
        if not is_residual(searches, search.kind, search.predicate):
            return self._passing(searches) if in_structs(searches.types, search) else searches, search
        predicate = await self.driver.run(grounded(searches, search.kind, search.predicate, within))
        return self._passing(searches), replace(search, predicate=predicate)

    def _passing(self, searches: Searches) -> Searches:
        """What does searches that name the ids of this moment: their statements are of no use to another operation."""
        return Searches(searches.clauses, Statements(), self.budgets, searches.within)

    # -- pages and counts

    async def _run(self, searches: Searches, search: Search, script: Callable[[Search], Script[T]]) -> T:
        """What a script finds for a search, by statements that are kept for others."""
        if searches.statements is not self.statements:
            return await self.driver.run(script(search))
        return await self.driver.run(by_parameters(self.dialect, search, script))

    async def _search(self, search: Search, window: Window, fields: Fields) -> Slice:
        searches, asked = await self._grounded(search)
        page = searches.page if isinstance(asked.order.field, Field) else partial(page_in_parts, searches)
        # Workspaces are few.
        if asked.order.field is Field.NAME and asked.kind is not EntityKind.WORKSPACE:
            page = partial(self._page_by_name, searches)
        return await self._run(searches, asked, lambda search: page(search, window, fields))

    def _page_by_name(self, searches: Searches, search: Search, window: Window, fields: Fields) -> Script[Slice]:
        """A page in the order of names, by the search index where there is one."""
        found = None
        load = partial(self._load, searches, fields=None)
        if (yield from self._is_indexed(searches)):
            found = yield from IndexedNames(searches, search, load).page(window, fields)
        return (yield from searches.page(search, window, fields)) if found is None else found

    async def _search_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields
    ) -> Mapping[Ref, Slice]:
        searches, asked = await self._grounded(search)
        whole = isinstance(asked.order.field, Field) or link.by_event
        pages = searches.page_under if whole else partial(pages_in_parts, searches)
        return await self._run(searches, asked, lambda search: pages(link, owners, search, window, fields))

    async def _count(self, search: Search) -> int:
        searches, asked = await self._grounded(search)
        if asked == Search(EntityKind.RUN):
            return await self.driver.run(self._count_runs(searches))
        return await self._run(searches, asked, searches.count)

    def _count_runs(self, searches: Searches) -> Script[int]:
        """How many runs there are; a text without words is in each entry of the search index."""
        found = yield from self._indexed_texts(searches, EntityKind.RUN, "", IndexedTexts.count)
        return (yield from searches.count(Search(EntityKind.RUN))) if found is None else found

    async def _count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]:
        searches, asked = await self._grounded(search)
        return await self._run(searches, asked, lambda search: searches.count_under(link, owners, search))

    async def _facets(
        self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None, named: Sequence[str]
    ) -> Mapping[str, int]:
        searches, asked = await self._grounded(Search(kind, predicate))

        def count(search: Search) -> Script[Mapping[str, int]]:
            path = yield from searches.path(search)
            return (yield from Facets(searches, search, path, by, key, named).count())

        return await self._run(searches, asked, count)

    async def _find_text(self, kind: EntityKind, text: str, window: Window) -> Slice:
        searches = await self._searches()

        def script() -> Script[Slice]:
            found = yield from self._indexed_texts(searches, kind, text, lambda texts: texts.page(window))
            return (yield from searches.text_page(kind, text, window)) if found is None else found

        return await self.driver.run(script())

    async def _count_text(self, kind: EntityKind, text: str) -> int:
        searches = await self._searches()

        def script() -> Script[int]:
            found = yield from self._indexed_texts(searches, kind, text, IndexedTexts.count)
            return (yield from searches.text_count(kind, text)) if found is None else found

        return await self.driver.run(script())

    def _is_indexed(self, searches: Searches) -> Script[bool]:
        """Whether there is a search index that is used; that is asked once in an operation."""
        if self.search_index is None:
            self.search_index = yield from is_indexed(self.dialect, self.statements.own, searches.types)
        return self.search_index

    def _indexed_texts(
        self, searches: Searches, kind: EntityKind, text: str, find: Callable[[IndexedTexts], Script[T | None]]
    ) -> Script[T | None]:
        """What is found by the search index; None where there is none, or it says nothing of this."""
        if not (yield from self._is_indexed(searches)):
            return None
        load = partial(self._load, searches, fields=None)
        return (yield from find(IndexedTexts(self.dialect, searches.types, load, kind, text)))

    # -- entities and events

    async def _get(self, refs: Sequence[Ref], fields: Fields) -> Mapping[Ref, Entity]:
        return await self.driver.run(self._load(await self._searches(), refs, fields))

    def _load(self, searches: Searches, refs: Sequence[Ref], fields: Fields) -> Script[Mapping[Ref, Entity]]:
        tables = searches.tables
        found: dict[Ref, Entity] = {}
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            wanted = {ref.key: ref for ref in refs if ref.kind is kind and isinstance(ref.key, int)}
            entities = yield from tables.by_id(kind, list(wanted), fields)
            found.update((wanted[id_], entity) for id_, entity in entities.items())
        spaces = [ref.key for ref in refs if ref.kind is EntityKind.WORKSPACE and isinstance(ref.key, int)]
        if spaces:

            def workspaces(ids: ColumnElement[Any]) -> Select[Any]:
                source = source_of(EntityKind.WORKSPACE, searches.types)
                assert source.condition is not None
                return select(source.id).where(self.dialect.within(source.id, ids), source.condition)

            real = yield from self._kept(searches.types, "workspaces", workspaces, ids=spaces)
            entities = yield from tables.by_id(EntityKind.WORKSPACE, [row[0] for row in real])
            found.update((Ref(EntityKind.WORKSPACE, id_), entity) for id_, entity in entities.items())
        for group, named in groups_of([ref for ref in refs if ref.kind is EntityKind.RUN]):
            found.update((yield from self._get_runs(searches, group, named=named)))
        return found

    def _get_runs(self, searches: Searches, refs: Sequence[Ref], *, named: bool) -> Script[dict[Ref, Entity]]:
        statement, keys = (self._runs_named if named else self._runs_numbered)(searches, refs)
        rows = yield from fetch(statement.given(window_limit=len(refs) + 1))
        found = yield from searches.tables.runs([tuple(row[keys:]) for row in rows])
        wanted = set(refs)
        return {run.ref: run for run in found.values() if run.ref in wanted}

    def _runs_numbered(self, searches: Searches, refs: Sequence[Ref]) -> tuple[Statement, int]:
        """The statement of the runs of some ids, and how many of its columns are keys."""

        def make() -> tuple[Statement, int]:
            ids: ColumnElement[Any] = bindparam("ids", self.dialect.listed([]))
            return self._runs(searches, RunScan(ids=lambda id_: self.dialect.within(id_, ids)))

        statement, keys = self.statements.get(searches.types, "runs by id", make)
        return statement.given(ids=self.dialect.listed([ref.key for ref in refs])), keys

    def _runs_named(self, searches: Searches, refs: Sequence[Ref]) -> tuple[Statement, int]:
        """The same of the runs of some pairs of names."""
        names = [ref.key for ref in refs if isinstance(ref.key, RunName)]

        def make(names: Sequence[RunName] = names) -> tuple[Statement, int]:
            return self._runs(searches, RunScan(names=named_one_of(self.dialect, names)))

        if len(names) > _FEW_RUNS:
            # A generic plan expects ten names: in a store of 50,000 runs it took 14 s for 500, and not 0.04 s.
            statement, keys = make()
            return statement.planning_anew(), keys
        # Who records into a run asks for it with every execution.
        placeholders = Placeholders(self.dialect)
        general = tuple(RunName(*map(placeholders.of, name)) for name in names)
        statement, keys = self.statements.get(searches.types, ("runs by name", general), lambda: make(general))
        try:
            return placeholders.given(statement).planning_anew(), keys
        except LookedInto:
            return make()

    def _runs(self, searches: Searches, scan: RunScan) -> tuple[Statement, int]:
        members = Members(run_source(searches.types, scan), [])
        made = page(searches.clauses, Search(EntityKind.RUN), Window(0), members)
        return self.dialect.compile(made.query).meant("runs"), made.keys

    async def _matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]:
        if predicate == ALWAYS:
            return [row[0] for row in await self.driver.fetch(sql_rows.IDS_BY_ID[NODE_KINDS[kind]](self.dialect, ids))]
        those = Test(Field.ID, Operator.IN, tuple(ids))
        searches, asked = await self._grounded(Search(kind, predicate), those)
        clauses, source = searches.clauses, source_of(kind, searches.types)
        query = select(source.id).where(self.dialect.among(source.id, ids), clauses.of(asked.predicate, source))
        return [row[0] for row in await self._fetch(query)]

    async def _ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]:
        searches, asked = await self._grounded(Search(kind, predicate))
        return await self._run(searches, asked, lambda search: searches.ids(search, most))

    async def types_of(self, kind: EntityKind, ids: Sequence[int]) -> Mapping[int, NodeType]:
        types = await self.type_catalog()

        def build(ids: ColumnElement[Any]) -> Select[Any]:
            source = source_of(kind, types)
            return select(source.id, source.type_id).where(self.dialect.within(source.id, ids))

        rows = await self._fetch_kept(("types of nodes", kind), build, ids=ids)
        return {id_: types.by_id[type_id] for id_, type_id in rows if type_id in types.by_id}

    async def events(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[Event]:
        catalog = await self.type_catalog() if EventType.INPUT in types else None

        def script() -> Script[Sequence[Event]]:
            found = list(map(sql_rows.event_of, (yield from fetch(sql_rows.events_at(kind, types)(self.dialect, ids)))))
            if catalog is not None and catalog.implied:
                rows = yield from fetch(self._implied(catalog, kind, ids, types))
                found += map(sql_rows.event_of, rows)
            return found

        return await self.driver.run(script()) if ids else []

    async def events_onward(
        self, kind: NodeKind, ids: Sequence[int], leading: Leading, levels: int, most: int
    ) -> Sequence[Sequence[Event]]:
        catalog = await self.type_catalog()

        def script() -> Script[Sequence[Sequence[Event]]]:
            key = "events onward", kind, *(leading[of] for of in (NodeKind.ARTIFACT, NodeKind.EXECUTION))
            statement = self.statements.get(catalog, key, lambda: walk_statement(self.dialect, kind, leading))
            asked = statement.given(ids=self.dialect.listed(ids), levels=levels - 1, most=most)
            return whole_levels((yield from fetch(asked)), kind, levels, most)

        found: Sequence[Sequence[Event]] = []
        if self.dialect.has_recursion and not catalog.implied:  # what a convention implies leads on too
            found = await self.driver.run(script())
        return found or [await self.events(kind, ids, leading[kind])]

    async def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[int]:
        return []

    def _implied(
        self, catalog: TypeCatalog, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]
    ) -> Statement:
        """The statement of the events that conventions imply at artifacts or executions."""

        def make() -> Statement:
            rows = union_all(*implied_rows(catalog, types)).subquery()
            here = rows.c.artifact_id if kind is NodeKind.ARTIFACT else rows.c.execution_id
            query = select(*(rows.c[name] for name in COLUMNS))
            listed: ColumnElement[Any] = bindparam("ids", self.dialect.listed([]))
            return self.dialect.compile(query.where(self.dialect.within(here, listed))).meant("implied events at nodes")

        made = self.statements.get(catalog, ("implied events", kind), make)
        return made.given(ids=self.dialect.listed(ids))

    async def paths(self, events: Sequence[Event]) -> Sequence[Event]:
        steps: dict[int, list[str | int]] = {}
        own = [event.id for event in events if not event.implied]
        if own:
            statement = sql_rows.PATHS(self.dialect, own)
            for event_id, step in map(sql_rows.step_of, await self.driver.fetch(statement)):
                steps.setdefault(event_id, []).append(step)
        return [event._replace(path=tuple(steps.get(event.id, ()))) for event in events]

    # -- memberships

    async def workspaces_of(self, kind: EntityKind, refs: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = await self._memberships()
        found: dict[Ref, int | WorkspaceName]
        if kind is EntityKind.RUN:
            found = {**await memberships.workspaces_of_runs(refs)}
            named = {ref: ref.key.workspace for ref in refs if ref not in found and isinstance(ref.key, RunName)}
            spaces = await self._workspaces_named(sorted(set(named.values())))
            there = {space.name for space in spaces}
            found.update((ref, WorkspaceName(name)) for ref, name in named.items() if name in there)
        else:
            by_id = await memberships.workspaces_of(kind, [ref.key for ref in refs if isinstance(ref.key, int)])
            found = {Ref(kind, id_): space for id_, space in by_id.items()}
        return {ref: Ref(EntityKind.WORKSPACE, space) for ref, space in found.items()}

    async def _workspaces_named(self, names: Sequence[str] | None) -> Sequence[Workspace]:
        types = await self.type_catalog()
        if not types.naming or (names is not None and not names):
            return ()
        if names is not None and self._all_named is None and len(names) <= _FEW_NAMES:
            found = [name for name in names if name and len(await self.driver.run(self._named(types, name)))]
        else:
            async with self._naming:  # once for all who ask at one time; who goes leaves nothing running
                if self._all_named is None:
                    self._all_named = await self.driver.run(self._named(types, None))
            everything = self._all_named
            found = list(everything) if names is None else sorted(set(names).intersection(everything))
        type_ = types.find(NodeKind.CONTEXT, WORKSPACE_TYPE)
        return [Workspace.called(name, type_) for name in found]

    def _named(self, types: TypeCatalog, name: str | None) -> Script[Sequence[str]]:
        """The names of workspaces that are only names, in order: all of them, or that one."""

        def make() -> Statement:
            query = workspace_names(types, self.dialect, None if name is None else names)
            return self.dialect.compile(query).meant("names of workspaces without a context")

        names: ColumnElement[Any] = bindparam("names", self.dialect.listed([]))
        statement = self.statements.get(types, ("workspace names", name is None), make)
        rows = yield from fetch(statement if name is None else statement.given(names=self.dialect.listed([name])))
        return sorted({row[0] for row in rows})

    async def all_workspaces_of(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Sequence[Ref]]:
        memberships = await self._memberships()
        ids = [ref.key for ref in artifacts if isinstance(ref.key, int)]
        found = await memberships.all_workspaces_of(EntityKind.ARTIFACT, ids)
        return {
            Ref(EntityKind.ARTIFACT, id_): [Ref(EntityKind.WORKSPACE, space) for space in spaces]
            for id_, spaces in found.items()
        }

    async def runs_of(self, executions: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = await self._memberships()
        found = await memberships.runs_of([ref.key for ref in executions if isinstance(ref.key, int)])
        return {Ref(EntityKind.EXECUTION, id_): Ref(EntityKind.RUN, run) for id_, run in found.items()}

    async def runs_holding(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = await self._memberships()
        found = await memberships.holders_of([ref.key for ref in artifacts if isinstance(ref.key, int)])
        return {Ref(EntityKind.ARTIFACT, id_): Ref(EntityKind.RUN, run) for id_, run in found.items()}

    async def run_states(self, runs: Sequence[Ref]) -> Mapping[Ref, Mapping[ExecutionState, int]]:
        return await (await self._memberships()).run_states(runs)

    async def counts(self) -> StoreCounts:
        workspaces, runs = await asyncio.gather(
            self.count(Search(EntityKind.WORKSPACE)), self.count(Search(EntityKind.RUN))
        )

        def build() -> Select[Any]:
            tables = EXECUTION, ARTIFACT, EVENT
            return select(*(select(func.count()).select_from(table).scalar_subquery() for table in tables))

        executions, artifacts, events = (await self._fetch_kept("counts of rows", build))[0]
        return StoreCounts(workspaces, runs, executions, artifacts, events)
