"""Statements that are kept for other texts are those that are made for the texts themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind
from lineageql.model.predicates import (
    And,
    Field,
    Label,
    Not,
    Operator,
    Or,
    Predicate,
    Property,
    Related,
    Relation,
    Subject,
    Test,
)
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.ports import FACETS, Facet, Search, Window
from lineageql.store.sql import reader as sql_reader
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.statements import Statements
from lineageql.store.sql.wrapping_driver import Exchange, WrappingDriver
from tests.store.sql.node_types import MODEL
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import StoreRecord
from tests.store.sql.test_search import BUDGETS, thorough

T = TypeVar("T")
WHOLE = Window(1000)
TEXTS = ("fraud", "prod", "a b", "s3://bucket/1", "v1.2", "Model/x", "e", "7", "true", "nan", "1e3", "Model/12", "a:b")
SUBJECTS = (Label("stage"), Property("framework"), Field.NAME, Field.URI, Field.VERSION, Field.OWNER, Field.EXTERNAL_ID)


class Told(WrappingDriver):
    """Tells the statements that are run."""

    def __init__(self, driver: Any) -> None:
        super().__init__(driver)
        self.told: list[Statement] = []

    async def exchange(self) -> Exchange:
        def exchange(statements: Sequence[Statement]) -> Script[list[Rows]]:
            self.told += statements
            return (yield list(statements))

        return exchange


@contextmanager
def as_they_are() -> Iterator[None]:
    """Has searches' statements made for their own texts."""
    kept = sql_reader.by_parameters
    sql_reader.by_parameters = lambda dialect, search, script: script(search)
    try:
        yield
    finally:
        sql_reader.by_parameters = kept


def statements_of(
    bench: Any, reader: SQLReader, search: Search, statements: Statements, facets: Sequence[Facet] = ()
) -> list[list[Any]]:
    """The statements of a page, those of a count, and those of some facets."""
    driver = Told(reader.driver)
    asking = SQLReader(driver, statements, reader.budgets)
    page = bench.run(asking.search(search, WHOLE))
    found = [said(driver)]
    if page.rows:
        driver.told.clear()
        bench.run(asking.search(search, Window(2, after=page.rows[0].key)))
        found.append(said(driver))
    driver.told.clear()
    bench.run(asking.count(search))
    found.append(said(driver))
    for by in facets:
        driver.told.clear()
        key = "stage" if by is Facet.LABEL_VALUE else None
        bench.run(asking.facets(search.kind, search.predicate, by, key))
        found.append(said(driver))
    return found


def said(driver: Told) -> list[Any]:
    # MySQL's tables of JSON are counted through.
    return [(re.sub(r"\b([ko])\d+\b", r"\1", statement.text), statement.parameters) for statement in driver.told]


def same(bench: Any, reader: SQLReader, search: Search, kept: Statements, facets: Sequence[Facet] = ()) -> None:
    with as_they_are():
        wanted = statements_of(bench, reader, search, Statements(), facets)
    found = statements_of(bench, reader, search, kept, facets)
    for told, said in zip(found, wanted, strict=True):
        # What could not be a parameter is asked for again, from the beginning of the page or of the count.
        assert told[-len(said) :] == said
        assert len(told) < 2 * len(said) or not told


def some_facets(kind: EntityKind) -> st.SearchStrategy[list[Facet]]:
    facets = sorted(FACETS.get(kind, ()), key=lambda facet: facet.value)
    return st.lists(st.sampled_from(facets), max_size=2, unique=True) if facets else st.just([])


def texts_of(subjects: Sequence[Subject]) -> st.SearchStrategy[Predicate]:
    """Predicates of texts that are plain, or nearly so."""
    texts = st.sampled_from(TEXTS)
    several = st.lists(texts, min_size=1, max_size=9, unique=True).map(tuple)
    one = st.builds(Test, st.sampled_from(subjects), st.just(Operator.EQ), texts)
    test = one | st.builds(Test, st.sampled_from(subjects), st.just(Operator.IN), several)
    terms = st.lists(test | test.map(Not), min_size=2, max_size=3).map(tuple)
    return test | terms.map(And) | terms.map(Or)


def turned(predicate: Predicate, steps: int) -> Predicate:
    """The same of other texts."""

    def other(text: str) -> str:
        return TEXTS[(TEXTS.index(text) + steps) % len(TEXTS)]

    match predicate:
        case And(terms) | Or(terms):
            return type(predicate)(tuple(turned(term, steps) for term in terms))
        case Not(term):
            return Not(turned(term, steps))
        case Related(relation, term):
            return Related(relation, turned(term, steps))
        case Test(_, _, tuple() as texts):
            return replace(predicate, operand=tuple(map(other, map(str, texts))))
        case Test(_, _, str() as text):
            return replace(predicate, operand=other(text))
    raise AssertionError(predicate)


ASKED = texts_of(SUBJECTS) | texts_of(SUBJECTS[:3]).map(lambda inner: Related(Relation.PRODUCED_BY, inner))


@pytest.mark.parametrize("kind", [EntityKind.ARTIFACT, EntityKind.WORKSPACE], ids=lambda kind: kind.value)
def test_random_predicates(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps, most=1), st.sampled_from(sorted(BUDGETS)), some_facets(kind))
    def check(case: Case, how: str, facets: Sequence[Facet]) -> None:
        kept = Statements()
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            for _ in range(2):
                same(bench, reader, Search(kind, case.predicates[0]), kept, facets)

    check()


def test_plain_texts(bench):
    @thorough(bench)
    @given(
        cases(EntityKind.ARTIFACT, bench.keeps, most=1),
        ASKED,
        st.integers(1, len(TEXTS) - 1),
        some_facets(EntityKind.ARTIFACT),
    )
    def check(case: Case, predicate: Predicate, steps: int, facets: Sequence[Facet]) -> None:
        kept = Statements()
        with bench.reading(case.store) as reader:
            for asked in (predicate, turned(predicate, steps)):
                same(bench, reader, Search(EntityKind.ARTIFACT, asked), kept, facets)

    check()


class Counted(Statements):
    """Counts what is made."""

    made = 0

    def get(self, types: TypeCatalog, key: Hashable, make: Callable[[], T]) -> T:
        def counted() -> T:
            self.made += 1
            return make()

        return super().get(types, key, counted)


@pytest.mark.parametrize("subject", SUBJECTS[:4], ids=str)
def test_other_texts_need_no_other_statement(bench, subject):
    kept, first = Counted(), 0
    with bench.reading(StoreRecord(types=(MODEL,))) as reader:
        for text, other in (("fraud", "prod"), ("a b", "models/x")):
            for operand in (text, (text, other)):
                how = Operator.IN if isinstance(operand, tuple) else Operator.EQ
                statements_of(bench, reader, Search(EntityKind.ARTIFACT, Test(subject, how, operand)), kept)
            first = first or kept.made
    assert kept.made == first


@pytest.mark.parametrize("subject", [Field.NAME, Field.VERSION], ids=str)
def test_texts_that_are_looked_into_stay_in_the_statement(bench, subject):
    kept = Counted()
    with bench.reading(StoreRecord(types=(MODEL,))) as reader:
        for text in ("7", "1e3", "true", "Model/12"):
            before = kept.made
            statements_of(bench, reader, Search(EntityKind.ARTIFACT, Test(subject, Operator.EQ, text)), kept)
            assert kept.made > before, text
