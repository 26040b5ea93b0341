"""The Reader by SQL of a caller who may not see all of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from lineageql.model.entities import Workspace
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import EventType, NodeKind
from lineageql.model.predicates import (
    And,
    Field,
    Not,
    Operator,
    Or,
    Predicate,
    Related,
    Relation,
    Test,
)
from lineageql.model.rights import Sight
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.ports import Facet, Search, Slice, Window
from lineageql.store.seen_spaces import seen_spaces
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script, fetch
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.searches import Searches
from lineageql.store.sql.seen_rows import SeenRows, SeenRowsSelects
from lineageql.store.sql.wrapping_driver import Exchange, WrappingDriver

NODES = (EntityKind.ARTIFACT, EntityKind.EXECUTION)
_MOST_KEPT = 1_000
"""Workspaces of a caller, of whose sight the statements are kept for its next operation."""
_MOST_NAMED = 2_000
"""How many ids a test names at most that a client wrote; what is walked to is more, and is seen."""


def _named(kind: EntityKind, predicate: Predicate) -> Iterator[Ref]:
    """The entities that a predicate of entities of a kind names by their ids."""
    match predicate:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _named(kind, term)
        case Not(term):
            yield from _named(kind, term)
        case Related(relation, term):
            yield from _named(relation.target, term)
        case Test(Field.ID | Field.REF as subject, Operator.IN, tuple() as keys) if len(keys) <= _MOST_NAMED:
            for key in keys:
                yield key if subject is Field.REF else Ref(kind, key)


def _without(kind: EntityKind, predicate: Predicate, hidden: Collection[Ref]) -> Predicate:
    """A predicate that names none of some entities; of all others it is as true as before."""
    match predicate:
        case And(terms) | Or(terms):
            return type(predicate)(tuple(_without(kind, term, hidden) for term in terms))
        case Not(term):
            return Not(_without(kind, term, hidden))
        case Related(relation, term):
            return Related(relation, _without(relation.target, term, hidden))
        case Test(Field.ID | Field.REF as subject, Operator.IN, tuple() as keys):
            kept = tuple(key for key in keys if (key if subject is Field.REF else Ref(kind, key)) not in hidden)
            return replace(predicate, operand=kept)
    return predicate


class NarrowedDriver(WrappingDriver):
    """Runs statements over the rows that a caller may see.

    Args:
        driver: a driver or a snapshot.
        seen: tells which rows these are.
    """

    def __init__(self, driver: Runner, seen: Callable[[], Awaitable[SeenRows]]) -> None:
        super().__init__(driver)
        self._seen = seen

    async def exchange(self) -> Exchange:
        seen = await self._seen()

        def exchange(statements: Sequence[Statement]) -> Script[list[Rows]]:
            return (yield [seen.of(statement) for statement in statements])

        return exchange


class NarrowedReader(SQLReader):
    """Answers as if the store held only what a caller may see; see `store.ports.Reader`.

    Args:
        plain: reads all of the store.
        sight: what the caller may see.
    """

    hides = True

    def __init__(self, plain: SQLReader, sight: Sight) -> None:
        # Names and texts may be others for who sees less, so entries do not lead to them.
        super().__init__(NarrowedDriver(plain.driver, self._seen), plain.statements, plain.budgets, search_index=False)
        self._plain = plain
        self._sight = sight
        self._finding: asyncio.Task[SeenRows] | None = None
        self._told_apart = False
        """Whether all that is seen is in a workspace that is seen, whichever rows are looked at."""

    async def type_catalog(self) -> TypeCatalog:
        return await self._plain.type_catalog()

    async def _seen(self) -> SeenRows:
        if self._finding is None:
            self._finding = asyncio.create_task(self._find())
        return await asyncio.shield(self._finding)

    async def _find(self) -> SeenRows:
        spaces = await seen_spaces(self._plain, self._sight)
        types = await self._plain.type_catalog()
        seen = self._seen_rows(types, tuple(spaces))
        self._told_apart = not seen.unplaced
        if self._told_apart and spaces and types.through_children:
            # What is in a hidden workspace below one that is seen is seen, and the link between them is not.
            self._told_apart = not await self._plain.driver.fetch(seen.hidden_below())
        return seen

    def _seen_rows(self, types: TypeCatalog, spaces: tuple[int, ...]) -> SeenRows:
        """What is seen where these workspaces are: made once for all callers and operations that see so."""
        unplaced = self._sight.unplaced

        def selects() -> SeenRowsSelects:
            return SeenRowsSelects(types, self.dialect, some=bool(spaces), unplaced=unplaced)

        def make() -> SeenRows:
            return SeenRows(self.statements.get(types, ("selects", bool(spaces), unplaced), selects), spaces)

        if len(spaces) > _MOST_KEPT:
            return make()
        return self.statements.get(types, ("seen rows", spaces, unplaced), make)

    async def _searches(self) -> Searches:
        seen = await self._seen()
        spaces = Test(Field.ID, Operator.IN, tuple(seen.spaces))
        within: dict[EntityKind, Predicate] = {EntityKind.WORKSPACE: spaces}
        if self._told_apart:
            within |= dict.fromkeys(NODES, Related(Relation.WORKSPACE, spaces))
        return Searches(await self._clauses(), self.statements, self.budgets, within)

    async def _of_seen(self, search: Search) -> Search:
        """A search that names no id of what is hidden: to look for it would take other statements than for nothing."""
        named = dict.fromkeys(_named(search.kind, search.predicate))
        if not named:
            return search
        there = await self.get(list(named), frozenset())
        return replace(search, predicate=_without(search.kind, search.predicate, named.keys() - there.keys()))

    async def search(self, search: Search, window: Window, fields: frozenset[Field] | None = None) -> Slice:
        return await super().search(await self._of_seen(search), window, fields)

    async def count(self, search: Search) -> int:
        return await super().count(await self._of_seen(search))

    async def facets(self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None) -> Mapping[str, int]:
        return await super().facets(kind, (await self._of_seen(Search(kind, predicate))).predicate, by, key)

    async def ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]:
        return await super().ids(kind, (await self._of_seen(Search(kind, predicate))).predicate, most)

    async def _workspaces_named(self, names: Sequence[str] | None) -> Sequence[Workspace]:
        # What is in none but by name is seen with what is in none; else there is none, and to look for it takes long.
        return await super()._workspaces_named(names) if self._sight.unplaced else []

    async def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[int]:
        seen = await self._seen()

        def script() -> Script[Rows]:
            return (yield from fetch(seen.leading_out(kind, ids, types)))

        return [row[0] for row in await self._plain.driver.run(script())] if ids else []
