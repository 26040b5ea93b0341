"""Several processes on one socket: they answer as one, record by one process, are counted together, and end in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo import demo_store
from tests.places import Place
from tests.server import Server
from tests.web.test_metrics import Samples

pytest.importorskip("ml_metadata")

RECORD = """
mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { created outputs { id } } }
"""


def children(pid: int) -> dict[int, str]:
    """The processes that a process has started, and their command lines."""
    found = subprocess.run(["ps", "-ww", "--ppid", str(pid), "-o", "pid=,args="], capture_output=True, text=True).stdout
    return {int(line.split()[0]): line for line in found.splitlines()}


def ask(url: str, query: str, variables: Any = None, **headers: str) -> Any:
    """The data of an answer, by a connection of its own, so that any of the processes may get it."""
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{url}/graphql", json=body, headers=headers, timeout=60).json()
    assert "errors" not in answer, answer
    return answer["data"]


def served_by(server: Server) -> list[int]:
    return [pid for pid, command in children(server.process.pid).items() if "spawn_main" in command]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workers")
    (folder / "demo.db").write_bytes(demo_store())
    flags = ("--port", "0", "--workers", "2", "--audit-log", "audit.jsonl")
    server = Server("serve", "demo.db", *flags, cwd=folder)
    try:
        yield server
    finally:
        server.stop()


def record(number: int) -> dict[str, Any]:
    shared = {"port": "out", "artifact": {"dataSet": {"name": "shared", "uri": "s3://shared"}}}
    return {"workspace": "w", "execution": {"name": f"e{number}", "externalId": f"e{number}"}, "outputs": [shared]}


def test_they_answer_and_record_as_one(server: Server) -> None:
    assert len(served_by(server)) == 2
    recorders = [command for command in children(server.process.pid).values() if "mlmd.worker" in command]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: ask(server.url, RECORD, {"input": record(number % 8)}), range(24)))
    assert sum(one["recordExecution"]["created"] for one in made) == 8
    assert len({one["recordExecution"]["outputs"][0]["id"] for one in made}) == 1
    assert len(recorders) <= 1
    assert sum("mlmd.worker" in command for command in children(server.process.pid).values()) == 1
    count = '{ workspace(name: "w") { executions { totalCount } } }'
    assert {ask(server.url, count)["workspace"]["executions"]["totalCount"] for _ in range(8)} == {8}


def test_they_are_counted_together(server: Server) -> None:
    name = 'lineageql_operations_total{code="OK",kind="query"}'

    def counted() -> Samples:
        return Samples(httpx.get(f"{server.url}/metrics", timeout=60).text)

    before = counted()[name]
    for _ in range(12):
        ask(server.url, "{ __typename }")
    # Whichever of them is asked tells all.
    assert {counted()[name] - before for _ in range(6)} == {12}


def test_one_that_dies_is_started_again(server: Server) -> None:
    before = served_by(server)
    os.kill(before[0], signal.SIGKILL)
    ends = time.monotonic() + 60
    while time.monotonic() < ends and (before[0] in served_by(server) or len(served_by(server)) < 2):
        assert ask(server.url, "{ __typename }") == {"__typename": "Query"}
        time.sleep(0.2)
    assert len(served_by(server)) == 2
    folder = Path(f"/proc/{server.process.pid}/cwd").resolve()
    server.process.send_signal(signal.SIGHUP)
    ask(server.url, RECORD, {"input": record(0)}, **{"x-request-id": "afterwards"})
    lines = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    assert lines[-1]["request_id"] == "afterwards"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_all_of_them_end(tmp_path: Path, how: signal.Signals) -> None:
    """Asked to, the first process ends the others; killed, they end by themselves."""
    (tmp_path / "demo.db").write_bytes(demo_store())
    server = Server("serve", "demo.db", "--read-only", "--port", "0", "--workers", "2", cwd=tmp_path)
    workers = served_by(server)
    assert len(workers) == 2
    began = time.monotonic()
    server.process.send_signal(how)
    server.process.wait(30)
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() - began < 30
        time.sleep(0.1)
    server.stop()


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    server = Server("serve", "nothing.db", "--port", "0", "--workers", "2", cwd=tmp_path)
    assert server.process.stderr is not None
    assert "there is no file" in server.process.stderr.read()
    assert server.stop() == 2


def test_over_a_database_server(place: Place) -> None:
    place.fill_empty()
    server = Server("serve", place.url, "--port", "0", "--workers", "2", cwd=Path("/"))
    try:
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda number: ask(server.url, RECORD, {"input": record(number % 2)}), range(6)))
        assert sum(one["recordExecution"]["created"] for one in made) == 2
        assert len({one["recordExecution"]["outputs"][0]["id"] for one in made}) == 1
    finally:
        server.stop()
