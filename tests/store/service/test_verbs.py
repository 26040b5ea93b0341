"""Every other verb of the Reader over MLMD's service answers what the Reader by SQL answers of the same file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, NodeKind
from lineageql.store.ports import FACETS, Facet, Link, Order, Search, Slice, Window
from lineageql.store.service.reader import ServiceReader
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from tests.store.service.carried import carried
from tests.store.service.conftest import WAYS, ServiceBench
from tests.store.sql.orders import orders
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import StoreRecord
from tests.store.sql.stores import SPACE_NAMES, stores
from tests.store.sql.test_search import SOUGHT, with_objects

ways = st.sampled_from(WAYS)
thorough = settings(deadline=None, suppress_health_check=list(HealthCheck))
ORDERS = {kind: orders(kind) for kind in EntityKind}


@contextmanager
def both(bench: ServiceBench, store: StoreRecord, way: str) -> Iterator[tuple[ServiceReader, SQLReader]]:
    """A Reader of either kind of the same file."""
    with bench.reading(store, way) as reader:
        driver = SQLiteDriver(bench.path, threads=1, lock_timeout=5)
        try:
            yield reader, SQLReader(driver)
        finally:
            bench.run(driver.close())


def rows(found: Slice) -> Any:
    """A slice without the keys of its rows, and without the ids of events, which the service does not tell."""
    listed = [
        (row.entity.ref, row.entity.name, None if row.event is None else row.event._replace(id=0, path=()))
        for row in found.rows
    ]
    return listed, found.more


def slices(found: Mapping[Ref, Slice]) -> Any:
    return {owner: rows(one) for owner, one in found.items()}


def owners(kind: EntityKind) -> list[Ref]:
    numbered = [Ref(kind, id_) for id_ in range(1, 8)]
    if kind is not EntityKind.RUN:
        return numbered
    names = ("r", "w/x", "%2F", "'", "é", "👍", 'a"b', "a\\b", "[1]")
    return numbered + [Ref(kind, RunName(space, name)) for space in (*SPACE_NAMES, "nowhere") for name in names]


@pytest.mark.parametrize("link", Link, ids=lambda link: link.name)
def test_what_is_under_owners(service_bench, link):
    @thorough
    @given(cases(link.target, carried, most=1), ways, ORDERS[link.target], st.integers(0, 3), st.booleans())
    def check(case: Case, way: str, order: Order, limit: int, backward: bool) -> None:
        everything, some = Search(link.target, order=order), Search(link.target, case.predicates[0], order)
        window = Window(limit, backward=backward)
        run, under = service_bench.run, owners(link.owner)
        with both(service_bench, case.store, way) as (ours, theirs):
            for search in (everything, some):
                wanted = run(theirs.search_under(link, under, search, window))
                assert slices(run(ours.search_under(link, under, search, window))) == slices(wanted)
                assert run(ours.count_under(link, under, search)) == run(theirs.count_under(link, under, search))

    check()


@pytest.mark.parametrize("kind", FACETS, ids=lambda kind: kind.value)
def test_facets(service_bench, kind):
    @thorough
    @given(cases(kind, carried, most=1), ways)
    def check(case: Case, way: str) -> None:
        run, (predicate,) = service_bench.run, case.predicates
        with both(service_bench, case.store, way) as (ours, theirs):
            for by in FACETS[kind]:
                key = "team" if by is Facet.LABEL_VALUE else None
                wanted = run(theirs.facets(kind, predicate, by, key))
                assert run(ours.facets(kind, predicate, by, key)) == wanted, by

    check()


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_text_search(service_bench, kind):
    @thorough
    @given(stores().map(with_objects), st.sampled_from(SOUGHT), st.integers(1, 3))
    def check(store: StoreRecord, text: str, limit: int) -> None:
        run = service_bench.run
        with both(service_bench, store, "with filters") as (ours, theirs):
            window = Window(limit)
            while True:
                mine, wanted = run(ours.find_text(kind, text, window)), run(theirs.find_text(kind, text, window))
                assert rows(mine) == rows(wanted)
                assert [row.key for row in mine.rows] == [row.key for row in wanted.rows]
                if not mine.more:
                    break
                window = Window(limit, after=mine.rows[-1].key)
            assert run(ours.count_text(kind, text)) == run(theirs.count_text(kind, text))

    check()


def test_memberships_and_counts(service_bench):
    @thorough
    @given(stores(), ways)
    def check(store: StoreRecord, way: str) -> None:
        run = service_bench.run
        runs, artifacts, executions = map(owners, (EntityKind.RUN, EntityKind.ARTIFACT, EntityKind.EXECUTION))
        ids = list(range(9))
        with both(service_bench, store, way) as (ours, theirs):
            for kind, refs in zip(
                (EntityKind.ARTIFACT, EntityKind.EXECUTION, EntityKind.RUN), (artifacts, executions, runs), strict=True
            ):
                assert run(ours.workspaces_of(kind, refs)) == run(theirs.workspaces_of(kind, refs))
            assert run(ours.all_workspaces_of(artifacts)) == run(theirs.all_workspaces_of(artifacts))
            assert run(ours.runs_of(executions)) == run(theirs.runs_of(executions))
            assert run(ours.runs_holding(artifacts)) == run(theirs.runs_holding(artifacts))
            assert run(ours.run_states(runs)) == run(theirs.run_states(runs))
            assert run(ours.counts()) == run(theirs.counts())
            for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
                assert run(ours.types_of(kind, ids)) == run(theirs.types_of(kind, ids))
            mine, wanted = run(ours.types()), run(theirs.types())
            assert sorted(mine, key=lambda type_: type_.id) == sorted(wanted, key=lambda type_: type_.id)
            for node_kind in (NodeKind.ARTIFACT, NodeKind.EXECUTION):
                for types in (INPUT_EVENTS, OUTPUT_EVENTS):
                    events = run(theirs.paths(run(theirs.events(node_kind, ids, types))))
                    found = sorted(run(ours.events(node_kind, ids, types)))
                    assert [event._replace(id=0) for event in found] == [
                        event._replace(id=0) for event in sorted(events)
                    ]

    check()


@pytest.mark.parametrize("kind", EntityKind, ids=lambda kind: kind.value)
def test_pages(service_bench, kind):
    """Pages are the same rows with the same keys, forwards and backwards."""

    @thorough
    @given(cases(kind, carried, most=1), ways, ORDERS[kind], st.integers(1, 3), st.booleans())
    def check(case: Case, way: str, order: Order, limit: int, backward: bool) -> None:
        run, search = service_bench.run, Search(kind, case.predicates[0], order)
        with both(service_bench, case.store, way) as (ours, theirs):
            key = None
            while True:
                window = Window(limit, before=key, backward=True) if backward else Window(limit, after=key)
                mine, wanted = run(ours.search(search, window)), run(theirs.search(search, window))
                assert rows(mine) == rows(wanted)
                assert [row.key for row in mine.rows] == [row.key for row in wanted.rows]
                if not mine.more:
                    break
                key = mine.rows[0 if backward else -1].key

    check()
