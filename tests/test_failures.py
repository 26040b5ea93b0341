"""What the service does when something under it is missing, read-only, or dies."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.demo import demo_store, lineageql
from tests.server import Server

BLOCK = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def without(name, path=None, target=None):
    return None if name.partition(".")[0] == "ml_metadata" else find(name, path, target)
PathFinder.find_spec = without
"""


def test_without_ml_metadata_it_reads_and_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    (tmp_path / "sitecustomize.py").write_text(BLOCK)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    server = Server("serve", str(path), "--port", "0", cwd=tmp_path)
    try:
        with httpx.Client(base_url=server.url, transport=httpx.HTTPTransport(retries=5), timeout=30) as client:
            read = client.post("/graphql", json={"query": "{ store { writable counts { artifacts } } }"}).json()
            assert read["data"]["store"]["writable"] is False
            assert read["data"]["store"]["counts"]["artifacts"] > 30
            mutation = 'mutation { createWorkspace(input: {name: "w"}) { created } }'
            refused = client.post("/graphql", json={"query": mutation}).json()["errors"][0]
    finally:
        server.stop()
    assert refused["extensions"]["code"] == "UNAVAILABLE"
    assert "ml-metadata" in refused["message"]
    text = lineageql("demo", str(tmp_path / "new.db"), "--no-serve", code=2)
    assert "ml-metadata" in text
    assert not (tmp_path / "new.db").exists()


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that is mounted for reading only, with the demonstration store in WAL mode."""
    source, folder = tmp_path / "source", tmp_path / "mounted"
    source.mkdir()
    folder.mkdir()
    (source / "demo.db").write_bytes(demo_store())
    connection = sqlite3.connect(source / "demo.db")
    assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    connection.close()
    steps = (["mount", "--bind", str(source), str(folder)], ["mount", "-o", "remount,ro,bind", str(folder)])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True) if sys.platform == "linux" else None
        if done is None or done.returncode:
            pytest.skip("mounting a folder for reading only needs Linux and its rights")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_file_system(read_only_folder: Path) -> None:
    text = lineageql("query", "store", "--store", str(read_only_folder / "demo.db"))
    assert '"artifacts": ' in text
    refused = lineageql("serve", str(read_only_folder / "demo.db"), "--port", "0", code=2)
    assert "--read-only" in refused
    assert refused.count("\n") == 1
