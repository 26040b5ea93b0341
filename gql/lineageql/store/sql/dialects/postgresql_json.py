r"""JSON inside texts in PostgreSQL, read as `model.values.parse_json` reads it.

What another writer put into a text may be no JSON, or JSON as Python writes it:
with NaN and infinities, or with half of a surrogate pair. PostgreSQL fails at
these, and until its release 16 there is no way to ask first. So a text is
brought into the form that PostgreSQL reads, and checked, by patterns: its
strings and its other scalars become one sign each, and lists and objects of
such signs become one in their turn, from the inside to the outside. A text of
JSON ends as a single sign, and no other does.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Float, Numeric, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_STRING, _VALUE = r"\u0001", r"\u0002"
_ANY = f"[{_STRING}{_VALUE}]"
_STRINGS = r"""'"(?:[^"\\\u0001-\u001f]|\\(?:[/bfnrt]|u[0-9a-fA-F]{4}))*"'"""
_SCALARS = "'-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null'"
_MEMBER = f"{_STRING}:{_ANY}"
_NESTED = rf"'\[(?:{_ANY}(?:,{_ANY})*)?\]|\{{(?:{_MEMBER}(?:,{_MEMBER})*)?\}}'"
_WHOLE = f"'^{_ANY}$'"
_LEVELS, _MOST_LEVELS = 6, 900

_INTEGER = "'^-?(?:0|[1-9][0-9]*)$'"
_NUMBER = "'^-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?$'"
_LONGEST = 1000
"""Characters of the longest number that is read."""
_VAST = "1.797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963e308"
_TINY = "2.4703282292062327208299829687e-324"
"""Where doubles end: from the first on they are infinite, up to the second they are zero."""


def _process(element: Any, compiler: Any, kw: dict[str, Any]) -> list[str]:
    return [f"({compiler.process(part, **kw)})" for part in element.clauses]


class Members(FunctionElement[Any]):
    """The rows of `json_each` for the object in a text, or for the object that is a member of it."""

    inherit_cache = True

    def __init__(self, document: Any, member: str | None) -> None:
        super().__init__(document, *(() if member is None else (literal(member, Text),)))


class IsJSON(FunctionElement[bool]):
    """Whether a text is JSON, and not its null."""

    inherit_cache = True
    type = Boolean()


class Number(FunctionElement[Any]):
    """The number that a JSON text is, as `dialects.numbers.as_decimal` gives it; NULL of another text."""

    inherit_cache = True
    type = Numeric()


class Double(FunctionElement[Any]):
    """The double nearest to a decimal; NULL where that is infinite. PostgreSQL fails there."""

    inherit_cache = True
    type = Float(53)


class TypeOf(FunctionElement[str]):
    """The type of a JSON value by SQLite's words."""

    inherit_cache = True
    type = Text()


class TextOf(FunctionElement[str]):
    """The text of a JSON string; of another value its JSON."""

    inherit_cache = True
    type = Text()


class Compact(FunctionElement[str]):
    """A number, a list or an object as Python writes it without spaces."""

    inherit_cache = True
    type = Text()


class DoubleText(FunctionElement[str]):
    """A double as Python writes it."""

    inherit_cache = True
    type = Text()


@compiles(Members)
def _members(element: Any, compiler: Any, **kw: Any) -> str:
    document, *member = _process(element, compiler, kw)
    found = _valid(document) + "".join(f" -> {name}" for name in member)
    # OFFSET keeps the planner from putting the whole expression into both places.
    return (
        f"json_each((SELECT CASE WHEN json_typeof(inside.it) = 'object' THEN inside.it END"
        f" FROM (SELECT {found} AS it OFFSET 0) AS inside))"
    )


@compiles(IsJSON)
def _is_json(element: Any, compiler: Any, **kw: Any) -> str:
    (text,) = _process(element, compiler, kw)
    return f"CASE WHEN {_trimmed(text)} ~ {_NUMBER} THEN true ELSE json_typeof({_valid(text)}) <> 'null' END"


@compiles(Number)
def _number(element: Any, compiler: Any, **kw: Any) -> str:
    (text,) = _process(element, compiler, kw)
    trimmed = _trimmed(text)
    return (
        f"CASE WHEN length({trimmed}) > {_LONGEST} THEN NULL"
        f" WHEN {trimmed} ~ {_INTEGER} THEN CAST({trimmed} AS NUMERIC)"
        f" WHEN {trimmed} ~ {_NUMBER} THEN {_exact(_double(trimmed))} END"
    )


