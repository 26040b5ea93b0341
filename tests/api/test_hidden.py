"""What a caller may not see is answered as what is not there, and what it may not do is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lineageql.model.identity import EntityKind, Ref, RunName
from tests.api.test_named_workspaces import forget
from tests.demo import demo_store
from tests.places import MariaDBPlace, SQLitePlace
from tests.service import Service, serving

POLICY = """
[[rule]]
who = ["boss"]
roles = ["ADMIN"]

[[rule]]
who = ["group:chargebacks"]
roles = ["READ"]
workspaces = ["charge*"]

[[rule]]
who = ["ann"]
roles = ["READ", "RECORD"]
workspaces = ["own"]

[[rule]]
who = ["cat"]
roles = ["READ"]
workspaces = ["fraud-detection", "new-*"]

[[rule]]
who = ["cat", "dan"]
roles = ["RECORD"]
workspaces = ["chargebacks", "new-*", "mnist-tutorial"]
"""
TOKENS = {"boss": (), "ann": ("chargebacks",), "cat": ("chargebacks",), "dan": ("chargebacks",), "eve": ()}
HIDDEN_ARTIFACT, HIDDEN_EXECUTION, HIDDEN_WORKSPACE = 9, 6, 1
NOTHING = 999_999


def token_rows() -> str:
    rows = []
    for name, groups in TOKENS.items():
        digest = hashlib.sha256(f"secret of {name}".encode()).hexdigest()
        rows.append(f'[[token]]\nname = "{name}"\nsha256 = "{digest}"\ngroups = {json.dumps(groups)}\n')
    return "\n".join(rows)


class Guests:
    """A service whose callers show tokens."""

    def __init__(self, service: Service, policy: Path) -> None:
        self.service = service
        self.policy = policy

    async def ask(self, who: str, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer secret of {who}"} if who else {}
        body = {"query": query, "variables": variables, **more}
        return (await self.service.client.post("/graphql", json=body, headers=headers)).json()

    async def data(self, who: str, query: str, variables: dict[str, Any] | None = None) -> Any:
        body = await self.ask(who, query, variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, who: str, query: str, variables: dict[str, Any] | None = None) -> tuple[str, str]:
        """The code and the message of the one error."""
        body = await self.ask(who, query, variables)
        (found,) = body["errors"]
        return found["extensions"]["code"], found["message"]


@asynccontextmanager
async def served(folder: Path, store: str = "", **settings: Any) -> AsyncIterator[Guests]:
    """A service over a store, or over the demonstration's in the folder."""
    path, policy, tokens = folder / "demo.db", folder / "policy.toml", folder / "tokens.toml"
    if not store:
        path.write_bytes(demo_store())
    policy.write_text(POLICY)
    tokens.write_text(token_rows())
    asked = {"policy": str(policy), "auth_tokens": str(tokens), "explain": True, **settings}
    async with serving(store or path, **asked) as service:
        yield Guests(service, policy)


@pytest.fixture
async def guests(tmp_path: Path) -> AsyncIterator[Guests]:
    """A service that only reads."""
    async with served(tmp_path, read_only=True) as found:
        yield found


@pytest.fixture
async def writers(tmp_path: Path) -> AsyncIterator[Guests]:
    """A service that records, too."""
    async with served(tmp_path) as found:
        yield found


def artifact(id_: int) -> str:
    return str(Ref(EntityKind.ARTIFACT, id_))


def execution(id_: int) -> str:
    return str(Ref(EntityKind.EXECUTION, id_))


