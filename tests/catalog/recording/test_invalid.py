"""Every bad value, wherever it can stand: refused with its path, and nothing written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from lineageql.errors import InvalidArgument
from lineageql.model.drafts import (
    ArtifactDraft,
    ArtifactTypeDraft,
    ExecutionDraft,
    ExecutionRecord,
    PortArtifact,
    RunDraft,
    WorkspaceDraft,
)
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import NodeKind
from lineageql.store.mlmd.requests import NewType, put_types
from tests.catalog.recording.conftest import Room
from tests.catalog.recording.drafts import custom, data_set, metrics, model

# What is refused before anything is written is so whatever it would have been written to.
BACKENDS = ("sqlite",)
pytestmark = pytest.mark.asyncio(loop_scope="module")


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def objects(depth: int) -> Any:
    """Objects, of which MLMD reads fewer than of lists."""
    return {"k": objects(depth - 1)} if depth else 1


TEXTS = {
    "NUL": "a\0b",
    "surrogate": "a\ud800b",
    "null text": "__MLMD_NULL__",
    "struct text": "mlmd-struct::CgA=",
}
LONG = {"too long": "x" * 256}
BLANK = {"empty": "", "blank": " \t\n"}
NAMES = {**TEXTS, **LONG, **BLANK}
NUMBERS = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus infinity": -float("inf"),
    "big": 2**63,
    "small": -(2**63) - 1,
}
VALUES = {**TEXTS, **NUMBERS, "deep": nested(33), "nan inside": {"a": [float("nan")]}, "no JSON": {1}}
# What each of these says of the path, below the value's own.
BELOW = {"nan inside": ".a[0]", "deep": ".k[0]" * 16}
RESERVED = ["__kf_workspace__", "__kf_run__", "__ALL_META__", "__mine", "label:a", "exact:a"]
KEYS = {**TEXTS, **BLANK, "too long": "x" * 250, "newline": "a\nb", "escape": "\x1b", "delete": "\x7f", "C1": "\x85"}


def labels(prefix: str = "") -> list[tuple[Any, str]]:
    """Bad labels, each with its path."""
    cases: list[tuple[Any, str]] = [([("ok", "v"), (key, "v")], f"{prefix}labels[1].key") for key in KEYS.values()]
    cases += [([("ok", text)], f"{prefix}labels[0].value") for text in TEXTS.values()]
    return [*cases, ([("a", "1"), ("b", "2"), ("a", "3")], f"{prefix}labels[2].key")]


def customs(prefix: str = "", *declared: str) -> list[tuple[Any, str]]:
    """Bad custom properties, each with its path."""
    at = f"{prefix}customProperties"
    cases: list[tuple[Any, str]] = [({"x": value}, f"{at}.x{BELOW.get(name, '')}") for name, value in VALUES.items()]
    cases += [({name: 1}, f"{at}.{name}") for name in (*RESERVED, *declared)]
    cases += [({name: 1}, at) for name in (*TEXTS.values(), *BLANK.values(), "x" * 250)]
    cases += [
        ({"x": None}, f"{at}.x"),
        (["a list"], at),
        ({"x": {"a\0b": 1}}, f"{at}.x"),
        ({"x": {"": {2}}}, f"{at}.x."),
    ]
    return cases


def contexts() -> list[tuple[dict[str, Any], str]]:
    cases: list[tuple[dict[str, Any], str]] = [({"name": name}, "name") for name in NAMES.values()]
    cases += [({"description": text}, "description") for text in TEXTS.values()]
    cases += [({"labels": bad}, path) for bad, path in labels()]
    return cases + [({"custom_properties": bad}, path) for bad, path in customs("", "description")]


def executions() -> list[tuple[dict[str, Any], str]]:
    cases = contexts()
    cases += [({"type": name}, "type") for name in (*NAMES.values(), "mlmd.Train", "kubeflow.org/alpha/x", "Foreign")]
    cases += [({"external_id": name}, "externalId") for name in NAMES.values()]
    declared = customs("", "name", "create_time", "owner", "executable_id")
    return cases + [({"custom_properties": bad}, path) for bad, path in declared]


def artifacts() -> list[tuple[ArtifactDraft, str]]:
    cases: list[tuple[ArtifactDraft, str]] = []
    for draft in (model(), data_set(), metrics(), custom("Thing")):
        at = f"{draft.member}."
        cases += [(replace(draft, name=name), f"{at}name") for name in NAMES.values()]
        cases += [(replace(draft, uri=text), f"{at}uri") for text in (*TEXTS.values(), *BLANK.values(), "ü" * 32_768)]
        for name in ("version", "owner", "description"):
            cases += [(replace(draft, **{name: text}), f"{at}{name}") for text in TEXTS.values()]
        cases += [(replace(draft, external_id=name), f"{at}externalId") for name in NAMES.values()]
        cases += [(replace(draft, labels=bad), path) for bad, path in labels(at)]
        bad_customs = customs(at, "name", "version", "owner", "description", "create_time")
        cases += [(replace(draft, custom_properties=bad), path) for bad, path in bad_customs]
    cases += [(model(facts={"model_type": text}), "model.modelType") for text in TEXTS.values()]
    cases += [(data_set(facts={"query": text}), "dataSet.query") for text in TEXTS.values()]
    cases += [(metrics(facts={"metrics_type": text}), "metrics.metricsType") for text in TEXTS.values()]
    for name, value in VALUES.items():
        below = BELOW.get(name, "")
        cases.append((model(facts={"training_framework": value}), f"model.trainingFramework{below}"))
        if name != "deep":
            cases.append((model(facts={"hyperparameters": {"lr": value}}), f"model.hyperparameters.lr{below}"))
            cases.append((metrics(facts={"values": {"acc": value}}), f"metrics.values.acc{below}"))
    for facts, path in (("hyperparameters", "model.hyperparameters"), ("values", "metrics.values")):
        make = model if facts == "hyperparameters" else metrics
        cases += [(make(facts={facts: value}), path) for value in (1, "text", [1], {"": 1}, {" ": 1}, {"a\0": 1})]
    for kind in (EntityKind.EXECUTION, EntityKind.ARTIFACT):
        # An id of another kind, and one of nothing.
        cases.append((metrics(model=Ref(kind, 99)), "metrics.modelId"))
        cases.append((metrics(data_set=Ref(kind, 99)), "metrics.dataSetId"))
    types = ["", "unknown", "Foreign", "kubeflow.org/alpha/model", "mlmd.Model", "a\0b", "x" * 256]
    cases += [(custom(name), "custom.type") for name in types]
    wrong: dict[str, list[Any]] = {
        "i": [True, 1.5, "1", [1], 2**63],
        "d": [True, "1", {"a": 1}, float("nan"), float("inf")],
        "s": [1, True, ["a"], "__MLMD_NULL__", "a\0b"],
        "b": [1, 0, "true"],
        "o": [1, "text", objects(31)],
    }
    cases += [
        (custom("Thing", properties={name: value}), f"custom.properties.{name}")
        for name, values in wrong.items()
        for value in values
    ]
    more = ["undeclared", "name", "version", "create_time", "__ALL_META__", "label:x"]
    cases += [(custom("Thing", properties={name: "x"}), f"custom.properties.{name}") for name in more]
    cases += [(custom("Thing", properties={"": 1}), "custom.properties")]
    return cases


def shown(value: Any) -> str:
    return ascii(value)[:70]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(shared_room: Room) -> AsyncIterator[Room]:
    recording = shared_room.recording
    assert shared_room.store.recorder is not None
    foreign = [NewType(kind, "Foreign", {}) for kind in (NodeKind.EXECUTION, NodeKind.ARTIFACT)]
    await put_types(foreign).send(shared_room.store.recorder)
    declared = {"i": "INT", "d": "DOUBLE", "s": "STRING", "b": "BOOLEAN", "o": "STRUCT"}
    await recording.create_artifact_type(ArtifactTypeDraft("Thing", properties=declared))
    made = await recording.record_execution(ExecutionRecord("fraud", ExecutionDraft("known"), "daily"))
    assert made.execution == EXECUTION
    yield shared_room


SPACE, EXECUTION = Ref(EntityKind.WORKSPACE, 1), Ref(EntityKind.EXECUTION, 1)
RUN = Ref(EntityKind.RUN, RunName("fraud", "daily"))


class refused:
    """Expects an error with this path, and a store that is as it was."""

    def __init__(self, room: Room, argument: str) -> None:
        self.room, self.argument = room, argument

    def __enter__(self) -> None:
        self.rows = self.room.rows()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        assert isinstance(error, InvalidArgument), error
        assert error.argument == self.argument, error
        # It goes into an answer.
        f"{error} {error.argument}".encode()
        assert self.room.rows() == self.rows
        return True


@pytest.mark.parametrize(("fields", "argument"), contexts(), ids=shown)
async def test_workspaces_and_runs(prepared: Room, fields: dict[str, Any], argument: str) -> None:
    with refused(prepared, argument):
        await prepared.recording.create_workspace(WorkspaceDraft(**{"name": "new", **fields}))
    with refused(prepared, argument):
        await prepared.recording.create_run(SPACE, RunDraft(**{"name": "new", **fields}))


@pytest.mark.parametrize(("fields", "argument"), executions(), ids=shown)
async def test_executions(prepared: Room, fields: dict[str, Any], argument: str) -> None:
    draft = ExecutionDraft(**{"name": "new", **fields})
    with refused(prepared, argument):
        await prepared.recording.create_execution(SPACE, RUN, draft)
    with refused(prepared, f"execution.{argument}"):
        await prepared.recording.record_execution(ExecutionRecord("new", draft, "new"))


@pytest.mark.parametrize(("draft", "argument"), artifacts(), ids=shown)
async def test_artifacts(prepared: Room, draft: ArtifactDraft, argument: str) -> None:
    with refused(prepared, f"artifact.{argument}"):
        await prepared.recording.log_input(EXECUTION, PortArtifact(draft, "port"))
    record = ExecutionRecord(
        "new", ExecutionDraft("new"), "new", outputs=[PortArtifact(model("ok")), PortArtifact(draft)]
    )
    with refused(prepared, f"outputs[1].artifact.{argument}"):
        await prepared.recording.record_execution(record)
    with refused(prepared, f"[0].outputs[1].artifact.{argument}"):
        await prepared.recording.record_lineage([record])


@pytest.mark.parametrize("name", NAMES.values(), ids=shown)
async def test_names_of_records(prepared: Room, name: str) -> None:
    draft = ExecutionDraft("new")
    with refused(prepared, "workspace"):
        await prepared.recording.record_execution(ExecutionRecord(name, draft))
    with refused(prepared, "run"):
        await prepared.recording.record_execution(ExecutionRecord("new", draft, name))
    with refused(prepared, "inputs[0].port"):
        items = [PortArtifact(model(), name)]
        await prepared.recording.record_execution(ExecutionRecord("new", draft, inputs=items))
    with refused(prepared, "port"):
        await prepared.recording.log_output(EXECUTION, PortArtifact(model(), name))


async def test_a_run_and_its_workspace_that_are_too_long_together(prepared: Room) -> None:
    with refused(prepared, "run"):
        await prepared.recording.record_execution(ExecutionRecord("w" * 128, ExecutionDraft("new"), "r" * 127))
    # A slash in the workspace's name takes three characters there.
    with refused(prepared, "run"):
        await prepared.recording.record_execution(ExecutionRecord("/" * 50, ExecutionDraft("new"), "r" * 105))
    with refused(prepared, "name"):
        await prepared.recording.create_run(SPACE, RunDraft("r" * 250))


async def test_ids(prepared: Room) -> None:
    recording, item = prepared.recording, PortArtifact(model())
    for ref in (Ref(EntityKind.EXECUTION, 99), SPACE, RUN):
        with refused(prepared, "executionId"):
            await recording.log_input(ref, item)
    for ref in (Ref(EntityKind.ARTIFACT, 99), SPACE, EXECUTION):
        with refused(prepared, "artifact.id"):
            await recording.log_input(EXECUTION, PortArtifact(ref))
        with refused(prepared, "inputs[0].artifact.id"):
            given = ExecutionRecord("new", ExecutionDraft("new"), inputs=[PortArtifact(ref)])
            await recording.record_execution(given)


@pytest.mark.parametrize(("bad", "argument"), labels(), ids=shown)
async def test_labels(prepared: Room, bad: Any, argument: str) -> None:
    for ref in (SPACE, RUN, EXECUTION):
        with refused(prepared, argument):
            await prepared.recording.set_labels(ref, bad)


@pytest.mark.parametrize(("bad", "argument"), customs("", "name", "description"), ids=shown)
async def test_updates(prepared: Room, bad: Any, argument: str) -> None:
    if bad == {"x": None}:
        return  # it removes a property
    with refused(prepared, argument):
        await prepared.recording.update_execution(EXECUTION, custom_properties=bad)


@pytest.mark.parametrize("text", TEXTS.values(), ids=shown)
async def test_descriptions_of_updates(prepared: Room, text: str) -> None:
    with refused(prepared, "description"):
        await prepared.recording.update_execution(EXECUTION, description=text)


async def test_what_is_too_long_for_the_store(prepared: Room) -> None:
    most = "x" * 16_777_216
    half = most[:9_000_000]
    for fields, argument in (
        ({"description": most}, "model.description"),
        ({"labels": [("a", most)]}, "model.labels[0].value"),
        ({"facts": {"hyperparameters": {"a": most}}}, "model.hyperparameters.a"),
        ({"custom_properties": {"a": most}}, "model.customProperties.a"),
        ({"custom_properties": {"a": [half, half]}}, "model.customProperties.a"),
        # Each is short enough, and stands in one text with the other.
        ({"description": half, "owner": half}, "model"),
    ):
        with refused(prepared, f"artifact.{argument}"):
            await prepared.recording.log_output(EXECUTION, PortArtifact(model("long", **fields)))
    with refused(prepared, "labels"):
        await prepared.recording.create_workspace(WorkspaceDraft("long", labels=[("a", half), ("b", half)]))
