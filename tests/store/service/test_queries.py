"""Every ready-made operation answers through MLMD's service what it answers by SQL, compared whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lineageql.settings import Settings
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config
from lineageql.store.service_store import open_service
from tests.demo import demo_store
from tests.service import Service, serving, serving_open
from tests.store.service.conftest import WAYS, WithoutFilters
from tests.test_queries import MUTATIONS, OPERATIONS, STATEMENTS

pytest.importorskip("ml_metadata")

COUNTED = """
{
  store { counts { workspaces runs executions artifacts events } }
  artifacts(first: 3) { totalCount nodes { id name } pageInfo { hasNextPage } }
}
"""
QUESTIONS = {name: (OPERATIONS[name].document, dict(OPERATIONS[name].variables)) for name in STATEMENTS}
QUESTIONS["counted"] = (COUNTED, {})


@asynccontextmanager
async def serving_through_mlmd(path: Path, way: str = WAYS[0], **settings: Any) -> AsyncIterator[Service]:
    """The service over a file that only ml-metadata opens."""
    loaded = Settings.load({"store": str(path), **settings}, environ={})
    channel = WorkerChannel(sqlite_config(path, create=False))
    store = await open_service("grpc://mlmd:8080", channel if way == WAYS[0] else WithoutFilters(channel), loaded)
    async with serving_open(store, loaded) as service:
        yield service


async def test_reading(way: str, tmp_path: Path) -> None:
    by_sql, through_mlmd = {}, {}
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path) as service:
        for name, asked in QUESTIONS.items():
            by_sql[name] = await service.ask(*asked)
    async with serving_through_mlmd(path, way) as service:
        for name, asked in QUESTIONS.items():
            through_mlmd[name] = await service.ask(*asked)
    assert by_sql["store"]["data"]["store"] == {
        **through_mlmd["store"]["data"]["store"],
        **{name: by_sql["store"]["data"]["store"][name] for name in ("backend", "url", "schemaVersion")},
    }
    for name in QUESTIONS.keys() - {"store"}:
        assert through_mlmd[name] == by_sql[name], name
        assert "errors" not in by_sql[name]


async def test_recording(tmp_path: Path) -> None:
    """What is recorded through the service is read through it, and by SQL, as the same."""
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving_through_mlmd(path) as service:
        answers = {}
        for name in MUTATIONS:
            operation = OPERATIONS[name]
            answers[name] = await service.data(operation.document, dict(operation.variables))
        serving_, lineage = OPERATIONS["record-5-serving"], OPERATIONS["record-6-lineage"]
        again = await service.data(serving_.document, dict(serving_.variables))
        assert answers["record-5-serving"]["recordExecution"]["created"]
        assert not again["recordExecution"]["created"]
        again = await service.data(lineage.document, dict(lineage.variables))
        recorded = answers["record-6-lineage"]["recordLineage"]
        assert recorded["created"] == [True] * 3
        assert again["recordLineage"] == {**recorded, "created": [False] * 3}
        operation = OPERATIONS["runs-of-a-workspace"]
        read = await service.ask(operation.document, dict(operation.variables))
    async with serving(path) as by_sql:
        assert await by_sql.ask(operation.document, dict(operation.variables)) == read
