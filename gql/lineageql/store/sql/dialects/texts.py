"""Texts in the order of their code points, which is that of their octets in UTF-8."""

from __future__ import annotations

import operator
import re
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import literal_column
from sqlalchemy.sql.functions import FunctionElement

from lineageql.model.values import STRUCT_PREFIX
from lineageql.store.sql.dialects.dialect import Comparison


class is_text(FunctionElement[bool]):  # it stands in statements as a function does
    """Whether a column of texts holds one. SQLite's holds octets or a number where somebody put them there."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, text: ColumnElement[Any]) -> None:
        super().__init__(text)


@compiles(is_text)
def _is_not_null(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} IS NOT NULL)"


@compiles(is_text, "sqlite")
def _is_of_type_text(element: Any, compiler: Any, **kw: Any) -> str:
    return f"(typeof({compiler.process(element.clauses, **kw)}) = 'text')"


class is_name(FunctionElement[bool]):
    """Whether a property's column of texts holds a name: a text, and no object or list, which MLMD keeps as text."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, text: ColumnElement[Any]) -> None:
        super().__init__(text)


def _no_struct(element: Any, compiler: Any, **kw: Any) -> tuple[str, str]:
    return compiler.process(element.clauses, **kw), f"'{STRUCT_PREFIX}'"


@compiles(is_name, "sqlite")
def _is_text_of_a_name(element: Any, compiler: Any, **kw: Any) -> str:
    text, prefix = _no_struct(element, compiler, **kw)
    return f"(typeof({text}) = 'text' AND substr({text}, 1, {len(STRUCT_PREFIX)}) != {prefix})"


@compiles(is_name)
def _begins_otherwise(element: Any, compiler: Any, **kw: Any) -> str:
    text, prefix = _no_struct(element, compiler, **kw)
    return f"({text} IS NOT NULL AND left({text}, {len(STRUCT_PREFIX)}) <> {prefix})"


class spelled(FunctionElement[str]):
    """A text in a statement without parameters, by its octets: whatever signs it has, it ends nothing."""

    inherit_cache = True
    type = String()

    def __init__(self, text: str) -> None:
        # No text that is stored has half a surrogate pair, or a NUL where a server's database keeps it.
        super().__init__(literal_column(f"'{octets_of(text).hex()}'"))


@compiles(spelled, "mysql", "mariadb")
def _of_octets_as_sent(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CONVERT(X{compiler.process(element.clauses, **kw)} USING {compiler.dialect.wire})"


@compiles(spelled, "sqlite")
def _of_octets_as_text(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(X{compiler.process(element.clauses, **kw)} AS TEXT)"


@compiles(spelled, "postgresql")
def _of_octets_from_utf8(element: Any, compiler: Any, **kw: Any) -> str:
    return f"convert_from(decode({compiler.process(element.clauses, **kw)}, 'hex'), 'UTF8')"


def octets_of(text: str) -> bytes:
    """A text in UTF-8, half a surrogate pair in the manner of UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def after(prefix: str) -> str:
    """The first text, in the order of code points, beyond all that begin with the prefix; empty if none is."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def is_storable(text: str) -> bool:
    """Whether a server's database can hold a text: it holds no NUL, and no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def bounded(how: Comparison, text: str) -> tuple[Comparison, str]:
    """The comparison of an order that says of every storable text what one with this text says, with a storable one."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return how, text
    head, upward = text[: found.start()], how in (operator.gt, operator.ge)
    if found[0] == "\0":
        # Beyond the head, and before all that goes on from it.
        return (operator.gt if upward else operator.le), head
    # Before all that goes on from the head with a sign beyond the surrogates, beyond what goes on with another.
    return (operator.ge if upward else operator.lt), f"{head}\ue000"


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
