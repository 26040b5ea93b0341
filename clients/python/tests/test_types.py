"""What a type checker says to a user's mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MISTAKES = """
from lineageql_client import AsyncClient, Client, metadata

client = Client()
client.artifacts(kind="MODEL", labels={"stage": "production"}, name={"startsWith": "x"})
client.artifacts(kind="MODLE")  # wrong
client.artifacts({"kind": ["MODLE"]})  # wrong
client.artifacts({"nmae": "x"})  # wrong
client.artifacts(labels={"stage": 1})  # wrong
client.artifacts(order_by="SIZE")  # wrong
client.artifacts(name={"starts": "x"})  # wrong
client.executions(state="DONE")  # wrong
client.artifact(mlmd_id="7")  # wrong
client.record_execution({"workspace": "w"})  # wrong
client.record_execution({"workspace": "w", "execution": {"name": "e", "state": "COMPLETE"}})
for artifact in client.artifacts():
    artifact.name.upper()
    artifact.uri.upper()  # wrong
    artifact.hyperparameters  # wrong
    artifact.name = "x"  # wrong


async def read(twin: AsyncClient) -> None:
    for run in twin.runs():  # wrong
        pass
    async for run in twin.runs():
        run.name.upper()


@metadata.step
def train(data: metadata.DataSet, rate: float) -> metadata.Model:
    return metadata.Model(name="m", uri="u")


train(metadata.DataSet(name="d", uri="u"), 0.1).name.upper()
train(metadata.DataSet(name="d", uri="u"), "fast")  # wrong
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="make lint checks types with Python 3.11 and newer")
def test_mistakes_are_found_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mistakes.py"
    path.write_text(MISTAKES, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=220)
    found = {int(line) for line in re.findall(r"mistakes\.py:(\d+): error:", done.stdout)}
    expected = {place for place, line in enumerate(MISTAKES.splitlines(), 1) if "# wrong" in line}
    assert found == expected, done.stdout + done.stderr
