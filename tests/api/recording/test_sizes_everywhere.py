"""Every mutation refuses what its store's columns or indexes do not hold, with the path, before it writes anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.recording.sizing import noise
from tests.places import Place
from tests.service import serving

pytest.importorskip("ml_metadata")

BACKENDS = ("postgresql", "mariadb")

# 300 bytes are too many for a column of MariaDB's, and this noise for an index of PostgreSQL's.
LONG = {"postgresql": noise(2_700), "mariadb": "好" * 100}
NAMES: dict[str, Any] = {"labels[0].key": {"labels": [{"key": LONG["mariadb"], "value": "v"}]}}
NAMES["customProperties"] = {"customProperties": {LONG["mariadb"]: 1}}
VALUES: dict[str, Any] = {"labels[0].value": {"labels": [{"key": "k", "value": LONG["postgresql"]}]}}
VALUES["customProperties.p"] = {"customProperties": {"p": LONG["postgresql"]}}
VALUES["customProperties.list"] = {"customProperties": {"list": [LONG["postgresql"]]}}
DESCRIPTION = {"description": {"description": LONG["postgresql"]}}
MODEL = {"name": "n", "uri": "u"}


def cases(backend: str, ids: dict[str, str]) -> list[tuple[str, dict[str, Any], str]]:
    """Mutations, their inputs, and the path that is refused in each."""
    found: list[tuple[str, dict[str, Any], str]] = []
    both = NAMES if backend == "mariadb" else VALUES | DESCRIPTION
    name = {"name": {"name": LONG["mariadb"]}} if backend == "mariadb" else {}
    for mutation, given, more in (
        ("createWorkspace", {"name": "new"}, name),
        ("createRun", {"name": "new", "workspaceId": ids["workspace"]}, name),
        ("createExecution", {"name": "new", "workspaceId": ids["workspace"]}, {}),
    ):
        found += [(mutation, {**given, **wrong}, path) for path, wrong in {**both, **more}.items()]
    for path, wrong in both.items():
        if path.startswith("labels"):
            found += [("setLabels", {"id": id_, **wrong}, path) for id_ in ids.values()]
        else:
            found.append(("updateExecution", {"id": ids["execution"], **wrong}, path))
        item = {"executionId": ids["execution"], "artifact": {"model": {**MODEL, **wrong}}}
        found += [(mutation, item, f"artifact.model.{path}") for mutation in ("logInput", "logOutput")]
    if backend == "mariadb":
        long = LONG["mariadb"]
        found.append(("createArtifactType", {"name": long, "properties": {}}, "name"))
        found.append(("createArtifactType", {"name": "new", "properties": {long: "STRING"}}, "properties"))
        execution = {"name": "new", "workspaceId": ids["workspace"]}
        found += [("createExecution", {**execution, key: long}, key) for key in ("type", "externalId")]
    return found


async def test_every_mutation(place: Place) -> None:
    place.fill_empty()
    backend = "mariadb" if place.url.startswith("mysql") else "postgresql"
    async with serving(place.url) as service:
        artifact = {"artifact": {"model": {"name": "known", "uri": "u"}}}
        record = {"workspace": "w", "run": "r", "execution": {"name": "e"}, "outputs": [artifact]}
        query = "recordExecution(input: $input) { workspace { id } run { id } execution { id } outputs { id } }"
        made = await service.data(f"mutation ($input: RecordExecutionInput!) {{ {query} }}", {"input": record})
        made = made["recordExecution"]
        ids = {kind: made[kind]["id"] for kind in ("workspace", "run", "execution")}
        ids["artifact"] = made["outputs"][0]["id"]
        rows = place.rows()
        for mutation, given, path in cases(backend, ids):
            kind = "LogArtifact" if mutation.startswith("log") else mutation[0].upper() + mutation[1:]
            text = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}"
            error = await service.error(text, {"input": given})
            assert (error["code"], error.get("argument")) == ("INVALID_ARGUMENT", f"input.{path}"), (mutation, error)
        assert place.rows() == rows
