"""The whole service over a real store, asked through HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.store.ports import Store
from lineageql.web.app import create_app


class Service:
    """A client of the service, and how many statements its store has run."""

    def __init__(self, client: httpx.AsyncClient, store: Any) -> None:
        self.client = client
        self.store = store

    @property
    def statements(self) -> int:
        return int(self.store._driver.statements)

    async def ask(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The body of an answer, errors and all."""
        response = await self.client.post("/graphql", json={"query": query, "variables": variables, **more})
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Any:
        """The data of an answer that must hold no errors."""
        body = await self.ask(query, variables, **more)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The one error of an answer: its code, its argument and its message."""
        body = await self.ask(query, variables)
        assert len(body.get("errors", ())) == 1, body
        error: dict[str, Any] = body["errors"][0]
        return {"message": error["message"], **error["extensions"]}


@asynccontextmanager
async def serving(store: str | Path, **settings: Any) -> AsyncIterator[Service]:
    """The service over a store, in this process and without pages; it ends the store and its worker at the end."""
    loaded = Settings.load({"store": str(store), "graphiql": False, "explorer": False, **settings}, environ={})
    async with serving_open(await open_store(loaded.store, loaded), loaded) as service:
        yield service


@asynccontextmanager
async def serving_open(opened: Store, loaded: Settings) -> AsyncIterator[Service]:
    """The service over a store that is open, which it closes at the end."""
    app = create_app(opened, loaded)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:
        try:
            yield Service(client, opened)
        finally:
            await opened.close()
