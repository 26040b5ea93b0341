"""Where the steps of scripts run: quick ones in the event loop, all others in threads, with the same rows."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.errors import StoreLocked, Unavailable
from lineageql.store.sql import sqlite_driver
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script
from lineageql.store.sql.laps import SHARE, Laps
from lineageql.store.sql.quick_steps import QUICK, QuickSteps
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from tests.store.sql.records import StoreRecord
from tests.store.sql.workbench import Workbench

ONE = Statement("SELECT 1", {})
READ = Statement("SELECT n FROM t", {})
COUNTED = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :most)
    SELECT max(n) FROM counted
"""
"""A statement that takes as long as it is told to: a million is far more than a quick one."""


def told(*statements: Statement) -> Script[tuple[list[Rows], list[bool]]]:
    """The rows of each statement; and of each step, whether it ran in the event loop's thread."""
    rows, here = [], [threading.current_thread() is threading.main_thread()]
    for statement in statements:
        rows.append((yield [statement])[0])
        here.append(threading.current_thread() is threading.main_thread())
    return rows, here


async def ran_here(runner: Runner, *statements: Statement) -> list[bool]:
    return (await runner.run(told(*statements)))[1]


async def become_quick(runner: Runner, *statements: Statement) -> None:
    """Runs statements until all of their steps run in the event loop; on a busy machine they may take some times."""
    for _ in range(100):
        if all(await ran_here(runner, *statements)):
            return
    raise AssertionError("they do not run in the event loop")


def counted(most: int) -> Statement:
    return Statement(COUNTED, {"most": most})


@asynccontextmanager
async def driver(path: Path, mode: str = "wal", lock_timeout: float = 10, rows: int = 1) -> AsyncIterator[SQLiteDriver]:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA journal_mode = {mode}; CREATE TABLE t (n)")
        with connection:
            connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(1, rows + 1)])
    driver = SQLiteDriver(path, threads=1, lock_timeout=lock_timeout)
    yield driver
    await driver.close()


