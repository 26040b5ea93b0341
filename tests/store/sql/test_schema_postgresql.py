"""The stores of these tests in PostgreSQL are made as ml-metadata makes its own, and the service's are too."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from lineageql.store.addresses import ServerAddress, address_of
from lineageql.store.mlmd.connection import postgresql_config
from tests.servers.postgresql import PostgreSQL, shared
from tests.store.sql.schema_postgresql import SCRIPT

MAKE = """
import sys
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
metadata_store.MetadataStore(pb.ConnectionConfig.FromString(sys.stdin.buffer.read()))
"""
COLUMNS = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, collation_name
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2;
SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1, 2;
SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2;
SELECT id, name, version, type_kind FROM type ORDER BY id;
SELECT * FROM mlmdenv;
"""


def shape(server: PostgreSQL, database: str) -> set[str]:
    """Columns, constraints, indexes, types and the version, each as a line; the names of unique indexes are free."""
    lines = server.psql(COLUMNS, database).splitlines()
    return {re.sub(r"UNIQUE INDEX \w+", "UNIQUE INDEX", line) for line in lines}


def test_these_are_the_tables_of_ml_metadata() -> None:
    pytest.importorskip("ml_metadata")
    server = shared()
    theirs, ours = server.database(), server.database(SCRIPT)
    address = address_of(server.url(theirs))
    assert isinstance(address, ServerAddress)
    subprocess.run([sys.executable, "-c", MAKE], check=True, capture_output=True, input=postgresql_config(address))
    assert shape(server, ours) == shape(server, theirs)
    assert len(shape(server, ours)) > 100
