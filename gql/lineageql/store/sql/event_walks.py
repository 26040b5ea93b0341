"""Events at nodes, at the nodes that these lead to, and so on: several levels of a walk by one recursive statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    column,
    literal_column,
    select,
    table,
)

from lineageql.model.nodes import Event, NodeKind
from lineageql.store.ports import Leading
from lineageql.store.sql.dialects import Dialect, Statement, one_of
from lineageql.store.sql.event_sources import COLUMNS
from lineageql.store.sql.rows import event_of
from lineageql.store.sql.tables import EVENT

_KEYS = {NodeKind.ARTIFACT: "artifact_id", NodeKind.EXECUTION: "execution_id"}
_OTHER = {NodeKind.ARTIFACT: NodeKind.EXECUTION, NodeKind.EXECUTION: NodeKind.ARTIFACT}
_MANY = 64
"""A level in which a node has so many events is not read with the levels before it."""


def walk_statement(dialect: Dialect, kind: NodeKind, leading: Leading) -> Statement:
    """Rows of a level and an event of it, level by level, for the parameters `ids`, `levels` and `most`."""
    # The recursive rows are named by hand: SQLAlchemy's own have no place for more than one part, nor for an order.
    before = table("walk", column("level", Integer()), *(column(name, BigInteger()) for name in COLUMNS))
    most: ColumnElement[int] = bindparam("most", 0, type_=Integer())

    def events_at(
        nodes: NodeKind, level: ColumnElement[int], here: Callable[[Any], ColumnElement[bool]], most: ColumnElement[int]
    ) -> Select[Any]:
        rows, some = EVENT.alias(), EVENT.alias()
        types = sorted(type_.value for type_ in leading[nodes])
        first = select(some.c.id).where(here(some.c[_KEYS[nodes]]), one_of(some.c.type, types)).limit(most)
        met = and_(here(rows.c[_KEYS[nodes]]), one_of(rows.c.type, types))
        columns = (rows.c[name] for name in COLUMNS)
        return select(level.label("level"), *columns).where(dialect.met_by_first(met, rows.c.id, first))

    first = events_at(kind, _number(0), lambda key: dialect.within(key, bindparam("ids", dialect.listed([]))), most)
    following = []
    # Artifacts and executions take turns: the events of an even level are at nodes of the first kind.
    for nodes, parity in ((_OTHER[kind], 0), (kind, 1)):
        events = events_at(nodes, before.c.level + _number(1), lambda key: key == before.c[key.name], _number(_MANY))
        more = before.c.level < bindparam("levels", 0, type_=Integer())
        following.append(events.where(before.c.level % _number(2) == _number(parity), more))
    rows = dialect.recursive("walk", first, before, following)
    return dialect.compile(select(*rows.c).limit(most)).meant("events at nodes, level by level")


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer())


def whole_levels(rows: Sequence[Sequence[Any]], kind: NodeKind, levels: int, most: int) -> list[list[Event]]:
    """The events of each level that was read whole, up to the first that may not be.

    Args:
        rows: of a `walk_statement`.
        kind: of the nodes of the first level.
        levels: how many were asked for.
        most: how many rows.
    """
    found: list[list[Event]] = []
    for _, level in groupby(rows, itemgetter(0)):
        events = [event_of(row[1:]) for row in level]
        if max(Counter(map(attrgetter(_KEYS[kind]), events)).values()) >= _MANY:
            return found
        found.append(events)
        kind = _OTHER[kind]
    if len(rows) == most:
        return found[:-1]
    # Nothing leads on from the last level that has events, unless no further one was asked for.
    return found if len(found) == levels else [*found, []]
