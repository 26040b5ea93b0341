"""Where `make bench` has its store: a file, or a server that it starts, fills and ends.

A row of `BACKENDS` is all that a backend needs: the size that its store has unless another is asked for, and
what serves a store that has been built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import copying
from tests.bench.building import Facts
from tests.bench.target import Target
from tests.mlmd_server import MLMDServer
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL

_FILTERLESS = Path(__file__).with_name("filterless.py")


@dataclass(frozen=True)
class Backend:
    """A way to serve a store.

    Attributes:
        artifacts: the size of its store where none is asked for.
        serve: serves a store as long as the context lasts.
    """

    artifacts: int
    serve: Callable[[Facts], AbstractContextManager[Target]]


@contextmanager
def _sqlite(facts: Facts) -> Iterator[Target]:
    yield Target("sqlite", "SQLite", facts, str(facts.path))


@contextmanager
def _mariadb(facts: Facts) -> Iterator[Target]:
    with closing(MariaDB()) as server:
        # The tests' server is as small as can be. A real one keeps a store of this size in its memory.
        server.stop()
        server.start("--innodb-buffer-pool-size=512M", "--innodb-log-file-size=256M")
        name = server.database()
        copying.to_mariadb(facts, server, name)
        version = server.sql("SELECT VERSION()").partition("-")[0]
        assert server.process is not None
        yield Target("mariadb", f"MariaDB {version.strip()}", facts, server.url(name), server.process.pid)


@contextmanager
def _postgresql(facts: Facts) -> Iterator[Target]:
    with closing(PostgreSQL()) as server:
        server.stop()
        server.start("-c", "shared_buffers=512MB")
        name = server.database()
        copying.to_postgresql(facts, server, name)
        version = server.psql("SHOW server_version").split()[0]
        assert server.process is not None
        yield Target("postgresql", f"PostgreSQL {version}", facts, server.url(name), server.process.pid)


def _grpc(name: str, title: str, *program: str) -> Callable[[Facts], AbstractContextManager[Target]]:
    """MLMD's service over the built file, by `lineageql mlmd-server` or another program with its arguments."""

    @contextmanager
    def serve(facts: Facts) -> Iterator[Target]:
        with TemporaryDirectory(prefix="lineageql-grpc-") as folder:
            server = MLMDServer(facts.path.absolute(), folder=Path(folder), program=program)
            try:
                yield Target(name, title, facts, f"grpc://{server.host}:{server.port}", server.process.pid)
            finally:
                server.stop()

    return serve


BACKENDS = {
    "sqlite": Backend(100_000, _sqlite),
    "mariadb": Backend(20_000, _mariadb),
    "postgresql": Backend(20_000, _postgresql),
    "grpc": Backend(20_000, _grpc("grpc", "MLMD's gRPC service", "-m", "lineageql")),
    "grpc-without-filters": Backend(
        20_000, _grpc("grpc-without-filters", "MLMD's gRPC service without filters", str(_FILTERLESS))
    ),
}
"""By the name that the command line has for them."""
