"""The words of MySQL 8, MariaDB 10.11 and 11.8."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import BindParameter, literal_column

from lineageql.store.sql.dialects.dialect import Comparison, Dialect, Statement
from lineageql.store.sql.dialects.foldings import Folding
from lineageql.store.sql.dialects.mysql_compiler import Condition, Flavoured, MySQLCore, Plain, Said, is_stored
from lineageql.store.sql.dialects.mysql_folding import Lowering, looked_into, replaced
from lineageql.store.sql.dialects.mysql_json import (
    JSONWords,
    Member,
    Number,
    characters,
    double_text,
    json_text,
    number_of,
    octets,
    type_of,
)
from lineageql.store.sql.dialects.mysql_literals import WIRE
from lineageql.store.sql.dialects.mysql_statements import MySQLStatement, split
from lineageql.store.sql.dialects.numbers import as_double
from lineageql.store.sql.dialects.texts import after, octets_of

Expression = ColumnElement[Any]
Clause = ColumnElement[bool]
_ESCAPE = "|"


@dataclass(frozen=True)
class Server:
    """What there is to know of a server: whether it is a MariaDB, and how it folds case."""

    mariadb: bool
    lowering: Lowering


_SHORT = 255
"""The octets of texts that MariaDB tells apart in memory."""


class MySQL(Dialect):
    """MySQL 8.0, MariaDB 10.11 and 11.8.

    Args:
        server: what there is to know of the server.
        wire: the charset in which texts are sent and read; ml-metadata's is latin1.
    """

    name = "mysql"
    sorts_octets = False
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
    indexed = (
        "SELECT LOWER(table_name), LOWER(column_name) FROM information_schema.statistics"
        " WHERE table_schema = DATABASE() AND seq_in_index = 1 AND sub_part IS NULL"
    )

    def __init__(self, server: Server, *, wire: str) -> None:
        self.core = MySQLCore(wire)
        self.wire = wire
        self.lowering = server.lowering
        self.json = JSONWords(mariadb=server.mariadb)

    def columns(self, table: str) -> Statement:
        text = "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        return MySQLStatement(f"{text} AND table_name = %(name!wire)s", {"name": table})

    def index(self, name: str, table: str, column: str) -> list[str]:
        return [f"CREATE INDEX {name} ON {table}({column})"]

    def compile(self, query: Select[Any]) -> MySQLStatement:
        statement = super().compile(query)
        columns = list(query.selected_columns)
        # A column that is shown under its own name is shown as it is; the second of a name gets another.
        names = [column.name if is_stored(column) else None for column in columns]
        texts = tuple(
            place
            for place, column in enumerate(columns)
            if not _is_octets(column) and (names[place] is None or names[place] in names[:place])
        )
        return MySQLStatement(statement.text, statement.parameters, texts)

    # -- comparisons

    def compared(self, how: Comparison, left: Any, right: Any) -> Clause:
        if isinstance(left, Number):
            return or_(self._number(how, left.integer, right), self._number(how, left.double, right))
        if isinstance(right, (int, float)) and not isinstance(right, bool):
            return self._number(how, left, right)
        found: Clause = how(looked_into(left, right) if how is operator.eq else left, right)
        return found

    def _number(self, how: Comparison, left: Expression, right: int | float) -> Clause:
        """A comparison that rounds neither side: MySQL compares an integer with a double as doubles."""
        if isinstance(right, float) and math.isinf(right):
            # MySQL has no infinity: every number is below the one and above the other.
            holds = how in ((operator.lt, operator.le) if right > 0 else (operator.gt, operator.ge))
            return left.is_not(None) if holds else and_(left.is_not(None), false())
        if not isinstance(left.type, Float):
            exact = isinstance(right, float) and math.isfinite(right) and right.is_integer()
            found: Clause = how(left, int(right) if exact else right)
            return found
        said = as_double(how, right) if isinstance(right, int) else (how, right)
        if said is None:
            return and_(left.is_not(None), false())
        clause: Clause = said[0](left, said[1])
        return clause

    def among(self, column: Any, values: Sequence[int | float | str]) -> Clause:
        values = [value for value in values if not isinstance(value, float) or math.isfinite(value)]
        if isinstance(column, Number):
            return or_(self.among(column.integer, values), self.among(column.double, values))
        kept: Sequence[int | float | str] = values
        column = looked_into(column, *values)
        numbers = [value for value in values if isinstance(value, (int, float))]
        if numbers and isinstance(column.type, Float):
            kept = [float(number) for number in numbers if float(number) == number]
        elif numbers:
            kept = _whole(numbers)
        return super().among(column, kept) if kept else false()

    def listed(self, values: Sequence[Any]) -> Any:
        return tuple(values)

    def within(self, column: Expression, values: Expression) -> Clause:
        exact: Clause = Condition("({0} IN ({1}))", column, values)
        if not is_stored(column) or not isinstance(values, BindParameter):
            return exact
        return and_(Condition("({0} IN ({1}))", Plain(column), Flavoured(values, WIRE)), exact)

    def among_pairs(self, left: Expression, right: Expression, pairs: Sequence[tuple[str, str]]) -> Clause:
        return Condition("(({0}, {1}) IN ({2}))", left, right, _bound(tuple(tuple(pair) for pair in pairs)))

    # -- statements for many owners

    def owner(self, member: int | None = None) -> Expression:
        if member is None:
            return bindparam("owner", None, type_=BigInteger())
        return bindparam(f"owner_{member}", None, type_=String())

    def owners(self, keys: Sequence[Any]) -> Any:
        return tuple(keys)

    def each(self, column: Column[Any]) -> Any:
        # MySQL skips through the index for this, and would scan it for each value that is the next.
        return select(column.label("id")).distinct().subquery()

    def each_text(self, table: Table, name: str, *, custom: bool) -> Any:
        # An index of texts holds their beginnings alone, and gives no order: all of its entries of the name are read.
        # Texts of any length are told apart on a disk, which takes ten times as long as those of few octets in memory.
        def those(words: str, condition: str) -> Select[Any]:
            row = table.alias()
            here = row.c.name == name, row.c.is_custom_property == custom, row.c.string_value.is_not(None)
            text = Said(words, row.c.string_value).label("text")
            return select(text).where(*here, Condition(condition, row.c.string_value)).distinct()

        short, long = f"LENGTH({{0}}) <= {_SHORT}", f"LENGTH({{0}}) > {_SHORT}"
        return union_all(those(f"LEFT({{0}}, {_SHORT})", short), those("{0}", long)).subquery()

    def under(self, inner: Select[Any]) -> MySQLStatement:
        statement = self.compile(inner)
        shared, query = split(statement.text)
        assert query.startswith("SELECT "), query
        text = f"(SELECT %(place)s AS place, {query.removeprefix('SELECT ')})"
        parameters, texts = {**statement.parameters, "owners": ()}, tuple(place + 1 for place in statement.texts)
        return MySQLStatement(text, parameters, texts, under=True, shared=shared)

    def lists(self, rows: Sequence[Sequence[Any]], owners: int) -> list[Sequence[Any]]:
        found: list[list[Any]] = [[] for _ in range(owners)]
        for row in rows:
            found[row[0]].append(row[1:])
        return list(found)

    # -- texts, which are octets

    def lower(self, text: Expression) -> Expression:
        return Said("CAST(LOWER(CONVERT({0} USING latin1)) AS BINARY)", text)

    def double(self, number: Any) -> Expression:
        if isinstance(number, Number):
            return func.coalesce(self.double(number.integer), number.double, type_=Float())
        if isinstance(number.type, Float):
            return number  # type: ignore[no-any-return]
        return Said("CAST({0} AS DOUBLE)", number, type_=Float())

    def starts_with(self, text: Expression, prefix: str) -> Clause:
        octets_, text = octets_of(prefix), looked_into(text, prefix)
        return func.coalesce(Condition("(LEFT({0}, {1}) = {2})", text, len(octets_), _bound(octets_)), false())

    def in_prefix_range(self, text: Expression, prefix: str) -> Clause:
        beyond = after(prefix)
        exact = and_(text >= prefix, text < beyond) if beyond else text >= prefix
        if not is_stored(text) or not prefix:
            return exact
        pattern = "".join(f"{_ESCAPE}{sign}" if sign in f"%_{_ESCAPE}" else sign for sign in prefix) + "%"
        like = Condition(f"({{0}} LIKE {{1}} ESCAPE '{_ESCAPE}')", Plain(text), Flavoured(literal(pattern), WIRE))
        return and_(like, exact)

    def begins_otherwise(self, text: Expression, prefix: str) -> list[Clause]:
        # No index is in the order of octets, so each text is looked at: once, and at no more of it than its beginning.
        begin = Said(f"CAST(CONVERT(LEFT({{0}}, {len(prefix)}) USING {self.wire}) AS BINARY)", Plain(text))
        return [Condition("({0} <> {1})", begin, _bound(octets_of(prefix)))]

    def ends_with(self, text: Expression, suffix: str) -> Clause:
        octets_, text = octets_of(suffix), looked_into(text, suffix)
        return func.coalesce(Condition("(RIGHT({0}, {1}) = {2})", text, len(octets_), _bound(octets_)), false())

    def contains(self, text: Expression, part: str) -> Clause:
        return self.position(looked_into(text, part), _bound(octets_of(part))) > 0

    def best_of(self, values: Sequence[Select[Any]], *, descending: bool) -> ColumnElement[Any]:
        # MariaDB lets no table of a FROM clause see the row outside.
        value: ColumnElement[Any] = literal_column("value")
        found = union_all(*(one.having(value.is_not(None)) for one in values))
        return found.order_by(value.desc() if descending else value).limit(1).scalar_subquery()

    def position(self, text: Expression, part: Expression) -> Expression:
        return Said("INSTR({0}, {1})", text, part, type_=BigInteger())

    def consists_of(self, text: Expression, characters: str) -> Clause:
        return Condition("(LENGTH({0}) = 0)", replaced(text, [(sign, "") for sign in characters]))

    def after_last(self, text: Expression, mark: str) -> Expression:
        return Said("SUBSTRING_INDEX({0}, {1}, -1)", text, _bound(mark.encode()), type_=String())

    def uri_tail(self, uri: Expression) -> Expression:
        return self.after_last(Said("TRIM(TRAILING '/' FROM {0})", uri), "/")

    def fold(self, text: Expression) -> Expression:
        return self.lowering.folded(text)

    # -- JSON

    def is_json(self, text: Expression) -> Clause:
        found = characters(text)
        valid = case((self.json.is_valid(found), found))
        return Condition("(JSON_TYPE({0}) <> 'NULL')", valid)

    def json_number(self, text: Expression) -> Any:
        found = characters(text)
        value = case((self.json.is_valid(found), found))
        return number_of(value, type_of(value))

    def json_text(self, value: Expression) -> Expression:
        return double_text(value)

    def members(self, document: Expression, member: str | None) -> Any:
        return self.json.members(characters(document), member)

    def member_text(self, member: Member) -> Expression:
        return octets(Said("JSON_UNQUOTE({0})", member.json, type_=String()))

    def member_number(self, member: Member) -> Any:
        return number_of(member.json, member.c.type)

    def member_boolean(self, member: Member) -> Expression:
        return Said("({0} = 'true')", json_text(member.json), type_=BigInteger())

    def member_json(self, member: Member) -> Expression:
        text, type_ = json_text(member.json), member.c.type
        return case(
            (type_ == "integer", octets(text)),
            (text == "-0.0", "-0.0"),
            (type_ == "real", double_text(Said("CAST({0} AS DOUBLE)", member.json, type_=Float()))),
            else_=octets(self.json.compact(text)),
        )


def _bound(value: Any) -> BindParameter[Any]:
    return bindparam(None, value, type_=LargeBinary(), unique=True)


def _is_octets(column: Any) -> bool:
    """Whether a column of a result is octets and no text."""
    return isinstance(column.type, (LargeBinary, Numeric, Integer, Boolean))


def _whole(numbers: Sequence[int | float]) -> list[int]:
    return [int(number) for number in numbers if math.isfinite(number) and int(number) == number]


WORDS = MySQL(Server(mariadb=False, lowering=Lowering("utf8mb4_bin", Folding((), (), ""))), wire="latin1")
"""For what is said in the same words to every server."""
