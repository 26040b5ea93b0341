"""Stores that other tools wrote, read end to end through HTTP."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.demo import lineageql
from tests.service import serving

EVERYTHING = """
{
  store { schemaVersion counts { workspaces runs executions artifacts events } }
  workspaces(first: 100) { totalCount nodes { name labels { key value } runs(first: 5) { nodes { name state } } } }
  runs(first: 100) { totalCount nodes { name workspace { name } inputs(first: 5) { nodes { name } } } }
  executions(first: 100) { totalCount nodes {
    name state type { name } workspace { name } run { name } properties customProperties
    inputs(first: 20) { totalCount edges { eventType port path node { name } } }
    outputs(first: 20) { totalCount edges { eventType port path node { name } } }
  } }
  artifacts(first: 100) { totalCount nodes {
    name kind uri version state properties customProperties labels { key value } workspace { name } run { name }
    producer { name } upstream(first: 100) { complete totalCount } downstream(first: 100) { complete totalCount }
  } }
  types(of: ARTIFACT) { name }
}
"""
COUNTS = {
    "kubeflow-sdk.sqlite": {"executions": 9, "artifacts": 8, "events": 11},
    "tfx-ir.sqlite": {"executions": 15, "artifacts": 16, "events": 26},
    "cmf.sqlite": {"executions": 9, "artifacts": 15, "events": 40},
}


@pytest.mark.parametrize("name", COUNTS)
async def test_a_real_store_is_read_and_left_alone(name: str, mlmd_stores: Path) -> None:
    path = mlmd_stores / name
    before = digest(path)
    async with serving(path, read_only=True) as service:
        answer = await service.data(EVERYTHING)
    assert {key: answer["store"]["counts"][key] for key in COUNTS[name]} == COUNTS[name]
    for kind in ("executions", "artifacts"):
        assert answer[kind]["totalCount"] == len(answer[kind]["nodes"]) == COUNTS[name][kind]
    events = [
        edge for node in answer["executions"]["nodes"] for side in ("inputs", "outputs") for edge in node[side]["edges"]
    ]
    assert len(events) == COUNTS[name]["events"]
    assert all(
        node["name"] for kind in ("workspaces", "runs", "executions", "artifacts") for node in answer[kind]["nodes"]
    )
    assert all(node["upstream"]["complete"] and node["downstream"]["complete"] for node in answer["artifacts"]["nodes"])
    assert digest(path) == before


async def test_the_kubeflow_sdk_s_store(mlmd_stores: Path) -> None:
    async with serving(mlmd_stores / "kubeflow-sdk.sqlite", read_only=True) as service:
        answer = await service.data(
            """
            {
              runs(orderBy: {field: NAME}) { nodes { name mlmdId workspace { name } executions { totalCount } } }
              workspace(name: "workspace_1") { label(key: "n1") description
                artifacts { nodes { name kind label(key: "mylabel") ... on Metrics { values model { name } } } } }
              labelled: artifacts(where: {labelSelector: "mylabel=l1"}) { nodes { mlmdId } }
              unlabelled: artifacts(where: {labelSelector: "mylabel!=l1"}) { nodes { mlmdId } }
            }
            """
        )
    assert [(run["name"], run["mlmdId"], run["executions"]["totalCount"]) for run in answer["runs"]["nodes"]] == [
        ("first run", None, 1),
        ("first run", None, 1),
        ("first run", None, 1),
        ("run-2026-11-23T09:44:07.072868", None, 1),
    ]
    assert answer["workspace"]["label"] == "v1"
    assert [node["name"] for node in answer["workspace"]["artifacts"]["nodes"]] == [
        "mytable-dump",
        "MNIST",
        "MNIST-evaluation",
    ]
    assert answer["workspace"]["artifacts"]["nodes"][2]["values"] == {"accuracy": 0.95}
    assert [node["mlmdId"] for node in answer["labelled"]["nodes"]] == [2, 3, 6, 7]
    assert [node["mlmdId"] for node in answer["unlabelled"]["nodes"]] == [1, 4, 5, 8]


async def test_recording_into_a_copy_of_the_sdk_s_store(mlmd_stores: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    shutil.copyfile(mlmd_stores / "kubeflow-sdk.sqlite", path)
    async with serving(path) as service:
        record = """
        mutation ($input: RecordExecutionInput!) {
          recordExecution(input: $input) { run { mlmdId name } inputs { mlmdId } execution { workspace { mlmdId } } }
        }
        """
        model = {"name": "MNIST", "uri": "gcs://my-bucket/mnist", "version": "v0.0.1"}
        answer = await service.data(
            record,
            {
                "input": {
                    "workspace": "workspace_one",
                    "run": "first run",
                    "execution": {"name": "serve"},
                    "inputs": [{"artifact": {"model": model}}],
                }
            },
        )
        recorded = answer["recordExecution"]
        assert recorded["inputs"] == [{"mlmdId": 4}]
        assert recorded["execution"]["workspace"] == {"mlmdId": 2}
        runs = await service.data(
            '{ run(workspace: "workspace_one", name: "first run") { executions { totalCount } } }'
        )
        assert runs["run"]["executions"]["totalCount"] == 2
        assert (await service.data("{ runs { totalCount } }"))["runs"]["totalCount"] == 4


@pytest.mark.parametrize(
    ("name", "said"),
    [("not-mlmd.sqlite", "not an ML Metadata store"), ("tfx-legacy-schema5.sqlite", "schema version 5")],
)
def test_what_cannot_be_served_is_refused(name: str, said: str, mlmd_stores: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copyfile(mlmd_stores / name, path)
    before = digest(path)
    for more in ([], ["--read-only"]):
        text = lineageql("serve", str(path), "--port", "0", *more, code=2)
        assert said in text
        assert text.count("\n") == 1
    assert digest(path) == before
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
