"""Connections to a database server fall silent, idle or with a statement under way: reads and writes come back."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from lineageql.model.identity import EntityKind, Ref
from tests.forwarder import Forwarder
from tests.places import MariaDBPlace, Place, PostgreSQLPlace
from tests.processes import children
from tests.service import Service, serving

pytest.importorskip("ml_metadata")

BACKENDS = ("postgresql", "mariadb")
READ = "{ artifacts(first: 3) { nodes { name } totalCount } }"
LABEL = "mutation ($input: SetLabelsInput!) { setLabels(input: $input) { entity { id } } }"
READERS = 10
UNDER_WAY = 20.0
"""Seconds in which six writers hear it of whom one has its turn when the server is paused."""
PAUSED = (9.0, 14.0), (7.0, 7.0)
"""Seconds in which who reads and who writes hear that the server is paused: the first, and those after them."""
BACK = 15.0
"""Seconds after which all must be as before, with the settings as they come."""


async def label(service: Service, number: int) -> dict[str, Any]:
    sent = {"id": str(Ref(EntityKind.ARTIFACT, 1)), "labels": [{"key": "n", "value": str(number)}]}
    return await service.ask(LABEL, {"input": sent})


@pytest.fixture
async def forwarder(place: Place) -> AsyncIterator[Forwarder]:
    place.fill_demo()
    (port,) = re.findall(r"@127\.0\.0\.1:(\d+)/", place.url)
    made = Forwarder(int(port))
    await made.start()
    yield made
    await made.close()


def through(place: Place, forwarder: Forwarder) -> str:
    return re.sub(r"@127\.0\.0\.1:\d+/", f"@127.0.0.1:{forwarder.port}/", place.url)


async def until_back(ask: Any) -> float:
    """Seconds until something is answered without an error."""
    began = time.monotonic()
    while "errors" in (body := await ask()):
        (error,) = body["errors"]
        assert error["extensions"]["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), error
        assert time.monotonic() - began < BACK, body
        await asyncio.sleep(0.1)
    return time.monotonic() - began


async def test_connections_that_fall_silent_under_a_load(place: Place, forwarder: Forwarder) -> None:
    async with serving(through(place, forwarder), store_timeout=1) as service:
        assert "errors" not in await label(service, 0)
        await asyncio.gather(*(service.data(READ) for _ in range(READERS)))
        forwarder.fall_silent()
        began = time.monotonic()
        # Nothing lay idle for long: each has a statement under way when nobody answers it.
        await asyncio.gather(*(until_back(lambda: service.ask(READ)) for _ in range(READERS)))
        await until_back(lambda: label(service, 1))
        await until_back(lambda: service.ask(READ))
        ready = await service.client.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert time.monotonic() - began < BACK


async def test_connections_that_fell_silent_while_nobody_asked(
    place: Place, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sql.pooled", "sql.database_lock", "mlmd.channel"):
        monkeypatch.setattr(f"lineageql.store.{module}.IDLE", 0.2)
    async with serving(through(place, forwarder), store_timeout=1) as service:
        assert "errors" not in await label(service, 0)
        await asyncio.gather(*(service.data(READ) for _ in range(3)))
        forwarder.fall_silent()
        await asyncio.sleep(0.3)
        # The first who asks sees nothing of it, neither a reader nor a writer.
        assert "errors" not in await service.ask(READ)
        assert "errors" not in await label(service, 1)


async def test_a_server_that_is_silent_for_all(place: Place, forwarder: Forwarder) -> None:
    async with serving(through(place, forwarder), store_timeout=1, deadline=5) as service:
        assert "errors" not in await label(service, 0)
        forwarder.forgets = True
        forwarder.fall_silent()
        began = time.monotonic()
        bodies = await asyncio.gather(*(service.ask(READ) for _ in range(READERS)), label(service, 1))
        for body in bodies:
            (error,) = body["errors"]
            assert error["extensions"]["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), error
        assert time.monotonic() - began < 8
        assert (await service.client.get("/readyz")).status_code == 503
        forwarder.forgets = False
        await until_back(lambda: service.ask(READ))
        await until_back(lambda: label(service, 2))
        assert (await service.client.get("/readyz")).status_code == 200


async def test_a_statement_that_only_takes_long_is_waited_for(place: Place, forwarder: Forwarder) -> None:
    from lineageql.store.sql.dialects import Statement

    slow = {"postgresql": "SELECT 7 FROM pg_sleep(3)", "mysql": "SELECT 7 + SLEEP(3)"}
    async with serving(through(place, forwarder), store_timeout=1) as service:
        driver = service.store._driver
        assert int((await driver.fetch(Statement(slow[driver.dialect.name], {})))[0][0]) == 7


async def seconds_of(asked: Awaitable[Any]) -> float:
    """How long it took to hear that the server does not answer."""
    began = time.monotonic()
    (error,) = (await asked)["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE", error
    return time.monotonic() - began


async def until_refused(service: Service, number: int) -> float:
    """How long the first write takes that hears that the server does not answer."""
    while True:
        began = time.monotonic()
        body = await label(service, number)
        if "errors" in body:
            assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE", body
            return time.monotonic() - began


@pytest.mark.long
async def test_a_server_that_is_paused(place: Place) -> None:
    """With the settings as they come, writes do not stand one behind the other where each waits for it anew."""
    place.fill_demo()
    assert isinstance(place, PostgreSQLPlace | MariaDBPlace)
    assert place.server.process is not None
    pids = [place.server.process.pid]
    async with serving(place.url) as service:
        assert "errors" not in await label(service, 0)
        await asyncio.gather(*(service.data(READ) for _ in range(3)))
        pids += children(pids[0])
        under_way = [asyncio.create_task(until_refused(service, number)) for number in range(6)]
        await asyncio.sleep(1)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            took = await asyncio.gather(*under_way)
            assert max(took) < UNDER_WAY, took
            for read, write in PAUSED:
                reads = [seconds_of(service.ask(READ)) for _ in range(3)]
                writes = [seconds_of(label(service, number)) for number in range(8)]
                took = await asyncio.gather(*reads, *writes)
                assert max(took[:3]) < read, took
                assert max(took[3:]) < write, took
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        await until_back(lambda: service.ask(READ))
        await until_back(lambda: label(service, 3))
        assert (await service.client.get("/readyz")).status_code == 200
