"""What ml-metadata's own API says of a store, as JSON: `python -m tests.writers.dump PATH`; give it a copy."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any


def value_of(value: Any) -> Any:
    """A property's value: of a struct and a proto the bytes, of which two readers can be compared."""
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    if kind in ("struct_value", "proto_value"):
        return [kind, base64.b64encode(found.SerializeToString(deterministic=True)).decode()]
    return [kind, found]


def node_of(node: Any) -> dict[str, Any]:
    return {
        "type_id": node.type_id,
        "name": node.name,
        "uri": getattr(node, "uri", None),
        "state": getattr(node, "state", getattr(node, "last_known_state", None)),
        "external_id": node.external_id,
        "created": node.create_time_since_epoch,
        "updated": node.last_update_time_since_epoch,
        "properties": {name: value_of(value) for name, value in node.properties.items()},
        "custom": {name: value_of(value) for name, value in node.custom_properties.items()},
    }


def main(path: str) -> None:
    from ml_metadata import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE
    store = metadata_store.MetadataStore(config)
    artifacts, executions, contexts = store.get_artifacts(), store.get_executions(), store.get_contexts()
    events = store.get_events_by_execution_ids([execution.id for execution in executions]) if executions else []
    print(
        json.dumps(
            {
                "artifacts": {node.id: node_of(node) for node in artifacts},
                "executions": {node.id: node_of(node) for node in executions},
                "contexts": {node.id: node_of(node) for node in contexts},
                "events": sorted(
                    [
                        event.artifact_id,
                        event.execution_id,
                        event.type,
                        event.milliseconds_since_epoch,
                        [getattr(step, step.WhichOneof("value")) for step in event.path.steps],
                    ]
                    for event in events
                ),
                "executions_of": {c.id: [e.id for e in store.get_executions_by_context(c.id)] for c in contexts},
                "artifacts_of": {c.id: [a.id for a in store.get_artifacts_by_context(c.id)] for c in contexts},
                "parents_of": {c.id: [p.id for p in store.get_parent_contexts_by_context(c.id)] for c in contexts},
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
