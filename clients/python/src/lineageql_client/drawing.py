"""Graphs as SVG: layers from left to right, without scripts, with every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE = 150, 34, 60, 14, 10
LONGEST = 20
"""Characters of a name that are shown; the rest is in its title."""
COLOURS = {
    "EXECUTION": "#e8e8e8",
    "MODEL": "#cfe3ff",
    "DATA_SET": "#d3f2d8",
    "METRICS": "#ffe9b8",
    "STATISTICS": "#f6d9f5",
}


@dataclass(frozen=True)
class Node:
    """A box: its name, what colours it, what its title adds, and whether it is marked."""

    id: str
    name: str
    sort: str
    title: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Edge:
    """An arrow."""

    start: str
    end: str
    port: str | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes, the most important first, and edges between them; an edge to a node that is not there is not drawn."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]


def layers(graph: Graph) -> list[list[Node]]:
    """Nodes by layer: each right of all that lead to it, those on a circle where they were met first."""
    after: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    before: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        if edge.start in after and edge.end in after and edge.start != edge.end:
            after[edge.start].append(edge.end)
            before[edge.end].append(edge.start)
    waiting = {id_: len(found) for id_, found in before.items()}
    rank = dict.fromkeys(after, 0)
    ready = [node.id for node in graph.nodes if waiting[node.id] == 0]
    left = dict.fromkeys(node.id for node in graph.nodes)
    while left:
        if not ready:
            ready = [next(iter(left))]  # a circle: it is cut here
        id_ = ready.pop()
        if id_ not in left:
            continue
        del left[id_]
        for target in after[id_]:
            if target in left:
                rank[target] = max(rank[target], rank[id_] + 1)
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
    found: list[list[Node]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node in graph.nodes:
        found[rank[node.id]].append(node)
    _untangle(found, before, after)
    return found


def _untangle(found: list[list[Node]], before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    """Puts each node near the middle of its neighbours, twice to the right and back."""
    for _ in range(2):
        for order, neighbours in ((found, before), (found[::-1], after)):
            place: dict[str, float] = {}
            for layer in order:
                middle = {
                    node.id: sum(place[other] for other in near) / len(near)
                    if (near := [other for other in neighbours[node.id] if other in place])
                    else float(number)
                    for number, node in enumerate(layer)
                }
                layer.sort(key=lambda node: middle[node.id])
                place.update({node.id: float(number) for number, node in enumerate(layer)})


def svg(graph: Graph, most: int = 200) -> str:
    """The picture, of at most so many nodes."""
    shown = Graph(graph.nodes[:most], graph.edges)
    columns = layers(shown)
    rows = max(map(len, columns), default=0)
    width = 2 * EDGE + len(columns) * (WIDTH + GAP_X) - (GAP_X if columns else 0)
    height = 2 * EDGE + rows * (HEIGHT + GAP_Y)
    place: dict[str, tuple[float, float]] = {}
    for x, layer in enumerate(columns):
        top = EDGE + (rows - len(layer)) * (HEIGHT + GAP_Y) / 2
        for y, node in enumerate(layer):
            place[node.id] = EDGE + x * (WIDTH + GAP_X), top + y * (HEIGHT + GAP_Y)
    parts = [_edge(edge, place) for edge in shown.edges if edge.start in place and edge.end in place]
    parts += [_node(node, *place[node.id]) for node in shown.nodes]
    if len(graph.nodes) > most:
        height += 20
        parts.append(f'<text x="{EDGE}" y="{height - 8}">the nearest {most:,} of {len(graph.nodes):,} nodes</text>')
    style = "max-width:100%;height:auto;background:#ffffff"
    font = "font-family:sans-serif;font-size:12px"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'{head} role="img" style="{style};{font}">{"".join(parts)}</svg>'


def _node(node: Node, x: float, y: float) -> str:
    name = node.name if len(node.name) <= LONGEST else node.name[: LONGEST - 1] + "…"
    colour = COLOURS.get(node.sort, "#f4f4f4")
    round_ = 3 if node.sort == "EXECUTION" else HEIGHT // 2
    title = escape(f"{node.name}\n{node.sort} {node.title}".strip())
    line = 'stroke="#000000" stroke-width="2"' if node.marked else 'stroke="#777777"'
    box = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="{round_}" fill="{colour}" {line}/>'
    text = (
        f'<text x="{x + WIDTH / 2}" y="{y + HEIGHT / 2 + 4}" text-anchor="middle" fill="#111111">{escape(name)}</text>'
    )
    return f"<g><title>{title}</title>{box}{text}</g>"


def _edge(edge: Edge, place: dict[str, tuple[float, float]]) -> str:
    (left, top), (right, bottom) = place[edge.start], place[edge.end]
    start, end = (left + WIDTH, top + HEIGHT / 2), (right, bottom + HEIGHT / 2)
    bend = max(GAP_X / 2, abs(end[0] - start[0]) / 3)
    curve = f"M{start[0]},{start[1]} C{start[0] + bend},{start[1]} {end[0] - bend},{end[1]} {end[0] - 6},{end[1]}"
    head = f"{end[0]},{end[1]} {end[0] - 7},{end[1] - 4} {end[0] - 7},{end[1] + 4}"
    title = f"<title>{escape(edge.port)}</title>" if edge.port else ""
    return (
        f'<g fill="none" stroke="#777777">{title}<path d="{curve}"/>'
        f'<polygon points="{head}" fill="#777777" stroke="none"/></g>'
    )
