"""Entities out of nodes, and the names that stand beyond a node's own rows."""

from __future__ import annotations

from collections.abc import Iterable

from lineageql.model.conventions.places import Beyond, ContextSuffix, EventKey
from lineageql.model.entities import Artifact, Entity, Execution, Workspace
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import OUTPUT_EVENTS, Event, Node, NodeKind
from lineageql.model.predicates import Field
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.node_cache import Tables

NODE_KINDS = {
    EntityKind.ARTIFACT: NodeKind.ARTIFACT,
    EntityKind.EXECUTION: NodeKind.EXECUTION,
    EntityKind.WORKSPACE: NodeKind.CONTEXT,
    EntityKind.RUN: NodeKind.CONTEXT,
}
_CLASSES: dict[EntityKind, type[Entity]] = {
    EntityKind.ARTIFACT: Artifact,
    EntityKind.EXECUTION: Execution,
    EntityKind.WORKSPACE: Workspace,
}


class Entities:
    """Makes the entities of one operation."""

    def __init__(self, tables: Tables, types: TypeCatalog) -> None:
        self.tables = tables
        self.types = types

    def of(self, kind: EntityKind, nodes: Iterable[Node]) -> list[Entity]:
        """Artifacts, executions or workspaces."""
        make, convention = _CLASSES[kind], self.types.convention
        return [make(node, convention(node.type)) for node in nodes]

    async def load_names(self, entities: Iterable[Entity]) -> None:
        """Loads the names that stand beyond the entities' own rows, where nothing in these gives one."""
        waiting: dict[Beyond, dict[int, Node]] = {}
        for entity in entities:
            node = entity.node
            place = entity.convention.awaited(node, Field.NAME) if node.beyond is None and node.id else None
            if place is not None:
                waiting.setdefault(place, {})[node.id] = node
        for place, nodes in waiting.items():
            texts = await self._texts(place, list(nodes))
            for id_, node in nodes.items():
                text = texts.get(id_)
                node.beyond = {} if text is None else {place: text}

    async def _texts(self, place: Beyond, ids: list[int]) -> dict[int, str | None]:
        if isinstance(place, EventKey):
            events = await self.tables.events(NodeKind.ARTIFACT, ids)
            return {id_: _first_key(found) for id_, found in events.items()}
        contexts = await self.tables.contexts(NodeKind.EXECUTION, ids)
        return {id_: _suffix(place, found) for id_, found in contexts.items()}


def _first_key(events: Iterable[Event]) -> str | None:
    """The first key in the paths of an artifact's events, of those that output it before any other."""
    ordered = sorted(events, key=lambda event: (event.type not in OUTPUT_EVENTS, event.id))
    return next((step for event in ordered for step in event.path if isinstance(step, str) and step), None)


def _suffix(place: ContextSuffix, contexts: list[Node]) -> str | None:
    """What the name of one context adds to that of another; the longest other name decides, then the first context."""
    parts = [node for node in contexts if node.type.name == place.part]
    heads = [f"{node.name}." for node in contexts if node.type.name == place.whole]
    added = [
        (-len(head), node.id, (node.name or "")[len(head) :])
        for node in parts
        for head in heads
        if (node.name or "").startswith(head)
    ]
    if added:
        return min(added)[2]
    return (parts[0].name or "").rpartition(".")[2] if parts else None
