"""What every test may ask for."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.places import PLACES, Place

# New examples are drawn in every run, here and in CI. The report says from which seed, so a run can be repeated.
# `make test-long` draws thousands: a property that takes more examples than CI has time for is tried there.
EXAMPLES = int(os.environ.get("TEST_EXAMPLES") or 8)
# Said here, as Hypothesis draws the same ones each time where the environment has CI; machines of CI are busy, too.
# Without "explain", which traces every line on Python before 3.12: a test that fails then ran into pytest's timeout
# while Hypothesis was shrinking, and what had failed was not told.
settings.register_profile(
    "tests",
    derandomize=False,
    deadline=None,
    max_examples=EXAMPLES,
    print_blob=True,
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.load_profile("tests")

SERVERS = re.compile("mariadb|mysql|postgresql", re.IGNORECASE)
"""What the name of a test holds, its file's and its parameters' included, where it needs a database server."""

SLOW = re.compile(
    r"clients/|tests/(api/recording|attacks|bench|catalog/recording|cli|store/mlmd)/"
    r"|test_(api_agreement|clients|deployments?|doubles|explain|failures|filters|hidden|kills|issuer|large_integers|listings"
    r"|logs|maintenance|open_store|operators|orders_by_name|paging|plans|proxies|queries|real|refusals|replaced_store"
    r"|replicas|sdk|secrets|stores|suite|traces|tutorial|unreadable|verbs|workers)\.py"
    r"|tests/test_search_index\.py"
    r"|::test_(three_relations_fit_in_one_statement|long_chain_and_wide_fan|documents_are_kept_within|orders_by_names_under)"
)
"""The files whose tests start processes, record, or go through all there is, and tests that take seconds: `make
test-fast` leaves them out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-plans", action="store_true", help="write tests/plans anew; see tests/test_explain.py")
    parser.addoption("--long", action="store_true", help="run the tests marked long too, as make test-long does")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draws the seed of this run's random examples, unless --hypothesis-seed names one."""
    if getattr(config.option, "hypothesis_seed", None) is None:
        # pytest-xdist hands the options to its workers, so all of them draw from one seed.
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what needs a database server or tries random examples; leaves the long tests out unless asked for them."""
    for item in items:
        if SERVERS.search(item.nodeid):
            item.add_marker("server")
        if SLOW.search(item.nodeid):
            item.add_marker("slow")
        if isinstance(item, pytest.Function) and hasattr(item.module, "given"):
            item.add_marker("property")
        if item.get_closest_marker("long") and not config.getoption("long"):
            item.add_marker(pytest.mark.skip(reason="this takes long: make test-long runs it"))


def pytest_report_header(config: pytest.Config) -> str:
    return f"random examples: {EXAMPLES} a property, --hypothesis-seed={config.option.hypothesis_seed}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says what was not tested and how to have it, and how to draw the same examples again."""
    skipped = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    if skipped:
        terminalreporter.section("not tested here")
    for reason, tests in skipped.most_common():
        terminalreporter.write_line(f"{tests:5}  {reason}")
    more = f" TEST_EXAMPLES={EXAMPLES}" if os.environ.get("TEST_EXAMPLES") else ""
    terminalreporter.write_line(
        f"the same random examples again: make test ARGS=--hypothesis-seed={config.option.hypothesis_seed}{more}"
    )


def _reason(report: Any) -> str:
    _, _, reason = report.longrepr
    return str(reason).removeprefix("Skipped: ")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Lets SIGINT end the processes that tests start.

    A shell that starts something in the background has SIGINT ignored in it, and processes hand that on.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def mlmd_stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with copies of the real MLMD stores in the folder that MLMD_STORES names.

    No test opens the originals: even a reader makes files beside a store in WAL mode.
    """
    name = os.environ.get("MLMD_STORES")
    if not name:
        pytest.skip("these read real stores: let MLMD_STORES name a folder of *.sqlite files that MLMD wrote")
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
