"""Packages of npm's registry, for tests with clients' real libraries, and for `make bench` beside others."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skips the test, or fails it where the environment insists."""
    if os.environ.get("TEST_REQUIRE_SDK"):
        pytest.fail(f"TEST_REQUIRE_SDK is set, and there is no {what}")
    pytest.skip(f"there is no {what}")


def install(folder: Path, packages: Sequence[str]) -> None:
    """Installs packages into a folder; skips the test where there is no npm, or they are not in its registry."""
    npm = shutil.which("npm") or lacking("npm")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    patience = ["--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=60000"]
    command = [npm, "install", "--ignore-scripts", *patience, *packages]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=900)
    if done.returncode:
        lacking(f"{' or '.join(packages)} in npm's registry: {done.stderr.strip().splitlines()[-3:]}")
