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
import sys, time, warnings
warnings.simplefilter("ignore")
from lineageql_client import metadata, recording
recording.SPOOL_PATIENCE, recording.AWAY_FOR = 0.5, 0.5
url, spool, writer, count, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
store = metadata.Store(url, spool=spool, timeout=20)
workspace = metadata.Workspace(store, "killed")
run = metadata.Run(workspace, f"run-{writer}")
for number in range(count):
    name = f"{writer}/{number}"
    with metadata.Execution(name, workspace, run) as execution:
        execution.log_input(metadata.DataSet(name="shared", uri="u/shared"))
        model = execution.log_output(metadata.Model(name=name, uri=f"u/{name}"))
        time.sleep(pause)
        execution.log_output(metadata.Metrics(name=name, uri=f"u/{name}", model_id=str(model.id), values={"n": number}))
"""


def play(folder: Path, writers: int, each: int, kills: int, pause: float) -> None:
    path, spool = folder / "lineage.db", folder / "spool"
    server = Server("serve", str(path), "--create", "--port", "0", cwd=folder)
    url, port = server.url, server.url.rpartition(":")[2]
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", SCRIPT, url, str(spool)]
    processes = [
        subprocess.Popen([*command, str(writer), str(each), str(pause)], env=environ) for writer in range(writers)
    ]
    in_the_middle = 0
    try:
        for _ in range(kills):
            in_the_middle += grows(path, processes)
            server.stop(signal.SIGKILL)
            time.sleep(random.uniform(0, 0.5))
            server = Server("serve", str(path), "--port", port, cwd=folder)
        for process in processes:
            assert process.wait(1200) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
        server.stop(signal.SIGKILL)
    # The last kill: nobody is there when the command begins, and it waits.
    command = [sys.executable, "-m", "lineageql_client", "flush", str(spool), "--url", url, "--wait", "120"]
    flushing = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server = Server("serve", str(path), "--port", port, cwd=folder)
    try:
        said = flushing.communicate(timeout=1200)
        assert flushing.returncode == 0, said
    finally:
        flushing.kill()
        server.stop()
    assert list(spool.iterdir()) == []
    assert in_the_middle >= kills // 2
    whole(path, writers, each)


def grows(path: Path, processes: list[subprocess.Popen[bytes]]) -> bool:
    """Waits for a few more recordings, and answers whether there were: then somebody is in the middle of one."""
    start, end = executions(path), time.monotonic() + 30
    while time.monotonic() < end and any(process.poll() is None for process in processes):
        if executions(path) >= start + 3:
            time.sleep(random.uniform(0, 0.2))
            return any(process.poll() is None for process in processes)
        time.sleep(0.05)
    return False


def executions(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        count: int = connection.execute("SELECT count(*) FROM Execution").fetchone()[0]
    return count


def whole(path: Path, writers: int, each: int) -> None:
    """Every execution is there once and complete, with its one input and its two outputs."""
    names = {f"{writer}/{number}" for writer in range(writers) for number in range(each)}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        found = connection.execute(
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
    assert len(found) == len(names)
    assert {name for name, *_ in found} == names
    assert {tuple(facts) for _, *facts in found} == {(3, 1, 2)}
    kinds: dict[str, list[str]] = {}
    for type_, name in artifacts:
        kinds.setdefault(type_.rpartition("/")[2], []).append(name)
    assert kinds["data_set"] == ["shared"]
    assert sorted(kinds["model"]) == sorted(names)
    assert sorted(kinds["metrics"]) == sorted(names)
    assert linked == len(names)


def test_a_few_recordings_and_two_kills(tmp_path: Path) -> None:
    play(tmp_path, writers=2, each=10, kills=2, pause=0.2)


@pytest.mark.long
def test_a_thousand_recordings_and_twenty_kills(tmp_path: Path) -> None:
    play(tmp_path, writers=8, each=125, kills=20, pause=1.5)
