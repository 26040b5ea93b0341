"""Writes a benchmark's store: MLMD's schema and types by ml-metadata, then the rows by SQL in one transaction.

The rows have the form in which LineageQL records, which is the Kubeflow Metadata SDK's with a context for each
run, the labels as custom properties and the ports as event paths. The two indexes that MLMD lacks are made as
LineageQL makes them; ml-metadata's own calls profit from them too.

ml-metadata runs in a process of its own, which has ended before Python's sqlite3 opens the file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.pipelines import Pipelines, Root
from tests.bench.tables import TABLES, Rows

_INDEXES = (
    "CREATE INDEX IF NOT EXISTS idx_attribution_artifact_id ON Attribution(artifact_id)",
    "CREATE INDEX IF NOT EXISTS idx_association_execution_id ON Association(execution_id)",
)
_CHUNK = 20_000
_SOURCES = ("building.py", "pipelines.py", "schema.py", "tables.py")


@dataclass(frozen=True)
class Facts:
    """What the rows need to know of a store."""

    path: Path
    size: int
    closures: list[Root]
    chain: Root


def stored(folder: Path, size: int, *, rebuild: bool = False) -> Facts:
    """The store of `size` artifacts in a folder, built now where there is none or the builder has changed since."""
    path, note = folder / f"store-{size}.db", folder / f"store-{size}.json"
    if not rebuild and path.exists() and note.exists():
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["stamp"] == stamp():
            return _facts(path, known)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    # A process of its own: the memory that building takes must not be counted to what is measured.
    command = [sys.executable, "-m", "tests.bench.building", str(path), str(note), str(size)]
    subprocess.run(command, check=True)
    return _facts(path, json.loads(note.read_text(encoding="utf-8")))


def _facts(path: Path, known: dict[str, list[dict[str, int]]]) -> Facts:
    chain = Root(**known["chain"])  # type: ignore[arg-type]
    return Facts(path, int(known["size"]), [Root(**root) for root in known["closures"]], chain)  # type: ignore[call-overload]


def stamp() -> str:
    """What tells one state of the builder from another."""
    folder = Path(__file__).parent
    return hashlib.blake2b(b"".join((folder / name).read_bytes() for name in _SOURCES), digest_size=8).hexdigest()


def build(path: Path, note: Path, size: int) -> None:
    """Builds a store under another name and gives it its own when it is whole."""
    draft = path.with_suffix(".draft")
    for name in (draft, note, path):
        _remove(name)
    plan = Pipelines(size)
    progress = Progress(size)
    subprocess.run([sys.executable, "-m", "tests.bench.schema", str(draft)], check=True)
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        _fill(connection, plan, progress)
    assert plan.chain is not None
    facts = {
        "stamp": stamp(),
        "size": size,
        "closures": [asdict(root) for root in plan.closures],
        "chain": asdict(plan.chain),
    }
    os.replace(draft, path)
    note.write_text(json.dumps(facts, indent=2) + "\n", encoding="ascii")
    progress.done()


def _fill(connection: sqlite3.Connection, plan: Pipelines, progress: Progress) -> None:
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -262144")
    types = {name: id_ for id_, name in connection.execute("SELECT id, name FROM Type")}
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    made = indexes.fetchall()
    connection.execute("BEGIN")
    # Indexes are quicker made at the end than kept on the way.
    for name, _ in made:
        connection.execute(f"DROP INDEX `{name}`")
    for rows in _batches(plan, types):
        for table, statement in TABLES.items():
            connection.executemany(statement, rows.of[table])
        progress.at(rows.artifacts)
    progress.say("indexes")
    for _, statement in made:
        connection.execute(statement)
    for statement in _INDEXES:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")


def _batches(plan: Pipelines, types: dict[str, int]) -> Iterator[Rows]:
    rows = Rows(types)
    rows.add_workspaces()
    for record in plan.records():
        rows.add(record)
        if rows.pending >= _CHUNK:
            yield rows
            rows.clear()
    yield rows


def _remove(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{suffix}")


class Progress:
    """Tells on a terminal how far the building of a store is, or what else is done with it."""

    def __init__(self, size: int, doing: str = "building") -> None:
        self.size = size
        self.doing = doing
        self.started = time.monotonic()
        self.shown = sys.stderr.isatty()

    def at(self, artifacts: int) -> None:
        self.say(f"{artifacts / self.size:.0%}")

    def say(self, what: str) -> None:
        if self.shown:
            print(f"\r{self.doing} a store of {self.size:,} artifacts: {what:<20}", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        seconds = time.monotonic() - self.started
        start = "\r" if self.shown else ""
        print(f"{start}{self.doing} a store of {self.size:,} artifacts took {seconds:.0f} s{'':<15}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("note", type=Path)
    parser.add_argument("size", type=int)
    given = parser.parse_args()
    build(given.path, given.note, given.size)
