"""What a store of these tests holds, as plain records, and the rows of MLMD's tables that say so.

The records know MLMD's tables and nothing of LineageQL. `oracle.py` says what is
true of them, `stores.py` makes random ones.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf.struct_pb2 import Struct

from tests.store.sql.schema import SCRIPT

EXECUTION, ARTIFACT, CONTEXT = 0, 1, 2
TABLES = {EXECUTION: "Execution", ARTIFACT: "Artifact", CONTEXT: "Context"}


@dataclass(frozen=True)
class StructValue:
    """A property that holds an object as MLMD encodes it."""

    fields: tuple[tuple[str, Any], ...]

    @property
    def text(self) -> str:
        struct = Struct()
        struct.update(dict(self.fields))
        return "mlmd-struct::" + base64.b64encode(struct.SerializeToString()).decode()


@dataclass(frozen=True)
class ProtoValue:
    """A property that holds a serialized message."""

    octets: bytes


Value = str | int | float | bool | bytes | StructValue | ProtoValue | None


@dataclass(frozen=True)
class TypeRecord:
    """A row of `Type`; `bases` are ids of MLMD's simple types."""

    id: int
    kind: int
    name: str
    version: str | None = None
    declares: tuple[str, ...] = ()
    bases: tuple[int, ...] = ()


@dataclass(frozen=True)
class NodeRecord:
    """A row of `Artifact`, `Execution` or `Context` with its properties."""

    id: int
    type: TypeRecord
    name: str | None = None
    uri: str | None = None
    state: int | None = None
    external_id: str | None = None
    created: int = 0
    updated: int = 0
    declared: dict[str, Value] = field(default_factory=dict)
    custom: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class EventRecord:
    """A row of `Event` with its path."""

    id: int
    artifact: int
    execution: int
    type: int
    time: int | None = None
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class StoreRecord:
    """A whole store. Memberships are pairs of a context's id and a node's, parents of a child's and a parent's."""

    types: tuple[TypeRecord, ...] = ()
    artifacts: tuple[NodeRecord, ...] = ()
    executions: tuple[NodeRecord, ...] = ()
    contexts: tuple[NodeRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    attributions: frozenset[tuple[int, int]] = frozenset()
    associations: frozenset[tuple[int, int]] = frozenset()
    parents: frozenset[tuple[int, int]] = frozenset()

    def nodes(self, kind: int) -> tuple[NodeRecord, ...]:
        return {EXECUTION: self.executions, ARTIFACT: self.artifacts, CONTEXT: self.contexts}[kind]

    def without(self, kind: int, ids: set[int]) -> StoreRecord:
        """The store before these artifacts or executions, their events and memberships were added."""
        artifacts, executions = (ids if kind is wanted else set() for wanted in (ARTIFACT, EXECUTION))
        return replace(
            self,
            artifacts=tuple(node for node in self.artifacts if node.id not in artifacts),
            executions=tuple(node for node in self.executions if node.id not in executions),
            events=tuple(e for e in self.events if e.artifact not in artifacts and e.execution not in executions),
            attributions=frozenset(pair for pair in self.attributions if pair[1] not in artifacts),
            associations=frozenset(pair for pair in self.associations if pair[1] not in executions),
        )


def make(path: Path, store: StoreRecord, template: bytes) -> None:
    """Writes a store into a new file; `template` is an empty store."""
    path.write_bytes(template)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        add(connection, store)
        connection.execute("COMMIT")


def template() -> bytes:
    """The file of an empty store."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA page_size = 1024")
            # As services keep it: there quick statements run in the event loop.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCRIPT)
        return path.read_bytes()


def add(connection: sqlite3.Connection, store: StoreRecord, known: StoreRecord | None = None) -> None:
    """Adds the rows of a store that are not in the `known` part of it already to an SQLite file."""
    for table, row in rows(store, known):
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", tuple(row.values()))


Row = tuple[str, dict[str, Any]]
"""A table's name and the values of its columns."""


def rows(store: StoreRecord, known: StoreRecord | None = None) -> Iterator[Row]:
    """The rows of a store that are not in the `known` part of it already."""
    known = known or StoreRecord()
    for type_ in store.types:
        if type_ in known.types:
            continue
        yield "Type", {"id": type_.id, "name": type_.name, "version": type_.version, "type_kind": type_.kind}
        for name in type_.declares:
            yield "TypeProperty", {"type_id": type_.id, "name": name, "data_type": 3}
        for base in type_.bases:
            yield "ParentType", {"type_id": type_.id, "parent_type_id": base}
    for kind in TABLES:
        for node in store.nodes(kind):
            if node not in known.nodes(kind):
                yield from _node_rows(kind, node)
    for event in store.events:
        if event not in known.events:
            yield from _event_rows(event)
    for context, artifact in sorted(store.attributions - known.attributions):
        yield "Attribution", {"context_id": context, "artifact_id": artifact}
    for context, execution in sorted(store.associations - known.associations):
        yield "Association", {"context_id": context, "execution_id": execution}
    for child, parent in sorted(store.parents - known.parents):
        yield "ParentContext", {"context_id": child, "parent_context_id": parent}


def _node_rows(kind: int, node: NodeRecord) -> Iterator[Row]:
    columns: dict[str, Any] = {
        "id": node.id,
        "type_id": node.type.id,
        "name": node.name,
        "external_id": node.external_id,
        "create_time_since_epoch": node.created,
        "last_update_time_since_epoch": node.updated,
    }
    if kind == ARTIFACT:
        columns |= {"uri": node.uri, "state": node.state}
    if kind == EXECUTION:
        columns |= {"last_known_state": node.state}
    yield TABLES[kind], columns
    owner = f"{TABLES[kind].lower()}_id"
    for custom, properties in ((False, node.declared), (True, node.custom)):
        for name, value in properties.items():
            row = {owner: node.id, "name": name, "is_custom_property": custom, **_columns(value)}
            yield f"{TABLES[kind]}Property", row


def _columns(value: Value) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, StructValue):
        return {"string_value": value.text}
    if isinstance(value, ProtoValue):
        return {"proto_value": value.octets}
    columns = {str: "string_value", int: "int_value", float: "double_value", bytes: "byte_value"}
    return {columns[type(value)]: value}


