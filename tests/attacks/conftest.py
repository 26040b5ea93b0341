"""A server in a process of its own, and what is seen of it while it is attacked: its memory, and what others wait."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo import demo_store
from tests.server import Server

MEBIBYTE = 1_048_576


class Target:
    """A running server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        self.port = int(server.url.rpartition(":")[2])
        # A connection of its own each time: one that lies idle gives way to others, in the middle of a request as well.
        no_idle = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(base_url=server.url, timeout=60, limits=no_idle)

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection of a client at an address of this machine."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60, source_address=(source, 0))

    def ask(self, query: str = "{ __typename }", **more: Any) -> Any:
        return self.client.post("/graphql", json={"query": query, **more}).json()

    def memory(self) -> int:
        """The most bytes that it has held since `forget`."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def forget(self) -> None:
        """From now on is counted what it holds at most."""
        Path(f"/proc/{self.server.process.pid}/clear_refs").write_text("5")

    @contextmanager
    def watched(self, memory: int, patience: float = 5.0) -> Iterator[None]:
        """While this lasts, its probe is answered, and it takes no more memory than so many MiB beyond what it has.

        Args:
            patience: seconds that a probe may wait; busy machines have slow moments, and stalls were longer.
        """
        self.client.get("/healthz").raise_for_status()
        self.forget()
        before = self.memory()
        waited: list[float] = []
        over = threading.Event()

        def probe() -> None:
            going = True
            while going:
                began = time.monotonic()
                # A connection of its own each time: a door that is closed to new ones is found.
                with self.connect() as connection:
                    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    assert received(connection).endswith(b"ok")
                waited.append(time.monotonic() - began)
                going = not over.wait(0.02)

        prober = threading.Thread(target=probe)
        prober.start()
        try:
            yield
        finally:
            over.set()
            prober.join()
        assert waited
        assert max(waited) < patience
        assert (self.memory() - before) / MEBIBYTE < memory


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("attacked") / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.fixture(scope="module")
def attacked(store: Path) -> Iterator[Callable[..., Target]]:
    """Starts servers over the demonstration store, with the flags that it is given."""
    servers: dict[tuple[str, ...], Target] = {}

    def start(*flags: str) -> Target:
        if flags not in servers:
            servers[flags] = Target(Server("serve", str(store), "--port", "0", *flags, cwd=store.parent))
        return servers[flags]

    yield start
    for target in servers.values():
        target.client.close()
        target.server.stop()


def received(connection: socket.socket) -> bytes:
    """All that comes until the server closes, which it must."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)
