"""Readers over ml-metadata's worker, of stores that a test makes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lineageql.errors import Unsupported
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config
from lineageql.store.service.client import Sizes
from lineageql.store.service.reader import ServiceReader
from tests.store.service.carried import carried
from tests.store.sql.records import StoreRecord, add, template
from tests.store.sql.workbench import answer

T = TypeVar("T")
WAYS = ("with filters", "without filters")
SMALL = Sizes(page=2, batch=3, few=0)
"""So that the few rows of a random store are several pages and several requests."""


class WithoutFilters:
    """A server as ml-metadata 1.21's, which has no filters."""

    def __init__(self, channel: WorkerChannel) -> None:
        self.channel = channel

    async def call(self, rpc: str, request: bytes) -> bytes:
        from ml_metadata.proto import metadata_store_service_pb2 as service

        options: Any = getattr(service, f"{rpc}Request").FromString(request)
        if getattr(getattr(options, "options", None), "filter_query", ""):
            text = "filter_query is not supported - ZetaSQL dependency removed"
            raise Unsupported(f"{rpc} failed: {text}")
        return await self.channel.call(rpc, request)

    async def start(self) -> None:
        await self.channel.start()

    async def close(self) -> None:
        await self.channel.close()


class ServiceBench:
    """Puts one store after the other into a file that one worker has open, and reads them through it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(template())
        self.loop = asyncio.new_event_loop()
        self.channel = WorkerChannel(sqlite_config(path, create=False))
        self.filters = self.run(self._filters())
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self.tables = [name for (name,) in found if name not in ("MLMDEnv", "sqlite_sequence")]

    async def _filters(self) -> bool:
        """Whether this ml-metadata has filters."""
        from ml_metadata.proto import metadata_store_service_pb2 as service

        request: Any = service.GetArtifactsRequest()
        request.options.filter_query = "id = 1"
        try:
            await self.channel.call("GetArtifacts", request.SerializeToString())
        except Unsupported:
            return False
        return True

    def run(self, work: Awaitable[T]) -> T:
        """The answer of a coroutine."""
        return answer(self.loop, work)

    def put(self, store: StoreRecord) -> None:
        """Puts a store in the place of the one before, as it is."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
            for table in self.tables:
                simple = " WHERE name NOT LIKE 'mlmd.%'" if table == "Type" else ""
                connection.execute(f"DELETE FROM {table}{simple}")
            add(connection, store)
            connection.execute("COMMIT")

    @contextmanager
    def reading(self, store: StoreRecord, way: str = WAYS[0], **knobs: Any) -> Iterator[ServiceReader]:
        """A reader of what MLMD can carry of a store."""
        self.put(carried(store))
        caller = self.channel if way == WAYS[0] else WithoutFilters(self.channel)
        yield ServiceReader(caller, **{"sizes": SMALL, **knobs})

    def close(self) -> None:
        self.run(self.channel.close())
        self.loop.close()


@pytest.fixture(scope="session")
def service_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceBench]:
    pytest.importorskip("ml_metadata")
    made = ServiceBench(tmp_path_factory.mktemp("service") / "store.db")
    yield made
    made.close()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)
