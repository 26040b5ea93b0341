"""Several replicas of the service over one store, each a process of its own, asked at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from tests.server import Server


class Replicas:
    """Replicas that were started at one moment."""

    def __init__(self, stores: Sequence[str], folder: Path, *flags: str) -> None:
        """Starts one for each URL of the store."""

        def start(store: str) -> Server:
            return Server("serve", store, "--port", "0", *flags, cwd=folder)

        count = len(stores)
        with ThreadPoolExecutor(count) as threads:
            self.servers = list(threads.map(start, stores))
        if not all(server.url for server in self.servers):
            endings = [server.process.communicate()[1] for server in self.servers if not server.url]
            self.stop()
            raise AssertionError(f"{len(endings)} of {count} replicas did not start: {endings[0]}")
        self.clients = [httpx.AsyncClient(base_url=server.url, timeout=60) for server in self.servers]

    async def ask(self, replica: int, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The body of one replica's answer."""
        answer = await self.clients[replica].post("/graphql", json={"query": query, "variables": variables or {}})
        body: dict[str, Any] = answer.json()
        return body

    async def data(self, replica: int, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of one replica's answer, which must hold no errors."""
        body = await self.ask(replica, query, variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def each(self, query: str, *variables: dict[str, Any]) -> list[Any]:
        """The data of all answers where each replica is sent something at one moment: the same, or each its own."""
        sent = variables if len(variables) > 1 else variables * len(self.clients)
        return list(await asyncio.gather(*(self.data(place, query, one) for place, one in enumerate(sent))))

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        self.stop()

    def stop(self) -> None:
        with ThreadPoolExecutor() as threads:
            list(threads.map(Server.stop, self.servers))
