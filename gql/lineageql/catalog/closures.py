"""What lies up- or downstream of single nodes, as pages of a connection."""

from __future__ import annotations

import bisect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lineageql.catalog.adjacency import Events
from lineageql.catalog.finding import Finder
from lineageql.catalog.lineage import Bounds, Direction, Graph, NodeFilter, Terms, walk_each
from lineageql.catalog.pages import Edge, Page, PageRequest
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import ALWAYS
from lineageql.pace import Pace, in_pieces
from lineageql.store.ports import Key, Reader


@dataclass(frozen=True, slots=True)
class Closure:
    """What is asked of a node's lineage.

    `where` filters what is shown; the walk goes through every node.
    """

    direction: Direction
    where: NodeFilter
    request: PageRequest
    max_hops: int | None = None
    events: Events = Events.ALL


async def closure_pages(
    finder: Finder, closure: Closure, roots: Sequence[Ref], until: float | None = None
) -> list[Page[Edge]]:
    """The same page of the lineage of each root; the walks share their statements.

    Raises:
        InvalidArgument: a paging argument is wrong.
    """
    identity = (closure.direction, closure.where, closure.max_hops, closure.events)
    settings = finder.settings
    window = closure.request.window(identity, default=settings.page_size, maximum=settings.max_page_size)
    # The root is one of a walk's nodes and none of the page's.
    bounds = Bounds(settings.lineage_nodes + 1, closure.max_hops, until)
    terms = Terms(events=closure.events)
    graphs = await walk_each(finder.reader, [[root] for root in roots], closure.direction, bounds, terms)
    shown = await shown_nodes(finder.reader, graphs, closure.where)
    pace = Pace()
    keys = []
    for graph, root in zip(graphs, roots, strict=True):
        keys.append(await in_pieces(pace, len(graph.distances), partial(_sorted_keys, graph, root, shown)))
    slices = []
    for found in keys:
        low = 0 if window.after is None else bisect.bisect_right(found, _key(window.after))
        high = len(found) if window.before is None else bisect.bisect_left(found, _key(window.before))
        inside = found[low : max(low, high)]
        picked = inside[-window.limit :] if window.backward and window.limit else inside[: window.limit]
        start = low + (len(inside) - len(picked) if window.backward else 0)
        slices.append((picked, start > 0, start + len(picked) < len(found)))
    refs = [_ref(key) for picked, _, _ in slices for key in picked]
    entities = dict(zip(refs, await finder.get(refs), strict=True))
    pages = []
    for graph, found, (picked, before, after) in zip(graphs, keys, slices, strict=True):
        edges = []
        for key in picked:
            entity = entities[_ref(key)]
            if entity is not None:
                edges.append(Edge(entity, key, identity, hops=key[0]))
        pages.append(Page(edges, after, before, _counted(len(found)), complete=graph.complete))
    return pages


async def shown_nodes(
    reader: Reader, graphs: Sequence[Graph], where: NodeFilter
) -> Mapping[EntityKind, set[int] | None]:
    """For each kind, the ids that the filter shows; None stands for all."""
    shown: dict[EntityKind, set[int] | None] = {}
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        predicate = where.of(kind)
        if predicate == ALWAYS:
            shown[kind] = None
            continue
        ids = {id_ for graph in graphs for id_ in graph.ids(kind)}
        shown[kind] = set(await reader.matching(kind, sorted(ids), predicate)) if ids else set()
    return shown


def _sorted_keys(graph: Graph, root: Ref, shown: Mapping[EntityKind, set[int] | None]) -> list[tuple[int, int, str]]:
    return sorted(_keys(graph, root, shown))


def _keys(graph: Graph, root: Ref, shown: Mapping[EntityKind, set[int] | None]) -> list[tuple[int, int, str]]:
    keys = []
    for ref, hops in graph.hops.items():
        ids = shown[ref.kind]
        if ref != root and isinstance(ref.key, int) and (ids is None or ref.key in ids):
            keys.append((hops, ref.key, ref.kind.value))
    return keys


def _key(key: Key) -> tuple[int, int, str]:
    hops, id_, kind = key
    assert isinstance(hops, int)
    assert isinstance(id_, int)
    assert isinstance(kind, str)
    return hops, id_, kind


def _ref(key: tuple[int, int, str]) -> Ref:
    return Ref(EntityKind(key[2]), key[1])


def _counted(total: int) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return total

    return count
