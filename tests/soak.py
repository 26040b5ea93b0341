"""`make soak`: a service under everything at once, for minutes; ends with 1 where anything was wrong.

Clients that read and clients that record go on while others are slow, silent, malformed or
send ahead, and ml-metadata's process is killed again and again. They have tokens of different
rights, and in no answer may be what is hidden from its caller. Then it is looked whether all
that was said to be recorded is there, once each, and nothing that was refused, what was
answered wrongly, and how memory went.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from lineageql.web.authentication.tokens import new_token
from tests.demo import demo_store
from tests.processes import children
from tests.server import Server

KILLS = 20.0
"""Seconds between two ends of ml-metadata's process."""
CHEAP = "{ __typename }"
READS = (
    "{ artifacts(first: 50) { nodes { id name uri properties } } }",
    "{ workspaces { nodes { name runs(first: 5) { nodes { name executions(first: 5) { nodes { name } } } } } } }",
    '{ artifacts(first: 5, where: {labels: [{key: "stage", eq: "production"}]}) { nodes { id name } } }',
    "{ runs { totalCount nodes { id name workspace { id name } } } artifactFacets(by: WORKSPACE) { value count } }",
    '{ search(text: "model") { totalCount nodes { id name } } store { counts { artifacts events } } }',
    """{ artifacts(first: 9) { nodes { id workspaces { name } downstream { complete nodes { id name }
      edges { hops node { id } } } consumers { totalCount nodes { id run { id } } } } } }""",
    "{ artifacts(where: {producedBy: {}}) { totalCount } executions { totalCount nodes { id workspace { name } } } }",
)
CHANGING = READS[1]
"""Of these what shows that workspaces are recorded meanwhile to who sees these."""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
EVERYTHING = """{ workspaces(first: 100) { nodes { id name runs(first: 1000) { nodes { id } }
  executions(first: 1000) { nodes { id } } artifacts(first: 1000) { nodes { id } } } } }"""
RECORD = "mutation ($name: String!) { createWorkspace(input: {name: $name}) { created workspace { name } } }"
TEAMS = 4
"""How many teams record, each in workspaces of its own."""
SIGHTS: Mapping[str, str] = {"all": ".*", "fraud": "fraud-.*", "two": "chargebacks|mnist-.*", "nobody": "(?!)"} | {
    f"team-{team}": f"soak-{team}-.*" for team in range(TEAMS)
}
"""Callers, and which workspaces each may see: a regular expression, as the service must not be its own judge."""
POLICY = """
[[rule]]
who = ["all"]
roles = ["ADMIN"]
[[rule]]
who = ["fraud"]
roles = ["READ"]
workspaces = ["fraud-*"]
[[rule]]
who = ["two"]
roles = ["READ"]
workspaces = ["chargebacks", "mnist-*"]
""" + "".join(
    f"""
[[rule]]
who = ["team-{team}"]
roles = ["READ", "RECORD"]
workspaces = ["soak-{team}-*"]
"""
    for team in range(TEAMS)
)
RECORDED = re.compile(r"soak-\d+-\d+-\d+|stolen-\d+")
"""Names of workspaces that are recorded meanwhile."""


class Sight:
    """What one caller may see of the demonstration store, by what is told to one who may see all of it."""

    def __init__(self, name: str, workspaces: Iterable[Any]) -> None:
        self.pattern = re.compile(SIGHTS[name])
        seen, there = set[str](), set[str]()
        names = set[str]()
        for space in workspaces:
            ids = {space["id"], *(node["id"] for kind in _KINDS for node in space[kind]["nodes"])}
            there |= ids
            if self.pattern.fullmatch(space["name"]):
                seen |= ids
            else:
                names.add(space["name"])
        self.hidden = sorted(there - seen)
        """The ids of all that is hidden."""
        self._words = {*self.hidden, *names}

    def leak(self, text: str, said: Collection[str]) -> str | None:
        """Something in the text of an answer that the caller may not see; None where there is nothing.

        Args:
            text: the answer.
            said: what the caller itself has said, which an error may repeat.
        """
        for word in re.findall(r'"([^"\\]+)"', text):
            if word in self._words:
                return str(word)
        recorded = (name for name in RECORDED.findall(text) if name not in said)
        return next((name for name in recorded if not self.pattern.fullmatch(name)), None)


