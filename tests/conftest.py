"""What every test may ask for."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests.places import PLACES, Place

# New examples are drawn in every run, here and in CI. The report says from which seed, so a run can be repeated.
# `make test-long` draws thousands: a property that takes more examples than CI has time for is tried there.
EXAMPLES = int(os.environ.get("TEST_EXAMPLES") or 16)
settings.register_profile("tests", max_examples=EXAMPLES, print_blob=True)
settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draws the seed of this run's random examples, unless --hypothesis-seed names one."""
    if getattr(config.option, "hypothesis_seed", None) is None:
        # pytest-xdist hands the options to its workers, so all of them draw from one seed.
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))


def pytest_report_header(config: pytest.Config) -> str:
    return f"random examples: {EXAMPLES} a property, --hypothesis-seed={config.option.hypothesis_seed}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says how to draw the same examples again, where it is read: at the end."""
    terminalreporter.write_line(
        f"The random examples of this run again: make test ARGS=--hypothesis-seed={config.option.hypothesis_seed}"
        + (f" TEST_EXAMPLES={EXAMPLES}" if os.environ.get("TEST_EXAMPLES") else "")
    )


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