BY_ID = {
    "an artifact": ("query ($id: ID!) { node(id: $id) { id } }", artifact(HIDDEN_ARTIFACT), artifact(NOTHING)),
    "an execution": (
        "query ($id: ID!) { execution(id: $id) { name } }",
        execution(HIDDEN_EXECUTION),
        execution(NOTHING),
    ),
    "a workspace": (
        "query ($id: ID!) { workspace(id: $id) { runs { totalCount } } }",
        str(Ref(EntityKind.WORKSPACE, HIDDEN_WORKSPACE)),
        str(Ref(EntityKind.WORKSPACE, NOTHING)),
    ),
    "a run": (
        "query ($id: ID!) { run(id: $id) { name } }",
        str(Ref(EntityKind.RUN, RunName("fraud-detection", "monthly-2026-01"))),
        str(Ref(EntityKind.RUN, RunName("fraud-detection", "no such run"))),
    ),
    "a root of lineage": (
        "query ($id: ID!) { lineage(roots: [$id]) { counts { artifacts } } }",
        artifact(HIDDEN_ARTIFACT),
        artifact(NOTHING),
    ),
    "an end of a path": (
        "query ($id: ID!) { lineagePath(from: $id, to: $id) { found } }",
        artifact(HIDDEN_ARTIFACT),
        artifact(NOTHING),
    ),
    "a filter": (
        "query ($id: ID!) { artifacts(where: {ids: [$id]}) { totalCount nodes { id } } }",
        artifact(HIDDEN_ARTIFACT),
        artifact(NOTHING),
    ),
    "a filter by workspace": (
        "query ($id: ID!) { artifacts(where: {workspace: {ids: [$id]}}) { totalCount } }",
        str(Ref(EntityKind.WORKSPACE, HIDDEN_WORKSPACE)),
        str(Ref(EntityKind.WORKSPACE, NOTHING)),
    ),
}
WRITTEN_BY_ID = {
    "what is labelled": (
        'mutation ($id: ID!) { setLabels(input: {id: $id, labels: [{key: "a", value: "b"}]}) { entity { id } } }',
        artifact(HIDDEN_ARTIFACT),
        artifact(NOTHING),
    ),
    "what is changed": (
        "mutation ($id: ID!) { updateExecution(input: {id: $id, state: FAILED}) { execution { id } } }",
        execution(HIDDEN_EXECUTION),
        execution(NOTHING),
    ),
    "an input": (
        """mutation ($id: ID!) { recordExecution(input: {workspace: "own", execution: {name: "e"}, inputs: [
             {artifact: {id: $id}}]}) { execution { id } } }""",
        artifact(HIDDEN_ARTIFACT),
        artifact(NOTHING),
    ),
}


async def check_alike(guests: Guests, query: str, hidden: str, nothing: str) -> None:
    """That an id of what is hidden is answered as one of nothing: word for word, and after the same statements."""
    found, statements = [], []
    for id_ in (hidden, nothing, hidden, nothing):
        before = guests.service.statements
        found.append(json.dumps(await guests.ask("ann", query, {"id": id_})).replace(id_, "ID"))
        statements.append(guests.service.statements - before)
    assert found[0] == found[1]
    assert len(set(statements[2:])) == 1
    # It is there for who may see it.
    assert json.dumps(await guests.ask("boss", query, {"id": hidden})).replace(hidden, "ID") != found[0]


async def test_an_id_of_what_is_hidden_is_answered_as_an_id_of_nothing(guests: Guests) -> None:
    for query, hidden, nothing in BY_ID.values():
        await check_alike(guests, query, hidden, nothing)


async def test_nothing_hidden_can_be_written(writers: Guests) -> None:
    for query, hidden, nothing in WRITTEN_BY_ID.values():
        await check_alike(writers, query, hidden, nothing)


async def test_what_is_hidden_counts_nowhere(guests: Guests) -> None:
    query = """{
      workspaces { totalCount nodes { name } } runs { totalCount } executions { totalCount }
      artifacts { totalCount nodes { workspaces { name } } }
      artifactFacets(by: WORKSPACE) { value count } executionFacets(by: WORKSPACE) { value }
      runFacets(by: WORKSPACE) { value count } artifactFacets2: artifactFacets(by: KIND) { count }
      search(text: "features") { totalCount } store { counts { workspaces runs executions artifacts events } }
      producedThere: artifacts(where: {producedBy: {workspace: {name: {eq: "fraud-detection"}}}}) { totalCount }
      readHidden: executions(where: {inputs: {name: {eq: "features"}}}) { totalCount }
    }"""
    data = await guests.data("ann", query)
    assert data["workspaces"] == {"totalCount": 1, "nodes": [{"name": "chargebacks"}]}
    assert (data["runs"], data["executions"]) == ({"totalCount": 1}, {"totalCount": 2})
    assert data["artifacts"] == {"totalCount": 2, "nodes": [{"workspaces": [{"name": "chargebacks"}]}] * 2}
    assert data["artifactFacets"] == [{"value": "chargebacks", "count": 2}]
    assert data["executionFacets"] == [{"value": "chargebacks"}]
    assert data["runFacets"] == [{"value": "chargebacks", "count": 1}]
    assert sum(facet["count"] for facet in data["artifactFacets2"]) == 2
    assert data["search"] == {"totalCount": 0}
    counts = data["store"]["counts"]
    assert {name: counts[name] for name in counts if name != "events"} == {
        "workspaces": 1,
        "runs": 1,
        "executions": 2,
        "artifacts": 2,
    }
    assert (
        counts["events"] < (await guests.data("boss", "{ store { counts { events } } }"))["store"]["counts"]["events"]
    )
    assert data["producedThere"] == data["readHidden"] == {"totalCount": 0}
    # cat sees both workspaces, as rules add up.
    assert (await guests.data("cat", "{ workspaces { nodes { name } } }"))["workspaces"]["nodes"] == [
        {"name": "fraud-detection"},
        {"name": "chargebacks"},
    ]
    everything = "{ workspaces { totalCount } artifacts { totalCount } types(of: ARTIFACT) { name } }"
    nothing = await guests.data("eve", everything)
    assert (nothing["workspaces"], nothing["artifacts"]) == ({"totalCount": 0}, {"totalCount": 0})
    # Types are the whole store's.
    assert nothing["types"] == (await guests.data("boss", everything))["types"]


