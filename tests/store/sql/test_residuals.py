"""An operator that SQL does not say is decided over rows: it finds the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.errors import TooExpensive
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Group, Item, Operator, Test
from lineageql.store.ports import Search
from lineageql.store.sql import residuals
from lineageql.store.sql.operators import WORDS
from tests.store.sql.node_types import KFP_V2, MODEL
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import NodeRecord, StoreRecord, StructValue
from tests.store.sql.test_search import BUDGETS, check_found, expected, thorough

UNSAID = (Operator.CONTAINS, Operator.ENDS_WITH)


@pytest.fixture
def unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the words of some operators away."""
    for how in UNSAID:
        monkeypatch.delitem(WORDS, how)


@pytest.mark.parametrize("kind", [EntityKind.ARTIFACT, EntityKind.RUN], ids=lambda kind: kind.value)
def test_found_is_what_the_predicate_is_true_of(bench, unsaid, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps), st.sampled_from(sorted(BUDGETS)))
    def check(case: Case, how: str) -> None:
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            for predicate in case.predicates:
                wanted = expected(case.oracle, kind, predicate)
                check_found(bench, reader, Search(kind, predicate), wanted)
                numbered = sorted(thing.ref.key for thing in wanted if isinstance(thing.ref.key, int))
                if kind is EntityKind.ARTIFACT:
                    assert sorted(bench.run(reader.ids(kind, predicate, 1000))) == numbered
                    assert sorted(bench.run(reader.matching(kind, numbered, predicate))) == numbered

    check()


def test_what_is_looked_at_is_bounded(bench, unsaid, monkeypatch):
    monkeypatch.setattr(residuals, "MOST_ROWS", 2)
    monkeypatch.setattr(residuals, "_PAGE", 1)
    nodes = tuple(NodeRecord(id=place, type=MODEL, declared={"name": f"n{place}"}) for place in range(1, 5))
    with bench.reading(StoreRecord(types=(MODEL,), artifacts=nodes)) as reader:
        search = Search(EntityKind.ARTIFACT, Test(Field.NAME, Operator.CONTAINS, "3"))
        with pytest.raises(TooExpensive, match="contains would have to read more than 2 rows"):
            bench.run(reader.count(search))


def test_a_text_in_a_struct(bench, unsaid):
    node = NodeRecord(1, KFP_V2[1], custom={"inputs": StructValue((("s", "abc"),))})
    with bench.reading(StoreRecord(types=KFP_V2, executions=(node,))) as reader:
        for how, operand, wanted in ((Operator.CONTAINS, "b", [1]), (Operator.ENDS_WITH, "b", [])):
            test = Test(Item(Group.PARAMETERS, "s"), how, operand)
            assert bench.run(reader.ids(EntityKind.EXECUTION, test, 10)) == wanted
