"""Events as rows: MLMD's own, and beside them those that a convention implies.

A database takes conditions on such rows into the parts of the union, so that what
is at an artifact or an execution is found by indexes: a property by its owner or
by its number, a membership by its context or its artifact.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, Select, exists, false, literal, not_, select, true, union_all

from lineageql.model.nodes import IMPLIED_FROM, IMPLIED_STEP, INPUT_EVENTS, EventType, NodeKind
from lineageql.model.type_catalog import ImpliedTypes, TypeCatalog
from lineageql.store.sql.dialects import one_of
from lineageql.store.sql.tables import ARTIFACT, CONTEXT, EVENT, EXECUTION, EXECUTION_PROPERTY, MEMBERSHIPS

COLUMNS = ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")


def event_source(types: TypeCatalog, wanted: frozenset[EventType]) -> Any:
    """Rows of events; those that are implied are among them where these may be of a wanted type."""
    implied = implied_rows(types, wanted)
    if not implied:
        return EVENT.alias()
    return union_all(select(*(EVENT.c[name] for name in COLUMNS)), *implied).subquery()


def implied_rows(types: TypeCatalog, wanted: frozenset[EventType]) -> list[Select[Any]]:
    """The implied events of a store, as rows of `Event`."""
    if EventType.INPUT not in wanted:
        return []
    return [_rows(one, custom=custom) for one in types.implied for custom in (False, True)]


def _rows(implied: ImpliedTypes, *, custom: bool) -> Select[Any]:
    said, link = EXECUTION_PROPERTY.alias(), MEMBERSHIPS[NodeKind.ARTIFACT].alias()
    artifact, execution, context = ARTIFACT.alias(), EXECUTION.alias(), CONTEXT.alias()
    event = EVENT.alias()
    conditions = [
        said.c.name == implied.inputs.property,
        said.c.is_custom_property == (true() if custom else false()),
        said.c.int_value == link.c.context_id,
        execution.c.id == said.c.owner_id,
        one_of(execution.c.type_id, implied.executions),
        context.c.id == link.c.context_id,
        one_of(context.c.type_id, implied.contexts),
        artifact.c.id == link.c.node_id,
        one_of(artifact.c.type_id, implied.artifacts),
        # Where there is an event nothing is implied.
        not_(
            exists().where(
                event.c.artifact_id == link.c.node_id,
                event.c.execution_id == said.c.owner_id,
                one_of(event.c.type, sorted(type_.value for type_ in INPUT_EVENTS)),
            )
        ),
    ]
    if custom:
        declared = EXECUTION_PROPERTY.alias()
        first = exists().where(
            declared.c.owner_id == said.c.owner_id,
            declared.c.name == implied.inputs.property,
            declared.c.is_custom_property == false(),
            declared.c.int_value.is_not(None),
        )
        conditions.append(not_(first))
    number = (
        link.c.node_id * literal(IMPLIED_STEP, BigInteger()) + said.c.owner_id + literal(IMPLIED_FROM, BigInteger())
    )
    return select(
        number.label("id"),
        link.c.node_id.label("artifact_id"),
        said.c.owner_id.label("execution_id"),
        literal(EventType.INPUT.value, Integer()).label("type"),
        literal(0, BigInteger()).label("milliseconds_since_epoch"),
    ).where(*conditions)
