"""The unmodified Kubeflow Metadata SDK plays its tutorial against `lineageql mlmd-server`; one query shows it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.mlmd_server import MLMDServer
from tests.server import Server

# The SDK asks for ml-metadata without a bound and runs with the one that is here; beside it, it imports `retrying`.
PACKAGES = ("kubeflow-metadata==0.3.1", "retrying==1.4.2")
QUERY = """
{
  workspaces(first: 1) { nodes {
    name description labels { key value }
    runs(first: 5) { nodes { name executions(first: 5) { nodes { name } } } }
    executions(first: 5, orderBy: {field: ID}) { nodes {
      name description run { name }
      inputs(first: 5) { nodes { ...What } }
      outputs(first: 5) { nodes { ...What } }
    } }
    artifacts { totalCount }
  } }
}
fragment What on Artifact {
  __typename mlmdId name version uri owner description labels { key value }
  ... on DataSet { query }
  ... on Model { modelType trainingFramework hyperparameters }
  ... on Metrics { metricsType values model { mlmdId } dataSet { mlmdId } }
}
"""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK from the package index, and nothing else of what it names."""
    pytest.importorskip("ml_metadata")
    pytest.importorskip("grpc")
    folder = tmp_path_factory.mktemp("sdk")
    patience = ["--retries", "1", "--timeout", "20"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", *patience, "--no-deps", "--target", str(folder)]
    done = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True, timeout=240)
    if done.returncode:
        text = f"the package index gives no {' and '.join(PACKAGES)}: {done.stderr.strip().splitlines()[-1:]}"
        if os.environ.get("TEST_REQUIRE_SDK"):
            pytest.fail(text)
        pytest.skip(text)
    return folder


def play(sdk: Path, server: MLMDServer, code: int = 0) -> str:
    """Runs the tutorial; answers what it printed."""
    script = Path(__file__).with_name("sdk_tutorial.py")
    done = subprocess.run(
        [sys.executable, str(script), server.host, str(server.port)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(sdk)},
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


STARTS = {
    "mlmd-server": ("--create", "--kubeflow-types"),
    "serve": ("--create", "--port", "0"),
}
"""The commands that serve the SDK, with what has them register its types."""


@pytest.mark.parametrize("command", STARTS)
def test_the_tutorial_of_the_sdk(sdk: Path, tmp_path: Path, command: str) -> None:
    store = tmp_path / "lineage.db"
    server = MLMDServer(store, *STARTS[command], command=command)
    try:
        ids = json.loads(play(sdk, server))
        # A second time everything but the two executions is found again.
        again = json.loads(play(sdk, server))
    finally:
        # uvicorn ends by the signal that ended it.
        assert server.stop() == (0 if command == "mlmd-server" else -signal.SIGTERM)
    assert ids["listed"] == ["mytable-dump"]
    assert (again["model"], again["dataSet"]) == (ids["model"], ids["dataSet"])
    service = Server("serve", str(store), "--read-only", "--port", "0", cwd=tmp_path)
    try:
        with httpx.Client(base_url=service.url, transport=httpx.HTTPTransport(retries=5), timeout=30) as client:
            body = client.post("/graphql", json={"query": QUERY}).json()
    finally:
        service.stop()
    assert "errors" not in body, body
    (workspace,) = body["data"]["workspaces"]["nodes"]
    assert workspace["name"] == "workspace_1"
    assert workspace["description"] == "a workspace for testing"
    assert workspace["labels"] == [{"key": "n1", "value": "v1"}]
    assert workspace["runs"]["nodes"] == [
        {"name": "run-1", "executions": {"nodes": [{"name": "training"}, {"name": "training"}]}}
    ]
    training, serving = workspace["executions"]["nodes"][:2]
    assert (training["name"], training["description"]) == ("training", "execution of training")
    assert training["run"] == {"name": "run-1"}
    assert (serving["name"], serving["run"]) == ("serving model", None)
    (data_set,) = training["inputs"]["nodes"]
    assert has(data_set, __typename="DataSet", name="mytable-dump", version="v1.0.0", query="SELECT * FROM mytable")
    assert has(data_set, uri="file://path/to/dataset", owner="owner@my-company.org", description="an example data")
    made = {found["__typename"]: found for found in training["outputs"]["nodes"]}
    model = made.pop("Model")
    assert has(model, name="MNIST", version="model_version_1", modelType="neural network")
    assert has(model, trainingFramework={"name": "tensorflow", "version": "v1.0"})
    assert has(model, hyperparameters={"learning_rate": 0.5, "layers": [10, 3, 1], "early_stop": True})
    assert has(model, labels=[{"key": "mylabel", "value": "l1"}])
    metrics = made.pop("Metrics")
    assert has(metrics, name="MNIST-evaluation", metricsType="validation", values={"accuracy": 0.95})
    assert metrics["model"] == {"mlmdId": model["mlmdId"]} == {"mlmdId": ids["model"]}
    assert metrics["dataSet"] == {"mlmdId": data_set["mlmdId"]}
    assert made == {}
    assert serving["inputs"]["nodes"] == [model]


def has(node: dict[str, Any], **fields: Any) -> bool:
    return {name: node[name] for name in fields} == fields


def test_without_its_types_the_sdk_is_told(sdk: Path, tmp_path: Path) -> None:
    server = MLMDServer(tmp_path / "lineage.db", "--create")
    try:
        assert "No type found for query, name: `kubeflow.org/alpha/execution`" in play(sdk, server, code=1)
    finally:
        server.stop()
