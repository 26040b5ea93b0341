"""The words of SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    LargeBinary,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    select,
    tuple_,
    union,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import literal_column

from lineageql.store.sql.dialects.dialect import Dialect, Statement
from lineageql.store.sql.dialects.texts import after, octets_of


class SQLite(Dialect):
    """SQLite 3.35 and newer, with the functions that `store.sql.sqlite_driver` registers."""

    core = sqlite.dialect(paramstyle="named")
    name = "sqlite"
    parses_shallow = True  # a hundred levels of everything, before SQLite 3.46
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    has_recursion = True
    has_search_table = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = :name"
    indexed = (
        "SELECT lower(entry.tbl_name), lower(part.name)"
        " FROM sqlite_master AS entry, pragma_index_info(entry.name) AS part"
        " WHERE entry.type = 'index' AND part.seqno = 0"
    )

    def columns(self, table: str) -> Statement:
        return Statement("SELECT name FROM pragma_table_info(:name)", {"name": table})

    def literally(self, query: Select[Any]) -> str:
        # In place of a table, a select finds that table only by the name of its database.
        kwargs = {"render_postcompile": True, "literal_binds": True}
        schemas: dict[str | None, str] = {None: "main"}
        return str(
            query.compile(
                dialect=self.core, schema_translate_map=schemas, render_schema_translate=True, compile_kwargs=kwargs
            )
        )

    def listed(self, values: Sequence[Any]) -> Any:
        return _listed(values)

    def within(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        return column.in_(select(func.json_each(values).table_valued("value").c.value))

    def among_named(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        # Statements are kept with each connection, and a list in their texts would be many times in memory.
        return self.within(column, literal_column(f":{name}"))

    def among_pairs(
        self, left: ColumnElement[Any], right: ColumnElement[Any], pairs: Sequence[tuple[str, str]]
    ) -> ColumnElement[bool]:
        listed = func.json_each(literal(_listed(pairs))).table_valued("value")
        members = (func.json_extract(listed.c.value, f"$[{place}]") for place in range(2))
        return tuple_(left, right).in_(select(*members))

    def owner(self, member: int | None = None) -> ColumnElement[Any]:
        if member is None:
            return literal_column("owner.value")
        return literal_column(f"json_extract(owner.value, '$[{member}]')")

    def under(self, inner: Select[Any]) -> Statement:
        statement = self.compile(inner)
        # SQLite writes 15 digits of a double into JSON.
        columns = ", ".join(
            f"json_text({column.name})" if isinstance(column.type, Float) else column.name
            for column in inner.selected_columns
        )
        text = (
            f"SELECT owner.key, (SELECT json_group_array(json_array({columns})) FROM ({statement.text}))"
            f" FROM json_each(:owners) AS owner"
        )
        return Statement(text, {**statement.parameters, "owners": "[]"})

    def recursive(self, name: str, first: Select[Any], before: Any, following: Sequence[Select[Any]]) -> FromClause:
        # The order is that in which SQLite goes on from rows, too.
        return union(first, *following).order_by(literal_column("1")).cte(name, recursive=True)

    def met_by_first(
        self, met: ColumnElement[bool], key: ColumnElement[Any], first: Select[Any]
    ) -> ColumnElement[bool]:
        # All that follows from a row goes into a queue before the next row comes out.
        return key.in_(first)

    def text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, Text)

    def holds_text(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.typeof(column) == "text"

    def number(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((func.typeof(column).in_(["integer", "real"]), column))

    def double(self, number: Any) -> ColumnElement[Any]:
        double: ColumnElement[Any] = cast(number, Float)
        for endless in ("9e999", "-9e999"):
            double = func.nullif(double, literal_column(endless), type_=Float)
        return double

    def starts_with(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        octets = octets_of(prefix)
        return _is(func.substr(cast(text, LargeBinary), 1, len(octets)), octets)

    def in_prefix_range(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        beyond = after(prefix)
        return and_(text >= prefix, text < beyond) if beyond else text >= prefix

    def ends_with(self, text: ColumnElement[Any], suffix: str) -> ColumnElement[bool]:
        octets = octets_of(suffix)
        if not octets:
            return text.is_not(None)  # the last no octets of a text are all of it, to SQLite
        return _is(func.substr(cast(text, LargeBinary), -len(octets)), octets)

    def contains(self, text: ColumnElement[Any], part: str) -> ColumnElement[bool]:
        return func.instr(text, part) > 0

    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.casefold(cast(text, LargeBinary))

    def owned_name(self, name: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.owned_name(cast(name, LargeBinary))

    def unstamped(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.unstamped(cast(text, LargeBinary))

    def is_json(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.json_type(_valid(text)) != "null"

    def json_number(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        # Not CAST, whose last digit can be wrong.
        is_number = func.json_type(_valid(text)).in_(["integer", "real"])
        return case((is_number, func.json_extract(_valid(text), "$")))

    def json_text(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.json_text(case((func.typeof(value) == "text", cast(value, LargeBinary)), else_=value))

    def uri_tail(self, uri: ColumnElement[Any]) -> ColumnElement[Any]:
        return self.after_last(func.rtrim(uri, "/"), "/")

    def position(self, text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.instr(text, part)

    def consists_of(self, text: ColumnElement[Any], characters: str) -> ColumnElement[bool]:
        return func.ltrim(text, characters) == ""

    def after_last(self, text: ColumnElement[Any], mark: str) -> ColumnElement[Any]:
        head = func.rtrim(text, func.replace(text, mark, ""))
        return func.substr(text, func.length(head) + 1)

    def members(self, document: ColumnElement[Any], member: str | None) -> Any:
        # What Python writes and SQLite refuses, such as NaN, is rare: the function is called for that only.
        strict = func.coalesce(_valid(document), func.strict_json(cast(document, LargeBinary)))
        listed = func.json_each(strict, "$" if member is None else f"$.{member}")
        return listed.table_valued("key", "value", "type")

    def members_within(self, member: Any) -> Any:
        # It is JSON that SQLite has read already.
        within = func.json_each(case((member.c.type == "object", member.c.value)))
        return within.table_valued("key", "value", "type")


def _is(found: ColumnElement[Any], octets: bytes) -> ColumnElement[bool]:
    """Equality that is false of NULL, which is also what SQLite finds in a text of no octets."""
    # Not `IS`: SQLAlchemy leaves the placeholder of an IN below it unexpanded on SQLite.
    return func.coalesce(found == literal(octets, LargeBinary), false())


def _valid(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text where it is JSON: SQLite's functions fail at what is not."""
    return case((func.json_valid(text) == 1, text))


def _listed(values: Sequence[Any]) -> str:
    """A list as JSON. SQLite would end a text at its NUL; no text holds one, and none equals half a surrogate pair."""
    texts = set(map(type, values)) != {int}  # ids are many, and need no care
    return json.dumps(_without_nul(list(values)) if texts else list(values))


def _without_nul(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_without_nul(item) for item in value]
    return value.replace("\0", "\udc00") if isinstance(value, str) else value
