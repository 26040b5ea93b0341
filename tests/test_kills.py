"""The database is killed in the middle of recording, on every backend: nothing is lost, half there, or there twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineageql.settings import Settings
from lineageql.store.ports import Store
from tests.killable_backends import KILLABLE_BACKENDS, KillableBackend
from tests.recordings import Recorded
from tests.service import serving_open

pytest.importorskip("ml_metadata")
pytest.importorskip("grpc")

CLIENTS = 16
# Kills go on until so many were and a call was cut off whose fate nobody knew.
LEAST_KILLS, MOST_KILLS = 2, 9


CASES = [("sqlite", 100), *(pytest.param(name, 1000, marks=pytest.mark.long) for name in KILLABLE_BACKENDS)]
"""Backends, and how many calls are sent to them."""


@pytest.fixture
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KillableBackend]:
    made = KILLABLE_BACKENDS[request.param](tmp_path)
    try:
        yield made
    finally:
        made.close()


class Writes:
    """Tells when the store is sent something to write."""

    def __init__(self, store: Store) -> None:
        self._recorder: Any = store.recorder
        self._call = self._recorder.call
        self._recorder.call = self._tell
        self._sent = asyncio.Event()

    async def _tell(self, rpc: str, request: bytes) -> bytes:
        if rpc == "PutLineageSubgraph":
            self._sent.set()
        reply: bytes = await self._call(rpc, request)
        return reply

    async def next(self) -> None:
        """Waits for the next."""
        self._sent.clear()
        await self._sent.wait()


@pytest.mark.parametrize(("backend", "calls"), CASES, indirect=["backend"])
async def test_the_database_is_killed_in_the_middle_of_calls(backend: KillableBackend, calls: int) -> None:
    settings = Settings.load({"store": backend.url, "create": True, "deadline": 20}, environ={})
    store = await backend.opened(settings)
    async with serving_open(store, settings) as service:
        writes, recorded = Writes(store), Recorded(service)
        await recorded.prepare()
        numbers = iter(range(calls))

        async def send() -> None:
            for number in numbers:
                await recorded.insist(number)

        async def kill() -> None:
            for kills in range(MOST_KILLS):
                if kills >= LEAST_KILLS and recorded.unsure:
                    break
                await recorded.until(calls * (kills + 1) // (MOST_KILLS + 1))
                await writes.next()
                await asyncio.sleep(random.uniform(0, 0.005))
                backend.kill()
                await backend.start()

        await asyncio.gather(kill(), *(send() for _ in range(CLIENTS)))
        assert recorded.unsure, "no call was under way when the database was killed"
        await recorded.check()
