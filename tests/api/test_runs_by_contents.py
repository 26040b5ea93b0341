"""Runs by what they read and wrote, and workspaces by what they hold: a store whose owner said what he expects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, serving
from tests.store.sql.node_types import KFP_V2
from tests.store.sql.records import ARTIFACT, EventRecord, NodeRecord, StoreRecord, TypeRecord, make, template

_, STEP, PIPELINE, RUN, METRICS = KFP_V2
DATA = TypeRecord(55, ARTIFACT, "system.Dataset")
READ, WROTE = 3, 4
ACCURACY = (0.8, 0.95, 0.99)


def store() -> StoreRecord:
    """Three runs of two steps each, all but the first of which read one data set; each step wrote metrics."""
    artifacts = [NodeRecord(1, DATA, uri="s3://x", custom={"display_name": "ds-2024"})]
    executions, events, contexts = [], [], [NodeRecord(1, PIPELINE, "p"), NodeRecord(5, PIPELINE, "idle")]
    inside: set[tuple[int, int]] = set()
    for place, accuracy in enumerate(ACCURACY):
        run = place + 2
        contexts.append(NodeRecord(run, RUN, f"run-{place}"))
        for task in ("train", "eval"):
            step, metrics = len(executions) + 1, len(artifacts) + 1
            executions.append(NodeRecord(step, STEP, state=3, custom={"display_name": task, "task_name": task}))
            artifacts.append(NodeRecord(metrics, METRICS, custom={"display_name": "metrics", "accuracy": accuracy}))
            inside |= {(1, step), (run, step)}
            if place:
                events.append(EventRecord(len(events) + 1, 1, step, READ, path=("data",)))
            events.append(EventRecord(len(events) + 1, metrics, step, WROTE, path=("metrics",)))
    return StoreRecord(
        types=(*KFP_V2, DATA),
        artifacts=tuple(artifacts),
        executions=tuple(executions),
        contexts=tuple(contexts),
        events=tuple(events),
        associations=frozenset(inside),
        attributions=frozenset(),
        parents=frozenset({(2, 1), (3, 1), (4, 1)}),
    )


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "runs.db"
    make(path, store(), template())
    async with serving(path, read_only=True) as running:
        yield running


GOOD = {"properties": [{"name": "accuracy", "gt": 0.9}]}
RUNS: list[tuple[dict[str, Any], list[str]]] = [
    ({"inputs": {"name": {"eq": "ds-2024"}}}, ["run-1", "run-2"]),
    ({"not": {"inputs": {"name": {"eq": "ds-2024"}}}}, ["run-0"]),
    ({"outputs": GOOD}, ["run-1", "run-2"]),
    ({"inputs": {"kind": ["METRICS"]}}, []),
    ({"outputs": {"producedBy": {"inputs": {"uri": {"eq": "s3://x"}}}}}, ["run-1", "run-2"]),
    ({"executions": {"name": {"eq": "train"}, "outputs": {"not": GOOD}}}, ["run-0"]),
    ({"executions": {"state": ["FAILED"]}}, []),
    ({"outputs": GOOD, "name": {"in": ["run-0", "run-1"]}}, ["run-1"]),
]


@pytest.mark.parametrize(("where", "wanted"), RUNS, ids=str)
async def test_runs_by_what_they_hold(service: Service, where: dict[str, Any], wanted: list[str]) -> None:
    query = "query ($where: RunFilter) { runs(where: $where) { totalCount nodes { name } } }"
    found = (await service.data(query, {"where": where}))["runs"]
    assert [node["name"] for node in found["nodes"]] == wanted
    assert found["totalCount"] == len(wanted)


WORKSPACES: list[tuple[dict[str, Any], list[str]]] = [
    ({"runs": {"name": {"eq": "run-1"}}}, ["p"]),
    ({"runs": {"outputs": GOOD}}, ["p"]),
    ({"not": {"runs": {}}}, ["idle"]),
    ({"executions": {"inputs": {"name": {"eq": "ds-2024"}}}}, ["p"]),
    ({"executions": {"name": {"eq": "deploy"}}}, []),
    ({"artifacts": {}}, []),  # nothing is attributed to a context here
]


@pytest.mark.parametrize(("where", "wanted"), WORKSPACES, ids=str)
async def test_workspaces_by_what_they_hold(service: Service, where: dict[str, Any], wanted: list[str]) -> None:
    query = "query ($where: WorkspaceFilter) { workspaces(where: $where) { totalCount nodes { name } } }"
    found = (await service.data(query, {"where": where}))["workspaces"]
    assert [node["name"] for node in found["nodes"]] == wanted
    assert found["totalCount"] == len(wanted)
