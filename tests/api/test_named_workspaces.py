"""Workspaces that no context stands for: names that artifacts and executions carry in a property."""

from __future__ import annotations

from typing import Any

from lineageql.model.identity import EntityKind, Ref, WorkspaceName
from tests.places import Place
from tests.service import Service, serving

RECORD = """mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) {
  created workspace { id mlmdId name } run { workspace { name } } execution { id } } }"""
NAMED = str(Ref(EntityKind.WORKSPACE, WorkspaceName("watcher")))
ASK = """query ($id: ID!) {
  workspaces(orderBy: {field: NAME}) { totalCount nodes { id mlmdId name labels { key } type { name } createTime
    artifacts { totalCount nodes { name } }
    executions { totalCount nodes { name } }
    runs { totalCount nodes { name } } } }
  byName: workspace(name: "watcher") { id }
  byId: workspace(id: $id) { name }
  node(id: $id) { ... on Workspace { name } }
  gone: node(id: "V29ya3NwYWNlOlsiZ29uZSJd") { id }
  artifacts { nodes { name workspace { id name } workspaces { name } customProperties } }
  runs { nodes { name workspace { name } } }
  mine: artifacts(where: {workspace: {name: {eq: "watcher"}}}) { totalCount }
  mineById: executions(where: {workspace: {id: $id}}) { nodes { name } }
  mineByIds: runs(where: {workspace: {ids: [$id]}}) { nodes { name } }
  begun: artifacts(where: {workspace: {name: {startsWith: "WATCH", ignoreCase: true}}}) { totalCount }
  others: artifacts(where: {not: {workspace: {name: {eq: "watcher"}}}}) { nodes { name } }
  written: executions(where: {outputs: {workspace: {name: {in: ["watcher"]}}}}) { nodes { name } }
  holding: workspaces(where: {artifacts: {name: {eq: "web"}}}) { nodes { name } }
  running: workspaces(where: {runs: {name: {eq: "nightly"}}}) { nodes { name } }
  both: workspaces(where: {executions: {state: [COMPLETE]}, name: {startsWith: "w"}}) { nodes { name } }
  none: workspaces(where: {not: {artifacts: {name: {contains: "e"}}}}) { nodes { name } }
  latest: workspaces(orderBy: {field: LATEST_RUN, direction: DESC}) { nodes { name } }
  artifactFacets(by: WORKSPACE) { value count }
  executionFacets(by: WORKSPACE) { value count }
  runFacets(by: WORKSPACE) { value count }
  search(text: "WATCH") { totalCount nodes { __typename name } }
  store { counts { workspaces } }
}"""
GONE = """
DELETE FROM Attribution WHERE context_id IN (SELECT id FROM Context WHERE name LIKE '{0}%');
DELETE FROM Association WHERE context_id IN (SELECT id FROM Context WHERE name LIKE '{0}%');
DELETE FROM ParentContext WHERE context_id IN (SELECT id FROM Context WHERE name LIKE '{0}%');
DELETE FROM ContextProperty WHERE context_id IN (SELECT id FROM Context WHERE name LIKE '{0}%');
DELETE FROM Context WHERE name LIKE '{0}%'
"""


async def record(service: Service, workspace: str, step: str, *names: str, run: str | None = None) -> dict[str, Any]:
    """An execution in a workspace that writes models of these names."""
    outputs = [{"artifact": {"model": {"name": name, "uri": f"s3://{name}"}}} for name in names]
    given = {"workspace": workspace, "run": run, "execution": {"name": step}, "outputs": outputs}
    found: dict[str, Any] = (await service.data(RECORD, {"input": given}))["recordExecution"]
    return found


def forget(place: Place, name: str) -> None:
    """Takes away the contexts whose names begin so: what is left of their workspace is its name."""
    for statement in GONE.format(name).split(";"):
        place.execute(statement)


def named(found: Any) -> list[str]:
    return [node["name"] for node in found["nodes"]]


