"""The search index of a store, from the command line and over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from lineageql.store.addresses import ServerAddress, address_of
from lineageql.store.sql import sqlite_driver
from lineageql.store.sql.search_index import pending_changes
from tests.demo import lineageql
from tests.places import Place, PostgreSQLPlace, SQLitePlace
from tests.service import Service, serving

SEARCH = "query ($text: String!) { search(text: $text) { totalCount nodes { id name } } }"
BY_NAME = (
    "{ artifacts(orderBy: {field: NAME}) { nodes { id name } } runs(orderBy: {field: NAME}) { nodes { id name } } }"
)
RECORD = """mutation ($name: String!) { recordExecution(input: {workspace: "fraud-detection", run: "zebra run",
  execution: {name: "zebra training"}, outputs: [{artifact: {model: {name: $name, version: "1", uri: "s3://m"}}}]})
  { execution { id } } }"""
TEXTS = ("fraud", "fraud production", "MODEL", "ud", "s3://", "no such words", "metrics validation", "0.9")


BACKENDS = ("sqlite", "postgresql")


def index(place: Place, *more: str) -> str:
    return lineageql("store", "index", place.url, *more)


def check(place: Place, *more: str, code: int = 0) -> Any:
    return json.loads(lineageql("store", "check", place.url, "--json", *more, code=code))["searchIndex"]


async def everything(service: Service) -> dict[str, Any]:
    found = {text: await service.data(SEARCH, {"text": text}) for text in TEXTS}
    return found | {"by name": await service.data(BY_NAME)}


async def purposes(service: Service, query: str, variables: dict[str, Any] | None = None) -> str:
    body = await service.ask(query, variables, extensions={"explain": True})
    return json.dumps(body["extensions"]["explain"])


async def test_an_index_changes_no_answer(place: Place) -> None:
    place.fill_demo()
    async with serving(place.url, read_only=True) as service:
        before = await everything(service)
    assert "Made the search index: 3 workspaces, 9 runs, 29 executions, 37 artifacts" in index(place, "--search")
    async with serving(place.url, read_only=True, explain=True) as service:
        assert await everything(service) == before
        assert "entries that hold a text, rank 1" in await purposes(service, SEARCH, {"text": "fraud"})
        assert "entries in the order of names" in await purposes(service, BY_NAME)


async def test_what_is_recorded_is_found_at_once_and_taken_soon(place: Place) -> None:
    place.fill_demo()
    index(place, "--search")
    async with serving(place.url, explain=True) as service:
        await service.data(RECORD, {"name": "zebra model"})
        found = (await service.data(SEARCH, {"text": "Zebra"}))["search"]
        assert sorted(node["name"] for node in found["nodes"]) == ["zebra model", "zebra run", "zebra training"]
        assert found["totalCount"] == 3
        for _ in range(100):
            if not listed(place):
                break
            await asyncio.sleep(0.1)
        assert listed(place) == 0
        assert (await service.data(SEARCH, {"text": "Zebra"}))["search"] == found
        assert "rank 2" in await purposes(service, SEARCH, {"text": "Zebra"})
    assert check(place) == {"whole": True, "ofTheseTypes": True, "changesWaiting": 0}


async def test_what_a_service_that_only_reads_leaves_the_command_takes(place: Place) -> None:
    place.fill_demo()
    index(place, "--search")
    place.execute("UPDATE Artifact SET uri = 's3://zebra' WHERE id = 1")
    async with serving(place.url, read_only=True) as service:
        assert (await service.data(SEARCH, {"text": "zebra"}))["search"]["totalCount"] == 1
    assert check(place)["changesWaiting"] == 1
    assert "The search index is up to date: 1 change taken" in index(place, "--search")
    assert check(place)["changesWaiting"] == 0


async def test_more_changes_than_are_looked_at_one_by_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.fill_demo()
    index(place, "--search")
    place.execute("UPDATE Artifact SET uri = 's3://zebra/' || id")
    monkeypatch.setattr(pending_changes, "MOST", 5)
    async with serving(place.url, read_only=True, explain=True) as service:
        assert (await service.data(SEARCH, {"text": "zebra"}))["search"]["totalCount"] == 37
        assert "page of what holds a text" in await purposes(service, SEARCH, {"text": "zebra"})


async def test_texts_that_the_database_cuts_short(tmp_path: Path) -> None:
    place = SQLitePlace(tmp_path)
    place.fill_demo()
    place.execute("UPDATE Artifact SET uri = CAST(x'730033' AS TEXT) WHERE id = 1")
    async with serving(place.url, read_only=True) as service:
        before = [await service.data(SEARCH, {"text": text}) for text in ("s\0", "s", "zebra")]
    index(place, "--search")
    async with serving(place.url, read_only=True) as service:
        assert [await service.data(SEARCH, {"text": text}) for text in ("s\0", "s", "zebra")] == before


async def test_callers_who_see_less(place: Place, tmp_path: Path) -> None:
    place.fill_demo()
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rule]]\nwho = ["anonymous"]\nroles = ["READ"]\nworkspaces = ["chargebacks"]\n')
    async with serving(place.url, read_only=True, policy=str(policy)) as service:
        before = await everything(service)
    index(place, "--search")
    async with serving(place.url, read_only=True, policy=str(policy)) as service:
        assert await everything(service) == before


def test_an_index_of_other_types(place: Place, tmp_path: Path) -> None:
    place.fill_demo()
    types = tmp_path / "types.toml"
    types.write_text('[[artifacts]]\ntypes = ["acme.Report"]\nname = "title"\n')
    index(place, "--search", "--types", str(types))
    assert check(place, code=1)["ofTheseTypes"] is False
    assert "made by another release, or with other --types" in lineageql("store", "check", place.url, code=1)
    assert check(place, "--types", str(types))["ofTheseTypes"] is True
    assert "Made the search index" in index(place, "--search")
    assert check(place)["ofTheseTypes"] is True


def test_an_index_that_was_not_finished(place: Place) -> None:
    place.fill_demo()
    index(place, "--search")
    place.execute("DELETE FROM lineageql_search_state")
    assert check(place, code=1) == {"whole": False, "ofTheseTypes": False, "changesWaiting": 0}
    assert "Made the search index" in index(place, "--search")


def test_nothing_is_left_of_an_index_that_is_taken_away(place: Place) -> None:
    place.fill_demo()
    if isinstance(place, SQLitePlace):
        everything = "SELECT type, name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence' ORDER BY 1, 2"
    else:
        everything = (
            "SELECT relname FROM pg_class UNION ALL SELECT tgname FROM pg_trigger UNION ALL SELECT proname FROM pg_proc"
            " WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') ORDER BY 1"
        )
    before = place.select(everything)
    index(place, "--search")
    assert len(place.select(everything)) > len(before)
    assert "Took the search index away" in index(place, "--drop-search")
    assert place.select(everything) == before
    assert "There is no search index" in index(place, "--drop-search")


def test_the_triggers_in_postgresql_find_nothing_of_who_writes(tmp_path: Path) -> None:
    """They have the rights of who made the index: a temporary table of the writer's stood before it."""
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    index(place, "--search")
    paths = "SELECT DISTINCT proconfig FROM pg_proc WHERE proname LIKE 'lineageql_search_%'"
    assert place.select(paths) == ['{"search_path=pg_catalog, pg_temp"}']
    mine = "CREATE TEMP TABLE lineageql_search_change(kind int, id bigint)"
    place.execute(f"{mine}; UPDATE Artifact SET uri = 's3://zebra' WHERE id = 1")
    assert listed(place) == 1


