"""Facets of artifacts, executions and runs, as clients ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.demo import demo_store
from tests.service import Service, serving


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as running:
        yield running


async def test_what_failed_and_where(service: Service) -> None:
    found = await service.data("""{
        executions: executionFacets(by: RUN, where: {state: [FAILED]}) { value count }
        runs: runFacets(by: WORKSPACE, where: {executions: {state: [FAILED]}}) { value count }
        states: runFacets(by: STATE) { value count }
        artifacts: artifactFacets(by: RUN, where: {kind: [MODEL]}, first: 1) { value count }
    }""")
    assert found == {
        "executions": [{"value": "monthly-2026-03-first-try", "count": 1}],
        "runs": [{"value": "fraud-detection", "count": 1}],
        "states": [
            {"value": "COMPLETE", "count": 7},
            {"value": "FAILED", "count": 1},
            {"value": "RUNNING", "count": 1},
        ],
        "artifacts": [{"value": "forecast-2026-04", "count": 1}],
    }


async def test_names_that_filters_and_orders_take(service: Service) -> None:
    """Each is counted as often as a filter by it finds something."""
    for kind, by, asked in (
        ("artifact", "PROPERTY_NAME", "properties"),
        ("artifact", "VALUE_NAME", "values"),
        ("artifact", "PARAMETER_NAME", "parameters"),
        ("execution", "PROPERTY_NAME", "properties"),
        ("execution", "PARAMETER_NAME", "parameters"),
    ):
        names = (await service.data(f"{{ {kind}Facets(by: {by}) {{ value count }} }}"))[f"{kind}Facets"]
        assert names
        for name in names:
            where = f'{{{asked}: [{{name: "{name["value"]}"}}]}}'
            found = await service.data(f"{{ {kind}s(where: {where}) {{ totalCount }} }}")
            assert found[f"{kind}s"]["totalCount"] == name["count"], (by, name)
    values = await service.data("{ artifactFacets(by: VALUE_NAME, where: {kind: [METRICS]}) { value } }")
    assert {"auc", "log_loss"} <= {one["value"] for one in values["artifactFacets"]}


async def test_writers_and_ids_of_types(service: Service) -> None:
    found = await service.data("""{
        artifacts: artifactFacets(by: WRITER) { value count } executions: executionFacets(by: WRITER) { value count }
        runs: runFacets(by: WRITER) { value } types(of: RUN) { name mlmdId }
    }""")
    assert [found[kind] for kind in ("artifacts", "executions", "runs")] == [
        [{"value": "kubeflow", "count": 37}],
        [{"value": "kubeflow", "count": 29}],
        [{"value": "kubeflow"}],
    ]
    assert all(isinstance(type_["mlmdId"], int) for type_ in found["types"])


@pytest.mark.parametrize(
    ("query", "has"),
    [
        ("executionFacets(by: KIND)", "executions have no kind: they are counted by TYPE, WRITER, STATE, WORKSPACE, "),
        (
            "executionFacets(by: VALUE_NAME)",
            "executions have no value name: they are counted by TYPE, WRITER, STATE",
        ),
        ("runFacets(by: PARAMETER_NAME)", "runs have no parameter name: they are counted by TYPE, WRITER, STATE"),
        ("runFacets(by: RUN)", "runs have no run: they are counted by TYPE, WRITER, STATE, WORKSPACE, LABEL_"),
    ],
)
async def test_what_a_kind_has_not_is_refused_and_what_it_has_is_told(service: Service, query: str, has: str) -> None:
    error = await service.error(f"{{ {query} {{ value }} }}")
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "by")
    assert error["message"].startswith(has)
