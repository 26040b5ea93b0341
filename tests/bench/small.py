"""A small store of the benchmark's shape, made without ml-metadata."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.bench.building import Progress, _fill
from tests.bench.pipelines import Pipelines
from tests.bench.schema import ARTIFACT_TYPES, CONTEXT_TYPES, EXECUTION_TYPES
from tests.store.sql.records import template

_KINDS = ((EXECUTION_TYPES, 0), (ARTIFACT_TYPES, 1), (CONTEXT_TYPES, 2))
_STRING = 3


def build(path: Path, size: int) -> Path:
    """Writes a store of `size` artifacts, a smaller one of what `make bench` measures."""
    path.write_bytes(template())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for types, kind in _KINDS:
            for name, properties in types.items():
                added = connection.execute("INSERT INTO Type (name, type_kind) VALUES (?, ?)", (name, kind))
                rows = [(added.lastrowid, property_, _STRING) for property_ in properties]
                connection.executemany("INSERT INTO TypeProperty VALUES (?, ?, ?)", rows)
        _fill(connection, Pipelines(size), Progress(size))
    return path
