"""The same tutorial by the Kubeflow Metadata SDK and by the client: the rows of both stores."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineageql_client import metadata
from tests.mlmd_server import MLMDServer
from tests.test_sdk import play
from tests.test_sdk import sdk as sdk

from .conftest import Service

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tests/sdk_tutorial.py"
SOURCE = ROOT / "clients/python/src"
TABLES = {"Context": "context", "Execution": "execution", "Artifact": "artifact"}
# What the service adds, beside the contexts of runs: labels and exact numbers where its filters find them.
ADDED = ("label:", "exact:", "value:", "parameter:", "value-path:", "parameter-path:")
LIST = """
import json, sys
from kubeflow.metadata import metadata
workspace = metadata.Workspace(metadata.Store(sys.argv[1], int(sys.argv[2])), "workspace_1")
print(json.dumps({kind.ARTIFACT_TYPE_NAME: workspace.list(kind.ARTIFACT_TYPE_NAME)
                  for kind in (metadata.Model, metadata.DataSet, metadata.Metrics)}))
"""


@pytest.fixture(scope="module")
def by_sdk(sdk: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store that the SDK wrote, twice over, and what its `list` says of it."""
    path = tmp_path_factory.mktemp("sdk") / "lineage.db"
    server = MLMDServer(path, "--create", "--kubeflow-types")
    try:
        play(sdk, server)
        play(sdk, server)
        environ = {**os.environ, "PYTHONPATH": str(sdk)}
        command = [sys.executable, "-c", LIST, server.host, str(server.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ)
        assert done.returncode == 0, done.stderr
    finally:
        assert server.stop() == 0
    return path, json.loads(done.stdout)


@pytest.fixture(scope="module")
def by_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that the client wrote by the same script, its import and its address changed, and nothing else."""
    pytest.importorskip("ml_metadata")
    folder = tmp_path_factory.mktemp("client")
    text = SCRIPT.read_text(encoding="utf-8")
    changes = {
        "from kubeflow.metadata import metadata": "from lineageql_client import metadata",
        "metadata.Store(grpc_host=sys.argv[1], grpc_port=int(sys.argv[2]))": "metadata.Store(sys.argv[1])",
    }
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    script = folder / "tutorial.py"
    script.write_text(text, encoding="utf-8")
    service = Service(folder / "lineage.db", "--create")
    try:
        for _ in range(2):
            environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
            command = [sys.executable, str(script), service.url]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["listed"] == ["mytable-dump"]
    finally:
        service.stop()
    return service.path


def rows(path: Path) -> dict[str, Any]:
    """A store's nodes by kind, and its events, without what differs from one run to the next."""
    found: dict[str, Any] = {}
    names: dict[tuple[str, int], str] = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for table, kind in TABLES.items():
            state = {"Execution": "n.last_known_state", "Artifact": "n.state", "Context": "NULL"}[table]
            uri = "n.uri" if table == "Artifact" else "NULL"
            nodes = connection.execute(
                f"SELECT n.id, t.name, n.name, {uri}, {state} FROM {table} n JOIN Type t ON t.id = n.type_id "
                "ORDER BY n.id"
            ).fetchall()
            kept = []
            for id_, type_, name, place, condition in nodes:
                if type_ == "kubeflow.org/alpha/run":
                    continue
                properties = connection.execute(
                    "SELECT name, is_custom_property, coalesce(string_value, int_value, double_value) "
                    f"FROM {table}Property WHERE {kind}_id = ? ORDER BY is_custom_property, name",
                    [id_],
                ).fetchall()
                names[table, id_] = f"{type_} {len(kept)}"
                kept.append((type_, name if table == "Context" else None, place, condition, shown(properties)))
            found[table] = kept
        found["Event"] = [
            (names["Execution", execution], names["Artifact", artifact], type_)
            for execution, artifact, type_ in connection.execute(
                "SELECT execution_id, artifact_id, type FROM Event ORDER BY execution_id, artifact_id, type"
            )
        ]
        for table, kind in (("Association", "Execution"), ("Attribution", "Artifact")):
            found[table] = [
                (names["Context", context], names[kind, node])
                for context, node in connection.execute(
                    f"SELECT context_id, {kind.lower()}_id FROM {table} ORDER BY 1, 2"
                )
                if ("Context", context) in names
            ]
    return found


def shown(properties: list[tuple[str, int, Any]]) -> dict[str, Any]:
    """Properties by name, without times and without what the service adds."""
    kept: dict[str, Any] = {}
    for name, custom, value in properties:
        if name == "create_time" or name.startswith(ADDED):
            continue
        if name == "__ALL_META__":
            meta = json.loads(value)
            assert meta.pop("create_time")
            # The SDK's metrics have no version; the service says that it is none.
            if meta.get("version", "") is None and "values" in meta:
                del meta["version"]
            value = meta
        if name == "labels":
            value = json.loads(value)
        kept[f"{'custom ' if custom else ''}{name}"] = value
    return kept


def test_the_rows_of_both_are_the_same(by_sdk: tuple[Path, dict[str, Any]], by_client: Path) -> None:
    theirs, ours = rows(by_sdk[0]), rows(by_client)
    assert len(theirs["Execution"]) == 4
    assert len(theirs["Artifact"]) == 4
    for table in theirs:
        assert ours[table] == theirs[table], table


def test_lists_of_both_are_the_same(by_sdk: tuple[Path, dict[str, Any]], by_client: Path) -> None:
    """`Workspace.list` of the client is the SDK's own, for a store that the SDK wrote and for one of the client's."""
    path, listed = by_sdk
    for place in (path, by_client):
        service = Service(place, "--read-only")
        try:
            workspace = metadata.Workspace(metadata.Store(service.url), "workspace_1")
            for type_, expected in listed.items():
                found = workspace.list(type_)
                if place == path:
                    assert found == expected
                else:
                    timeless = [[{**row, "create_time": None} for row in some] for some in (found, expected)]
                    assert timeless[0] == timeless[1]
        finally:
            service.stop()
