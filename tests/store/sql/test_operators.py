"""Every operator with every subject, on every database, is what the oracle says; and none can be forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import true

from lineageql.model import operators as meanings
from lineageql.model.identity import EntityKind
from lineageql.model.operators import Column, Operator
from lineageql.model.predicates import Field, Label, Test
from lineageql.store.ports import Search, Window
from lineageql.store.sql import operators as sql
from tests.store.service.carried import carried
from tests.store.sql import combinations
from tests.store.sql.combinations import ALWAYS, LOOSE, STORE, asked, wrongly_answered
from tests.store.sql.oracle import SAYS
from tests.store.sql.records import within_servers
from tests.store.sql.test_search import BUDGETS

every_kind = pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
every_operator = pytest.mark.parametrize("operator", Operator, ids=lambda operator: operator.value)


@every_operator
def test_an_operator_has_a_row_wherever_it_needs_one(operator):
    for place in (meanings.MEANINGS, sql.WORDS, SAYS, combinations.ASKING):
        assert operator in place


@every_operator
@every_kind
def test_no_operator_can_be_taken_for_another(kind, operator):
    """What is asked below tells each operator from every other one, else a wrong answer would go unseen."""
    found = asked(kind, operator)
    assert found
    for each in found:
        assert each.tests, f"{each.question}: true of nothing, or of everything"
        loose = each.question.subject == LOOSE or (each.question, each.tests[0].operand) in ALWAYS
        assert loose or not each.untold, f"{each.question}: {each.untold}"


def test_the_store_is_the_same_on_every_backend():
    assert within_servers(STORE) == STORE
    assert carried(STORE) == STORE


@every_operator
@every_kind
def test_every_subject_by_every_operator(bench, kind, operator):
    with bench.reading(STORE, budgets=BUDGETS["gathering"]) as reader:
        assert bench.run(wrongly_answered(reader, kind, operator)) == []


@pytest.mark.parametrize("column", [meanings.MEANINGS, sql.WORDS], ids=lambda column: column.name)
@every_operator
def test_an_operator_that_has_no_row_raises(bench, monkeypatch, column, operator):
    tests = [
        test for each in asked(EntityKind.ARTIFACT, operator) for test in each.tests if each.question.through is None
    ]
    if column is sql.WORDS:  # types are compared in Python, references by their ids, and nothing is one of none
        tests = [test for test in tests if test.subject in (Field.NAME, Label("team")) and test.operand != ()]
    monkeypatch.delitem(column, operator)
    with pytest.raises(NotImplementedError, match=f"the operator {operator.value} has no {column.name}"):
        Column(column.name, dict(column))
    assert tests
    with bench.reading(STORE) as reader:
        for test in tests:
            with pytest.raises(NotImplementedError, match=f"the operator {operator.value} has no {column.name}"):
                bench.run(reader.search(Search(EntityKind.ARTIFACT, test), Window(1)))


def test_an_operator_that_a_dialect_has_no_words_for_raises(bench, monkeypatch):
    monkeypatch.setitem(sql.WORDS, Operator.CONTAINS, sql.Words(own={"another": lambda *_: true()}))
    search = Search(EntityKind.ARTIFACT, Test(Field.NAME, Operator.CONTAINS, "x"))
    with bench.reading(STORE) as reader, pytest.raises(NotImplementedError, match="contains has no SQL for"):
        bench.run(reader.search(search, Window(1)))
