"""A search index finds what reading every text finds, whatever is written beside it; tried on random stores."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.model.conventions.own_types import NO_OWN_TYPES
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import ALWAYS, Field, Not, Operator, Test
from lineageql.store.ports import Order, Search, Window
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.search_index.entry_tables import ENTRIES
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from lineageql.store.sqlite_search_index import SQLiteSearchIndex
from tests.store.sql.oracle import Oracle
from tests.store.sql.records import StoreRecord, make, rows, template
from tests.store.sql.stores import TYPES, stores
from tests.store.sql.test_search import EVERY_WRITERS_TYPES, SOUGHT, WHOLE, expected, rank_of, with_objects
from tests.store.sql.workbench import answer

_NAMED_A = Test(Field.NAME, Operator.CONTAINS, "a")
PREDICATES = (ALWAYS, _NAMED_A, Not(_NAMED_A))
TEXTS = (*SOUGHT, "tea", "mode", "model", "a\x1f", 'a"b', "team model", "pushed", "0.5", "12:", "é model")
_KEYED = ("Artifact", "Execution", "Context")


@st.composite
def changes(draw: st.DrawFn) -> tuple[StoreRecord, StoreRecord]:
    """Two stores of the same types: what one is made to, while it is read, is the other."""
    types = draw(TYPES)
    told = st.sampled_from((True, True, False))
    # Of a type it may be told later what it is based on, and declares.
    before = tuple(one if one not in EVERY_WRITERS_TYPES or draw(told) else replace(one, bases=()) for one in types)
    return with_objects(draw(stores(types=st.just(before)))), with_objects(draw(stores(types=st.just(types))))


class Indexed:
    """A file with a search index, and what reads it."""

    def __init__(self, loop: Any, path: Path) -> None:
        self.loop, self.path = loop, path
        self.driver = SQLiteDriver(path, threads=1, lock_timeout=5)
        self.index = SQLiteSearchIndex(path, self.driver, NO_OWN_TYPES, 5)

    def run(self, work: Any) -> Any:
        return answer(self.loop, work)

    def change(self, before: StoreRecord, after: StoreRecord) -> None:
        """Writes what differs, as any writer may: rows are inserted, updated and deleted."""
        old, new = (list(rows(store)) for store in (before, after))
        keyed = {(table, row["id"]) for table, row in old if table in _KEYED}
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for table, row in old:
                if (table, row) not in new and not (table in _KEYED and any(_same(table, row, one) for one in new)):
                    clause = " AND ".join(f"{column} IS ?" for column in row)
                    connection.execute(f"DELETE FROM {table} WHERE {clause}", tuple(row.values()))
            # Names are unique, and may be swapped.
            connection.execute("UPDATE Artifact SET name = NULL, external_id = NULL")
            connection.execute("UPDATE Execution SET name = NULL, external_id = NULL")
            connection.execute("UPDATE Context SET name = '-' || id, external_id = NULL")
            for table, row in new:
                if table in _KEYED and (table, row["id"]) in keyed:
                    columns = ", ".join(f"{column} = ?" for column in row)
                    connection.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*row.values(), row["id"]))
                elif (table, row) not in old:
                    columns, places = ", ".join(row), ", ".join("?" * len(row))
                    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", tuple(row.values()))

    def entries(self) -> list[list[tuple[Any, ...]]]:
        """The entries of each kind; runs that are only names have no number that says anything."""
        columns = "min(id, 1 << 61), name, workspace, run, folded, uri, labels, description, unindexed"
        with closing(sqlite3.connect(self.path)) as connection:
            return [
                connection.execute(f"SELECT {columns} FROM {table.name} ORDER BY 1, 3, 4").fetchall()
                for table in ENTRIES.values()
            ]

    def listed(self) -> int:
        """How many changes are listed."""
        with closing(sqlite3.connect(self.path)) as connection:
            return int(connection.execute("SELECT count(*) FROM lineageql_search_change").fetchone()[0])


def _same(table: str, row: dict[str, Any], one: tuple[str, dict[str, Any]]) -> bool:
    return one[0] == table and one[1]["id"] == row["id"]


class Bench:
    """What the tests of this file share."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.empty, self.names = folder, template(), itertools.count()
        self.loop = asyncio.new_event_loop()

    @contextmanager
    def indexed(self, store: StoreRecord) -> Iterator[Indexed]:
        """A file that holds these records and their index."""
        path = self.folder / f"{next(self.names)}.db"
        make(path, store, self.empty)
        made = Indexed(self.loop, path)
        try:
            made.run(made.index.build(lambda kind, number: None))
            yield made
        finally:
            made.run(made.driver.close())
            path.unlink()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("indexed"))
    yield made
    made.loop.close()


def check_texts(made: Indexed, store: StoreRecord, kind: EntityKind, text: str) -> None:
    things = Oracle(store).of(kind)
    ranked = sorted((rank, t.place, t.ref) for t in things if (rank := rank_of(t, text)) is not None)
    reader = SQLReader(made.driver)
    found = made.run(reader.find_text(kind, text, WHOLE)).rows
    assert [(row.key[0], row.entity.ref) for row in found] == [(rank, ref) for rank, _, ref in ranked]
    assert made.run(reader.count_text(kind, text)) == len(ranked)
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


def test_an_index_is_right_whatever_is_written_beside_it(files: Bench) -> None:
    # An example makes an index or two, and asks all kinds three times.
    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=max(1, settings().max_examples // 2))
    @given(changes(), QUESTIONS)
    def check(stored: tuple[StoreRecord, StoreRecord], question: Question) -> None:
        before, after = stored
        with files.indexed(before) as made:
            question.check(made, before)
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
