"""Case folding in PostgreSQL, exactly as Python's `str.casefold` folds.

PostgreSQL's own `lower` follows the database's locale and folds no "ß". Python
folds each character by itself, to one or more, so what it makes of every
character is a table that a statement takes with it. Most texts need none of it:
those of ASCII, and those without a character that changes.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Folded(FunctionElement[str]):
    """A text with its case folded; the other arguments are the characters that change, and into what."""

    inherit_cache = True
    type = Text()


def folded(text: ColumnElement[Any]) -> Folded:
    """A text with its case folded."""
    changes, pattern = _table()
    # Of these names there is one parameter each, however often a statement folds.
    return Folded(text, bindparam("fold_pattern", pattern, Text), bindparam("fold_changes", changes, Text))


@compiles(Folded)
def _compile(element: Folded, compiler: Any, **kw: Any) -> str:
    text, pattern, changes = (compiler.process(part, **kw) for part in element.clauses)
    return (
        f'CASE WHEN octet_length({text}) = length({text}) THEN lower(({text}) COLLATE "C")'
        f" WHEN ({text}) ~ {pattern} THEN (SELECT string_agg(coalesce(CAST({changes} AS JSONB) ->> fold.sign,"
        f" fold.sign), '' ORDER BY fold.place)"
        f" FROM unnest(string_to_array({text}, NULL)) WITH ORDINALITY AS fold(sign, place))"
        f" ELSE {text} END"
    )


@cache
def _table() -> tuple[str, str]:
    """What becomes of each character that changes, as JSON, and a pattern that finds one."""
    changes = {
        sign: sign.casefold()
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF and (sign := chr(code)).casefold() != sign
    }
    ranges: list[list[int]] = []
    for sign in changes:
        if ranges and ranges[-1][1] == ord(sign) - 1:
            ranges[-1][1] += 1
        else:
            ranges.append([ord(sign), ord(sign)])
    spans = ("-".join(map(chr, sorted(set(span)))) for span in ranges)
    pattern = "[" + "".join(spans) + "]"
    return orjson.dumps(changes).decode(), pattern
