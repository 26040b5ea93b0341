"""The tutorial of the Kubeflow Metadata SDK, played through HTTP and traced in one query."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.places import Place
from tests.service import serving
from tests.tutorial import ask_tutorial, record_tutorial


async def test_the_tutorial(place: Place) -> None:
    async with serving(place.url, create=True) as service:
        await ask_tutorial(service.data, *await record_tutorial(service.data))
    assert written(place) == {
        "contexts": [["kubeflow.org/alpha/run", "workspace_1/run-1"], ["kubeflow.org/alpha/workspace", "workspace_1"]],
        "executions": ["serving", "training"],
        "artifacts": ["MNIST", "MNIST-evaluation", "mytable-dump"],
        "events": 4,
    }


_READ = """
import json, sys
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
store = metadata_store.MetadataStore(pb.ConnectionConfig.FromString(sys.stdin.buffer.read()))
name = lambda node: node.properties["name"].string_value
print(json.dumps({
    "contexts": sorted([c.type, c.name] for c in store.get_contexts()),
    "executions": sorted(map(name, store.get_executions())),
    "artifacts": sorted(map(name, store.get_artifacts())),
    "events": len(store.get_events_by_execution_ids([e.id for e in store.get_executions()])),
}))
"""


def written(place: Place) -> object:
    """What ml-metadata itself finds in the store, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _READ], check=True, capture_output=True, input=place.config())
    return json.loads(done.stdout.splitlines()[-1])