async def test_a_workspace_that_is_only_a_name_is_one(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        await record(service, "watcher", "observe", "web", "db", run="nightly")
        await record(service, "real", "train", "model", run="daily")
        forget(place, "watcher")
        found = await service.data(ASK, {"id": NAMED})
        real, watcher = found["workspaces"]["nodes"]
        assert (real["name"], found["workspaces"]["totalCount"]) == ("real", 2)
        assert watcher == {
            "id": NAMED,
            "mlmdId": None,
            "name": "watcher",
            "labels": [],
            "type": {"name": "kubeflow.org/alpha/workspace"},
            "createTime": None,
            "artifacts": {"totalCount": 2, "nodes": [{"name": "web"}, {"name": "db"}]},
            "executions": {"totalCount": 1, "nodes": [{"name": "observe"}]},
            "runs": {"totalCount": 1, "nodes": [{"name": "nightly"}]},
        }
        assert found["byName"] == {"id": NAMED}
        assert (found["byId"], found["node"], found["gone"]) == ({"name": "watcher"}, {"name": "watcher"}, None)
        by_name = {node.pop("name"): node for node in found["artifacts"]["nodes"]}
        mine = {"id": NAMED, "name": "watcher"}
        assert by_name["web"] == {"workspace": mine, "workspaces": [{"name": "watcher"}], "customProperties": {}}
        assert by_name["model"]["workspace"]["name"] == "real"
        assert {node["name"]: node["workspace"]["name"] for node in found["runs"]["nodes"]} == {
            "nightly": "watcher",
            "daily": "real",
        }
        assert (found["mine"]["totalCount"], found["begun"]["totalCount"]) == (2, 2)
        for answer, names in {
            "mineById": ["observe"],
            "mineByIds": ["nightly"],
            "others": ["model"],
            "written": ["observe"],
            "holding": ["watcher"],
            "running": ["watcher"],
            "both": ["watcher"],
            "none": [],
            "latest": ["real", "watcher"],
        }.items():
            assert named(found[answer]) == names, answer
        for facets, counts in {"artifact": (2, 1), "execution": (1, 1), "run": (1, 1)}.items():
            counted = {facet["value"]: facet["count"] for facet in found[f"{facets}Facets"]}
            assert counted == dict(zip(("watcher", "real"), counts, strict=True))
        assert found["search"] == {"totalCount": 1, "nodes": [{"__typename": "Workspace", "name": "watcher"}]}
        assert found["store"]["counts"]["workspaces"] == 2


PAGE = """query ($first: Int, $last: Int, $after: String, $before: String, $orderBy: WorkspaceOrder) {
  workspaces(first: $first, last: $last, after: $after, before: $before, orderBy: $orderBy) {
    nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def test_pages_hold_workspaces_of_both_sorts_in_every_order(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        for name in ("watch-b", "alpha", "watch-a", "zeta", "watch-c"):
            await record(service, name, "step")
        forget(place, "watch")
        by_name = ["alpha", "watch-a", "watch-b", "watch-c", "zeta"]
        by_id = ["alpha", "zeta", "watch-a", "watch-b", "watch-c"]
        for field, whole in {"NAME": by_name, "ID": by_id, "LATEST_RUN": by_id}.items():
            for direction in ("ASC", "DESC"):
                order = {"field": field, "direction": direction}
                wanted = whole if direction == "ASC" else whole[::-1]
                for size in (1, 2):
                    assert await walked(service, order, size, "first", "after") == wanted
                    assert await walked(service, order, size, "last", "before") == wanted


async def walked(service: Service, order: Any, size: int, many: str, beyond: str) -> list[str]:
    """The names of all workspaces, by pages forward or backward."""
    found: list[str] = []
    cursor = None
    while True:
        variables = {"orderBy": order, many: size, beyond: cursor}
        page = (await service.data(PAGE, variables))["workspaces"]
        names = named(page)
        found = [*found, *names] if many == "first" else [*names, *found]
        info = page["pageInfo"]
        more, cursor = (
            (info["hasNextPage"], info["endCursor"])
            if many == "first"
            else (info["hasPreviousPage"], info["startCursor"])
        )
        if not more:
            return found


MAKE = """mutation ($workspace: CreateWorkspaceInput!, $run: CreateRunInput!, $execution: CreateExecutionInput!) {
  createWorkspace(input: $workspace) { created workspace { id } }
  createRun(input: $run) { created run { name workspace { id } } }
  createExecution(input: $execution) { created execution { name workspace { id } } } }"""
HELD = """{ workspace(name: "watcher") { mlmdId artifacts { nodes { name } } executions { nodes { name } }
  runs { nodes { name } } } }"""


async def test_what_is_recorded_in_one_joins_what_is_in_it(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        await record(service, "watcher", "observe", "web", run="nightly")
        forget(place, "watcher")
        made = await service.data(
            MAKE,
            {
                "workspace": {"name": "watcher"},
                "run": {"workspaceId": NAMED, "name": "weekly"},
                "execution": {"workspaceId": NAMED, "name": "clean"},
            },
        )
        home = {"id": NAMED}
        assert made == {
            "createWorkspace": {"created": False, "workspace": home},
            "createRun": {"created": True, "run": {"name": "weekly", "workspace": home}},
            "createExecution": {"created": True, "execution": {"name": "clean", "workspace": home}},
        }
        for run in ("nightly", "monthly"):
            more = await record(service, "watcher", f"observe {run}", f"model of {run}", run=run)
            assert more["workspace"] == {"id": NAMED, "mlmdId": None, "name": "watcher"}
            assert more["run"]["workspace"]["name"] == "watcher"
        held = (await service.data(HELD))["workspace"]
        assert held["mlmdId"] is None
        assert named(held["artifacts"]) == ["web", "model of nightly", "model of monthly"]
        assert named(held["executions"]) == ["observe", "clean", "observe nightly", "observe monthly"]
        assert sorted(named(held["runs"])) == ["monthly", "nightly", "weekly"]
        # It has no place for labels or a description.
        body = await service.ask(
            """mutation ($id: ID!) { setLabels(input: {id: $id, labels: [{key: "a", value: "b"}]}) {
              entity { id } } }""",
            {"id": NAMED},
        )
        assert "only a name" in body["errors"][0]["message"]
        body = await service.ask(
            """mutation { createWorkspace(input: {name: "watcher", description: "d"}) { created } }"""
        )
        assert [warning["code"] for warning in body["extensions"]["warnings"]] == ["NOT_TAKEN"]
        body = await service.ask("""mutation { createWorkspace(input: {name: "watcher", reuse: false}) { created } }""")
        assert body["errors"][0]["extensions"]["code"] == "ALREADY_EXISTS"
