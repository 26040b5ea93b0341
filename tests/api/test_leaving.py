"""Work that nobody waits for any more, at the deadline or as the client has gone, is not gone on with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.web.app import create_app
from tests.api.answers import ended
from tests.large import fill_large
from tests.service import Service, serving

FIELDS = 30
WHERE = 'where: {name: {contains: "zz%d", ignoreCase: true}}'
SLOW = " ".join(f"a{n}: artifacts({WHERE % n}) {{ totalCount }}" for n in range(FIELDS))
QUERIES = {"below the root": f"{{ workspaces {{ nodes {{ {SLOW} }} }} }}", "at the root": f"{{ {SLOW} }}"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which such a filter passes a hundred thousand rows."""
    path = tmp_path_factory.mktemp("leaving") / "large.db"
    fill_large(path)
    return path


@pytest.mark.parametrize("where", QUERIES)
async def test_the_deadline_ends_every_statement(store: Path, where: str) -> None:
    before = asyncio.all_tasks()
    async with serving(store, read_only=True, deadline=1) as service:
        assert (await service.error(QUERIES[where]))["code"] == "DEADLINE_EXCEEDED"
        await ended(before)
    # Closing waits for the readers, and each field asks at least once.
    assert service.statements < FIELDS


async def test_who_searches_for_too_long_is_told_of_the_search_index(store: Path) -> None:
    searches = " ".join(f'a{n}: search(text: "zz{n}") {{ totalCount }}' for n in range(FIELDS))
    async with serving(store, read_only=True, deadline=1) as service:
        error = await service.error(f"{{ {searches} }}")
        assert error["code"] == "DEADLINE_EXCEEDED"
        assert "`lineageql store index --search`" in error["message"]
        # A filter needs no search index.
        assert "store index" not in (await service.error(QUERIES["at the root"]))["message"]


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
