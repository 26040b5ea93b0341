"""The surface of the Kubeflow Metadata SDK 0.3.1, over LineageQL.

    from lineageql_client import metadata

    store = metadata.Store("http://127.0.0.1:8000")
    workspace = metadata.Workspace(store, "fraud")
    run = metadata.Run(workspace, "nightly")
    with metadata.Execution("train", workspace, run) as execution:
        data = execution.log_input(metadata.DataSet(name="payments", uri="s3://payments/2026-11"))
        execution.log_output(metadata.Model(name="fraud", uri="s3://models/7"))

What the SDK writes this writes, and more: the run as a context of its own, the kind of the types, labels and numbers
where filters find them; `with` adds the state, start and end of an execution. Objects have MLMD's whole-number `id`,
as with the SDK; the global id is `node_id`. An `id` below zero is that of something that is still to be recorded, in
a batch or from the spool: it stands for it in this process.
"""

from lineageql_client.artifacts import Artifact, DataSet, Metrics, Model, Serialized
from lineageql_client.executions import Execution, Run, Store, Workspace
from lineageql_client.steps import step

__all__ = [
    "Artifact",
    "DataSet",
    "Execution",
    "Metrics",
    "Model",
    "Run",
    "Serialized",
    "Store",
    "Workspace",
    "step",
]
