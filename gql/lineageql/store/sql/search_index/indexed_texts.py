"""Search by words over a search index: the same rows as `store.sql.text_search` finds by reading every text.

Entries of what was not changed are exact. What was changed since is looked at as it is
now, and its entries are passed over. Each row that an entry leads to is an entity of
this very state of the database, whose rank is taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lineageql.model.entities import Entity, Run
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.ports import Key, Row, Slice, Window
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.driver import Script
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.fts5_matches import FTS5Matches
from lineageql.store.sql.search_index.matches import Excluded, Matches
from lineageql.store.sql.search_index.pending_changes import entry_refs, stale_entries
from lineageql.store.sql.search_index.trigram_matches import TrigramMatches
from lineageql.store.text_ranking import ranking

_MATCHES: Mapping[str, type[Matches]] = {"sqlite": FTS5Matches, "postgresql": TrigramMatches}
"""What finds entries, by the names of the databases' words."""
Load = Callable[[Sequence[Ref]], Script[Mapping[Ref, Entity]]]


class IndexedTexts:
    """The scripts that find entities of a kind by the words of a text.

    Args:
        dialect: of the database.
        types: of the store.
        load: gives the entities of references.
        kind: of the entities.
        text: what is looked for.
    """

    def __init__(self, dialect: Dialect, types: TypeCatalog, load: Load, kind: EntityKind, text: str) -> None:
        self._dialect = dialect
        self._types = types
        self._load = load
        self._kind = kind
        self._text = text
        self._rank: Callable[[Entity], int | None] = ranking(text)

    def page(self, window: Window) -> Script[Slice | None]:
        """A page, best matches first; None where too much was changed since the entries were made."""
        changed = yield from stale_entries(self._dialect, self._types, self._kind)
        if changed is None:
            return None
        refs, excluded = changed
        wanted = window.limit + 1
        matches = self._matches(excluded)
        start, ties = (0, ()) if window.after is None else (window.after[0], window.after[1:])
        assert isinstance(start, int)
        found: list[Row] = []
        for rank in matches.ranks:
            if rank < start or (rank == start and not ties):
                continue
            if len(found) >= wanted:
                break
            edge = ties if rank == start else ()
            for after in self._segments(edge):
                found += yield from self._of_rank(matches, rank, after, wanted - len(found))
        looked_at = yield from self._ranked(refs)
        found += [row for row in looked_at if window.after is None or _is_beyond(row.key, window.after)]
        found.sort(key=lambda row: row.key)
        return Slice(found[: window.limit], len(found) > window.limit)

    def count(self) -> Script[int | None]:
        """How many there are; None as of a page."""
        changed = yield from stale_entries(self._dialect, self._types, self._kind)
        if changed is None:
            return None
        refs, excluded = changed
        entries = yield from self._matches(excluded).count()
        return entries + len((yield from self._ranked(refs)))

    def _matches(self, excluded: Excluded) -> Matches:
        return _MATCHES[self._dialect.name](self._kind, self._text, excluded)

    def _segments(self, edge: Key) -> Iterator[tuple[str, str] | int]:
        """Where the entries of a rank are looked for one after the other: after an id, then after a pair of names."""
        if self._kind is not EntityKind.RUN:
            yield int(edge[0]) if edge and isinstance(edge[0], int) else 0
            return
        place, *names = edge or (0,)
        if isinstance(place, int) and place < NO_CONTEXT:
            yield place
            names = []
        workspace, run = (*map(str, names), "", "")[:2]
        yield workspace, run

    def _of_rank(self, matches: Matches, rank: int, after: tuple[str, str] | int, wanted: int) -> Script[list[Row]]:
        """The rows of a rank after a place, as many as are wanted where there are so many."""
        found: list[Row] = []
        while len(found) < wanted:
            limit = wanted - len(found)
            if isinstance(after, int):
                entries = yield from matches.page(rank, after, limit)
            else:
                entries = yield from matches.page_of_names(rank, after, limit)
            if entries:
                after = entries[-1][0] if isinstance(after, int) else (entries[-1][1], entries[-1][2])
                refs = entry_refs(self._kind, entries)
                found += [row for row in (yield from self._ranked(refs)) if row.key[0] == rank]
            if len(entries) < limit:
                break
        return found

    def _ranked(self, refs: Sequence[Ref]) -> Script[list[Row]]:
        """The rows of what holds the text among some references, with their ranks before their keys."""
        there = (yield from self._load(refs)) if refs else {}
        ranked = [(self._rank(entity), entity) for entity in there.values()]
        return [Row((rank, *ties_of_entity(entity)), entity) for rank, entity in ranked if rank is not None]


def ties_of_entity(entity: Entity) -> Key:
    """What makes an order of entities total: see `store.sql.sources.Source`."""
    if not isinstance(entity, Run):
        return (entity.node.id,)
    names = entity.run_name or RunName("", entity.node.name or "")
    return entity.node.id or NO_CONTEXT, names.workspace, names.name


def _is_beyond(key: Key, edge: Key) -> bool:
    return (key[: len(edge)] if len(edge) == 1 else key) > edge
