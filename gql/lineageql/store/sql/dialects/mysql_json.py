"""JSON texts and numbers in MySQL's words, equal to what Python reads and writes.

`JSON_TABLE` and the functions of JSON stop a statement at a text that is none, so
each is given only what `JSON_VALID` says is one. Python writes more than JSON,
NaN, infinities and half surrogate pairs: these are replaced first.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Double, String, case, column, null
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from lineageql.store.sql.dialects.mysql_compiler import Condition, MySQLCompiler, Said

Expression = ColumnElement[Any]

# Each walks from match to match over all that lies between, so nothing inside a string is taken for what it is not.
_CONSTANT = r'\G((?:[^"NI-]++|"(?:[^"\\]|\\.)*+"|-(?!Infinity))*+)(NaN|-?Infinity)'
_SPACE = r'\G((?:[^"\s]++|"(?:[^"\\]|\\.)*+")*+)\s+'
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = rf"\G((?:[^\\]++|\\(?!u[dD][89a-fA-F])(?s:.)|{_PAIR})*+)\\u[dD][89a-fA-F][0-9a-fA-F]{{2}}"
# The escapes of characters that Python writes as they are; no JSON text holds the mark that these get.
_NEEDLESS = r"\G((?:[^\\]++|\\(?!u)(?s:.)|\\u00(?:[01][0-9a-fA-F]|22|5[cC]))*+)\\u"
_MARK = "\x01"
# The words of JSON: what MariaDB's JSON_VALID says of their order is right, but it takes some that JSON has not.
_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![0-9.eE+-])"
_WORDS = rf"^(?:[ \t\r\n{{}}\[\],:]++|{_STRING}|{_NUMBER}|true|false|null)*+\z"


def characters(octets: Expression) -> Expression:
    """Octets of UTF-8 as a text of characters."""
    return Said("CONVERT({0} USING utf8mb4)", octets, type_=String())


def json_text(value: Expression) -> Expression:
    """A JSON value as a text of characters: a CHAR of no named set is of the connection's, which may hold few."""
    return Said("CAST({0} AS CHAR CHARACTER SET utf8mb4)", value, type_=String())


def octets(text: Expression) -> Expression:
    """A text as its octets."""
    return Said("CAST({0} AS BINARY)", text)


def pattern(text: str) -> str:
    """A pattern inside the words of a statement, in which letters are what they are whatever the collation."""
    return words(f"(?-i){text}")


def words(text: str) -> str:
    """A text of ours, of characters, inside the words of a statement."""
    return f"_utf8mb4 X'{text.encode().hex()}'"


class _Members(FunctionElement[Any]):
    """The members of an object: a table of their keys, and beside each the member of that key."""

    inherit_cache = False
    name = "members"
    numbers = itertools.count()

    def __init__(self, document: Expression, member: str | None, *, mariadb: bool) -> None:
        super().__init__(document)
        self.path = "$" if member is None else f'$."{member}"'
        self.mariadb = mariadb


@compiles(_Members)
def _members(element: _Members, compiler: MySQLCompiler, **kw: Any) -> str:
    document = ", ".join(compiler.process(part) for part in element.clauses)
    number = next(_Members.numbers)
    object_, key = f"o{number}.d", f"k{number}.j"
    inside, path = object_, f"CONCAT('$.', {key})"
    if element.mariadb:
        # Its paths find no key that begins with a minus sign. Such a member is found by its place, as there is one for
        # each key.
        minus = f"LEFT({key}, 2) = '\"-' AND JSON_LENGTH({object_}) = JSON_LENGTH(JSON_KEYS({object_}))"
        inside = f"IF({minus}, JSON_EXTRACT({object_}, '$.*'), {object_})"
        path = f"IF({minus}, CONCAT('$[', k{number}.i - 1, ']'), {path})"
    return (
        f"JSON_TABLE(JSON_EXTRACT({document}, {words(element.path)}), '$' COLUMNS (d JSON PATH '$')) AS o{number} JOIN "
        f"JSON_TABLE(JSON_KEYS({object_}), '$[*]' COLUMNS (i FOR ORDINALITY, j JSON PATH '$')) AS k{number} JOIN "
        f"JSON_TABLE(JSON_ARRAY(JSON_EXTRACT({key}, '$'), JSON_EXTRACT({inside}, {path})), "
        "'$' COLUMNS (k LONGTEXT CHARACTER SET utf8mb4 PATH '$[0]', v JSON PATH '$[1]'))"
    )


@dataclass(frozen=True)
class Member:
    """A member of an object, as `Dialect.members` says, and its value `json`."""

    json: Expression
    c: SimpleNamespace


@dataclass(frozen=True)
class Number:
    """A number of JSON, in the one of two expressions that its type has; the other is NULL."""

    integer: Expression
    double: Expression


