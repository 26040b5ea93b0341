"""Events at nodes, at the nodes that these lead to, and so on: several levels of a walk by one recursive statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, bindparam, column, literal_column, select, table

from lineageql.model.nodes import Event, EventType, NodeKind
from lineageql.store.sql.dialects import Dialect, Statement, one_of
from lineageql.store.sql.event_sources import COLUMNS
from lineageql.store.sql.rows import event_of
from lineageql.store.sql.tables import EVENT

Leading = Mapping[NodeKind, frozenset[EventType]]
"""The types of the events that lead on from an artifact, and from an execution."""

_KEYS = {NodeKind.ARTIFACT: "artifact_id", NodeKind.EXECUTION: "execution_id"}
_OTHER = {NodeKind.ARTIFACT: NodeKind.EXECUTION, NodeKind.EXECUTION: NodeKind.ARTIFACT}


def walk_statement(dialect: Dialect, kind: NodeKind, leading: Leading) -> Statement:
    """Rows of a level and an event of it, level by level, for the parameters `ids`, `levels` and `most`."""
    # The recursive rows are named by hand: SQLAlchemy's own have no place for more than one part, nor for an order.
    before = table("walk", column("level", Integer()), *(column(name, BigInteger()) for name in COLUMNS))

    def events_at(nodes: NodeKind, level: ColumnElement[int]) -> tuple[ColumnElement[Any], Select[Any]]:
        rows = EVENT.alias()
        types = sorted(type_.value for type_ in leading[nodes])
        query = select(level.label("level"), *(rows.c[name] for name in COLUMNS)).where(one_of(rows.c.type, types))
        return rows.c[_KEYS[nodes]], query

    key, first = events_at(kind, _number(0))
    first = first.where(dialect.within(key, bindparam("ids", dialect.listed([]))))
    following = []
    # Artifacts and executions take turns: the events of an even level are at nodes of the first kind.
    for nodes, parity in ((_OTHER[kind], 0), (kind, 1)):
        key, events = events_at(nodes, before.c.level + _number(1))
        turn = before.c.level % _number(2) == _number(parity)
        more = before.c.level < bindparam("levels", 0, type_=Integer())
        following.append(events.where(key == before.c[key.name], turn, more))
    rows = dialect.recursive("walk", first, before, following)
    query = select(*rows.c).limit(bindparam("most", 0, type_=Integer()))
    return dialect.compile(query).meant("events at nodes, level by level")


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer())


def whole_levels(rows: Sequence[Sequence[Any]], levels: int, most: int) -> list[list[Event]]:
    """The events of each level that was read whole.

    Args:
        rows: of a `walk_statement`.
        levels: how many were asked for.
        most: how many rows.
    """
    found = [[event_of(row[1:]) for row in some] for _, some in groupby(rows, itemgetter(0))]
    if len(rows) == most:
        return found[:-1]
    # Nothing leads on from the last level that has events, unless no further one was asked for.
    return found if len(found) == levels else [*found, []]
