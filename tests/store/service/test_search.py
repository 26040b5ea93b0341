"""What the Reader over MLMD's service finds and counts is what an evaluator in plain Python finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.catalog.reach import walking
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import ALWAYS, Field, Label, Operator, Property, Test
from lineageql.store.ports import Facet, Link, Order, Search, Window
from tests.store.service.carried import carried
from tests.store.service.conftest import WAYS
from tests.store.sql.node_types import COMMON, KUBEFLOW, MODEL, MODEL_REGISTRY
from tests.store.sql.oracle import Oracle
from tests.store.sql.orders import NAMED, in_order, names
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import NodeRecord, StoreRecord
from tests.store.sql.stores import stores
from tests.store.sql.test_pages import walked
from tests.store.sql.test_search import expected, found, shown, told

WHOLE = Window(1000)
STEP, REGISTERED_MODEL = COMMON[5], MODEL_REGISTRY[2]
ways = st.sampled_from(WAYS)
thorough = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_found_is_what_the_predicate_is_true_of(service_bench, kind):
    @thorough
    @given(cases(kind, carried), ways)
    def check(case: Case, way: str) -> None:
        with service_bench.reading(case.store, way) as reader:
            for predicate in case.predicates:
                wanted = expected(case.oracle, kind, predicate)
                search = Search(kind, predicate)
                assert service_bench.run(found(reader, search)) == [thing.ref for thing in wanted]
                assert service_bench.run(reader.count(search)) == len(wanted)

    check()


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.value)
def test_orders_by_names(service_bench, kind):
    """Also page by page, and under owners."""
    links = [link for link in Link if link.target is kind and link.owner is EntityKind.WORKSPACE]

    @thorough
    @given(cases(kind, carried, most=1), st.builds(Order, names(kind), st.booleans()), st.integers(1, 3), ways)
    def check(case: Case, order: Order, size: int, way: str) -> None:
        search = Search(kind, case.predicates[0], order)
        wanted = [t.ref for t in in_order(case.oracle, expected(case.oracle, kind, search.predicate), order)]
        with service_bench.reading(case.store, way) as reader:
            for backward in (False, True):
                assert service_bench.run(walked(reader, search, size, backward=backward)) == wanted
            for link in links:
                owners = [thing.ref for thing in case.oracle.of(link.owner)]
                plain = service_bench.run(reader.search_under(link, owners, Search(kind), WHOLE))
                slices = service_bench.run(reader.search_under(link, owners, search, WHOLE))
                for owner in owners:
                    held = {row.entity.ref for row in plain[owner].rows}
                    assert [row.entity.ref for row in slices[owner].rows] == [ref for ref in wanted if ref in held]

    check()


def test_labels_and_extras_in_the_documents_of_the_sdk(service_bench, way):
    """No filter of MLMD's reaches them, so they must not be looked for by one alone."""
    meta = '{"workspace": null, "labels": {"team": "fraud", "tier": 1}, "kwargs": {"grade": "good"}}'
    store = StoreRecord(
        types=KUBEFLOW,
        artifacts=(
            NodeRecord(1, MODEL, declared={"__ALL_META__": meta}),
            NodeRecord(2, MODEL, custom={"label:team": "fraud", "grade": "good"}),
            NodeRecord(3, MODEL, declared={"__ALL_META__": meta}, custom={"label:team": "other", "grade": "bad"}),
        ),
    )
    for subject, text, wanted in (
        (Label("team"), "fraud", [1, 2]),
        (Label("tier"), "1", [1, 3]),
        (Property("grade"), "good", [1, 2]),
        (Property("grade"), "bad", [3]),
    ):
        with service_bench.reading(store, way) as reader:
            search = Search(EntityKind.ARTIFACT, Test(subject, Operator.EQ, text))
            assert [ref.key for ref in service_bench.run(found(reader, search))] == wanted
    with service_bench.reading(store, way) as reader:
        counts = service_bench.run(reader.facets(EntityKind.ARTIFACT, ALWAYS, Facet.LABEL_VALUE, "team"))
        assert counts == {"fraud": 2, "other": 1}


def test_a_declared_property_of_which_no_type_knows(service_bench, way):
    """It was looked for among the custom properties alone."""
    step, model = NodeRecord(1, STEP, declared={"q": "b"}), NodeRecord(1, REGISTERED_MODEL, "m", declared={"q": "b"})
    store = StoreRecord(types=(STEP, REGISTERED_MODEL), executions=(step,), contexts=(model,))
    for kind in (EntityKind.EXECUTION, EntityKind.WORKSPACE):
        with service_bench.reading(store, way) as reader:
            search = Search(kind, Test(Property("q"), Operator.EQ, "b"))
            assert [ref.key for ref in service_bench.run(found(reader, search))] == [1]


@pytest.mark.parametrize("kind", [EntityKind.ARTIFACT, EntityKind.EXECUTION], ids=lambda kind: kind.value)
def test_matching_is_what_the_predicate_is_true_of(service_bench, kind):
    @thorough
    @given(cases(kind, carried, most=1), st.sets(st.integers(0, 9)))
    def check(case: Case, ids: set[int]) -> None:
        (predicate,) = case.predicates
        wanted = {thing.ref.key for thing in expected(case.oracle, kind, predicate)} & ids
        with service_bench.reading(case.store) as reader:
            assert sorted(service_bench.run(reader.matching(kind, sorted(ids), predicate))) == sorted(wanted)

    check()


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_shown_is_what_filters_see(service_bench, kind):
    """The fields of the entities that are found, as clients see them, are those that the evaluator tested."""

    @thorough
    @given(stores())
    def check(store: Any) -> None:
        with service_bench.reading(store) as reader:
            rows = service_bench.run(reader.search(Search(kind, order=Order(Field.ID)), WHOLE)).rows
            assert {row.entity.ref: shown(row.entity) for row in rows} == {
                t.ref: told(t) for t in Oracle(carried(store)).of(kind)
            }
            loaded = service_bench.run(reader.get([row.entity.ref for row in rows]))
            assert {ref: shown(entity) for ref, entity in loaded.items()} == {
                r.entity.ref: shown(r.entity) for r in rows
            }

    check()


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_filters_by_lineage(service_bench, kind):
    @thorough
    @given(cases(kind, carried, most=1, walks=True), ways)
    def check(case: Case, way: str) -> None:
        (predicate,) = case.predicates
        with service_bench.reading(case.store, way) as plain:
            wanted = [thing.ref for thing in expected(case.oracle, kind, predicate)]
            assert service_bench.run(found(walking(plain, 1000), Search(kind, predicate))) == wanted

    check()
