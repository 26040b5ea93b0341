"""Copies a built store into a database server, table by table and in bulk.

The tables and indexes are those that LineageQL has ml-metadata make in a database of the server's own collation,
as Kubeflow's is. At the end the server counts what it holds, as a real one would have by now.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.building import Facts, Progress
from tests.places import make_store
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Load = Callable[[str, list[str], Path], None]
"""Fills a table's columns from a file that holds a row a line, its values parted by tabs."""


def to_mariadb(facts: Facts, server: MariaDB, database: str) -> None:
    """Copies a store into an empty database."""
    make_store(server.url(database))

    def load(table: str, columns: list[str], path: Path) -> None:
        # The charset of ml-metadata's connections; see `docs/servers.md`.
        server.sql(
            f"SET foreign_key_checks = 0, unique_checks = 0; DELETE FROM `{table}`; "
            f"LOAD DATA INFILE '{path}' INTO TABLE `{table}` CHARACTER SET latin1 ({', '.join(columns)}); "
            f"ANALYZE TABLE `{table}`",
            database,
        )

    _copy(facts, "MariaDB", load)


def to_postgresql(facts: Facts, server: PostgreSQL, database: str) -> None:
    """Copies a store into an empty database."""
    make_store(server.url(database))

    def load(table: str, columns: list[str], path: Path) -> None:
        server.psql(f"DELETE FROM {table}", database)
        server.copy(f"{table} ({', '.join(columns)})", path, database)
        server.psql(f"VACUUM ANALYZE {table}", database)

    _copy(facts, "PostgreSQL", load)


def _copy(facts: Facts, where: str, load: Load) -> None:
    progress = Progress(facts.size, f"filling {where} with")
    with (
        closing(sqlite3.connect(f"file:{facts.path}?mode=ro", uri=True)) as connection,
        TemporaryDirectory(prefix="lineageql-copy-") as folder,
    ):
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        path = Path(folder, "rows")
        # A server may run as another user.
        Path(folder).chmod(0o755)
        for (table,) in found.fetchall():
            progress.say(table)
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            with path.open("w", encoding="utf-8", newline="\n") as file:
                for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                    file.write("\t".join(map(_text, row)) + "\n")
            load(table, columns, path)
    progress.done()


def _text(value: Any) -> str:
    """A value as COPY and LOAD DATA read it."""
    assert not isinstance(value, bytes), "the benchmark's stores hold none"
    return "\\N" if value is None else value.translate(_ESCAPED) if isinstance(value, str) else repr(value)
