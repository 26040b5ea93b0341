"""Real ml-metadata, real files, real processes: what the tests of the worker share."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import lineageql
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config

SOURCES = str(Path(lineageql.__file__).parents[1])


class Book:
    """What the tests say to a store: requests as bytes, and replies read."""

    def __init__(self) -> None:
        from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2

        self.protos: Any = metadata_store_pb2
        self.service: Any = metadata_store_service_pb2

    def type(self, name: str = "Note") -> bytes:
        kind = self.protos.ArtifactType(name=name, properties={"text": self.protos.STRING})
        return bytes(self.service.PutArtifactTypeRequest(artifact_type=kind).SerializeToString())

    def artifact(self, type_id: int, name: str, text: str = "") -> bytes:
        artifact = self.protos.Artifact(type_id=type_id, name=name)
        artifact.properties["text"].string_value = text
        return bytes(self.service.PutArtifactsRequest(artifacts=[artifact]).SerializeToString())

    def fatal(self, type_id: int) -> bytes:
        """A request at which ml-metadata aborts its process: a property that holds an empty value."""
        artifact = self.protos.Artifact(type_id=type_id, name="poison")
        artifact.custom_properties["nothing"].SetInParent()
        return bytes(self.service.PutArtifactsRequest(artifacts=[artifact]).SerializeToString())

    def by_id(self, *ids: int) -> bytes:
        return bytes(self.service.GetArtifactsByIDRequest(artifact_ids=ids).SerializeToString())

    def by_name(self, name: str, kind: str = "Note") -> bytes:
        request = self.service.GetArtifactByTypeAndNameRequest(type_name=kind, artifact_name=name)
        return bytes(request.SerializeToString())

    async def new_type(self, channel: WorkerChannel) -> int:
        reply = await channel.call("PutArtifactType", self.type())
        return int(self.service.PutArtifactTypeResponse.FromString(reply).type_id)

    async def new_artifact(self, channel: WorkerChannel, type_id: int, name: str, text: str = "") -> int:
        reply = await channel.call("PutArtifacts", self.artifact(type_id, name, text))
        return int(self.service.PutArtifactsResponse.FromString(reply).artifact_ids[0])

    async def text_of(self, channel: WorkerChannel, artifact_id: int) -> str:
        reply = await channel.call("GetArtifactsByID", self.by_id(artifact_id))
        return str(self.service.GetArtifactsByIDResponse.FromString(reply).artifacts[0].properties["text"].string_value)

    async def has(self, channel: WorkerChannel, name: str) -> bool:
        reply = await channel.call("GetArtifactByTypeAndName", self.by_name(name))
        return bool(self.service.GetArtifactByTypeAndNameResponse.FromString(reply).HasField("artifact"))


@pytest.fixture(scope="session")
def book() -> Book:
    pytest.importorskip("ml_metadata")
    return Book()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest_asyncio.fixture
async def opened(file: Path) -> AsyncIterator[Callable[..., WorkerChannel]]:
    """Makes channels to the store's file, and closes them after the test."""
    channels: list[WorkerChannel] = []

    def make(path: Path = file, **knobs: Any) -> WorkerChannel:
        channels.append(WorkerChannel(sqlite_config(path, create=True), **knobs))
        return channels[-1]

    yield make
    for channel in channels:
        await channel.close()


@pytest.fixture
def locked(file: Path) -> Callable[[], AbstractContextManager[None]]:
    """Holds the store's file against every other writer and reader, as long as the context lasts."""

    @contextmanager
    def lock() -> Iterator[None]:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")

    return lock


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process ends within some seconds; one that nobody has reaped yet has ended."""

    def running(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        if sys.platform == "linux":
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
            except (FileNotFoundError, ProcessLookupError):
                return False
        else:
            state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
        return bool(state.strip()) and not state.strip().startswith("Z")

    def wait(pid: int, seconds: float = 5.0) -> bool:
        end = time.monotonic() + seconds
        while running(pid):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    return wait


@pytest.fixture
def service() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python programs that use LineageQL as a service would; kills what is left of them."""
    programs: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str, flags: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        command = [sys.executable, *flags, "-c", code, *arguments]
        environment = {**os.environ, "PYTHONPATH": SOURCES}
        pipe = subprocess.PIPE
        programs.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()
        program.communicate()


@pytest.fixture
def under_way() -> Callable[[WorkerChannel, asyncio.Task[bytes]], Awaitable[int]]:
    """Waits until ml-metadata works on a call, which a lock keeps it from finishing; answers the worker's pid."""

    async def wait(channel: WorkerChannel, call: asyncio.Task[bytes]) -> int:
        await asyncio.sleep(0.3)
        assert not call.done()
        assert channel.pid is not None
        return channel.pid

    return wait
