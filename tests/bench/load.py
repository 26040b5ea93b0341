"""`python -m tests.bench.load URL CONNECTIONS SECONDS`: asks a server over many connections at once.

The body of every request is read from standard input. Each connection is kept alive and has one request under way.
What was found goes to standard output as JSON: the answers a second, and the times of an answer in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools

from lineageql.web.loop import run

WARM_UP = 0.2
"""Which part of the seconds is asked before the measuring, too."""


def request(url: str, body: bytes) -> bytes:
    """The octets of a request, which no answer is compressed for."""
    address = urlsplit(url)
    head = [
        f"POST {address.path} HTTP/1.1",
        f"Host: {address.netloc}",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


@dataclass
class Answers:
    """What came back: when each answer began to be waited for and was there, and what was wrong."""

    times: list[tuple[float, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """A connection that asks again whenever it is answered."""

    def __init__(self, text: bytes, until: Callable[[], float], answers: Answers) -> None:
        self.text = text
        self.until = until
        self.answers = answers
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.size = 0
        self.began = time.perf_counter()
        self.transport.write(self.text)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        if not self.size and not body.startswith(b'{"data"'):
            self.answers.failed.append(body[:200].decode(errors="replace"))
        self.size += len(body)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        if self.parser.get_status_code() != 200:
            self.answers.failed.append(f"status {self.parser.get_status_code()}")
        self.answers.times.append((self.began, now))
        if now < self.until() and not self.answers.failed:
            # Not at once: the parser is still at work.
            asyncio.get_running_loop().call_soon(self._ask)
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if time.perf_counter() < self.until() and not self.answers.failed:
            self.answers.failed.append(f"a connection was closed: {error}")
        if not self.closed.done():
            self.closed.set_result(None)


async def loaded(url: str, body: bytes, connections: int, seconds: float) -> dict[str, Any]:
    """Asks for some seconds, and tells of the time after the warm-up."""
    address = urlsplit(url)
    answers, loop, text = Answers(), asyncio.get_running_loop(), request(url, body)
    start = time.perf_counter() + WARM_UP * seconds
    end = start + seconds
    made = await asyncio.gather(
        *(
            loop.create_connection(lambda: Connection(text, lambda: end, answers), address.hostname, address.port)
            for _ in range(connections)
        )
    )
    await asyncio.gather(*(protocol.closed for _, protocol in made))
    if answers.failed:
        raise SystemExit(f"{url} did not answer: {answers.failed[0]}")
    counted = [there - began for began, there in answers.times if start <= there < end]
    if len(counted) < 2:
        raise SystemExit(f"{url} gave {len(counted)} answers in {seconds} s, too few to measure: ask for longer")
    return {
        "answers": len(counted),
        "answers_per_second": round(len(counted) / seconds, 1),
        "median_ms": round(statistics.median(counted) * 1000, 3),
        "p95_ms": round(statistics.quantiles(counted, n=20)[-1] * 1000, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("url", help="where GraphQL is served")
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    print(json.dumps(run(loaded(given.url, sys.stdin.buffer.read(), given.connections, given.seconds))))


if __name__ == "__main__":
    main()
