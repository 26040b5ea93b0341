"""A lineage of very many nodes is read and written a part at a time: the answer is the same and takes little memory."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.api.projection import ProjectingExecutor
from lineageql.api.written_json import AT_ONCE
from lineageql.model.identity import EntityKind, global_id
from tests.demo import demo_store
from tests.server import Server
from tests.service import serving

FIRST = 1_000
"""The root's id. The artifact and the execution of each number have an id that is larger by it."""
ROOT = global_id(EntityKind.ARTIFACT, FIRST)
FAN = 10
"""How many executions read each artifact."""
QUERY = """
query ($root: ID!, $most: Int!) {
  lineage(roots: [$root], direction: DOWNSTREAM, maxNodes: $most) {
    complete
    nodes { hops node { __typename mlmdId name } }
    edges { eventType artifact { mlmdId name } execution { mlmdId } }
  }
}
"""


def made(folder: Path, executions: int, fan: int = FAN) -> Path:
    """A store in which the execution of each number outputs the artifact of that number, and some read one each."""
    path = folder / f"{executions}.db"
    path.write_bytes(demo_store())
    with closing(sqlite3.connect(path)) as connection, connection:
        (model,) = connection.execute("SELECT id FROM Type WHERE name = 'kubeflow.org/alpha/model'").fetchone()
        (run,) = connection.execute("SELECT id FROM Type WHERE name = 'kubeflow.org/alpha/execution'").fetchone()
        times = "create_time_since_epoch, last_update_time_since_epoch) VALUES (?, ?, ?, 1, 1)"
        numbers = range(1, executions + 1)
        connection.executemany(
            f"INSERT INTO Artifact(id, type_id, name, {times}",
            ((FIRST + number, model, f"artifact {number}") for number in (0, *numbers)),
        )
        connection.executemany(
            f"INSERT INTO Execution(id, type_id, name, {times}",
            ((FIRST + number, run, f"execution {number}") for number in numbers),
        )
        connection.executemany(
            "INSERT INTO Event(artifact_id, execution_id, type) VALUES (?, ?, ?)",
            (
                event
                for number in numbers
                for event in ((FIRST + (number - 1) // fan, FIRST + number, 3), (FIRST + number, FIRST + number, 4))
            ),
        )
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than one part of artifacts with executions, and an event of an execution that is not there."""
    path = made(tmp_path_factory.mktemp("long"), AT_ONCE // 2 + 1_000)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM Execution WHERE id = ?", (FIRST + 2,))
    return path


def depths(executions: int) -> Iterator[tuple[int, int]]:
    """Each number, and how many executions lead from the root to its artifact."""
    depth = [0]
    for number in range(1, executions + 1):
        depth.append(depth[(number - 1) // FAN] + 1)
    yield from enumerate(depth)


def expected(executions: int) -> Any:
    gone = 2
    nodes, edges = [], []
    for number, depth in depths(executions):
        nodes.append((2 * depth, FIRST + number, "Model", f"artifact {number}"))
        if number in (0, gone):
            continue
        nodes.append((2 * depth - 1, FIRST + number, "Execution", f"execution {number}"))
        source = (number - 1) // FAN
        edges.append(("INPUT", FIRST + source, f"artifact {source}", FIRST + number))
        edges.append(("OUTPUT", FIRST + number, f"artifact {number}", FIRST + number))
    return sorted(nodes), edges


def told(lineage: Any) -> Any:
    nodes = [
        (step["hops"], step["node"]["mlmdId"], step["node"]["__typename"], step["node"]["name"])
        for step in lineage["nodes"]
    ]
    edges = [
        (edge["eventType"], edge["artifact"]["mlmdId"], edge["artifact"]["name"], edge["execution"]["mlmdId"])
        for edge in lineage["edges"]
    ]
    return nodes, edges


async def test_the_answer_is_whole_and_in_order(store: Path) -> None:
    variables = {"root": ROOT, "most": 20_000}
    async with serving(store, read_only=True) as service:
        lineage = (await service.data(QUERY, variables))["lineage"]
    assert lineage["complete"] is True
    assert told(lineage) == expected(AT_ONCE // 2 + 1_000)


async def test_a_part_is_as_one_that_is_read_at_once(store: Path) -> None:
    """The first nodes of a lineage in parts are those of the same lineage that is cut short and made at once."""
    async with serving(store, read_only=True) as service:
        whole = (await service.data(QUERY, {"root": ROOT, "most": 20_000}))["lineage"]
        some = (await service.data(QUERY, {"root": ROOT, "most": 2_000}))["lineage"]
    assert some["complete"] is False
    assert some["nodes"] == whole["nodes"][: len(some["nodes"])]


def test_the_command_prints_what_the_service_answers(store: Path) -> None:
    variables = json.dumps({"root": ROOT, "most": 20_000})
    command = [sys.executable, "-m", "lineageql", "query", "--store", str(store), "--variables", variables, QUERY]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert told(answer["data"]["lineage"]) == expected(AT_ONCE // 2 + 1_000)


async def test_what_is_wrong_with_a_node_has_its_place(store: Path) -> None:
    """graphql-core goes over the list again then, item by item, and others are served meanwhile."""
    query = """
    query ($root: ID!) {
      lineage(roots: [$root], direction: DOWNSTREAM, maxNodes: 20000) {
        nodes { node { ... on Execution { outputs(first: 100000) { totalCount } } } }
      }
    }
    """
    async with serving(store, read_only=True) as service:
        body = await service.ask(query, {"root": ROOT})
    (error, *_) = body["errors"]
    assert error["path"][:2] == ["lineage", "nodes"]
    assert error["path"][-1] == "outputs"
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"


async def test_an_answer_that_is_too_large_is_refused(store: Path) -> None:
    async with serving(store, read_only=True, max_answer_size=600_000) as service:
        error = await service.error(QUERY, {"root": ROOT, "most": 20_000})
    assert error["code"] == "TOO_EXPENSIVE"


async def test_graphql_core_answers_the_same(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers what the projection does not know."""
    monkeypatch.setattr(ProjectingExecutor, "_type", lambda *_: None)
    async with serving(store, read_only=True) as service:
        lineage = (await service.data(QUERY, {"root": ROOT, "most": 20_000}))["lineage"]
    assert told(lineage) == expected(AT_ONCE // 2 + 1_000)


@pytest.mark.parametrize("executions", [AT_ONCE // 2 - 1_000, AT_ONCE // 2 + 1_000], ids=["at once", "in parts"])
async def test_what_many_edges_show_is_charged_for_each(tmp_path: Path, executions: int) -> None:
    path = made(tmp_path, executions, fan=executions)
    note = "x" * 1_000
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = "artifact_id, name, is_custom_property, string_value"
        connection.execute(f"INSERT INTO ArtifactProperty({columns}) VALUES (?, 'note', 1, ?)", (FIRST, note))
    query = QUERY.replace("mlmdId name } execution", 'property(name: "note") } execution')
    async with serving(path, read_only=True, max_answer_size=3_500_000) as service:
        error = await service.error(query, {"root": ROOT, "most": 20_000})
    assert error["code"] == "TOO_EXPENSIVE"
    assert "the answer has" in error["message"]
    async with serving(path, read_only=True) as service:
        edges = (await service.data(query, {"root": ROOT, "most": 20_000}))["lineage"]["edges"]
    assert [edge["artifact"]["property"] for edge in edges].count(note) == executions


@pytest.mark.long
def test_two_hundred_thousand_nodes_take_less_than_300_megabytes(tmp_path: Path) -> None:
    path = made(tmp_path, 100_000)
    server = Server("serve", str(path), "--port", "0", "--read-only", cwd=tmp_path)
    try:
        asked = {"query": QUERY, "variables": {"root": ROOT, "most": 200_000}}
        answer = httpx.post(f"{server.url}/graphql", json=asked, timeout=120).json()
        assert len(answer["data"]["lineage"]["nodes"]) == 200_000
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        assert peak < 300 * 1024
    finally:
        server.stop()
