"""A database that takes no more connections, on PostgreSQL and MariaDB: who asks waits for a place, and records too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lineageql.model.identity import EntityKind, Ref
from tests.places import MariaDBPlace, Place, PostgreSQLPlace
from tests.service import Service, serving

pytest.importorskip("ml_metadata")

BACKENDS = ("postgresql", "mariadb")
READ = "{ artifacts(first: 50) { nodes { name labels { key } producers { nodes { name } } } totalCount } }"
LABEL = "mutation ($input: SetLabelsInput!) { setLabels(input: $input) { entity { id } } }"
READERS = 20


async def label(service: Service, number: int) -> dict[str, Any]:
    sent = {"id": str(Ref(EntityKind.ARTIFACT, 1)), "labels": [{"key": f"n{number}", "value": str(number)}]}
    return await service.ask(LABEL, {"input": sent})


@pytest.fixture
def limited(place: Place) -> Iterator[str]:
    """The URL of a store that lets fewer connections in than the service would like to have."""
    place.fill_demo()
    if isinstance(place, PostgreSQLPlace):
        # Those who own the server are not bound.
        place.server.psql(
            "CREATE ROLE limited LOGIN PASSWORD 'limited' CONNECTION LIMIT 6; "
            "GRANT pg_read_all_data, pg_write_all_data TO limited"
        )
        yield re.sub(r"//[^@]*@", "//limited:limited@", place.url)
        place.server.psql("DROP ROLE limited")
        return
    assert isinstance(place, MariaDBPlace)
    before = place.server.sql("SELECT @@max_connections").strip()
    # The least that it takes.
    place.server.sql("SET GLOBAL max_connections = 10")
    yield place.url
    place.server.sql(f"SET GLOBAL max_connections = {before}")


async def test_who_finds_no_place_waits_for_one(limited: str) -> None:
    async with serving(limited, deadline=20) as service:
        # The pool takes all places that there are before anything is recorded.
        for body in await asyncio.gather(*(service.ask(READ) for _ in range(READERS))):
            assert "errors" not in body, body["errors"]
        assert (await service.client.get("/readyz")).status_code == 200
        asked = [*(service.ask(READ) for _ in range(READERS)), *(label(service, number) for number in range(4))]
        for body in await asyncio.gather(*asked):
            assert "errors" not in body, body["errors"]
        assert (await service.client.get("/readyz")).status_code == 200


async def test_connections_that_nobody_needs_are_given_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineageql.store.sql.pooled.UNUSED", 0.2)
    place.fill_demo()
    async with serving(place.url, read_only=True) as service:
        await asyncio.gather(*(service.ask(READ) for _ in range(READERS)))
        idle = service.store._driver._idle
        assert len(idle) > 1
        await asyncio.sleep(0.3)
        assert (await service.client.get("/readyz")).status_code == 200
        assert len(idle) <= 1
        await service.data(READ)
