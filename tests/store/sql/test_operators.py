"""Every operator with every subject, on every database, is what the oracle says; and none can be forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import true

from lineageql.model import operators as meanings
from lineageql.model import subjects
from lineageql.model.identity import EntityKind
from lineageql.model.operators import Column, Operator
from lineageql.model.predicates import Field
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
    for place in (meanings.MEANINGS, SAYS, combinations.ASKING):
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


def test_every_field_that_is_tested_is_asked():
    asked_of = {each.subject for each in combinations.QUESTIONS}
    # The name of a workspace that has no context is asked by way of that workspace.
    assert set(subjects.FIELDS) - asked_of == {Field.NAMED_WORKSPACE}
    for each in combinations.QUESTIONS:
        assert any(combinations.combination(each, operator) for operator in Operator), each


@every_operator
def test_an_operator_that_has_no_meaning_raises(bench, monkeypatch, operator):
    tests = [
        test for each in asked(EntityKind.ARTIFACT, operator) for test in each.tests if each.question.through is None
    ]
    monkeypatch.delitem(meanings.MEANINGS, operator)
    with pytest.raises(NotImplementedError, match=f"the operator {operator.value} has no meaning"):
        Column("meaning", dict(meanings.MEANINGS))
    assert tests
    with bench.reading(STORE) as reader:
        for test in tests:
            with pytest.raises(NotImplementedError, match=f"the operator {operator.value} has no meaning"):
                bench.run(reader.search(Search(EntityKind.ARTIFACT, test), Window(1)))


@pytest.mark.parametrize("operator", [Operator.CONTAINS, Operator.ENDS_WITH], ids=lambda operator: operator.value)
@every_kind
def test_an_operator_that_sql_does_not_say_is_decided_over_rows(bench, monkeypatch, kind, operator):
    # Words of another dialect are none of this one's.
    monkeypatch.setitem(sql.WORDS, operator, sql.Words(own={"another": lambda *_: true()}))
    with bench.reading(STORE) as reader:
        assert bench.run(wrongly_answered(reader, kind, operator)) == []


def test_what_has_no_words_and_was_not_decided_over_rows_raises(bench, monkeypatch):
    monkeypatch.delitem(sql.WORDS, Operator.CONTAINS)
    with bench.reading(STORE) as reader, pytest.raises(NotImplementedError, match="contains has no SQL for"):
        sql.said(Operator.CONTAINS, reader.dialect, true(), "x")