@compiles(Double)
def _nearest(element: Any, compiler: Any, **kw: Any) -> str:
    (value,) = _process(element, compiler, kw)
    nearest = f"CASE WHEN abs(it) < {_VAST} THEN CAST(it AS FLOAT8) END"
    return f"(SELECT {nearest} FROM (SELECT {value} AS it OFFSET 0) AS exact)"


@compiles(TypeOf)
def _type_of(element: Any, compiler: Any, **kw: Any) -> str:
    (value,) = _process(element, compiler, kw)
    text = f"({value} #>> '{{}}')"
    # To Python a number beyond all doubles is its text.
    number = f"CASE WHEN {text} ~ {_INTEGER} THEN 'integer' WHEN {_double(text)} IS NULL THEN 'text' ELSE 'real' END"
    return (
        f"CASE json_typeof({value}) WHEN 'string' THEN 'text' WHEN 'number' THEN {number}"
        f" WHEN 'boolean' THEN {text} ELSE json_typeof({value}) END"
    )


@compiles(TextOf)
def _text_of(element: Any, compiler: Any, **kw: Any) -> str:
    (value,) = _process(element, compiler, kw)
    return f"({value} #>> '{{}}')"


@compiles(Compact)
def _compact(element: Any, compiler: Any, **kw: Any) -> str:
    (value,) = _process(element, compiler, kw)
    tokens = """'"(?:[^"\\\\]|\\\\[^"])*"|-?[0-9][-+.eE0-9]*|[a-z]+|[][{}:,]'"""
    return (
        "(SELECT string_agg(CASE"
        f""" WHEN left(token.it[1], 1) = '"' THEN CAST(to_json(CAST(token.it[1] AS JSON) #>> '{{}}') AS TEXT)"""
        f" WHEN token.it[1] ~ {_INTEGER} THEN CAST(CAST(token.it[1] AS NUMERIC) AS TEXT)"
        f" WHEN token.it[1] ~ {_NUMBER} THEN coalesce({_double_text(_double('token.it[1]'))},"
        f" CAST(to_json(token.it[1]) AS TEXT))"
        f" ELSE token.it[1] END, '' ORDER BY token.place)"
        f" FROM regexp_matches(CAST({value} AS TEXT), {tokens}, 'g') WITH ORDINALITY AS token(it, place))"
    )


@compiles(DoubleText)
def _double_as_text(element: Any, compiler: Any, **kw: Any) -> str:
    (value,) = _process(element, compiler, kw)
    return _double_text(value)


def _trimmed(text: str) -> str:
    return rf"btrim({text}, E' \t\n\r')"


def _valid(text: str) -> str:
    """A text as JSON that PostgreSQL reads; NULL where it is none."""
    reduced = (
        f"translate(regexp_replace(regexp_replace(form.it, {_STRINGS}, E'\\x01', 'g'), {_SCALARS}, E'\\x02', 'g'),"
    )
    reduced += r" E' \t\n\r', '')"
    for _ in range(_LEVELS):
        reduced = f"regexp_replace({reduced}, {_NESTED}, E'\\x02', 'g')"
    deeper = (
        "(WITH RECURSIVE deep(it, level) AS (SELECT signs.it, 0 UNION ALL"
        f" SELECT regexp_replace(deep.it, {_NESTED}, E'\\x02', 'g'), deep.level + 1 FROM deep"
        f" WHERE deep.level < {_MOST_LEVELS} AND deep.it ~ {_NESTED})"
        f" SELECT bool_or(deep.it ~ {_WHOLE}) FROM deep)"
    )
    return (
        f"(SELECT CASE WHEN signs.it ~ {_WHOLE} THEN CAST(form.it AS JSON)"
        f" WHEN signs.it ~ {_NESTED} AND {deeper} THEN CAST(form.it AS JSON) END"
        f" FROM (SELECT {_form(text)} AS it OFFSET 0) AS form, LATERAL (SELECT {reduced} AS it OFFSET 0) AS signs)"
    )


