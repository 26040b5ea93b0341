"""Stores whose database a test kills and starts again, one for each backend, none of them shared with other tests."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineageql.settings import Settings
from lineageql.store.endpoint import Endpoint
from lineageql.store.open import open_store
from lineageql.store.ports import Store
from tests.mlmd_server import MLMDServer
from tests.processes import children
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL


class KillableBackend:
    """A store, empty as yet, and what serves it."""

    url: str

    def __init__(self, folder: Path) -> None:
        """Starts what serves it; the store's file is in the folder, if it has one."""
        raise NotImplementedError

    async def opened(self, settings: Settings) -> Store:
        """The store, as the service opens it."""
        return await open_store(self.url, settings)

    def kill(self) -> None:
        """Ends what writes to the store by SIGKILL, at once."""
        raise NotImplementedError

    async def start(self) -> None:
        """Starts it again."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends everything."""


class SQLiteKillableBackend(KillableBackend):
    """A file, of which the worker process that writes it is killed; the service starts another by itself."""

    def __init__(self, folder: Path) -> None:
        self.url = str(folder / "lineage.db")
        self._recorder: Any = None

    async def opened(self, settings: Settings) -> Store:
        store = await super().opened(settings)
        self._recorder = store.recorder
        return store

    def kill(self) -> None:
        if self._recorder.pid is not None:
            os.kill(self._recorder.pid, signal.SIGKILL)

    async def start(self) -> None:
        """The next call does."""


class ServerKillableBackend(KillableBackend):
    """A database server, of which every process is killed."""

    def __init__(self, server: PostgreSQL | MariaDB) -> None:
        self._server = server
        self.url = server.url(server.name())

    def kill(self) -> None:
        self._server.stop(signal.SIGKILL)

    async def start(self) -> None:
        await asyncio.to_thread(self._server.start)

    def close(self) -> None:
        self._server.close()


class ServiceKillableBackend(KillableBackend):
    """MLMD's service over a file; now itself is killed, and now its worker."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lineage.db"
        self._server = MLMDServer(self._path, "--create")
        self._kills = 0
        self.url = f"grpc://{self._server.host}:{self._server.port}"

    def kill(self) -> None:
        self._kills += 1
        if self._kills % 2:
            self._server.stop(signal.SIGKILL)
            return
        for pid in children(self._server.process.pid):
            os.kill(pid, signal.SIGKILL)

    async def start(self) -> None:
        if self._kills % 2:
            self._server = await asyncio.to_thread(MLMDServer, self._path, port=self._server.port)

    def close(self) -> None:
        self._server.stop()


class UnfilteredKillableBackend(ServiceKillableBackend):
    """The same where the service takes no filters."""

    async def opened(self, settings: Settings) -> Store:
        from lineageql.store.mlmd.grpc_channel import GrpcChannel
        from lineageql.store.service_store import open_service
        from tests.store.service.conftest import WithoutFilters

        channel = GrpcChannel(Endpoint(self._server.host, self._server.port), timeout=float(settings.deadline))
        return await open_service(self.url, WithoutFilters(channel), settings)


KILLABLE_BACKENDS: dict[str, Callable[[Path], KillableBackend]] = {
    "sqlite": SQLiteKillableBackend,
    "postgresql": lambda folder: ServerKillableBackend(PostgreSQL()),
    "mariadb": lambda folder: ServerKillableBackend(MariaDB()),
    "grpc": ServiceKillableBackend,
    "grpc without filters": UnfilteredKillableBackend,
}
"""By backend."""
