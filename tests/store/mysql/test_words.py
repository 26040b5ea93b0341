"""What MariaDB says of a text, a number or a JSON text is what Python says, for any."""

from __future__ import annotations

import json
import math
import operator
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, ColumnElement, Double, Integer, MetaData, Table, Text, bindparam, false, func, select

from lineageql.model.values import as_text, decode, parse_json
from lineageql.store.sql.dialects.foldings import Folding, folding
from lineageql.store.sql.dialects.mysql import WORDS, MySQL
from lineageql.store.sql.dialects.mysql_literals import Literals
from lineageql.store.sql.json_documents import text_of_member
from lineageql.store.sql.rows import TYPES
from tests.store.sql.mysql_workbench import MariaDBWorkbench
from tests.store.sql.values import HOSTILE, MALFORMED

ORDERS = (operator.eq, operator.lt, operator.le, operator.gt, operator.ge)
thorough = settings(deadline=None, suppress_health_check=list(HealthCheck))
storable = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE)
any_text = st.text() | st.sampled_from(HOSTILE) | st.sampled_from(("\0", "a\0b", "\ud800", "a\udfffb", "\ud83d"))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)

VALUES = Table("Words", MetaData(), Column("place", Integer), Column("x", Text), Column("d", Double))
X: ColumnElement[Any] = VALUES.c.x
D: ColumnElement[Any] = VALUES.c.d
CREATE = "CREATE TABLE Words (place INT PRIMARY KEY, x MEDIUMTEXT, d DOUBLE, KEY (x(255)), KEY (d))"


class Rows:
    """Values in a column of the collation that folds case and ignores spaces, and what a statement finds of them."""

    def __init__(self, bench: MariaDBWorkbench) -> None:
        self.bench = bench
        assert isinstance(bench.driver.dialect, MySQL)
        self.dialect = bench.driver.dialect
        bench.server.sql(CREATE, bench.database)

    def fill(self, column: str, values: list[Any]) -> None:
        words = [Literals({"value": value}, "latin1")["value!wire"] for value in values]
        rows = ", ".join(f"({place}, {word})" for place, word in enumerate(words))
        for text in ("DELETE FROM Words", f"INSERT INTO Words (place, {column}) VALUES {rows}", "COMMIT"):
            self.bench.run(self.bench.writer.query(text))

    def of(self, values: list[Any], *expressions: ColumnElement[Any]) -> list[tuple[Any, ...]]:
        """The values of expressions of `X`, or of `D`, for each value."""
        self.fill("d" if isinstance(values[0], float) else "x", values)
        shown = [expression.label(f"c{place}") for place, expression in enumerate(expressions)]
        return self.fetch(select(*shown).select_from(VALUES).order_by(VALUES.c.place))

    def fetch(self, query: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.bench.run(self.bench.driver.fetch(self.dialect.compile(query)))]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    with ExitStack() as stack:
        yield Rows(MariaDBWorkbench(tmp_path_factory.mktemp("words"), stack))


def test_every_character_is_folded(rows: Rows) -> None:
    signs = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    cased = [sign for sign in signs if sign.casefold() != sign or sign.lower() != sign]
    assert rows.of(cased, rows.dialect.fold(X)) == [(sign.casefold(),) for sign in cased]
    others = "".join(set(signs) - set(cased))
    for start in range(0, len(others), 200_000):
        text = bindparam(None, others[start : start + 200_000], type_=Text(), unique=True)
        assert rows.fetch(select((rows.dialect.fold(text) == text).label("c0"))) == [(1,)]


