"""Places for stores on every backend: what a test records into, and how ml-metadata and SQL see what is there."""

from __future__ import annotations

import atexit
import functools
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.demo import demo_store, lineageql
from tests.servers import mariadb
from tests.servers.postgresql import shared


class Place:
    """Where a store is, or is going to be."""

    url: str

    def __init__(self, folder: Path) -> None:
        """A place that is free; it is in the folder, or may be elsewhere."""
        raise NotImplementedError

    def fill_empty(self) -> None:
        """Puts an empty store there."""
        raise NotImplementedError

    def fill_demo(self) -> None:
        """Puts the demonstration store there."""
        raise NotImplementedError

    def execute(self, statement: str) -> None:
        """Changes the store by SQL, behind everybody's back."""
        raise NotImplementedError

    def select(self, query: str) -> list[str]:
        """What a query answers, a text for each row."""
        raise NotImplementedError

    def rows(self) -> list[str]:
        """All of it, as it stands in the tables."""
        raise NotImplementedError

    def config(self) -> bytes:
        """ml-metadata's `ConnectionConfig` of the store, serialized."""
        raise NotImplementedError


class SQLitePlace(Place):
    """A file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lineage.db"
        self.url = str(self.path)

    def fill_empty(self) -> None:
        shutil.copyfile(_empty_file(), self.path)

    def fill_demo(self) -> None:
        self.path.write_bytes(demo_store())

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement)

    def select(self, query: str) -> list[str]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return list(map(str, connection.execute(query)))

    def rows(self) -> list[str]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return list(connection.iterdump())

    def config(self) -> bytes:
        from ml_metadata.proto import metadata_store_pb2 as protos

        mode = protos.SqliteMetadataSourceConfig.READONLY
        source = protos.SqliteMetadataSourceConfig(filename_uri=str(self.path), connection_mode=mode)
        serialized: bytes = protos.ConnectionConfig(sqlite=source).SerializeToString()
        return serialized


@functools.cache
def _empty_file() -> Path:
    """A new store, made once by the service."""
    folder = tempfile.mkdtemp(prefix="lineageql-empty-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "empty.db"
    make_store(str(path))
    return path


def make_store(url: str) -> None:
    """Has the service make a store, in a process of its own: two builds of SQLite in one break each other's locks."""
    code = (
        "import asyncio, sys; from lineageql.settings import Settings; from lineageql.store.open import open_store\n"
        "async def main(): await (await open_store(sys.stdin.read(), Settings(create=True))).close()\n"
        "asyncio.run(main())"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, input=url, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


class PostgreSQLPlace(Place):
    """A database of the tests' server."""

    def __init__(self, folder: Path) -> None:
        self.server = shared()
        self.name = self.server.name()
        self.url = self.server.url(self.name)

    def fill_empty(self) -> None:
        self.server.psql(f'CREATE DATABASE "{self.name}" TEMPLATE "{_template(False)}"')

    def fill_demo(self) -> None:
        self.server.psql(f'CREATE DATABASE "{self.name}" TEMPLATE "{_template(True)}"')

    def execute(self, statement: str) -> None:
        self.server.psql(statement, self.name)

    def select(self, query: str) -> list[str]:
        return self.server.psql(query, self.name).splitlines()

    def rows(self) -> list[str]:
        tables = self.server.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", self.name)
        query = ";".join(f"SELECT '{table}', x::text FROM {table} AS x ORDER BY 2" for table in tables.split())
        return self.server.psql(query, self.name).splitlines()

    def config(self) -> bytes:
        from lineageql.store.addresses import ServerAddress, address_of
        from lineageql.store.mlmd.connection import postgresql_config

        address = address_of(self.url)
        assert isinstance(address, ServerAddress)
        return postgresql_config(address)


@functools.cache
def _template(demo: bool) -> str:
    """A database to copy, made once by the service."""
    name = shared().name()
    if demo:
        lineageql("demo", shared().url(name), "--no-serve")
    else:
        make_store(shared().url(name))
    return name


class MariaDBPlace(Place):
    """A database of the tests' server; where it is filled it is as Kubeflow's, and folds case."""

    def __init__(self, folder: Path) -> None:
        self.server = mariadb.shared()
        self.name = self.server.name()
        self.url = self.server.url(self.name)

    def fill_empty(self) -> None:
        self.server.database(_mariadb_dump(False), name=self.name)

    def fill_demo(self) -> None:
        self.server.database(_mariadb_dump(True), name=self.name)

    def execute(self, statement: str) -> None:
        self.server.sql(statement, self.name)

    def select(self, query: str) -> list[str]:
        return self.server.sql(query, self.name).splitlines()

    def rows(self) -> list[str]:
        return self.server.dump(self.name).splitlines()

    def config(self) -> bytes:
        from lineageql.store.addresses import ServerAddress, address_of
        from lineageql.store.mlmd.connection import mysql_config

        address = address_of(self.url)
        assert isinstance(address, ServerAddress)
        return mysql_config(address)


@functools.cache
def _mariadb_dump(demo: bool) -> str:
    """The script of a store, which the service made in a database that was there already."""
    server = mariadb.shared()
    name = server.database()
    if demo:
        lineageql("demo", server.url(name), "--no-serve")
    else:
        make_store(server.url(name))
    return server.dump(name)


PLACES: dict[str, Callable[[Path], Place]] = {
    "sqlite": SQLitePlace,
    "postgresql": PostgreSQLPlace,
    "mariadb": MariaDBPlace,
}
"""By backend."""