def _event_rows(event: EventRecord) -> Iterator[Row]:
    row = {"id": event.id, "artifact_id": event.artifact, "execution_id": event.execution, "type": event.type}
    yield "Event", {**row, "milliseconds_since_epoch": event.time}
    for step in event.path:
        index = isinstance(step, int)
        value = {"step_index": step} if index else {"step_key": step}
        yield "EventPath", {"event_id": event.id, "is_index_step": index, **value}


def within_servers(store: StoreRecord) -> StoreRecord:
    """The store as a database server can hold it: integers of 32 bits, names of 255 characters, no negative zero.

    The last one a server could hold, and ml-metadata writes none: it writes a number's digits, which a server
    reads as a decimal.
    """

    def value(kept: Value) -> Value:
        if isinstance(kept, int) and not isinstance(kept, bool):
            return max(min(kept, 2**31 - 1), -(2**31))
        return 0.0 if isinstance(kept, float) and kept == 0 else kept

    def node(kept: NodeRecord) -> NodeRecord:
        name = kept.name
        if name is not None and len(name) > 255:
            name = name[:200] + hashlib.md5(name.encode()).hexdigest()
        declared, custom = ({key: value(v) for key, v in part.items()} for part in (kept.declared, kept.custom))
        return replace(kept, name=name, declared=declared, custom=custom)

    return replace(
        store,
        artifacts=tuple(map(node, store.artifacts)),
        executions=tuple(map(node, store.executions)),
        contexts=tuple(map(node, store.contexts)),
    )