_KINDS = ("runs", "executions", "artifacts")


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

    def __init__(self, server: Server, ends: float, secrets: Mapping[str, str]) -> None:
        self.server, self.ends, self.secrets = server, ends, secrets
        self.found = Found()
        self.port = int(server.url.rpartition(":")[2])
        self.expected: dict[tuple[str, str], Any] = {}
        self.sights: dict[str, Sight] = {}

    @property
    def going(self) -> bool:
        return time.monotonic() < self.ends

    async def asked(self, client: httpx.AsyncClient, query: str, who: str = "all", **variables: str) -> dict[str, Any]:
        """The answer to a caller, in which nothing may be that is hidden from it."""
        headers = {"authorization": f"Bearer {self.secrets[who]}"}
        response = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        if who in self.sights:
            self.found.answers["looked through"] += 1
            leak = self.sights[who].leak(response.text, set(variables.values()))
            if leak is not None:
                self.found.wrong.append(f"{who} was told of {leak}: {query}")
        body: dict[str, Any] = response.json()
        return body

    async def cheap(self) -> None:
        """Measures what others wait, in a process of its own: this one looks through many answers."""
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            asked = self.server.url, self.secrets["all"], self.ends
            waited, wrong = await asyncio.get_running_loop().run_in_executor(apart, asks_cheaply, *asked)
        self.found.waited += waited
        self.found.answers["cheap"] += len(waited)
        self.found.wrong += wrong

    async def reads(self, client: httpx.AsyncClient, who: str) -> None:
        """Reads what nobody changes, which is the same each time."""
        hidden = self.sights[who].hidden
        while self.going:
            query = random.choice((*READS, NODE))
            if query == NODE:
                body = await self.asked(client, query, who, id=random.choice(hidden or ["QXJ0aWZhY3Q6OTk5OTk5"]))
                right = body == {"data": {"node": None}}
            else:
                body = await self.asked(client, query, who)
                may_change = who == "all" and query == CHANGING
                right = "errors" not in body and (may_change or body == self.expected[who, query])
            if not right:
                self.found.wrong.append(f"{who}: {query}: {str(body)[:300]}")
            self.found.answers["reads"] += 1
            await asyncio.sleep(random.uniform(0.05, 0.3))

    async def records(self, client: httpx.AsyncClient, number: int) -> None:
        """Records workspaces, each until it is told that it is there, and tries to where it may not."""
        count, team = 0, number % TEAMS
        while self.going:
            name, count = f"soak-{team}-{number}-{count}", count + 1
            if count % 5 == 0:
                other = random.choice(
                    [f"stolen-{number}", f"soak-{(team + 1) % TEAMS}-{number}-{count}", "chargebacks"]
                )
                await self.tries(client, f"team-{team}", other)
            for _ in range(50):
                body = await self.asked(client, RECORD, f"team-{team}", name=name)
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

    async def tries(self, client: httpx.AsyncClient, who: str, name: str) -> None:
        """Records where the caller may not, which is refused in the same words whatever is there."""
        body = await self.asked(client, RECORD, who, name=name)
        errors = [(error["extensions"]["code"], error["message"]) for error in body.get("errors", ())]
        if errors and errors[0][0] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            # It had no turn while ml-metadata's process was started again; at the end nothing of it may be there.
            self.found.answers["refusals not waited for"] += 1
            return
        if errors != [("FORBIDDEN", f"you may not record in the workspace {name!r}")]:
            self.found.wrong.append(f"{who} recorded {name}: {body}")
        self.found.answers["refused"] += 1

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
            workspaces = (await self.asked(client, EVERYTHING))["data"]["workspaces"]["nodes"]
            self.sights = {who: Sight(who, workspaces) for who in SIGHTS}
            readers = [who for who in SIGHTS if not who.startswith("team-")]
            for who in readers:
                for query in READS:
                    self.expected[who, query] = body = await self.asked(client, query, who)
                    assert "errors" not in body, (who, body)
            await asyncio.gather(
                self.cheap(),
                *(self.reads(client, readers[place % len(readers)]) for place in range(24)),
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
        made = {name for name in there if RECORDED.fullmatch(name)}
        # One whose answers were all lost may be there.
        self.found.wrong += [f"nobody may record {name}" for name in made if not name.startswith("soak-")]
        self.found.wrong += [f"recorded by another team: {name}" for name in made if not _own(name)]
        return self.found


def asks_cheaply(url: str, secret: str, ends: float) -> tuple[list[float], list[str]]:
    """How many seconds a cheap query waited each time that four clients asked it, and what was wrong.

    Args:
        url: the service's.
        secret: the token of who asks.
        ends: the `time.monotonic()` at which they stop.
    """
    waited, wrong = list[float](), list[str]()

    async def one(client: httpx.AsyncClient) -> None:
        while time.monotonic() < ends:
            began = time.monotonic()
            response = await client.post("/graphql", json={"query": CHEAP})
            waited.append(time.monotonic() - began)
            if response.json() != {"data": {"__typename": "Query"}}:
                wrong.append(f"the cheap query: {response.text[:300]}")
            await asyncio.sleep(0.05)

    async def all_of_them() -> None:
        headers = {"authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
            await asyncio.gather(*(one(client) for _ in range(4)))

    asyncio.run(all_of_them())
    return waited, wrong


def _own(name: str) -> bool:
    """Whether the workspace of a team was recorded by one of that team."""
    _, team, number, _ = name.split("-") if name.startswith("soak-") else ("", "0", "0", "")
    return int(number) % TEAMS == int(team)


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
        tokens = {who: new_token(who) for who in SIGHTS}
        Path(folder, "tokens.toml").write_text("".join(row.row() for _, row in tokens.values()))
        Path(folder, "policy.toml").write_text(POLICY)
        rights = ("--auth-tokens", "tokens.toml", "--policy", "policy.toml")
        server = Server("serve", str(path), "--port", "0", "--log-level", "critical", *rights, cwd=Path(folder))
        try:
            secrets = {who: secret for who, (secret, _) in tokens.items()}
            found = asyncio.run(Soak(server, time.monotonic() + given.seconds, secrets).run())
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
