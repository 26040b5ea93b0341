"""`descendsFrom` and `leadsTo` as clients ask them: right, also where they are negated, or refused as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo import demo_store
from tests.service import Service, serving

QUERY = """query ($where: ArtifactFilter!) {
  artifacts(where: $where, first: 1000) { totalCount nodes { id name version } }
}"""
UPSTREAM = """query ($where: LineageFilter) {
  artifacts(first: 1000) { nodes { id upstream(where: $where) { complete totalCount } } }
}"""
FEATURES = {"artifacts": {"name": {"eq": "features"}, "version": {"eq": "2026-02"}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.fixture
async def service(path: Path) -> AsyncIterator[Service]:
    async with serving(path, read_only=True) as running:
        yield running


async def ids(service: Service, where: dict[str, Any]) -> set[str]:
    found = (await service.data(QUERY, {"where": where}))["artifacts"]
    assert found["totalCount"] == len(found["nodes"])
    return {node["id"] for node in found["nodes"]}


@pytest.mark.parametrize("inner", [FEATURES, {"executions": {"name": {"eq": "split"}}}, {}, {"only": "EXECUTION"}])
async def test_what_descends_is_what_has_such_a_node_upstream(service: Service, inner: dict[str, Any]) -> None:
    nodes = (await service.data(UPSTREAM, {"where": inner}))["artifacts"]["nodes"]
    assert all(node["upstream"]["complete"] for node in nodes)
    wanted = {node["id"] for node in nodes if node["upstream"]["totalCount"]}
    assert await ids(service, {"descendsFrom": inner}) == wanted != set()
    assert await ids(service, {"not": {"descendsFrom": inner}}) == {node["id"] for node in nodes} - wanted


async def test_it_stands_inside_relations_and_owners(service: Service) -> None:
    approved = {"descendsFrom": FEATURES}
    data = await service.data(
        """query ($where: ArtifactFilter!) {
          runs(where: {outputs: {kind: [MODEL], and: [$where]}}) { nodes { name } }
          executions(where: {leadsTo: {artifacts: {name: {eq: "chargeback-forecast"}}}, outputs: $where}) { totalCount }
          workspaces { nodes { name artifacts(where: {kind: [MODEL], and: [$where]}) { totalCount } } }
          artifactFacets(by: RUN, where: {kind: [MODEL], and: [$where]}) { value count }
        }""",
        {"where": approved},
    )
    assert [run["name"] for run in data["runs"]["nodes"]] == ["monthly-2026-02", "forecast-2026-04"]
    assert data["executions"]["totalCount"] == 1
    counts = {space["name"]: space["artifacts"]["totalCount"] for space in data["workspaces"]["nodes"]}
    assert counts == {"fraud-detection": 1, "chargebacks": 1, "mnist-tutorial": 0}
    assert {facet["value"] for facet in data["artifactFacets"]} == {"monthly-2026-02", "forecast-2026-04"}


async def test_a_walk_is_made_once_for_an_operation(service: Service) -> None:
    before = service.statements
    await service.data(QUERY.replace("totalCount", ""), {"where": {"descendsFrom": FEATURES}})
    once, before = service.statements - before, service.statements
    await service.data(QUERY, {"where": {"descendsFrom": FEATURES}})
    assert service.statements - before <= once + 3  # to count what has these ids


@pytest.mark.parametrize("where", [{"descendsFrom": FEATURES}, {"not": {"descendsFrom": FEATURES}}], ids=str)
@pytest.mark.parametrize("most", [1, 5])
async def test_a_walk_that_a_limit_cuts_short_is_no_answer(path: Path, where: dict[str, Any], most: int) -> None:
    async with serving(path, read_only=True, lineage_nodes=1, max_lineage_nodes=most) as service:
        body = await service.ask(QUERY, {"where": where})
        assert body["data"] == {"artifacts": None}
        (error,) = body["errors"]
        assert error["extensions"]["code"] == "LINEAGE_INCOMPLETE"
        assert error["extensions"]["argument"] == ("where.not" if "not" in where else "where") + ".descendsFrom"
        assert f"more than {most} nodes" in error["message"]


async def test_pages_go_on_with_their_cursors(service: Service) -> None:
    query = """query ($where: ArtifactFilter, $after: String) {
      artifacts(where: $where, first: 3, after: $after) { pageInfo { hasNextPage endCursor } nodes { id } }
    }"""
    where, found, after = {"descendsFrom": FEATURES}, list[str](), None
    while True:
        page = (await service.data(query, {"where": where, "after": after}))["artifacts"]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert set(found) == await ids(service, where)
    assert len(found) == len(set(found)) > 3
