"""Real stores, checked by eye once. MLMD_STORES names their folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lineageql.model.entities import Execution, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.store.ports import StoreCounts
from tests.conventions.reading import Whole, read, reading

Real = Callable[[str], Path]
WORKSPACE, RUN, EXECUTION, ARTIFACT = EntityKind.WORKSPACE, EntityKind.RUN, EntityKind.EXECUTION, EntityKind.ARTIFACT
COUNTS = {
    "kubeflow-sdk": StoreCounts(workspaces=6, runs=4, executions=9, artifacts=8, events=11),
    "tfx-ir": StoreCounts(workspaces=1, runs=5, executions=15, artifacts=16, events=26),
    "tfx-legacy-schema5": StoreCounts(workspaces=1, runs=8, executions=8, artifacts=12, events=22),
    "cmf": StoreCounts(workspaces=1, runs=0, executions=9, artifacts=15, events=40),
}


async def whole_of(path: Path) -> Whole:
    async with reading(path) as reader:
        return await read(reader)


@pytest.mark.parametrize("name", COUNTS)
async def test_counts(real: Real, name: str) -> None:
    async with reading(real(name)) as reader:
        assert await reader.counts() == COUNTS[name]


async def test_kubeflow_sdk(real: Real) -> None:
    whole = await whole_of(real("kubeflow-sdk"))
    assert whole.names(WORKSPACE)[:3] == ["workspace_1", "workspace_one", "workspace_two"]
    assert sorted(set(whole.names(RUN))) == ["first run", "run-2026-11-23T09:44:07.072868"]
    assert whole.names(ARTIFACT)[:4] == ["mytable-dump", "MNIST", "MNIST-evaluation", "MNIST"]
    assert {port for *_, port in whole.ports} == {None}
    mnist = whole.entities[ARTIFACT][1]
    assert mnist.label_values == {"mylabel": "l1"}


async def test_tfx_ir(real: Real) -> None:
    whole = await whole_of(real("tfx-ir"))
    assert whole.names(WORKSPACE) == ["penguin-simple"]
    assert whole.names(RUN)[0] == "2023-04-04T09:42:28.117866"
    once = ["CsvExampleGen", "Trainer"]
    last = ["CsvExampleGen", "StatisticsGen", "Trainer", "Pusher", "SchemaGen"]
    assert whole.names(EXECUTION) == [*once, *once, *once, "Pusher", *once, "Pusher", *last]
    assert sorted(set(whole.names(ARTIFACT))) == [
        "examples",
        "model",
        "model_run",
        "pushed_model",
        "schema",
        "statistics",
    ]
    failed = [
        e.mlmd_id for e in whole.entities[EXECUTION] if isinstance(e, Execution) and e.state is ExecutionState.FAILED
    ]
    assert failed == [2, 4]
    assert all(event.path == (port, 0) for event, (*_, port) in zip(whole.events, whole.ports, strict=True))
    assert {whole.run(e) for e in whole.entities[EXECUTION]} == set(whole.names(RUN))


async def test_tfx_legacy(real: Real) -> None:
    whole = await whole_of(real("tfx-legacy-schema5"))
    pipeline = "interactive-2021-10-15T03_35_35.504642"
    assert whole.names(WORKSPACE) == [pipeline]
    assert whole.names(RUN)[0] == f"{pipeline}.2021-10-15T03:41:15.972539"
    # A run has no parent here: it names its pipeline.
    assert {whole.workspace(run) for run in whole.entities[RUN]} == {pipeline}
    steps = ["CsvExampleGen", "StatisticsGen", "SchemaGen", "ImporterNode.import_user_schema", "StatisticsGen"]
    assert whole.names(EXECUTION) == [*steps, "ExampleValidator", "Transform", "Transform"]
    assert whole.names(ARTIFACT)[:6] == ["examples", "statistics", "schema", "result", "statistics", "anomalies"]
    states = [e.state.name for e in whole.entities[EXECUTION] if isinstance(e, Execution)]
    assert states == ["COMPLETE", "COMPLETE", "COMPLETE", "CACHED", "COMPLETE", "COMPLETE", "NEW", "COMPLETE"]


async def test_cmf(real: Real) -> None:
    whole = await whole_of(real("cmf"))
    assert whole.names(WORKSPACE) == ["Test-env"]
    steps = ["Prepare", "Featurize-execution", "Train-execution", "Evaluate-execution"]
    assert whole.names(EXECUTION) == [*steps, *steps, "Prepare"]
    assert whole.names(ARTIFACT)[1:4] == ["artifacts/data.xml.gz", "artifacts/labels.csv", "artifacts/parsed/train.tsv"]
    assert whole.names(ARTIFACT)[8:10] == ["artifacts/model/model.pkl", "metrics"]
    assert {port for *_, port in whole.ports} == {None}
    for kind in (EXECUTION, ARTIFACT):
        assert {whole.workspace(entity) for entity in whole.entities[kind]} == {"Test-env"}
