"""One operation sees one state of the store, whoever writes beside it, and holds no writer up."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from lineageql.errors import TooExpensive, Unavailable
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import ALWAYS
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.store.ports import Facet, Search, Store
from lineageql.store.sql import sqlite_driver
from lineageql.store.sql.dialects import Statement
from tests.places import PLACES, MariaDBPlace, Place, PostgreSQLPlace, SQLitePlace
from tests.round_trips import counted
from tests.service import serving

ADDED = (
    "BEGIN;"
    "INSERT INTO Artifact (id, type_id, create_time_since_epoch, last_update_time_since_epoch)"
    " SELECT {id}, min(type_id), 1, 1 FROM Artifact;"
    "INSERT INTO Execution (id, type_id, create_time_since_epoch, last_update_time_since_epoch)"
    " SELECT {id}, min(type_id), 1, 1 FROM Execution;"
    "INSERT INTO Attribution (id, context_id, artifact_id) SELECT {id}, min(context_id), {id} FROM Attribution;"
    "INSERT INTO Association (id, context_id, execution_id) SELECT {id}, min(context_id), {id} FROM Association;"
    "COMMIT"
)
"""One artifact and one execution more in one workspace, in one transaction."""

ARTIFACTS = Search(EntityKind.ARTIFACT)


def write(place: Place, id_: int) -> None:
    statement = ADDED.format(id=id_)
    if isinstance(place, (PostgreSQLPlace, MariaDBPlace)):
        place.execute(statement)
    else:
        with closing(sqlite3.connect(place.url, timeout=30)) as connection:
            connection.executescript(statement)


@asynccontextmanager
async def opened(place: Place, **settings: object) -> AsyncIterator[Store]:
    place.fill_demo()
    store = await open_store(place.url, Settings.load({"read_only": True, **settings}, environ={}))
    try:
        yield store
    finally:
        await store.close()


async def test_counts_are_of_one_moment(place: Place) -> None:
    place.fill_demo()
    counts = "artifacts(first: {n}) {{ totalCount }} executions(first: {n}) {{ totalCount }}"
    # Each asks for itself, as no two of them are the same.
    fields = (f"a{n}: workspaces {{ nodes {{ {counts.format(n=n)} }} }}" for n in range(1, 9))
    query = f"{{ {' '.join(fields)} }}"

    written = 0
    enough = False

    async def writes() -> None:
        nonlocal written
        while not enough:
            await asyncio.to_thread(write, place, 10_000 + written)
            written += 1

    async with serving(place.url, read_only=True) as service:

        async def ask() -> tuple[int, int]:
            data = await service.data(query)
            first = data["a1"]
            assert all(answer == first for answer in data.values())
            nodes = first["nodes"]
            return sum(n["artifacts"]["totalCount"] for n in nodes), sum(n["executions"]["totalCount"] for n in nodes)

        before = await ask()
        writing = asyncio.create_task(writes())
        try:
            seen = [await ask() for _ in range(8)]
            until = time.monotonic() + 60
            while len(set(seen)) < 2 and time.monotonic() < until:
                seen.append(await ask())
        finally:
            enough = True
            await writing
        last = await ask()
    assert {artifacts - executions for artifacts, executions in seen} == {before[0] - before[1]}
    assert last == (before[0] + written, before[1] + written)
    assert len(set(seen)) > 1  # the writer was at it beside the queries


async def test_a_reading_sees_one_state_across_all_its_verbs(place: Place) -> None:
    async with opened(place) as store:
        with store.reading(WHOLE) as reader:
            before = await reader.counts()
            write(place, 10_000)
            counts = await asyncio.gather(reader.count(ARTIFACTS), reader.count(Search(EntityKind.EXECUTION)))
            assert counts == [before.artifacts, before.executions]
            assert (
                sum((await reader.facets(EntityKind.ARTIFACT, ALWAYS, Facet.TYPE, None)).values()) == before.artifacts
            )
            assert await store.reader(WHOLE).count(ARTIFACTS) == before.artifacts + 1
            with store.reading(WHOLE) as other:
                assert (await other.counts()).artifacts == before.artifacts + 1
        # A state that is let go is not seen again, and what is asked afterwards is not read.
        with store.reading(WHOLE) as later:
            assert await later.count(ARTIFACTS) == before.artifacts + 1
        with pytest.raises(asyncio.CancelledError):
            await reader.count(ARTIFACTS)


async def test_who_is_cancelled_does_not_take_the_state_away(place: Place) -> None:
    async with opened(place) as store:
        with store.reading(WHOLE) as reader:
            before = await reader.count(ARTIFACTS)
            write(place, 10_000)
            for _ in range(5):
                asked = [asyncio.create_task(reader.counts()) for _ in range(4)]
                await asyncio.sleep(0.002)
                for task in asked[:3]:
                    task.cancel()
                assert (await asked[3]).artifacts == before
                await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.parametrize("backend", [SQLitePlace, PostgreSQLPlace, MariaDBPlace], ids=PLACES)
async def test_a_statement_that_is_refused_leaves_the_state_to_others(backend: type[Place], tmp_path: Path) -> None:
    place = backend(tmp_path)
    count = Statement("SELECT count(*) FROM Artifact", {})
    # More columns than PostgreSQL takes, or more tables than the others do.
    columns = ", ".join(f"type_id AS column_of_a_long_name_{n}" for n in range(5_000))
    refused = f"SELECT {columns} FROM Artifact"
    if backend is not PostgreSQLPlace:
        refused = f"SELECT 1 FROM {', '.join(f'Artifact AS a{n}' for n in range(70))}"
    async with opened(place) as store:
        snapshot = store._driver.snapshot()  # type: ignore[attr-defined]
        try:
            before = await snapshot.fetch(count)
            write(place, 10_000)
            with pytest.raises(TooExpensive):
                await snapshot.fetch(Statement(refused, {}))
            assert list(await snapshot.fetch(count)) == list(before)
        finally:
            snapshot.end()


@pytest.mark.parametrize("backend", [PostgreSQLPlace, MariaDBPlace], ids=["postgresql", "mariadb"])
async def test_round_trips(backend: type[Place], tmp_path: Path) -> None:
    """What a state costs: in PostgreSQL one statement before the first, and what ends it is not waited for."""
    place = backend(tmp_path)
    place.fill_demo()
    async with counted(place.url) as trips, serving(trips.url, read_only=True) as service:
        for query, begins in (
            ("{ __typename store { backend } }", 0),
            ("{ types(of: ARTIFACT) { name } }", 1),
            ("{ workspaces { nodes { name runs { nodes { name } } } } }", 1),
        ):
            await service.data(query)
            await asyncio.sleep(0.05)
            asked, statements = trips.count, service.statements
            await service.data(query)
            await asyncio.sleep(0.05)
            statements = service.statements - statements
            ends = begins
            if backend is MariaDBPlace:
                begins = 0
            assert trips.count - asked == statements + begins + ends, query


async def test_a_store_that_is_not_in_wal_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There readers keep writers waiting, so a long operation lets them in, and fails where one came."""
    monkeypatch.setattr(sqlite_driver, "_HOLD", 60.0)
    place = SQLitePlace(tmp_path)
    async with opened(place) as store:
        pass
    with closing(sqlite3.connect(place.path)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    store = await open_store(place.url, Settings(read_only=True))
    try:
        with store.reading(WHOLE) as reader:
            before = await reader.count(ARTIFACTS)
            writing = asyncio.create_task(asyncio.to_thread(write, place, 10_000))
            await asyncio.sleep(0.1)
            assert await reader.count(ARTIFACTS) == before
            assert not writing.done()  # it waits
            monkeypatch.setattr(sqlite_driver, "_HOLD", 0.0)

            async def count_on() -> None:
                for _ in range(600):  # who writes may not have begun to wait
                    await reader.count(ARTIFACTS)
                    await asyncio.sleep(0.05)

            with pytest.raises(Unavailable, match="not in WAL mode"):
                await count_on()
            await writing
        with store.reading(WHOLE) as reader:
            assert await reader.count(ARTIFACTS) == before + 1
            assert await reader.count(ARTIFACTS) == before + 1
    finally:
        await store.close()