async def test_a_step_that_was_quick_runs_in_the_event_loop(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        assert await ran_here(runner, ONE, ONE) == [False] * 3
        await become_quick(runner, ONE, ONE)
        snapshot = runner.snapshot()
        assert await ran_here(snapshot, ONE) == [True, True]
        snapshot.end()


def test_on_every_backend(bench: Workbench) -> None:
    with bench.store(StoreRecord()) as runner:
        bench.run(become_quick(runner, ONE, ONE))


async def test_a_step_that_was_not_quick_runs_in_a_thread(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, ONE)
        for _ in range(3):
            # What comes before it runs in the loop, and all that follows goes on where it ran.
            assert await ran_here(runner, ONE, counted(100_000), ONE) == [True, True, False, False]


async def test_a_statement_that_takes_longer_than_before_goes_on_in_a_thread(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, ONE, counted(10))
        before = runner.statements
        rows, here = await runner.run(told(ONE, counted(1_000_000), ONE))
        assert rows == [[(1,)], [(1_000_000,)], [(1,)]]
        assert here == [True, True, False, False]
        assert runner.statements == before + 3  # what was begun in vain is no statement that was run
        assert (await ran_here(runner, ONE, counted(10))) == [True, True, False]


async def test_long_rows_are_read_in_a_thread(tmp_path: Path) -> None:
    many = Statement("SELECT printf('%.*c', :length, 'x') FROM t, t AS u, t AS v", {"length": 1})
    async with driver(tmp_path / "store.db", rows=4) as runner:
        await become_quick(runner, ONE, many)
        rows, here = await runner.run(told(ONE, Statement(many.text, {"length": 1_000_000})))
        assert [len(text) for (text,) in rows[1]] == [1_000_000] * 64
        assert here == [True, True, False]


async def test_a_script_of_many_quick_steps_goes_on_in_a_thread(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, counted(200))
        for _ in range(300):  # SQLite asks for the time once in so many instructions, whichever statement it is at
            rows, here = await runner.run(told(*[counted(200)] * 150))
            assert rows == [[(200,)]] * 150
            assert not all(here)


async def test_what_a_script_does_between_statements_runs_in_a_thread_once_it_took_long(tmp_path: Path) -> None:
    def computing(first: int, then: int) -> Script[list[bool]]:
        here = [threading.current_thread() is threading.main_thread()]
        sum(range(first))
        yield [ONE]
        here.append(threading.current_thread() is threading.main_thread())
        sum(range(then))
        return here

    async with driver(tmp_path / "store.db") as runner:
        for long in ((3_000_000, 0), (0, 3_000_000)):
            for _ in range(100):
                if all(await runner.run(computing(0, 0))):
                    break
            assert await runner.run(computing(0, 0)) == [True, True]
            await runner.run(computing(*long))
            assert not all(await runner.run(computing(0, 0)))


async def test_nothing_runs_in_the_event_loop_where_a_reader_keeps_writers_waiting(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with driver(path, "delete") as runner:
        for _ in range(20):
            assert await ran_here(runner, READ) == [False, False]
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            writer.execute("INSERT INTO t VALUES (2)")
            reading = asyncio.create_task(runner.run(told(READ)))
            await asyncio.sleep(0.05)
            assert not reading.done()
            writer.execute("COMMIT")
            assert (await reading)[0] == [[(1,), (2,)]]


async def test_operations_that_wait_for_a_thread_do_not_keep_a_writer_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has read something, so each holds a lock that the writer waits for; a pending writer lets nobody in."""
    monkeypatch.setattr(sqlite_driver, "_HOLD", 0.01)
    path = tmp_path / "store.db"

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
            connection.execute("INSERT INTO t VALUES (2)")

    async with driver(path, "delete", lock_timeout=60) as runner:
        snapshots = [runner.snapshot() for _ in range(3)]
        before = time.monotonic()
        for snapshot in snapshots:
            await snapshot.run(told(READ))
        writing = asyncio.create_task(asyncio.to_thread(write))
        await asyncio.sleep(0.1)
        asked = [snapshot.run(told(counted(300_000), READ)) for snapshot in snapshots]
        found = await asyncio.gather(*asked, return_exceptions=True)
        await writing
        assert time.monotonic() - before < 30
        # Who let the writer go first has lost its state, and is told.
        assert all(isinstance(each, Unavailable) and "not in WAL mode" in str(each) for each in found)
        for snapshot in snapshots:
            with pytest.raises(Unavailable, match="state of the store that this operation read is lost"):
                await snapshot.run(told(READ))
            snapshot.end()


async def test_who_begins_does_not_keep_a_thread_that_a_writer_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer waits for the first operation, which waits for the one thread, which must not wait for the writer."""
    monkeypatch.setattr(sqlite_driver, "_HOLD", 0.0)
    path = tmp_path / "store.db"
    async with driver(path, "delete", lock_timeout=60) as runner:
        snapshot = runner.snapshot()
        await snapshot.run(told(READ))
        with closing(sqlite3.connect(path, isolation_level=None, timeout=60, check_same_thread=False)) as writer:
            before = time.monotonic()
            writing = asyncio.create_task(asyncio.to_thread(writer.execute, "INSERT INTO t VALUES (2)"))
            await asyncio.sleep(0.1)
            beginning = [asyncio.create_task(runner.run(told(READ))) for _ in range(3)]
            await asyncio.sleep(0.1)
            with pytest.raises(Unavailable, match="was written to while it was read"):
                await snapshot.run(told(READ))
            await writing
            for each in beginning:
                assert (await each)[0] == [[(1,), (2,)]]
            assert time.monotonic() - before < 30
        snapshot.end()


async def test_a_store_that_is_put_into_wal_mode_is_read_in_the_event_loop(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with driver(path, "delete") as runner:
        await ran_here(runner, READ)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        await become_quick(runner, READ)


async def test_a_state_that_could_not_be_taken_up_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_driver, "_HOLD", 0.0)
    path = tmp_path / "store.db"
    async with driver(path, "delete", lock_timeout=0.1) as runner:
        snapshot = runner.snapshot()
        await snapshot.run(told(READ))
        connect = partial(sqlite3.connect, path, isolation_level=None, timeout=60, check_same_thread=False)
        with closing(connect()) as writer:
            # Once it has written it keeps its lock.
            writer.executescript("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; INSERT INTO t VALUES (2)")
            committing = asyncio.create_task(asyncio.to_thread(writer.execute, "COMMIT"))
            while not committing.done():
                with suppress(StoreLocked):
                    assert (await snapshot.run(told(READ)))[0] == [[(1,)]]
                await asyncio.sleep(0.001)
            with pytest.raises(StoreLocked, match="is locked by another process"):
                await snapshot.run(told(READ))
        for match in ("was written to while it was read", "state of the store that this operation read is lost"):
            with pytest.raises(Unavailable, match=match):
                await snapshot.run(told(READ))
        snapshot.end()


async def test_a_state_is_one_wherever_steps_run(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with driver(path) as runner:
        await become_quick(runner, READ)
        snapshot = runner.snapshot()
        assert await snapshot.run(told(READ)) == ([[(1,)]], [True, True])
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("INSERT INTO t VALUES (2)")
        rows, here = await snapshot.run(told(counted(5_000), READ))
        assert (rows[1], here[-1]) == ([(1,)], False)
        assert await snapshot.run(told(READ)) == ([[(1,)]], [True, True])
        snapshot.end()
        assert (await runner.run(told(READ)))[0] == [[(1,), (2,)]]


async def test_who_waits_for_a_thread_needs_no_connection(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, ONE)

        async def ask() -> None:
            for _ in range(5):
                await ran_here(runner, counted(10_000))

        await asyncio.gather(*(ask() for _ in range(50)))
        assert len(runner._all) <= 3


async def test_a_connection_is_as_before_once_it_was_used_in_the_event_loop(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db", lock_timeout=7) as runner:
        await become_quick(runner, ONE, counted(10))
        await ran_here(runner, ONE, counted(1_000_000))
        for connection in runner._all:
            assert not connection.in_transaction
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (7_000,)
            # It would be interrupted if the time were still looked at.
            assert connection.execute(COUNTED, {"most": 1_000_000}).fetchone() == (1_000_000,)


async def test_a_driver_that_is_closed_reads_nothing(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, ONE)
    with pytest.raises(RuntimeError, match="after shutdown"):
        await ran_here(runner, ONE)


async def test_others_have_their_turn_after_each_script(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, ONE)
        order: list[str] = []

        async def ask(name: str) -> None:
            for _ in range(3):
                await ran_here(runner, ONE)
                order.append(name)

        await asyncio.gather(ask("a"), ask("b"))
    assert order == ["a", "b"] * 3


async def test_who_waits_for_a_round_is_next(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, counted(200))
        enough = False

        async def ask_on() -> None:
            while not enough:
                await ran_here(runner, counted(200))

        greedy = [asyncio.create_task(ask_on()) for _ in range(300)]
        asking = [asyncio.create_task(ran_here(runner, counted(200))) for _ in range(20)]
        done, _ = await asyncio.wait(asking, timeout=30)
        enough = True
        await asyncio.gather(*greedy)
        assert len(done) == 20


async def test_all_together_have_a_share_of_each_round_of_the_event_loop(tmp_path: Path) -> None:
    async with driver(tmp_path / "store.db") as runner:
        await become_quick(runner, counted(200))
        answered, rounds = 0, []

        async def ask() -> None:
            nonlocal answered
            await ran_here(runner, counted(200))
            answered += 1

        asking = asyncio.gather(*(ask() for _ in range(2_000)))
        while not asking.done():
            before = answered
            await asyncio.sleep(0)
            rounds.append(answered - before)
        # They take some 200 ms together, and in one round they may have 10.
        assert max(rounds) < 1_000


def test_a_loop_that_was_closed_keeps_nobody_waiting() -> None:
    laps, done = Laps(), []

    def work() -> None:
        time.sleep(2 * SHARE)
        done.append(True)

    for number in range(1, 4):
        loop = asyncio.new_event_loop()
        asyncio._set_running_loop(loop)
        try:
            laps.run(work)
        finally:
            asyncio._set_running_loop(None)
        loop.close()  # its next round has not begun
        assert len(done) == number


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_what_is_expected(times: list[float]) -> None:
    steps = QuickSteps()
    assert not steps.quick(1)
    for seconds in times:
        steps.took(1, seconds)
    # Whatever was before, a step that is quick now is so soon, and one that is long now is none at once.
    for _ in range(40):
        steps.took(1, QUICK / 2)
    assert steps.quick(1)
    steps.took(1, 20 * QUICK)
    assert not steps.quick(1)


def test_a_bounded_number_of_steps_is_known() -> None:
    steps = QuickSteps()
    for step in range(100_000):
        steps.took(step, 0)
    assert steps.quick(99_999)
    assert not steps.quick(0)
    assert sys.getsizeof(steps._expected) < 300_000
