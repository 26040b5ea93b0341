"""Events that name nodes which are not in the store, as broken writers leave them, fail no lineage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.demo import demo_store
from tests.service import serving

NODES = "nodes { hops node { id name } }"
IDS = "nodes { hops node { id } }"
EDGES = "edges { eventType artifact { id } execution { id } }"


@pytest.mark.parametrize("selection", [NODES + EDGES, EDGES + NODES, IDS + EDGES, EDGES, IDS])
async def test_lineage_over_missing_nodes(tmp_path: Path, selection: str) -> None:
    lineage = f"query ($root: ID!) {{ lineage(roots: [$root], direction: DOWNSTREAM) {{ {selection} }} }}"
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        root = (await service.data("{ artifacts(first: 1) { nodes { id } } }"))["artifacts"]["nodes"][0]["id"]
        before = await service.data(lineage, {"root": root})
    assert all(map(len, before["lineage"].values()))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO Event (artifact_id, execution_id, type) VALUES (1, 77777, 3), (1, 88888, 4)")
        connection.execute("INSERT INTO Event (artifact_id, execution_id, type) VALUES (99999, 1, 3)")
    async with serving(path, read_only=True) as service:
        assert await service.data(lineage, {"root": root}) == before


async def test_no_path_leads_over_missing_nodes(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    ends = 'from: "QXJ0aWZhY3Q6OTAx", to: "QXJ0aWZhY3Q6OTAy"'
    ask = f"{{ lineagePath({ends}) {{ found complete steps {{ id }} edges {{ port }} }} }}"
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = "(id, type_id, create_time_since_epoch, last_update_time_since_epoch)"
        for id_ in (901, 902, 903):
            connection.execute(f"INSERT INTO Artifact {columns} SELECT {id_}, type_id, 1, 1 FROM Artifact LIMIT 1")
        connection.execute(
            "INSERT INTO Event (artifact_id, execution_id, type) VALUES (901, 77777, 3), (902, 77777, 4)"
        )
    async with serving(path, read_only=True) as service:
        found = (await service.data(ask))["lineagePath"]
    assert found == {"found": False, "complete": True, "steps": [], "edges": []}
    with closing(sqlite3.connect(path)) as connection, connection:
        events = "(901, 1, 3), (903, 1, 4), (903, 2, 3), (902, 2, 4)"
        connection.execute(f"INSERT INTO Event (artifact_id, execution_id, type) VALUES {events}")
    async with serving(path, read_only=True) as service:
        found = (await service.data(ask))["lineagePath"]
    assert found["found"]
    assert len(found["steps"]) == 5
