"""What PostgreSQL says of a text or a number is what Python says, for any."""

from __future__ import annotations

import json
import operator
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Float, Text, cast, column, false, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from lineageql.model.values import as_text, decode, parse_json
from lineageql.store.sql.dialects.numbers import as_decimal
from lineageql.store.sql.dialects.postgresql import PostgreSQL
from lineageql.store.sql.dialects.texts import is_storable
from lineageql.store.sql.json_documents import text_of_member
from tests.store.sql.postgresql_workbench import OctetsWorkbench, PostgreSQLWorkbench
from tests.store.sql.values import HOSTILE, MALFORMED

ORDERS = (operator.eq, operator.lt, operator.le, operator.gt, operator.ge)
thorough = settings(deadline=None, suppress_health_check=list(HealthCheck))
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(HOSTILE)
any_text = st.text() | st.sampled_from(HOSTILE) | st.sampled_from(("\0", "a\0b", "\ud800", "a\udfffb", "\ud83d"))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)


class Rows:
    """Values in a table of one column, and what a statement finds of them."""

    def __init__(self, bench: PostgreSQLWorkbench) -> None:
        self.bench = bench
        self.dialect = bench.driver.dialect

    def of(self, values: list[Any], *expressions: ColumnElement[Any]) -> list[tuple[Any, ...]]:
        """The values of expressions of `x` for each value."""
        kind = ARRAY(Float if isinstance(values[0], float) else Text)
        given = func.unnest(literal(values, kind)).table_valued("x", with_ordinality="place").render_derived()
        shown = [expression.label(f"c{place}") for place, expression in enumerate(expressions)]
        query = select(*shown).select_from(given).order_by(given.c.place)
        return [tuple(row) for row in self.bench.run(self.bench.driver.fetch(self.dialect.compile(query)))]


@pytest.fixture(scope="module", params=[PostgreSQLWorkbench, OctetsWorkbench], ids=["by language", "by octets"])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    with ExitStack() as stack:
        bench = request.param(tmp_path_factory.mktemp("words"), stack)
        assert isinstance(bench.driver.dialect, PostgreSQL)
        assert bench.driver.dialect.sorts_octets is (request.param is OctetsWorkbench)
        yield Rows(bench)


X: ColumnElement[Any] = column("x", Text)


def test_every_character_is_folded(rows: Rows) -> None:
    signs = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    for start in range(0, len(signs), 100_000):
        some = signs[start : start + 100_000]
        assert rows.of(some, rows.dialect.fold(X)) == [(sign.casefold(),) for sign in some]


def test_texts(rows: Rows) -> None:
    @thorough
    @given(st.lists(storable, min_size=1, max_size=20), any_text)
    def check(texts: list[str], asked: str) -> None:
        d = rows.dialect
        some = [*texts, asked, asked[:2]] if is_storable(asked) else texts
        expressions = [d.compared(how, X, asked) for how in ORDERS]
        expressions += [d.starts_with(X, asked), d.in_prefix_range(X, asked), d.ends_with(X, asked)]
        expressions += [d.contains(X, asked), d.among(X, [asked, "a"]), d.fold(X), d.uri_tail(X)]
        expressions += [d.after_last(X, "."), d.lower(X)]

        def said(text: str) -> tuple[Any, ...]:
            starts = text.startswith(asked)
            parts = (starts, starts, text.endswith(asked), asked in text, text in (asked, "a"), text.casefold())
            lower = "".join(sign.lower() if sign.isascii() else sign for sign in text)
            tails = (text.rstrip("/").rpartition("/")[2], text.rpartition(".")[2], lower)
            return (*(how(text, asked) for how in ORDERS), *parts, *tails)

        assert rows.of(some, *expressions) == [said(text) for text in some]

    check()


def test_texts_that_begin_otherwise(rows: Rows) -> None:
    prefix = '{"labels":'
    begun = st.builds(lambda end, tail: prefix[:end] + tail, st.integers(0, len(prefix)), storable)

    @thorough
    @given(st.lists(begun, min_size=1, max_size=20))
    @example([prefix, prefix.upper(), prefix[:-1], f"{prefix[:-1]};", f"{prefix} ", f" {prefix}", "", "\U0001f600" * 9])
    def check(texts: list[str]) -> None:
        clauses = [func.coalesce(clause, false()) for clause in rows.dialect.begins_otherwise(X, prefix)]
        found = [any(row) for row in rows.of(texts, *clauses)]
        assert found == [not text.startswith(prefix) for text in texts]

    check()


