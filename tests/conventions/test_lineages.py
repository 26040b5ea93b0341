"""Lineage through HTTP where a writer's convention has a say in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.mlmd_server import MLMDServer
from tests.service import Service, serving
from tests.writers.kfp_cached import LATER

MADE = """
query ($events: LineageEvents!) {
  artifacts(where: {name: {eq: "model"}}) {
    nodes {
      id
      run { name }
      upstream(events: $events) { totalCount nodes { name } }
    }
  }
  lineage(where: {artifacts: {name: {eq: "model"}}}, direction: UPSTREAM, events: $events) {
    counts { artifacts executions }
  }
}
"""


async def test_cached_executions_made_nothing(written: Callable[[str], Path]) -> None:
    async with serving(written("kfp_cached"), read_only=True) as service:
        for events, executions in (("ALL", 2 + 2 * LATER), ("MADE", 2)):
            found = await service.data(MADE, {"events": events})
            assert found["lineage"]["counts"] == {"artifacts": 2, "executions": executions}
            model = found["artifacts"]["nodes"][0]
            assert model["upstream"]["totalCount"] == executions + 1
            assert model["run"]["name"] == "night-1"


DEPLOYED = """
{
  artifacts(where: {name: {eq: "payments"}}) {
    nodes {
      downstream(where: {executions: {type: {endsWith: ".ServeModel"}}}) {
        complete
        edges { hops node {
          name ... on Execution { state workspace { name } run { name property(name: "desired_state") } } } }
      }
    }
  }
  workspaces(where: {type: {eq: "kf.ServingEnvironment"}}) { nodes { name runs { nodes { name state } } } }
  search(text: "prod-eu") { nodes { __typename name } }
  served: artifacts(where: {consumedBy: {type: {endsWith: ".ServeModel"}}}) {
    nodes {
      id
      name
      consumers { totalCount edges { eventType eventTime implied port path node { id name } } }
    }
  }
  executions(where: {inputs: {name: {eq: "fraud-v1"}}}) {
    nodes {
      id
      name
      inputs { edges { implied node { name } } }
      upstream { nodes { name } }
    }
  }
  runs(where: {type: {eq: "kf.InferenceService"}}) { nodes { name inputs { nodes { name } } outputs { totalCount } } }
}
"""
EDGES = """
query ($roots: [ID!]!, $direction: LineageDirection!, $from: ID!, $to: ID!) {
  lineage(roots: $roots, direction: $direction, events: MADE) {
    complete
    edges { implied eventType eventTime port path artifact { id } execution { id } }
  }
  lineagePath(from: $from, to: $to) { found complete edges { implied artifact { id } execution { id } } }
}
"""


@asynccontextmanager
async def serving_through(through: str, store: Path, folder: Path) -> AsyncIterator[Service]:
    """A store by SQL, or by MLMD's service."""
    if through == "sql":
        async with serving(store, read_only=True) as service:
            yield service
        return
    pytest.importorskip("grpc")
    shutil.copyfile(store, folder / "store.db")
    server = MLMDServer(folder / "store.db")
    try:
        async with serving(f"grpc://{server.host}:{server.port}", read_only=True) as service:
            yield service
    finally:
        server.stop()


