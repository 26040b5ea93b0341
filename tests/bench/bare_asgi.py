"""`python -m tests.bench.bare_asgi STORE`: the questions of `peers` as one statement each, and no GraphQL.

The database makes the answer, and a bare ASGI app sends it. There is nothing of what a service is for: documents are
not parsed, nothing is checked, no writer's convention is known but the bench's own, no type is looked at, nobody is
kept from anything. So a service in Python can hardly be quicker. It prints its port.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import asyncpg
import uvicorn

from lineageql.model.identity import parse_ref
from lineageql.web.loop import run
from tests.bench.equivalents import QUESTIONS, TYPENAME
from tests.bench.serving import serving

_THREADS = 4
_TABLES = {"a": "Artifact", "x": "Execution"}
Fetch = Callable[[str, int], Awaitable[str]]


class Words:
    """The words of a database."""

    def __init__(self, *, postgresql: bool) -> None:
        self.object = "json_build_object" if postgresql else "json_object"
        self.array = "json_agg" if postgresql else "json_group_array"
        self.given = "CAST($1 AS INTEGER)" if postgresql else "CAST(?1 AS INTEGER)"
        self.false = "false" if postgresql else "0"
        self.json = "" if postgresql else "json"  # to SQLite JSON that comes out of a subquery is a text
        moment = "{}.create_time_since_epoch / 1000.0"
        self.time = (
            f"to_char(to_timestamp({moment}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            if postgresql
            else f"strftime('%Y-%m-%dT%H:%M:%fZ', {moment}, 'unixepoch')"
        )

    def listed(self, columns: str, rows: str) -> str:
        """A list of JSON objects, of the rows that a FROM clause and its conditions give."""
        return f"coalesce((SELECT {self.array}({self.object}({columns})) FROM {rows}), {self.json}('[]'))"

    def node(self, table: str, row: str) -> str:
        name = (
            f"(SELECT string_value FROM {table}Property WHERE {table}_id = {row}.id AND name = 'name' "
            f"AND is_custom_property = {self.false})"
        )
        return f"'mlmdId', {row}.id, 'name', {name}"

    def statements(self) -> dict[str, str]:
        """The statement of each question, by its name."""
        first = f"(SELECT * FROM Artifact ORDER BY id LIMIT {self.given}) AS a"
        inputs = self.listed(
            self.node("Artifact", "b"), "Event AS f JOIN Artifact AS b ON b.id = f.artifact_id "
            "WHERE f.execution_id = x.id AND f.type = 3",
        )  # fmt: skip
        producers = self.listed(
            f"{self.node('Execution', 'x')}, 'inputs', {self.object}('nodes', {self.json}({inputs}))",
            "Event AS e JOIN Execution AS x ON x.id = e.execution_id WHERE e.artifact_id = a.id AND e.type = 4",
        )
        shown = f"{self.node('Artifact', 'a')}, 'uri', a.uri, 'createTime', {self.time.format('a')}"
        made = f"{self.node('Artifact', 'a')}, 'producers', {self.object}('nodes', {self.json}({producers}))"
        lists = {"list-100": shown, "list-1000": shown, "producers": made}
        statements = {name: f"SELECT {self.listed(columns, first)}" for name, columns in lists.items()}
        return statements | {"hops": self._hops()}

    def _hops(self) -> str:
        """Levels that are looked for one after the other, each from the one before."""
        levels, ways = ["artifact_id", "execution_id"] * 2 + ["artifact_id"], (None, 4, 3, 4, 3)
        parts = [f"l0(id) AS (SELECT {self.given})"]
        for place in range(1, 5):
            found, at = levels[place], levels[place - 1]
            parts.append(
                f"l{place}(id) AS MATERIALIZED (SELECT DISTINCT {found} FROM l{place - 1} CROSS JOIN Event "
                f"WHERE {at} = l{place - 1}.id AND type = {ways[place]})"
            )
        parts.append("a(id) AS (SELECT id FROM l0 UNION SELECT id FROM l2 UNION SELECT id FROM l4)")
        parts.append("x(id) AS (SELECT id FROM l1 UNION SELECT id FROM l3)")
        typed = {row: f"'__typename', '{table}', {self.node(table, row)}" for row, table in _TABLES.items()}
        nodes = " UNION ALL ".join(
            f"SELECT {self.object}('node', {self.object}({columns})) AS j FROM {row}" for row, columns in typed.items()
        )
        return f"WITH {', '.join(parts)} SELECT {self.array}({self.json}(j)) FROM ({nodes}) AS nodes"


def questions(words: Words) -> dict[tuple[str, int | None], tuple[str, str]]:
    """For each operation, and how many it asks for, the statement and the way to its list."""
    statements = words.statements()
    return {
        (question.ours, question.our_variables(1).get("first")): (
            statements[question.name],
            "lineage" if question.name == "hops" else "artifacts",
        )
        for question in QUESTIONS
    }


def sqlite_fetch(path: str) -> Fetch:
    threads, kept = ThreadPoolExecutor(_THREADS), threading.local()

    def fetch(statement: str, given: int) -> str:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        return str(kept.connection.execute(statement, (given,)).fetchone()[0])

    return lambda statement, given: asyncio.get_running_loop().run_in_executor(threads, fetch, statement, given)


async def postgresql_fetch(url: str) -> Fetch:
    pool = await asyncpg.create_pool(url, min_size=_THREADS)

    async def fetch(statement: str, given: int) -> str:
        return str(await pool.fetchval(statement, given))

    return fetch


async def serve(store: str) -> None:
    postgresql = store.startswith("postgresql:")
    asked = questions(Words(postgresql=postgresql))
    fetch = await postgresql_fetch(store) if postgresql else sqlite_fetch(store)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message, body = await receive(), b""
        while message.get("more_body"):
            body += message["body"]
            message = await receive()
        operation = json.loads(body + message["body"])
        answer = b'{"data":{"__typename":"Query"}}'
        if operation["query"] != TYPENAME:
            variables = operation["variables"]
            statement, field = asked[operation["query"], variables.get("first")]
            given = variables.get("first") or parse_ref(variables["root"]).key
            answer = f'{{"data":{{"{field}":{{"nodes":{await fetch(statement, given)}}}}}}}'.encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(app, lifespan="off", access_log=False, log_level="error")
    await uvicorn.Server(config).serve([listening])


def served(store: str) -> AbstractContextManager[str]:
    """The address of such an app over a store, as long as the context lasts."""
    return serving("the bare app", [sys.executable, "-m", "tests.bench.bare_asgi", store])


if __name__ == "__main__":
    run(serve(sys.argv[1]))
