"""Pages and counts, as scripts: what is looked for, where a statement starts, and the entities of the rows found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select

from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.predicates import ALWAYS, Field, Predicate, all_of, size
from lineageql.store.ports import Link, Row, Search, Slice, Window
from lineageql.store.sql.access_path import AccessPath, JoinPath, RowBudget, RunPath, UnionPath, cost
from lineageql.store.sql.access_paths import AccessPaths
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.entities import NODE_KINDS, EntityTables
from lineageql.store.sql.link_sources import Members, members_of
from lineageql.store.sql.page_statements import WALKED, Page, count, edges, ids, page, shape, walk_step
from lineageql.store.sql.row_budgets import WALKED_AS_GATHERED, RowBudgets
from lineageql.store.sql.rows import event_of
from lineageql.store.sql.run_scan import NO_CONTEXT, ContextRange, Needed, RunScan, Tied, come_first, needed
from lineageql.store.sql.runs import all_named, first_runs
from lineageql.store.sql.sources import Source, run_source, source_of
from lineageql.store.sql.statements import Statements
from lineageql.store.sql.tables import NODES
from lineageql.store.sql.text_search import text_page

_MOST_PATHS = 16
"""How many access paths are costed: of many terms one that is rare is likely among the first."""

_MOST_TERMS = 10_000
"""How large a predicate is at most whose statements are kept for other operations."""
_LONGEST_TEXT = 100
"""How long a text is at most whose searches are kept for other operations."""
_PROBED_AS_GATHERED = 16
"""One in how many of what belongs to workspaces must meet a filter for a look into each to be quicker."""
_TURNS_OF_FIRST_RUNS = 2
"""How often the runs that come first are read, and more of them, before all runs are."""
_OWN_TABLES = (EntityKind.ARTIFACT, EntityKind.EXECUTION)

Fields = frozenset[Field] | None
T = TypeVar("T")


@dataclass(frozen=True)
class Start:
    """The source of a statement's rows, and a clause that lets it start at few of them, where there is one."""

    source: Source
    access: ColumnElement[bool] | None


@dataclass(frozen=True)
class _Page:
    """A compiled page: how many of its columns are keys, and whether its rows are events."""

    statement: Statement
    keys: int
    by_event: bool


