"""A search index finds what reading every text finds, whatever is written beside it; tried on random stores."""

from __future__ import annotations

import secrets
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.errors import StoreError
from lineageql.model.conventions.own_types import NO_OWN_TYPES
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import ALWAYS, Field, Not, Operator, Test
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress, address_of
from lineageql.store.ports import Order, Search, Window
from lineageql.store.postgresql_search_index import PostgreSQLSearchIndex
from lineageql.store.search_index import SearchIndex
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.search_index.entry_tables import ENTRIES
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from lineageql.store.sqlite_search_index import SQLiteSearchIndex
from tests.store.sql.conftest import BACKENDS
from tests.store.sql.node_types import COMMON
from tests.store.sql.oracle import Oracle
from tests.store.sql.postgresql_workbench import PostgreSQLWorkbench
from tests.store.sql.records import CONTEXT, NodeRecord, StoreRecord, make, rows
from tests.store.sql.stores import TYPES, stores
from tests.store.sql.test_search import EVERY_WRITERS_TYPES, SOUGHT, WHOLE, expected, rank_of, with_objects
from tests.store.sql.workbench import SQLiteWorkbench, Workbench

_NAMED_A = Test(Field.NAME, Operator.CONTAINS, "a")
PREDICATES = (ALWAYS, _NAMED_A, Not(_NAMED_A))
TEXTS = (*SOUGHT, "tea", "mode", "model", "a\x1f", 'a"b', "team model", "pushed", "0.5", "12:", "é model")
_KEYED = ("Artifact", "Execution", "Context")


LATER = tuple(one for one in EVERY_WRITERS_TYPES if one not in COMMON)


@st.composite
def changes(draw: st.DrawFn) -> tuple[StoreRecord, StoreRecord]:
    """Two stores of the same types: what one is made to, while it is read, is the other."""
    types = draw(TYPES)
    told = st.sampled_from((True, True, False))
    # A type may come later, and so may what it is based on.
    there = [one for one in types if one not in LATER or draw(told)]
    before = tuple(one if one not in EVERY_WRITERS_TYPES or draw(told) else replace(one, bases=()) for one in there)
    return with_objects(draw(stores(types=st.just(before)))), with_objects(draw(stores(types=st.just(types))))


def changed(before: StoreRecord, after: StoreRecord, same: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The statements by which any writer makes one store the other: rows are inserted, updated and deleted.

    Args:
        before: what is there.
        after: what is to be there.
        same: the operator of equality that NULL is equal by.
    """
    old, new = (list(rows(store)) for store in (before, after))
    kept = {(table, row["id"]) for table, row in old if table in _KEYED}
    kept &= {(table, row["id"]) for table, row in new if table in _KEYED}
    for table, row in old:
        if (table, row) not in new and (table, row.get("id")) not in kept:
            yield (
                f"DELETE FROM {table} WHERE {' AND '.join(f'{column} {same} ?' for column in row)}",
                tuple(row.values()),
            )
    # Names are unique, and may be swapped.
    yield "UPDATE Artifact SET name = NULL, external_id = NULL", ()
    yield "UPDATE Execution SET name = NULL, external_id = NULL", ()
    yield "UPDATE Context SET name = CONCAT('-', id), external_id = NULL", ()
    for table, row in new:
        if (table, row.get("id")) in kept:
            columns = ", ".join(f"{column} = ?" for column in row)
            yield f"UPDATE {table} SET {columns} WHERE id = ?", (*row.values(), row["id"])
        elif (table, row) not in old:
            yield f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())


class Indexed(ABC):
    """A database with a search index, what reads it, and what any writer writes it by."""

    def __init__(self, run: Callable[[Any], Any], driver: Any, index: SearchIndex) -> None:
        self.run, self.driver, self.index = run, driver, index

    @abstractmethod
    def change(self, before: StoreRecord, after: StoreRecord) -> None:
        """Writes what differs, in one transaction."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    def entries(self) -> list[list[tuple[Any, ...]]]:
        """The entries of each kind; the number of a run that is only a name says nothing."""
        number = "CASE WHEN id < 4611686018427387904 THEN id END"
        columns = f"{number}, name, workspace, run, folded, uri, labels, description, unindexed"
        return [self.rows(f"SELECT {columns} FROM {table.name} ORDER BY 1, 3, 4") for table in ENTRIES.values()]

    def listed(self) -> int:
        """How many changes are listed."""
        return len(self.rows("SELECT * FROM lineageql_search_change"))


class IndexedFile(Indexed):
    """An SQLite file."""

    def __init__(self, run: Callable[[Any], Any], path: Path) -> None:
        self.path = path
        driver = SQLiteDriver(path, threads=1, lock_timeout=5)
        super().__init__(run, driver, SQLiteSearchIndex(path, driver, NO_OWN_TYPES, 5))

    def change(self, before: StoreRecord, after: StoreRecord) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for statement, values in changed(before, after, "IS"):
                connection.execute(statement.replace("CONCAT('-', id)", "'-' || id"), values)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query).fetchall()


