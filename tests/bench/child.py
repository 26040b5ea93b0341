"""One side of a row, measured in a process of its own: `python -m tests.bench.child SIDE …`.

What it found goes to standard output as JSON, and the answer itself to a file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from lineageql.errors import TooExpensive
from tests.bench import operations
from tests.bench.building import stored
from tests.bench.processor import spent
from tests.bench.rows import ROWS, Row
from tests.bench.target import Target

_WARM_UPS = 2
_LEAST, _MOST = 3, 100


@dataclass
class Figures:
    """What was measured. Times are in milliseconds, memory in bytes.

    Attributes:
        times: of the whole job: the calls and the answer as JSON.
        cpu: of the processor, of all threads together, which other processes disturb less.
        raw: of ml-metadata's calls alone.
        served: of the processor, what the store's server took for a job on average.
        size: of the answer in bytes.
        statements: how many a job of LineageQL's runs, or how many calls of MLMD's service.
        idle: the memory that the process held before its first job.
        peak: the most memory that it ever held.
        own: what of its memory is its own at the end, without pages of files; 0 where that is not known.
        missing: why it could not be measured.
    """

    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    size: int = 0
    statements: int = 0
    idle: int = 0
    peak: int = 0
    own: int = 0
    missing: str = ""


Outcome = tuple[Figures, bytes]


async def timed(figures: Figures, job: Callable[[], Awaitable[Any]], seconds: float, server: int | None = None) -> Any:
    """Runs a job again and again for some seconds, and measures it once it is warm; answers what the job answers.

    A job that takes longer than these seconds by itself is run once.
    """
    answer, until, before = None, 0.0, 0.0
    for place in range(_WARM_UPS + _MOST):
        if place <= _WARM_UPS:
            before = spent(server)
        start, busy = time.perf_counter(), time.process_time()
        answer = await job()
        end, cpu = time.perf_counter(), (time.process_time() - busy) * 1000
        if place == 0:
            until = start + seconds
        last = end > until and (place == 0 or place + 1 >= _WARM_UPS + _LEAST)
        if place >= _WARM_UPS or last:
            figures.times.append((end - start) * 1000)
            figures.cpu.append(cpu)
        if last:
            break
    if server is not None:
        figures.served.append((spent(server) - before) / len(figures.times))
    figures.peak, figures.own = peak(), _status("RssAnon")
    return answer


async def lineageql(row: Row, target: Target, seconds: float) -> Outcome:
    """The operation through the service's executor, from the request's text to the body's octets."""
    from lineageql.api.execution import Executor, Operation
    from lineageql.api.written_json import dumps
    from lineageql.settings import Settings
    from tests.bench.opening import opened

    facts = target.facts
    store, statements = await opened(target.url)
    executor = Executor(store, Settings(store=target.url, read_only=True, deadline=600))

    async def job() -> bytes:
        return dumps((await executor.execute(operation)).body())

    variables = dict(row.variables(facts))
    for start in range(0, row.skip(facts), 1_000):
        page = {"first": min(1_000, row.skip(facts) - start), "after": variables.get("after")}
        operation = Operation(operations.CURSOR, page)
        found = orjson.loads(await job())
        variables["after"] = found["data"]["artifacts"]["pageInfo"]["endCursor"]
    operation = Operation(row.operation, variables)
    figures = Figures(idle=peak())
    before = statements()
    answer = await executor.execute(operation)
    if answer.errors:
        error = answer.errors[0]
        await store.close()
        if error.get("extensions", {}).get("code") == TooExpensive.code:
            return Figures(missing=error["message"]), b""
        raise SystemExit(f"{row.name}: {error['message']}")
    figures.statements = statements() - before
    body = await timed(figures, job, seconds, target.server)
    await store.close()
    return figures, body


async def mlmd(row: Row, target: Target, seconds: float) -> Outcome:
    """The same by ml-metadata's calls from Python."""
    from ml_metadata import errors

    from tests.bench.jobs import JOBS, open_store

    store = open_store(target.url)
    job, arguments = JOBS[row.job], row.arguments(target.facts)
    raw: list[float] = []

    async def run() -> bytes:
        start = time.perf_counter()
        found = job.fetch(store, arguments)
        raw.append((time.perf_counter() - start) * 1000)
        return orjson.dumps({"data": job.shape(found)})

    figures = Figures(idle=peak())
    try:
        body = await timed(figures, run, seconds, target.server)
    except errors.UnimplementedError as error:
        return Figures(missing=str(error)), b""
    figures.raw = raw[-len(figures.times) :]
    return figures, body


async def bare_sql(row: Row, target: Target, seconds: float) -> Outcome:
    """An upstream closure by one recursive statement, without any service."""
    assert row.root is not None
    root = row.root(target.facts).artifact
    with closing(sqlite3.connect(f"file:{target.facts.path}?mode=ro", uri=True)) as connection:

        async def run() -> list[Any]:
            return connection.execute(row.sql, {"root": root}).fetchall()

        figures = Figures(idle=peak())
        found = await timed(figures, run, seconds)
    return figures, orjson.dumps(len({row[:2] for row in found}))  # how many nodes they are


def _run_as_service(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Runs on the event loop that the service runs on."""
    from lineageql.web.loop import run

    outcome: Outcome = run(work)
    return outcome


SIDES = {"lineageql": lineageql, "ml-metadata": mlmd, "sql": bare_sql}


def peak() -> int:
    """The most memory that this process ever held.

    On Linux `getrusage` starts a process's peak at that of the process that started it; `VmHWM` does not.
    """
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or (most if sys.platform == "darwin" else most * 1024)


def _status(name: str) -> int:
    """A figure of Linux's about this process, in bytes; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def main() -> None:
    """Measures what the arguments name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("url", help="where the store is")
    parser.add_argument("server", type=int, help="the process that serves it; 0 for none")
    parser.add_argument("folder", type=Path, help="where the store that was built is")
    parser.add_argument("size", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("answers", type=Path, help="where the answers go, each under its row's name")
    parser.add_argument("rows", nargs="+", help="one, for its memory to be its own")
    given = parser.parse_args()
    target = Target("", "", stored(given.folder, given.size), given.url, given.server or None)
    told = {}
    for row in ROWS:
        if row.name in given.rows:
            work = SIDES[given.side](row, target, given.seconds)
            figures, body = _run_as_service(work) if given.side == "lineageql" else asyncio.run(work)
            figures.size = len(body)
            (given.answers / row.name).write_bytes(body)
            told[row.name] = asdict(figures)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
