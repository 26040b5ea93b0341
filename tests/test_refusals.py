"""A database server that refuses what is written: others write the same, it only reads, the user may not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.places import MariaDBPlace, Place, PostgreSQLPlace
from tests.service import Service, serving

pytest.importorskip("ml_metadata")

BACKENDS = ("postgresql", "mariadb")
WORKSPACE = 'mutation { createWorkspace(input: {name: "new"}) { created } }'
TYPE = 'mutation { createArtifactType(input: {name: "new", kind: OTHER}) { created } }'
LABEL = "mutation ($input: SetLabelsInput!) { setLabels(input: $input) { entity { id } } }"
ARTIFACT = "{ artifacts(first: 1) { nodes { id labels { key value } } } }"


async def label(service: Service, value: str = "1") -> dict[str, Any]:
    node = (await service.data(ARTIFACT))["artifacts"]["nodes"][0]
    return await service.ask(LABEL, {"input": {"id": node["id"], "labels": [{"key": "n", "value": value}]}})


async def check_refused(service: Service, words: str) -> None:
    """Every kind of write is answered with these words, and nothing is INTERNAL."""
    for body in (await service.ask(WORKSPACE), await service.ask(TYPE), await label(service)):
        (error,) = body["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE", error
        assert words in error["message"], error
        assert "nothing of it was written" in error["message"]


async def test_a_server_that_only_reads(place: Place) -> None:
    place.fill_demo()
    if isinstance(place, PostgreSQLPlace):
        place.server.psql(f'ALTER DATABASE "{place.name}" SET default_transaction_read_only = on')
        async with serving(place.url) as service:
            await check_refused(service, "the database's server only reads")
        return
    assert isinstance(place, MariaDBPlace)
    # The tests' own user may write all the same.
    url = _user(place, "strong", "ALL")
    place.server.sql("SET GLOBAL read_only = ON")
    try:
        async with serving(url) as service:
            await check_refused(service, "the database's server only reads")
    finally:
        place.server.sql("SET GLOBAL read_only = OFF")


async def test_a_user_without_rights(place: Place) -> None:
    place.fill_demo()
    async with serving(_user(place, "weak", "SELECT")) as service:
        await check_refused(service, "does not let this user write")


def _user(place: Place, name: str, rights: str) -> str:
    """The URL of a store for another user, who has these rights."""
    rest = place.url.rpartition("@")[2]
    if isinstance(place, PostgreSQLPlace):
        place.server.psql(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
        place.server.psql(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {name}", place.name)
        return f"postgresql://{name}:pw@{rest}"
    assert isinstance(place, MariaDBPlace)
    place.server.sql(f"CREATE USER {name}@'%' IDENTIFIED BY 'pw'; GRANT {rights} ON `{place.name}`.* TO {name}@'%'")
    return f"mysql://{name}:pw@{rest}"


async def test_a_conflict_in_postgresql_is_tried_again(tmp_path: Path) -> None:
    import asyncpg

    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    place.server.psql(f'ALTER DATABASE "{place.name}" SET default_transaction_isolation = serializable')
    async with serving(place.url) as service:
        assert "errors" not in await label(service)
        other = await asyncpg.connect(place.url)
        try:
            # Another program writes what the mutation is going to write, which waits for it, and cannot go on.
            transaction = other.transaction()
            await transaction.start()
            await other.execute("UPDATE artifactproperty SET string_value = string_value")
            waiting = asyncio.create_task(label(service, "2"))
            while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not waiting.done(), waiting.result()
                await asyncio.sleep(0.02)
            await transaction.commit()
            assert "errors" not in await waiting
            assert {"key": "n", "value": "2"} in (await service.data(ARTIFACT))["artifacts"]["nodes"][0]["labels"]
        finally:
            await other.close()
    assert "could not serialize access" in place.server.log()
