"""Filters by lineage hold for what plain Python walks to from each entity, alone, negated and inside relations."""

from __future__ import annotations

import pytest
from hypothesis import given

from lineageql.catalog.reach import walking
from lineageql.model.identity import EntityKind
from lineageql.store.ports import Search
from tests.store.sql.questions import Case, cases
from tests.store.sql.test_search import expected, found, thorough

MANY = 1_000_000


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_found_is_what_the_predicate_is_true_of(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps, walks=True))
    def check(case: Case) -> None:
        with bench.reading(case.store) as plain:
            for predicate in case.predicates:
                reader, search = walking(plain, MANY), Search(kind, predicate)
                wanted = [thing.ref for thing in expected(case.oracle, kind, predicate)]
                assert bench.run(found(reader, search)) == wanted
                assert bench.run(reader.count(search)) == len(wanted)
                if kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
                    ids = {ref.key for ref in wanted}
                    assert set(bench.run(reader.ids(kind, predicate, MANY))) == ids
                    assert set(bench.run(reader.matching(kind, range(9), predicate))) == ids & set(range(9))

    check()
