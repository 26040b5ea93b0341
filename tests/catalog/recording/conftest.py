"""A store of its own for each test, and ml-metadata's own view of what was written into it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lineageql.catalog.recording import Recording
from lineageql.model.entities import Entity
from lineageql.model.identity import Ref
from lineageql.settings import Settings
from lineageql.store import open_store
from lineageql.store.ports import Store

pytest.importorskip("ml_metadata")

DUMPING = Path(__file__).with_name("dumping.py")


class Mlmd:
    """What ml-metadata itself reads in a store."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.artifacts: dict[int, Any] = {node["id"]: node for node in found["artifacts"]}
        self.executions: dict[int, Any] = {node["id"]: node for node in found["executions"]}
        self.contexts: dict[int, Any] = {node["id"]: node for node in found["contexts"]}
        self.events: list[Any] = found["events"]
        self.types: dict[str, Any] = found["types"]

    def context(self, name: str) -> Any:
        return next(node for node in self.contexts.values() if node["name"] == name)


class Room:
    """An open store with its recording, and three ways to look at what is in it."""

    def __init__(self, path: Path, store: Store) -> None:
        self.path = path
        self.store = store
        self.recording = Recording(store, Settings())

    async def get(self, ref: Ref) -> Any:
        """The entity, as LineageQL reads it."""
        found: dict[Ref, Entity] = dict(await self.store.reader().get([ref]))
        return found[ref]

    async def open(self) -> None:
        """Opens the store anew, as another process of the service would; the old one must be closed."""
        self.store = await open_store(str(self.path), Settings())
        self.recording = Recording(self.store, Settings())

    def mlmd(self) -> Mlmd:
        """All of it, as ml-metadata reads it, in a process of its own."""
        done = subprocess.run([sys.executable, str(DUMPING), str(self.path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return Mlmd(json.loads(done.stdout))

    def rows(self) -> list[str]:
        """All of it, as it stands in the tables."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return list(connection.iterdump())

    def size(self) -> int:
        """How many rows there are of contexts and their properties."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            counts = "SELECT (SELECT count(*) FROM Context) + (SELECT count(*) FROM ContextProperty)"
            return int(connection.execute(counts).fetchone()[0])


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new store, made once and copied for each test."""
    path = tmp_path_factory.mktemp("recording") / "empty.db"
    code = (
        "import asyncio, sys; from lineageql.settings import Settings; from lineageql.store import open_store\n"
        "async def main(): await (await open_store(sys.argv[1], Settings(create=True))).close()\n"
        "asyncio.run(main())"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment)
    return path


@pytest_asyncio.fixture
async def room(empty_store: Path, tmp_path: Path) -> AsyncIterator[Room]:
    path = tmp_path / "store.db"
    shutil.copyfile(empty_store, path)
    made = Room(path, await open_store(str(path), Settings()))
    yield made
    await made.store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_room(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """One store for all tests of a module that run in its event loop."""
    path = tmp_path_factory.mktemp("shared") / "store.db"
    shutil.copyfile(empty_store, path)
    store = await open_store(str(path), Settings())
    yield Room(path, store)
    await store.close()
