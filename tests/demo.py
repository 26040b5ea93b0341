"""The demonstration store, made once for all tests that only read it."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path


@functools.cache
def demo_store() -> bytes:
    """The file of the demonstration store, made by the command line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "demo.db")
        lineageql("demo", str(path), "--no-serve")
        assert not Path(f"{path}-wal").exists() or Path(f"{path}-wal").stat().st_size == 0
        return path.read_bytes()


def lineageql(*arguments: str, code: int = 0, stdin: str | None = None, cwd: Path | None = None) -> str:
    """Runs the command line in a process of its own; answers what it printed.

    On another exit code than the expected one the output is in the error.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LINEAGEQL_")}
    command = [sys.executable, "-m", "lineageql", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, cwd=cwd, env=environ, timeout=90)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stdout + done.stderr
