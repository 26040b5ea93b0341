"""A store's file that is deleted or replaced under the running service: noticed, and left alone."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.demo import demo_store
from tests.service import Service, serving

READ = "{ store { counts { artifacts } } }"
WRITE = 'mutation { createWorkspace(input: {name: "another"}) { created } }'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "lineage.db"
    path.write_bytes(demo_store())
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    other = tmp_path / "other.db"
    other.write_bytes(demo_store())
    return other


def content(path: Path) -> bytes:
    return path.read_bytes()


def replace_all(path: Path, other: Path) -> None:
    """Puts another store in the place of one that is open, with a log of its own."""
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.replace(other, path)
    Path(f"{path}-wal").write_bytes(b"the log of the new store")


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*"))}


@asynccontextmanager
async def used(path: Path, **settings: object) -> AsyncIterator[Service]:
    """A service that has read and, where it may, written before."""
    async with serving(path, **settings) as service:
        await service.data(READ)
        if not settings:
            await service.data('mutation { createWorkspace(input: {name: "before"}) { created } }')
        yield service


async def unavailable(service: Service, operation: str) -> str:
    error = await service.error(operation)
    assert error["code"] == "UNAVAILABLE"
    return str(error["message"])


@pytest.mark.parametrize("settings", [{}, {"read_only": True}])
async def test_deleted(path: Path, settings: dict[str, object]) -> None:
    async with used(path, **settings) as service:
        os.unlink(path)
        for operation in [READ] if settings else [READ, WRITE]:
            assert "is not there any more" in await unavailable(service, operation)
        ready = await service.client.get("/readyz")
        assert ready.status_code == 503
        assert "is not there any more" in ready.json()["reason"]
        assert (await service.client.get("/healthz")).status_code == 200
    assert path.name not in files(path)


async def test_replaced_and_put_back(path: Path, other: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside.db"
    async with used(path) as service:
        os.rename(path, aside)
        os.rename(other, path)
        new = content(path)
        for operation in (READ, WRITE, READ):
            assert "replaced by another file" in await unavailable(service, operation)
        ready = await service.client.get("/readyz")
        assert ready.status_code == 503
        assert "start the service again" in ready.json()["reason"]
        assert content(path) == new
        os.rename(path, other)
        os.rename(aside, path)
        assert (await service.data(WRITE))["createWorkspace"]["created"]
        assert (await service.client.get("/readyz")).status_code == 200
        found = await service.data("{ workspaces { nodes { name } } }")
    assert {"before", "another"} <= {node["name"] for node in found["workspaces"]["nodes"]}
    assert content(other) == new


async def test_a_new_worker_does_not_open_what_came_in_its_place(path: Path, other: Path) -> None:
    async with used(path) as service:
        os.replace(other, path)
        new = content(path)
        os.kill(service.store.recorder.pid, signal.SIGKILL)
        for _ in range(2):
            assert "replaced by another file" in await unavailable(service, WRITE)
        assert content(path) == new


async def test_closing_leaves_what_came_in_its_place(path: Path, other: Path) -> None:
    async with used(path) as service:
        replace_all(path, other)
        there = files(path)
        # The lock of those who record is the service's own, and goes with it.
        assert there.pop(f"{path.name}-lineageql") == b""
        await unavailable(service, READ)
    assert files(path) == there


async def test_the_same_file_by_other_ways_is_no_other(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    os.symlink(path, link)
    async with used(link) as service:
        os.unlink(link)
        os.link(path, link)
        os.utime(path)
        os.chmod(path, 0o600)
        assert (await service.data(WRITE))["createWorkspace"]["created"]
        await service.data(READ)
