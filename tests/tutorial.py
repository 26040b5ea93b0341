"""The tutorial of the Kubeflow Metadata SDK through GraphQL: what it records, and what it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""The data of an answer to a document with variables, which must hold no errors."""

TRACE = """
query Trace($id: ID!) {
  lineage(roots: [$id]) {
    complete
    nodes { hops node { __typename name } }
    edges { eventType artifact { name } execution { name } }
  }
}
"""


async def record_tutorial(data: Ask) -> tuple[str, str, str]:
    """Records all of it.

    Returns:
        the ids of the model, of the data set and of the training.
    """
    made = await data(
        "mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { created workspace { id } } }",
        {
            "input": {
                "name": "workspace_1",
                "description": "a workspace for testing",
                "labels": [{"key": "n1", "value": "v1"}],
            }
        },
    )
    workspace = made["createWorkspace"]["workspace"]["id"]
    made = await data(
        "mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } } }",
        {"input": {"workspaceId": workspace, "name": "run-1", "description": "a run in ws_1"}},
    )
    run = made["createRun"]["run"]["id"]
    create = "mutation ($input: CreateExecutionInput!) { createExecution(input: $input) { execution { id } } }"
    training = await data(
        create, {"input": {"workspaceId": workspace, "runId": run, "name": "training", "description": "trains"}}
    )
    training = training["createExecution"]["execution"]["id"]
    log = """
    mutation ($input: LogArtifactInput!, $output: Boolean!) {
      logInput(input: $input) @skip(if: $output) { created artifact { id } }
      logOutput(input: $input) @include(if: $output) { created artifact { id } }
    }
    """
    data_set = {"name": "mytable-dump", "uri": "file://path/to/dataset", "version": "v1", "query": "SELECT 1"}
    found = await data(log, {"input": {"executionId": training, "artifact": {"dataSet": data_set}}, "output": False})
    data_set_id = found["logInput"]["artifact"]["id"]
    model = {
        "name": "MNIST",
        "uri": "gcs://my-bucket/mnist",
        "version": "model_version_1",
        "modelType": "neural network",
        "trainingFramework": {"name": "tensorflow", "version": "v1.0"},
        "hyperparameters": {"learning_rate": 0.5, "layers": [10, 3, 1], "early_stop": True},
        "labels": [{"key": "mylabel", "value": "l1"}],
    }
    found = await data(log, {"input": {"executionId": training, "artifact": {"model": model}}, "output": True})
    model_id = found["logOutput"]["artifact"]["id"]
    metrics = {
        "name": "MNIST-evaluation",
        "uri": "gcs://my-bucket/mnist-eval.csv",
        "metricsType": "validation",
        "values": {"accuracy": 0.95},
        "modelId": model_id,
        "dataSetId": data_set_id,
    }
    await data(log, {"input": {"executionId": training, "artifact": {"metrics": metrics}}, "output": True})
    serving_ = await data(create, {"input": {"workspaceId": workspace, "name": "serving"}})
    serving_ = serving_["createExecution"]["execution"]["id"]
    again = {"name": "MNIST", "uri": "gcs://my-bucket/mnist", "version": "model_version_1"}
    found = await data(log, {"input": {"executionId": serving_, "artifact": {"model": again}}, "output": False})
    assert found["logInput"] == {"created": False, "artifact": {"id": model_id}}
    return model_id, data_set_id, training


async def ask_tutorial(data: Ask, model_id: str, data_set_id: str, training: str) -> None:
    """Asks what the tutorial asks, and checks the answers."""
    traced = (await data(TRACE, {"id": model_id}))["lineage"]
    assert traced["complete"]
    nodes = {(step["node"]["__typename"], step["node"]["name"]) for step in traced["nodes"]}
    assert {name for kind, name in nodes if kind == "Execution"} == {"training", "serving"}
    down = await data(
        "query ($id: ID!) { artifact(id: $id) { downstream { nodes { name } } "
        "... on Model { metrics { nodes { name ... on Metrics { values model { id } "
        "dataSet { id } } } } } } }",
        {"id": model_id},
    )
    (measured,) = down["artifact"]["metrics"]["nodes"]
    expected = {"values": {"accuracy": 0.95}, "model": {"id": model_id}, "dataSet": {"id": data_set_id}}
    assert measured == {"name": "MNIST-evaluation", **expected}
    of_training = await data(
        "query ($id: ID!) { execution(id: $id) { inputs { nodes { __typename } } outputs { nodes { __typename } } } }",
        {"id": training},
    )
    touched = of_training["execution"]["inputs"]["nodes"] + of_training["execution"]["outputs"]["nodes"]
    assert {node["__typename"] for node in touched} == {"DataSet", "Model", "Metrics"}