class IndexedDatabase(Indexed):
    """A PostgreSQL database, which a workbench fills anew for each store."""

    def __init__(self, bench: PostgreSQLWorkbench) -> None:
        self.bench = bench
        address = address_of(bench.url)
        assert isinstance(address, ServerAddress)
        index = PostgreSQLSearchIndex(address, Settings(), bench.driver, NO_OWN_TYPES)
        super().__init__(bench.run, bench.driver, index)

    def change(self, before: StoreRecord, after: StoreRecord) -> None:
        async def write() -> None:
            async with self.bench.writer.transaction():
                for statement, values in changed(before, after, "IS NOT DISTINCT FROM"):
                    for place in range(len(values)):
                        statement = statement.replace("?", f"${place + 1}", 1)
                    await self.bench.writer.execute(statement, *values)

        self.run(write())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.run(self.bench.writer.fetch(query))]


@contextmanager
def indexed(bench: Workbench, store: StoreRecord) -> Iterator[Indexed]:
    """A database that holds these records, and their index."""
    made: Indexed
    if isinstance(bench, PostgreSQLWorkbench):
        with bench.store(store):
            made = IndexedDatabase(bench)
            try:
                made.run(made.index.build(lambda kind, number: None))
                yield made
            finally:
                made.run(made.index.drop())
                made.run(made.index.close())
        return
    assert isinstance(bench, SQLiteWorkbench)
    path = bench.folder / f"indexed-{secrets.token_hex(4)}.db"
    make(path, store, bench.empty)
    made = IndexedFile(bench.run, path)
    try:
        made.run(made.index.build(lambda kind, number: None))
        yield made
    finally:
        made.run(made.driver.close())
        path.unlink()


def check_texts(made: Indexed, store: StoreRecord, kind: EntityKind, text: str) -> None:
    things = Oracle(store).of(kind)
    ranked = sorted((rank, t.place, t.ref) for t in things if (rank := rank_of(t, text)) is not None)
    reader = SQLReader(made.driver)
    found = made.run(reader.find_text(kind, text, WHOLE)).rows
    assert [(row.key[0], row.entity.ref) for row in found] == [(rank, ref) for rank, _, ref in ranked]
    assert made.run(reader.count_text(kind, text)) == len(ranked)
    assert made.run(reader.count(Search(kind))) == len(things)
    window, paged = Window(2), []
    while True:
        part = made.run(reader.find_text(kind, text, window))
        paged += [row.entity.ref for row in part.rows]
        if not part.more:
            break
        window = Window(2, part.rows[-1].key)
    assert paged == [ref for *_, ref in ranked]


def check_names(made: Indexed, store: StoreRecord, kind: EntityKind, predicate: Any, *, descending: bool) -> None:
    wanted = expected(Oracle(store), kind, predicate)
    wanted = sorted(wanted, key=lambda thing: (thing.fields[Field.NAME], thing.place), reverse=descending)
    reader, search = SQLReader(made.driver), Search(kind, predicate, Order(Field.NAME, descending))
    for backward in (False, True):
        window, paged = Window(2, backward=backward), []
        while True:
            part = made.run(reader.search(search, window))
            refs = [row.entity.ref for row in part.rows]
            paged = refs + paged if backward else paged + refs
            if not part.more:
                break
            edge = part.rows[0 if backward else -1].key
            window = Window(2, before=edge, backward=True) if backward else Window(2, after=edge)
        assert paged == [thing.ref for thing in wanted]


@dataclass(frozen=True)
class Question:
    """What is asked of a store, of each kind."""

    text: str
    predicate: Any
    descending: bool

    def check(self, made: Indexed, store: StoreRecord) -> None:
        """Checks what a store that holds these records answers."""
        for kind in EntityKind:
            check_texts(made, store, kind, self.text)
            check_names(made, store, kind, self.predicate, descending=self.descending)


QUESTIONS = st.builds(Question, st.sampled_from(TEXTS), st.sampled_from(PREDICATES), st.booleans())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """What makes stores that can have a search index."""
    with ExitStack() as stack:
        yield BACKENDS[request.param](tmp_path_factory.mktemp("indexed"), stack)


def test_an_index_is_right_whatever_is_written_beside_it(searched: Workbench) -> None:
    # An example makes an index or two, and asks all kinds three times.
    most = max(1, int(settings().max_examples * searched.examples / 2))

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=most)
    @given(changes(), QUESTIONS)
    def check(stored: tuple[StoreRecord, StoreRecord], question: Question) -> None:
        before, after = map(searched.keeps, stored)
        with indexed(searched, before) as made:
            question.check(made, before)
            assert made.run(made.index.is_kept())
            made.change(before, after)
            question.check(made, after)
            while made.run(made.index.catch_up()):
                pass
            assert made.listed() == 0
            question.check(made, after)
            renewed = made.entries()
            made.run(made.index.build(lambda kind, number: None))
            assert made.entries() == renewed

    check()


def test_an_index_that_another_process_makes_anew_is_let_alone(searched: Workbench) -> None:
    with indexed(searched, StoreRecord(types=COMMON)) as made:
        made.run(made.index.begin("one"))
        made.run(made.index.begin("other"))
        for work in (made.index.add("one", EntityKind.RUN, []), made.index.finish("one", {})):
            with pytest.raises(StoreError, match="made the search index anew"):
                made.run(work)
        made.run(made.index.build(lambda kind, number: None))
        node = NodeRecord(1, next(one for one in COMMON if one.kind == CONTEXT))
        made.change(StoreRecord(types=COMMON), StoreRecord(types=COMMON, contexts=(replace(node, name="c"),)))
        taken = made.run(made.index.take(None))
        made.run(made.index.build(lambda kind, number: None))
        with pytest.raises(StoreError, match="made the search index anew"):
            made.run(made.index.renew(taken, [], {}))
