"""Makes an empty store with the types of the Kubeflow Metadata SDK's convention, by ml-metadata.

Run as a process of its own: `python -m tests.bench.schema FILE`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

_COMMON = ("name", "create_time", "description", "owner", "__ALL_META__")
_ARTIFACT = (*_COMMON, "version")
ARTIFACT_TYPES = {
    "kubeflow.org/alpha/model": (*_ARTIFACT, "model_type"),
    "kubeflow.org/alpha/data_set": (*_ARTIFACT, "query"),
    "kubeflow.org/alpha/metrics": (*_ARTIFACT, "metrics_type", "model_id", "data_set_id"),
}
EXECUTION_TYPES = {"kubeflow.org/alpha/execution": (*_COMMON, "executable_id")}
CONTEXT_TYPES = {
    "kubeflow.org/alpha/workspace": ("description", "labels"),
    "kubeflow.org/alpha/run": ("description",),
}


def main(path: str) -> None:
    """Makes the store."""
    from ml_metadata import metadata_store

    protos: Any = import_module("ml_metadata.proto.metadata_store_pb2")
    config = protos.ConnectionConfig()
    config.sqlite.filename_uri = path
    store = metadata_store.MetadataStore(config)
    kinds = (
        (ARTIFACT_TYPES, protos.ArtifactType, store.put_artifact_type),
        (EXECUTION_TYPES, protos.ExecutionType, store.put_execution_type),
        (CONTEXT_TYPES, protos.ContextType, store.put_context_type),
    )
    for types, new, put in kinds:
        for name, properties in types.items():
            put(new(name=name, properties=dict.fromkeys(properties, protos.STRING)))


if __name__ == "__main__":
    main(sys.argv[1])
