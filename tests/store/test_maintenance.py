"""`lineageql store check`, `index` and `upgrade`, as a user runs them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import lineageql
from lineageql.model.values import wrap
from tests.store.sql.schema import SCRIPT

GOOD = base64.b64encode(wrap(["a", 1]).SerializeToString()).decode()


def lineageql_store(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The answer of a command; ml-metadata and this process's sqlite3 stay apart."""
    environment = {**os.environ, "PYTHONPATH": str(Path(lineageql.__file__).parents[1])}
    command = [sys.executable, "-m", "lineageql", "store", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fill(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.executescript(statement)
        connection.commit()
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store as ml-metadata makes it, without the indexes that it lacks."""
    return fill(tmp_path / "store.db", SCRIPT)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A database of something else."""
    return fill(tmp_path / "other.db", "CREATE TABLE note (text TEXT)", "INSERT INTO note VALUES ('mine')")


def checked(path: Path) -> tuple[int, dict[str, Any]]:
    done = lineageql_store("check", path, "--json")
    return done.returncode, json.loads(done.stdout)


def test_check_of_a_sound_store(store: Path) -> None:
    lineageql_store("index", store)
    before = digest(store)
    code, found = checked(store)
    assert (code, found["findings"], found["missingIndexes"]) == (0, [], [])
    assert (found["backend"], found["schemaVersion"], found["served"]) == ("sqlite", 10, True)
    assert digest(store) == before
    done = lineageql_store("check", store)
    assert (done.returncode, done.stderr) == (0, "")
    assert "schema version 10" in done.stdout


def test_check_counts_by_convention_and_type(store: Path) -> None:
    fill(
        store,
        "INSERT INTO Type (id, name, type_kind) VALUES (90, 'system.Model', 1), (91, 'mine', 1), (92, 'mine', 0);"
        "INSERT INTO Artifact (type_id, uri, name) VALUES (90, 'a', NULL), (90, 'b', NULL), (91, 'c', NULL)",
    )
    _, found = checked(store)
    assert found["counts"]["artifacts"] == 3
    assert {"convention": "kfp-v2", "kind": "artifact", "type": "system.Model", "nodes": 2} in found["types"]
    assert {"convention": "generic", "kind": "artifact", "type": "mine", "nodes": 1} in found["types"]
    assert {"convention": "generic", "kind": "execution", "type": "mine", "nodes": 0} in found["types"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("string_value", "__MLMD_NULL__"),
        ("string_value", "mlmd-struct::!"),
        ("string_value", "mlmd-struct::" + base64.b64encode(b"\xff").decode()),
        ("proto_value", "!"),
    ],
)
@pytest.mark.parametrize("table", ["Artifact", "Execution", "Context"])
def test_check_names_rows_that_mlmd_cannot_read(store: Path, table: str, column: str, value: str) -> None:
    lineageql_store("index", store)
    owner = f"{table.lower()}_id"
    fill(
        store,
        f"INSERT INTO {table}Property ({owner}, name, is_custom_property, {column}) VALUES (7, 'bad', 1, '{value}');"
        f"INSERT INTO {table}Property ({owner}, name, is_custom_property, string_value)"
        f" VALUES (7, 'good', 1, 'mlmd-struct::{GOOD}'), (7, 'plain', 1, 'text')",
    )
    code, found = checked(store)
    assert code == 1
    assert [(row["kind"], row["node"], row["property"]) for row in found["unreadable"]] == [(table.lower(), 7, "bad")]
    assert len(found["findings"]) == 1


def test_index_adds_once(store: Path) -> None:
    code, found = checked(store)
    assert (code, len(found["missingIndexes"]), len(found["findings"])) == (1, 2, 2)
    first = lineageql_store("index", store)
    assert first.returncode == 0
    assert first.stdout.splitlines() == [
        "Added idx_attribution_artifact_id on Attribution(artifact_id)",
        "Added idx_association_execution_id on Association(execution_id)",
    ]
    before = digest(store)
    second = lineageql_store("index", store)
    assert second.returncode == 0
    assert "Added" not in second.stdout
    assert digest(store) == before


def test_index_under_another_name_serves(store: Path) -> None:
    fill(store, "CREATE INDEX mine ON Attribution(artifact_id, context_id)")
    done = lineageql_store("index", store)
    assert done.stdout.splitlines()[0] == "Added idx_association_execution_id on Association(execution_id)"
    assert "Added idx_attribution" not in done.stdout


def test_index_waits_for_a_lock_and_says_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGEQL_LOCK_TIMEOUT", "0")
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        done = lineageql_store("index", store)
        assert done.returncode == 2
        assert "locked" in done.stderr
    assert checked(store)[1]["missingIndexes"] != []


@pytest.mark.parametrize("command", ["check", "index", "upgrade"])
def test_what_is_not_mlmd_is_refused_and_stays_as_it_is(other: Path, tmp_path: Path, command: str) -> None:
    before = digest(other)
    done = lineageql_store(command, other, *([tmp_path / "copy.db"] if command == "upgrade" else []))
    assert done.returncode == 2
    assert "is not an ML Metadata store" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert digest(other) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.db"]


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for command in ("check", "index"):
        done = lineageql_store(command, tmp_path / "none.db")
        assert done.returncode == 2
        assert "there is no file" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["check", "index", "upgrade"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, command: str) -> None:
    pipe = tmp_path / "pipe.db"
    os.mkfifo(pipe)
    done = lineageql_store(command, pipe, *([tmp_path / "copy.db"] if command == "upgrade" else []))
    assert done.returncode == 2
    assert "is a pipe or a device and not an SQLite file" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.db"]


def test_an_unserved_version_is_named_with_its_command(store: Path, tmp_path: Path) -> None:
    fill(store, "UPDATE MLMDEnv SET schema_version = 8")
    environment = {**os.environ, "PYTHONPATH": str(Path(lineageql.__file__).parents[1])}
    command = [sys.executable, "-m", "lineageql", "serve", "--read-only", "--port", "0", str(store)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "schema version 8" in done.stderr
    assert f"lineageql store upgrade {store} COPY" in done.stderr
    code, found = checked(store)
    assert (code, found["schemaVersion"], found["served"]) == (1, 8, False)
    assert lineageql_store("index", store).returncode == 2


def test_upgrade_refuses_what_needs_none_and_what_is_taken(store: Path, tmp_path: Path) -> None:
    assert "already" in lineageql_store("upgrade", store, tmp_path / "copy.db").stderr
    fill(store, "UPDATE MLMDEnv SET schema_version = 8")
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    done = lineageql_store("upgrade", store, taken)
    assert done.returncode == 2
    assert taken.read_text() == "mine"
    fill(store, "UPDATE MLMDEnv SET schema_version = 11")
    assert "newer" in lineageql_store("upgrade", store, tmp_path / "copy.db").stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store.db", "taken.db"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_an_upgrade_that_is_ended_leaves_nothing(store: Path, tmp_path: Path, number: signal.Signals) -> None:
    pytest.importorskip("ml_metadata")
    # Large enough for the signal to come while the copy is there.
    rows = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT 90, hex(zeroblob(200))"
    )
    fill(store, "UPDATE MLMDEnv SET schema_version = 8", f"INSERT INTO Artifact (type_id, uri) {rows} FROM n")
    before = digest(store)
    environment = {**os.environ, "PYTHONPATH": str(Path(lineageql.__file__).parents[1])}
    command = [sys.executable, "-m", "lineageql", "store", "upgrade", str(store), str(tmp_path / "new.db")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(tmp_path.glob(".lineageql-*")):
            time.sleep(0.001)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    assert [path.name for path in tmp_path.iterdir()] == ["store.db"]
    assert digest(store) == before


def test_upgrade_of_a_real_old_store(mlmd_stores: Path, tmp_path: Path) -> None:
    pytest.importorskip("ml_metadata")
    source, copy = tmp_path / "old.db", tmp_path / "new.db"
    shutil.copyfile(mlmd_stores / "tfx-legacy-schema5.sqlite", source)
    before = digest(source)
    done = lineageql_store("upgrade", source, copy)
    assert (done.returncode, done.stderr) == (0, "")
    assert "from schema version 5 to 10" in done.stdout
    assert digest(source) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.db", "old.db"]
    assert checked(source)[1]["counts"] == checked(copy)[1]["counts"]
    assert checked(copy)[1]["served"]