def test_texts(rows: Rows) -> None:
    @thorough
    @given(st.lists(storable, min_size=1, max_size=20), any_text)
    @example(["a", "A", "a ", "a\0", "", " ", "\ud7ff", "\ue000", "ß", "ss"], "a")
    @example(["FUSS", "Fuß", "fu\u017fs", "\u1e9e", "S"], "ss")
    def check(texts: list[str], asked: str) -> None:
        d = rows.dialect
        some = texts if any(0xD800 <= ord(sign) <= 0xDFFF for sign in asked) else [*texts, asked, asked[:2]]
        folded = asked.casefold()
        expressions = [d.compared(how, X, asked) for how in ORDERS]
        expressions += [d.starts_with(X, asked), d.in_prefix_range(X, asked), d.ends_with(X, asked)]
        expressions += [d.contains(X, asked), d.among(X, [asked, "a"]), d.among_pairs(X, X, [(asked, asked)])]
        expressions += [d.compared(how, d.fold(X), folded) for how in ORDERS]
        expressions += [d.starts_with(d.fold(X), folded), d.ends_with(d.fold(X), folded)]
        expressions += [d.contains(d.fold(X), folded), d.among(d.fold(X), [folded, "a"])]
        expressions += [d.fold(X), d.uri_tail(X), d.after_last(X, "."), d.lower(X), d.consists_of(X, "0123456789")]

        def said(text: str) -> tuple[Any, ...]:
            fold = text.casefold()
            starts = text.startswith(asked)
            parts = (starts, starts, text.endswith(asked), asked in text, text in (asked, "a"), text == asked)
            folds = (fold.startswith(folded), fold.endswith(folded), folded in fold, fold in (folded, "a"))
            lower = "".join(sign.lower() if sign.isascii() else sign for sign in text)
            tails = (
                fold,
                text.rstrip("/").rpartition("/")[2],
                text.rpartition(".")[2],
                lower,
                not text.strip("0123456789"),
            )
            return (
                *(how(text, asked) for how in ORDERS),
                *parts,
                *(how(fold, folded) for how in ORDERS),
                *folds,
                *tails,
            )

        found = [tuple(row) for row in rows.of(some, *expressions)]
        for text, row in zip(some, found, strict=True):
            assert row[:-2] == said(text)[:-2], text
            assert row[-2] == text.lower() or not text.isascii(), text
            assert row[-1] == said(text)[-1], text

    check()


def test_what_is_only_asked_whether_it_is_there_is_not_sorted() -> None:
    assert "ORDER BY" not in TYPES(WORDS).text


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
        rows.fill("x", texts)
        shown = rows.fetch(select(X, VALUES.c.place).order_by(rows.dialect.ordered(X), VALUES.c.place))
        assert shown == sorted((text, place) for place, text in enumerate(texts))

    check()


def test_long_texts_are_sorted_by_their_octets(rows: Rows) -> None:
    texts = ["x" * length + end for length in (1_000, 5_000, 60_000) for end in ("", "b", "a")]
    rows.fill("x", texts)
    assert rows.fetch(select(X).order_by(rows.dialect.ordered(X))) == sorted((text,) for text in texts)


def test_doubles(rows: Rows) -> None:
    @thorough
    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20), numbers)
    @example([2.0**53, 2.0**53 + 2, 2.0**63, 1e15, 1e16, 123456789012345.6, 1234567890123456.5], 2**53 + 1)
    @example([-1.7976931348623157e308, 1.7976931348623157e308], -math.inf)
    @example([-1.7976931348623157e308, 1.7976931348623157e308], math.inf)
    @example([1e-4, 9.999e-5, 1e-14, 1e-15, 1e-16, 1e22, 1e23, 5e-324, 0.1, -1e-5], 2**63 - 1)
    def check(doubles: list[float], asked: float) -> None:
        doubles = [0.0 if double == 0 else double for double in doubles]  # as within_servers
        d = rows.dialect
        expressions = [d.compared(how, D, asked) for how in ORDERS] + [d.among(D, [asked, 0.5]), d.json_text(D), D]
        expected = [(*(how(d, asked) for how in ORDERS), d in (asked, 0.5), as_text(decode(d)), d) for d in doubles]
        assert rows.of(doubles, *expressions) == expected

    check()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | storable | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
    max_leaves=20,
)
dumped = st.builds(
    lambda value, ascii_, indent: json.dumps(value, ensure_ascii=ascii_, indent=indent),
    json_values,
    st.booleans(),
    st.sampled_from((None, None, 1)),
).filter(lambda text: text.isascii() or not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text))
WRONG = (
    *(
        "",
        " ",
        "nul",
        "NaN",
        "-Infinity",
        "[NaN]",
        "1 2",
        "[1,]",
        "{,}",
        "01",
        ".5",
        "-",
        "+1",
        "1e",
        '"\\x"',
        "1.",
        "True",
        "nan",
    ),
    *('"a\nb"', '"\x01"', "\x01", "[\x02]", "'a'", '{"a" 1}', '{"a":1,}', "{1:2}", '"\\ud83d"', '"\\udc4d\\ud83d"'),
    *('"\\\\ud83d"', '"\\"', '"\\\\"', '"\\\\\\""', "truefalse", "tru e", "[1 2]", "{}{}", "[" * 9, '"NaN"'),
    *(
        "0e9999",
        "-0.0",
        "1E5",
        "1E+2",
        "\ufeff{}",
        "1.7976931348623157e308",
        '{"a":1,"a":2,"b":3}',
        '["\\u0041\\"\\\\"]',
    ),
)