def test_texts_are_sorted_by_their_octets(rows: Rows) -> None:
    @thorough
    @given(st.lists(storable, min_size=1, max_size=30))
    def check(texts: list[str]) -> None:
        place = func.row_number().over(order_by=rows.dialect.ordered(X))
        found = dict(zip(texts, (row[0] for row in rows.of(texts, place)), strict=True))
        assert sorted(found, key=found.__getitem__) == sorted(set(texts))

    check()


def test_doubles(rows: Rows) -> None:
    x: ColumnElement[Any] = column("x", Float)

    @thorough
    @given(st.lists(st.floats(), min_size=1, max_size=20), numbers)
    @example([2.0**53, 2.0**53 + 2, 2.0**63, -0.0, 1e15, 1e16, 123456789012345.6, 1234567890123456.5], 2**53 + 1)
    @example([2.0**53, float("inf"), float("-inf"), float("nan")], 2**63 - 1)
    def check(doubles: list[float], asked: float) -> None:
        d = rows.dialect
        expressions = [d.compared(how, x, asked) for how in ORDERS] + [d.among(x, [asked, 0.5]), d.json_text(x)]
        expected = [(*(how(d, asked) for how in ORDERS), d in (asked, 0.5), as_text(decode(d))) for d in doubles]
        assert rows.of(doubles, *expressions) == expected

    check()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | storable | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
    max_leaves=20,
)
dumped = st.builds(
    lambda value, ascii_, indent: json.dumps(value, ensure_ascii=ascii_, indent=indent).replace("\\u0000", "\\u0001"),
    json_values,
    st.booleans(),
    st.sampled_from((None, None, 1)),
)
WRONG = (
    *("", " ", "nul", "NaN", "-Infinity", "[NaN]", "1 2", "[1,]", "{,}", "01", "1.", ".5", "-", "+1", "1e", '"\\x"'),
    *('"a\nb"', '"\x01"', "\x01", "[\x02]", "'a'", '{"a" 1}', '{"a":1,}', "{1:2}", '"\\ud83d"', '"\\udc4d\\ud83d"'),
    *(
        '"\\\\ud83d"',
        '"\\"',
        '"\\\\"',
        '"\\\\\\""',
        "truefalse",
        "tru e",
        "[1 2]",
        "{}{}",
        "[" * 50 + "]" * 50,
        "[" * 9,
    ),
    *('{"a":' * 30 + "1" + "}" * 30, "1e999", "-1e999", "1e-999", "0e9999", "-0", "-0.0", "1e0005", "[1e400, 1E5]"),
    *("1" * 400, "1.7976931348623159e308", "1.7976931348623157e308", "2e-324", "5e-324", "1e5", "1E+2", "\ufeff{}"),
)


def test_json(rows: Rows) -> None:
    def said(text: str) -> tuple[Any, ...]:
        found = parse_json(text)
        is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
        members = {key: as_text(inner) for key, inner in found.items()} if isinstance(found, dict) else {}
        return found is not None, found if is_number else None, members

    def check(texts: list[str]) -> None:
        d = rows.dialect
        found = rows.of(texts, func.coalesce(d.is_json(X), false()), d.json_number(X), _members(d))
        for text, (is_json, number, members) in zip(texts, found, strict=True):
            expected = said(text)
            assert is_json == expected[0], text
            assert number == (None if expected[1] is None else as_decimal(expected[1])), text
            assert (json.loads(members) if members else {}) == _halves(expected[2]), text

    @thorough
    @given(st.lists(dumped | storable | st.sampled_from(WRONG), min_size=1, max_size=10))
    def randomly(texts: list[str]) -> None:
        check(texts)

    check([text for text in WRONG if "\0" not in text])
    check([f'{{"a": {text}}}' for text in WRONG])
    check(list(MALFORMED.elements))  # type: ignore[attr-defined]
    randomly()


def _members(d: PostgreSQL) -> ColumnElement[Any]:
    """All members of an object as JSON: of each key the text that a label of it would be."""
    member = d.members(X, None)
    return select(cast(func.json_object_agg(member.c.key, text_of_member(member, d)), Text)).scalar_subquery()


def _halves(members: dict[str, Any]) -> dict[str, Any]:
    """Half of a surrogate pair is shown as a replacement character: PostgreSQL's texts hold none."""

    def whole(text: str) -> str:
        return "".join("\ufffd" if 0xD800 <= ord(sign) <= 0xDFFF else sign for sign in text)

    return {whole(key): whole(text) if isinstance(text, str) else text for key, text in members.items()}