def _form(text: str) -> str:
    r"""A text with each quoted backslash and quote as a number, with strings for what PostgreSQL has no other form of.

    After that a quote begins or ends a string, and \u stands for itself.
    """
    plain = rf"""replace(replace({text}, '\\', '\u005c'), '\"', '\u0022')"""
    high, low = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    halves = (
        rf"regexp_replace(regexp_replace(it, '{high}(?!{low})', '\\ufffd', 'g'), '(?<!{high}){low}', '\\ufffd', 'g')"
    )
    paired = rf"CASE WHEN it ~ '\\u(?:[dD][89a-fA-F]|0000)' THEN replace({halves}, '\u0000', '\ufffd') ELSE it END"
    constants = """regexp_replace(it, '(-?Infinity|NaN)(?=(?:[^"]*"[^"]*")*[^"]*$)', '"\\1"', 'g')"""
    constants = f"CASE WHEN it ~ 'Infinity|NaN' THEN {constants} ELSE it END"
    control = r"'[\u0001-\u0008\u000b\u000c\u000e-\u001f]'"
    return (
        f"(SELECT CASE WHEN it !~ {control} THEN {constants} END FROM (SELECT {paired} AS it"
        f" FROM (SELECT {plain} AS it OFFSET 0) AS plain OFFSET 0) AS paired)"
    )


def _double(text: str) -> str:
    """The double nearest to a JSON number; NULL where that is infinite. PostgreSQL fails at both ends of doubles."""
    zero = f"CASE WHEN left({text}, 1) = '-' THEN CAST('-0' AS FLOAT8) ELSE CAST(0 AS FLOAT8) END"
    size = f"abs(CAST({text} AS NUMERIC))"
    nothing = f"{text} ~ '^-?[0.]+(?:[eE]|$)'"
    return (
        f"CASE WHEN length({text}) > {_LONGEST} THEN NULL WHEN {nothing} THEN {zero}"
        f" WHEN {text} ~ '[eE]-0*[1-9][0-9]{{3,}}$' THEN {zero} WHEN {text} ~ '[eE][+]?0*[1-9][0-9]{{3,}}$' THEN NULL"
        f" WHEN {size} <= {_TINY} THEN {zero} WHEN {size} >= {_VAST} THEN NULL ELSE CAST({text} AS FLOAT8) END"
    )


def _exact(double: str) -> str:
    """`dialects.numbers.as_decimal` of a double that is finite or NULL."""
    return (
        "(SELECT CASE WHEN it = trunc(it) AND it >= -9223372036854775808 AND it < 9223372036854775808"
        " THEN CAST(CAST(it AS BIGINT) AS NUMERIC)"
        f" ELSE CAST(CAST(it AS TEXT) AS NUMERIC) END FROM (SELECT {double} AS it OFFSET 0) AS double)"
    )


def _double_text(double: str) -> str:
    """A double as Python's `repr` and, where it is none that JSON has, as `str` gives it.

    Both write the shortest digits that are read as the double. PostgreSQL leaves the fraction of integers out,
    and writes powers of ten from 1e15 on, Python from 1e16 on. And beyond 2**53 the shortest may lie half-way
    to the next double: Python takes it where it is read as the double, PostgreSQL does not.
    """
    exponent = "CAST(split_part(said, 'e', 2) AS INT)"
    rounded = f"round(abs(CAST(said AS NUMERIC)), places - {exponent})"
    digits = "rtrim(CAST(near.it AS TEXT), '0')"
    mantissa = f"left({digits}, 1) || CASE WHEN length({digits}) > 1 THEN '.' || substr({digits}, 2) ELSE '' END"
    power = "'e+' || lpad(CAST(length(CAST(near.it AS TEXT)) - 1 AS TEXT), 2 + CAST(near.it >= 1e100 AS INT), '0')"
    shortest = (
        f"(SELECT CASE WHEN written.it < 0 THEN '-' ELSE '' END || CASE WHEN near.it < 1e16 THEN near.it || '.0'"
        f" ELSE {mantissa} || {power} END"
        f" FROM generate_series(0, 16) AS places, LATERAL (SELECT {rounded} AS it) AS near"
        f" WHERE CASE WHEN near.it < {_VAST} THEN CAST(near.it AS FLOAT8) = abs(written.it) ELSE false END"
        " ORDER BY places LIMIT 1)"
    )
    return (
        "(SELECT CASE WHEN it = 'NaN' THEN 'nan' WHEN it = 'Infinity' THEN 'inf' WHEN it = '-Infinity' THEN '-inf'"
        f" WHEN abs(it) >= 9007199254740992 THEN {shortest}"
        " WHEN abs(it) >= 1e15 THEN CAST(CAST(said AS NUMERIC) AS TEXT)"
        " || CASE WHEN it = trunc(it) THEN '.0' ELSE '' END"
        " WHEN said ~ '^-?[0-9]+$' THEN said || '.0' ELSE said END"
        " FROM (SELECT it, CAST(it AS TEXT) AS said"
        f" FROM (SELECT {double} AS it OFFSET 0) AS double OFFSET 0) AS written)"
    )
