"""Pages in the order of names over a search index, which has the names of all writers in one index.

Where a writer keeps names in events, or in contexts, no index of MLMD's gives that order:
without a search index, all names of a store are read and sorted for each page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, literal, not_, select

from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import ALWAYS, Field
from lineageql.store.named_workspaces import is_in
from lineageql.store.ports import Row, Search, Slice, Window
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.page_statements import edges, parameter, shape, windowed
from lineageql.store.sql.row_budgets import WALKED_AS_GATHERED
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import ENTRIES
from lineageql.store.sql.search_index.indexed_texts import Load, ties_of_entity
from lineageql.store.sql.search_index.matches import Excluded
from lineageql.store.sql.search_index.pending_changes import entry_refs, stale_entries
from lineageql.store.sql.searches import Searches

_MOST_AT_ONCE = 4_096
_LEAST_WALKED, _PART_WALKED = 8_192, 16
"""Entries that are walked over at most, or one in how many of all, where that is more; then all names are sorted."""

Fields = frozenset[Field] | None


class IndexedNames:
    """The scripts of a search in the order of names.

    Args:
        searches: looks at entities.
        search: what is looked for.
        load: gives the runs of references.
    """

    def __init__(self, searches: Searches, search: Search, load: Load) -> None:
        self._load = load
        self._searches = searches
        self._search = search
        self._dialect = searches.dialect

    def page(self, window: Window, fields: Fields) -> Script[Slice | None]:
        """A page; None where the index is of no use."""
        searches, search = self._searches, self._search
        if search.kind is EntityKind.RUN and search.predicate != ALWAYS:
            return None  # each look into some runs has a statement of its own
        stale = yield from stale_entries(self._dialect, searches.types, search.kind)
        if stale is None:
            return None
        refs, excluded = stale
        wanted, walked, step = window.limit + 1, 0, window.limit + 1
        most = max(_LEAST_WALKED, (yield from searches.last_id(search.kind)) // _PART_WALKED)
        found: list[Row] = []
        rest = window
        while len(found) < wanted:
            if searches.paths(search):
                # A few are gathered sooner than met on the way.
                path = yield from searches.cheapest(search, step // WALKED_AS_GATHERED)
                if path is not None:
                    return (yield from searches.page_by(search, window, path, fields))
            if walked >= most and search.predicate != ALWAYS:
                return None
            entries = yield from self._entries(rest, excluded, step)
            among = entry_refs(search.kind, entries)
            found += yield from self._rows(among, replace(window, limit=wanted - len(found)), fields)
            if len(entries) < step:
                break
            walked += step
            edge = tuple(entries[-1][3:])
            rest = replace(rest, before=edge) if window.backward else replace(rest, after=edge)
            step = min(4 * step, _MOST_AT_ONCE)
        found += yield from self._rows(refs, replace(window, limit=wanted), fields)
        found.sort(key=lambda row: row.key, reverse=search.order.descending)
        shown = found[-window.limit :] if window.backward else found[: window.limit]
        return Slice(shown if window.limit else [], len(found) > window.limit)

    def _entries(self, window: Window, excluded: Excluded, limit: int) -> Script[Rows]:
        """The entries of a window that are not passed over: their ids and pairs of names, then their keys."""
        kind, order, dialect = self._search.kind, self._search.order, self._dialect

        def make() -> Statement:
            entry = ENTRIES[kind]
            keys: list[ColumnElement[Any]] = [dialect.ordered(entry.c.name), entry.c.id]
            if kind is EntityKind.RUN:
                keys[1] = case((entry.c.id < NO_CONTEXT, entry.c.id), else_=literal(NO_CONTEXT))
                keys += [dialect.ordered(entry.c.workspace), dialect.ordered(entry.c.run)]
            query = select(entry.c.id, entry.c.workspace, entry.c.run, *keys).where(entry.c.unindexed == 0)
            query = query.where(not_(dialect.within(entry.c.id, bindparam("excluded", dialect.listed([])))))
            if excluded.pairs:
                query = query.where(not_(dialect.among_pairs(entry.c.workspace, entry.c.run, excluded.pairs)))
            query = windowed(query, keys, order, window).limit(parameter("window_limit", limit))
            return dialect.compile(query).meant("entries in the order of names")

        key = "entries by name", kind, order.descending, shape(window)
        made = make() if excluded.pairs else self._searches.statements.get(self._searches.types, key, make)
        given = {**edges(window), "window_limit": limit, "excluded": dialect.listed(list(excluded.ids))}
        return (yield from fetch(made.given(**given)))

    def _rows(self, refs: Sequence[Ref], window: Window, fields: Fields) -> Script[Sequence[Row]]:
        """The rows of a window among some entities."""
        if not refs:
            return []
        searches, search = self._searches, self._search
        if search.kind is not EntityKind.RUN:
            ids = [ref.key for ref in refs if isinstance(ref.key, int)]
            return (yield from searches.page_among(search, window, ids, fields)).rows
        runs = yield from self._load(refs)
        rows = [Row((run.name, *ties_of_entity(run)), run) for run in runs.values()]
        return [row for row in rows if is_in(row.key, window, search.order.descending)]
