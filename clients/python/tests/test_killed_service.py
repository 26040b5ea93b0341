"""The service is killed again and again while eight processes record: all is there, once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.server import Server

pytest.importorskip("ml_metadata")

SOURCE = Path(__file__).parents[1] / "src"
SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
from lineageql_client import metadata
url, spool, writer, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = metadata.Store(url, spool=spool, timeout=20)
workspace = metadata.Workspace(store, "killed")
run = metadata.Run(workspace, f"run-{writer}")
for number in range(count):
    name = f"{writer}/{number}"
    with metadata.Execution(name, workspace, run) as execution:
        execution.log_input(metadata.DataSet(name="shared", uri="u/shared"))
        model = execution.log_output(metadata.Model(name=name, uri=f"u/{name}"))
        execution.log_output(metadata.Metrics(name=name, uri=f"u/{name}", model_id=str(model.id), values={"n": number}))
"""


def play(folder: Path, writers: int, each: int, kills: int) -> None:
    path, spool = folder / "lineage.db", folder / "spool"
    server = Server("serve", str(path), "--create", "--port", "0", cwd=folder)
    url, port = server.url, server.url.rpartition(":")[2]
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    processes = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, url, str(spool), str(writer), str(each)], env=environ)
        for writer in range(writers)
    ]
    killed = 0
    try:
        while killed < kills:
            time.sleep(random.uniform(0.2, 1.5))
            server.stop(signal.SIGKILL)
            killed += 1
            time.sleep(random.uniform(0, 0.5))
            server = Server("serve", str(path), "--port", port, cwd=folder)
        for process in processes:
            assert process.wait(1200) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
        server.stop()
    server = Server("serve", str(path), "--port", port, cwd=folder)
    try:
        command = [sys.executable, "-m", "lineageql_client", "flush", str(spool), "--url", url]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, (done.stdout, done.stderr)
    finally:
        server.stop()
    assert list(spool.iterdir()) == []
    whole(path, writers, each)


def whole(path: Path, writers: int, each: int) -> None:
    """Every execution is there once and complete, with its one input and its two outputs."""
    names = {f"{writer}/{number}" for writer in range(writers) for number in range(each)}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        executions = connection.execute(
            "SELECT p.string_value, e.last_known_state,"
            " (SELECT count(*) FROM Event v WHERE v.execution_id = e.id AND type = 3),"
            " (SELECT count(*) FROM Event v WHERE v.execution_id = e.id AND type = 4)"
            " FROM Execution e JOIN ExecutionProperty p ON p.execution_id = e.id AND p.name = 'name'"
        ).fetchall()
        artifacts = connection.execute(
            "SELECT t.name, p.string_value FROM Artifact a JOIN Type t ON t.id = a.type_id"
            " JOIN ArtifactProperty p ON p.artifact_id = a.id AND p.name = 'name' AND NOT p.is_custom_property"
        ).fetchall()
        linked = connection.execute(
            "SELECT count(*) FROM ArtifactProperty p"
            " JOIN ArtifactProperty o ON o.artifact_id = p.string_value AND o.name = 'name'"
            " JOIN ArtifactProperty m ON m.artifact_id = p.artifact_id AND m.name = 'name'"
            " WHERE p.name = 'model_id' AND o.string_value = m.string_value"
        ).fetchone()[0]
    assert len(executions) == len(names)
    assert {name for name, *_ in executions} == names
    assert {tuple(facts) for _, *facts in executions} == {(3, 1, 2)}
    kinds: dict[str, list[str]] = {}
    for type_, name in artifacts:
        kinds.setdefault(type_.rpartition("/")[2], []).append(name)
    assert kinds["data_set"] == ["shared"]
    assert sorted(kinds["model"]) == sorted(names)
    assert sorted(kinds["metrics"]) == sorted(names)
    assert linked == len(names)


def test_a_few_recordings_and_two_kills(tmp_path: Path) -> None:
    play(tmp_path, writers=2, each=8, kills=2)


@pytest.mark.long
def test_a_thousand_recordings_and_twenty_kills(tmp_path: Path) -> None:
    play(tmp_path, writers=8, each=125, kills=20)
