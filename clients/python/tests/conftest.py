"""Services for the tests of the client: real processes over real stores."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql_client import Client, metadata
from tests.demo import demo_store
from tests.server import Server

FOLDER = Path(__file__).parent
# What starts processes: the services, and what these modules start themselves.
STARTING = {"demo", "fresh", "by_sdk", "by_client", "wheel"}
STARTED_BY = ("test_generated", "test_killed_service", "test_many_rows", "test_package", "test_types")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make test-fast` leaves out."""
    for item in items:
        if FOLDER in item.path.parents:
            starts = STARTING & set(getattr(item, "fixturenames", ()))
            if starts or item.path.stem in STARTED_BY:
                item.add_marker("slow")


class Service:
    """A served store, and a way to ask it that is not the client's."""

    def __init__(self, path: Path, *flags: str) -> None:
        self.path = path
        self.server = Server("serve", str(path), "--port", "0", *flags, cwd=path.parent)
        self.url = self.server.url

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer, by plain HTTP."""
        body = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    def stop(self) -> None:
        self.server.stop()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The demonstration store, served for reading."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    path.write_bytes(demo_store())
    service = Service(path, "--read-only")
    yield service
    service.stop()


@pytest.fixture(scope="session")
def client(demo: Service) -> Iterator[Client]:
    """A client of the demonstration store."""
    with Client(demo.url) as made:
        yield made


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A store of this run's, to record in; tests keep to workspaces of their own."""
    pytest.importorskip("ml_metadata")
    service = Service(tmp_path_factory.mktemp("fresh") / "lineage.db", "--create")
    yield service
    service.stop()


@pytest.fixture
def store(fresh: Service) -> Iterator[metadata.Store]:
    """The same, as scripts have it."""
    with metadata.Store(fresh.url) as made:
        yield made


@pytest.fixture
def workspace(store: metadata.Store, request: pytest.FixtureRequest) -> metadata.Workspace:
    """A workspace that is this test's own."""
    return metadata.Workspace(store, request.node.name)


def library(*names: str) -> Any:
    """A library that `make test-client` installs; a test is skipped without it, unless TEST_REQUIRE_CLIENT is set."""
    find = importlib.import_module if os.environ.get("TEST_REQUIRE_CLIENT") else pytest.importorskip
    found = [find(name) for name in names]
    return found[0]
