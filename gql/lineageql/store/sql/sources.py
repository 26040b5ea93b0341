"""Where the entities of each kind come from: a FROM clause and its columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, func, literal, true

from lineageql.model.conventions.convention import Role
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import NodeKind
from lineageql.model.predicates import Field
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.roles import plays
from lineageql.store.sql.run_scan import Needed, RunScan
from lineageql.store.sql.runs import run_rows
from lineageql.store.sql.tables import NODES, PROPERTIES

Column = ColumnElement[Any]


@dataclass(frozen=True)
class Names:
    """The pair of names of a run, and whether it is the run's key."""

    workspace: Column
    run: Column
    are_key: ColumnElement[bool]


@dataclass
class Source:
    """The rows of a kind of entity, as a FROM clause with named columns.

    Attributes:
        id: MLMD's id; 0 for a run that is only a name.
        type_id: the id of the MLMD type.
        columns: the fields that are columns of the rows.
        ties: what makes an order total, in this order.
        condition: what every row of this kind meets.
        names: of runs, the pair of names that may be a run's key.
        properties: the table of the nodes' properties.
    """

    kind: EntityKind
    node_kind: NodeKind
    from_: FromClause
    id: Column
    type_id: Column
    columns: dict[Field, Column]
    ties: tuple[Column, ...]
    condition: ColumnElement[bool] | None = None
    names: Names | None = None
    properties: Table = field(init=False)

    def __post_init__(self) -> None:
        self.properties = PROPERTIES[self.node_kind]

    @property
    def is_table(self) -> bool:
        """Whether the rows are those of one of MLMD's tables, and no select's."""
        return self.kind is not EntityKind.RUN


def source_of(kind: EntityKind, types: TypeCatalog, needed: Needed | None = None) -> Source:
    """A source of entities of a kind, with aliases of its own; of runs, only as many as are needed."""
    if kind is EntityKind.ARTIFACT:
        return _node_source(kind, NodeKind.ARTIFACT)
    if kind is EntityKind.EXECUTION:
        return _node_source(kind, NodeKind.EXECUTION)
    if kind is EntityKind.WORKSPACE:
        source = _node_source(kind, NodeKind.CONTEXT)
        source.condition = plays(source.id, source.type_id, Role.WORKSPACE, types)
        return source
    return run_source(types, RunScan(needed=needed))


def _node_source(kind: EntityKind, node_kind: NodeKind) -> Source:
    table = NODES[node_kind].alias()
    columns: dict[Field, Column] = {
        Field.ID: table.c.id,
        Field.EXTERNAL_ID: table.c.external_id,
        Field.CREATE_TIME: table.c.create_time_since_epoch,
        Field.UPDATE_TIME: table.c.last_update_time_since_epoch,
        Field.NAME: table.c.name,
    }
    if node_kind is NodeKind.ARTIFACT:
        columns[Field.URI] = table.c.uri
    if node_kind is not NodeKind.CONTEXT:
        columns[Field.STATE] = table.c.state
    return Source(kind, node_kind, table, table.c.id, table.c.type_id, columns, (table.c.id,))


def run_source(types: TypeCatalog, scan: RunScan | None = None) -> Source:
    """The runs of the store, or those of a scan."""
    runs = run_rows(types, scan or RunScan()).subquery()
    columns: dict[Field, Column] = {
        Field.ID: func.nullif(runs.c.id, 0),
        Field.NAME: runs.c.run_name,
        Field.EXTERNAL_ID: runs.c.external_id,
        Field.CREATE_TIME: runs.c.create_time,
        Field.UPDATE_TIME: runs.c.update_time,
    }
    # Runs without a context come after those with one; among them the names decide.
    ties = (runs.c.place, runs.c.workspace_name, runs.c.run_name)
    names = Names(runs.c.workspace_name, runs.c.run_name, runs.c.named)
    return Source(EntityKind.RUN, NodeKind.CONTEXT, runs, runs.c.id, runs.c.type_id, columns, ties, names=names)


def named_run_source(from_: FromClause, workspace: Column, run: Column) -> Source:
    """Rows that each name a run by its key, of which nothing else is asked than these names."""
    nothing = literal(0)
    columns: dict[Field, Column] = {Field.NAME: run}
    names = Names(workspace, run, true())
    return Source(EntityKind.RUN, NodeKind.CONTEXT, from_, nothing, nothing, columns, (workspace, run), names=names)
