"""Workspaces that are only names: nodes name them in a property, and no context stands for them.

They are few, and nothing is known of one but its name and what names it. So what is
asked of workspaces is decided for them here, the same for every backend: a Reader
finds the names and the nodes that carry them, and its pages of workspaces that are
contexts are merged with these.

Where a context of a name is there, its links say what belongs to the workspace, and
what only names it does not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from lineageql.errors import InvalidArgument
from lineageql.model.entities import Entity, Run, Workspace
from lineageql.model.evaluate import operands_of, references_of
from lineageql.model.identity import EntityKind, Ref, WorkspaceName
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
    all_of,
)
from lineageql.model.subjects import meets
from lineageql.store.ports import LACKED, Facet, Key, Link, Order, Row, Search, Slice, Window, nowhere
from lineageql.store.text_ranking import ranking

NO_CONTEXT = 2**62
"""Where a workspace without a context stands in the order of ids: after all others. There its name decides."""

Fields = frozenset[Field] | None


class NamedWorkspaces(ABC):
    """The verbs of a Reader that are about workspaces, or may ask of them.

    What a backend does for each stands below its name with an underscore. It is asked of no workspace that is only a
    name; whether a node names one of some names is a test of `Field.NAMED_WORKSPACE`.
    """

    @abstractmethod
    async def _workspaces_named(self, names: Sequence[str] | None) -> Sequence[Workspace]:
        """The workspaces that are only names: all of them, or those of some names."""

    async def charge_ahead(self, reads: int, events: int) -> None:
        """See `store.ports.Reader`."""
        return  # nothing is charged here

    @abstractmethod
    async def _search(self, search: Search, window: Window, fields: Fields) -> Slice: ...

    @abstractmethod
    async def _search_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields
    ) -> Mapping[Ref, Slice]:
        """Owners may be workspaces that are only names, here and in `_count_under`."""

    @abstractmethod
    async def _count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]: ...

    @abstractmethod
    async def _count(self, search: Search) -> int: ...

    @abstractmethod
    async def _facets(
        self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None, named: Sequence[str]
    ) -> Mapping[str, int]:
        """Beside the workspaces that are contexts those of some names are counted by."""

    @abstractmethod
    async def _find_text(self, kind: EntityKind, text: str, window: Window) -> Slice: ...

    @abstractmethod
    async def _count_text(self, kind: EntityKind, text: str) -> int: ...

    @abstractmethod
    async def _get(self, refs: Sequence[Ref], fields: Fields) -> Mapping[Ref, Entity]: ...

    @abstractmethod
    async def _matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]: ...

    @abstractmethod
    async def _ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]: ...

    # -- the verbs

    async def search(self, search: Search, window: Window, fields: Fields = None) -> Slice:
        asked = await self._settled(search)
        if search.kind is not EntityKind.WORKSPACE:
            return await self._search(asked, window, fields)
        spaces = await self._true_of(search.predicate, await self._candidates(search.predicate))
        rows = [Row(key, space) for key, space in await self._keyed(spaces, search.order)]
        parts = 1 if search.order.field is Field.ID else 2
        found = await self._search(asked, _among_contexts(window, parts), fields)
        return _merged(found, rows, window, descending=search.order.descending)

    async def count(self, search: Search) -> int:
        number = await self._count(await self._settled(search))
        if search.kind is not EntityKind.WORKSPACE:
            return number
        return number + len(await self._true_of(search.predicate, await self._candidates(search.predicate)))

    async def search_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields = None
    ) -> Mapping[Ref, Slice]:
        return await self._search_under(link, owners, await self._settled(search), window, fields)

    async def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]:
        return await self._count_under(link, owners, await self._settled(search))

    async def facets(self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None) -> Mapping[str, int]:
        asked = await self._settled(Search(kind, predicate))
        named = await self._workspaces_named(None) if by is Facet.WORKSPACE else ()
        return await self._facets(kind, asked.predicate, by, key, [space.name for space in named])

    async def find_text(self, kind: EntityKind, text: str, window: Window) -> Slice:
        if kind is not EntityKind.WORKSPACE:
            return await self._find_text(kind, text, window)
        rank, rows = ranking(text), []
        for space in await self._workspaces_named(None):
            place = rank(space)
            if place is not None:
                rows.append(Row((place, NO_CONTEXT, space.name), space))
        found = await self._find_text(kind, text, _among_contexts(window, 2))
        return _merged(found, rows, window, descending=False)

    async def count_text(self, kind: EntityKind, text: str) -> int:
        number = await self._count_text(kind, text)
        if kind is not EntityKind.WORKSPACE:
            return number
        rank = ranking(text)
        return number + sum(rank(space) is not None for space in await self._workspaces_named(None))

    async def get(self, refs: Sequence[Ref], fields: Fields = None) -> Mapping[Ref, Entity]:
        names = [ref.key.name for ref in refs if isinstance(ref.key, WorkspaceName)]
        found = dict(await self._get([ref for ref in refs if not isinstance(ref.key, WorkspaceName)], fields))
        if names:
            found.update((space.ref, space) for space in await self._workspaces_named(names))
        return found

    async def matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]:
        return await self._matching(kind, ids, (await self._settled(Search(kind, predicate))).predicate)

    async def ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]:
        return await self._ids(kind, (await self._settled(Search(kind, predicate))).predicate, most)

    # -- what is asked of workspaces

    async def _settled(self, search: Search) -> Search:
        """The search with what is asked of workspaces that are only names decided: their names stand beside it."""
        if not _asks(search.predicate):
            return search
        return replace(search, predicate=await self._settle(search.predicate))

    async def _settle(self, predicate: Predicate) -> Predicate:
        match predicate:
            case And(terms):
                return And(tuple([await self._settle(term) for term in terms]))
            case Or(terms):
                return Or(tuple([await self._settle(term) for term in terms]))
            case Not(term):
                return Not(await self._settle(term))
            case Related(Relation.WORKSPACE, inner):
                spaces = await self._true_of(inner, await self._candidates(inner))
                related = Related(Relation.WORKSPACE, await self._settle(inner))
                return Or((related, _naming(*(space.name for space in spaces)))) if spaces else related
            case Related(relation, inner):
                return Related(relation, await self._settle(inner))
        return predicate

    async def _candidates(self, predicate: Predicate) -> Sequence[Workspace]:
        """The workspaces that are only names of which a predicate may be true."""
        names = _names_of(predicate)
        return await self._workspaces_named(None if names is None else sorted(names))

    async def _true_of(self, predicate: Predicate, spaces: Sequence[Workspace]) -> Sequence[Workspace]:
        """The workspaces, all of them only names, of which a predicate is true."""
        if not spaces:
            return spaces
        match predicate:
            case And(terms):
                for term in terms:
                    spaces = await self._true_of(term, spaces)
                return spaces
            case Or(terms):
                true: set[Ref] = set()
                for term in terms:
                    left = [space for space in spaces if space.ref not in true]
                    true |= {space.ref for space in await self._true_of(term, left)}
                return [space for space in spaces if space.ref in true]
            case Not(term):
                false = {space.ref for space in await self._true_of(term, spaces)}
                return [space for space in spaces if space.ref not in false]
            case Related(relation, inner):
                held = [await self._holds(space, relation.target, inner) for space in spaces]
                return [space for space, holds in zip(spaces, held, strict=True) if holds]
            case Test():
                is_met = meets(predicate)
                return [space for space in spaces if is_met(space)]
        raise AssertionError(predicate)

    async def _holds(self, space: Workspace, kind: EntityKind, predicate: Predicate) -> bool:
        """Whether something that names a workspace makes a predicate true."""
        inside = all_of(_naming(space.name), predicate)
        return bool((await self.search(Search(kind, inside), Window(1), frozenset())).rows)

    async def _keyed(self, spaces: Sequence[Workspace], order: Order) -> list[tuple[Key, Workspace]]:
        """Where each workspace stands in an order of workspaces."""
        found: list[tuple[Key, Workspace]] = []
        for space in spaces:
            ties = NO_CONTEXT, space.name
            if order.field is Field.ID:
                found.append((ties, space))
            elif order.field in (Field.NAME, Field.TYPE):
                found.append(((space.name if order.field is Field.NAME else space.type.name, *ties), space))
            elif order.field in LACKED:
                time = await self._latest_run(space)
                found.append(((nowhere(order) if time is None else time, *ties), space))
            else:
                found.append(((0, *ties), space))  # as a context without this time
        return found

    async def _latest_run(self, space: Workspace) -> int | None:
        """When the last run of a workspace was made, in milliseconds."""
        last = Search(EntityKind.RUN, _naming(space.name), Order(Field.CREATE_TIME, descending=True))
        rows = (await self.search(last, Window(1), frozenset())).rows
        return rows[0].entity.create_time if rows and isinstance(rows[0].entity, Run) else None


def _naming(*names: str) -> Test:
    return Test(Field.NAMED_WORKSPACE, Operator.IN, names)


def _asks(predicate: Predicate) -> bool:
    """Whether a predicate asks of the workspace of something."""
    match predicate:
        case And(terms) | Or(terms):
            return any(map(_asks, terms))
        case Not(term):
            return _asks(term)
        case Related(relation, inner):
            return relation is Relation.WORKSPACE or _asks(inner)
    return False


def _names_of(predicate: Predicate) -> Collection[str] | None:
    """The names that a workspace must have one of to make a predicate true; None where it may have any."""
    match predicate:
        case And(terms):
            return next((names for names in map(_names_of, terms) if names is not None), None)
        case Or(terms):
            parts = [_names_of(term) for term in terms]
            return None if None in parts else {name for names in parts for name in names or ()}
        case Test(subject=Field.NAME, operator=Operator.EQ | Operator.IN, ignore_case=False):
            return {name for name in operands_of(predicate) if isinstance(name, str)}
        case Test(subject=Field.REF):
            keys = (ref.key for ref in references_of(predicate))
            return {key.name for key in keys if isinstance(key, WorkspaceName)}
        case Test(subject=Field.ID):
            return ()
    return None


# -- pages


def _among_contexts(window: Window, parts: int) -> Window:
    """The window with its edges as places among contexts, whose keys have so many parts."""

    def edge(key: Key | None) -> Key | None:
        return key[:-1] if key is not None and len(key) == parts + 1 and key[-2] == NO_CONTEXT else key

    return replace(window, after=edge(window.after), before=edge(window.before))


def _merged(found: Slice, rows: Sequence[Row], window: Window, *, descending: bool) -> Slice:
    """A page of workspaces that are contexts, with those that are only names in their places."""
    inside = [row for row in rows if is_in(row.key, window, descending)]
    if not inside:
        return found
    ordered = sorted([*found.rows, *inside], key=lambda row: _comparable(row.key), reverse=descending)
    shown = ordered[-window.limit :] if window.backward else ordered[: window.limit]
    return Slice(shown, found.more or len(ordered) > window.limit)


def is_in(key: Key, window: Window, descending: bool) -> bool:
    """Whether a key is between the edges of a window; InvalidArgument where these are of another order."""

    def is_beyond(edge: Key, upward: bool) -> bool:
        # An edge of one part is compared with the first part alone.
        left, right = _comparable(key[:1] if len(edge) == 1 and len(key) > 2 else key), _comparable(edge)
        return left > right if upward else left < right

    try:
        after = window.after is None or is_beyond(window.after, not descending)
        return after and (window.before is None or is_beyond(window.before, descending))
    except TypeError:
        raise InvalidArgument("this is not a cursor of this store; take cursors from earlier answers") from None


def _comparable(key: Key) -> tuple[str | float, ...]:
    """A key whose parts are compared with those of others: no time is before all times."""
    return tuple(0 if part is None else part for part in key)
