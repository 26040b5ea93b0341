"""Where `lineageql query` asks: a store that it opens, or an endpoint that somebody serves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from lineageql.errors import UsageError
from lineageql.settings import Settings

if TYPE_CHECKING:
    import httpx

    from lineageql.api.execution import Operation

_TIMEOUT = 120.0
_PATH = "/graphql"


class Place(Protocol):
    """Answers operations."""

    async def ask(self, operation: Operation) -> dict[str, Any]:
        """The body of the answer: an object with `data`, `errors` or both.

        Raises:
            UsageError: there is no such answer.
        """


@asynccontextmanager
async def opened(store: str, records: bool, flags: Mapping[str, Any]) -> AsyncIterator[Place]:
    """A store; `records` says whether it is opened for writing, flags are settings."""
    from lineageql.api.execution import Executor
    from lineageql.api.written_json import dumps
    from lineageql.store.open import open_store

    class Opened:
        def __init__(self, executor: Executor) -> None:
            self.executor = executor

        async def ask(self, operation: Operation) -> dict[str, Any]:
            # As the service writes it: what JSON has no way to say is what it has, and long lists are JSON already.
            found: dict[str, Any] = json.loads(dumps((await self.executor.execute(operation)).body()))
            return found

    settings = Settings.load({**flags, "store": store, "read_only": not records, "explain": True})
    # Who can open the store can read all of it.
    settings = replace(settings, policy="")
    found = await open_store(settings.store, settings)
    try:
        yield Opened(Executor(found, settings))
    finally:
        await found.close()


@asynccontextmanager
async def reached(endpoint: str, headers: Mapping[str, str]) -> AsyncIterator[Place]:
    """An endpoint, each request to which has these headers."""
    import httpx

    given = {"Accept": "application/graphql-response+json, application/json;q=0.9", **headers}
    async with httpx.AsyncClient(timeout=_TIMEOUT, headers=given) as client:
        yield _Endpoint(client, endpoint)


class _Endpoint:
    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.client = client
        self.url = url
        self.found = False

    async def ask(self, operation: Operation) -> dict[str, Any]:
        tried = [self.url] if self.found else list(dict.fromkeys((self.url, _with_path(self.url))))
        faults = []
        for url in tried:
            answer = await self._post(url, operation)
            if isinstance(answer, dict):
                self.url, self.found = url, True
                return answer
            faults.append(answer)
        tried = [_shown(url) for url in tried]
        tells = f"; so did {tried[1]}" if faults[1:] == faults[:1] else "".join(f"; {fault}" for fault in faults[1:])
        raise UsageError(f"{tried[0]} {faults[0]}{tells}")

    async def _post(self, url: str, operation: Operation) -> dict[str, Any] | str:
        """The answer, or what came in its place."""
        import httpx

        body: dict[str, Any] = {"query": operation.query, "variables": dict(operation.variables)}
        body["operationName"] = operation.name
        if operation.explain:
            body["extensions"] = {"explain": True}
        try:
            response = await self.client.post(url, json=body)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise UsageError(f"cannot reach {_shown(url)}: {str(error) or type(error).__name__}") from None
        status = f"answered {response.status_code}"
        if response.is_redirect:
            return f"{status} and leads to {_shown(response.headers.get('location', 'nowhere'))}: name that address"
        try:
            answer = response.json()
        except ValueError:
            return f"{status} and no JSON"
        if response.status_code in (404, 405) or not isinstance(answer, dict) or not {"data", "errors"} & answer.keys():
            return f"{status} and nothing of GraphQL's"
        return answer


def _with_path(url: str) -> str:
    """The address of the GraphQL of a service whose own address is given, `http://127.0.0.1:8000`."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return url if path.endswith(_PATH) else urlunsplit(parts._replace(path=f"{path}{_PATH}"))


def _shown(url: str) -> str:
    """An address without the user and the password that may stand in it."""
    scheme, separator, rest = url.partition("://")
    # A password that was not encoded may hold any sign: all before the last @ goes.
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else url
