"""Stores that hold just a graph: artifacts, executions and the events between them."""

from __future__ import annotations

import functools
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

import networkx

from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS, EventType

_MAKE = """
import sys
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = 3
store = metadata_store.MetadataStore(config)
store.put_artifact_type(pb.ArtifactType(name="Thing"))
store.put_execution_type(pb.ExecutionType(name="Step"))
"""


@functools.cache
def empty_store() -> bytes:
    """The file of a store as ml-metadata makes it, with one type of artifacts and one of executions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        # In a process of its own: two builds of SQLite in one process break each other's locks.
        subprocess.run([sys.executable, "-c", _MAKE, str(path)], check=True, capture_output=True)
        return path.read_bytes()


Edge = tuple[int, int, EventType, int | None]
"""Artifact id, execution id, event type, time."""


def write_graph(
    path: Path,
    artifacts: int,
    executions: int,
    edges: Iterable[Edge],
    created: int = 1000,
    cached: Collection[int] = (),
) -> None:
    """Writes a store with artifacts and executions 1 to n, and these events; of some executions the state is CACHED."""
    path.write_bytes(empty_store())
    connection = sqlite3.connect(path)
    types = dict(connection.execute("SELECT name, id FROM Type WHERE name IN ('Thing', 'Step')"))
    times = "create_time_since_epoch, last_update_time_since_epoch"
    with connection:
        connection.executemany(
            f"INSERT INTO Artifact (id, type_id, {times}) VALUES (?, ?, ?, ?)",
            [(id_, types["Thing"], created + id_, created + id_) for id_ in range(1, artifacts + 1)],
        )
        connection.executemany(
            f"INSERT INTO Execution (id, type_id, {times}, last_known_state) VALUES (?, ?, ?, ?, ?)",
            [
                (id_, types["Step"], created + id_, created + id_, ExecutionState.CACHED.value if id_ in cached else 3)
                for id_ in range(1, executions + 1)
            ],
        )
        connection.executemany(
            "INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (?, ?, ?, ?)",
            [(artifact, execution, type_.value, time) for artifact, execution, type_, time in edges],
        )
    connection.close()


def artifact(id_: int) -> Ref:
    return Ref(EntityKind.ARTIFACT, id_)


def execution(id_: int) -> Ref:
    return Ref(EntityKind.EXECUTION, id_)


def flow(edges: Iterable[Edge]) -> networkx.DiGraph:
    """The graph of an independent library, its edges going with the flow."""
    graph = networkx.DiGraph()
    for artifact_id, execution_id, type_, _ in edges:
        ends = (artifact(artifact_id), execution(execution_id))
        graph.add_edge(*(ends if type_ in INPUT_EVENTS else ends[::-1]))
    return graph