class Searches:
    """The scripts of one operation's searches.

    Args:
        clauses: compiles predicates.
        statements: compiled statements, of other operations too.
        budgets: how many rows each turn of a search may visit.
        within: of some kinds a predicate that all rows make true anyway: a statement may start at what makes it true.
    """

    def __init__(
        self,
        clauses: Clauses,
        statements: Statements,
        budgets: RowBudgets,
        within: Mapping[EntityKind, Predicate] | None = None,
    ) -> None:
        self.clauses = clauses
        self.types = clauses.types
        self.dialect = clauses.dialect
        self.tables = EntityTables(clauses.types, clauses.dialect)
        self.statements = statements
        self.budgets = budgets
        self.within = within or {}
        self._passing: dict[Hashable, Any] = {}

    def page(self, search: Search, window: Window, fields: Fields = None) -> Script[Slice]:
        """A page of the whole store."""
        made, rows = yield from self._rows(search, window)
        return (yield from self._slices(search, window, made, [rows], fields))[0]

    def _rows(self, search: Search, window: Window) -> Script[tuple[_Page, Rows]]:
        """The rows of a page.

        The order is walked over, step by step, until the page is full; or as soon as one of the access paths costs no
        more than a step, its rows are gathered.
        """
        first = yield from self._first_runs(search, window)
        if first is not None:
            return first
        if search.kind in (EntityKind.WORKSPACE, EntityKind.RUN):
            return (yield from self._window(search, window, (yield from self.path(search))))
        rest, rows = window, list[Any]()
        for budget in self.budgets(window.limit) if self.paths(search) else ():
            path = yield from self.cheapest(search, budget // WALKED_AS_GATHERED)
            edge = () if path is not None else (yield from self._edge(search, rest, budget))
            if edge is None:
                continue
            if len(edge) < 2:
                made, found = yield from self._window(search, rest, path)
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

    def _first_runs(self, search: Search, window: Window) -> Script[tuple[_Page, Rows] | None]:
        """The rows of a page of runs, from those that come first in its order; None where these are too few."""
        begin = come_first(search, window)
        if begin is None or self.paths(search):
            return None
        field, descending, place = begin
        wanted = needed(search, window)

        def make() -> _Page:
            first = first_runs(self.types, field, descending=descending)
            source = run_source(self.types, RunScan(needed=wanted, first=first))
            made = page(self.clauses, search, window, Members(source, []), more=[first.edge])
            statement = self.dialect.compile(made.query).meant("page, of the runs that come first")
            return _Page(statement, made.keys, by_event=False)

        made = self.kept(search, ("first runs", search, shape(window), wanted), make)
        for budget in islice(self.budgets(window.limit), _TURNS_OF_FIRST_RUNS):
            given = {**edges(window), "window_limit": window.limit + 1, "run_place": place, "run_skip": budget - 1}
            rows = yield from fetch(made.statement.given(**given))
            if len(rows) > window.limit or (rows and rows[0][-1] is None):
                return made, [row[:-1] for row in rows]
        return None

    def _edge(self, search: Search, window: Window, budget: int) -> Script[Rows | None]:
        """The keys of the last row of a step and of the first beyond it; None where the order cannot be walked."""
        if search.order.field not in WALKED:
            return () if budget >= (yield from self.last_id(search.kind)) else None

        def make() -> Statement:
            found = walk_step(self.clauses, search, window, source_of(search.kind, self.types))
            return self.dialect.compile(found).meant("walk the order: where the next rows end").estimating()

        made = self.kept(search, ("walk", search, shape(window)), make)
        return (yield from fetch(made.given(**edges(window), window_skip=budget - 1)))

    def _window(self, search: Search, window: Window, path: int | None) -> Script[tuple[_Page, Rows]]:
        """The rows of a window, by one of the search's access paths where it is given."""

        def make() -> _Page:
            start = self.starting(search, path, wanted)
            made = page(self.clauses, search, window, Members(start.source, []), start.access)
            how = "in the order" if path is None else self._named(search, path)
            return _Page(self.dialect.compile(made.query).meant(f"page, {how}"), made.keys, by_event=False)

        wanted = needed(search, window)
        made = self.kept(search, ("page", search, shape(window), wanted, path), make)
        return made, (yield from fetch(made.statement.given(**edges(window), window_limit=window.limit + 1)))

    def page_among(self, search: Search, window: Window, ids: Sequence[int], fields: Fields = None) -> Script[Slice]:
        """The rows of a window that are among these nodes."""

        def make() -> _Page:
            source = source_of(search.kind, self.types)
            among = self.dialect.within(source.id, bindparam("ids", self.dialect.listed([])))
            made = page(self.clauses, search, window, Members(source, []), among)
            return _Page(self.dialect.compile(made.query).meant("page, among these"), made.keys, by_event=False)

        made = self.kept(search, ("page among", search, shape(window)), make)
        given = {**edges(window), "window_limit": window.limit + 1, "ids": self.dialect.listed(ids)}
        rows = yield from fetch(made.statement.given(**given))
        return (yield from self._slices(search, window, made, [rows], fields))[0]

    def page_by(self, search: Search, window: Window, path: int, fields: Fields = None) -> Script[Slice]:
        """A page of the whole store, by one of the search's access paths."""
        made, rows = yield from self._window(search, window, path)
        return (yield from self._slices(search, window, made, [rows], fields))[0]

    def page_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields = None
    ) -> Script[dict[Ref, Slice]]:
        """The same page under each of several owners."""
        slices: dict[Ref, Slice] = {}
        for group, named in groups_of(owners):
            made, lists = yield from self._rows_under(link, group, search, window, named=named)
            found = yield from self._slices(search, window, made, lists, fields)
            slices.update(zip(group, found, strict=True))
        return slices

    def _rows_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, *, named: bool
    ) -> Script[tuple[_Page, list[Rows]]]:
        """The rows of a page under each of several owners.

        The first runs of a workspace are likely among the next contexts; who has not enough there is asked for all.
        """
        wanted = needed(search, window)

        def made(among: ContextRange | None) -> _Page:
            def make() -> _Page:
                members = members_of(link, self.clauses, named_owner=named, needed=wanted, among=among)
                made = page(self.clauses, search, window, members)
                how = "" if among is None else ", among the next contexts"
                statement = self.dialect.under(made.query).meant(f"page under each owner{how}")
                return _Page(statement, made.keys, members.event is not None)

            return self.kept(search, ("page under", link, named, search, window, among), make)

        near: list[Rows] = [()] * len(owners)
        if wanted is not None and wanted.after < NO_CONTEXT and all_named(self.types):
            budget = next(iter(self.budgets(wanted.rows)))
            among = ContextRange(wanted.after, max(1, budget // WALKED_AS_GATHERED))
            near = yield from self._under(made(among).statement, owners)
        few = [owner for owner, rows in zip(owners, near, strict=True) if len(rows) <= window.limit]
        whole = made(None)
        if not few:
            return whole, near
        found = iter((yield from self._under(whole.statement, few)))
        return whole, [rows if len(rows) > window.limit else next(found) for rows in near]

    def count(self, search: Search) -> Script[int]:
        """How many rows there are in the whole store."""
        path = yield from self.path(search)

        def make() -> Statement:
            start = self.starting(search, path)
            how = "" if path is None else f", {self._named(search, path)}"
            query = count(self.clauses, search, Members(start.source, []), start.access)
            return self.dialect.compile(query).meant(f"count{how}")

        statement = self.kept(search, ("count", search, path), make)
        return int((yield from fetch(statement))[0][0])

    def ids(self, search: Search, most: int) -> Script[list[int]]:
        """The ids of any `most` of the rows."""
        path = yield from self.path(search)

        def make() -> Statement:
            start = self.starting(search, path)
            query = ids(self.clauses, search, Members(start.source, []), start.access)
            return self.dialect.compile(query).meant("ids of all")

        statement = self.kept(search, ("ids", search, path), make)
        return [row[0] for row in (yield from fetch(statement.given(most=most)))]

    def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Script[Mapping[Ref, int]]:
        """How many rows there are under each owner."""
        counts: dict[Ref, int] = {}
        for group, named in groups_of(owners):

            def make(named: bool = named) -> Statement:
                query = count(self.clauses, search, members_of(link, self.clauses, named_owner=named))
                return self.dialect.under(query).meant("count under each owner")

            statement = self.kept(search, ("count under", link, named, search), make)
            lists = yield from self._under(statement, group)
            counts.update((ref, found[0][0]) for ref, found in zip(group, lists, strict=True))
        return counts

    def text_page(self, kind: EntityKind, text: str, window: Window) -> Script[Slice]:
        """A page of what holds a text."""

        def make() -> _Page:
            found = self._of_text(kind, text, window)
            statement = self.dialect.compile(found.query).meant("page of what holds a text")
            return _Page(statement, found.keys, by_event=False)

        # On a small store it takes longer to make than to run. First pages are asked for again.
        made = make() if window.after else self._kept_of_text(kind, text, ("page", window.limit), make)
        return (yield from self._slices(Search(kind), window, made, [(yield from fetch(made.statement))]))[0]

    def text_count(self, kind: EntityKind, text: str) -> Script[int]:
        """How many rows hold a text."""

        def make() -> Statement:
            found = self._of_text(kind, text, Window(0)).query.limit(None).order_by(None).subquery()
            return self.dialect.compile(select(func.count()).select_from(found)).meant("count of what holds a text")

        statement = self._kept_of_text(kind, text, "count", make)
        return int((yield from fetch(statement))[0][0])

    def _of_text(self, kind: EntityKind, text: str, window: Window) -> Page:
        return text_page(self.clauses, Members(source_of(kind, self.types), []), text, window)

    def start(self, search: Search) -> Script[Start]:
        """Where a statement over all matches should start."""
        return self.starting(search, (yield from self.path(search)))

    def starting(self, search: Search, path: int | None, wanted: Needed | None = None) -> Start:
        """The start of a statement at one of the search's access paths; of runs, as many as are needed."""
        found = None if path is None else self.paths(search)[path]
        if isinstance(found, RunPath):
            return Start(run_source(self.types, RunScan(tied=Tied.of(found))), None)
        source = source_of(search.kind, self.types, wanted)
        return Start(source, None if found is None else source.id.in_(found.ids(self.dialect)))

    def kept(self, search: Search, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for a search; of one that names very many ids it is kept no longer than for this verb."""
        within = self.within.get(search.kind)
        if within is not None:
            key = within, key
        if size(search.predicate) <= _MOST_TERMS:
            return self.statements.get(self.types, key, make)
        if key not in self._passing:
            self._passing[key] = make()
        return cast(T, self._passing[key])

    def _kept_of_text(self, kind: EntityKind, text: str, key: Hashable, make: Callable[[], T]) -> T:
        """What was made to find a text; of a long one it is not kept."""
        if len(text) > _LONGEST_TEXT:
            return make()
        return self.kept(Search(kind), ("text", kind, text, key), make)

    def _under(self, statement: Statement, owners: Sequence[Ref]) -> Script[list[Rows]]:
        keys = [_owner(ref.key) for ref in owners]
        rows = yield from fetch(statement.given(owners=self.dialect.owners(keys)))
        return self.dialect.lists(rows, len(owners))

    def path(self, search: Search) -> Script[int | None]:
        """Which of a search's access paths a statement over all matches should take: about the cheapest."""
        paths = self.paths(search)
        if not paths:
            return None
        by_members = search.kind is EntityKind.WORKSPACE
        if by_members and not any(isinstance(path, (JoinPath, UnionPath)) for path in paths):
            return None if paths[0].broad else 0  # these are too few for a cost to be worth a statement
        if search.kind is EntityKind.RUN and len(paths) == 1:
            return 0  # the rows of all runs cost more than those of some
        last = yield from self.last_id(search.kind)
        if by_members:
            last //= _PROBED_AS_GATHERED
        for budget in self.budgets(None):
            path = yield from self.cheapest(search, budget)
            if path is not None or budget >= last:
                return path
        return None

    def cheapest(self, search: Search, budget: int) -> Script[int | None]:
        """The cheapest of a search's access paths, where it costs less than a budget."""
        paths = self.paths(search)
        found, least = None, budget
        bounds = yield from self._costs(search, "lower bounds", (), [path.lower_bound for path in paths], budget)
        for rows, place in sorted((rows, place) for place, rows in enumerate(bounds)):
            if rows >= least:
                break
            if not paths[place].exact:
                (rows,) = yield from self._costs(search, "cost", (place,), [partial(cost, paths[place])], budget)
            if rows < least:
                found, least = place, rows
        return found

    def _costs(
        self,
        search: Search,
        key: str,
        place: tuple[int, ...],
        costs: Sequence[Callable[[RowBudget], ColumnElement[int]]],
        budget: int,
    ) -> Script[list[int]]:
        def make() -> Statement:
            parameter: RowBudget = bindparam("budget", 0, BigInteger())
            columns: list[Any] = [one(parameter).label(f"c{place}") for place, one in enumerate(costs)]
            return self.dialect.compile(select(*columns)).meant("cost of access paths").estimating()

        rows = yield from fetch(self.kept(search, (key, search, *place), make).given(budget=budget))
        return [int(number) for number in rows[0]]

    def last_id(self, kind: EntityKind) -> Script[int]:
        """The last id of what a kind's access paths count, which is about how many there are of it.

        MLMD gives ids in order and deletes nothing. Workspaces and runs are found by what belongs to them.
        """
        if kind not in _OWN_TABLES:
            return max((yield from self.last_id(_OWN_TABLES[0])), (yield from self.last_id(_OWN_TABLES[1])))
        table = NODES[NODE_KINDS[kind]]

        def make() -> Statement:
            return self.dialect.compile(select(func.max(table.c.id))).meant("highest id").estimating()

        return (yield from fetch(self.statements.get(self.types, ("last", kind), make)))[0][0] or 0

    def _named(self, search: Search, path: int) -> str:
        """An access path, as a plan names it."""
        return f"by access path {self.paths(search)[path].name}"

    def paths(self, search: Search) -> list[AccessPath]:
        """The access paths of a search, that may cost least first."""

        def make() -> list[AccessPath]:
            wanted = all_of(search.predicate, self.within.get(search.kind, ALWAYS))
            return AccessPaths(self.clauses, source_of(search.kind, self.types)).of(wanted)[:_MOST_PATHS]

        return self.kept(search, ("access paths", search), make)

    def _slices(
        self, search: Search, window: Window, made: _Page, lists: Sequence[Rows], fields: Fields = None
    ) -> Script[list[Slice]]:
        """The slices of several pages, their entities loaded together."""
        kind, keys = search.kind, made.keys
        shown = [found[: window.limit] for found in lists]
        payloads = [tuple(row[keys:]) for rows in shown for row in rows]
        entities: Mapping[Any, Any]
        if kind is EntityKind.RUN:
            entities = yield from self.tables.runs(payloads)
        else:
            entities = yield from self.tables.by_id(kind, list({payload[0] for payload in payloads}), fields)
        slices = []
        for found, rows in zip(lists, shown, strict=True):
            made_rows = [_row(search, row, keys, entities, by_event=made.by_event) for row in rows]
            if window.backward:
                made_rows.reverse()
            slices.append(Slice([row for row in made_rows if row is not None], len(found) > window.limit))
        return slices


def _owner(key: int | RunName | WorkspaceName) -> Any:
    """An owner's key as `Dialect.owners` takes it: a number or a pair of texts."""
    match key:
        case WorkspaceName(name):
            return [name, ""]
        case RunName(workspace, name):
            return [workspace, name]
    return key


def _row(search: Search, row: Sequence[Any], keys: int, entities: Mapping[Any, Any], *, by_event: bool) -> Row | None:
    payload = row[keys:]
    # A run is found by its id and both names, any other entity by its id.
    entity = entities.get((payload[0], payload[2], payload[3]) if search.kind is EntityKind.RUN else payload[0])
    if entity is None:
        return None  # an event may name a node that is not there
    return Row(tuple(row[:keys]), entity, event_of(payload[1:]) if by_event else None)


def groups_of(owners: Sequence[Ref]) -> list[tuple[list[Ref], bool]]:
    """The owners that have an MLMD id, and those whose keys are names."""
    numbered = [ref for ref in owners if isinstance(ref.key, int)]
    named = [ref for ref in owners if not isinstance(ref.key, int)]
    return [(group, flag) for group, flag in ((numbered, False), (named, True)) if group]
