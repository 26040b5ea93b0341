"""Measures rows: the sides take turns, each time in a fresh process, and their answers are compared."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.rows import Row
from tests.bench.target import Target


@dataclass
class Side:
    """What all processes of one side measured: times in milliseconds, memory in bytes."""

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

    @property
    def median(self) -> float:
        return statistics.median(self.times) if self.times else 0.0

    @property
    def busy(self) -> float:
        """The processor's time for a job, this side's and the server's."""
        own = statistics.median(self.cpu) if self.cpu else 0.0
        return own + (statistics.median(self.served) if self.served else 0.0)

    def add(self, found: dict[str, Any]) -> None:
        for name in ("times", "cpu", "raw", "served"):
            getattr(self, name).extend(found[name])
        self.size, self.statements, self.missing = found["size"], found["statements"], found["missing"]
        for name in ("idle", "peak", "own"):
            setattr(self, name, max(getattr(self, name), found[name]))

    def summary(self) -> dict[str, Any]:
        """What `--json` tells."""
        found: dict[str, Any] = {"runs": len(self.times), "median_ms": round(self.median, 3)}
        if self.times:
            found |= {"least_ms": round(min(self.times), 3), "most_ms": round(max(self.times), 3)}
            found |= {"cpu_median_ms": round(statistics.median(self.cpu), 3), "cpu_least_ms": round(min(self.cpu), 3)}
        if self.raw:
            found["calls_ms"] = round(statistics.median(self.raw), 3)
        if self.served:
            found["server_cpu_ms"] = round(statistics.median(self.served), 3)
        found |= {"peak_bytes": self.peak, "own_bytes": self.own, "idle_bytes": self.idle, "answer_bytes": self.size}
        return found | ({"statements": self.statements} if self.statements else {})


@dataclass
class Line:
    """A row, measured. `agree` is None where ml-metadata cannot give the whole answer."""

    row: Row
    title: str
    ours: Side
    theirs: Side
    limit: Side | None = None
    agree: bool | None = None

    @property
    def ratio(self) -> float:
        """How many times quicker LineageQL is."""
        return self.theirs.median / self.ours.median if self.ours.times else 0.0

    @property
    def slower(self) -> bool:
        """Whether ml-metadata was quicker."""
        return 0.0 < self.ratio < 1.0


def measure(row: Row, target: Target, *, seconds: float, rounds: int) -> Line:
    """Measures one row.

    Args:
        row: which.
        target: the store.
        seconds: how long a process measures.
        rounds: how many processes each side gets.

    Raises:
        CalledProcessError: a side failed; it has told why on standard error.
    """
    line = Line(row, row.title_for(target.facts), Side(), Side())
    if row.root is not None and target.server is None:
        line.limit = Side()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(rounds):
            line.ours.add(run("lineageql", [row], target, seconds, folder)[row.name])
            ours = (folder / row.name).read_bytes()
            line.theirs.add(run("ml-metadata", [row], target, seconds, folder)[row.name])
            theirs = (folder / row.name).read_bytes()
            if line.limit is not None:
                line.limit.add(run("sql", [row], target, seconds, folder)[row.name])
            if not line.ours.missing and not line.theirs.missing and row.comparable(target.facts):
                line.agree = line.agree is not False and same(ours, theirs)
    return line


def measure_all(rows: Iterable[Row], target: Target, *, seconds: float, rounds: int) -> list[Line]:
    """Measures rows and tells on standard error which it is at."""
    lines = []
    for row in rows:
        print(f"measuring {row.name}", file=sys.stderr, flush=True)
        lines.append(measure(row, target, seconds=seconds, rounds=rounds))
    return lines


def run(side: str, rows: Sequence[Row], target: Target, seconds: float, answers: Path) -> dict[str, dict[str, Any]]:
    """What one process of a side finds of rows; their answers go to a folder.

    Raises:
        CalledProcessError: it failed, and has told why on standard error.
    """
    command = [sys.executable, "-m", "tests.bench.child", side]
    facts = target.facts
    arguments = [target.url, target.server or 0, facts.path.parent, facts.size, seconds, answers]
    arguments += [row.name for row in rows]
    # ml-metadata tells on standard error of every connection to PostgreSQL.
    environment = {"GLOG_minloglevel": "1", **os.environ}
    done = subprocess.run([*command, *map(str, arguments)], check=True, stdout=subprocess.PIPE, env=environment)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def same(ours: bytes, theirs: bytes) -> bool:
    """Whether two answers are the same, the edges of a lineage in any order: ml-metadata's events have no id."""
    return bool(_in_order(json.loads(ours)) == _in_order(json.loads(theirs)))


def _in_order(body: Any) -> Any:
    edges = body["data"].get("lineage", {}).get("edges")
    if edges is not None:
        edges.sort(key=lambda edge: (edge["execution"]["mlmdId"], edge["artifact"]["mlmdId"], edge["eventType"]))
    return body