async def test_a_role_of_postgresql_that_may_not_read_the_index_reads_without_it(tmp_path: Path) -> None:
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    index(place, "--search")
    async with serving(place.url, read_only=True) as service:
        before = await everything(service)
    role = f"reader_{secrets.token_hex(4)}"
    theirs = place.select("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^lineageql_'")
    place.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON {', '.join(theirs)} TO {role}")
    url = f"postgresql://{role}:pw@{place.url.partition('@')[2]}"
    # Rights to some of the index's tables are as none, and with those to all of them it is used.
    for more in ("", "lineageql_search_state, lineageql_search_change", "ALL TABLES IN SCHEMA public"):
        if more:
            place.execute(f"GRANT SELECT ON {more} TO {role}")
        async with serving(url, read_only=True, explain=True) as service:
            assert await everything(service) == before
            assert ("entries" in await purposes(service, SEARCH, {"text": "fraud"})) is more.startswith("ALL")


def test_an_index_in_postgresql_stands_in_the_schema_of_the_tables_that_it_is_of(tmp_path: Path) -> None:
    """Else the triggers would look for MLMD's events in the first schema, and fail whoever writes."""
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    place.execute("CREATE SCHEMA first; CREATE SCHEMA apart; CREATE EXTENSION pg_trgm SCHEMA apart")
    place.execute(f'ALTER DATABASE "{place.name}" SET search_path = first, public')
    index(place, "--search")
    made = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'lineageql_search_%'"
    assert place.select(made) == ["public"]
    place.execute("UPDATE EventPath SET step_index = step_index")
    assert listed(place) > 0
    assert "The search index is up to date" in index(place, "--search")
    assert listed(place) == 0
    assert "Took the search index away" in index(place, "--drop-search")