async def test_lineage_ends_before_what_is_hidden_and_says_so(guests: Guests) -> None:
    roots = {"id": execution(22)}
    walk = """query ($id: ID!) { lineage(roots: [$id]) {
      complete limits frontier nodes { node { id } } edges { artifact { id } } crossingEdges { artifact { id } } } }"""
    found = (await guests.data("ann", walk, roots))["lineage"]
    assert (found["complete"], found["limits"], found["frontier"], found["crossingEdges"]) == (
        False,
        ["HIDDEN"],
        [],
        [],
    )
    mine = (await guests.data("ann", "{ artifacts { nodes { id } } }"))["artifacts"]["nodes"]
    seen = {node["id"] for node in mine}
    assert {step["node"]["id"] for step in found["nodes"]} <= {*seen, execution(22), execution(23)}
    assert {edge["artifact"]["id"] for edge in found["edges"]} <= seen
    upstream = "query ($id: ID!) { execution(id: $id) { upstream { complete totalCount } downstream { complete } } }"
    assert (await guests.data("ann", upstream, roots))["execution"] == {
        "upstream": {"complete": False, "totalCount": 0},
        "downstream": {"complete": True},
    }
    whole = (await guests.data("cat", walk, roots))["lineage"]
    assert (whole["complete"], whole["limits"]) == (True, [])
    assert len(whole["nodes"]) > len(found["nodes"])
    path = "query ($id: ID!, $to: ID!) { lineagePath(from: $id, to: $to) { found complete } }"
    ends = {"id": execution(22), "to": execution(23)}
    assert (await guests.data("ann", path, ends))["lineagePath"] == {"found": True, "complete": False}
    diff = "query ($id: ID!, $to: ID!) { lineageDiff(left: $id, right: $to) { complete } }"
    assert (await guests.data("ann", diff, ends))["lineageDiff"] == {"complete": False}
    code, words = await guests.error(
        "ann", '{ artifacts(where: {leadsTo: {executions: {workspace: {name: {eq: "chargebacks"}}}}}) { totalCount } }'
    )
    assert code == "LINEAGE_INCOMPLETE"
    assert "what you may not see" in words


async def test_lineage_tells_nothing_of_when_what_is_hidden_was(writers: Guests) -> None:
    made = (await writers.data("cat", RECORD, {"workspace": "new-1"}))["recordExecution"]["outputs"][0]
    read = """mutation ($id: ID!) { recordExecution(input: {workspace: "mnist-tutorial", execution: {name: "later"}
      inputs: [{artifact: {id: $id}}]}) { execution { id } } }"""
    walk = """query ($id: ID!, $at: DateTime!) { lineage(roots: [$id], direction: DOWNSTREAM, asOf: $at) {
      complete limits nodes { node { id } } } }"""
    at = {**made, "at": (await writers.data("cat", "query ($id: ID!) { artifact(id: $id) { createTime } }", made))}
    at["at"] = at["at"]["artifact"]["createTime"]
    await asyncio.sleep(0.002)
    await writers.data("boss", read, made)
    alone = [{"node": made}]
    for later in (at, {**made, "at": "2100-01-01T00:00:00Z"}):
        found = (await writers.data("cat", walk, later))["lineage"]
        assert found == {"complete": False, "limits": ["HIDDEN"], "nodes": alone}
    # Who sees it sees that it was later.
    assert (await writers.data("boss", walk, at))["lineage"] == {"complete": True, "limits": [], "nodes": alone}


