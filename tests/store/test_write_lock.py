"""The locks of those who record: of two holders one waits, and who goes without a farewell keeps it for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineageql.errors import StoreLocked, Unavailable
from lineageql.settings import Settings
from lineageql.store.addresses import address_of
from lineageql.store.file_lock import FileLock
from lineageql.store.sql import mysql_lock
from lineageql.store.sql.mysql_lock import NamedLock, RowLock, lock_of
from lineageql.store.sql.postgresql_lock import PostgreSQLLock
from lineageql.store.write_lock import Hold, WriteLock
from tests.places import PLACES, MariaDBPlace, Place, PostgreSQLPlace

KINDS: dict[str, tuple[str, Callable[[Any, Settings], WriteLock]]] = {
    "file": ("sqlite", lambda address, settings: FileLock(address.path, settings.deadline)),
    "advisory in postgresql": ("postgresql", PostgreSQLLock),
    "named in mariadb": ("mariadb", NamedLock),
    "row in mariadb": ("mariadb", RowLock),
}
"""By what each is: the backend of its store, and what makes it."""


class Locks:
    """Locks of one store, each as if it were another process's."""

    def __init__(self, place: Place, make: Callable[[Any, Settings], WriteLock]) -> None:
        place.fill_empty()
        self.place = place
        self._make = make
        self._made: list[WriteLock] = []

    def lock(self, deadline: int = 30) -> Any:
        made = self._make(address_of(self.place.url), Settings(deadline=deadline))
        self._made.append(made)
        return made

    async def close(self) -> None:
        for lock in self._made:
            await lock.close()


@pytest.fixture(params=KINDS)
async def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    backend, make = KINDS[request.param]
    made = Locks(PLACES[backend](tmp_path), make)
    yield made
    await made.close()


async def enter(lock: WriteLock, held: list[str], name: str) -> None:
    async with lock.held() as hold:
        held.append(name)
        await asyncio.sleep(0.05)
        hold.check()
        held.append(name)


async def test_one_at_a_time_has_it(locks: Locks) -> None:
    held: list[str] = []
    mine = [locks.lock() for _ in range(4)]
    await asyncio.gather(*(enter(lock, held, f"{place} {turn}") for place, lock in enumerate(mine) for turn in "ab"))
    assert len(held) == 16
    assert held[::2] == held[1::2]


async def test_who_waits_too_long_is_told_that_nothing_was_written(locks: Locks) -> None:
    one, other = locks.lock(), locks.lock(deadline=1)
    async with one.held():
        with pytest.raises(StoreLocked, match="for 1 seconds; nothing of this was written"):
            async with other.held():
                pass
    async with other.held():
        pass


async def test_who_gives_up_waiting_is_in_nobodys_way(locks: Locks) -> None:
    one, other, third = locks.lock(), locks.lock(), locks.lock()
    async with one.held():
        waiting = asyncio.create_task(enter(other, [], "other"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with third.held():
        pass
    async with other.held():
        pass


def end_connections(place: PostgreSQLPlace | MariaDBPlace) -> None:
    """Ends all connections to a store from the server's side."""
    if isinstance(place, PostgreSQLPlace):
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        place.select(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        return
    others = f"db = '{place.name}' AND id <> CONNECTION_ID()"
    threads = place.select(f"SELECT id FROM information_schema.processlist WHERE {others}")
    place.select("".join(f"KILL {thread};" for thread in threads))


async def lost(hold: Hold) -> None:
    """Waits until a holder is told that it is none any more."""
    for _ in range(100):
        hold.check()
        await asyncio.sleep(0.05)


async def test_a_holder_whose_connection_ends_is_told_before_it_writes(
    locks: Locks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_lock, "LEASE", 1.0)
    if not isinstance(locks.place, PostgreSQLPlace | MariaDBPlace):
        pytest.skip("the operating system keeps the lock of a file as long as its holder lives")
    lock, other = locks.lock(), locks.lock()
    async with lock.held() as hold:
        hold.check()
        end_connections(locks.place)
        with pytest.raises(Unavailable, match="nothing of this was written"):
            await lost(hold)
        async with other.held():
            pass
    async with lock.held():
        pass


async def test_a_row_in_mariadb_whose_holder_died_is_anothers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql_lock, "LEASE", 1.0)
    locks = Locks(PLACES["mariadb"](tmp_path), RowLock)
    dead, slow, other = locks.lock(), locks.lock(), locks.lock()
    assert await dead.take(1)
    dead._beating.cancel()
    async with slow.held() as hold:
        # It lives, and keeps it for longer than a dead one does.
        waiting = asyncio.create_task(enter(other, [], "other"))
        await asyncio.sleep(1.5)
        hold.check()
        assert not waiting.done()
    await waiting
    with pytest.raises(Unavailable):
        dead.check()
    await dead.free()
    async with other.held():
        pass
    await locks.close()


async def test_a_single_mariadb_needs_no_row(tmp_path: Path) -> None:
    place = PLACES["mariadb"](tmp_path)
    place.fill_empty()
    address: Any = address_of(place.url)
    assert isinstance(await lock_of(address, Settings()), NamedLock)


async def test_the_file_beside_a_store_goes_with_the_last_who_records(tmp_path: Path) -> None:
    store = tmp_path / "lineage.db"

    def beside() -> list[str]:
        return [path.name for path in tmp_path.iterdir()]

    one, other = FileLock(store, 1.0), FileLock(store, 1.0)
    async with one.held():
        with pytest.raises(StoreLocked):
            async with other.held():
                pass
    async with other.held():
        await one.close()
        assert beside() == ["lineage.db-lineageql"]
    await other.close()
    assert not beside()
    # A file that was taken away while somebody had it open is another one now.
    async with one.held():
        with pytest.raises(StoreLocked):
            async with other.held():
                pass
    await one.close()
    await other.close()
