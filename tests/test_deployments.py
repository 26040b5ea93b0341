"""Four replicas over databases as large users run them hold what an SQLite store holds that was given the same."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deployments import DEPLOYMENTS, Deployment
from tests.replicas import Replicas
from tests.service import serving
from tests.shared_recordings import RECORD, answers, recording
from tests.tutorial import ask_tutorial, record_tutorial

pytest.importorskip("ml_metadata")
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

REPLICAS, CLIENTS, CALLS = 4, 8, 1000
READ = "{ artifacts(first: 20, orderBy: {field: NAME}) { totalCount nodes { name consumers { totalCount } } } }"
AGAIN = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
"""What a caller is told who may send the same again."""


def checked(url: str) -> dict[str, Any]:
    """What `lineageql store check` counts and finds to be done."""
    command = [sys.executable, "-m", "lineageql", "store", "check", "--json", url]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    return {"counts": found["counts"], "findings": found["findings"], "code": done.returncode}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an SQLite store says that one client gave the same to, one after the other."""
    path = tmp_path_factory.mktemp("wanted") / "lineage.db"

    async def fill() -> dict[str, Any]:
        async with serving(path, create=True) as service:
            ids = await record_tutorial(service.data)
            for number in range(CALLS):
                await service.data(RECORD, {"input": recording(number)})
            await ask_tutorial(service.data, *ids)
            return await answers(service.data)

    said = asyncio.run(fill())
    return {**said, "check": checked(str(path))}


@pytest.fixture(params=DEPLOYMENTS)
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    made = DEPLOYMENTS[request.param]()
    try:
        yield made
    finally:
        made.close()


class Clients:
    """Clients that send each call to one of the replicas until it is answered, and readers beside them."""

    def __init__(self, replicas: Replicas) -> None:
        self.replicas = replicas
        self.answered: dict[int, tuple[float, Any]] = {}
        self.refused: list[tuple[float, str]] = []
        self.unread: list[tuple[float, str]] = []
        self.reads = 0
        self.times: list[float] = []
        self._one_more = asyncio.Condition()

    async def record(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            for attempt in itertools.count():
                began = time.monotonic()
                body = await self.replicas.ask(number % REPLICAS, RECORD, {"input": recording(number)})
                if "errors" not in body:
                    self.times.append(time.monotonic() - began)
                    break
                (error,) = body["errors"]
                assert error["extensions"]["code"] in AGAIN, error
                assert attempt < 150, error
                self.refused.append((time.monotonic(), error["message"]))
                await asyncio.sleep(0.2)
            self.answered[number] = time.monotonic(), body["data"]["recordExecution"]
            async with self._one_more:
                self._one_more.notify_all()

    async def read(self, replica: int) -> None:
        """Reads again and again, as pages of the explorer do."""
        while True:
            body = await self.replicas.ask(replica, READ)
            self.reads += 1
            for error in body.get("errors", ()):
                assert error["extensions"]["code"] in AGAIN, error
                self.unread.append((time.monotonic(), error["message"]))
            await asyncio.sleep(0.1)

    async def until(self, answered: int) -> None:
        """Waits until so many calls were answered."""
        async with self._one_more:
            await self._one_more.wait_for(lambda: len(self.answered) >= answered)


async def test_replicas_hold_what_one_client_gave_to_sqlite(
    deployment: Deployment, wanted: dict[str, Any], tmp_path: Path
) -> None:
    began = time.monotonic()
    replicas = Replicas([deployment.url] * REPLICAS, tmp_path, "--create", *deployment.flags)
    try:
        clients = Clients(replicas)
        turns = itertools.cycle(range(REPLICAS))

        async def anybody(query: str, variables: dict[str, Any]) -> Any:
            """Asks one replica after the other."""
            return await replicas.data(next(turns), query, variables)

        ids = await record_tutorial(anybody)
        numbers = iter(range(CALLS))
        readers = [asyncio.create_task(clients.read(replica)) for replica in range(REPLICAS)]
        harmed = 0.0

        async def harm() -> None:
            nonlocal harmed
            await clients.until(CALLS * 2 // 5)
            await deployment.harm()
            harmed = time.monotonic()

        recording_began = time.monotonic()
        await asyncio.gather(harm(), *(clients.record(numbers) for _ in range(CLIENTS)))
        took = time.monotonic() - recording_began
        for reader in readers:
            assert not reader.done(), reader.exception()
            reader.cancel()

        if deployment.back is not None:
            back = {}
            for replica in range(REPLICAS):
                mine = [at for number, (at, _) in clients.answered.items() if number % REPLICAS == replica]
                back[replica] = min(at for at in mine if at > harmed) - harmed
            print(f"recording was back {max(back.values()):.1f} s after the promotion")
            assert max(back.values()) < deployment.back, (back, clients.refused[-3:])
        else:
            # Where nothing happens nobody sees an error.
            assert not clients.refused, clients.refused[:3]
            assert not clients.unread, clients.unread[:3]
        times = sorted(clients.times)
        print(f"{CALLS} recordings in {took:.0f} s, median {times[CALLS // 2]:.3f} s, 99 of 100 {times[-10]:.3f} s")
        print(f"{len(clients.refused)} sent again; {len(clients.unread)} of {clients.reads} reads were refused")

        await ask_tutorial(anybody, *ids)
        said = await answers(anybody)
        said["check"] = await asyncio.to_thread(checked, deployment.url)
        for what, answer in wanted.items():
            assert said[what] == answer, what
        # What an answer named is what is there.
        made = sum(answer["created"] for _, answer in clients.answered.values())
        assert CALLS - len(clients.refused) <= made <= CALLS
        print(f"{time.monotonic() - began:.0f} s in all")
    finally:
        await replicas.close()