async def test_warnings_tell_of_nothing_hidden(guests: Guests) -> None:
    asked = '{ artifacts(where: {labels: [{key: "pii", eq: "no"}]}) { nodes { id } } }'
    misspelt = '{ artifacts(where: {labels: [{key: "mylabell", eq: "no"}]}) { nodes { id } } }'
    for query in (asked, misspelt):
        mine = await guests.ask("ann", query)
        assert "near names" not in json.dumps(mine)
        assert mine["extensions"]["warnings"][0]["code"] == "UNKNOWN_NAME"
    assert "near names are 'mylabel'" in json.dumps(await guests.ask("boss", misspelt))


RECORD = """mutation ($workspace: String!, $external: String) { recordExecution(input: {
  workspace: $workspace, execution: {name: "e", externalId: $external}
  outputs: [{artifact: {dataSet: {name: "d", uri: "s3://d"}}}] }) {
    created execution { id } outputs { id } } }"""


async def test_recording_needs_the_role_in_each_workspace(writers: Guests) -> None:
    made = (await writers.data("cat", RECORD, {"workspace": "new-1"}))["recordExecution"]
    assert (await writers.data("cat", RECORD, {"workspace": "chargebacks"}))["recordExecution"]["created"]
    for who, workspace in (
        ("cat", "fraud-detection"),  # which it sees
        ("cat", "mnist-tutorial"),  # RECORD without READ
        ("cat", "elsewhere"),  # which nobody has made
        ("ann", "chargebacks"),
        ("eve", "new-1"),
    ):
        code, words = await writers.error(who, RECORD, {"workspace": workspace})
        assert (code, words) == ("FORBIDDEN", f"you may not record in the workspace {workspace!r}")
    create = 'mutation { createWorkspace(input: {name: "elsewhere"}) { created } }'
    assert (await writers.error("cat", create))[0] == "FORBIDDEN"
    assert (await writers.data("cat", create.replace("elsewhere", "new-2")))["createWorkspace"] == {"created": True}
    assert (await writers.error("eve", 'mutation { createArtifactType(input: {name: "T"}) { created } }'))[
        0
    ] == "FORBIDDEN"

    label = 'mutation ($id: ID!) { setLabels(input: {id: $id, labels: [{key: "a", value: "b"}]}) { entity { id } } }'
    assert await writers.data("cat", label, {"id": made["outputs"][0]["id"]})
    assert (await writers.error("cat", label, {"id": artifact(HIDDEN_ARTIFACT)}))[0] == "FORBIDDEN"
    for kind, key in ((EntityKind.WORKSPACE, HIDDEN_WORKSPACE), (EntityKind.EXECUTION, HIDDEN_EXECUTION)):
        assert (await writers.error("cat", label, {"id": str(Ref(kind, key))}))[0] == "FORBIDDEN"
    # What is in two workspaces is written in both.
    use = """mutation ($run: ID!, $id: ID!) { logVERB(input: {executionId: $run, artifact: {id: $id}}) { created } }"""
    mine = {"run": made["execution"]["id"], "id": artifact(HIDDEN_ARTIFACT)}
    assert await writers.data("cat", use.replace("VERB", "Input"), mine)
    assert (await writers.error("cat", use.replace("VERB", "Output"), mine))[0] == "FORBIDDEN"
    assert (await writers.error("cat", label, {"id": artifact(HIDDEN_ARTIFACT)}))[0] == "FORBIDDEN"


async def test_reuse_tells_nothing_of_what_is_hidden(writers: Guests) -> None:
    hidden = {"workspace": "fraud-detection", "external": "taken"}
    seen = {"workspace": "new-1", "external": "mine"}
    await writers.data("boss", RECORD, hidden)
    first = await writers.data("dan", RECORD.replace("new-1", "chargebacks"), {**seen, "workspace": "chargebacks"})
    assert first["recordExecution"]["created"]
    again = (await writers.data("dan", RECORD, {**seen, "workspace": "chargebacks"}))["recordExecution"]
    assert not again["created"]
    other = RECORD.replace('name: "e"', 'name: "other"')
    with_seen = await writers.error("dan", other, {"workspace": "chargebacks", "external": "mine"})
    with_hidden = await writers.error("dan", other, {"workspace": "chargebacks", "external": "taken"})
    assert with_seen == with_hidden
    assert with_seen[0] == "ALREADY_EXISTS"


