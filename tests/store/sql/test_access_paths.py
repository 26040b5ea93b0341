"""Each access path of a search holds every match, whichever of them is the cheapest."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import select

from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.predicates import Field, Label, Operator, Predicate, Property, Related, Relation, Subject, Test
from lineageql.store.ports import Search
from lineageql.store.sql.access_path import RunPath
from lineageql.store.sql.access_paths import AccessPaths
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.run_scan import RunScan, Tied
from lineageql.store.sql.sources import run_source, source_of
from tests.store.sql.mysql_workbench import MariaDBWorkbench
from tests.store.sql.node_types import KFP_V2, KUBEFLOW, MODEL, RUN, SDK_EXECUTION, WORKSPACE
from tests.store.sql.oracle import Oracle
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import EventRecord, NodeRecord, StoreRecord
from tests.store.sql.test_search import BUDGETS, expected, found, thorough


async def held(reader: Any, kind: EntityKind, predicate: Predicate) -> list[set[Any]]:
    """The ids, or of runs the keys, that each access path of a search holds."""
    predicate = (await reader._settled(Search(kind, predicate))).predicate  # workspaces that are only names stand apart
    clauses = Clauses(await reader.type_catalog(), reader.dialect)
    found = []
    for path in AccessPaths(clauses, source_of(kind, clauses.types)).of(predicate):
        if isinstance(path, RunPath):
            runs = run_source(clauses.types, RunScan(tied=Tied.of(path))).from_.c
            rows = await reader._fetch(select(runs.id, runs.workspace_name, runs.run_name, runs.named))
            found.append({RunName(space, run) if named else id_ for id_, space, run, named in rows})
        else:
            found.append({row[0] for row in await reader._fetch(path.ids(reader.dialect))})
    return found


def check_paths(bench: Any, reader: Any, oracle: Oracle, kind: EntityKind, predicate: Predicate) -> None:
    keys = {thing.ref.key for thing in expected(oracle, kind, predicate)}
    wanted = {key for key in keys if not isinstance(key, WorkspaceName)}  # these are found beside the access paths
    for ids in bench.run(held(reader, kind, predicate)):
        assert wanted <= ids, predicate


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_each_access_path_holds_every_match(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps))
    def check(case: Case) -> None:
        with bench.reading(case.store) as reader:
            for predicate in case.predicates:
                check_paths(bench, reader, case.oracle, kind, predicate)

    check()


NAMED = StoreRecord(
    types=KUBEFLOW,
    contexts=(
        NodeRecord(1, WORKSPACE, "w"),
        NodeRecord(
            2,
            RUN,
            "w/r",
            external_id="r",
            created=1000,
            declared={"description": "r"},
            custom={"__kf_workspace__": "w", "__kf_run__": "r", "p": 1, "q": "r", "label:team": "r"},
        ),
    ),
    executions=(
        # Of a run with a context, and of one that is only a name.
        NodeRecord(1, SDK_EXECUTION, custom={"__kf_workspace__": "w", "__kf_run__": "r"}),
        NodeRecord(2, SDK_EXECUTION, custom={"__kf_workspace__": "w", "__kf_run__": "s"}, created=3000),
    ),
    artifacts=(NodeRecord(1, MODEL), NodeRecord(2, MODEL)),
    events=(EventRecord(1, 1, 1, 4), EventRecord(2, 2, 2, 4)),
    attributions=frozenset({(1, 1), (1, 2)}),
    associations=frozenset({(1, 1), (1, 2), (2, 1)}),
    parents=frozenset({(2, 1)}),
)
_, STEP, PIPELINE, CONTEXT_RUN, _ = KFP_V2
MIXED = StoreRecord(
    types=KUBEFLOW + KFP_V2,
    contexts=(
        *NAMED.contexts,
        NodeRecord(3, PIPELINE, "pipeline"),
        NodeRecord(
            4, CONTEXT_RUN, "k", external_id="k", created=2000, declared={"description": "k"}, custom={"p": 2, "q": "k"}
        ),
    ),
    # Of a run that is only a context.
    executions=(*NAMED.executions, NodeRecord(3, STEP)),
    artifacts=(*NAMED.artifacts, NodeRecord(3, MODEL)),
    events=(*NAMED.events, EventRecord(3, 3, 3, 4)),
    attributions=NAMED.attributions,
    associations=NAMED.associations | {(4, 3)},
    parents=NAMED.parents | {(4, 3)},
)
TESTS: list[tuple[Subject, Operator, Any]] = [
    *((Field.NAME, Operator.IN, (name,)) for name in ("r", "s", "k")),
    *((Field.NAME, Operator.STARTS_WITH, name) for name in ("r", "s", "k", "")),
    (Field.NAME, Operator.GTE, "k"),
    *((Field.REF, Operator.IN, (Ref(EntityKind.RUN, key),)) for key in (RunName("w", "r"), RunName("w", "s"), 2, 4)),
    *((Field.ID, Operator.EQ, id_) for id_ in (2, 4)),
    (Field.ID, Operator.GT, 0),
    *((Field.TYPE, Operator.EQ, type_.name) for type_ in (RUN, CONTEXT_RUN)),
    *((Field.EXTERNAL_ID, Operator.EQ, name) for name in ("r", "k")),
    *((Field.DESCRIPTION, Operator.EQ, name) for name in ("r", "k")),
    *((Field.CREATE_TIME, Operator.EQ, time) for time in (1000, 2000, 3000)),
    *((Property("q"), Operator.EQ, name) for name in ("r", "k")),
    *((Property("p"), Operator.EQ, number) for number in (1, 2)),
    (Property("p"), Operator.GTE, 1),
    *((Property("name"), Operator.EQ, name) for name in ("r", "k")),
    (Label("team"), Operator.EQ, "r"),
]


@pytest.mark.parametrize("kind", [EntityKind.ARTIFACT, EntityKind.EXECUTION], ids=lambda kind: kind.value)
@pytest.mark.parametrize("runs", [NAMED, MIXED], ids=["names", "names and contexts"])
def test_what_is_asked_of_a_run_is_of_its_name_only_where_it_says_so(bench, kind, runs):
    """A test of a run's type, time, property or label was taken for one of its name: rows were lost."""
    oracle = Oracle(runs)
    with bench.reading(runs, budgets=BUDGETS["gathering"]) as reader:
        for subject, operator, operand in TESTS:
            predicate = Related(Relation.RUN, Test(subject, operator, operand))
            check_paths(bench, reader, oracle, kind, predicate)
            wanted = [thing.ref for thing in expected(oracle, kind, predicate)]
            assert bench.run(found(reader, Search(kind, predicate))) == wanted, predicate


@pytest.mark.parametrize("number", [math.inf, -math.inf], ids=str)
def test_a_number_without_end_is_found_by_its_text(bench, number):
    """The access path of a text looked for it among finite numbers only."""
    if isinstance(bench, MariaDBWorkbench):
        pytest.skip("MariaDB holds no infinities")
    store = StoreRecord(types=KUBEFLOW, artifacts=(NodeRecord(1, MODEL, declared={"name": number}),))
    with bench.reading(store, budgets=BUDGETS["gathering"]) as reader:
        for operator, operand in ((Operator.EQ, str(number)), (Operator.IN, ("a", str(number)))):
            search = Search(EntityKind.ARTIFACT, Test(Field.NAME, operator, operand))
            assert bench.run(found(reader, search)) == [Ref(EntityKind.ARTIFACT, 1)]
