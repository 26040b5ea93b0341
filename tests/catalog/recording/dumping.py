"""A program: prints all that ml-metadata's own Python API reads in a store, as JSON.

Its input is the store's `ConnectionConfig`. It runs in a process of its own, as a process must not have a file open
through two builds of SQLite.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from google.protobuf.json_format import MessageToDict
from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as protos


def value(proto: Any) -> Any:
    kind = proto.WhichOneof("value")
    found = getattr(proto, kind)
    return MessageToDict(found) if kind == "struct_value" else found


def node(proto: Any, contexts: Callable[[int], Any]) -> dict[str, Any]:
    found = {"id": proto.id, "type": proto.type, "name": proto.name, "external_id": proto.external_id}
    found["properties"] = {name: value(inner) for name, inner in proto.properties.items()}
    found["custom_properties"] = {name: value(inner) for name, inner in proto.custom_properties.items()}
    for name in ("uri", "last_known_state"):
        if hasattr(proto, name):
            found[name] = getattr(proto, name)
    try:
        found["contexts"] = sorted(context.id for context in contexts(proto.id))
    except errors.NotFoundError:
        found["contexts"] = []  # that is how it says that there are none
    return found


def dump(config: bytes) -> dict[str, Any]:
    store = metadata_store.MetadataStore(protos.ConnectionConfig.FromString(config))
    executions = [node(proto, store.get_contexts_by_execution) for proto in store.get_executions()]
    events = [
        [event.execution_id, event.artifact_id, protos.Event.Type.Name(event.type), [s.key for s in event.path.steps]]
        for event in store.get_events_by_execution_ids([execution["id"] for execution in executions])
    ]
    types = {}
    for kind in ("artifact", "execution", "context"):
        for proto in getattr(store, f"get_{kind}_types")():
            properties = {name: protos.PropertyType.Name(number) for name, number in proto.properties.items()}
            types[proto.name] = {"kind": kind, "properties": properties, "base": proto.base_type}
    return {
        "artifacts": [node(proto, store.get_contexts_by_artifact) for proto in store.get_artifacts()],
        "executions": executions,
        # A context's own contexts are its parents.
        "contexts": [node(proto, store.get_parent_contexts_by_context) for proto in store.get_contexts()],
        "events": events,
        "types": types,
    }


if __name__ == "__main__":
    json.dump(dump(sys.stdin.buffer.read()), sys.stdout)
