"""The stores of these tests: one of each writer, written once, and the real ones that MLMD_STORES names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lineageql

WRITTEN = ("kfp_v2", "kfp_v1", "tfx_ir", "tfx_legacy", "model_registry", "cmf", "kinds")
REAL = ("kubeflow-sdk", "tfx-ir", "tfx-legacy-schema5", "cmf")
UPGRADE = """
import sys
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = 2
metadata_store.MetadataStore(config, enable_upgrade_migration=True)
"""


def python(*arguments: str) -> str:
    """What a Python process of its own prints: ml-metadata must not be in the one that reads by SQL."""
    sources = [str(Path(lineageql.__file__).parents[1]), str(Path(__file__).parents[2])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sources)}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


class Stores:
    """Files by name, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, Path] = {}

    def written(self, writer: str) -> Path:
        """The store of a fixture's writer."""
        pytest.importorskip("ml_metadata")
        if writer not in self.made:
            path = self.folder / f"{writer}.db"
            python("-m", f"tests.writers.{writer}", str(path))
            self.made[writer] = path
        return self.made[writer]

    def real(self, name: str, source: Path) -> Path:
        """A copy of a real store, upgraded where its schema is older."""
        if f"real {name}" not in self.made:
            path = self.folder / f"real-{name}.db"
            shutil.copyfile(source, path)
            if "schema" in name:
                pytest.importorskip("ml_metadata")
                python("-c", UPGRADE, str(path))
            self.made[f"real {name}"] = path
        return self.made[f"real {name}"]

    def api(self, path: Path) -> dict[str, Any]:
        """What ml-metadata's API says of a store; it opens a copy."""
        pytest.importorskip("ml_metadata")
        copy = path.with_suffix(".copy")
        shutil.copyfile(path, copy)
        found: dict[str, Any] = json.loads(python("-m", "tests.writers.dump", str(copy)))
        return found


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(tmp_path_factory.mktemp("conventions"))


@pytest.fixture(scope="session")
def written(stores: Stores) -> Callable[[str], Path]:
    """The store of a fixture's writer, by the writer's name."""
    return stores.written


@pytest.fixture(scope="session")
def real(stores: Stores, mlmd_stores: Path) -> Callable[[str], Path]:
    """A copy of a real store, by its name."""
    return lambda name: stores.real(name, mlmd_stores / f"{name}.sqlite")


@pytest.fixture(params=[*WRITTEN, *(f"real {name}" for name in REAL)])
def each_store(request: pytest.FixtureRequest, stores: Stores) -> Path:
    """Every store, one after the other."""
    name: str = request.param
    if not name.startswith("real "):
        return stores.written(name)
    folder: Path = request.getfixturevalue("mlmd_stores")
    name = name.removeprefix("real ")
    return stores.real(name, folder / f"{name}.sqlite")
