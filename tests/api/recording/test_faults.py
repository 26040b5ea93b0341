"""What goes wrong in MLMD and its database reaches clients in our words; theirs are in the log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service import Service, serving

CREATE = 'mutation { createWorkspace(input: {name: "w"}) { created } }'
RECORD = 'mutation { recordExecution(input: {workspace: "w", execution: {name: "e"}}) { created } }'
# In a process of its own, as ml-metadata's SQLite and Python's must not meet in one.
TRIGGER = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(tmp_path / "store.db", create=True) as running:
        yield running


def run_sql(path: Path, statement: str) -> None:
    subprocess.run([sys.executable, "-c", TRIGGER, str(path), statement], check=True)


@pytest.mark.parametrize(("mutation", "table"), [(CREATE, "Context"), (RECORD, "Execution")])
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("CHECK constraint failed: Some", "INTERNAL", "failed"),
        ("UNIQUE constraint failed: Some.name", "ALREADY_EXISTS", "another process"),
        ("database or disk is full", "UNAVAILABLE", "the disk is full"),
    ],
)
async def test_errors_of_the_database(
    service: Service,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    words: str,
    code: str,
    said: str,
    mutation: str,
    table: str,
) -> None:
    path = tmp_path / "store.db"
    run_sql(path, f"CREATE TRIGGER fault BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END")
    caplog.set_level("DEBUG", "lineageql")
    error = await service.error(mutation)
    assert error["code"] == code
    assert said in error["message"]
    for foreign in ("constraint", "INSERT", "query", "Some.", "type_id", words):
        assert foreign not in error["message"]
    assert words in caplog.text
    assert ("errorId" in error) is (code != "ALREADY_EXISTS")
    if "errorId" in error:
        assert error["errorId"] in caplog.text
    # When it is over, it is over.
    run_sql(path, "DROP TRIGGER fault")
    assert "errors" not in await service.ask(mutation)
