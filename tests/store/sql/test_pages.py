"""Pages, one after the other, are the whole in its order: forwards and backwards, whatever the size of a page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.model.callers import Caller
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import ALWAYS, NEVER, Field, Operator, Related, Relation, Test
from lineageql.model.rights import parse_policy
from lineageql.store.ports import Link, Order, Search, Window
from lineageql.store.sql.narrowed_reader import NarrowedReader
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.row_budgets import row_budgets
from tests.store.sql.node_types import KUBEFLOW, MODEL, RUN, SDK_EXECUTION, WORKSPACE
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.orders import FIELDS, MORE_FIELDS, in_order, names, orders
from tests.store.sql.orders import NAMED as NAMED_KINDS
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import EventRecord, NodeRecord, StoreRecord
from tests.store.sql.stores import stores
from tests.store.sql.test_access_paths import NAMED
from tests.store.sql.test_search import ROW_BY_ROW, WHOLE, expected, found, thorough


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_pages_are_the_whole(bench, kind):
    @thorough(bench)
    @given(stores().map(bench.keeps), orders(kind), st.integers(1, 3))
    def check(store: Any, order: Order, size: int) -> None:
        search = Search(kind, order=order)
        with bench.reading(store) as reader:
            whole = [row.entity.ref for row in bench.run(reader.search(search, Window(1000))).rows]
            assert bench.run(walked(reader, search, size, backward=False)) == whole
            assert bench.run(walked(reader, search, size, backward=True)) == whole

    check()


BUDGETS = {
    "row by row": lambda limit: ROW_BY_ROW,
    "two rows and then gathering": lambda limit: [2, 1_000_000],
}


@pytest.mark.parametrize("kind", [EntityKind.ARTIFACT, EntityKind.EXECUTION], ids=lambda kind: kind.value)
def test_pages_of_a_filter_are_the_whole(bench, kind):
    @thorough(bench)
    @given(cases(kind, bench.keeps, most=1), orders(kind), st.integers(1, 3), st.sampled_from(sorted(BUDGETS)))
    def check(case: Case, order: Order, size: int, how: str) -> None:
        wanted = {thing.ref for thing in case.oracle.of(kind) if case.oracle.holds(case.predicates[0], thing)}
        with bench.reading(case.store, budgets=BUDGETS[how]) as reader:
            everything = bench.run(reader.search(Search(kind, order=order), Window(1000))).rows
            whole = [row.entity.ref for row in everything if row.entity.ref in wanted]
            search = Search(kind, case.predicates[0], order)
            assert bench.run(walked(reader, search, size, backward=False)) == whole
            assert bench.run(walked(reader, search, size, backward=True)) == whole

    check()


def test_pages_of_the_runs_of_workspaces_are_the_whole(bench):
    @thorough(bench)
    @given(stores().map(bench.keeps), st.integers(1, 3), st.sampled_from([*BUDGETS, "as it likes"]))
    def check(store: Any, size: int, how: str) -> None:
        with bench.reading(store, budgets=BUDGETS.get(how, row_budgets)) as reader:
            bench.run(check_runs(reader, size))

    check()


async def check_runs(reader: SQLReader, size: int) -> None:
    """Holds the pages under each workspace against all runs and the workspace of each."""
    every = [row.entity.ref for row in (await reader.search(Search(EntityKind.RUN), Window(1000))).rows]
    home = await reader.workspaces_of(EntityKind.RUN, every)
    spaces = [row.entity.ref for row in (await reader.search(Search(EntityKind.WORKSPACE), Window(1000))).rows]
    found: dict[Any, list[Any]] = {space: [] for space in spaces}
    keys: dict[Any, Any] = dict.fromkeys(spaces)
    for space in spaces:
        while True:
            window = Window(size, after=keys[space])
            pages = await reader.search_under(Link.WORKSPACE_RUNS, spaces, Search(EntityKind.RUN), window)
            found[space] += [row.entity.ref for row in pages[space].rows]
            if not pages[space].more:
                break
            keys[space] = pages[space].rows[-1].key
    assert found == {space: [run for run in every if home.get(run) == space] for space in spaces}


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, some in MORE_FIELDS.items() for field in some], ids=str
)
def test_what_lacks_a_value_comes_last_both_ways(bench, kind, field):
    @thorough(bench)
    @given(stores().map(bench.keeps), st.booleans())
    def check(store: Any, descending: bool) -> None:
        oracle = Oracle(store)
        values = [(told(oracle, thing, field), thing.place, thing.ref) for thing in oracle.of(kind)]
        known = sorted((one for one in values if one[0] is not None), reverse=descending)
        lacking = sorted((one for one in values if one[0] is None), key=lambda one: one[1], reverse=descending)
        with bench.reading(store) as reader:
            search = Search(kind, order=Order(field, descending))
            rows = bench.run(reader.search(search, Window(1000))).rows
        assert [row.entity.ref for row in rows] == [ref for _, _, ref in (*known, *lacking)]

    check()


@pytest.mark.parametrize("kind", NAMED_KINDS, ids=lambda kind: kind.value)
def test_orders_by_names(bench, kind):
    """Numbers, then texts, and what has neither last, in both directions; of runs by the best of what they wrote."""

    @thorough(bench)
    @given(
        cases(kind, bench.keeps, most=1),
        st.builds(Order, names(kind), st.booleans()),
        st.sampled_from(["as it likes", "two rows and then gathering"]),
    )
    def check(case: Case, order: Order, how: str) -> None:
        search = Search(kind, case.predicates[0], order)
        wanted = in_order(case.oracle, expected(case.oracle, kind, search.predicate), order)
        with bench.reading(case.store, budgets=BUDGETS.get(how, row_budgets)) as reader:
            assert bench.run(found(reader, search)) == [thing.ref for thing in wanted]

    check()


LINKS = (
    Link.WORKSPACE_RUNS,
    Link.WORKSPACE_EXECUTIONS,
    Link.WORKSPACE_ARTIFACTS,
    Link.RUN_EXECUTIONS,
    Link.RUN_OUTPUTS,
)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_orders_by_names_under_owners(bench, link):
    """Pages under each owner, one after the other, hold what the owner has, in the order."""

    @thorough(bench)
    @given(stores().map(bench.keeps), st.builds(Order, names(link.target), st.booleans()), st.integers(1, 3))
    def check(store: Any, order: Order, size: int) -> None:
        search = Search(link.target, order=order)
        with bench.reading(store) as reader:
            whole = [row.entity.ref for row in bench.run(reader.search(search, WHOLE)).rows]
            owners = [row.entity.ref for row in bench.run(reader.search(Search(link.owner), WHOLE)).rows]
            plain = bench.run(reader.search_under(link, owners, Search(link.target), WHOLE))
            wanted = {owner: {row.entity.ref for row in plain[owner].rows} for owner in owners}
            for backward in (False, True):
                held = bench.run(walked_under(reader, link, owners, search, size, backward=backward))
                assert held == {owner: [ref for ref in whole if ref in wanted[owner]] for owner in owners}

    check()


@pytest.mark.parametrize("link", Link, ids=lambda link: link.name)
def test_filters_under_owners(bench, link):
    """What is under each owner, and how many, is what is there without a filter and makes it true."""

    @thorough(bench)
    @given(cases(link.target, bench.keeps, most=2))
    def check(case: Case) -> None:
        with bench.reading(case.store) as reader:
            owners = [row.entity.ref for row in bench.run(reader.search(Search(link.owner), WHOLE)).rows]
            plain = bench.run(reader.search_under(link, owners, Search(link.target), WHOLE))
            for predicate in case.predicates:
                true = {thing.ref for thing in expected(case.oracle, link.target, predicate)}
                search = Search(link.target, predicate)
                held = bench.run(reader.search_under(link, owners, search, WHOLE))
                counts = bench.run(reader.count_under(link, owners, search))
                for owner in owners:
                    wanted = [row.entity.ref for row in plain[owner].rows if row.entity.ref in true]
                    assert [row.entity.ref for row in held[owner].rows] == wanted
                    assert counts[owner] == len(wanted)

    check()


SEEN_IN_PART = StoreRecord(
    types=KUBEFLOW,
    artifacts=(NodeRecord(1, MODEL, declared={"name": "seen"}), NodeRecord(2, MODEL, declared={"name": "hidden"})),
    executions=(NodeRecord(1, SDK_EXECUTION, custom={"__kf_run__": "r", "__kf_workspace__": "w"}),),
    contexts=(
        NodeRecord(1, WORKSPACE, name="w"),
        NodeRecord(2, RUN, name="r"),
        NodeRecord(3, WORKSPACE, name="hidden"),
    ),
    events=(EventRecord(1, artifact=1, execution=1, type=3), EventRecord(2, artifact=2, execution=1, type=3)),
    associations=frozenset({(1, 1), (2, 1)}),
    attributions=frozenset({(1, 1), (3, 2)}),
    parents=frozenset({(2, 1)}),
)
POLICY = '[[rule]]\nwho = ["ann"]\nroles = ["READ"]\nworkspaces = ["w"]\n'


def test_a_filter_under_an_owner_by_the_runs_of_workspaces(bench):
    """On MariaDB it was no statement; one of a caller of some workspaces has a WITH clause of its own before it."""
    runs = Related(Relation.RUNS, Test(Field.NAME, Operator.EQ, "r"))
    link, owner = Link.EXECUTION_INPUTS, Ref(EntityKind.EXECUTION, 1)
    sight = parse_policy(POLICY, "policy.toml").rights_of(Caller("ann")).sees
    with bench.reading(SEEN_IN_PART) as plain:
        for reader, everything in ((plain, [1, 2]), (NarrowedReader(plain, sight), [1])):
            for predicate, wanted in ((ALWAYS, everything), (Related(Relation.WORKSPACE, runs), [1])):
                search = Search(EntityKind.ARTIFACT, predicate)
                rows = bench.run(reader.search_under(link, [owner], search, WHOLE))[owner].rows
                assert [row.entity.mlmd_id for row in rows] == wanted
                assert bench.run(reader.count_under(link, [owner], search)) == {owner: len(wanted)}


def told(oracle: Oracle, thing: Thing, field: Field) -> Any:
    """What an entity is ordered by."""
    if field is not Field.LATEST_RUN:
        return thing.fields[field]
    times = [run.fields[Field.CREATE_TIME] for run in oracle.related(thing, Relation.RUNS)]
    return max((time for time in times if time is not None), default=None)


def test_an_artifact_tells_all_its_workspaces(bench):
    @thorough(bench)
    @given(stores().map(bench.keeps))
    def check(store: Any) -> None:
        oracle = Oracle(store)
        spaces = {thing.ref: oracle.related(thing, Relation.WORKSPACE) for thing in oracle.artifacts.values()}
        with bench.reading(store) as reader:
            found = bench.run(reader.all_workspaces_of([*spaces, Ref(EntityKind.ARTIFACT, 99)]))
        assert found == {ref: [space.ref for space in some] for ref, some in spaces.items() if some}

    check()


@pytest.mark.parametrize("predicate", [NEVER, Test(Field.TYPE, Operator.EQ, "of no store")], ids=["never", "no type"])
@pytest.mark.parametrize("edge", ["after", "before"])
@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_a_page_beyond_a_key_where_nothing_can_match_is_empty(bench, kind, edge, predicate):
    """Beside a `false` the key is left out of the statement: PostgreSQL was sent it all the same, and refused."""
    with bench.reading(NAMED) as reader:
        for field in FIELDS:
            order = Order(field)
            key = bench.run(reader.search(Search(kind, order=order), Window(1))).rows[0].key
            window = Window(1, **{edge: key})
            found = bench.run(reader.search(Search(kind, predicate, order), window))
            assert (found.rows, found.more) == ([], False)
    if kind is not EntityKind.WORKSPACE:
        (link,) = (link for link in Link if (link.owner, link.target) == (EntityKind.WORKSPACE, kind))
        space = Ref(EntityKind.WORKSPACE, 1)
        with bench.reading(NAMED) as reader:
            key = bench.run(reader.search_under(link, [space], Search(kind), Window(1)))[space].rows[0].key
            search = Search(kind, predicate)
            assert not bench.run(reader.search_under(link, [space], search, Window(1, **{edge: key})))[space].rows


async def walked(reader: SQLReader, search: Search, size: int, *, backward: bool) -> list[Any]:
    found: list[Any] = []
    key = None
    while True:
        window = Window(size, before=key, backward=True) if backward else Window(size, after=key)
        page = await reader.search(search, window)
        refs = [row.entity.ref for row in page.rows]
        found = [*refs, *found] if backward else [*found, *refs]
        if not page.more:
            return found
        key = page.rows[0 if backward else -1].key


async def walked_under(
    reader: SQLReader, link: Link, owners: list[Ref], search: Search, size: int, *, backward: bool
) -> dict[Ref, list[Ref]]:
    """The pages under owners, asked for together as long as they begin at the same place."""
    found: dict[Ref, list[Ref]] = {owner: [] for owner in owners}
    waiting: dict[Any, list[Ref]] = {None: owners}
    while waiting:
        key, some = waiting.popitem()
        window = Window(size, before=key, backward=True) if backward else Window(size, after=key)
        for owner, page in (await reader.search_under(link, some, search, window)).items():
            refs = [row.entity.ref for row in page.rows]
            found[owner] = [*refs, *found[owner]] if backward else [*found[owner], *refs]
            if page.more:
                waiting.setdefault(page.rows[0 if backward else -1].key, []).append(owner)
    return found
