"""Places beside a node's properties, as SQL: parts of its name, keys of its events, names of its contexts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, select

from lineageql.model.nodes import OUTPUT_EVENTS, NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.dialects import Dialect, one_of
from lineageql.store.sql.tables import ASSOCIATION, CONTEXT, EVENT, EVENT_PATH

Text = ColumnElement[Any]


def hashed_name(name: Text, uri: Text, dialect: Dialect) -> Text:
    """`HashedName`: the name before the hash that is the uri."""
    place = dialect.position(name, literal(":").concat(uri))
    return case((and_(uri != "", place > 1), func.substr(name, 1, case((place > 1, place - 1), else_=0))), else_=name)


def event_key(artifact: Text, dialect: Dialect) -> Text:
    """`EventKey`: the first key in the paths of an artifact's events."""
    event, step, path = EVENT.alias(), EVENT_PATH.alias(), EVENT_PATH.alias()
    output = one_of(event.c.type, sorted(type_.value for type_ in OUTPUT_EVENTS))
    first = (
        select(event.c.id)
        .where(event.c.artifact_id == artifact, _is_key(step), step.c.event_id == event.c.id)
        .order_by(case((output, 0), else_=1), event.c.id)
        .limit(1)
        .correlate_except(event, step)
        .scalar_subquery()
    )
    # MLMD gives steps no number: they stand in the order in which they were written.
    keys = select(dialect.text(path.c.step_key)).where(path.c.event_id == first, _is_key(path)).limit(1)
    return keys.correlate_except(path).scalar_subquery()


def _is_key(step: Any) -> ColumnElement[bool]:
    return and_(step.c.is_index_step == false(), step.c.step_key != "")


def context_suffix(execution: Text, part: str, whole: str, types: TypeCatalog, dialect: Dialect) -> Text:
    """`ContextSuffix`: what the name of one context of an execution adds to that of another."""
    inner, outer = CONTEXT.alias(), CONTEXT.alias()
    here, there = ASSOCIATION.alias(), ASSOCIATION.alias()
    head = outer.c.name.concat(".")
    is_part = (
        here.c.node_id == execution,
        inner.c.id == here.c.context_id,
        one_of(inner.c.type_id, _named(types, part)),
    )
    within: Select[Any] = (
        select(func.substr(inner.c.name, func.length(head) + 1))
        .where(
            *is_part,
            there.c.node_id == execution,
            outer.c.id == there.c.context_id,
            one_of(outer.c.type_id, _named(types, whole)),
            func.substr(inner.c.name, 1, func.length(head)) == head,
        )
        .order_by(func.length(head).desc(), inner.c.id)
        .limit(1)
    )
    alone: Select[Any] = select(dialect.after_last(inner.c.name, ".")).where(*is_part).order_by(inner.c.id).limit(1)
    return func.coalesce(
        within.correlate_except(here, inner, there, outer).scalar_subquery(),
        alone.correlate_except(here, inner).scalar_subquery(),
    )


def _named(types: TypeCatalog, name: str) -> list[int]:
    return types.ids(NodeKind.CONTEXT, lambda type_: type_.name == name)


def keys_with(holds: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """The ids of artifacts with a key of which something holds."""
    event, step = EVENT.alias(), EVENT_PATH.alias()
    return select(event.c.artifact_id.label("id")).where(step.c.event_id == event.c.id, holds(step.c.step_key))


def contexts_with(part: str, types: TypeCatalog, holds: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """The ids of executions with a context of a type, of whose name something holds."""
    link, context = ASSOCIATION.alias(), CONTEXT.alias()
    return select(link.c.node_id.label("id")).where(
        link.c.context_id == context.c.id, one_of(context.c.type_id, _named(types, part)), holds(context.c.name)
    )
