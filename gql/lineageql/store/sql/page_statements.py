"""Statements for pages and counts: an order, a window between two keys, one more row than asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Float,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    tuple_,
)

from lineageql.errors import InvalidArgument
from lineageql.model.identity import EntityKind
from lineageql.model.operators import Access, Family, Operands
from lineageql.model.orders import is_by_best
from lineageql.model.predicates import And, Field, Item, Operator, Test
from lineageql.store.ports import LACKED, Order, Search, Window, in_place, nowhere
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects import Dialect, Parameters
from lineageql.store.sql.field_expressions import latest_run, moment, text_of_field, type_name
from lineageql.store.sql.link_sources import Members
from lineageql.store.sql.operators import said
from lineageql.store.sql.order_values import best_value, order_value
from lineageql.store.sql.sources import Source

Clause = ColumnElement[bool]
WALKED = frozenset({Field.ID, Field.CREATE_TIME, Field.UPDATE_TIME})
"""The orders that an index gives, so that rows can be walked over without sorting all of them."""


@dataclass(frozen=True, slots=True)
class ValueOrder(Order):
    """An order by the values of one family that have a name, of rows that have such a value."""

    family: Family = Family.NUMBER


@dataclass(frozen=True)
class Page:
    """A statement for one window; `keys` is how many of its columns are the rows' keys.

    The other columns are the id, for runs the two names and the rest of their
    row, and for links by event the event's id, type and time.
    """

    query: Select[Any]
    keys: int


def page(
    clauses: Clauses,
    search: Search,
    window: Window,
    members: Members,
    access: Clause | None = None,
    more: Sequence[ColumnElement[Any]] = (),
) -> Page:
    """The statement of a page, its columns named `c0`, `c1` and so on; `more` are the last of them.

    The window's edges and its limit are parameters, see `edges`: the statement serves every window of its shape.
    """
    source = members.source
    keys = _keys(clauses, search.order, source, by_event=members.event is not None)
    columns = [*keys, *payload(members), *more]
    query = select(*(column.label(f"c{place}") for place, column in enumerate(columns)))
    query = _from(query, members).where(*_conditions(clauses, search, members, access))
    if access is None:
        query = query.where(*_bounds(clauses, search, source))
    limit = parameter("window_limit", window.limit + 1)
    return Page(windowed(query, keys, search.order, window).limit(limit), len(keys))


def walk_step(clauses: Clauses, search: Search, window: Window, source: Source) -> Select[Any]:
    """One step of a walk over a window's rows, as a statement: the key of its last row, and of the first row beyond it.

    A step has one row more than the parameter `window_skip` says. Where there are fewer rows there is one key or none.
    """
    keys = _keys(clauses, search.order, source, by_event=False)
    query = select(*(key.label(f"c{place}") for place, key in enumerate(keys))).select_from(source.from_)
    query = query.where(*_bounds(clauses, search, source))
    return windowed(query, keys, search.order, window).limit(2).offset(parameter("window_skip", 0))


def edges(window: Window) -> Parameters:
    """The parameters of a statement for a window's edges."""
    found: Parameters = {}
    for name, key in (("after", window.after), ("before", window.before)):
        found.update((f"window_{name}_{place}", part) for place, part in enumerate(key or ()))
    return found


def shape(window: Window) -> tuple[object, ...]:
    """What a statement must be made for of a window; the rest are parameters."""
    kinds = [None if key is None else tuple(map(type, key)) for key in (window.after, window.before)]
    return (*kinds, window.backward)


def windowed(query: Select[Any], keys: list[ColumnElement[Any]], order: Order, window: Window) -> Select[Any]:
    descending = order.descending != window.backward
    for name, key, upward in (
        ("after", window.after, not order.descending),
        ("before", window.before, order.descending),
    ):
        if key is not None:
            check(key, keys, name)
            edge = [parameter(f"window_{name}_{place}", part) for place, part in enumerate(key)]
            query = query.where(beyond(keys, edge, upward=upward))
    return query.order_by(*(key.desc() if descending else key.asc() for key in keys))


def parameter(name: str, value: Any) -> BindParameter[Any]:
    # The type is that of all values that may come, not of the one at hand: a small integer is no small column.
    kind = BigInteger() if isinstance(value, int) else Float(53) if isinstance(value, float) else Text()
    return bindparam(name, value, kind)


def _bounds(clauses: Clauses, search: Search, source: Source) -> list[Clause]:
    """The tests of what rows are ordered by, as bounds of its index: a walk begins and ends there.

    They say nothing that the predicate does not say too.
    """
    field, predicate = search.order.field, search.predicate
    if field not in WALKED or source.kind is EntityKind.RUN:
        return []
    terms = predicate.terms if isinstance(predicate, And) else (predicate,)
    column = source.columns[field]
    return [
        said(term.operator, clauses.dialect, column, term.operand)
        for term in terms
        if isinstance(term, Test) and term.subject is field and _is_bound(term.operator)
    ]