class JSONWords:
    """What MySQL and MariaDB say of JSON, which differs in how a replacement refers to a group of its pattern."""

    def __init__(self, *, mariadb: bool) -> None:
        self.reference = "\\{}" if mariadb else "${}"
        self.lenient = mariadb

    def _replaced(self, text: Expression, sought: str, *parts: str | int) -> Expression:
        """A text with texts and groups of a pattern, by their numbers, for each match of the pattern."""
        replacement = "".join(
            self.reference.format(part) if isinstance(part, int) else part.replace("\\", "\\\\") for part in parts
        )
        return Said(f"REGEXP_REPLACE({{0}}, {pattern(sought)}, {words(replacement)})", text)

    def valid(self, text: Expression) -> Expression:
        """A text of characters where it is JSON, or is after repair; else NULL."""
        repaired = self._replaced(self._replaced(text, _HALF, 1, "\\ufffd"), _CONSTANT, 1, '"', 2, '"')
        return case((self.is_valid(text), text), (self.is_valid(repaired), repaired), else_=null())

    def is_valid(self, text: Expression) -> ColumnElement[bool]:
        """Whether a text of characters is JSON."""
        if not self.lenient:
            return Condition("JSON_VALID({0})", text)
        return Condition(f"(JSON_VALID({{0}}) AND {{0}} REGEXP {pattern(_WORDS)})", text)

    def compact(self, text: Expression) -> Expression:
        """A JSON text without white space and without needless escapes."""
        marked = self._replaced(self._replaced(text, _SPACE, 1), _NEEDLESS, 1, f"{_MARK}u")
        for old, new in (("\\", "\\\\"), ('"', '\\"'), (_MARK, "\\")):
            marked = Said(f"REPLACE({{0}}, {words(old)}, {words(new)})", marked, type_=String())
        return Said(f"JSON_UNQUOTE(CONCAT({words(chr(34))}, {{0}}, {words(chr(34))}))", marked, type_=String())

    def members(self, document: Expression, member: str | None) -> Member:
        """The members of the object in a text of characters."""
        members = _Members(self.valid(document), member, mariadb=self.lenient)
        table = members.table_valued(column("k", String()), column("v", String()))
        value = table.c.v
        return Member(value, SimpleNamespace(key=octets(table.c.k), value=value, type=type_of(value)))


def type_of(value: Expression) -> Expression:
    """The type of a JSON value, by SQLite's names."""
    name = Said("JSON_TYPE({0})", value, type_=String())
    text = json_text(value)
    whole = Condition("({0} NOT REGEXP '[.eE]')", text)
    return case(
        (name == "STRING", "text"),
        (name == "NULL", "null"),
        (name == "BOOLEAN", octets(text)),
        (name == "OBJECT", "object"),
        (name == "ARRAY", "array"),
        (whole, "integer"),
        else_="real",
    )


def number_of(value: Expression, type_: Expression) -> Number:
    """The number that a JSON value is, NULL where it is none."""
    return Number(
        case((type_ == "integer", Said("CAST({0} AS DECIMAL(65))", value)), else_=null()),
        case((type_ == "real", Said("CAST({0} AS DOUBLE)", value, type_=Double())), else_=null()),
    )


def double_text(number: Expression) -> Expression:
    """A double as Python writes it: MySQL has the same digits, and sets the point and the exponent elsewhere.

    Of both zeros it is the one without a sign.
    """
    text: Expression = Said("CAST({0} AS CHAR)", number, type_=String())
    size = Said("ABS({0})", number, type_=Double())
    sign = Said("IF({0} < 0, '-', '')", number)
    digits = Said("REPLACE(REPLACE(SUBSTRING_INDEX({0}, 'e', 1), '.', ''), '-', '')", text)
    fraction = Said("SUBSTRING_INDEX({0}, '.', -1)", text)
    small = Said("TRIM(LEADING '0' FROM {0})", fraction)
    cases: Sequence[tuple[str, tuple[Any, ...], str, tuple[Any, ...]]] = (
        ("{0} = 0", (number,), "'0.0'", ()),
        ("{0} >= 1e-4 AND {0} < 1e15", (size,), "IF(INSTR({0}, '.'), {0}, CONCAT({0}, '.0'))", (text,)),
        (
            "{0} >= 1e15 AND {0} < 1e16",
            (size,),
            "CONCAT({0}, IF(LENGTH({1}) > 16, CONCAT(LEFT({1}, 16), '.', SUBSTR({1}, 17)), "
            "CONCAT(RPAD({1}, 16, '0'), '.0')))",
            (sign, digits),
        ),
        ("{0} >= 1e16", (size,), "REPLACE({0}, 'e', 'e+')", (text,)),
        ("INSTR({0}, 'e')", (text,), "{0}", (text,)),
    )
    tiny = Said(
        "CONCAT({0}, LEFT({1}, 1), IF(LENGTH({1}) > 1, CONCAT('.', SUBSTR({1}, 2)), ''), 'e-', "
        "LPAD(LENGTH({2}) - LENGTH({1}) + 1, 2, '0'))",
        sign,
        small,
        fraction,
    )
    return octets(
        case(*((Condition(f"({when})", *of), Said(then, *what)) for when, of, then, what in cases), else_=tiny)
    )
