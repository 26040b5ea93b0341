"""The stores of these tests are made as ml-metadata makes its own."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.sql.schema import SCRIPT

MAKE = """
import sys
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = 3
metadata_store.MetadataStore(config)
"""


def shape(path: Path) -> tuple[set[str], list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The definitions of tables and indexes without white space, the types and the version."""
    with closing(sqlite3.connect(path)) as connection:
        texts = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        types = connection.execute("SELECT id, name, version, type_kind FROM Type ORDER BY id").fetchall()
        version = connection.execute("SELECT * FROM MLMDEnv").fetchall()
    return {re.sub(r"\s", "", text) for (text,) in texts}, types, version


def test_these_are_the_tables_of_ml_metadata(tmp_path):
    pytest.importorskip("ml_metadata")
    theirs, ours = tmp_path / "theirs.db", tmp_path / "ours.db"
    # In a process of its own: two builds of SQLite in one process break each other's locks.
    subprocess.run([sys.executable, "-c", MAKE, str(theirs)], check=True, capture_output=True, timeout=60)
    with closing(sqlite3.connect(ours)) as connection:
        connection.executescript(SCRIPT)
    definitions, types, version = shape(theirs)
    own_definitions, own_types, own_version = shape(ours)
    columns = {frozenset(re.split(r",(?=`|UNIQUE|PRIMARY)", text)) for text in definitions}
    assert {frozenset(re.split(r",(?=`|UNIQUE|PRIMARY)", text)) for text in own_definitions} == columns
    assert (own_types, own_version) == (types, version)
