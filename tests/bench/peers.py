"""`python -m tests.bench peers`: LineageQL beside PostGraphile 5, which makes a GraphQL API of a PostgreSQL database.

All hold the same store: PostGraphile on a PostgreSQL server that this starts, fills and ends, LineageQL on the same
database and on the SQLite file, and with `--bare` what a service in Python can hardly be quicker than. They are asked
the same questions in turn over HTTP, once their answers have been found to say the same. Then each is asked over
several connections at once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench import FOLDER, bare_asgi, postgraphile
from tests.bench.backends import BACKENDS
from tests.bench.building import Facts, stored
from tests.bench.equivalents import QUESTIONS, TYPENAME, Question, without_names
from tests.bench.exit_codes import exit_code
from tests.bench.report import machine, versions
from tests.server import Server

CONNECTIONS = (1, 16, 64)
WORKERS = (1, 2)
_LEAST = 20
"""How often each is asked at least, and how often before that."""


@dataclass(frozen=True)
class Peer:
    """A server that is asked.

    Attributes:
        name: what serves, for the table.
        store: what holds its store.
        workers: how many processes it is.
        url: where it answers GraphQL.
        ours: whether it is LineageQL.
    """

    name: str
    store: str
    workers: int
    url: str
    ours: bool

    @property
    def title(self) -> str:
        return f"{self.name}, {self.store}" + (f", {self.workers} processes" if self.workers > 1 else "")

    def body(self, question: Question | None, model: int, *, names: bool) -> bytes:
        """The body of a request with a question; without one, the question that needs no store."""
        if question is None:
            asked: dict[str, Any] = {"query": TYPENAME}
        elif self.ours:
            asked = {"query": question.ours, "variables": question.our_variables(model)}
        else:
            asked = {
                "query": question.their_operation(names=names),
                "variables": question.their_variables(model),
            }
        return json.dumps(asked).encode()


class Differing(RuntimeError):
    """Two servers have given answers that do not say the same."""


def main(given: list[str]) -> int:
    """Runs the command; the exit code is 1 where answers differ or a server fails, and 2 where something is missing."""
    options = options_of(given)

    def measure() -> int:
        told = _measured(options)
        print(json.dumps(told, indent=2) if options.json else markdown(told))
        return 0

    return exit_code(measure)


def options_of(given: list[str]) -> argparse.Namespace:
    names = [question.name for question in QUESTIONS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench peers", description=__doc__)
    parser.add_argument("--artifacts", type=int, default=20_000, metavar="N", help="size of the store [20000]")
    parser.add_argument(
        "--row", action="append", choices=names, metavar="NAME", help=f"ask this ({', '.join(names)}); may be repeated"
    )
    parser.add_argument(
        "--connections", action="append", type=int, metavar="N", help="so many at once; may be repeated [1, 16, 64]"
    )
    parser.add_argument(
        "--names", action="store_true", help="ask PostGraphile for the names too, which MLMD holds as properties"
    )
    parser.add_argument("--bare", action="store_true", help="ask a bare ASGI app of one statement a question, too")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each is measured [2]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where stores and PostGraphile are kept [.bench]")
    parser.add_argument("--rebuild", action="store_true", help="build the store again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(given)


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, as `--json` tells them."""
    installation = postgraphile.installed(options.folder)
    facts = stored(options.folder, options.artifacts, rebuild=options.rebuild)
    questions = _questions(options)
    model = daily_model(facts)
    with opened(facts, installation, bare=options.bare) as (peers, database):
        rows = _in_turn(questions, peers, model, options)
        load = [
            {"question": question.name if question else "typename", **figures}
            for question in [None, *questions]
            for figures in under_load(question, peers, model, options)
        ]
    return {
        "artifacts": facts.size,
        "names": options.names,
        "versions": {"LineageQL": versions(), "database": database, **installation.versions()},
        "machine": machine(),
        "rows": rows,
        "load": load,
    }


