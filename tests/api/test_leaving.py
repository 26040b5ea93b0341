"""Work that nobody waits for any more, at the deadline or as the client has gone, is not gone on with."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.web.app import create_app
from tests.api.answers import ended
from tests.service import Service, serving
from tests.store.sql.schema import SCRIPT

FIELDS = 30
WHERE = 'where: {name: {contains: "zz%d", ignoreCase: true}}'
SLOW = " ".join(f"a{n}: artifacts({WHERE % n}) {{ totalCount }}" for n in range(FIELDS))
QUERIES = {"below the root": f"{{ workspaces {{ nodes {{ {SLOW} }} }} }}", "at the root": f"{{ {SLOW} }}"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which such a filter passes a hundred thousand rows."""
    path = tmp_path_factory.mktemp("leaving") / "large.db"
    times = "create_time_since_epoch, last_update_time_since_epoch"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"""{SCRIPT};
            INSERT INTO Type (id, name, type_kind) VALUES (90, 'system.Model', 1), (92, 'system.Pipeline', 2);
            INSERT INTO Context (id, type_id, name, {times}) VALUES (1, 92, 'p', 1, 1);
            INSERT INTO Artifact (id, type_id, {times}) {numbers} SELECT i, 90, 1, 1 FROM n;
            INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value)
            {numbers} SELECT i, 'display_name', 1, 'name ' || i FROM n;
            INSERT INTO Attribution (id, context_id, artifact_id) {numbers} SELECT i, 1, i FROM n;"""
        )
        connection.commit()
    return path


@pytest.mark.parametrize("where", QUERIES)
async def test_the_deadline_ends_every_statement(store: Path, where: str) -> None:
    before = asyncio.all_tasks()
    async with serving(store, read_only=True, deadline=1) as service:
        assert (await service.error(QUERIES[where]))["code"] == "DEADLINE_EXCEEDED"
        await ended(before)
    # Closing waits for the readers, and each field asks at least once.
    assert service.statements < FIELDS


@pytest.mark.parametrize("where", QUERIES)
async def test_a_client_that_goes_ends_its_query(store: Path, where: str) -> None:
    settings = Settings.load({"store": str(store), "read_only": True, "deadline": 60}, environ={})
    opened = await open_store(settings.store, settings)
    app = create_app(opened, settings)
    coming = [{"type": "http.request", "body": json.dumps({"query": QUERIES[where]}).encode(), "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if coming:
            return coming.pop()
        await asyncio.sleep(0.5)
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        pass

    headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    scope |= {"http_version": "1.1", "scheme": "http", "server": ("service", 80), "asgi": {"version": "3.0"}}
    before = asyncio.all_tasks()
    await app(scope, receive, send)
    await ended(before)
    await opened.close()
    assert Service(None, opened).statements < FIELDS  # type: ignore[arg-type]
