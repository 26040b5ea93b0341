"""Entities out of the tables: a batch of ids to entities with their properties, in two statements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import select

from lineageql.model.conventions.kubeflow import KUBEFLOW, RUN_TYPE
from lineageql.model.conventions.places import Beyond
from lineageql.model.entities import Artifact, Entity, Execution, Run, Workspace
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.predicates import Field
from lineageql.model.types import TypeCatalog
from lineageql.store.sql.driver import Driver, Rows
from lineageql.store.sql.places import text_of_place
from lineageql.store.sql.rows import NODES_BY_ID, PROPERTIES_BY_ID, nodes_of
from lineageql.store.sql.sources import source_of

Fetch = Callable[[Any], Awaitable[Rows]]
"""Runs a select of SQLAlchemy's, whatever its columns."""
RunKey = tuple[int, str, str]

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
_NAMED_RUN = NodeType(0, NodeKind.CONTEXT, RUN_TYPE)


class EntityTables:
    """Loads entities for one operation."""

    def __init__(self, driver: Driver, types: TypeCatalog) -> None:
        self.driver = driver
        self.dialect = driver.dialect
        self.types = types

    async def nodes(self, kind: NodeKind, ids: Sequence[int]) -> list[Node]:
        """The nodes of these ids with their properties, in no order; unknown ids are left out."""
        if not ids:
            return []
        nodes, properties = await self.driver.fetch_each(
            [NODES_BY_ID[kind](self.dialect, ids), PROPERTIES_BY_ID[kind](self.dialect, ids)]
        )
        return nodes_of(self.types, kind, nodes, properties)

    async def by_id(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, Entity]:
        """Artifacts, executions or workspaces by MLMD's id."""
        make = _CLASSES[kind]
        nodes = await self.nodes(NODE_KINDS[kind], ids)
        await self._load_beyond(kind, nodes)
        return {node.id: make(node, self.types.convention(node.type)) for node in nodes}

    async def _load_beyond(self, kind: EntityKind, nodes: Iterable[Node]) -> None:
        """Loads the names that stand beyond the nodes' own rows, where nothing in them gives one."""
        waiting: dict[Beyond, dict[int, Node]] = {}
        for node in nodes:
            place = self.types.convention(node.type).awaited(node, Field.NAME)
            if place is not None:
                waiting.setdefault(place, {})[node.id] = node
        for place, found in waiting.items():
            source = source_of(kind, self.types)
            text = text_of_place(place, source, self.types, self.dialect)
            query = select(source.id, text).where(self.dialect.among(source.id, list(found)))
            for id_, value in await self.driver.fetch(self.dialect.compile(query)):
                if value is not None:
                    found[id_].beyond = {place: value}

    async def runs(self, found: Iterable[Sequence[Any]]) -> dict[RunKey, Run]:
        """Runs from the rows of `store.sql.runs`: id, type, names, named, external id and times."""
        rows = list(found)
        nodes = {node.id: node for node in await self.nodes(NodeKind.CONTEXT, [row[0] for row in rows if row[0]])}
        runs: dict[RunKey, Run] = {}
        for id_, type_id, workspace, name, named, external_id, created, updated in rows:
            key = (id_, workspace, name)
            node = nodes.get(id_)
            if node is None:
                type_ = self.types.by_id.get(type_id, _NAMED_RUN)
                node = Node(type_, 0, name, None, None, external_id, created or 0, updated or 0)
            convention = KUBEFLOW if named else self.types.convention(node.type)
            runs[key] = Run(node, convention, RunName(workspace, name) if named else None)
        return runs
