"""What is there already stays as it is, and an answer says what was not taken, through HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCS = Path(__file__).parents[3] / "docs/recording.md"
VALUES = {"n": 1, "x": 1.0, "tiny": 1e-9, "yes": True, "text": "t", "list": [1, "a", None], "object": {"a": {"b": 2.5}}}
FACTS = {
    "labels": [{"key": "stage", "value": "test"}, {"key": "team", "value": "fraud"}],
    "description": "reads digits",
    "customProperties": {**VALUES, "large": 2**40},
}
MODEL = {
    "name": "MNIST",
    "uri": "s3://models/mnist",
    "version": "1",
    "owner": "ann",
    "modelType": "cnn",
    "trainingFramework": {"name": "torch", "version": "2.5"},
    "hyperparameters": {"lr": 1e-3, "layers": [10, 5, 1], "early_stop": True, "epochs": 10},
    **FACTS,
}
ROOTS = {
    "createWorkspace": ("CreateWorkspaceInput", "created workspace { id }"),
    "createRun": ("CreateRunInput", "created run { id }"),
    "createExecution": ("CreateExecutionInput", "created execution { id }"),
    "logInput": ("LogArtifactInput", "created artifact { id }"),
    "logOutput": ("LogArtifactInput", "created artifact { id }"),
    "recordExecution": ("RecordExecutionInput", "created execution { id } outputs { id }"),
    "recordLineage": ("[RecordExecutionInput!]", "created executions { id }"),
}


async def record(service: Service, root: str, given: Any) -> tuple[dict[str, Any], list[str]]:
    """What a mutation answers, and the messages of its warnings."""
    type_, selection = ROOTS[root]
    text = f"mutation ($input: {type_}!) {{ {root}(input: $input) {{ {selection} }} }}"
    body = await service.ask(text, {"input": given})
    assert "errors" not in body, body
    warnings = body.get("extensions", {}).get("warnings", [])
    assert all(told["code"] == "NOT_TAKEN" and told["path"] == [root] for told in warnings), warnings
    return body["data"][root], [told["message"] for told in warnings]


async def test_the_same_again_warns_of_nothing_and_another_says_what_is_not_taken(service: Service) -> None:
    made: dict[str, Any] = {}

    async def twice(root: str, given: dict[str, Any], other: dict[str, Any]) -> str:
        made[root], told = await record(service, root, given)
        assert made[root]["created"]
        assert not told
        again, told = await record(service, root, given)
        assert not told
        assert again == {**made[root], "created": again["created"]}
        again, told = await record(service, root, other)
        assert len(told) == 1
        assert again == {**made[root], "created": False}
        return told[0]

    words = await twice("createWorkspace", {"name": "w", **FACTS}, {"name": "w", "description": "another"})
    assert words == (
        'input: the workspace "w" of type kubeflow.org/alpha/workspace is there already and stays as it is; '
        'not taken: description "another" (it has "reads digits")'
    )
    owner = made["createWorkspace"]["workspace"]["id"]
    run = {"workspaceId": owner, "name": "r"}
    other_label = [{"key": "stage", "value": "live"}]
    words = await twice("createRun", {**run, **FACTS}, {**run, "labels": other_label, "customProperties": {"n": 1.0}})
    # The number 1 that is an integer and the one that is not read back as they were given.
    assert "not taken: custom property n 1.0 (it has 1), label stage" in words
    assert words.endswith('"live" (it has "test"); setLabels changes labels')
    execution = {"workspaceId": owner, "name": "e", "externalId": "e-1"}
    words = await twice("createExecution", {**execution, **FACTS}, {**execution, "customProperties": {"new": [1]}})
    assert "custom property new [1] (it has none); updateExecution changes" in words
    at = {"executionId": made["createExecution"]["execution"]["id"], "port": "model"}
    owned = {**MODEL, "owner": "bob", "hyperparameters": {**MODEL["hyperparameters"], "epochs": 11}}  # type: ignore[dict-item]
    words = await twice(
        "logOutput", {**at, "artifact": {"model": MODEL}}, {**at, "artifact": {"model": {**owned, "labels": []}}}
    )
    assert words.startswith("input.artifact.model: the artifact")
    assert 'owner "bob" (it has "ann")' in words
    assert "hyperparameters {" in words
    assert "label" not in words
    # Another execution reads the model: nothing but its name need be said of it, and what is said is compared.
    brief = {key: MODEL[key] for key in ("name", "uri", "version")}
    _, told = await record(service, "logInput", {**at, "artifact": {"model": brief}})
    assert not told
    _, told = await record(service, "logInput", {**at, "artifact": {"model": {**brief, "externalId": "m-1"}}})
    assert 'externalId "m-1" (it has none)' in told[0]
    assert "setLabels" not in told[0]


async def test_records_say_it_of_each_of_their_artifacts(service: Service) -> None:
    def one(name: str, outputs: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        execution = {"name": name, "externalId": name, **more}
        return {"workspace": "w2", "run": "r", "execution": execution, "outputs": [{"artifact": o} for o in outputs]}

    scores = {"metrics": {"name": "scores", "uri": "s3://scores", "values": {"loss": 0.1}}}
    _, told = await record(service, "recordExecution", one("train", [{"model": MODEL}, scores]))
    assert not told
    # A request that is sent again, as it was cut off.
    again, told = await record(service, "recordExecution", one("train", [{"model": MODEL}, scores]))
    assert not again["created"]
    assert not told
    labelled = {"model": {**MODEL, "labels": [{"key": "stage", "value": "live"}]}}
    another = {"dataSet": {"name": "digits", "uri": "s3://digits", **FACTS}}
    records = [one("train", [labelled, another], description="d"), one("serve", [another, labelled, labelled])]
    answer, told = await record(service, "recordLineage", records)
    assert answer["created"] == [False, True]
    told_of = [message.partition(": ")[0] for message in told]
    assert sorted(told_of) == [
        "input[0].execution",
        "input[0].outputs[0].artifact.model",
        "input[0].outputs[1]",
        "input[1].outputs[1].artifact.model",
        "input[1].outputs[2].artifact.model",
    ]
    assert all('label stage "live" (it has "test")' in message for message in told if message.startswith("input[1]"))
    example = re.search(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    shown = json.loads(example.group(1))
    _, told = await record(service, shown["path"][0], one("as the docs say", [labelled]))
    assert told == [shown["message"]]
    many = {"model": {**MODEL, "labels": [{"key": f"k{n}", "value": "v" * 100} for n in range(20)]}}
    _, told = await record(service, "recordExecution", one("long", [many]))
    assert "and 12 more" in told[0]
    assert len(told[0]) < 1500
