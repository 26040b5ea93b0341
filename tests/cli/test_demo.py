"""The demonstration store: its times, what is done with a store that is there, and `--reset`."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from lineageql.catalog.demonstration import TIMES
from tests.demo import demo_store, lineageql
from tests.server import Server
from tests.service import serving

TABLES = ("Artifact", "Execution", "Context", "Event")


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in TABLES}


async def test_times_are_spread_over_months(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        found = await service.data(
            "{ executions { nodes { externalId createTime inputs { edges { eventTime node { name createTime } } } } } "
            "artifacts { nodes { name createTime producer { createTime } } } runs { nodes { name createTime } } "
            "workspaces { nodes { name createTime } } }"
        )
        nodes = [node for listed in found.values() for node in listed["nodes"]]
        months = {node["createTime"][:7] for node in nodes}
        assert months == {"2025-11", "2025-12", "2026-02", "2026-03", "2026-04", "2026-05"}
        assert {node["externalId"] for node in found["executions"]["nodes"]} == TIMES.keys()
        for node in found["artifacts"]["nodes"]:
            assert node["producer"] is None or node["createTime"] == node["producer"]["createTime"], node
        for execution in found["executions"]["nodes"]:
            for edge in execution["inputs"]["edges"]:
                assert edge["eventTime"] == execution["createTime"]
                assert edge["node"]["createTime"] <= execution["createTime"], (execution, edge)
        # What a filter by time and a lineage as of a day tell apart.
        early = await service.data('{ artifacts(where: {createTime: {before: "2026-01-01"}}) { totalCount } }')
        assert 0 < early["artifacts"]["totalCount"] < len(found["artifacts"]["nodes"])
        features = await service.data('{ artifacts(where: {name: {eq: "features"}}, first: 1) { nodes { id } } }')
        (root,) = features["artifacts"]["nodes"]
        sizes = []
        for day in ("2026-02-02T03:15:00Z", "2026-02-10", "2026-06-01"):
            graph = (
                f'lineage(roots: ["{root["id"]}"], direction: DOWNSTREAM, asOf: "{day}") {{ counts {{ artifacts }} }}'
            )
            sizes.append((await service.data(f"{{ {graph} }}"))["lineage"]["counts"]["artifacts"])
        assert sizes == sorted(set(sizes)), sizes


def test_a_store_that_is_there_is_kept_and_reset_makes_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    record = (
        'mutation { recordExecution(input: {workspace: "mine", execution: {name: "x"}, inputs: {artifact: '
        '{dataSet: {name: "own", uri: "u"}}}}) { created } setLabels(input: {id: "QXJ0aWZhY3Q6MQ", '
        'labels: {key: "mine", value: "yes"}}) { entity { id } } }'
    )
    lineageql("query", record, "--store", str(path))
    before = rows(path)
    lineageql("demo", str(path), "--no-serve")
    assert rows(path) == before
    # Somebody's own workspace may be worth more than the demonstration's.
    text = lineageql("demo", str(path), "--no-serve", "--reset", code=2)
    assert text.splitlines()[-1].endswith(
        "holds workspaces that are not the demonstration's, 'mine': delete the file yourself"
    )
    assert rows(path) == before
    ours = tmp_path / "lineage-demo.db"
    path.rename(ours)
    lineageql("demo", "--no-serve", "--reset", cwd=tmp_path)
    with closing(sqlite3.connect(ours)) as connection:
        assert connection.execute("SELECT count(*) FROM Execution").fetchone() == (len(TIMES),)
        assert connection.execute("SELECT name FROM Context WHERE name = 'mine'").fetchall() == []
    lineageql("demo", str(ours), "--no-serve", "--reset", cwd=tmp_path)


def test_what_is_no_store_is_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database" * 100)
    assert lineageql("demo", str(path), "--no-serve", "--reset", code=2).count("\n") == 1
    assert path.read_text() == "not a database" * 100
    text = lineageql("demo", "postgresql://x@127.0.0.1:1/y", "--no-serve", "--reset", code=2)
    assert "--reset deletes an SQLite file" in text


def test_reset_keeps_the_store_where_its_port_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "lineage-demo.db"
    path.write_bytes(demo_store())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "address already in use" in lineageql("demo", "--reset", "--port", port, code=2, cwd=tmp_path)
    assert path.read_bytes() == demo_store()


def test_reset_keeps_a_store_that_is_being_served(tmp_path: Path) -> None:
    path = tmp_path / "lineage-demo.db"
    path.write_bytes(demo_store())
    server = Server("demo", "--port", "0", cwd=tmp_path)
    try:
        said = lineageql("demo", "--reset", "--no-serve", code=2, cwd=tmp_path)
        assert "another process has lineage-demo.db open" in said
        answer = httpx.post(f"{server.url}/graphql", json={"query": "{ store { counts { artifacts } } }"}, timeout=30)
        assert answer.json()["data"]["store"]["counts"]["artifacts"] > 30
    finally:
        server.stop()
    assert "lineage-demo.db" in lineageql("demo", "--reset", "--no-serve", cwd=tmp_path)