@pytest.mark.parametrize("through", ["sql", "service"])
async def test_where_models_run(through: str, written: Callable[[str], Path], tmp_path: Path) -> None:
    async with serving_through(through, written("deployments"), tmp_path) as service:
        found = await service.data(DEPLOYED)
        model = found["served"]["nodes"][0]
        serving_it = [edge["node"]["id"] for edge in model["consumers"]["edges"]]
        variables = {"roots": [model["id"]], "direction": "DOWNSTREAM", "from": serving_it[0], "to": model["id"]}
        down = await service.data(EDGES, variables)
        up = await service.data(EDGES, {**variables, "roots": serving_it, "direction": "UPSTREAM"})
    reached = found["artifacts"]["nodes"][0]["downstream"]
    assert reached["complete"]
    assert [
        (edge["hops"], edge["node"]["name"], edge["node"]["workspace"]["name"], edge["node"]["run"]["name"])
        for edge in reached["edges"]
    ] == [(3, f"serve-{place}", place, f"fraud-{place}") for place in ("prod-eu", "prod-us")]
    assert {edge["node"]["run"]["property"] for edge in reached["edges"]} == {"DEPLOYED"}
    assert found["workspaces"]["nodes"] == [
        {"name": place, "runs": {"nodes": [{"name": f"fraud-{place}", "state": "RUNNING"}]}}
        for place in ("prod-eu", "prod-us")
    ]
    assert [(node["__typename"], node["name"]) for node in found["search"]["nodes"]] == [
        *(("Workspace", "prod-eu"), ("Run", "fraud-prod-eu"), ("Execution", "serve-prod-eu")),
    ]
    assert [node["name"] for node in found["served"]["nodes"]] == ["fraud-v1"]
    implied = {"eventType": "INPUT", "eventTime": None, "implied": True, "port": None, "path": []}
    assert [{key: edge[key] for key in implied} for edge in model["consumers"]["edges"]] == [implied, implied]
    assert model["consumers"]["totalCount"] == 2
    for node in found["executions"]["nodes"]:
        assert node["inputs"]["edges"] == [{"implied": True, "node": {"name": "fraud-v1"}}]
        assert [upper["name"] for upper in node["upstream"]["nodes"]] == ["fraud-v1", "train", "payments"]
    assert [node["name"] for node in found["executions"]["nodes"]] == ["serve-prod-eu", "serve-prod-us"]
    assert [(run["inputs"]["nodes"], run["outputs"]["totalCount"]) for run in found["runs"]["nodes"]] == [
        ([{"name": "fraud-v1"}], 0)
    ] * 2
    edges = [{**implied, "artifact": {"id": model["id"]}, "execution": {"id": id_}} for id_ in serving_it]
    assert sorted(down["lineage"]["edges"], key=str) == sorted(edges, key=str)
    assert [edge for edge in up["lineage"]["edges"] if edge["implied"]] == [
        {**implied, "artifact": {"id": model["id"]}, "execution": {"id": id_}} for id_ in serving_it
    ]
    assert len(up["lineage"]["edges"]) == 4
    path = {"implied": True, "artifact": {"id": model["id"]}, "execution": {"id": serving_it[0]}}
    assert down["lineagePath"] == {"found": True, "complete": True, "edges": [path]}


REACHING = """{
  serving: executions(where: {descendsFrom: {artifacts: {name: {eq: "payments"}}}, type: {endsWith: "ServeModel"}}) {
    nodes { name } }
  live: artifacts(where: {leadsTo: {executions: {workspace: {name: {eq: "prod-eu"}}}}}) { nodes { name } }
  idle: artifacts(where: {kind: [MODEL], not: {leadsTo: {executions: {type: {endsWith: "ServeModel"}}}}}) {
    nodes { name } }
  unfounded: executions(where: {not: {descendsFrom: {artifacts: {kind: [DATA_SET]}}}}) { totalCount }
}"""


@pytest.mark.parametrize("through", ["sql", "service"])
async def test_what_descends_from_something_and_leads_to_it_goes_over_implied_edges(
    through: str, written: Callable[[str], Path], tmp_path: Path
) -> None:
    async with serving_through(through, written("deployments"), tmp_path) as service:
        found = await service.data(REACHING)
    names = {key: sorted(node["name"] for node in found[key]["nodes"]) for key in ("serving", "live", "idle")}
    assert names == {
        "serving": ["serve-prod-eu", "serve-prod-us"],
        "live": ["fraud-v1", "payments"],
        "idle": ["fraud-v2"],
    }
    assert found["unfounded"]["totalCount"] == 0


async def test_the_statements_do_not_follow_how_much_is_implied(written: Callable[[str], Path]) -> None:
    query = """
    query ($where: LineageFilter!) { lineage(where: $where, direction: UPSTREAM) { nodes { node { id } } } }
    """
    async with serving(written("deployments"), read_only=True) as service:
        taken = []
        for types in (["kf.ServeModel"], ["kf.ServeModel", "odh.ServeModel"]):
            before = service.statements
            where = {"executions": {"type": {"in": types}}}
            nodes = (await service.data(query, {"where": where}))["lineage"]["nodes"]
            assert len(nodes) == len(types) + 3
            taken.append(service.statements - before)
    assert taken[0] == taken[1]
