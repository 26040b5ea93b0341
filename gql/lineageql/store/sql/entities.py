"""Entities out of the tables: a batch of ids to entities with their properties, in two statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select

from lineageql.model.conventions.convention import MOMENTS, Custom, Declared, Labels
from lineageql.model.conventions.kubeflow import KUBEFLOW, RUN_TYPE
from lineageql.model.conventions.places import Beyond
from lineageql.model.entities import Artifact, Entity, Execution, Run, Workspace
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.predicates import Field
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.dialects import Dialect, Prepared
from lineageql.store.sql.driver import Script, fetch
from lineageql.store.sql.field_expressions import text_of_place
from lineageql.store.sql.json_documents import foreign
from lineageql.store.sql.label_rows import label_rows
from lineageql.store.sql.rows import NODES_BY_ID, PROPERTIES_BY_ID, TYPES_BY_ID, nodes_of, property_rows
from lineageql.store.sql.sources import source_of
from lineageql.store.sql.tables import PROPERTIES

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


@cache
def _needed_properties(kind: NodeKind, names: tuple[str, ...], labels: tuple[Labels, ...]) -> Prepared:
    """The property rows that have one of these names or hold labels, of the nodes of some ids."""
    table = PROPERTIES[kind]

    def build(dialect: Dialect, ids: Any) -> Any:
        wanted: list[ColumnElement[bool]] = [table.c.name.in_(names)] if names else []
        for places in labels:
            wanted.extend(label_rows(places, table, dialect))
            if places.document is not None:
                text = and_(table.c.name == places.document.property, table.c.is_custom_property == false())
                wanted.append(and_(text, foreign(places.document, table, dialect)))
        return property_rows(kind).where(dialect.within(table.c.owner_id, ids), or_(*wanted))

    return Prepared("properties by id that the selected fields need", build)


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
        rows = NODES_BY_ID if fields is None or fields else TYPES_BY_ID
        statements = [rows[kind](self.dialect, ids)]
        if fields is None:
            statements.append(PROPERTIES_BY_ID[kind](self.dialect, ids))
        else:
            names, labels = self._names_of(kind, fields), self._labels_of(kind, fields)
            if names or labels:
                statements.append(_needed_properties(kind, names, labels)(self.dialect, ids))
        nodes, *properties = yield statements
        return nodes_of(self.types, kind, nodes, properties[0] if properties else ())

    def _names_of(self, kind: NodeKind, fields: frozenset[Field]) -> tuple[str, ...]:
        """The names of the properties where the conventions of the store keep some fields."""
        places = (
            place
            for convention, _ in self.types.groups(kind)
            for field in fields
            for place in convention.places(kind, field)
        )
        names = {place.name for place in places if isinstance(place, (Declared, Custom))}
        return tuple(sorted(names | {MOMENTS[field] for field in fields & MOMENTS.keys()}))

    def _labels_of(self, kind: NodeKind, fields: frozenset[Field]) -> tuple[Labels, ...]:
        """Where the conventions of the store keep labels, if these are among the fields."""
        found = [convention.labels.get(kind) for convention, _ in self.types.groups(kind) if Field.LABELS in fields]
        return tuple(dict.fromkeys(labels for labels in found if labels is not None))

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
            for id_, value in (yield from fetch(self.dialect.compile(query).meant("names beyond the nodes' own rows"))):
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
                node = Node(type_, 0, name, external_id, created, updated)
            convention = KUBEFLOW if named else self.types.convention(node.type)
            runs[key] = Run(node, convention, RunName(workspace, name) if named else None)
        return runs