def _is_bound(how: Operator) -> bool:
    meaning = how.meaning
    return meaning.operands is Operands.ONE and meaning.access in (Access.EQUALITY, Access.RANGE)


def count(clauses: Clauses, search: Search, members: Members, access: Clause | None = None) -> Select[Any]:
    """The statement that counts rows."""
    query = select(func.count().label("c0"))
    return _from(query, members).where(*_conditions(clauses, search, members, access))


def ids(clauses: Clauses, search: Search, members: Members, access: Clause | None = None) -> Select[Any]:
    """The statement of the ids of rows, of at most as many as the parameter `most` says."""
    query = _from(select(members.source.id), members).where(*_conditions(clauses, search, members, access))
    return query.limit(parameter("most", 0))


def payload(members: Members) -> list[ColumnElement[Any]]:
    """The columns of a page beside its keys."""
    source = members.source
    if source.kind is EntityKind.RUN:
        runs = source.from_.c
        names = ("id", "type_id", "workspace_name", "run_name", "named", "external_id", "create_time", "update_time")
        return [runs[name] for name in names]
    if members.event is not None:
        event = members.event
        columns = ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")
        return [source.id, *(event.c[name] for name in columns)]
    return [source.id]


def _from(query: Select[Any], members: Members) -> Select[Any]:
    query = query.select_from(members.source.from_)
    return query if members.event is None else query.select_from(members.event)


def _conditions(clauses: Clauses, search: Search, members: Members, access: Clause | None) -> list[Clause]:
    source = members.source
    conditions = [*members.conditions, clauses.of(search.predicate, source)]
    if source.condition is not None:
        conditions.append(source.condition)
    if access is not None:
        conditions.append(access)
    return conditions


def _keys(clauses: Clauses, order: Order, source: Source, *, by_event: bool) -> list[ColumnElement[Any]]:
    dialect = clauses.dialect
    ties = ties_of(source, dialect)
    if by_event or order.field is Field.ID:
        return ties
    if isinstance(order, ValueOrder):
        return [_value(clauses, order, source), *ties]
    assert isinstance(order.field, Field), order
    if order.field is Field.NAME:
        name = text_of_field(Field.NAME, source, clauses.types, dialect)
        return [dialect.ordered(func.coalesce(name, "")), *ties]
    if order.field is Field.TYPE:
        return [dialect.ordered(type_name(source)), *ties]
    if order.field is Field.STATE:
        return [clauses.state(source), *ties]
    if order.field is Field.URI:
        uri = source.columns[Field.URI]
        lacks = case((uri.is_(None), literal(in_place(order, lacks=True))), else_=literal(in_place(order, lacks=False)))
        return [lacks, dialect.ordered(func.coalesce(uri, "")), *ties]
    if order.field in LACKED:
        by_run = order.field is Field.LATEST_RUN
        found = latest_run(source, clauses.types) if by_run else moment(order.field, source, clauses.types, dialect)
        return [func.coalesce(found, literal(nowhere(order), BigInteger())), *ties]
    return [source.columns[order.field], *ties]


def _value(clauses: Clauses, order: ValueOrder, source: Source) -> ColumnElement[Any]:
    """What rows are ordered by that have a value of a family; see `parts`."""
    by, dialect = order.field, clauses.dialect
    assert not isinstance(by, Field)
    if is_by_best(source.kind, by):
        assert isinstance(by, Item)
        value = best_value(clauses, by, source, descending=order.descending)
    else:
        value = order_value(clauses, by, order.family, source)
    if order.family is Family.NUMBER:
        return func.coalesce(value, literal(0.0), type_=Float(53))
    return dialect.ordered(func.coalesce(value, literal(""), type_=Text()))


def ties_of(source: Source, dialect: Dialect) -> list[ColumnElement[Any]]:
    """What makes an order of the source's rows total."""
    return [dialect.ordered(tie) if isinstance(tie.type, String) else tie for tie in source.ties]


def check(key: Sequence[Any], keys: Sequence[Any], argument: str) -> None:
    """Refuses a key of more parts than an order has, or with a fraction where the order has none.

    Raises:
        InvalidArgument: it is such a one; the cursor that held it was made by hand.
    """
    fractions = (
        isinstance(part, float) and not isinstance(of.type, Float) for part, of in zip(key, keys, strict=False)
    )
    if len(key) > len(keys) or any(fractions):
        raise InvalidArgument("this cursor was altered; take cursors from earlier answers", argument)


def beyond(keys: list[ColumnElement[Any]], key: Sequence[Any], *, upward: bool) -> Clause:
    """Whether a row's keys come after (upward) or before a key; a key of one part is compared with the first."""
    if len(key) == 1:
        alone: Clause = keys[0] > key[0] if upward else keys[0] < key[0]
        return alone
    # The first comparison lets an index of the first key serve; the second is exact.
    bound = keys[0] >= key[0] if upward else keys[0] <= key[0]
    left, right = tuple_(*keys), tuple_(*key)
    exact: Clause = left > right if upward else left < right
    return and_(bound, exact)
