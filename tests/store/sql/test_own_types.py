"""A file of own types, laid over random stores: filters and what is shown are what the file says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field
from lineageql.store.ports import Order, Search
from lineageql.store.sql.statements import Statements
from tests.store.sql.orders import in_order, orders
from tests.store.sql.own_types import OWN, knows
from tests.store.sql.questions import Case, cases
from tests.store.sql.test_search import BUDGETS, WHOLE, expected, found, shown, thorough, told


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_found_is_what_the_file_says(bench, kind):
    @thorough(bench)
    @given(
        cases(kind, bench.keeps, knows=knows),
        st.sampled_from(sorted(BUDGETS)),
        orders(kind),
    )
    def check(case: Case, how: str, order: Order) -> None:
        with bench.reading(case.store, statements=Statements(OWN), budgets=BUDGETS[how]) as reader:
            everything: Any = bench.run(reader.search(Search(kind), WHOLE)).rows
            assert {row.entity.ref: shown(row.entity) for row in everything} == {
                thing.ref: told(thing) for thing in case.oracle.of(kind)
            }
            if not isinstance(order.field, Field):
                ordered = in_order(case.oracle, case.oracle.of(kind), order)
                assert bench.run(found(reader, Search(kind, order=order))) == [thing.ref for thing in ordered]
            for predicate in case.predicates:
                wanted = expected(case.oracle, kind, predicate)
                search = Search(kind, predicate)
                assert bench.run(found(reader, search)) == [thing.ref for thing in wanted]
                assert bench.run(reader.count(search)) == len(wanted)

    check()
