"""Counts by a facet are those that plain Python counts, of each kind of entity, under a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import ALWAYS, Field, Group, Operator, Relation, Test
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.ports import FACETS, ITEM_FACETS, Facet
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.statements import Statements
from tests.store.sql.combinations import STORE
from tests.store.sql.expected import all_meta
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import StructValue
from tests.store.sql.test_search import BUDGETS, expected, thorough
from tests.store.sql.writers import Writer

KEY = "team"


def values(oracle: Oracle, thing: Thing, by: Facet) -> Iterable[str]:
    """The values of a facet that an entity has, each once."""
    if by in (Facet.WORKSPACE, Facet.RUN):
        relation = Relation.WORKSPACE if by is Facet.WORKSPACE else Relation.RUN
        return {other.fields[Field.NAME] for other in oracle.related(thing, relation)}
    if by is Facet.LABEL_KEY:
        return thing.labels
    if by is Facet.LABEL_VALUE:
        return [thing.labels[KEY]] if KEY in thing.labels else []
    if by is Facet.PROPERTY_NAME:
        return [name for name in candidates(thing) if thing.property(name) is not None]
    if by in ITEM_FACETS:
        group = ITEM_FACETS[by]
        return [name for name in item_candidates(thing, group) if thing.item(group, name) is not None]
    if by is Facet.WRITER:
        return [thing.writer.name.lower().replace("_", "-")]
    if by is Facet.STATE:
        states = ArtifactState if thing.ref.kind is EntityKind.ARTIFACT else ExecutionState
        return [states(thing.fields[Field.STATE]).name]
    return [thing.fields[Field.KIND].value if by is Facet.KIND else thing.fields[Field.TYPE]]


def candidates(thing: Thing) -> set[str]:
    """What an entity may call something: its own name, the names of its properties, and of the members in these."""
    node, artifact = thing.node, thing.ref.kind is EntityKind.ARTIFACT
    assert node is not None
    members = [dict(value.fields) for value in node.custom.values() if isinstance(value, StructValue)]
    members += [all_meta(node, member) for member in ("values", "hyperparameters", "kwargs")]
    return {
        *node.declared,
        *node.custom,
        *(key for some in members for key, value in some.items() if value is not None),
        *([thing.fields[Field.NAME]] if artifact and thing.fields[Field.NAME] else []),
    }


def item_candidates(thing: Thing, group: Group) -> set[str]:
    """The same of items; what is no name of a member of a document, but a path in it, is none."""
    assert thing.node is not None
    if thing.writer is Writer.KUBEFLOW and thing.ref.kind is EntityKind.ARTIFACT:
        members = all_meta(thing.node, "values" if group is Group.VALUES else "hyperparameters")
    elif thing.writer is Writer.KFP_V2 and group is Group.PARAMETERS:
        struct = thing.node.custom.get("inputs")
        members = dict(struct.fields) if isinstance(struct, StructValue) else {}
    else:
        return candidates(thing)
    return {key for key, value in members.items() if value is not None}


@pytest.mark.parametrize("kind", FACETS, ids=lambda kind: kind.value)
def test_counts_are_those_of_plain_python(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps, most=1), st.sampled_from(["as it likes", "gathering"]))
    def check(case: Case, how: str) -> None:
        (predicate,), oracle = case.predicates, case.oracle
        things = expected(oracle, kind, predicate)
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            for by in FACETS[kind]:
                wanted = Counter(value for thing in things for value in values(oracle, thing, by))
                found = bench.run(reader.facets(kind, predicate, by, KEY if by is Facet.LABEL_VALUE else None))
                assert found == wanted, by

    check()


@pytest.mark.parametrize("kind", FACETS, ids=lambda kind: kind.value)
def test_statements_are_kept(bench, kind):
    made: list[Hashable] = []
    counts: list[int] = []

    class Told(Statements):
        def get(self, types: TypeCatalog, key: Hashable, make: Callable[[], Any]) -> Any:
            return super().get(types, key, lambda: (made.append(key), make())[1])

    told = Told()
    with bench.reading(bench.keeps(STORE)) as reader:
        # Another name of a run is another statement.
        for text in ("fraud", "fraud", "fraud" if kind is EntityKind.RUN else "churn"):
            made.clear()
            asking = SQLReader(reader.driver, told)
            for by in FACETS[kind]:
                predicate = Test(Field.NAME, Operator.EQ, text)
                bench.run(asking.facets(kind, predicate, by, KEY if by is Facet.LABEL_VALUE else None))
            counts.append(len(made))
    first, *later = counts
    assert first >= len(FACETS[kind])
    assert later == [0, 0]


def test_a_statement_with_a_long_key_is_not_kept(bench):
    told = Statements()
    with bench.reading(bench.keeps(STORE)) as reader:
        asking = SQLReader(reader.driver, told)
        for length in (4_000, 4_001):
            bench.run(asking.facets(EntityKind.ARTIFACT, ALWAYS, Facet.LABEL_VALUE, "k" * length))
        kept = [key for key in told._made if isinstance(key, tuple) and key[0] == "facet"]
    assert [len(key[3]) for key in kept] == [4_000]
