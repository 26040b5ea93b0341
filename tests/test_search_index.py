"""The search index of an SQLite file, from the command line and over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineageql.store.sql.search_index import pending_changes
from tests.demo import demo_store, lineageql
from tests.service import Service, serving

SEARCH = "query ($text: String!) { search(text: $text) { totalCount nodes { id name } } }"
BY_NAME = (
    "{ artifacts(orderBy: {field: NAME}) { nodes { id name } } runs(orderBy: {field: NAME}) { nodes { id name } } }"
)
RECORD = """mutation ($name: String!) { recordExecution(input: {workspace: "fraud-detection", run: "zebra run",
  execution: {name: "zebra training"}, outputs: [{artifact: {model: {name: $name, version: "1", uri: "s3://m"}}}]})
  { execution { id } } }"""
TEXTS = ("fraud", "fraud production", "MODEL", "ud", "s3://", "no such words", "metrics validation", "0.9")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


def index(store: Path, *more: str) -> str:
    return lineageql("store", "index", str(store), *more)


def check(store: Path, *more: str, code: int = 0) -> Any:
    return json.loads(lineageql("store", "check", str(store), "--json", *more, code=code))["searchIndex"]


async def everything(service: Service) -> dict[str, Any]:
    found = {text: await service.data(SEARCH, {"text": text}) for text in TEXTS}
    return found | {"by name": await service.data(BY_NAME)}


async def purposes(service: Service, query: str, variables: dict[str, Any] | None = None) -> str:
    body = await service.ask(query, variables, extensions={"explain": True})
    return json.dumps(body["extensions"]["explain"])


async def test_an_index_changes_no_answer(store: Path) -> None:
    async with serving(store, read_only=True) as service:
        before = await everything(service)
    assert "Made the search index: 3 workspaces, 9 runs, 29 executions, 37 artifacts" in index(store, "--search")
    async with serving(store, read_only=True, explain=True) as service:
        assert await everything(service) == before
        assert "entries that hold a text, rank 1" in await purposes(service, SEARCH, {"text": "fraud"})
        assert "entries in the order of names" in await purposes(service, BY_NAME)


async def test_what_is_recorded_is_found_at_once_and_taken_soon(store: Path) -> None:
    index(store, "--search")
    async with serving(store, explain=True) as service:
        await service.data(RECORD, {"name": "zebra model"})
        found = (await service.data(SEARCH, {"text": "Zebra"}))["search"]
        assert sorted(node["name"] for node in found["nodes"]) == ["zebra model", "zebra run", "zebra training"]
        assert found["totalCount"] == 3
        for _ in range(100):
            if not listed(store):
                break
            await asyncio.sleep(0.1)
        assert listed(store) == 0
        assert (await service.data(SEARCH, {"text": "Zebra"}))["search"] == found
        assert "rank 2" in await purposes(service, SEARCH, {"text": "Zebra"})
    assert check(store) == {"whole": True, "ofTheseTypes": True, "changesWaiting": 0}


async def test_what_a_service_that_only_reads_leaves_the_command_takes(store: Path) -> None:
    index(store, "--search")
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE Artifact SET uri = 's3://zebra' WHERE id = 1")
    async with serving(store, read_only=True) as service:
        assert (await service.data(SEARCH, {"text": "zebra"}))["search"]["totalCount"] == 1
    assert check(store)["changesWaiting"] == 1
    assert "The search index is up to date: 1 change taken" in index(store, "--search")
    assert check(store)["changesWaiting"] == 0


async def test_more_changes_than_are_looked_at_one_by_one(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(store, "--search")
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE Artifact SET uri = 's3://zebra/' || id")
    monkeypatch.setattr(pending_changes, "MOST", 5)
    async with serving(store, read_only=True, explain=True) as service:
        assert (await service.data(SEARCH, {"text": "zebra"}))["search"]["totalCount"] == 37
        assert "page of what holds a text" in await purposes(service, SEARCH, {"text": "zebra"})


async def test_texts_that_the_database_cuts_short(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE Artifact SET uri = CAST(x'730033' AS TEXT) WHERE id = 1")
    async with serving(store, read_only=True) as service:
        before = [await service.data(SEARCH, {"text": text}) for text in ("s\0", "s", "zebra")]
    index(store, "--search")
    async with serving(store, read_only=True) as service:
        assert [await service.data(SEARCH, {"text": text}) for text in ("s\0", "s", "zebra")] == before


async def test_callers_who_see_less(store: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rule]]\nwho = ["anonymous"]\nroles = ["READ"]\nworkspaces = ["chargebacks"]\n')
    async with serving(store, read_only=True, policy=str(policy)) as service:
        before = await everything(service)
    index(store, "--search")
    async with serving(store, read_only=True, policy=str(policy)) as service:
        assert await everything(service) == before


def test_an_index_of_other_types(store: Path, tmp_path: Path) -> None:
    types = tmp_path / "types.toml"
    types.write_text('[[artifacts]]\ntypes = ["acme.Report"]\nname = "title"\n')
    index(store, "--search", "--types", str(types))
    assert check(store, code=1)["ofTheseTypes"] is False
    assert "made by another version or file of --types" in lineageql("store", "check", str(store), code=1)
    assert check(store, "--types", str(types))["ofTheseTypes"] is True
    assert "Made the search index" in index(store, "--search")
    assert check(store)["ofTheseTypes"] is True


def test_an_index_that_was_not_finished(store: Path) -> None:
    index(store, "--search")
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("DELETE FROM lineageql_search_state")
    assert check(store, code=1) == {"whole": False, "ofTheseTypes": False, "changesWaiting": 0}
    assert "Made the search index" in index(store, "--search")


def test_nothing_is_left_of_an_index_that_is_taken_away(store: Path) -> None:
    def schema() -> list[Any]:
        with closing(sqlite3.connect(store)) as connection:
            return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()

    before = [row for row in schema() if row[1] != "sqlite_sequence"]
    index(store, "--search")
    assert len(schema()) > len(before)
    assert "Took the search index away" in index(store, "--drop-search")
    assert [row for row in schema() if row[1] != "sqlite_sequence"] == before
    assert "There is no search index" in index(store, "--drop-search")


def test_what_has_no_search_index(store: Path) -> None:
    said = lineageql("store", "index", "postgresql://127.0.0.1:1/mlmd", "--search", code=2)
    assert re.search(r"only SQLite files have one", said)
    said = lineageql("store", "index", str(store), "--search", "--drop-search", code=2)
    assert "exclude each other" in said


def listed(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        return int(connection.execute("SELECT count(*) FROM lineageql_search_change").fetchone()[0])
