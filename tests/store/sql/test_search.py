"""What the Reader finds and counts is what an evaluator in plain Python finds, for random stores and predicates."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind, Ref, WorkspaceName
from lineageql.model.predicates import Field, Group, Item, Not, Operator, Predicate, Related, Relation, Test
from lineageql.store.ports import Order, Search, Window
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.row_budgets import row_budgets
from tests.store.sql.node_types import COMMON, KFP_V2, KUBEFLOW, MODEL, OTHERS, SDK_EXECUTION
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import EventRecord, NodeRecord, StoreRecord, StructValue, TypeRecord, Value
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


def check_found(bench: Workbench, reader: SQLReader, search: Search, wanted: list[Thing]) -> None:
    assert bench.run(found(reader, search)) == [thing.ref for thing in wanted]
    assert bench.run(reader.count(search)) == len(wanted)


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_found_is_what_the_predicate_is_true_of(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps), st.sampled_from(sorted(BUDGETS)))
    def check(case: Case, how: str) -> None:
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            for predicate in case.predicates:
                check_found(bench, reader, Search(kind, predicate), expected(case.oracle, kind, predicate))

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


def with_objects(store: StoreRecord) -> StoreRecord:
    """A store whose documents of labels are objects: in others the Reader by SQL finds texts that are no label's."""

    def cleaned(node: NodeRecord) -> NodeRecord:
        return replace(node, declared={name: v for name, v in node.declared.items() if _is_object(name, v)})

    return replace(
        store,
        artifacts=tuple(map(cleaned, store.artifacts)),
        executions=tuple(map(cleaned, store.executions)),
        contexts=tuple(map(cleaned, store.contexts)),
    )


def _is_object(name: str, value: Value) -> bool:
    if name not in ("labels", "__ALL_META__") or not isinstance(value, str):
        return True
    try:
        found = json.loads(value)
    except ValueError:
        return False
    labels = found.get("labels") if name == "__ALL_META__" and isinstance(found, dict) else found
    return isinstance(labels, dict) or labels is None


SOUGHT = (
    "a",
    "B",
    "team",
    "é",
    "%",
    "/",
    "model",
    "x",
    "1",
    "5",
    "0.",
    "-",
    "TRUE",
    "e",
    "ss",
    "inf",
    "a e",
    " B  team ",
    "x 1 5",
)


def rank_of(thing: Thing, text: str) -> int | None:
    """Where the words of a text are in an entity, the best place first; None where one of them is nowhere."""
    words = text.casefold().split()
    sought = " ".join(words)
    name, uri, description = (
        (thing.fields.get(field) or "").casefold() for field in (Field.NAME, Field.URI, Field.DESCRIPTION)
    )
    labels = [value.casefold() for value in thing.labels.values()]
    if not all(any(word in held for held in (name, uri, description, *labels)) for word in words):
        return None
    places = (name == sought, name.startswith(sought), sought in name, sought in labels)
    places += (any(sought in label for label in labels), sought in uri, sought in description)
    return next((place for place, held in enumerate(places, 1) if held), 8)


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_a_text_is_sought_in_all_that_may_hold_it(bench, kind):
    @thorough(bench)
    @given(stores().map(with_objects).map(bench.keeps), st.sampled_from(SOUGHT))
    def check(store: StoreRecord, text: str) -> None:
        ranked = [(rank, t.place, t.ref) for t in Oracle(store).of(kind) if (rank := rank_of(t, text)) is not None]
        with bench.reading(store) as reader:
            rows = bench.run(reader.find_text(kind, text, WHOLE)).rows
            assert [(row.key[0], row.entity.ref) for row in rows] == [(rank, ref) for rank, _, ref in sorted(ranked)]
            assert bench.run(reader.count_text(kind, text)) == len(ranked)

    check()


@pytest.mark.parametrize("value", [5, 0.25, True], ids=str)
def test_a_text_is_sought_in_names_that_are_numbers(bench, value):
    """Only properties that are texts were looked into."""
    store = StoreRecord(
        types=KUBEFLOW,
        artifacts=(NodeRecord(1, MODEL, declared={"name": value}), NodeRecord(2, MODEL, declared={"name": "x"})),
        executions=(NodeRecord(1, SDK_EXECUTION, custom={"name": value}), NodeRecord(2, SDK_EXECUTION)),
    )
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        with bench.reading(store) as reader:
            (row,) = bench.run(reader.find_text(kind, str(value).lower(), WHOLE)).rows
            assert (row.entity.ref, row.entity.name) == (Ref(kind, 1), str(value).lower())


def test_workspaces_that_are_only_names_are_told_apart_by_every_octet(bench):
    long = "é" * 130
    names = ("a", "A", "a ", "á", "x" * 255, "x" * 256, long, f"{long}b", f"{long}B")
    nodes = (NodeRecord(place, SDK_EXECUTION, custom={"__kf_workspace__": name}) for place, name in enumerate(names, 1))
    with bench.reading(StoreRecord(types=KUBEFLOW, executions=tuple(nodes))) as reader:
        search = Search(EntityKind.WORKSPACE)
        assert {ref.key.name for ref in bench.run(found(reader, search))} == set(names)
        assert bench.run(reader.count(search)) == len(names)