def compared(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of times alone, of servers of one process."""
    installation = postgraphile.installed(options.folder)
    facts = stored(options.folder, options.artifacts, rebuild=options.rebuild)
    with opened(facts, installation, workers=(1,)) as (peers, _):
        return _in_turn(_questions(options), peers, daily_model(facts), options)


def _questions(options: argparse.Namespace) -> list[Question]:
    return [question for question in QUESTIONS if not options.row or question.name in options.row]


def _in_turn(
    questions: Sequence[Question], peers: Sequence[Peer], model: int, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """The rows of times of all questions, once all servers have been found to answer the same."""
    for question in questions:
        agreeing(question, peers, model, names=options.names)
    rows: list[dict[str, Any]] = []
    for question in questions:
        _say(f"measuring {question.name}")
        rows += in_turn(question, [peer for peer in peers if peer.workers == 1], model, options)
    return rows


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def daily_model(facts: Facts) -> int:
    """The last model of a pipeline that has run daily: the first that the first ensemble was made of."""
    members = (
        "SELECT MIN(member.artifact_id) FROM Event AS member JOIN Event AS merged "
        "ON merged.execution_id = member.execution_id WHERE member.type = 3 AND merged.type = 4 "
        "AND merged.artifact_id = ?"
    )
    with closing(sqlite3.connect(f"file:{facts.path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(members, (facts.closures[0].artifact,)).fetchone()[0])


@contextmanager
def opened(
    facts: Facts, installation: postgraphile.Installation, workers: Sequence[int] = WORKERS, *, bare: bool = False
) -> Iterator[tuple[list[Peer], str]]:
    """All servers, PostGraphile first, and what database they are on; they run as long as the context lasts."""
    with ExitStack() as stack:
        target = stack.enter_context(BACKENDS["postgresql"].serve(facts))
        address = stack.enter_context(postgraphile.served(installation, target.url))
        peers = [Peer("PostGraphile", "PostgreSQL", 1, f"{address}/graphql", ours=False)]
        stores = {"SQLite": str(facts.path.absolute()), "PostgreSQL": target.url}
        if bare:
            for title, store in stores.items():
                bare_address = stack.enter_context(bare_asgi.served(store))
                peers.append(Peer("bare ASGI", title, 1, f"{bare_address}/graphql", ours=True))
        for number in workers:
            for title, store in stores.items():
                server = Server(
                    *("serve", store, "--port", "0", "--read-only", "--workers", str(number)), cwd=facts.path.parent
                )
                stack.callback(server.stop)
                if not server.url:
                    raise RuntimeError(f"LineageQL did not start on {title}")
                peers.append(Peer("LineageQL", title, number, f"{server.url}/graphql", ours=True))
        yield peers, target.title


class Client:
    """A connection to a server that is kept alive and asked one question again and again."""

    def __init__(self, peer: Peer, body: bytes) -> None:
        address = urlsplit(peer.url)
        self.peer = peer
        self.body = body
        self.path = address.path
        self.connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
        self.times: list[float] = []

    def ask(self) -> bytes:
        """An answer's octets. The time that it took is kept, in milliseconds."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        began = time.perf_counter()
        try:
            self.connection.request("POST", self.path, self.body, headers)
            answer = self.connection.getresponse()
            found = answer.read()
        except (http.client.HTTPException, OSError) as error:
            raise RuntimeError(f"{self.peer.title} did not answer: {error!r}") from error
        self.times.append((time.perf_counter() - began) * 1000)
        if answer.status != 200 or not found.startswith(b'{"data"'):
            text = found[:500].decode(errors="replace")
            raise RuntimeError(f"{self.peer.title} answered with status {answer.status}: {text}")
        return found

    def close(self) -> None:
        self.connection.close()


def agreeing(question: Question, peers: Sequence[Peer], model: int, *, names: bool) -> None:
    """Asks all servers one question.

    Raises:
        Differing: one answers something else than the first.
    """
    first: Any = None
    for peer in peers:
        with closing(Client(peer, peer.body(question, model, names=names))) as client:
            answer = json.loads(client.ask())
        if answer.get("errors"):
            raise RuntimeError(f"{peer.title}, {question.name}: {answer['errors'][0]['message']}")
        data = answer["data"] if names else without_names(answer["data"])
        found = question.our_facts(data) if peer.ours else question.their_facts(data)
        if first is None:
            first = found
        if not found or found != first:
            raise Differing(f"{peer.title} and {peers[0].title} differ in their answers to {question.name}")


def in_turn(question: Question, peers: Sequence[Peer], model: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Asks servers one after the other, again and again, over a connection each; a row for each of ours."""
    with ExitStack() as stack:
        clients = [Client(peer, peer.body(question, model, names=options.names)) for peer in peers]
        for client in clients:
            stack.callback(client.close)
        sizes: list[int] = []
        # The first fifth warms them up: PostGraphile's code is compiled while it runs.
        for seconds in (options.seconds * len(clients) / 5, options.seconds * len(clients)):
            until = time.perf_counter() + seconds
            for client in clients:
                client.times.clear()
            while time.perf_counter() < until or len(clients[0].times) < _LEAST:
                sizes = [len(client.ask()) for client in clients]
    theirs = next(client for client in clients if not client.peer.ours)
    rows = []
    for client, size in zip(clients, sizes, strict=True):
        if client.peer.ours:
            mine, other = statistics.median(client.times), statistics.median(theirs.times)
            rows.append(
                {
                    "server": client.peer.name,
                    "store": client.peer.store,
                    "question": question.name,
                    "title": question.title,
                    "runs": len(client.times),
                    "ms": round(mine, 3),
                    "postgraphile_ms": round(other, 3),
                    "part": round(mine / other, 3),
                    "bytes": size,
                    "postgraphile_bytes": sizes[clients.index(theirs)],
                }
            )
    return rows


def under_load(
    question: Question | None, peers: Sequence[Peer], model: int, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """How many answers a second each server gives over so many connections, each asked by a process of its own."""
    for connections in options.connections or CONNECTIONS:
        _say(f"asking {question.name if question else TYPENAME} over {connections} connections")
        for peer in peers:
            command = [sys.executable, "-m", "tests.bench.load", peer.url, str(connections), str(options.seconds)]
            body = peer.body(question, model, names=options.names)
            done = subprocess.run(command, input=body, stdout=subprocess.PIPE, check=True)
            server = {"server": peer.name, "store": peer.store, "workers": peer.workers}
            yield {**server, "connections": connections, **json.loads(done.stdout)}


def markdown(told: dict[str, Any]) -> str:
    """The figures as two tables, with what it takes to read them."""
    rows = [
        ["server", "store", "question", "ms", "PostGraphile ms", "part of PostGraphile's"],
        ["---", "---", "---", *["---:"] * 3],
    ]
    for row in sorted(told["rows"], key=lambda row: (row["server"] != "LineageQL", row["store"] != "SQLite")):
        times = [f"{row['ms']:,.2f}", f"{row['postgraphile_ms']:,.2f}", f"{row['part']:.2f}"]
        rows.append([row["server"], row["store"], row["title"], *times])
    found = {
        (line["question"], line["connections"], (line["server"], line["store"], line["workers"])): line
        for line in told["load"]
    }
    servers = list(dict.fromkeys(server for *_, server in found))
    heads = [f"{name}, {store}, {workers}" for name, store, workers in servers]
    load = [["question", "connections", *heads], ["---", *["---:"] * (1 + len(heads))]]
    titles = {question.name: question.title for question in QUESTIONS} | {"typename": f"`{TYPENAME}`"}
    for question, connections in dict.fromkeys(key[:2] for key in found):
        rates = [f"{found[question, connections, server]['answers_per_second']:,.0f}" for server in servers]
        load.append([titles[question], str(connections), *rates])
    named = dict(told["versions"])
    ours, database = named.pop("LineageQL"), named.pop("database")
    names = (
        "PostGraphile is asked for the names that the writers gave, which stand in another table, as LineageQL tells "
        "them."
        if told["names"]
        else "PostGraphile tells MLMD's column `name`, which is empty here. LineageQL tells the name that the writer "
        "gave, which stands in another table; with `--names` PostGraphile is asked for that too."
    )
    notes = [
        f"{told['artifacts']:,} artifacts, {database}; {ours}; "
        f"{', '.join(f'{name} {version}' for name, version in named.items())}; {told['machine']}.",
        "Times are medians, from a question sent over HTTP to its answer read, uncompressed and over a connection that "
        "is kept alive. All are on this machine and asked in turn. A server's part is its time by PostGraphile's: less "
        "than 1 is quicker. Bare ASGI has the database make the answer by one statement: it knows no GraphQL, no "
        "convention and no rights, so a service in Python can hardly be quicker.",
        "All gave the same ids before they were timed. " + names,
        "PostGraphile is always on PostgreSQL, on the same database as LineageQL: there is none on SQLite. It has "
        "foreign keys by smart tags, as MLMD's tables declare none.",
    ]
    last = "Answers a second. The number after a server is that of its processes. What asks runs on the same machine."
    return f"{_table(rows)}\n\n" + "\n".join(f"- {note}" for note in notes) + f"\n\n{last}\n\n{_table(load)}\n"


def _table(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