async def test_an_index_of_another_store_in_postgresql_is_left_alone(tmp_path: Path) -> None:
    """Its schema is looked into as well, after that of the store."""
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    index(place, "--search")
    theirs = place.select("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^lineageql_'")
    copies = (
        f"CREATE TABLE mine.{name} (LIKE {name} INCLUDING ALL); INSERT INTO mine.{name} TABLE {name}" for name in theirs
    )
    place.execute(f"CREATE SCHEMA mine; {'; '.join(copies)}; UPDATE mine.Artifact SET uri = 's3://zebra' WHERE id = 1")
    place.execute(f'ALTER DATABASE "{place.name}" SET search_path = mine, public')
    states = "SELECT schemaname FROM pg_tables WHERE tablename = 'lineageql_search_state' ORDER BY 1"
    for made in (False, True):
        if made:
            assert "Made the search index" in await asyncio.to_thread(index, place, "--search")
            assert place.select(states) == ["mine", "public"]
        async with serving(place.url, read_only=True, explain=True) as service:
            assert (await service.data(SEARCH, {"text": "zebra"}))["search"]["totalCount"] == 1
            assert ("entries" in await purposes(service, SEARCH, {"text": "fraud"})) is made
    assert "Took the search index away" in await asyncio.to_thread(index, place, "--drop-search")
    assert place.select(states) == ["public"]


async def test_postgresql_says_that_others_write_meanwhile(tmp_path: Path) -> None:
    import asyncpg

    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    writer = await asyncpg.connect(place.url)
    try:
        async with writer.transaction():
            await writer.execute("UPDATE Artifact SET uri = uri")
            said = await asyncio.to_thread(lineageql, "store", "index", place.url, "--search", code=2)
        assert "others use the tables of " in said
        assert "Made the search index" in await asyncio.to_thread(index, place, "--search")
    finally:
        await writer.close()


def test_databases_that_lack_what_a_search_index_needs_say_so() -> None:
    import asyncpg

    from lineageql.store.sql import postgresql_driver

    address = address_of("postgresql://me@there/mlmd")
    assert isinstance(address, ServerAddress)
    missing = asyncpg.FeatureNotSupportedError('extension "pg_trgm" is not available')
    assert "needs PostgreSQL's extension pg_trgm" in str(postgresql_driver.translate(missing, address))
    without = sqlite3.OperationalError("no such tokenizer: trigram")
    assert "needs SQLite 3.34 or newer" in str(sqlite_driver.translate(without, Path("here.db")))


def test_what_has_no_search_index(tmp_path: Path) -> None:
    said = lineageql("store", "index", "mysql://127.0.0.1:1/mlmd", "--search", code=2)
    assert "only SQLite files and PostgreSQL databases have one" in said
    said = lineageql("store", "index", str(tmp_path / "no.db"), "--search", "--drop-search", code=2)
    assert "exclude each other" in said


def listed(place: Place) -> int:
    return int(re.sub(r"\D", "", place.select("SELECT count(*) FROM lineageql_search_change")[0]))