ATTRIBUTES = {
    Field.START_TIME: "start_time",
    Field.END_TIME: "end_time",
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


@pytest.mark.parametrize("name", ["__kf_run__", "__kf_workspace__"])
def test_a_list_is_no_name(bench, name):
    """MLMD keeps it as text, which was taken for the name of a run or of a workspace."""
    names = {"__kf_workspace__": "w", "__kf_run__": "r", name: StructValue((("list", [1.0, "a"]),))}
    store = StoreRecord(types=KUBEFLOW, executions=(NodeRecord(1, SDK_EXECUTION, custom=names),))
    with bench.reading(store) as reader:
        assert bench.run(found(reader, Search(EntityKind.RUN))) == []
        spaces = [Ref(EntityKind.WORKSPACE, WorkspaceName("w"))] if name == "__kf_run__" else []
        assert bench.run(found(reader, Search(EntityKind.WORKSPACE))) == spaces


def test_a_value_of_metrics_is_a_number(bench):
    """Metrics of other writers keep their values in properties, beside texts that are none."""
    node = NodeRecord(1, of_type("google.ForecastingMetrics"), custom={"p": "a", "q": 1.5})
    with bench.reading(StoreRecord(types=EVERY_WRITERS_TYPES, artifacts=(node,))) as reader:
        for name, operand, wanted in (("p", "a", []), ("q", 1.5, [1]), ("q", 2.5, [])):
            test = Test(Item(Group.VALUES, name), Operator.EQ, operand)
            assert bench.run(reader.ids(EntityKind.ARTIFACT, test, 10)) == wanted
        there = Test(Item(Group.VALUES, "p"), Operator.EXISTS)
        assert bench.run(reader.count(Search(EntityKind.ARTIFACT, there))) == 0


def test_a_lineage_begins_at_what_a_struct_holds(bench):
    """Roots are found by their ids alone, and the test of an item in a Struct was left out of that."""
    inputs = StructValue((("rate", 0.1),))
    store = StoreRecord(types=KFP_V2, executions=(NodeRecord(1, KFP_V2[1], custom={"inputs": inputs}),))
    test = Test(Item(Group.PARAMETERS, "rate"), Operator.EQ, 0.1)
    with bench.reading(store) as reader:
        assert bench.run(reader.ids(EntityKind.EXECUTION, test, 10)) == [1]
        assert bench.run(reader.ids(EntityKind.EXECUTION, Not(test), 10)) == []


def of_type(name: str) -> TypeRecord:
    return next(type_ for type_ in EVERY_WRITERS_TYPES if type_.name == name)


EVERY_WRITERS_TYPES = sum(OTHERS, COMMON)
EVERY_WRITER = StoreRecord(
    types=EVERY_WRITERS_TYPES,
    artifacts=tuple(NodeRecord(id_, of_type("PushedModel"), name=f"a{id_}") for id_ in (1, 2)),
    executions=tuple(NodeRecord(id_, of_type("A step"), name=f"e{id_}") for id_ in (1, 2)),
    contexts=tuple(NodeRecord(id_, of_type(name), name=name) for id_, name in ((1, "Experiment"), (2, "run"))),
    events=(EventRecord(1, artifact=1, execution=1, type=4), EventRecord(2, artifact=1, execution=2, type=3)),
    associations=frozenset({(2, 1), (2, 2)}),
)


@pytest.mark.parametrize(
    ("kind", "relations"),
    [
        (EntityKind.ARTIFACT, (Relation.PRODUCED_BY, Relation.RUN, Relation.RUN_OUTPUTS)),
        (EntityKind.ARTIFACT, (Relation.WORKSPACE, Relation.RUNS, Relation.RUN_INPUTS)),
        (EntityKind.EXECUTION, (Relation.INPUTS, Relation.RUN, Relation.RUN_INPUTS)),
        (EntityKind.EXECUTION, (Relation.OUTPUTS, Relation.WORKSPACE, Relation.ARTIFACTS)),
        (EntityKind.RUN, (Relation.RUN_INPUTS, Relation.RUN, Relation.RUN_OUTPUTS)),
        (EntityKind.WORKSPACE, (Relation.ARTIFACTS, Relation.RUN, Relation.RUN_INPUTS)),
    ],
    ids=lambda value: value.value if isinstance(value, EntityKind) else "-".join(one.name for one in value),
)
def test_three_relations_fit_in_one_statement(bench, kind, relations):
    """With the types of every writer statements are deep: SQLite's parser took each of these filters for too much."""
    predicate: Predicate = Not(Test(Item(Group.VALUES, "p"), Operator.EQ, "a"))
    for relation in reversed(relations):
        predicate = Related(relation, predicate)
    wanted = {thing.ref for thing in expected(Oracle(EVERY_WRITER), kind, predicate)}
    order = Order() if kind is EntityKind.WORKSPACE else Order(Item(Group.PARAMETERS, "p"))
    with bench.reading(EVERY_WRITER) as reader:
        assert set(bench.run(found(reader, Search(kind, predicate, order)))) == wanted
