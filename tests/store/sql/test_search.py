"""What the Reader finds and counts is what an evaluator in plain Python finds, for random stores and predicates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Predicate
from lineageql.store.ports import Order, Search, Window
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.row_budgets import row_budgets
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.questions import Case, cases
from tests.store.sql.stores import stores
from tests.store.sql.workbench import Workbench

ROW_BY_ROW = [*[1] * 40, 1_000_000]
"""More turns than most random stores have rows; the last is for the orders that no index gives."""
BUDGETS = {
    "as it likes": row_budgets,
    "walking row by row": lambda limit: [1] if limit is None else ROW_BY_ROW,
    "two rows and then gathering": lambda limit: [2, 1_000_000],
    "gathering": lambda limit: [1_000_000],
}
WHOLE = Window(1000)


def thorough(bench: Workbench) -> Any:
    """Settings for properties of many random stores; fewer where a store takes its time to make."""
    most = max(1, int(settings().max_examples * bench.examples))
    return settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=most)


async def found(reader: SQLReader, search: Search) -> list[Any]:
    return [row.entity.ref for row in (await reader.search(search, WHOLE)).rows]


def expected(oracle: Oracle, kind: EntityKind, predicate: Predicate) -> list[Thing]:
    return sorted((t for t in oracle.of(kind) if oracle.holds(predicate, t)), key=lambda thing: thing.place)


@pytest.mark.parametrize("how", BUDGETS)
@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_found_is_what_the_predicate_is_true_of(bench, kind, how):
    @thorough(bench)
    @given(cases(kind, bench.keeps))
    def check(case: Case) -> None:
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            for predicate in case.predicates:
                wanted = expected(case.oracle, kind, predicate)
                search = Search(kind, predicate)
                assert bench.run(found(reader, search)) == [thing.ref for thing in wanted]
                assert bench.run(reader.count(search)) == len(wanted)

    check()


@pytest.mark.parametrize("kind", [EntityKind.ARTIFACT, EntityKind.EXECUTION], ids=lambda kind: kind.value)
def test_matching_is_what_the_predicate_is_true_of(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps, most=1), st.sets(st.integers(0, 9)))
    def check(case: Case, ids: set[int]) -> None:
        (predicate,) = case.predicates
        wanted = {thing.ref.key for thing in expected(case.oracle, kind, predicate)} & ids
        with bench.reading(case.store) as reader:
            assert sorted(bench.run(reader.matching(kind, sorted(ids), predicate))) == sorted(wanted)

    check()


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_shown_is_what_filters_see(bench, kind):
    """The fields of the entities that are found, as clients see them, are those that the evaluator tested."""

    @thorough(bench)
    @given(stores().map(bench.keeps))
    def check(store: Any) -> None:
        with bench.reading(store) as reader:
            rows = bench.run(reader.search(Search(kind, order=Order(Field.ID)), WHOLE)).rows
            assert {row.entity.ref: shown(row.entity) for row in rows} == {
                t.ref: told(t) for t in Oracle(store).of(kind)
            }
            loaded = bench.run(reader.get([row.entity.ref for row in rows]))
            assert {ref: shown(entity) for ref, entity in loaded.items()} == {
                r.entity.ref: shown(r.entity) for r in rows
            }

    check()


ATTRIBUTES = {
    Field.ID: "mlmd_id",
    Field.NAME: "name",
    Field.DESCRIPTION: "description",
    Field.EXTERNAL_ID: "external_id",
    Field.CREATE_TIME: "create_time",
    Field.UPDATE_TIME: "update_time",
    Field.URI: "uri",
    Field.VERSION: "version",
    Field.OWNER: "owner",
}


def shown(entity: Any) -> dict[str, Any]:
    fields = {field.value: getattr(entity, name) for field, name in ATTRIBUTES.items() if hasattr(entity, name)}
    fields |= {"type": entity.type.name, "labels": entity.label_values}
    if hasattr(entity, "state"):
        fields["state"] = entity.state.value
    if hasattr(entity, "kind"):
        fields["kind"] = entity.kind
    return fields


def told(thing: Thing) -> dict[str, Any]:
    fields = {field.value: value for field, value in thing.fields.items()}
    if thing.ref.kind is EntityKind.RUN:
        del fields["state"]  # a run's state is counted, not shown by its own row
    return fields | {"labels": thing.labels}
