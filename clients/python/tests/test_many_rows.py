"""A hundred thousand artifacts become a frame in one call, in the memory of the frame."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.building import stored

from .conftest import Service, library

SOURCE = Path(__file__).parents[1] / "src"
# What Python holds at most above what it holds at the end is what reading takes beside the columns.
SCRIPT = """
import sys, tracemalloc
from lineageql_client import Client
client = Client(sys.argv[1], timeout=300)
client.artifacts(limit=2000).columns()
tracemalloc.start()
columns = client.artifacts().columns()
held, peak = tracemalloc.get_traced_memory()
print(len(columns), held, peak)
"""


def told(folder: Path, size: int) -> tuple[int, int, int]:
    service = Service(stored(folder, size).path, "--read-only")
    try:
        command = [sys.executable, "-c", SCRIPT, service.url]
        environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=1500)
        assert done.returncode == 0, done.stderr
    finally:
        service.stop()
    rows, held, peak = map(int, done.stdout.split())
    return rows, held, peak


@pytest.mark.long
def test_many_rows_take_the_memory_of_their_columns(tmp_path: Path) -> None:
    pytest.importorskip("ml_metadata")
    few, many = (told(tmp_path, size) for size in (10_000, 100_000))
    assert (few[0], many[0]) == (10_000, 100_000)
    # Beside the columns there is one page, of whatever number of rows.
    pages = [peak - held for _, held, peak in (few, many)]
    assert pages[1] < 2 * pages[0] + 5_000_000
    assert pages[1] < 30_000_000


@pytest.mark.long
def test_many_rows_become_a_frame(tmp_path: Path) -> None:
    pytest.importorskip("ml_metadata")
    library("pandas")
    from lineageql_client import Client

    service = Service(stored(tmp_path, 100_000).path, "--read-only")
    try:
        with Client(service.url, timeout=300) as client:
            frame = client.artifacts().to_pandas()
            assert len(frame) == 100_000
            assert frame["mlmd_id"].is_unique
            some = client.artifacts(limit=3, order_by={"field": "ID", "direction": "DESC"}).all()
            assert list(frame["name"][-3:]) == [artifact.name for artifact in reversed(some)]
    finally:
        service.stop()
