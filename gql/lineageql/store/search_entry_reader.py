"""Makes the entries of a search index, of what a Reader of the whole store finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lineageql.model.entities import Entity
from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.predicates import Field, Operator, Test
from lineageql.store.ports import Key, Order, Search, Window
from lineageql.store.sql.driver import Runner
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.search_index.entry_tables import APART, signatures
from lineageql.store.sql.search_index.indexed_texts import ties_of_entity
from lineageql.store.sql.search_index.pending_changes import Pending, changed_runs, named_runs
from lineageql.store.sql.statements import Statements
from lineageql.store.text_ranking import FoldedTexts

READ_AT_ONCE = 500
"""How many entities are read at once."""
_NODES = (EntityKind.ARTIFACT, EntityKind.EXECUTION)


class Entry(NamedTuple):
    """A row of `entry_tables.ENTRIES`; the id of a run that is only a name is 0 until it is written."""

    id: int
    name: str
    workspace: str
    run: str
    folded: str
    uri: str
    labels: str
    description: str
    unindexed: int


@dataclass(frozen=True)
class Renewed:
    """Entries that take the place of others: of those with these ids, and of runs with these pairs of names."""

    kind: EntityKind
    entries: Sequence[Entry]
    ids: Sequence[int]
    pairs: Sequence[tuple[str, str]] = ()


class EntryReader:
    """Makes entries of a store, of whose types it asks once.

    Args:
        driver: of the store, or a snapshot.
        statements: compiled statements that are of use here alone: many name ids.
    """

    def __init__(self, driver: Runner, statements: Statements) -> None:
        self._reader = SQLReader(driver, statements, search_index=False)

    async def every(self, kind: EntityKind) -> AsyncIterator[list[Entry]]:
        """The entries of all entities of a kind, some at a time."""
        after: Key | None = None
        while True:
            found = await self._reader.search(Search(kind), Window(READ_AT_ONCE, after), frozenset())
            refs = [row.entity.ref for row in found.rows]
            if refs:
                yield await self._of(kind, refs)
            if not found.more:
                return
            after = found.rows[-1].key

    async def signatures(self) -> dict[str, str]:
        """By which convention each type is read."""
        return signatures(await self._reader.type_catalog())

    async def missing_runs(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of some pairs of names that are no run."""
        refs = {Ref(EntityKind.RUN, RunName(*pair)): pair for pair in pairs}
        there = await self._reader.get(list(refs), frozenset())
        return [pair for ref, pair in refs.items() if ref not in there]

    async def renewed(self, changes: Pending) -> list[Renewed]:
        """The entries of what was changed."""
        found = []
        for kind, ids in (
            (EntityKind.ARTIFACT, changes.artifacts),
            (EntityKind.EXECUTION, changes.executions),
            (EntityKind.WORKSPACE, changes.contexts),
        ):
            if ids:
                found.append(Renewed(kind, await self._of(kind, [Ref(kind, id_) for id_ in ids]), ids))
        types = await self._reader.type_catalog()
        refs, excluded = await self._reader.driver.run(changed_runs(self._reader.dialect, types, changes))
        if refs:
            entries = await self._of(EntityKind.RUN, refs)
            found.append(Renewed(EntityKind.RUN, entries, excluded.ids, excluded.pairs))
        return found

    async def _of(self, kind: EntityKind, refs: Sequence[Ref]) -> list[Entry]:
        # A workspace that is only a name has no row that could be listed as changed.
        refs = [ref for ref in refs if not isinstance(ref.key, WorkspaceName)]
        if not refs:
            return []
        if kind is EntityKind.RUN:
            runs = await self._reader.get(refs)
            return [_entry((run.name, *ties_of_entity(run)), run, {}) for run in runs.values()]
        keys = tuple(ref.key for ref in refs if isinstance(ref.key, int))
        search = Search(kind, Test(Field.ID, Operator.IN, keys), Order(Field.NAME))
        rows = (await self._reader.search(search, Window(len(refs)))).rows
        pairs: dict[int, tuple[str, str]] = {}
        if kind in _NODES:
            types, dialect = await self._reader.type_catalog(), self._reader.dialect
            ids = [ref.key for ref in refs if isinstance(ref.key, int)]
            pairs = await self._reader.driver.run(named_runs(dialect, types, kind, ids))
        return [_entry(row.key, row.entity, pairs) for row in rows if not isinstance(row.entity.ref.key, WorkspaceName)]


def _entry(place: Key, entity: Entity, pairs: Mapping[int, tuple[str, str]]) -> Entry:
    """The entry of an entity that has a place in the order of names."""
    name = place[0]
    texts = FoldedTexts.of(entity)
    key = entity.ref.key
    workspace, run = (key.workspace, key.name) if isinstance(key, RunName) else pairs.get(entity.node.id, ("", ""))
    labels = "".join(APART + value.replace(APART, "\n") for value in texts.labels)
    labels += APART if labels else ""
    if not all(map(_is_plain, (name, workspace, run, texts.name, texts.uri, labels, texts.description))):
        return Entry(entity.node.id, "", workspace, run, "", "", "", "", 1)
    assert isinstance(name, str)
    return Entry(entity.node.id, name, workspace, run, texts.name, texts.uri, labels, texts.description, 0)


def _is_plain(text: object) -> bool:
    """Whether the database takes a text for one, as it stands, up to its end."""
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
