"""The runs of a workspace cost what they are, however many other workspaces a store has."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.service import serving
from tests.store.sql.reading import watched
from tests.store.sql.schema import SCRIPT

ASKED = "{ workspaces(first: 5) { nodes { name runs(first: 3) { totalCount nodes { name state } } } } }"


def kfp(number: int) -> str:
    """A pipeline and its run, by their parent."""
    return f"""
        INSERT INTO Context (id, type_id, name) VALUES ({number}, 90, 'p{number}'), (10{number:04}, 91, 'r{number}');
        INSERT INTO ParentContext (context_id, parent_context_id) VALUES (10{number:04}, {number});"""


def tfx(number: int) -> str:
    """A pipeline and its run, by the pipeline's name."""
    return f"""
        INSERT INTO Context (id, type_id, name) VALUES ({number}, 92, 'p{number}'), (10{number:04}, 93, 'r{number}');
        INSERT INTO ContextProperty (context_id, name, is_custom_property, string_value)
        VALUES (10{number:04}, 'pipeline_name', 0, 'p{number}');"""


TYPES = """
    INSERT INTO Type (id, name, type_kind) VALUES (90, 'system.Pipeline', 2), (91, 'system.PipelineRun', 2),
    (92, 'pipeline', 2), (93, 'run', 2), (94, 'component_run', 2);"""


@pytest.mark.parametrize("writer", [kfp, tfx])
async def test_runs_of_few_workspaces_of_many(writer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    for size in (20, 600):
        path = tmp_path / f"{size}.db"
        with closing(sqlite3.connect(path)) as connection:
            script = "".join(writer(number) for number in range(1, size + 1))
            connection.executescript(f"{SCRIPT};{TYPES}BEGIN;{script}COMMIT;")
        async with serving(path, read_only=True) as service:
            with watched(monkeypatch) as reads:
                nodes = (await service.data(ASKED))["workspaces"]["nodes"]
            taken.append(reads.steps)
        runs = [
            (node["name"], [run["name"] for run in node["runs"]["nodes"]], node["runs"]["totalCount"]) for node in nodes
        ]
        assert runs == [(f"p{number}", [f"r{number}"], 1) for number in range(1, 6)]
    assert taken[1] < 1.5 * taken[0]
