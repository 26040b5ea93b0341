"""A file of own types, laid over random stores: filters and what is shown are what the file says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.model.callers import Caller
from lineageql.model.conventions.own_types import parse_own_types
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.predicates import ALWAYS, Field, Group, Item, Operator, Related, Relation, Test
from lineageql.model.rights import Sight, parse_policy
from lineageql.store.ports import Link, Order, Search
from lineageql.store.sql.narrowed_reader import NarrowedReader
from lineageql.store.sql.statements import Statements
from tests.store.sql.node_types import COMMON, KUBEFLOW, TFX
from tests.store.sql.orders import in_order, orders
from tests.store.sql.own_types import OWN, knows, naming
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import ARTIFACT, CONTEXT, EXECUTION, NodeRecord, StoreRecord, StructValue, TypeRecord
from tests.store.sql.test_search import BUDGETS, EVERY_WRITER, WHOLE, expected, found, shown, thorough, told


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_found_is_what_the_file_says(bench, kind):
    @thorough(bench)
    @given(
        cases(kind, lambda store: bench.keeps(naming(store)), knows=knows),
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


ODD_NAMES = parse_own_types(
    """
[[executions]]
types = "acme.Fit"
workspace = "customProperties.it's 100%s"
run = "a.b\\\\c:d"

[[artifacts]]
types = "acme.Score"
workspace = "it's 100%s"
run = "a.b\\\\c:d"

[[executions]]
types = "acme.Load"
run = "properties.é"

[[contexts]]
types = "acme.Project"
role = "WORKSPACE"
""",
    "types.toml",
)
FIT, LOAD = TypeRecord(101, EXECUTION, "acme.Fit"), TypeRecord(102, EXECUTION, "acme.Load", declares=("é",))
OTHER, PROJECT = TypeRecord(103, EXECUTION, "acme.Other"), TypeRecord(104, CONTEXT, "acme.Project")
SDK = TypeRecord(105, EXECUTION, "kubeflow.org/alpha/execution")
SCORE = TypeRecord(106, ARTIFACT, "acme.Score")
NAMING = StoreRecord(
    types=(FIT, LOAD, OTHER, PROJECT, SDK, SCORE),
    artifacts=(NodeRecord(1, SCORE, custom={"it's 100%s": "hidden", r"a.b\c:d": "held"}),),
    attributions=frozenset({(1, 1)}),
    executions=(
        NodeRecord(1, FIT, custom={"it's 100%s": "hidden", r"a.b\c:d": "r"}),
        NodeRecord(2, FIT, custom={"it's 100%s": "seen", r"a.b\c:d": "r"}),
        NodeRecord(3, OTHER, custom={"it's 100%s": "hidden", r"a.b\c:d": "r"}),
        NodeRecord(4, LOAD, declared={"é": "r"}),
        NodeRecord(5, SDK, custom={"__kf_workspace__": "hidden", "__kf_run__": "kf"}),
    ),
    contexts=(NodeRecord(1, PROJECT, "seen"), NodeRecord(2, PROJECT, "hidden")),
    associations=frozenset({(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 2)}),
)
IN_HIDDEN = RunName("hidden", "r"), RunName("hidden", "kf")
RULE = '[[rule]]\nwho = ["*"]\nroles = ["READ"]\nworkspaces = {}\n'


def check_hidden(run: Callable[[Any], Any], narrowed: Callable[[Sight], Any]) -> None:
    """Checks that what names a hidden workspace, or a run there, does not say so."""
    for patterns, keys in (
        ('["seen"]', {RunName("seen", "r")}),
        ('["seen", ""]', {RunName("seen", "r"), RunName("", "r")}),
        ('["*"]', {RunName("seen", "r"), *IN_HIDDEN}),
        ('["*", ""]', {RunName("seen", "r"), *IN_HIDDEN, RunName("", "r")}),
    ):
        reader = narrowed(parse_policy(RULE.format(patterns), "p").rights_of(Caller("ann")).sees)
        held = {RunName("hidden", "held")} if "*" in patterns else set()
        assert {ref.key for ref in run(found(reader, Search(EntityKind.RUN)))} == keys | held, patterns
        (score,) = run(reader.search(Search(EntityKind.ARTIFACT), WHOLE)).rows
        assert {ref.key for ref in run(reader.runs_holding([score.entity.ref])).values()} == held
        executions = run(reader.search(Search(EntityKind.EXECUTION, order=Order(Field.ID)), WHOLE)).rows
        of = {row.entity.mlmd_id: row.entity for row in executions}
        assert {entity.run_name for entity in of.values() if entity.run_name} == keys
        assert of[3].custom_properties == {"it's 100%s": "hidden", r"a.b\c:d": "r"}
        spaces = run(reader.workspaces_of(EntityKind.EXECUTION, [entity.ref for entity in of.values()]))
        assert {ref.key for ref in spaces.values()} == {1}
        run_refs = [Ref(EntityKind.RUN, key) for key in sorted(keys)]
        states = run(reader.run_states(run_refs))
        assert [sum(states[ref].values()) for ref in run_refs] == [1] * len(keys)


def test_names_of_what_is_hidden_are_hidden(bench):
    with bench.reading(NAMING, statements=Statements(ODD_NAMES)) as plain:
        check_hidden(bench.run, lambda sight: plain if sight.whole else NarrowedReader(plain, sight))


def test_the_state_of_a_run_that_several_types_name_is_of_its_own_executions(bench: Any) -> None:
    """Where executions name runs in several ways, those of all runs made the state of each."""
    step = TypeRecord(30, EXECUTION, "A step")
    trainer = TypeRecord(31, EXECUTION, "é.Trainer", declares=("p",))
    store = StoreRecord(
        types=(step, trainer),
        executions=(
            NodeRecord(1, step, custom={"p": "w", "q": "r"}),
            NodeRecord(2, step, state=2, custom={"p": "w", "q": "s"}),
            NodeRecord(3, trainer, state=4, declared={"p": "t"}),
        ),
    )
    with bench.reading(store, statements=Statements(OWN)) as reader:
        for state, names in ((0, ["r"]), (2, ["s"]), (4, ["t"])):
            search = Search(EntityKind.RUN, Test(Field.STATE, Operator.IN, (state,)))
            assert [row.entity.name for row in bench.run(reader.search(search, WHOLE)).rows] == names


def test_the_best_value_of_runs_that_many_types_name_fits_in_one_statement(bench: Any) -> None:
    """The statement doubled with each way to name a run, and was more than SQLite takes at once."""
    store = replace(EVERY_WRITER, types=(*KUBEFLOW, *COMMON, *TFX))
    with bench.reading(store, statements=Statements(OWN)) as reader:
        search = Search(EntityKind.RUN, order=Order(Item(Group.VALUES, "a.b"), descending=True))
        owner = Ref(EntityKind.WORKSPACE, 1)
        assert bench.run(reader.search_under(Link.WORKSPACE_RUNS, [owner], search, WHOLE))[owner].rows == []


def test_a_list_names_no_run_of_own_types(bench: Any) -> None:
    odd = TypeRecord(23, ARTIFACT, "it's odd")
    listed = {"p": "a", "q": StructValue((("list", [1.0, "a"]),))}
    store = StoreRecord(
        types=(odd,), artifacts=(NodeRecord(1, odd, custom=listed), NodeRecord(2, odd, custom={"q": "r"}))
    )
    with bench.reading(store, statements=Statements(OWN)) as reader:
        search = Search(EntityKind.ARTIFACT, Related(Relation.RUN, ALWAYS))
        assert bench.run(found(reader, search)) == [Ref(EntityKind.ARTIFACT, 2)]
