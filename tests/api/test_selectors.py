"""Label selectors: Kubernetes' grammar over HTTP, against the labels that the artifacts show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.demo import demo_store
from tests.service import Service, serving

FIND = """
  query ($selector: String!) {
    artifacts(where: {labelSelector: $selector}, first: 1000) { nodes { id labels { key value } } }
  }
"""
Labels = dict[str, str]
GOOD: dict[str, Callable[[Labels], bool]] = {
    "stage=production": lambda labels: labels.get("stage") == "production",
    "stage == production": lambda labels: labels.get("stage") == "production",
    "stage!=production": lambda labels: labels.get("stage") != "production",
    " stage in ( production , testing ) ": lambda labels: labels.get("stage") in ("production", "testing"),
    "stage notin (production)": lambda labels: labels.get("stage") != "production",
    "stage": lambda labels: "stage" in labels,
    "!stage": lambda labels: "stage" not in labels,
    "stage,!team": lambda labels: "stage" in labels and "team" not in labels,
    "team,stage!=production": lambda labels: "team" in labels and labels.get("stage") != "production",
    "stage=": lambda labels: labels.get("stage") == "",
    "": lambda labels: True,
}
BAD = {
    "stage>3": 6,
    "stage<3": 6,
    "stage in ()": 11,
    "stage in production": 10,
    "stage in (a": 12,
    "stage notin": 12,
    "=production": 1,
    "stage,,team": 7,
    "stage,": 7,
    "!": 2,
    "!!stage": 2,
    "stage team": 7,
    "stage=a b": 9,
    "(stage)": 1,
    "stage!team": 6,
}


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as made:
        yield made


async def test_every_form(service: Service) -> None:
    every = (await service.data(FIND, {"selector": ""}))["artifacts"]["nodes"]
    for selector, holds in GOOD.items():
        found = (await service.data(FIND, {"selector": selector}))["artifacts"]["nodes"]
        assert found == [node for node in every if holds({label["key"]: label["value"] for label in node["labels"]})], (
            selector
        )


async def test_a_bad_one_is_refused_with_the_place(service: Service) -> None:
    for selector, place in BAD.items():
        error = await service.error(FIND, {"selector": selector})
        assert error["code"] == "INVALID_ARGUMENT", selector
        assert f"at character {place} " in error["message"], (selector, error)


WITHIN = """
  query ($selector: String!) {
    found: artifacts(where: {workspace: {labelSelector: $selector}}, first: 1000) { nodes { id } }
    artifacts(first: 1000) { nodes { id workspaces { labels { key value } } } }
    runs(where: {workspace: {labelSelector: $selector}}, first: 1000) { nodes { workspace { labels { key value } } } }
    executions(where: {run: {labelSelector: $selector}}, first: 1000) { totalCount }
  }
"""


async def test_of_the_workspace_or_the_run_of_something(service: Service) -> None:
    for selector, holds in {
        "team=risk": lambda labels: labels.get("team") == "risk",
        "team in (risk,shop),!tier": lambda labels: labels.get("team") in ("risk", "shop") and "tier" not in labels,
        "": lambda labels: True,
    }.items():
        data = await service.data(WITHIN, {"selector": selector})

        def meets(space: Any, holds: Any = holds) -> bool:
            return bool(holds({label["key"]: label["value"] for label in space["labels"]}))

        wanted = [{"id": node["id"]} for node in data["artifacts"]["nodes"] if any(map(meets, node["workspaces"]))]
        assert data["found"]["nodes"] == wanted
        assert wanted
        assert all(meets(run["workspace"]) for run in data["runs"]["nodes"])
        assert (data["executions"]["totalCount"] > 0) is (selector == "")  # no run of the demonstration has labels
    error = await service.error(WITHIN.partition("artifacts(first")[0] + "}", {"selector": "team=a b"})
    assert error["argument"] == "where.workspace.labelSelector"
    assert "at character 8 " in error["message"]
