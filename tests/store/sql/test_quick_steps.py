"""Where the steps of scripts run: quick ones in the event loop, all others in threads, with the same rows."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.errors import StoreLocked
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script
from lineageql.store.sql.quick_steps import QUICK, QuickSteps
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from tests.store.sql.records import StoreRecord
from tests.store.sql.workbench import Workbench

ONE = Statement("SELECT 1", {})
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
async def driver(path: Path, mode: str = "wal", lock_timeout: float = 10) -> AsyncIterator[SQLiteDriver]:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA journal_mode = {mode}; CREATE TABLE t (n); INSERT INTO t VALUES (1)")
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
        snapshot = runner.snapshot()
        await become_quick(snapshot, ONE, counted(10))
        before = runner.statements
        rows, here = await snapshot.run(told(ONE, counted(1_000_000), ONE))
        assert rows == [[(1,)], [(1_000_000,)], [(1,)]]
        assert here == [True, True, False, False]
        assert runner.statements == before + 3  # what was begun in vain is no statement that was run
        assert (await snapshot.run(told(counted(10))))[1] == [False, False]
        snapshot.end()


async def test_the_event_loop_waits_for_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    read = Statement("SELECT n FROM t", {})
    async with driver(path, "delete") as runner:
        await become_quick(runner, read)
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            writer.execute("INSERT INTO t VALUES (2)")
            began = time.monotonic()
            reading = asyncio.create_task(runner.run(told(read)))
            await asyncio.sleep(0.05)
            assert not reading.done()
            assert time.monotonic() - began < runner.lock_timeout
            writer.execute("COMMIT")
            assert (await reading)[0] == [[(1,), (2,)]]


async def test_a_lock_that_is_not_let_go_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    read = Statement("SELECT n FROM t", {})
    async with driver(path, "delete", lock_timeout=0.1) as runner:
        await become_quick(runner, read)
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreLocked, match="is locked by another process"):
                await ran_here(runner, read)
        assert (await runner.run(told(read)))[0] == [[(1,)]]


async def test_a_state_is_one_wherever_steps_run(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    read = Statement("SELECT n FROM t", {})
    async with driver(path) as runner:
        await become_quick(runner, read)
        snapshot = runner.snapshot()
        assert await snapshot.run(told(read)) == ([[(1,)]], [True, True])
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("INSERT INTO t VALUES (2)")
        rows, here = await snapshot.run(told(counted(100_000), read))
        assert (rows[1], here[-1]) == ([(1,)], False)
        assert await snapshot.run(told(read)) == ([[(1,)]], [True, True])
        snapshot.end()
        assert (await runner.run(told(read)))[0] == [[(1,), (2,)]]


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


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_what_is_expected(times: list[float]) -> None:
    steps = QuickSteps()
    assert not steps.quick(1)
    for seconds in times:
        steps.took(1, seconds)
    # Whatever was before, a step that is quick now is so soon, and one that is long now is none soon.
    for _ in range(12):
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
