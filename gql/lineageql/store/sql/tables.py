"""MLMD's tables, schema version 10, as far as they are read.

The names are unquoted on purpose: PostgreSQL's are the same in lower case.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
)
from sqlalchemy.sql.elements import quoted_name

from lineageql.model.conventions.convention import Custom, Declared
from lineageql.model.nodes import NodeKind

_metadata = MetaData()


def _table(name: str, *columns: Column[object]) -> Table:
    return Table(quoted_name(name, quote=False), _metadata, *columns)


def _node(name: str, *columns: Column[object]) -> Table:
    return _table(
        name,
        Column("id", BigInteger, primary_key=True),
        Column("type_id", Integer),
        *columns,
        Column("name", Text),
        Column("external_id", Text),
        Column("create_time_since_epoch", BigInteger),
        Column("last_update_time_since_epoch", BigInteger),
    )


def _property(name: str, owner: str) -> Table:
    return _table(
        name,
        Column(owner, BigInteger, key="owner_id"),
        Column("name", Text),
        Column("is_custom_property", Boolean),
        Column("int_value", BigInteger),
        Column("double_value", Float),
        Column("string_value", Text),
        Column("byte_value", LargeBinary),
        Column("proto_value", LargeBinary),
        Column("bool_value", Boolean),
    )


ARTIFACT = _node("Artifact", Column("uri", Text), Column("state", Integer))
EXECUTION = _node("Execution", Column("last_known_state", Integer, key="state"))
CONTEXT = _node("Context")
ARTIFACT_PROPERTY = _property("ArtifactProperty", "artifact_id")
EXECUTION_PROPERTY = _property("ExecutionProperty", "execution_id")
CONTEXT_PROPERTY = _property("ContextProperty", "context_id")
EVENT = _table(
    "Event",
    Column("id", BigInteger, primary_key=True),
    Column("artifact_id", BigInteger),
    Column("execution_id", BigInteger),
    Column("type", Integer),
    Column("milliseconds_since_epoch", BigInteger),
)
EVENT_PATH = _table(
    "EventPath",
    Column("event_id", BigInteger),
    Column("is_index_step", Boolean),
    Column("step_index", Integer),
    Column("step_key", Text),
)
ATTRIBUTION = _table("Attribution", Column("context_id", BigInteger), Column("artifact_id", BigInteger, key="node_id"))
ASSOCIATION = _table("Association", Column("context_id", BigInteger), Column("execution_id", BigInteger, key="node_id"))
PARENT_CONTEXT = _table("ParentContext", Column("context_id", BigInteger), Column("parent_context_id", BigInteger))
TYPE = _table(
    "Type",
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("version", Text),
    Column("type_kind", Integer),
    Column("description", Text),
)
TYPE_PROPERTY = _table("TypeProperty", Column("type_id", Integer), Column("name", Text), Column("data_type", Integer))
PARENT_TYPE = _table("ParentType", Column("type_id", Integer), Column("parent_type_id", Integer))
ENV = _table("MLMDEnv", Column("schema_version", Integer))

NODES = {NodeKind.ARTIFACT: ARTIFACT, NodeKind.EXECUTION: EXECUTION, NodeKind.CONTEXT: CONTEXT}
PROPERTIES = {
    NodeKind.ARTIFACT: ARTIFACT_PROPERTY,
    NodeKind.EXECUTION: EXECUTION_PROPERTY,
    NodeKind.CONTEXT: CONTEXT_PROPERTY,
}
MEMBERSHIPS = {NodeKind.ARTIFACT: ATTRIBUTION, NodeKind.EXECUTION: ASSOCIATION}


def at_place(row: Any, place: Declared | Custom) -> ColumnElement[bool]:
    """Whether a row of a table of properties is the property at a place."""
    return and_(row.c.name == place.name, row.c.is_custom_property == isinstance(place, Custom))
