"""What each writer's words mean: the fixtures' stores, checked by eye once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.model.kinds import ArtifactKind
from lineageql.model.predicates import And, Field, Operator, Related, Relation, Test
from lineageql.store.ports import Link, Search, StoreCounts
from tests.conventions.reading import ALL, Whole, read, reading
from tests.writers import kfp_v1, kfp_v2, kinds, tfx_ir, tfx_legacy

Written = Callable[[str], Path]
WORKSPACE, RUN, EXECUTION, ARTIFACT = EntityKind.WORKSPACE, EntityKind.RUN, EntityKind.EXECUTION, EntityKind.ARTIFACT


async def whole_of(path: Path) -> tuple[Whole, StoreCounts]:
    async with reading(path) as reader:
        return await read(reader), await reader.counts()


async def test_kfp_v2(written: Written) -> None:
    whole, counts = await whole_of(written("kfp_v2"))
    assert counts == StoreCounts(workspaces=1, runs=2, executions=12, artifacts=7, events=14)
    assert whole.names(WORKSPACE) == ["fraud-pipeline"]
    assert whole.names(RUN) == list(kfp_v2.RUNS)
    assert {whole.workspace(run) for run in whole.entities[RUN]} == {"fraud-pipeline"}
    first, second = (f"run/{run}" for run in kfp_v2.RUNS)
    steps = ["import-rows", "split-rows", "train-all", "trial", "train", "trial", "train", "report"]
    assert whole.names(EXECUTION) == [first, *steps, second, "train", "report"]
    # Inputs of an execution are artifacts of the run, too; names come from `display_name`, else from the port.
    assert whole.names(ARTIFACT) == ["rows", "parts", "parts", "model", "metrics", "curve", "report"]
    assert {whole.workspace(artifact) for artifact in whole.entities[ARTIFACT]} == {"fraud-pipeline"}
    kinds = [ArtifactKind.DATA_SET] * 3 + [ArtifactKind.MODEL] + [ArtifactKind.METRICS] * 2 + [ArtifactKind.OTHER]
    assert [artifact.kind for artifact in _all(whole, ARTIFACT)] == kinds
    assert [(execution.mlmd_id, execution.parent_id) for execution in _all(whole, EXECUTION)] == [
        *((1, None), (2, 1), (3, 1), (4, 1), (5, 4), (6, 5), (7, 4), (8, 7), (9, 1), (10, None), (11, 10), (12, 10)),
    ]
    states = {execution.mlmd_id: execution.state for execution in _all(whole, EXECUTION)}
    assert (states[1], states[6], states[8]) == (ExecutionState.RUNNING, ExecutionState.FAILED, ExecutionState.COMPLETE)
    assert (states[9], states[11]) == (ExecutionState.CANCELED, ExecutionState.CACHED)
    assert whole.ports == [
        *((2, "OUTPUT", 1, "artifact"), (3, "INPUT", 1, "rows"), (3, "OUTPUT", 2, "parts"), (3, "OUTPUT", 3, "parts")),
        *((6, "INPUT", 2, "rows"), (8, "INPUT", 3, "rows"), (8, "OUTPUT", 4, "model"), (8, "OUTPUT", 5, "metrics")),
        *((8, "OUTPUT", 6, "curve"), (9, "INPUT", 5, "metrics"), (11, "INPUT", 1, "rows"), (11, "OUTPUT", 4, "model")),
        *((12, "INPUT", 4, "model"), (12, "OUTPUT", 7, "report")),
    ]


async def test_kfp_v2_values(written: Written) -> None:
    """Lists and objects are unwrapped; bookkeeping is there when asked for, and does not count as a metric."""
    whole, _ = await whole_of(written("kfp_v2"))
    part, model, metrics = (whole.named(ARTIFACT, name)[0] for name in ("parts", "model", "metrics"))
    assert part.custom_properties["columns"] == ["amount", 3]
    assert model.custom_properties["framework"] == {"name": "torch", "version": 2}
    assert model.property("store_session_info") == '{"Provider":"minio"}'
    assert "store_session_info" not in model.properties
    assert metrics.values == {"accuracy": 0.93, "epochs": 4}
    root = whole.entities[EXECUTION][0]
    assert root.custom_properties["inputs"] == {"fields": ["amount", "country"], "rate": 0.1, "rounds": 3}


async def test_kfp_v2_outputs_of_a_run_are_its_output_events(written: Written) -> None:
    async with reading(written("kfp_v2")) as reader:
        whole = await read(reader)
        second = whole.entities[RUN][1].ref
        outputs = (await reader.search_under(Link.RUN_OUTPUTS, [second], Search(ARTIFACT), ALL))[second]
        inputs = (await reader.search_under(Link.RUN_INPUTS, [second], Search(ARTIFACT), ALL))[second]
    assert [row.entity.name for row in outputs.rows] == ["model", "report"]  # the cached task's, of the first run
    assert [row.entity.name for row in inputs.rows] == ["rows"]


async def test_kfp_v1(written: Written) -> None:
    whole, counts = await whole_of(written("kfp_v1"))
    assert counts == StoreCounts(workspaces=0, runs=1, executions=2, artifacts=2, events=3)
    assert whole.names(RUN) == [kfp_v1.RUN]
    assert whole.names(EXECUTION) == ["read table", "train"]
    assert whole.names(ARTIFACT) == ["table", "model"]
    assert whole.workspaces == {}
    assert {whole.run(execution) for execution in whole.entities[EXECUTION]} == {kfp_v1.RUN}


async def test_tfx_ir(written: Written) -> None:
    whole, counts = await whole_of(written("tfx_ir"))
    assert counts == StoreCounts(workspaces=1, runs=2, executions=6, artifacts=9, events=15)
    assert whole.names(WORKSPACE) == [tfx_ir.PIPELINE]
    assert whole.names(RUN) == list(tfx_ir.RUNS)
    # The node's name without the pipeline's, both with dots; without a node context, the class.
    steps = ["CsvExampleGen", "Trainer.big", "Distiller"]
    assert whole.names(EXECUTION) == steps * 2
    artifacts = ["examples", "examples", "best model", "student"]
    # An artifact at no port is called by its uri; a class of the user's own reads as TFX's do.
    assert whole.names(ARTIFACT) == [*artifacts, *artifacts[:3], "2", "student"]
    assert [artifact.version for artifact in _all(whole, ARTIFACT)][:3] == ["0", "1", None]
    assert whole.entities[ARTIFACT][7].state is ArtifactState.ABANDONED  # type: ignore[attr-defined]
    assert whole.entities[ARTIFACT][8].state is ArtifactState.REFERENCE  # type: ignore[attr-defined]
    assert whole.ports[8:] == [
        *((4, "OUTPUT", 6, "examples"), (5, "INPUT", 5, "examples"), (5, "INPUT", 6, "examples")),
        *((5, "PENDING_OUTPUT", 7, "model"), (5, "INTERNAL_OUTPUT", 8, None), (6, "INTERNAL_INPUT", 7, "teacher")),
        (6, "OUTPUT", 9, "student"),
    ]
    assert whole.events[9].path == ("examples", 0, "baseline", 0)
    assert whole.entities[EXECUTION][0].custom_properties["__external_step__"] == "7"


async def test_tfx_legacy(written: Written) -> None:
    whole, counts = await whole_of(written("tfx_legacy"))
    assert counts == StoreCounts(workspaces=1, runs=2, executions=4, artifacts=12, events=14)
    runs = [f"{tfx_legacy.PIPELINE}.{run}" for run in tfx_legacy.RUNS]
    assert [(run.name, whole.workspace(run)) for run in whole.entities[RUN]] == [(run, "taxi") for run in runs]
    assert whole.names(EXECUTION) == ["StatisticsGen", "Trainer"] * 2
    # The time of the run is no part of a name, unless it is all there is.
    names = [["statistics"] * 5 + [f":{run}"] for run in tfx_legacy.RUNS]
    assert whole.names(ARTIFACT) == [*names[0], *names[1]]
    states = [ArtifactState.LIVE, ArtifactState.DELETED, ArtifactState.PENDING]
    states += [ArtifactState.MARKED_FOR_DELETION, ArtifactState.UNKNOWN, ArtifactState.LIVE]
    assert [artifact.state for artifact in _all(whole, ARTIFACT)] == states * 2


async def test_names_and_states_of_tfx_legacy_are_found(written: Written) -> None:
    async with reading(written("tfx_legacy")) as reader:

        async def found(*tests: Test) -> int:
            return len((await reader.search(Search(ARTIFACT, And(tests)), ALL)).rows)

        assert await found(Test(Field.NAME, Operator.EQ, "statistics")) == 10
        assert await found(Test(Field.NAME, Operator.IN, ("statistics", "model"))) == 10
        assert await found(Test(Field.NAME, Operator.STARTS_WITH, "statistics:")) == 0
        live = Test(Field.STATE, Operator.IN, (ArtifactState.LIVE.value,))
        assert await found(live) == 4
        assert await found(live, Test(Field.NAME, Operator.ENDS_WITH, "s")) == 2


async def test_model_registry(written: Written) -> None:
    whole, counts = await whole_of(written("model_registry"))
    assert counts == StoreCounts(workspaces=4, runs=4, executions=1, artifacts=8, events=0)
    assert whole.names(WORKSPACE) == ["fraud", "old", "prod", "tuning"]
    assert [(run.name, whole.workspace(run)) for run in whole.entities[RUN]] == [
        *(("v1", "fraud"), ("v2", "fraud"), ("fraud-svc", "prod"), ("lr-0.1", "tuning")),
    ]
    assert whole.names(EXECUTION) == ["serve"]
    assert [whole.run(execution) for execution in whole.entities[EXECUTION]] == ["fraud-svc"]
    names = ["fraud-onnx", "README: a", "fraud-onnx", "README: a", "lone", "fraud.csv", "auc", "lr"]
    assert whole.names(ARTIFACT) == names
    spaces = ["fraud"] * 4 + [None] + ["tuning"] * 3
    assert [whole.workspace(artifact) for artifact in whole.entities[ARTIFACT]] == spaces
    model, _, _, _, _, data, metric, _ = _all(whole, ARTIFACT)
    assert (model.kind, data.kind, metric.kind) == (ArtifactKind.MODEL, ArtifactKind.DATA_SET, ArtifactKind.METRICS)
    assert model.custom_properties == {"accuracy": 0.91, "reviewed": ""}
    assert metric.values == {"auc": 0.875}


async def test_cmf(written: Written) -> None:
    whole, counts = await whole_of(written("cmf"))
    assert counts == StoreCounts(workspaces=1, runs=0, executions=3, artifacts=4, events=7)
    assert whole.names(WORKSPACE) == ["Test-env"]
    assert whole.names(EXECUTION) == ["Prepare", "Prepare", "Train-execution"]
    assert whole.names(ARTIFACT) == [
        *("artifacts/data.xml.gz", "s3://bucket/parsed/train.tsv", "artifacts/model/model.pkl", "metrics"),
    ]
    # All belongs to a stage, and so to the stage's pipeline.
    for kind in (EXECUTION, ARTIFACT):
        assert {whole.workspace(entity) for entity in whole.entities[kind]} == {"Test-env"}
    assert {port for *_, port in whole.ports} == {None}
    assert whole.events[2].path == ("artifacts/data.xml.gz:89e411ed162b9e4f4d0a636203f50414",)


def _all(whole: Whole, kind: EntityKind) -> list[Any]:
    return list(whole.entities[kind])


async def test_model_registry_versions_hold_their_artifacts(written: Written) -> None:
    """There are no events: what is attributed to a version is its output, and the version is its run."""
    async with reading(written("model_registry")) as reader:
        whole = await read(reader)
        versions = [run.ref for run in whole.entities[RUN] if run.name != "fraud-svc"]
        outputs = await reader.search_under(Link.RUN_OUTPUTS, versions, Search(ARTIFACT), ALL)
        names = [[row.entity.name for row in outputs[ref].rows] for ref in versions]
        assert names == [["fraud-onnx", "README: a"], ["fraud-onnx", "README: a"], ["fraud.csv", "auc", "lr"]]
        held = await reader.runs_holding([artifact.ref for artifact in whole.entities[ARTIFACT]])
        assert [held.get(artifact.ref) for artifact in whole.entities[ARTIFACT]] == [
            *(versions[0], versions[0], versions[1], versions[1], None, versions[2], versions[2], versions[2]),
        ]
        for name, ref in zip(("v1", "v2", "lr-0.1"), versions, strict=True):
            for wanted in (Test(Field.NAME, Operator.EQ, name), Test(Field.REF, Operator.IN, (ref,))):
                found = (await reader.search(Search(ARTIFACT, Related(Relation.RUN, wanted)), ALL)).rows
                assert [row.entity.ref for row in found] == [row.entity.ref for row in outputs[ref].rows]


async def test_kfp_runs_do_not_hold_what_they_only_read(written: Written) -> None:
    async with reading(written("kfp_v2")) as reader:
        artifacts = [row.entity.ref for row in (await reader.search(Search(ARTIFACT), ALL)).rows]
        assert await reader.runs_holding(artifacts) == {}


async def test_kinds_of_the_guide_the_cloud_and_the_catalogue(written: Written) -> None:
    async with reading(written("kinds")) as reader:
        for name, types in kinds.TYPES.items():
            of_kind = Test(Field.KIND, Operator.EQ, ArtifactKind(name))
            found = (await reader.search(Search(ARTIFACT, of_kind), ALL)).rows
            assert [row.entity.type.name for row in found] == list(types)
            assert {row.entity.kind for row in found} == {ArtifactKind(name)}  # type: ignore[attr-defined]
