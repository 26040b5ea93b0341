"""A lineage as one graph, with what it takes to show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lineageql.catalog.adjacency import Events
from lineageql.catalog.differences import LineageDiff, lineage_diff
from lineageql.catalog.finding import FacetCount, Finder, facet_counts
from lineageql.catalog.lineage import Bounds, Direction, Graph, NodeFilter, Terms, walk
from lineageql.catalog.paths import LineagePath, shortest_path
from lineageql.errors import InvalidArgument, TooExpensive
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import kind_of
from lineageql.model.predicates import NEVER, Field, Not, Operator, Test, all_of


@dataclass(frozen=True, slots=True)
class Counts:
    """How many nodes of each sort a graph has."""

    artifacts: int
    executions: int
    by_kind: list[FacetCount]
    by_type: list[FacetCount]


async def lineage(
    finder: Finder,
    roots: Sequence[Ref],
    where: NodeFilter | None,
    direction: Direction,
    max_hops: int | None,
    max_nodes: int | None,
    until: float | None,
    terms: Terms | None = None,
) -> Graph:
    """The lineage of artifacts and executions: of these roots and of those that a filter meets.

    Raises:
        InvalidArgument: a bound is out of its range, there are neither roots nor a filter, or a root is not in the
            store.
        TooExpensive: the filter meets more nodes than a lineage may have.
    """
    settings = finder.settings
    nodes = settings.lineage_nodes if max_nodes is None else max_nodes
    if max_hops is not None and max_hops < 0:
        raise InvalidArgument(f"maxHops is {max_hops}; it takes 0 or more", "maxHops")
    if not 1 <= nodes <= settings.max_lineage_nodes:
        raise InvalidArgument(f"maxNodes is {nodes}; it takes 1 to {settings.max_lineage_nodes}", "maxNodes")
    if not roots and where is None:
        raise InvalidArgument("a lineage begins somewhere: give ids in roots, or a filter in where", "roots")
    unique = list(dict.fromkeys(roots))
    if len(unique) > nodes:
        words = f"there are {len(unique)} roots and maxNodes is {nodes}: raise it, or ask for a part of them at a time"
        raise InvalidArgument(words, "roots")
    await _require(finder, {f"roots[{place}]": ref for place, ref in enumerate(roots)})
    as_of = None if terms is None else terms.as_of
    if as_of is not None:
        await _refuse_later(finder, roots, as_of)
    if where is not None:
        unique += await _meeting(finder, where, as_of, known=set(unique))
    return await walk(finder.reader, unique, direction, Bounds(nodes, max_hops, until), terms)


async def _meeting(finder: Finder, where: NodeFilter, as_of: int | None, known: Collection[Ref]) -> list[Ref]:
    """The nodes that meet a filter and are not known, by id; those that were made later than `as_of` left out.

    They may be more than are shown, as all that are not shown are the frontier.
    """
    most = finder.settings.max_lineage_nodes
    found: list[Ref] = []
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        predicate = where.of(kind)
        if predicate == NEVER:
            continue
        finder.check(predicate)
        if as_of is not None:
            predicate = all_of(predicate, Not(Test(Field.CREATE_TIME, Operator.GT, as_of)))
        found += [Ref(kind, id_) for id_ in await finder.reader.ids(kind, predicate, most + 1 - len(found))]
        if len(found) > most:
            words = f"more than {most} nodes meet the filter, and a lineage has no more: narrow it"
            raise TooExpensive(words)
    return sorted((ref for ref in found if ref not in known), key=lambda ref: (ref.key, ref.kind.value))


async def _refuse_later(finder: Finder, roots: Sequence[Ref], as_of: int) -> None:
    late = Test(Field.CREATE_TIME, Operator.GT, as_of)
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        ids = [ref.key for ref in roots if ref.kind is kind and isinstance(ref.key, int)]
        found = set(await finder.reader.matching(kind, ids, late)) if ids else set()
        for place, ref in enumerate(roots):
            if ref.kind is kind and ref.key in found:
                words = f"the {kind.value.lower()} {str(ref)!r} was made after asOf"
                raise InvalidArgument(words, f"roots[{place}]")


async def lineage_path(
    finder: Finder, start: Ref, end: Ref, max_hops: int | None, until: float | None, events: Events = Events.ALL
) -> LineagePath:
    """A shortest directed path between two nodes, either way round.

    Raises:
        InvalidArgument: `maxHops` is negative, or an end is not in the store.
    """
    if max_hops is not None and max_hops < 0:
        raise InvalidArgument(f"maxHops is {max_hops}; it takes 0 or more", "maxHops")
    await _require(finder, {"from": start, "to": end})
    return await shortest_path(finder.reader, start, end, max_hops, finder.settings.max_lineage_nodes, until, events)


async def diff(
    finder: Finder,
    left: Ref,
    right: Ref,
    direction: Direction,
    until: float | None,
    events: Events = Events.ALL,
) -> LineageDiff:
    """What the lineages of two nodes share and do not share.

    Raises:
        InvalidArgument: a node is not in the store.
    """
    await _require(finder, {"left": left, "right": right})
    return await lineage_diff(finder, left, right, direction, until, events)


async def _require(finder: Finder, refs: Mapping[str, Ref]) -> None:
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        ids = [ref.key for ref in refs.values() if ref.kind is kind and isinstance(ref.key, int)]
        known = await finder.reader.types_of(kind, ids) if ids else {}
        for argument, ref in refs.items():
            if ref.kind is kind and ref.key not in known:
                raise InvalidArgument(f"there is no {kind.value.lower()} with the id {str(ref)!r}", argument)


async def counts(finder: Finder, graph: Graph) -> Counts:
    """How many nodes of each sort a graph has, most first."""
    kinds: Counter[str] = Counter()
    types: Counter[str] = Counter()
    sizes = {}
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        ids = graph.ids(kind)
        sizes[kind] = len(ids)
        found = (await finder.reader.types_of(kind, ids)).values() if ids else ()
        types.update(type_.name for type_ in found)
        if kind is EntityKind.ARTIFACT:
            kinds.update(kind_of(type_).value for type_ in found)
    return Counts(sizes[EntityKind.ARTIFACT], sizes[EntityKind.EXECUTION], facet_counts(kinds), facet_counts(types))
