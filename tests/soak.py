"""`make soak`: a service under everything at once, for minutes; ends with 1 where anything was wrong.

Clients that read and clients that record go on while others are slow, silent, malformed or
send ahead, and ml-metadata's process is killed again and again. Then it is looked whether all
that was said to be recorded is there, once each, what was answered wrongly, and how memory went.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.demo import demo_store
from tests.processes import children
from tests.server import Server

KILLS = 20.0
"""Seconds between two ends of ml-metadata's process."""
CHEAP = "{ __typename }"
READS = (
    "{ artifacts(first: 50) { nodes { id name uri properties } } }",
    "{ workspaces { nodes { name runs(first: 5) { nodes { name executions(first: 5) { nodes { name } } } } } } }",
    '{ artifacts(first: 5, where: {labels: [{key: "stage", eq: "production"}]}) { nodes { name } } }',
)
RECORD = "mutation ($name: String!) { createWorkspace(input: {name: $name}) { created workspace { name } } }"


@dataclass
class Found:
    """What was seen."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    waited: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


class Soak:
    """One service and its clients."""

    def __init__(self, server: Server, ends: float) -> None:
        self.server, self.ends = server, ends
        self.found = Found()
        self.port = int(server.url.rpartition(":")[2])
        self.expected: dict[str, Any] = {}

    @property
    def going(self) -> bool:
        return time.monotonic() < self.ends

    async def asked(self, client: httpx.AsyncClient, query: str, **variables: str) -> dict[str, Any]:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
        body: dict[str, Any] = response.json()
        return body

    async def cheap(self, client: httpx.AsyncClient) -> None:
        """Measures what others wait."""
        while self.going:
            began = time.monotonic()
            if await self.asked(client, CHEAP) != {"data": {"__typename": "Query"}}:
                self.found.wrong.append("the cheap query")
            self.found.waited.append(time.monotonic() - began)
            self.found.answers["cheap"] += 1
            await asyncio.sleep(0.05)

    async def reads(self, client: httpx.AsyncClient) -> None:
        """Reads what nobody changes, which is the same each time."""
        while self.going:
            query = random.choice(READS)
            body = await self.asked(client, query)
            if "errors" in body or (query != READS[1] and body != self.expected.setdefault(query, body)):
                self.found.wrong.append(f"{query}: {str(body)[:300]}")
            self.found.answers["reads"] += 1
            await asyncio.sleep(random.uniform(0.05, 0.3))

    async def records(self, client: httpx.AsyncClient, number: int) -> None:
        """Records workspaces, each until it is told that it is there."""
        count = 0
        while self.going:
            name, count = f"soak-{number}-{count}", count + 1
            for _ in range(50):
                body = await self.asked(client, RECORD, name=name)
                codes = {error["extensions"]["code"] for error in body.get("errors", ())}
                if not codes:
                    self.found.recorded.add(name)
                    self.found.answers["recorded"] += 1
                    break
                if codes <= {"ALREADY_EXISTS"}:  # applied by the try before, whose answer was lost
                    self.found.recorded.add(name)
                    break
                if not codes <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
                    self.found.wrong.append(f"recording: {body}")
                    break
                self.found.answers["recording tried again"] += 1
                await asyncio.sleep(0.2)
            await asyncio.sleep(random.uniform(0.2, 1.0))

    async def bothers(self) -> None:
        """Is silent, slow, malformed, or sends ahead without reading."""
        head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        kinds = {
            "silent": b"",
            "half a head": head,
            "half a body": head + b"Content-Length: 1000000\r\n\r\n" + b" " * 5_000,
            "malformed": random.randbytes(500),
            "sends ahead": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20_000,
            "large head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1_000_000,
        }
        while self.going:
            kind = random.choice(list(kinds))
            self.found.answers[kind] += 1
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(kinds[kind])
                await asyncio.sleep(random.uniform(0.1, 5))
                writer.transport.abort()
            except OSError:
                await asyncio.sleep(0.1)

    async def kills(self) -> None:
        while self.going:
            await asyncio.sleep(min(KILLS, max(self.ends - time.monotonic(), 0)))
            for pid in children(self.server.process.pid):
                os.kill(pid, signal.SIGKILL)
                self.found.answers["killed"] += 1

    async def watches(self) -> None:
        while self.going:
            self.found.memory.append(_memory(self.server.process.pid))
            await asyncio.sleep(1)

    async def run(self) -> Found:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=self.server.url, timeout=120, limits=limits) as client:
            for query in READS:
                self.expected[query] = await self.asked(client, query)
            await asyncio.gather(
                *(self.cheap(client) for _ in range(4)),
                *(self.reads(client) for _ in range(24)),
                *(self.records(client, number) for number in range(12)),
                *(self.bothers() for _ in range(24)),
                self.kills(),
                self.watches(),
            )
            there: Counter[str] = Counter()
            query = "query ($after: String) { workspaces(first: 1000, after: $after) {" + (
                " nodes { name } pageInfo { hasNextPage endCursor } } }"
            )
            page: dict[str, Any] = {"hasNextPage": True}
            after: dict[str, str] = {}
            while page["hasNextPage"]:
                found = (await self.asked(client, query, **after))["data"]["workspaces"]
                there.update(node["name"] for node in found["nodes"])
                page = found["pageInfo"]
                after = {"after": page["endCursor"]}
        self.found.wrong += [f"lost: {name}" for name in self.found.recorded if there[name] != 1]
        return self.found


def _memory(pid: int) -> float:
    """MiB that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> int:
    """Runs for so many seconds, and prints what was seen."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "soak.db"
        path.write_bytes(demo_store())
        server = Server("serve", str(path), "--port", "0", "--log-level", "critical", cwd=Path(folder))
        try:
            found = asyncio.run(Soak(server, time.monotonic() + given.seconds).run())
        finally:
            server.stop()
    waited = sorted(found.waited)
    for kind, count in found.answers.most_common():
        print(f"{count:9,}  {kind}")
    median, slow = waited[len(waited) // 2] * 1000, waited[len(waited) * 99 // 100] * 1000
    print(f"cheap query: median {median:.1f} ms, p99 {slow:.1f} ms")
    quarter = max(len(found.memory) // 4, 1)
    middle, last = max(found.memory[quarter : 2 * quarter] or found.memory), max(found.memory[-quarter:])
    print(f"memory: at most {middle:.0f} MiB in the second quarter of the time, {last:.0f} MiB in the last")
    if last > 1.25 * middle + 20:
        found.wrong.append(f"memory grew from {middle:.0f} to {last:.0f} MiB")
    for text in found.wrong[:20]:
        print(f"WRONG {text}", file=sys.stderr)
    print(f"{len(found.recorded):,} recorded, {len(found.wrong):,} wrong")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
