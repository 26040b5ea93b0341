"""The words of PostgreSQL 12 and newer, in a database whose encoding is UTF-8.

Equality is one of octets in every collation that a database can have by
default; an order is one of octets in the collation "C". An index serves an
order only in its own collation, so where the database's is "C" already, it is
not written.
"""

from __future__ import annotations

import math
import operator
import secrets
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    FromClause,
    Numeric,
    Select,
    String,
    Text,
    and_,
    any_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    not_,
    select,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, asyncpg
from sqlalchemy.sql.elements import literal_column

from lineageql.store.sql.dialects import postgresql_json as json
from lineageql.store.sql.dialects.dialect import Comparison, Dialect, Parameters, Statement
from lineageql.store.sql.dialects.numbers import as_decimal, as_double
from lineageql.store.sql.dialects.postgresql_folding import folded
from lineageql.store.sql.dialects.texts import after, bounded, is_storable

_MOST_COMPARED = 1_000
"""How many values a column is compared with as an array."""
_UNMATCHED = f"\x01{secrets.token_hex(32)}"
"""In the place of a text that no store can hold, one that none does."""


class PostgreSQL(Dialect):
    """PostgreSQL, with parameters by their places.

    Args:
        by_octets: whether the database's own collation is "C", so that its indexes are in the order of octets.
    """

    core = asyncpg.dialect()  # type: ignore[no-untyped-call]
    name = "postgresql"
    tables = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
    has_recursion = True
    # It stands beside MLMD's tables: another schema may hold the index of another store.
    has_search_table = (
        "SELECT relname FROM pg_catalog.pg_class AS ours WHERE oid = to_regclass($1) AND relnamespace ="
        " (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = to_regclass('artifact'))"
        " AND (SELECT bool_and(has_table_privilege(oid, 'SELECT')) FROM pg_catalog.pg_class AS other"
        " WHERE other.relnamespace = ours.relnamespace AND relkind = 'r' AND relname LIKE 'lineageql\\_%')"
    )
    indexed = (
        "SELECT held.relname, part.attname FROM pg_catalog.pg_index AS entry"
        " JOIN pg_catalog.pg_class AS held ON held.oid = entry.indrelid"
        " JOIN pg_catalog.pg_attribute AS part ON part.attrelid = held.oid AND part.attnum = entry.indkey[0]"
        " WHERE pg_catalog.pg_table_is_visible(held.oid) AND entry.indisvalid AND entry.indpred IS NULL"
    )

    def __init__(self, *, by_octets: bool = False) -> None:
        self.sorts_octets = by_octets

    def compile(self, query: Select[Any]) -> Statement:
        compiled: Any = query.compile(dialect=self.core, compile_kwargs={"render_postcompile": True})
        values: Parameters = compiled.params
        booleans = {name for name, bind in compiled.binds.items() if isinstance(bind.type, Boolean)}
        expanded = compiled._post_compile_expanded_state
        if expanded is not None:
            for name, parts in expanded.parameter_expansion.items():
                if name in booleans:
                    booleans.update(parts)
        return Statement(
            str(compiled),
            {name: _bindable(values[name], name in booleans) for name in compiled.positiontup or ()},
        )

    def columns(self, table: str) -> Statement:
        text = "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0"
        return Statement(text, {"name": table.lower()})

    def index(self, name: str, table: str, column: str) -> list[str]:
        # Writers go on meanwhile. One that was broken off is there, and holds nothing.
        made = f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table}({column})"
        return [f"DROP INDEX CONCURRENTLY IF EXISTS {name}", made]

    # -- comparisons

    def compared(self, how: Comparison, left: ColumnElement[Any], right: Any) -> ColumnElement[bool]:
        if isinstance(right, str):
            return _is(left, right) if how is operator.eq else self._texts(how, left, right)
        if isinstance(left.type, Numeric) and not isinstance(left.type, Float):
            return _decimals(how, left, right)
        if isinstance(left.type, Float):
            return _doubles(how, left, right)
        meets: ColumnElement[bool] = how(left, right)
        return meets

    def _texts(self, how: Comparison, left: ColumnElement[Any], right: str) -> ColumnElement[bool]:
        # What no text of a store holds stands between texts all the same.
        how, bound = bounded(how, right)
        meets: ColumnElement[bool] = how(self.ordered(left), bound)
        return meets

    def ordered(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return text if self.sorts_octets else collate(text, "C")

    def lower(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.lower(collate(text, "C"))

    # -- lists

    def among(self, column: ColumnElement[Any], values: Sequence[int | float | str]) -> ColumnElement[bool]:
        if len(values) == 1:
            return self.compared(operator.eq, column, values[0])
        element = Text if values and isinstance(values[0], str) else _element(column)
        kept = [found for value in values if (found := _listable(element, value)) is not None]
        if not kept:
            return false()
        listed = literal(kept, ARRAY(element))
        if len(kept) <= _MOST_COMPARED:
            return column == any_(listed)
        # A table is hashed, and an array gone through for each row.
        return column.in_(select(func.unnest(listed).table_valued("value").c.value))

    def listed(self, values: Sequence[Any]) -> Any:
        return [_bindable(value) for value in values]

    def within(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        return column == any_(cast(values, ARRAY(_element(column))))

    def among_pairs(
        self, left: ColumnElement[Any], right: ColumnElement[Any], pairs: Sequence[tuple[str, str]]
    ) -> ColumnElement[bool]:
        parts = [literal(self.listed([pair[place] for pair in pairs]), ARRAY(Text)) for place in range(2)]
        listed = func.unnest(*parts).table_valued("left", "right").render_derived()
        return tuple_(left, right).in_(select(listed.c.left, listed.c.right))

    # -- owners

    def owners(self, keys: Sequence[Any]) -> Any:
        return orjson.dumps([_bindable(key) for key in keys]).decode()

    def owner(self, member: int | None = None) -> ColumnElement[Any]:
        if member is None:
            return literal_column("CAST(owner.value AS BIGINT)", BigInteger)
        return literal_column(f"(owner.value ->> {member})", Text)

    def under(self, inner: Select[Any]) -> Statement:
        statement = self.compile(inner)
        columns = ", ".join(f"found.{column.name}" for column in inner.selected_columns)
        place = len(statement.parameters) + 1
        text = (
            f"SELECT owner.key - 1, (SELECT coalesce(json_agg(json_build_array({columns})), '[]')"
            f" FROM ({statement.text}) AS found)"
            f" FROM jsonb_array_elements(CAST(${place} AS JSONB)) WITH ORDINALITY AS owner(value, key)"
        )
        return Statement(text, {**statement.parameters, "owners": "[]"})

    def recursive(self, name: str, first: Select[Any], before: Any, following: Sequence[Select[Any]]) -> FromClause:
        # It knows not how few the rows are: rather than look for each, it would read whole tables, but for the join.
        found = union_all(*(part.correlate(before) for part in following)).lateral("following")
        again = select(*found.c).select_from(before.join(found, true()))
        return union(first, again).cte(name, recursive=True)

    # -- parts of texts

    def double(self, number: Any) -> ColumnElement[Any]:
        if isinstance(number.type, Float):
            return case((and_(number >= -sys.float_info.max, number <= sys.float_info.max), number))
        return json.Double(number) if isinstance(number.type, Numeric) else cast(number, Float(53))

    def starts_with(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        return func.coalesce(func.starts_with(text, prefix), false()) if is_storable(prefix) else false()

    def in_prefix_range(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        if not is_storable(prefix):
            return false()
        beyond, ordered = after(prefix), self.ordered(text)
        return and_(ordered >= prefix, ordered < beyond) if beyond else ordered >= prefix

    def begins_otherwise(self, text: ColumnElement[Any], prefix: str) -> list[ColumnElement[bool]]:
        # Where no index serves the two ranges, each text is looked at once and not twice.
        return super().begins_otherwise(text, prefix) if self.sorts_octets else [not_(func.starts_with(text, prefix))]

    def ends_with(self, text: ColumnElement[Any], suffix: str) -> ColumnElement[bool]:
        if not is_storable(suffix):
            return false()
        return func.coalesce(func.right(text, len(suffix)) == suffix, false())

    def contains(self, text: ColumnElement[Any], part: str) -> ColumnElement[bool]:
        return func.strpos(text, part) > 0 if is_storable(part) else false()

    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return folded(text)

    def uri_tail(self, uri: ColumnElement[Any]) -> ColumnElement[Any]:
        return self.after_last(func.rtrim(uri, "/"), "/")

    def position(self, text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.strpos(text, part)

    def consists_of(self, text: ColumnElement[Any], characters: str) -> ColumnElement[bool]:
        return func.ltrim(text, characters) == ""

    def after_last(self, text: ColumnElement[Any], mark: str) -> ColumnElement[Any]:
        return func.reverse(func.split_part(func.reverse(text), mark, 1), type_=Text)

    # -- JSON

    def is_json(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        return json.IsJSON(text)

    def json_number(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return json.Number(text)

    def json_text(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return json.DoubleText(value)

    def members(self, document: ColumnElement[Any], member: str | None) -> Any:
        found = json.Members(document, member).table_valued("key", "value")
        key, value = found.c.key, found.c.value
        return SimpleNamespace(c=SimpleNamespace(key=cast(key, Text), value=value, type=json.TypeOf(value)))

    def member_text(self, member: Any) -> ColumnElement[Any]:
        return json.TextOf(member.c.value)

    def member_number(self, member: Any) -> ColumnElement[Any]:
        return json.Number(json.TextOf(member.c.value))

    def member_boolean(self, member: Any) -> ColumnElement[Any]:
        text = json.TextOf(member.c.value)
        return case((text == "true", true()), (text == "false", false()))

    def member_json(self, member: Any) -> ColumnElement[Any]:
        return json.Compact(member.c.value)


def _is(left: ColumnElement[Any], right: str) -> ColumnElement[bool]:
    meets: ColumnElement[bool] = left == right
    return meets if is_storable(right) else false()


def _doubles(how: Comparison, left: ColumnElement[Any], right: int | float) -> ColumnElement[bool]:
    """A double against a number. NaN, which is beyond all numbers to PostgreSQL, stands to none in any way."""
    if isinstance(right, int):
        found = as_double(how, right)
        if found is None:
            return false()
        how, right = found
    meets: ColumnElement[bool] = how(left, literal(right, Float))
    return and_(meets, left <= literal(math.inf, Float)) if how in (operator.gt, operator.ge) else meets


def _decimals(how: Comparison, left: ColumnElement[Any], right: int | float) -> ColumnElement[bool]:
    if math.isfinite(right):
        meets: ColumnElement[bool] = how(left, literal(as_decimal(right), Numeric))
        return meets
    return left.is_not(None) if how(0, right) else false()


def _element(column: ColumnElement[Any]) -> Any:
    """The type of a list that a column is compared with."""
    kind = column.type
    if isinstance(kind, Float):
        return Float
    if isinstance(kind, Numeric):
        return Numeric
    return Text if isinstance(kind, String) else BigInteger


def _listable(element: Any, value: Any) -> Any:
    """A value as an element of a list of a type; None where it is none that the list can hold."""
    if element is Text:
        return _bindable(value)
    if element is Numeric:
        return as_decimal(value)
    if element is Float:
        return float(value) if float(value) == value else None
    if element is BigInteger and value == int(value) and -(2**63) <= value < 2**63:
        return int(value)
    return None


def _bindable(value: Any, is_boolean: bool = False) -> Any:
    """A value as the driver takes it; a text that no store can hold as another that none does."""
    if isinstance(value, (list, tuple)):
        return [_bindable(item) for item in value]
    if isinstance(value, str) and not is_storable(value):
        return _UNMATCHED
    return bool(value) if is_boolean and value is not None else value
