"""Every ready-made operation runs on the demonstration store, in a number of statements that its depth decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineageql.web.operations import Operation, load_operations, operations_folder
from tests.catalog.graphs import empty_store
from tests.demo import demo_store
from tests.places import Place
from tests.service import Service, serving

OPERATIONS = {operation.name: operation for operation in load_operations(operations_folder())}
STATEMENTS = {
    "around-a-model": 36,
    "artifacts-by-label": 10,
    "compare-runs": 13,
    "lineage-of-a-model": 11,
    "models-of-a-workspace": 15,
    "models-without-approved-data": 15,
    "production-models-of-a-data-set": 12,
    "runs-of-a-workspace": 20,
    "search": 15,
    "store": 6,
    "what-changed-between-versions": 16,
    "workspaces": 17,
}
MORE = {
    # Each of its three searches asks for the cost of its access paths once more, with those in documents.
    ("MariaDBPlace", "models-without-approved-data"): 3,
    # A level of a lineage is a statement there.
    ("MariaDBPlace", "lineage-of-a-model"): 8,
    ("MariaDBPlace", "production-models-of-a-data-set"): 8,
    ("MariaDBPlace", "what-changed-between-versions"): 6,
    # The others ask once whether there is a search index, which MariaDB does not have.
    ("MariaDBPlace", "search"): -1,
    ("MariaDBPlace", "store"): -1,
}
"""What a database takes more, or less, than the others."""
MUTATIONS = sorted(name for name in OPERATIONS if name.startswith("record-"))


def test_every_operation_is_counted() -> None:
    assert OPERATIONS.keys() == {*STATEMENTS, *MUTATIONS}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_reading(name: str, place: Place) -> None:
    operation = OPERATIONS[name]
    place.fill_demo()
    expected = STATEMENTS[name] + MORE.get((type(place).__name__, name), 0)
    async with serving(place.url) as service:
        assert await statements(service, operation) == expected
        await grow(service)
        assert await statements(service, operation) == expected


async def statements(service: Service, operation: Operation) -> int:
    before = service.statements
    answer = await service.data(operation.document, dict(operation.variables))
    assert all(value for value in answer.values()), "the operation finds nothing in the demonstration store"
    return service.statements - before


GROW = """
mutation Grow($input: RecordExecutionInput!) { recordExecution(input: $input) { created } }
"""


async def grow(service: Service) -> None:
    """Adds runs, executions, artifacts and metrics beside and below those that the operations show."""
    for number in range(12):
        run = "monthly-2026-02" if number % 2 else f"extra-{number}"
        model = {"name": "fraud-model", "uri": "s3://lineage-demo/models/fraud-model/2026-02", "version": "2026-02"}
        labels = [{"key": "stage", "value": "production"}]
        await service.data(
            GROW,
            {
                "input": {
                    "workspace": "fraud-detection",
                    "run": run,
                    "execution": {"name": f"extra-{number}"},
                    "inputs": [{"port": "model", "artifact": {"model": model}}],
                    "outputs": [
                        {"port": "out", "artifact": {"model": {**model, "version": f"x{number}", "labels": labels}}},
                        {"port": "m", "artifact": {"metrics": {"name": "m", "uri": "u", "values": {"auc": number}}}},
                    ],
                }
            },
        )


async def test_recording(place: Place) -> None:
    place.fill_demo()
    async with serving(place.url) as service:
        found = await service.data('{ artifacts(where: {name: {eq: "features"}}) { nodes { id } } }')
        features = [node["id"] for node in found["artifacts"]["nodes"]]
        answers: dict[str, Any] = {}
        for name in MUTATIONS:
            operation = OPERATIONS[name]
            answers[name] = await service.data(operation.document, dict(operation.variables))
        again = {
            name: await service.data(OPERATIONS[name].document, dict(OPERATIONS[name].variables))
            for name in ("record-5-serving", "record-6-lineage")
        }
    assert answers["record-1-workspace"]["createWorkspace"]["created"]
    assert answers["record-4-inputs-and-outputs"]["model"]["created"]
    # Each step takes the ids that the steps before it answered.
    workspace = answers["record-1-workspace"]["createWorkspace"]["workspace"]
    run = answers["record-2-run"]["createRun"]["run"]
    execution = answers["record-3-execution"]["createExecution"]["execution"]
    assert OPERATIONS["record-2-run"].variables["input"]["workspaceId"] == workspace["id"]
    assert run["workspace"]["name"] == workspace["name"]
    assert OPERATIONS["record-3-execution"].variables["input"]["runId"] == run["id"]
    assert OPERATIONS["record-4-inputs-and-outputs"].variables["execution"] == execution["id"]
    served = answers["record-5-serving"]["recordExecution"]
    assert served["created"]
    upstream = served["inputs"][0]["upstream"]
    assert upstream["complete"]
    assert [edge["node"]["name"] for edge in upstream["edges"]] == ["training", "mytable-dump"]
    assert served["inputs"][0]["id"] == answers["record-4-inputs-and-outputs"]["model"]["artifact"]["id"]
    assert not again["record-5-serving"]["recordExecution"]["created"]
    split, train, evaluate = answers["record-6-lineage"]["recordLineage"]["executions"]
    assert node_ids(train["inputs"]) == node_ids(split["outputs"])
    assert node_ids(evaluate["inputs"]) == node_ids(train["outputs"])
    assert split["inputs"]["edges"][0]["node"]["id"] in features
    assert again["record-6-lineage"]["recordLineage"]["created"] == [False] * 3
    assert again["record-6-lineage"]["recordLineage"]["executions"] == [split, train, evaluate]


def node_ids(connection: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in connection["edges"]]


EXAMPLES = sorted(name for name, operation in OPERATIONS.items() if operation.examples is not None)


@pytest.mark.parametrize("name", EXAMPLES)
async def test_examples_are_found_in_the_store_at_hand(name: str, tmp_path: Path) -> None:
    operation = OPERATIONS[name]
    assert operation.examples is not None
    path, empty = tmp_path / "demo.db", tmp_path / "empty.db"
    path.write_bytes(demo_store())
    empty.write_bytes(empty_store())
    async with serving(empty, read_only=True) as service:
        nothing = operation.examples.fill(operation.variables, await service.data(operation.examples.document))
    async with serving(path, read_only=True) as service:
        found = operation.examples.fill(operation.variables, await service.data(operation.examples.document))
        if name in STATEMENTS:
            answer = await service.data(operation.document, found)
            assert all(value for value in answer.values()), "the operation finds nothing with its examples"
    for key, steps in operation.examples.paths.items():
        values: list[Any] = [nothing, found]
        for step in steps:
            values = [value[step] for value in values]
        if key in operation.examples.ids:
            assert not values[0], "an id is found in an empty store"
        if name in STATEMENTS:
            assert values[1], "nothing is found in the demonstration store"
