"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests.places import PLACES, Place

# The same examples in every run of CI, so that a change is judged by what it changes; elsewhere new ones are drawn.
settings.register_profile("ci", derandomize=True, max_examples=16, database=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def mlmd_stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with copies of the real MLMD stores in the folder that MLMD_STORES names.

    No test opens the originals: even a reader makes files beside a store in WAL mode.
    """
    name = os.environ.get("MLMD_STORES")
    if not name:
        pytest.skip("MLMD_STORES names no folder of real MLMD stores")
    folder = Path(name).resolve()
    if not folder.is_dir():
        pytest.fail(f"MLMD_STORES is {name!r}, which is no folder")
    copies = tmp_path_factory.mktemp("stores")
    for store in folder.glob("*.sqlite"):
        shutil.copyfile(store, copies / store.name)
    return copies


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what asks for a place once for each backend, or for those that its module names in BACKENDS."""
    for name, scope in (("place", "function"), ("shared_place", "module")):
        if name in metafunc.fixturenames:
            backends = getattr(metafunc.module, "BACKENDS", PLACES)
            metafunc.parametrize(name, backends, indirect=True, scope=scope)  # type: ignore[arg-type]


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a store, free as yet; a test that asks for it runs once for each backend."""
    return PLACES[request.param](tmp_path)


@pytest.fixture(scope="module")
def shared_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same for all tests of a module."""
    return PLACES[request.param](tmp_path_factory.mktemp("shared"))
