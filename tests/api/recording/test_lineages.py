"""recordLineage through HTTP: many executions as one, or nothing of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORD = """
mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created executions {
  id name run { name } workspace { name }
  inputs { edges { port node { id name kind version description labels { key value } customProperties } } }
  outputs { edges { port node { id name kind version description owner externalId
    labels { key value } customProperties
    ... on Model { modelType trainingFramework hyperparameters } } } } } } }
"""
ONE = "mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { execution { id } } }"
COUNTS = "{ store { counts { workspaces runs executions artifacts events } } }"
fresh = (f"space-{number}" for number in itertools.count())


def execution(workspace: str, name: str, **more: Any) -> dict[str, Any]:
    sides = {side: [at_port(item) for item in more.pop(side, [])] for side in ("inputs", "outputs")}
    run = more.pop("run", None)
    return {"workspace": workspace, "run": run, "execution": {"name": name, **more}, **sides}


def at_port(item: Any) -> dict[str, Any]:
    return item if "artifact" in item else {"artifact": item}


def model(**more: Any) -> dict[str, Any]:
    return {"model": {"name": "MNIST", "uri": "s3://models/mnist", "version": "1", **more}}


def data_set(**more: Any) -> dict[str, Any]:
    return {"dataSet": {"name": "digits", "uri": "s3://data/digits", **more}}


def metrics(**more: Any) -> dict[str, Any]:
    return {"metrics": {"name": "scores", "uri": "s3://scores", **more}}


def chain(workspace: str, prefix: str = "") -> list[dict[str, Any]]:
    """Ingest, train, evaluate and serve, in two runs; each artifact is described where it is written."""
    ids = {name: {"externalId": f"{prefix}{name}"} if prefix else {} for name in ("ingest", "train", "test", "serve")}
    trained = model(
        description="reads digits", labels=[{"key": "stage", "value": "test"}], hyperparameters={"lr": 1e-8}
    )
    return [
        execution(workspace, "ingest", run="r1", outputs=[data_set(description="pixels")], **ids["ingest"]),
        execution(workspace, "train", run="r1", inputs=[data_set()], outputs=[trained], **ids["train"]),
        execution(workspace, "test", run="r1", inputs=[model(), data_set()], outputs=[metrics()], **ids["test"]),
        execution(workspace, "serve", run="r2", inputs=[{"artifact": model(), "port": "model"}], **ids["serve"]),
    ]


def ids(side: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in side["edges"]]


async def test_the_output_of_one_is_the_input_of_the_next(service: Service) -> None:
    space = next(fresh)
    before = (await service.data(COUNTS))["store"]["counts"]
    recorded = (await service.data(RECORD, {"input": chain(space)}))["recordLineage"]
    made = recorded["executions"]
    assert recorded["created"] == [True] * 4
    assert [one["name"] for one in made] == ["ingest", "train", "test", "serve"]
    assert [one["run"]["name"] for one in made] == ["r1", "r1", "r1", "r2"]
    assert {one["workspace"]["name"] for one in made} == {space}
    (data,), (trained,) = ids(made[0]["outputs"]), ids(made[1]["outputs"])
    assert [ids(one["inputs"]) for one in made] == [[], [data], [trained, data], [trained]]
    assert made[3]["inputs"]["edges"][0]["port"] == "model"
    # What was said of it at its output alone is there, whoever named it too.
    node = made[1]["outputs"]["edges"][0]["node"]
    assert node["description"] == "reads digits"
    assert node["labels"] == [{"key": "stage", "value": "test"}]
    assert node["hyperparameters"] == {"lr": 1e-8}
    after = (await service.data(COUNTS))["store"]["counts"]
    added = {name: after[name] - before[name] for name in after}
    assert added == {"workspaces": 1, "runs": 2, "executions": 4, "artifacts": 3, "events": 7}
    query = """query ($id: ID!) { node(id: $id) { ... on Execution {
        upstream { complete edges { hops node { ... on Entity { name } } } } } } }"""
    found = (await service.data(query, {"id": made[3]["id"]}))["node"]["upstream"]
    assert found["complete"]
    hops = [(edge["hops"], edge["node"]["name"]) for edge in found["edges"]]
    assert hops == [(1, "MNIST"), (2, "train"), (3, "digits"), (4, "ingest")]


async def test_metrics_are_those_of_a_model_of_their_request(service: Service) -> None:
    made = (await service.data(RECORD, {"input": chain(next(fresh))}))["recordLineage"]["executions"]
    query = "query ($id: ID!) { node(id: $id) { ... on Model { metrics { nodes { id } } } } }"
    found = (await service.data(query, {"id": ids(made[1]["outputs"])[0]}))["node"]["metrics"]["nodes"]
    assert [node["id"] for node in found] == ids(made[2]["outputs"])


async def test_an_input_may_come_before_the_output_that_describes_it(service: Service) -> None:
    space = next(fresh)
    made = (await service.data(RECORD, {"input": chain(space)[::-1]}))["recordLineage"]["executions"]
    (trained,) = (edge["node"] for edge in made[2]["outputs"]["edges"])
    assert made[0]["inputs"]["edges"][0]["node"]["id"] == trained["id"]
    assert (trained["description"], trained["hyperparameters"]) == ("reads digits", {"lr": 1e-8})


async def test_what_is_said_of_one_artifact_is_taken_together(service: Service) -> None:
    space = next(fresh)
    outputs = [
        model(labels=[{"key": "b", "value": "1"}], customProperties={"x": 1, "same": [1, {"a": None}]}, owner="me"),
        model(labels=[{"key": "a", "value": "2"}, {"key": "b", "value": "1"}], modelType="net"),
        model(customProperties={"y": 1 / 3, "same": [1, {"a": None}]}, externalId=f"{space}/m", trainingFramework="t"),
    ]
    records = [execution(space, "one", outputs=outputs[:2]), execution(space, "two", outputs=outputs[2:])]
    made = (await service.data(RECORD, {"input": records}))["recordLineage"]["executions"]
    (node,), (same,) = ([edge["node"] for edge in one["outputs"]["edges"]] for one in made)
    assert node == same
    assert node["labels"] == [{"key": "a", "value": "2"}, {"key": "b", "value": "1"}]
    assert node["customProperties"] == {"x": 1, "y": 1 / 3, "same": [1, {"a": None}]}
    assert (node["owner"], node["modelType"], node["trainingFramework"]) == ("me", "net", "t")
    assert node["externalId"] == f"{space}/m"


CONTRADICTIONS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (model(description="a"), model(description="b"), "model.description", "model.description"),
    (model(owner="a"), model(owner="b"), "model.owner", "model.owner"),
    (model(modelType="a"), model(modelType="b"), "model.modelType", "model.modelType"),
    (data_set(query="a"), data_set(query="b"), "dataSet.query", "dataSet.query"),
    (
        model(labels=[{"key": "x", "value": "1"}, {"key": "k", "value": "a"}]),
        model(labels=[{"key": "k", "value": "b"}]),
        "model.labels[1].value",
        "model.labels[0].value",
    ),
    (
        model(customProperties={"a": 1, "n": 1}),
        model(customProperties={"n": True}),
        "model.customProperties.n",
        "model.customProperties.n",
    ),
    (
        model(hyperparameters={"lr": 1}),
        model(hyperparameters={"lr": 1, "layers": 2}),
        "model.hyperparameters",
        "model.hyperparameters",
    ),
    (
        metrics(externalId="contradiction", values={"a": 1}),
        metrics(externalId="contradiction", values={"a": 2}),
        "metrics.values",
        "metrics.values",
    ),
    (
        model(externalId="contradiction", version="1"),
        model(externalId="contradiction", version="2"),
        "model.version",
        "model.version",
    ),
]


@pytest.mark.parametrize(("one", "other", "first", "second"), CONTRADICTIONS)
async def test_two_values_of_one_field_are_refused_with_both_places(
    service: Service, one: dict[str, Any], other: dict[str, Any], first: str, second: str
) -> None:
    before = await service.data(COUNTS)
    space = next(fresh)
    records = [
        execution(space, "one", outputs=[metrics(), one]),
        execution(space, "two", inputs=[other]),
    ]
    error = await service.error(RECORD, {"input": records})
    paths = f"input[0].outputs[1].artifact.{first}", f"input[1].inputs[0].artifact.{second}"
    assert (error["code"], error["against"], error["argument"]) == ("INVALID_ARGUMENT", *paths)
    assert all(path in error["message"] for path in paths)
    both = {**execution(space, "one", inputs=[one], outputs=[other])}
    error = await service.error(ONE, {"input": both})
    paths = f"input.inputs[0].artifact.{first}", f"input.outputs[0].artifact.{second}"
    assert (error["code"], error["against"], error["argument"]) == ("INVALID_ARGUMENT", *paths)
    assert await service.data(COUNTS) == before


async def test_contradictions_are_refused_where_the_artifact_is_there_too(service: Service) -> None:
    space = next(fresh)
    await service.data(ONE, {"input": execution(space, "first", outputs=[model(description="there")])})
    outputs = [model(description="a"), model(description="b")]
    error = await service.error(ONE, {"input": execution(space, "again", outputs=outputs)})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "input.outputs[1].artifact.model.description")


async def test_a_retry_answers_the_same_nodes(service: Service) -> None:
    space = next(fresh)
    first = (await service.data(RECORD, {"input": chain(space, f"{space}/")}))["recordLineage"]
    before = await service.data(COUNTS)
    again = (await service.data(RECORD, {"input": chain(space, f"{space}/")}))["recordLineage"]
    assert again["executions"] == first["executions"]
    assert again["created"] == [False] * 4
    assert await service.data(COUNTS) == before
    # Some of them are new: these are recorded, beside those that are there.
    more = execution(space, "explain", run="r3", inputs=[model()], outputs=[metrics()], externalId=f"{space}/explain")
    third = (await service.data(RECORD, {"input": [more, *chain(space, f"{space}/")]}))["recordLineage"]
    assert third["created"] == [True, False, False, False, False]
    assert third["executions"][1:] == first["executions"]
    assert ids(third["executions"][0]["inputs"]) == ids(first["executions"][1]["outputs"])


BAD: list[tuple[Callable[[str], dict[str, Any]], str]] = [
    (lambda space: execution(space, "x", outputs=[model(uri=" ")]), "outputs[0].artifact.model.uri"),
    (lambda space: execution(space, ""), "execution.name"),
    (lambda space: execution(space, "x", labels=[{"key": "a\tb", "value": ""}]), "execution.labels[0].key"),
    (lambda space: execution(space, "x", customProperties=[1]), "execution.customProperties"),
    (lambda space: execution(space, "x", externalId="twice"), "execution.externalId"),
    (lambda space: execution("elsewhere", "x"), "workspace"),
    (lambda space: execution(space, "x", run="r" * 300), "run"),
    (lambda space: execution(space, "x", type="mlmd.Train"), "execution.type"),
    (lambda space: execution(space, "x", inputs=[{"id": "QXJ0aWZhY3Q6OTk5OTk5"}]), "inputs[0].artifact.id"),
    (lambda space: execution(space, "x", inputs=[{"id": "V29ya3NwYWNlOjE"}]), "inputs[0].artifact.id"),
    (lambda space: execution(space, "x", inputs=[{"id": "nonsense"}]), "inputs[0].artifact.id"),
    (
        lambda space: execution(space, "x", outputs=[metrics(), metrics(modelId="QXJ0aWZhY3Q6OTk5OTk5")]),
        "outputs[1].artifact.metrics.modelId",
    ),
    (
        lambda space: execution(space, "x", outputs=[{"custom": {"type": "unknown", "name": "a", "uri": "u"}}]),
        "outputs[0].artifact.custom.type",
    ),
    (
        lambda space: execution(space, "x", inputs=[{"artifact": model(), "port": ""}]),
        "inputs[0].port",
    ),
]


@pytest.mark.parametrize(("bad", "path"), BAD, ids=[path for _, path in BAD])
async def test_one_wrong_value_records_nothing(
    service: Service, bad: Callable[[str], dict[str, Any]], path: str
) -> None:
    space = next(fresh)
    before = await service.data(COUNTS)
    good = [execution(space, "good", outputs=[data_set(), model()], externalId=name) for name in ("twice", "b", "c")]
    error = await service.error(RECORD, {"input": [*good, bad(space)]})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", f"input[3].{path}")
    assert await service.data(COUNTS) == before


async def test_nothing_to_record(service: Service) -> None:
    assert await service.data(RECORD, {"input": []}) == {"recordLineage": {"created": [], "executions": []}}


async def test_bounds(tmp_path: Path) -> None:
    async with serving(tmp_path / "small.db", create=True, max_recorded_nodes=11) as service:
        await service.data(
            "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created } }",
            {"input": chain("fits")},
        )
        before = await service.data(COUNTS)
        one_more = [*chain("larger"), execution("larger", "last")]
        short = "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created } }"
        error = await service.error(short, {"input": one_more})
        assert error["code"] == "TOO_EXPENSIVE"
        assert "12 executions" in error["message"]
        assert "another request" in error["message"]
        large = execution("larger", "many", inputs=[data_set(version=str(number)) for number in range(11)])
        assert (await service.error(ONE, {"input": large}))["code"] == "TOO_EXPENSIVE"
        assert await service.data(COUNTS) == before


async def test_an_answer_that_costs_too_much_leaves_what_was_recorded(tmp_path: Path) -> None:
    query = """mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { executions {
        inputs(first: 600) { nodes { name } } } } }"""
    async with serving(tmp_path / "small.db", create=True, max_cost=40) as service:
        error = await service.error(query, {"input": chain("costly")})
        assert error["code"] == "TOO_EXPENSIVE"
        assert "what was to be recorded is recorded" in error["message"]
    async with serving(tmp_path / "small.db") as service:
        assert (await service.data("{ store { counts { executions } } }"))["store"]["counts"]["executions"]
