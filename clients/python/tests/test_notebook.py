"""The tutorial notebook, run as a user runs it, in a kernel of its own against a served store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .conftest import Service, library

PROJECT = Path(__file__).parents[1]
NOTEBOOK = PROJECT / "examples/tutorial.ipynb"


@pytest.fixture(scope="module")
def executed(fresh: Service, tmp_path_factory: pytest.TempPathFactory) -> Any:
    nbclient = library("nbclient", "ipykernel", "pandas")
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert notebook.cells[1].source.count("http://127.0.0.1:8000") == 1
    notebook.cells[1].source = notebook.cells[1].source.replace("http://127.0.0.1:8000", fresh.url)
    path = os.pathsep.join([str(PROJECT / "src"), os.environ.get("PYTHONPATH", "")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        folder = tmp_path_factory.mktemp("notebook")
        resources = {"metadata": {"path": folder}}
        client = nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources)
        client.execute()
    return notebook


def html(notebook: Any) -> list[str]:
    return [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]


def test_the_notebook_runs_and_shows(executed: Any, fresh: Service) -> None:
    shown = html(executed)
    printed = [
        output for cell in executed.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"
    ]
    # Another test may have recorded the data set without its query, of which the service warns.
    assert all("ServiceWarning" in output["text"] for output in printed), printed
    assert sum("<svg" in one for one in shown) >= 1
    assert sum("<table" in one for one in shown) >= 3
    for one in shown:
        assert "<script" not in one
        if "dataframe" not in one:
            ElementTree.fromstring(f"<div>{one}</div>")
    (found,) = fresh.ask(
        '{ workspaces(where: {name: {eq: "workspace_1"}}) { nodes { executions { nodes { name state } } } } }'
    )["workspaces"]["nodes"]
    assert {"name": "training", "state": "UNKNOWN"} in found["executions"]["nodes"]
    assert {"name": "evaluate", "state": "COMPLETE"} in found["executions"]["nodes"]


def test_the_notebook_is_kept_without_outputs() -> None:
    import json

    kept = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in kept["cells"])
