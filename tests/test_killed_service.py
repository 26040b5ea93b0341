"""The service is killed in the middle of writes: what was answered is there, and nothing is half there."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo import lineageql
from tests.server import Server
from tests.service import serving

pytest.importorskip("ml_metadata")
pytestmark = pytest.mark.long

LINEAGE = "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created executions { id } } }"
STEPS = 6
ROUNDS = 2
TABLES = ("Execution", "Artifact", "Event")


def lineage(number: int) -> list[dict[str, Any]]:
    """A chain of data sets, its ends shared with every other, in two runs."""

    def data(step: int) -> dict[str, Any]:
        name = "shared" if step in (0, STEPS) else f"d-{number}-{step}"
        facts = {"name": name, "uri": f"u/{name}/{step}", "labels": [{"key": "team", "value": "a"}]}
        return {"port": "p", "artifact": {"dataSet": facts}}

    return [
        {
            "workspace": "kill",
            "run": f"run-{number}-{step % 2}",
            "execution": {
                "name": f"{number}/{step}",
                "externalId": f"{number}/{step}",
                "customProperties": {"third": 1 / 3, "list": [1, 2]},
            },
            "inputs": [data(step)],
            "outputs": [data(step + 1)],
        }
        for step in range(STEPS)
    ]


async def flood(url: str, numbers: itertools.count[int], answered: set[int], server: Server) -> None:
    """Records until the server, which is killed in the middle, answers no more."""

    enough, killed_at = asyncio.Event(), len(answered) + 5

    async def send(client: httpx.AsyncClient) -> None:
        while True:
            number = next(numbers)
            body = {"query": LINEAGE, "variables": {"input": lineage(number)}}
            try:
                answer = (await client.post(f"{url}/graphql", json=body)).json()
            except (httpx.HTTPError, json.JSONDecodeError):
                return
            assert "errors" not in answer, answer
            answered.add(number)
            if len(answered) >= killed_at:
                enough.set()

    async def kill() -> None:
        await enough.wait()
        await asyncio.sleep(random.uniform(0, 0.05))
        server.process.send_signal(signal.SIGKILL)

    async with httpx.AsyncClient(timeout=60, transport=httpx.AsyncHTTPTransport(retries=5)) as client:
        await asyncio.gather(kill(), *(send(client) for _ in range(4)))


async def test_the_service_is_killed_while_it_records(tmp_path: Path) -> None:
    path = tmp_path / "lineage.db"
    numbers, answered = itertools.count(), set[int]()
    for _ in range(ROUNDS):
        server = Server("serve", str(path), "--create", "--port", "0", cwd=tmp_path)
        try:
            await flood(server.url, numbers, answered, server)
        finally:
            server.stop(signal.SIGKILL)
        whole(path, answered)
    assert "Nothing to be done." in lineageql("store", "check", str(path))
    # Whatever was cut off is made good by sending it again, and what was not stays as it is.
    async with serving(path) as service:
        for number in range(next(numbers)):
            made = (await service.data(LINEAGE, {"input": lineage(number)}))["recordLineage"]
            assert len(set(made["created"])) == 1
            assert not (number in answered and made["created"][0])
    executions, artifacts, events = whole(path, answered)
    sent = next(numbers) - 1
    assert (executions, events) == (sent * STEPS, sent * STEPS * 2)
    assert artifacts == sent * (STEPS - 1) + 2


def whole(path: Path, answered: set[int]) -> tuple[int, int, int]:
    """Every lineage is whole or not there; answers how many executions, artifacts and events are."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        """
        SELECT e.external_id, count(DISTINCT v.artifact_id), count(v.id),
               (SELECT count(*) FROM ExecutionProperty p WHERE p.execution_id = e.id),
               (SELECT count(*) FROM Association a JOIN Context c ON c.id = a.context_id
                WHERE a.execution_id = e.id AND c.name = 'kill'),
               (SELECT count(*) FROM EventPath h JOIN Event w ON w.id = h.event_id WHERE w.execution_id = e.id)
        FROM Execution e LEFT JOIN Event v ON v.execution_id = e.id GROUP BY e.id
        """
    ).fetchall()
    counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]
    nodes = connection.execute(
        """
        SELECT DISTINCT EXISTS (SELECT 1 FROM Event e WHERE e.artifact_id = a.id),
               EXISTS (SELECT 1 FROM Attribution t WHERE t.artifact_id = a.id),
               (SELECT count(*) FROM ArtifactProperty p WHERE p.artifact_id = a.id)
        FROM Artifact a
        """
    ).fetchall()
    connection.close()
    steps: dict[int, set[int]] = {}
    shapes = set()
    for external_id, *shape in rows:
        number, _, step = external_id.partition("/")
        steps.setdefault(int(number), set()).add(int(step))
        shapes.add(tuple(shape))
    assert len(shapes) == 1, shapes
    assert shapes.pop()[:2] == (2, 2)
    assert all(found == set(range(STEPS)) for found in steps.values())
    assert answered <= steps.keys()
    assert nodes == [(1, 1, 6)]
    executions, artifacts, events = counts
    return executions, artifacts, events
