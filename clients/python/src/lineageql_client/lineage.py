"""Lineage as an object: a graph that other tools take, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineageql_client import drawing
from lineageql_client.errors import MissingExtra, warn_incomplete

if TYPE_CHECKING:
    import networkx

    from lineageql_client.generated.entities import Artifact, Execution, LineageEdge, LineageNode, LineageStep

_MERMAID = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "\n": " ", "`": "#96;"}


class _Graph:
    """Nodes and edges; edges lead the way that data goes."""

    if TYPE_CHECKING:
        edges: tuple[LineageEdge, ...]
        complete: bool

    def __post_init__(self) -> None:
        if not self.complete:
            warn_incomplete("this lineage", stacklevel=9)

    def _nodes(self) -> list[LineageNode]:
        raise NotImplementedError

    def _drawn(self) -> drawing.Graph:
        nodes = [
            drawing.Node(node.id, node.name, _sort(node), _said(node), node.id in self._marked())
            for node in self._nodes()
        ]
        return drawing.Graph(nodes, [drawing.Edge(*_ends(edge), edge.port) for edge in self.edges])

    def _marked(self) -> set[str]:
        return set()

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """A graph of networkx: its nodes are ids with the entity's fields, its edges events; of the extra `graphs`."""
        try:
            import networkx
        except ImportError as error:
            raise MissingExtra("networkx is not here: pip install 'lineageql-client[graphs]'") from error
        graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
        for node in self._nodes():
            graph.add_node(node.id, entity=node, name=node.name, type=node.type.name, sort=_sort(node))
        for edge in self.edges:
            start, end = _ends(edge)
            graph.add_edge(start, end, event_type=edge.event_type, event_time=edge.event_time, port=edge.port)
        return graph

    def to_mermaid(self) -> str:
        """A flowchart of Mermaid: executions as boxes with double sides, artifacts as round ones."""
        graph = self._drawn()
        names = {node.id: f"n{place}" for place, node in enumerate(graph.nodes)}
        lines = ["flowchart LR"]
        for node in graph.nodes:
            text = "".join(_MERMAID.get(sign, sign) for sign in node.name)
            shape = ("[[", "]]") if node.sort == "EXECUTION" else ("(", ")")
            lines.append(f'    {names[node.id]}{shape[0]}"{text}"{shape[1]}')
        for edge in graph.edges:
            if edge.start in names and edge.end in names:
                port = "" if not edge.port else '|"' + "".join(_MERMAID.get(sign, sign) for sign in edge.port) + '"|'
                lines.append(f"    {names[edge.start]} -->{port} {names[edge.end]}")
        return "\n".join(lines) + "\n"

    def to_svg(self, most: int = 200) -> str:
        """A picture, of at most so many nodes, the nearest; it holds no script and loads nothing."""
        return drawing.svg(self._drawn(), most)

    def _repr_html_(self) -> str:
        words = "complete" if self.complete else "not complete: a limit cut it short"
        shown = len(self._nodes())
        return f"<div>{self.to_svg()}<p><em>{shown:,} nodes, {len(self.edges):,} edges; {words}</em></p></div>"


class LineageMethods(_Graph):
    """What `client.lineage(…)` answers, and what it can become."""

    if TYPE_CHECKING:
        nodes: tuple[LineageStep, ...]
        roots: tuple[Any, ...]

    def _nodes(self) -> list[LineageNode]:
        return [step.node for step in self.nodes]

    def _marked(self) -> set[str]:
        return {root.id for root in self.roots}

    @property
    def artifacts(self) -> list[Artifact]:
        """The artifacts, nearest first."""
        from lineageql_client.generated.entities import Artifact

        return [step.node for step in self.nodes if isinstance(step.node, Artifact)]

    @property
    def executions(self) -> list[Execution]:
        """The executions, nearest first."""
        from lineageql_client.generated.entities import Execution

        return [step.node for step in self.nodes if isinstance(step.node, Execution)]


class LineagePathMethods(_Graph):
    """What `client.lineage_path(…)` answers."""

    if TYPE_CHECKING:
        steps: tuple[LineageNode, ...]

    def _nodes(self) -> list[LineageNode]:
        return list(self.steps)


def _sort(node: Any) -> str:
    """`EXECUTION`, or the kind of an artifact."""
    return str(getattr(node, "kind", None) or "EXECUTION")


def _said(node: Any) -> str:
    parts = [node.type.name, getattr(node, "version", None), getattr(node, "state", None), getattr(node, "uri", None)]
    return " · ".join(part for part in parts if part and part != "UNKNOWN")


def _ends(edge: LineageEdge) -> tuple[str, str]:
    """From where to where data goes by an event."""
    if edge.event_type.endswith("INPUT"):
        return edge.artifact.id, edge.execution.id
    return edge.execution.id, edge.artifact.id
