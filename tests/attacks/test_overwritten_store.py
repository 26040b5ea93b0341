"""A store's file that is overwritten in place under the running service, as by `cp`, does not end the service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.demo import demo_store
from tests.server import Server

QUERY = {"query": "{ artifacts(first: 50) { totalCount nodes { name customProperties producer { name } } } }"}


@pytest.mark.parametrize("left", [0, 4_096, 20_480], ids=["empty", "a page", "some pages"])
def test_an_overwritten_file(left: int, tmp_path: Path) -> None:
    store = tmp_path / "demo.db"
    store.write_bytes(demo_store())
    server = Server("serve", str(store), "--port", "0", "--read-only", cwd=tmp_path)
    try:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            assert client.post("/graphql", json=QUERY).json()["data"]["artifacts"]["totalCount"]
            with store.open("r+b") as file:
                file.truncate(left)
                file.write(os.urandom(left))
            for _ in range(3):
                (error, *_) = client.post("/graphql", json=QUERY).json()["errors"]
                assert error["extensions"]["code"] in ("UNAVAILABLE", "INTERNAL")
            assert client.get("/healthz").status_code == 200
        assert server.process.poll() is None
    finally:
        server.stop()


READ_ON = """
import os, sqlite3, sys
from pathlib import Path
from lineageql.store.sql.sqlite_driver import SQLiteDriver

path = Path(sys.argv[1])
connection = SQLiteDriver(path, threads=1, lock_timeout=5)._connect()
rows = connection.execute("SELECT * FROM ArtifactProperty, ContextProperty, ExecutionProperty")
next(rows)
os.truncate(path, 8192)
try:
    connection.execute("SELECT count(string_value) FROM ExecutionProperty").fetchall()
    rows.fetchmany(100_000)
except sqlite3.DatabaseError as error:
    print("refused:", error)
"""


def test_a_file_that_is_cut_short_while_it_is_read(tmp_path: Path) -> None:
    store = tmp_path / "demo.db"
    store.write_bytes(demo_store())
    child = subprocess.run([sys.executable, "-c", READ_ON, str(store)], capture_output=True, text=True, timeout=60)
    assert child.returncode == 0, child.stderr  # a mapped page would have ended it by SIGBUS
    assert child.stdout.startswith("refused:")
