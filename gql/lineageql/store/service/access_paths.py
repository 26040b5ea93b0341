"""The access paths of a predicate at MLMD's service: rows that hold every match, and what is left to be decided.

MLMD's service looks up ids, external ids, uris, types, the members of contexts
and the events of nodes, and what its filter language can say safely. Of the
terms that must all be true the cheapest gives the rows; the residual, which are
the other terms and that one where it may let through too much, is decided by the
evaluator.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from lineageql.model.evaluate import operands_by_family, references_of
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import Node, NodeKind
from lineageql.model.operators import Access, Family
from lineageql.model.predicates import And, Field, Predicate, Related, Test, all_of
from lineageql.store.service import filter_query
from lineageql.store.service.entities import NODE_KINDS
from lineageql.store.service.index_lookups import Lookups
from lineageql.store.service.listings import Lister, Listing
from lineageql.store.service.node_cache import Tables
from lineageql.store.service.prefilters import Prefilters


class Cost(IntEnum):
    """How many rows an access path gives, from few to all."""

    ID = 0
    LOOKED_UP = 1
    FILTERED = 2
    RELATED = 3
    TYPED = 4
    WHOLE = 5


@dataclass(frozen=True)
class AccessPath:
    """The rows of some ids, and those of some listings.

    Attributes:
        residual: what is still to be decided of each row.
    """

    cost: Cost
    residual: Predicate
    ids: frozenset[int] = frozenset()
    listings: tuple[Listing, ...] = ()


FindIds = Callable[[EntityKind, Related], Awaitable["frozenset[int] | None"]]
"""The ids of the nodes that are related to something; None where that is not worth looking for first."""


class AccessPaths:
    """Finds the access paths of one operation."""

    def __init__(
        self, tables: Tables, lister: Lister, lookups: Lookups, prefilters: Prefilters, related: FindIds
    ) -> None:
        self.tables = tables
        self.lister = lister
        self.lookups = lookups
        self.prefilters = prefilters
        self.related = related

    async def of(self, kind: EntityKind, predicate: Predicate) -> AccessPath:
        """The cheapest access path of a predicate of artifacts, executions or workspaces."""
        terms = terms_of(predicate)
        for way in (self._by_id, self._looked_up, self._filtered, self._related):
            path = await way(kind, terms)
            if path is not None:
                return path
        return await self._typed(kind, terms)

    async def _by_id(self, kind: EntityKind, terms: Sequence[Predicate]) -> AccessPath | None:
        for term in terms:
            match term:
                case Test(subject=Field.ID) if term.operator.meaning.access is Access.EQUALITY:
                    numbers = operands_by_family(term).get(Family.NUMBER, ())
                    return AccessPath(Cost.ID, all_of(*terms), frozenset(int(id_) for id_ in numbers if id_ % 1 == 0))
                case Test(subject=Field.REF):
                    keys = {ref.key for ref in references_of(term)}
                    return AccessPath(Cost.ID, all_of(*terms), frozenset(key for key in keys if isinstance(key, int)))
        return None

    async def _looked_up(self, kind: EntityKind, terms: Sequence[Predicate]) -> AccessPath | None:
        for term in terms:
            nodes = await self.lookups.nodes(NODE_KINDS[kind], term) if isinstance(term, Test) else None
            if nodes is not None:
                self.tables.keep(nodes)
                return AccessPath(Cost.LOOKED_UP, all_of(*terms), frozenset(node.id for node in nodes))
        return None

    async def _filtered(self, kind: EntityKind, terms: Sequence[Predicate]) -> AccessPath | None:
        node_kind = NODE_KINDS[kind]
        for term in terms:
            found = self.prefilters.of(node_kind, term) if isinstance(term, Test) else None
            if found is not None:
                more = self.prefilters.together(terms)
                listings = tuple(Listing(node_kind, filter=filter_query.both(text, more)) for text in found.filters)
                return AccessPath(Cost.FILTERED, all_of(*terms), frozenset(found.ids), listings)
        return None

    async def _related(self, kind: EntityKind, terms: Sequence[Predicate]) -> AccessPath | None:
        for term in terms:
            found = await self.related(kind, term) if isinstance(term, Related) else None
            if found is not None:
                residual = (other for other in terms if other is not term)
                return AccessPath(Cost.RELATED, all_of(*residual), found)
        return None

    async def _typed(self, kind: EntityKind, terms: Sequence[Predicate]) -> AccessPath:
        node_kind, whole = NODE_KINDS[kind], all_of(*terms)
        more = self.prefilters.together(terms)
        tests = [term for term in terms if isinstance(term, Test) and term.subject in (Field.TYPE, Field.KIND)]
        if not tests:
            return AccessPath(Cost.WHOLE, whole, listings=(Listing(node_kind, filter=more),))
        types = await self.lookups.allowed(node_kind, tests)
        if len(types) > 1 and self.prefilters.can_filter:
            text = filter_query.both(filter_query.types(type_.id for type_ in types), more)
            return AccessPath(Cost.TYPED, whole, listings=(Listing(node_kind, filter=text),))
        return AccessPath(Cost.TYPED, whole, listings=tuple(Listing(node_kind, type=t, filter=more) for t in types))

    async def nodes(
        self, kind: NodeKind, path: AccessPath, after: int | None, *, descending: bool
    ) -> AsyncIterator[list[Node]]:
        """The rows of an access path in the order of ids, each once, from the first beyond `after` on."""
        sources = [self.lister.pages(listing, after, descending=descending) for listing in path.listings]
        if path.ids:
            sources.append(self._by_ids(kind, path.ids, after, descending=descending))
        async for nodes in merged(sources, descending=descending):
            yield [self.tables.kept(node) for node in nodes]

    async def _by_ids(
        self, kind: NodeKind, ids: Iterable[int], after: int | None, *, descending: bool
    ) -> AsyncIterator[list[Node]]:
        beyond = [id_ for id_ in ids if after is None or (id_ < after if descending else id_ > after)]
        for batch in self.lister.client.batches(sorted(beyond, reverse=descending)):
            yield list((await self.tables.nodes(kind, batch)).values())


async def merged(sources: Sequence[AsyncIterator[list[Node]]], *, descending: bool) -> AsyncIterator[list[Node]]:
    """The rows of several sources, each in the order of ids, in that order and each once."""
    if len(sources) == 1:
        async for nodes in sources[0]:
            yield nodes
        return
    sign = -1 if descending else 1
    heads: list[tuple[AsyncIterator[list[Node]], list[Node]]] = [(source, []) for source in sources]
    while heads:
        heads = [pair for source, nodes in heads if (pair := (source, nodes or await _next(source)))[1]]
        if not heads:
            return
        # Up to the least last row of all pages nothing more can come.
        edge = min(sign * nodes[-1].id for _, nodes in heads)
        ready = {node.id: node for _, nodes in heads for node in nodes if sign * node.id <= edge}
        heads = [(source, [node for node in nodes if sign * node.id > edge]) for source, nodes in heads]
        yield [ready[id_] for id_ in sorted(ready, reverse=descending)]


async def _next(source: AsyncIterator[list[Node]]) -> list[Node]:
    """The next page that is not empty; an empty one at the end."""
    async for nodes in source:
        if nodes:
            return nodes
    return []


def terms_of(predicate: Predicate) -> list[Predicate]:
    """The terms that must all be true."""
    if isinstance(predicate, And):
        return [inner for term in predicate.terms for inner in terms_of(term)]
    return [predicate]