def test_json(rows: Rows) -> None:
    def check(texts: list[str]) -> None:
        d = rows.dialect
        number = d.json_number(X)
        shown = [func.coalesce(d.is_json(X), false()), number.integer, number.double]
        found = rows.of(texts, *shown)
        member = d.members(X, None)
        members = select(VALUES.c.place, member.c.key, text_of_member(member, d)).select_from(VALUES)
        listed: dict[int, dict[str, Any]] = {place: {} for place in range(len(texts))}
        for place, key, text in rows.fetch(members):
            listed[place].setdefault(key, text)
        for place, (text, (is_json, integer, double)) in enumerate(zip(texts, found, strict=True)):
            value = parse_json(text)
            strict = _is_strict(text)
            is_number = strict and isinstance(value, (int, float)) and not isinstance(value, bool)
            assert is_json == (strict and value is not None), text
            assert (double if integer is None else integer) == (value if is_number else None), text
            expected = {key: as_text(inner) for key, inner in value.items()} if isinstance(value, dict) else {}
            assert listed[place] == _halves(expected), text

    @thorough
    @given(st.lists(dumped | storable | st.sampled_from(WRONG), min_size=1, max_size=10))
    # Characters beyond the connection's latin1, inside what is inside an object, were shown as question marks.
    @example(['{"": {"Ā": null}}', '{"a": ["👍"]}'])
    # No path of MariaDB's finds a key that begins with a minus sign.
    @example(['{"-1": false}', '{"b": null, "-": {"-a": "x"}, "-\\"é": [1], "c-": 1}'])
    def randomly(texts: list[str]) -> None:
        check([text for text in texts if _is_usual(text)] or ["{}"])

    check([text for text in WRONG if '"a":2' not in text])
    check([f'{{"a": {text}}}' for text in WRONG if '"a":2' not in text])
    check(list(MALFORMED.elements))  # type: ignore[attr-defined]
    randomly()


def _is_strict(text: str) -> bool:
    """Whether a text is JSON without what only Python adds."""
    try:
        json.dumps(json.loads(text, parse_constant=_refuse), ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


def _is_usual(text: str) -> bool:
    """Whether a text is none that MariaDB itself reads otherwise: see `docs/servers.md`."""
    odd = '"-"' in text or any("\x7f" <= sign <= "\x9f" for sign in text) or "\\u00" in text
    return ("-0" not in text or "-0.0" in text) and not odd and not _has_twins(text)


def _has_twins(text: str) -> bool:
    """Whether an object has two members of one key: Python shows the last of them, and the databases find the first."""
    found = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len(dict(pairs)) < len(pairs))
        return dict(pairs)

    try:
        json.loads(text, object_pairs_hook=noted)
    except ValueError:
        return False
    return any(found)


def test_members_beside_twins(rows: Rows) -> None:
    rows.fill("x", ['{"a":1,"a":2,"b":3}'])
    member = rows.dialect.members(X, None)
    shown = select(member.c.key, text_of_member(member, rows.dialect)).select_from(VALUES)
    assert ("b", "3") in rows.fetch(shown)


def _refuse(word: str) -> None:
    raise ValueError(word)


def _halves(members: dict[str, Any]) -> dict[str, Any]:
    """Half of a surrogate pair is shown as a replacement character: MySQL's texts hold none."""

    def whole(text: str) -> str:
        return "".join("\ufffd" if 0xD800 <= ord(sign) <= 0xDFFF else sign for sign in text)

    return {whole(key): whole(text) if isinstance(text, str) else text for key, text in members.items()}


@given(st.text(), st.text(max_size=3))
@settings(deadline=None)
def test_a_part_of_the_folding_tells_what_the_whole_would(text: str, part: str) -> None:
    lowered = {chr(code): chr(code).lower()[0] for code in range(sys.maxunicode + 1) if chr(code).lower() != chr(code)}
    whole = _FOLDING
    folded = part.casefold()
    some = whole.of(frozenset(folded))

    def by(made: Folding) -> str:
        found = text
        for old, new in made.before:
            found = found.replace(old, new)
        found = "".join(lowered.get(sign, sign) for sign in found)
        for old, new in made.after:
            found = found.replace(old, new)
        return found

    assert by(whole) == text.casefold()
    assert (folded in by(some)) == (folded in text.casefold())
    assert (by(some) == folded) == (text.casefold() == folded)


_FOLDING = folding(
    {
        sign: sign.lower()[0]
        for sign in map(chr, range(sys.maxunicode + 1))
        if sign.lower() != sign or sign.casefold() != sign
    }
)
