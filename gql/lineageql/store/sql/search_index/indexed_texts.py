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
from lineageql.store.ports import APART, Key, Row, Slice, Window
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.driver import Script, fetch
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.match_statements import Matches
from lineageql.store.sql.search_index.pending_changes import entry_refs, stale_entries
from lineageql.store.text_ranking import ranking

_FEW, _MOST_AT_ONCE = 256, 4_096
"""How many ids of a word are gone through at first, and at most at once."""
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
        matches = Matches(self._kind, self._text, excluded)
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
        matches = Matches(self._kind, self._text, excluded)
        rarest, _ = yield from self._rarest(matches, 0)
        entries = (yield from fetch(matches.count(rarest)))[0][0]
        return int(entries) + len((yield from self._ranked(refs)))

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
        if rank == APART and isinstance(after, int):
            rarest, ids = yield from self._rarest(matches, after)
            if rarest is not None:
                return (yield from self._apart(matches, rarest, ids, wanted))
        found: list[Row] = []
        while len(found) < wanted:
            limit = wanted - len(found)
            by_id = isinstance(after, int)
            statement = matches.page(rank, after, limit) if by_id else matches.page_of_names(rank, after, limit)  # type: ignore[arg-type]
            entries = yield from fetch(statement)
            if entries:
                after = entries[-1][0] if by_id else (entries[-1][1], entries[-1][2])
                refs = entry_refs(self._kind, entries)
                found += [row for row in (yield from self._ranked(refs)) if row.key[0] == rank]
            if len(entries) < limit:
                break
        return found

    def _apart(self, matches: Matches, rarest: str, ids: list[int], wanted: int) -> Script[list[Row]]:
        """The rows in which words stand apart: the ids of the rarest word are gone through, of which some are known."""
        found: list[Row] = []
        step = _FEW
        while ids:
            entries = yield from fetch(matches.page_of_ids(APART, ids))
            entries = [entry for entry in entries if entry[0] < NO_CONTEXT]
            while entries and len(found) < wanted:
                some = wanted - len(found)
                refs = entry_refs(self._kind, entries[:some])
                found += [row for row in (yield from self._ranked(refs)) if row.key[0] == APART]
                entries = entries[some:]
            if len(found) >= wanted or len(ids) < step or ids[-1] >= NO_CONTEXT:
                break
            step = min(4 * step, _MOST_AT_ONCE)
            ids = [row[0] for row in (yield from fetch(matches.ids(rarest, ids[-1], step)))]
        return found

    def _rarest(self, matches: Matches, after: int) -> Script[tuple[str | None, list[int]]]:
        """The indexed word that the fewest entries hold after an id, as far as a few tell, and its first ids."""
        found: tuple[str | None, list[int]] = None, []
        for word in matches.indexed_words:
            ids = [row[0] for row in (yield from fetch(matches.ids(word, after, _FEW)))]
            if found[0] is None or len(ids) < len(found[1]):
                found = word, ids
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
