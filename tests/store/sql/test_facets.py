"""Counts by a facet are those that plain Python counts, of each kind of entity, under a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given

from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Relation
from lineageql.store.ports import FACETS, Facet
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.questions import Case, cases
from tests.store.sql.test_search import BUDGETS, expected, thorough

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
    if by is Facet.STATE:
        states = ArtifactState if thing.ref.kind is EntityKind.ARTIFACT else ExecutionState
        return [states(thing.fields[Field.STATE]).name]
    return [thing.fields[Field.KIND].value if by is Facet.KIND else thing.fields[Field.TYPE]]


@pytest.mark.parametrize("how", ["as it likes", "gathering"])
@pytest.mark.parametrize("kind", FACETS, ids=lambda kind: kind.value)
def test_counts_are_those_of_plain_python(bench, kind, how):
    @thorough(bench)
    @given(cases(kind, bench.keeps, most=1))
    def check(case: Case) -> None:
        (predicate,), oracle = case.predicates, case.oracle
        things = expected(oracle, kind, predicate)
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            for by in FACETS[kind]:
                wanted = Counter(value for thing in things for value in values(oracle, thing, by))
                found = bench.run(reader.facets(kind, predicate, by, KEY if by is Facet.LABEL_VALUE else None))
                assert found == wanted, by

    check()
