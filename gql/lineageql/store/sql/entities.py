"""Entities out of the tables: a batch of ids to entities with their properties, in two statements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import select

from lineageql.model.conventions.base import Custom, Declared
from lineageql.model.conventions.kubeflow import KUBEFLOW, RUN_TYPE
from lineageql.model.conventions.places import Beyond
from lineageql.model.entities import Artifact, Entity, Execution, Run, Workspace
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.predicates import Field
from lineageql.model.types import TypeCatalog
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.places import text_of_place
from lineageql.store.sql.rows import NODES_BY_ID, PROPERTIES_BY_ID, named_properties_by_id, nodes_of
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
    """Loads entities for one operation; its methods are scripts."""

    def __init__(self, types: TypeCatalog, dialect: Dialect) -> None:
        self.types = types
        self.dialect = dialect

    def nodes(self, kind: NodeKind, ids: Sequence[int], fields: frozenset[Field] | None = None) -> Script[list[Node]]:
        """The nodes of these ids, in no order; unknown ids are left out.

        They come with their properties, or only with those that some fields need.
        """
        if not ids:
            return []
        names = None if fields is None else self._properties_of(kind, fields)
        statements = [NODES_BY_ID[kind](self.dialect, ids)]
        if names is None:
            statements.append(PROPERTIES_BY_ID[kind](self.dialect, ids))
        elif names:
            statements.append(named_properties_by_id(kind, names)(self.dialect, ids))
        nodes, *properties = yield statements
        return nodes_of(self.types, kind, nodes, properties[0] if properties else ())

    def _properties_of(self, kind: NodeKind, fields: frozenset[Field]) -> tuple[str, ...]:
        """The names of the properties where the conventions of the store keep some fields."""
        places = (
            place
            for convention, _ in self.types.groups(kind)
            for field in fields
            for place in convention.places(kind, field)
        )
        return tuple(sorted({place.name for place in places if isinstance(place, (Declared, Custom))}))

    def by_id(
        self, kind: EntityKind, ids: Sequence[int], fields: frozenset[Field] | None = None
    ) -> Script[dict[int, Entity]]:
        """Artifacts, executions or workspaces by MLMD's id, with all that they hold or what some fields need."""
        make = _CLASSES[kind]
        nodes = yield from self.nodes(NODE_KINDS[kind], ids, fields)
        if fields is None or Field.NAME in fields:
            yield from self._load_beyond(kind, nodes)
        convention = self.types.convention
        return {node.id: make(node, convention(node.type)) for node in nodes}

    def _load_beyond(self, kind: EntityKind, nodes: Iterable[Node]) -> Script[None]:
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
            for id_, value in (yield from fetch(self.dialect.compile(query))):
                if value is not None:
                    found[id_].beyond = {place: value}

    def runs(self, found: Iterable[Sequence[Any]]) -> Script[dict[RunKey, Run]]:
        """Runs from the rows of `store.sql.runs`: id, type, names, named, external id and times."""
        rows = list(found)
        contexts = yield from self.nodes(NodeKind.CONTEXT, [row[0] for row in rows if row[0]])
        nodes = {node.id: node for node in contexts}
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
