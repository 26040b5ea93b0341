"""A store of its own for each test, and ml-metadata's own view of what was written into it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lineageql.catalog.recording import Recording
from lineageql.model.entities import Entity
from lineageql.model.identity import Ref
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.store.ports import Store
from lineageql.store.sql.dialects import Statement
from tests.places import Place

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

    def __init__(self, place: Place, store: Store) -> None:
        self.place = place
        self.store = store
        self.recording = Recording(store, Settings())

    async def get(self, ref: Ref) -> Any:
        """The entity, as LineageQL reads it."""
        found: dict[Ref, Entity] = dict(await self.store.reader(WHOLE).get([ref]))
        return found[ref]

    async def open(self) -> None:
        """Opens the store anew, as another process of the service would; the old one must be closed."""
        self.store = await open_store(self.place.url, Settings())
        self.recording = Recording(self.store, Settings())

    def mlmd(self) -> Mlmd:
        """All of it, as ml-metadata reads it, in a process of its own."""
        done = subprocess.run([sys.executable, str(DUMPING)], capture_output=True, input=self.place.config())
        assert done.returncode == 0, done.stderr
        return Mlmd(json.loads(done.stdout))

    def rows(self) -> list[str]:
        """All of it, as it stands in the tables."""
        return self.place.rows()

    async def size(self) -> int:
        """How many rows there are of contexts and their properties."""
        counts = Statement("SELECT (SELECT count(*) FROM Context) + (SELECT count(*) FROM ContextProperty)", {})
        return int((await self.store._driver.fetch(counts))[0][0])  # type: ignore[attr-defined]


@pytest_asyncio.fixture
async def room(place: Place) -> AsyncIterator[Room]:
    place.fill_empty()
    made = Room(place, await open_store(place.url, Settings()))
    yield made
    await made.store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_room(shared_place: Place) -> AsyncIterator[Room]:
    """One store for all tests of a module that run in its event loop."""
    shared_place.fill_empty()
    store = await open_store(shared_place.url, Settings())
    yield Room(shared_place, store)
    await store.close()