async def test_a_hidden_workspace_that_is_only_a_name_stays_one(tmp_path: Path) -> None:
    place = SQLitePlace(tmp_path)
    place.fill_demo()
    create = 'mutation { createWorkspace(input: {name: "new-1"}) { created } }'
    where = '{ workspace(name: "new-1") { executions { totalCount } } }'
    async with served(tmp_path, place.url) as writers:
        await writers.data("boss", RECORD, {"workspace": "new-1"})
        forget(place, "new-1")
        before = place.rows()
        assert await writers.data("cat", where) == {"workspace": None}
        taken = [await writers.error("cat", asked, {"workspace": "new-1"}) for asked in (RECORD, create)]
        assert [code for code, _ in taken] == ["ALREADY_EXISTS", "ALREADY_EXISTS"]
        assert taken[0] == taken[1]
        assert place.rows() == before
        assert await writers.data("boss", where) == {"workspace": {"executions": {"totalCount": 1}}}


async def test_nothing_is_recorded_in_a_hidden_workspace_that_mariadb_takes_for_another(tmp_path: Path) -> None:
    place = MariaDBPlace(tmp_path)
    place.fill_empty()
    async with served(tmp_path, place.url) as writers:
        await writers.data("boss", RECORD, {"workspace": "NEW-1"})
        before = place.rows()
        create = 'mutation { createWorkspace(input: {name: "new-1"}) { created } }'
        for name in ("new-1", "new-1 "):
            code, words = await writers.error("cat", RECORD, {"workspace": name})
            assert (code, words) == await writers.error("cat", create.replace("new-1", name))
            assert code == "ALREADY_EXISTS"
            assert "NEW-1" not in words
            code, words = await writers.error("boss", RECORD, {"workspace": name})
            assert code == "ALREADY_EXISTS"
            assert "there is 'NEW-1', which this store's database takes for the same name" in words
        assert place.rows() == before
        assert (await writers.data("cat", RECORD, {"workspace": "new-2"}))["recordExecution"]["created"]


async def test_only_who_administers_learns_where_the_store_is(guests: Guests) -> None:
    assert (await guests.data("boss", "{ store { url } }"))["store"]["url"].endswith("demo.db")
    assert (await guests.error("ann", "{ store { url } }"))[0] == "FORBIDDEN"
    assert (await guests.data("ann", "{ store { backend version } }"))["store"]["backend"] == "sqlite"
    explain = {"extensions": {"explain": True}}
    assert "explain" in (await guests.ask("boss", "{ workspaces { totalCount } }", **explain))["extensions"]
    refused = await guests.ask("ann", "{ workspaces { totalCount } }", **explain)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    path = str(guests.policy.parent / "demo.db")
    guests.policy.with_name("other.db").write_bytes(demo_store())
    guests.policy.with_name("other.db").replace(path)
    assert path in json.dumps(await guests.ask("boss", "{ workspaces { totalCount } }"))
    code, words = await guests.error("ann", "{ workspaces { totalCount } }")
    assert code == "UNAVAILABLE"
    assert path not in words
    assert "its log" in words


async def test_a_viewer_learns_what_it_may(guests: Guests) -> None:
    query = "{ viewer { name roles workspaces } }"
    assert (await guests.data("boss", query))["viewer"] == {
        "name": "boss",
        "roles": ["READ", "RECORD", "ADMIN"],
        "workspaces": None,
    }
    assert (await guests.data("cat", query))["viewer"] == {
        "name": "cat",
        "roles": ["READ", "RECORD"],
        "workspaces": ["charge*", "fraud-detection", "new-*"],
    }
    assert (await guests.data("eve", query))["viewer"] == {"name": "eve", "roles": [], "workspaces": []}


async def test_without_a_policy_everybody_may_all_at_no_cost(tmp_path: Path) -> None:
    path, policy = tmp_path / "demo.db", tmp_path / "policy.toml"
    path.write_bytes(demo_store())
    policy.write_text('[[rule]]\nwho = ["*", "anonymous"]\nroles = ["ADMIN"]\n')
    query = "{ artifacts(first: 3) { totalCount nodes { name producer { name } } } workspaces { nodes { name } } }"
    counts, answers = [], []
    for settings in ({}, {"policy": str(policy)}):
        async with serving(path, read_only=True, **settings) as service:
            await service.data(query)
            before = service.statements
            answers.append(await service.data(query))
            counts.append(service.statements - before)
            viewer = (await service.data("{ viewer { name roles workspaces } }"))["viewer"]
            assert viewer == {"name": None, "roles": ["READ", "RECORD", "ADMIN"], "workspaces": None}
    assert answers[0] == answers[1]
    assert counts[0] == counts[1]
