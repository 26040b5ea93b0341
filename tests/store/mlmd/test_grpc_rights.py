"""Callers of MLMD's gRPC service have the rights of their tokens."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lineageql.cli import commands
from lineageql.errors import UsageError
from lineageql.store.endpoint import Endpoint
from lineageql.store.mlmd.frames import Reply, Status
from lineageql.store.mlmd.grpc_channel import GrpcChannel
from lineageql.web.authentication.tokens import new_token
from tests.mlmd_server import MLMDServer
from tests.store.mlmd.conftest import Book

POLICY = """
[[rule]]
who = ["boss"]
roles = ["ADMIN"]
[[rule]]
who = ["ann", "bob"]
roles = ["READ", "RECORD"]
workspaces = ["fraud-*"]
[[rule]]
who = ["ann", "bob"]
roles = ["READ"]
workspaces = ["shared"]
[[rule]]
who = ["bob"]
roles = ["READ", "RECORD"]
workspaces = [""]
[[rule]]
who = ["reader"]
roles = ["READ"]
workspaces = ["fraud-*"]
"""
TOKENS = {name: new_token(name) for name in ("boss", "ann", "bob", "reader", "nobody")}
INPUT, OUTPUT = 3, 4
DENIED = Status.PERMISSION_DENIED


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("rights")
    (made / "tokens.toml").write_text("".join(row.row() for _, row in TOKENS.values()))
    (made / "policy.toml").write_text(POLICY)
    return made


@pytest.fixture(scope="module")
def server(folder: Path, book: Book) -> Iterator[MLMDServer]:
    """MLMD's service beside GraphQL, with a policy and an audit log."""
    files = ("--auth-tokens", "tokens.toml", "--policy", "policy.toml", "--audit-log", "audit.jsonl")
    running = MLMDServer(folder / "store.db", "--create", "--port", "0", *files, command="serve")
    yield running
    running.stop()


class Client:
    """A caller of MLMD's service: requests by the names of their fields."""

    def __init__(self, channel: GrpcChannel, book: Book) -> None:
        self.channel = channel
        self.book = book

    async def reply(self, rpc: str, **fields: Any) -> Reply:
        request = getattr(self.book.service, f"{rpc}Request")(**fields)
        return await self.channel.exchange(rpc, request.SerializeToString())

    async def ask(self, rpc: str, **fields: Any) -> Any:
        """What an answer holds that is none of an error."""
        reply = await self.reply(rpc, **fields)
        assert reply.code == Status.OK, (rpc, reply)
        return getattr(self.book.service, f"{rpc}Response").FromString(reply.body)

    async def refused(self, rpc: str, **fields: Any) -> str:
        """The words of an answer that the caller may not do it."""
        reply = await self.reply(rpc, **fields)
        assert reply.code == DENIED, (rpc, reply)
        return reply.message.decode()


class Store:
    """What boss has made: workspaces `fraud-a`, `other` and `shared`, and what is in them, all by MLMD's ids."""

    def __init__(self, boss: Client) -> None:
        self.boss = boss
        self.types: dict[str, int] = {}
        self.ids: dict[str, int] = {}
        self.made = 0

    async def type(self, kind: str, name: str) -> int:
        if name not in self.types:
            made = getattr(self.boss.book.protos, f"{kind}Type")(name=name)
            declared = self.boss.book.protos.STRING
            if name == "kubeflow.org/alpha/run":
                made.properties["description"] = declared
            field = {f"{kind.lower()}_type": made, "can_omit_fields": True}
            self.types[name] = (await self.boss.ask(f"Put{kind}Type", **field)).type_id
        return self.types[name]

    async def context(self, name: str, type_: str = "kubeflow.org/alpha/workspace", **more: Any) -> Any:
        return self.boss.book.protos.Context(name=name, type_id=await self.type("Context", type_), **more)

    async def artifact(self, name: str = "", **more: Any) -> Any:
        type_id = await self.type("Artifact", "Thing")
        return self.boss.book.protos.Artifact(type_id=type_id, **({"name": name} if name else {}), **more)

    async def execution(self, **more: Any) -> Any:
        return self.boss.book.protos.Execution(type_id=await self.type("Execution", "Work"), **more)

    def name(self) -> str:
        """One that nothing has yet."""
        self.made += 1
        return f"thing {self.made}"

    async def make(self) -> None:
        boss, protos = self.boss, self.boss.book.protos
        spaces = [await self.context(name) for name in ("fraud-a", "other", "shared")]
        made = await boss.ask("PutContexts", contexts=spaces)
        self.ids |= zip(("fraud-a", "other", "shared"), made.context_ids, strict=True)
        names = ("mine", "theirs", "both", "lent", "loose")
        made = await boss.ask("PutArtifacts", artifacts=[await self.artifact(name, uri=name) for name in names])
        self.ids |= zip(names, made.artifact_ids, strict=True)
        works = ("my work", "their work")
        made = await boss.ask("PutExecutions", executions=[await self.execution(name=name) for name in works])
        self.ids |= zip(works, made.execution_ids, strict=True)
        where = {"mine": ["fraud-a"], "theirs": ["other"], "both": ["fraud-a", "other"], "lent": ["shared"]}
        ties = [self.attribution(name, space) for name, spaces in where.items() for space in spaces]
        works_in = [("my work", "fraud-a"), ("their work", "other")]
        around = [protos.Association(execution_id=self.ids[one], context_id=self.ids[space]) for one, space in works_in]
        await boss.ask("PutAttributionsAndAssociations", attributions=ties, associations=around)
        events = [self.event("mine", "my work", OUTPUT), self.event("theirs", "their work", OUTPUT)]
        await boss.ask("PutEvents", events=[*events, self.event("mine", "their work", INPUT)])

    def attribution(self, artifact: str, space: str) -> Any:
        return self.boss.book.protos.Attribution(artifact_id=self.ids[artifact], context_id=self.ids[space])

    def event(self, artifact: str | None, execution: str | None, type_: int) -> Any:
        event = self.boss.book.protos.Event(type=type_)
        if artifact is not None:
            event.artifact_id = self.ids[artifact]
        if execution is not None:
            event.execution_id = self.ids[execution]
        return event


Caller = Callable[[str], Client]


@pytest_asyncio.fixture
async def caller(server: MLMDServer, book: Book) -> AsyncIterator[Caller]:
    made: list[GrpcChannel] = []

    def call(name: str) -> Client:
        made.append(GrpcChannel(Endpoint.of(f"grpc://localhost:{server.port}", token=TOKENS[name][0]), timeout=60.0))
        return Client(made[-1], book)

    yield call
    for channel in made:
        await channel.close()


KEPT: dict[Path, Store] = {}


@pytest_asyncio.fixture
async def store(caller: Caller, folder: Path) -> Store:
    """What is in the store; made once."""
    boss = caller("boss")
    if folder not in KEPT:
        KEPT[folder] = Store(boss)
        await KEPT[folder].make()
    KEPT[folder].boss = boss
    return KEPT[folder]


def rows(folder: Path) -> list[Any]:
    """All that MLMD has in the store."""
    with closing(sqlite3.connect(folder / "store.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(name, sorted(database.execute(f'SELECT * FROM "{name}"'), key=repr)) for name in sorted(names)]


async def test_a_write_outside_of_ones_rights_is_refused_and_changes_nothing(
    store: Store, caller: Caller, folder: Path
) -> None:
    ann, protos, ids = caller("ann"), store.boss.book.protos, store.ids
    pair = store.boss.book.service.PutExecutionRequest.ArtifactAndEvent
    edge = store.boss.book.service.PutLineageSubgraphRequest.EventEdge
    project, run = await store.context("p", "Project"), await store.context("other/r", "kubeflow.org/alpha/run")
    run.custom_properties["__kf_workspace__"].string_value = "other"
    naming = await store.artifact(store.name())
    kubeflow = await store.type("Artifact", "kubeflow.org/alpha/model")
    naming.type_id = kubeflow
    naming.custom_properties["__kf_workspace__"].string_value = "other"
    naming.custom_properties["__kf_run__"].string_value = "r"
    fraud = await store.context("fraud-a")
    renamed = await store.context("other-b", id=ids["fraud-a"])
    before = rows(folder)
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("PutArtifacts", {"artifacts": [await store.artifact(id=ids["theirs"], uri="x")]}),
        ("PutArtifacts", {"artifacts": [await store.artifact(id=ids["both"], uri="x")]}),
        ("PutArtifacts", {"artifacts": [await store.artifact(id=ids["lent"], uri="x")]}),
        ("PutArtifacts", {"artifacts": [protos.Artifact(id=ids["loose"], uri="x")]}),
        ("PutArtifacts", {"artifacts": [await store.artifact(store.name())]}),
        ("PutArtifacts", {"artifacts": [await store.artifact(id=10**6)]}),
        ("PutExecutions", {"executions": [await store.execution()]}),
        ("PutExecutions", {"executions": [await store.execution(id=ids["their work"])]}),
        ("PutContexts", {"contexts": [await store.context("other-a")]}),
        ("PutContexts", {"contexts": [await store.context("other")]}),
        ("PutContexts", {"contexts": [await store.context("other", id=ids["other"])]}),
        ("PutContexts", {"contexts": [renamed]}),
        ("PutContexts", {"contexts": [project]}),
        ("PutContexts", {"contexts": [run]}),
        ("PutContexts", {"contexts": [await store.context("r", "kubeflow.org/alpha/run")]}),
        ("PutEvents", {"events": [store.event("mine", "their work", INPUT)]}),
        ("PutEvents", {"events": [store.event("theirs", "my work", INPUT)]}),
        ("PutEvents", {"events": [store.event("lent", "my work", OUTPUT)]}),
        ("PutEvents", {"events": [store.event("both", "my work", OUTPUT)]}),
        ("PutAttributionsAndAssociations", {"attributions": [store.attribution("theirs", "fraud-a")]}),
        ("PutAttributionsAndAssociations", {"attributions": [store.attribution("lent", "fraud-a")]}),
        ("PutAttributionsAndAssociations", {"attributions": [store.attribution("mine", "shared")]}),
        ("PutAttributionsAndAssociations", {"attributions": [store.attribution("mine", "other")]}),
        ("PutParentContexts", {"parent_contexts": [{"child_id": ids["fraud-a"], "parent_id": ids["other"]}]}),
        ("PutParentContexts", {"parent_contexts": [{"child_id": ids["other"], "parent_id": ids["fraud-a"]}]}),
        ("PutExecution", {"execution": await store.execution()}),
        ("PutExecution", {"execution": await store.execution(), "contexts": [await store.context("other")]}),
        (
            # MLMD would tie what is lent to the workspace.
            "PutExecution",
            {
                "execution": await store.execution(),
                "contexts": [fraud],
                "artifact_event_pairs": [pair(event=store.event("lent", None, INPUT))],
                "options": {"reuse_context_if_already_exist": True},
            },
        ),
        (
            "PutLineageSubgraph",
            {
                "executions": [await store.execution()],
                "contexts": [fraud],
                "event_edges": [edge(execution_index=0, event=store.event("theirs", None, INPUT))],
                "options": {"reuse_context_if_already_exist": True},
            },
        ),
        (
            "PutLineageSubgraph",
            {
                "artifacts": [naming],
                "contexts": [fraud],
                "options": {"reuse_context_if_already_exist": True},
            },
        ),
    ]
    for rpc, fields in attempts:
        await ann.refused(rpc, **fields)
    assert rows(folder) == before
    told = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    mine = [line for line in told if line["who"] == "ann" and line["codes"] == ["PERMISSION_DENIED"]]
    assert [line["operation"] for line in mine[-len(attempts) :]] == [rpc for rpc, _ in attempts]
    assert not any(line["changes"] for line in mine)


async def test_what_is_hidden_is_refused_as_what_is_not_there(store: Store, caller: Caller) -> None:
    ann = caller("ann")
    for fields in (
        lambda id_: {"artifacts": [store.boss.book.protos.Artifact(id=id_, uri="x")]},
        lambda id_: {"artifacts": [store.boss.book.protos.Artifact(id=id_)], "update_mask": {"paths": ["uri"]}},
    ):
        hidden, nothing = [await ann.refused("PutArtifacts", **fields(id_)) for id_ in (store.ids["theirs"], 98765)]
        assert hidden.replace(str(store.ids["theirs"]), "98765") == nothing
    contexts = [
        await ann.refused("PutParentContexts", parent_contexts=[{"child_id": id_, "parent_id": store.ids["fraud-a"]}])
        for id_ in (store.ids["other"], 98765)
    ]
    assert contexts[0].replace(str(store.ids["other"]), "98765") == contexts[1]


async def test_a_caller_writes_where_it_may(store: Store, caller: Caller, folder: Path) -> None:
    ann, protos = caller("ann"), store.boss.book.protos
    made = await ann.ask("PutContexts", contexts=[await store.context(f"fraud-{store.name()}")])
    assert made.context_ids
    changed = await store.artifact(id=store.ids["mine"], uri="moved")
    assert list((await ann.ask("PutArtifacts", artifacts=[changed])).artifact_ids) == [store.ids["mine"]]
    pair = store.boss.book.service.PutExecutionRequest.ArtifactAndEvent
    done = await ann.ask(
        "PutExecution",
        execution=await store.execution(),
        contexts=[await store.context("fraud-a")],
        artifact_event_pairs=[
            pair(event=protos.Event(type=OUTPUT), artifact=await store.artifact(store.name())),
            pair(event=store.event("mine", None, INPUT)),
        ],
        options={"reuse_context_if_already_exist": True},
    )
    assert list(done.context_ids) == [store.ids["fraud-a"]]
    # What is lent is read, and stays where it is.
    event = protos.Event(type=INPUT, artifact_id=store.ids["lent"], execution_id=done.execution_id)
    await ann.ask("PutEvents", events=[event])
    edge = store.boss.book.service.PutLineageSubgraphRequest.EventEdge
    await ann.ask(
        "PutLineageSubgraph",
        executions=[await store.execution()],
        artifacts=[await store.artifact(store.name())],
        contexts=[await store.context("fraud-a")],
        event_edges=[
            edge(execution_index=0, artifact_index=0, event=protos.Event(type=OUTPUT)),
            edge(execution_index=0, event=store.event("lent", None, INPUT)),
        ],
        options={"reuse_context_if_already_exist": True},
    )
    run = await store.context("fraud-a/r", "kubeflow.org/alpha/run")
    run.custom_properties["__kf_workspace__"].string_value = "fraud-a"
    (run_id,) = (await ann.ask("PutContexts", contexts=[run])).context_ids
    await ann.ask("PutParentContexts", parent_contexts=[{"child_id": run_id, "parent_id": store.ids["fraud-a"]}])
    line = json.loads((folder / "audit.jsonl").read_text().splitlines()[-1])
    assert line["changes"] == [
        {
            "field": "PutParentContexts",
            "action": "linked",
            "ids": [f"Context:{run_id}", f"Context:{store.ids['fraud-a']}"],
        }
    ]


async def test_who_may_record_in_no_workspace_puts_first_and_ties_then(store: Store, caller: Caller) -> None:
    """As the SDKs do it that write in steps."""
    bob, protos = caller("bob"), store.boss.book.protos
    (artifact,) = (await bob.ask("PutArtifacts", artifacts=[await store.artifact(store.name())])).artifact_ids
    tie = protos.Attribution(artifact_id=artifact, context_id=store.ids["fraud-a"])
    await bob.ask("PutAttributionsAndAssociations", attributions=[tie])
    await bob.ask("PutArtifacts", artifacts=[protos.Artifact(id=artifact, uri="again")])
    await bob.refused("PutArtifacts", artifacts=[protos.Artifact(id=store.ids["theirs"], uri="again")])


async def test_a_reader_writes_nothing(store: Store, caller: Caller) -> None:
    for name in ("reader", "nobody"):
        them = caller(name)
        await them.refused("PutArtifacts", artifacts=[await store.artifact(id=store.ids["mine"])])
        await them.refused("PutContexts", contexts=[await store.context("fraud-z")])
        await them.refused("PutArtifactType", artifact_type={"name": "New"})
    assert (await caller("ann").ask("PutArtifactType", artifact_type={"name": "New"})).type_id


async def test_reads_show_what_a_caller_may_see(store: Store, caller: Caller) -> None:
    ann, ids = caller("ann"), store.ids

    async def artifacts(rpc: str, **fields: Any) -> set[int]:
        return {artifact.id for artifact in (await ann.ask(rpc, **fields)).artifacts}

    everything = await artifacts("GetArtifacts")
    assert {ids["mine"], ids["both"], ids["lent"]} <= everything
    assert everything.isdisjoint({ids["theirs"], ids["loose"]})
    assert everything == await artifacts("GetArtifactsByType", type_name="Thing")
    assert await artifacts("GetArtifactsByID", artifact_ids=[ids["mine"], ids["theirs"], 98765]) == {ids["mine"]}
    assert await artifacts("GetArtifactsByURI", uris=["theirs", "lent"]) == {ids["lent"]}
    # That it is in a workspace which the caller does not see, nobody is told who names that.
    assert await artifacts("GetArtifactsByContext", context_id=ids["other"]) == set()
    assert ids["both"] in await artifacts("GetArtifactsByContext", context_id=ids["fraud-a"])
    spaces = (await ann.ask("GetContextsByArtifact", artifact_id=ids["both"])).contexts
    assert [space.id for space in spaces] == [ids["fraud-a"]]
    found = await ann.ask("GetContextByTypeAndName", type_name="kubeflow.org/alpha/workspace", context_name="other")
    assert not found.HasField("context")
    named = {context.name for context in (await ann.ask("GetContexts")).contexts}
    assert {"fraud-a", "shared"} <= named
    assert not any("other" in name for name in named)
    events = (await ann.ask("GetEventsByArtifactIDs", artifact_ids=[ids["mine"], ids["theirs"]])).events
    assert ids["their work"] not in {event.execution_id for event in events}
    assert ids["my work"] in {event.execution_id for event in events}
    hidden, nothing = [await ann.reply("GetContextsByArtifact", artifact_id=id_) for id_ in (ids["theirs"], 98765)]
    assert hidden == nothing
    assert hidden.code == Status.NOT_FOUND
    types = (await ann.ask("GetArtifactTypes")).artifact_types
    assert "Thing" in {type_.name for type_ in types}


@pytest.mark.parametrize(
    ("rpc", "fields"),
    [
        ("GetArtifacts", {"options": {"filter_query": "contexts_a.name = 'other'"}}),
        ("GetContexts", {"options": {"filter_query": "name = 'other'"}}),
        ("GetExecutions", {"options": {"order_by_field": {"field": 2}}}),
        ("GetLineageSubgraph", {"lineage_subgraph_query_options": {"starting_artifacts": {"filter_query": "id = 1"}}}),
    ],
)
async def test_what_could_tell_of_hidden_rows_is_refused(
    rpc: str, fields: dict[str, Any], store: Store, caller: Caller
) -> None:
    assert "whole store" in await caller("ann").refused(rpc, **fields)
    assert (await caller("boss").reply(rpc, **fields)).code != DENIED


async def test_pages_go_on_over_what_is_hidden(store: Store, caller: Caller) -> None:
    ann, seen, token = caller("ann"), list[int](), ""
    while True:
        page = await ann.ask("GetArtifacts", options={"max_result_size": 1, "next_page_token": token})
        seen += [artifact.id for artifact in page.artifacts]
        token = page.next_page_token
        if not token:
            break
    assert sorted(seen) == sorted(artifact.id for artifact in (await ann.ask("GetArtifacts")).artifacts)


async def test_a_hidden_external_id_is_not_reused(store: Store, caller: Caller) -> None:
    boss, ann, protos = store.boss, caller("ann"), store.boss.book.protos
    for name, spaces in (("ours", ["fraud-a"]), ("secret", ["other"])):
        taken = await store.artifact(store.name(), external_id=name)
        (id_,) = (await boss.ask("PutArtifacts", artifacts=[taken])).artifact_ids
        ties = [protos.Attribution(artifact_id=id_, context_id=store.ids[space]) for space in spaces]
        await boss.ask("PutAttributionsAndAssociations", attributions=ties)
    pair = store.boss.book.service.PutExecutionRequest.ArtifactAndEvent
    codes = []
    for name in ("ours", "secret"):
        reused = pair(event=protos.Event(type=OUTPUT), artifact=await store.artifact(external_id=name))
        reply = await ann.reply(
            "PutExecution",
            execution=await store.execution(),
            contexts=[await store.context("fraud-a")],
            artifact_event_pairs=[reused],
            options={
                "reuse_context_if_already_exist": True,
                "reuse_artifact_if_already_exist_by_external_id": True,
            },
        )
        codes.append(reply.code)
    assert codes == [Status.OK, Status.ALREADY_EXISTS]
    reply = await ann.reply("GetArtifactsByExternalIds", external_ids=["secret"])
    assert reply == await ann.reply("GetArtifactsByExternalIds", external_ids=["none"])


async def test_two_callers_race_for_a_place(store: Store, caller: Caller) -> None:
    """What was checked is what is there when it is written: nobody else records in between."""
    boss, ann, protos = store.boss, caller("ann"), store.boss.book.protos

    async def one(turn: int) -> bool:
        (id_,) = (await boss.ask("PutArtifacts", artifacts=[await store.artifact(store.name())])).artifact_ids
        await boss.ask(
            "PutAttributionsAndAssociations",
            attributions=[protos.Attribution(artifact_id=id_, context_id=store.ids["fraud-a"])],
        )
        tie = protos.Attribution(artifact_id=id_, context_id=store.ids["other"])
        moving: Awaitable[Any] = boss.ask("PutAttributionsAndAssociations", attributions=[tie])
        writing = ann.reply("PutArtifacts", artifacts=[protos.Artifact(id=id_, uri=f"turn {turn}")])
        both = [moving, writing] if turn % 2 else [writing, moving]
        replies = await asyncio.gather(*both)
        reply = next(each for each in replies if isinstance(each, Reply))
        assert reply.code in (Status.OK, DENIED)
        (found,) = (await boss.ask("GetArtifactsByID", artifact_ids=[id_])).artifacts
        assert found.uri == (f"turn {turn}" if reply.code == Status.OK else "")
        return bool(reply.code == Status.OK)

    await asyncio.gather(*(one(turn) for turn in range(8)))


async def test_graphql_and_mlmd_give_a_caller_the_same(store: Store, caller: Caller, server: MLMDServer) -> None:
    query = "{ artifacts(first: 1000) { nodes { mlmdId } } workspaces { nodes { name } } }"
    for name in ("ann", "bob", "reader"):
        headers = {"authorization": f"Bearer {TOKENS[name][0]}"}
        async with httpx.AsyncClient(timeout=60, headers=headers) as http:
            data = (await http.post(f"{server.url}/graphql", json={"query": query})).json()["data"]
        them = caller(name)
        mine = {artifact.id for artifact in (await them.ask("GetArtifacts")).artifacts}
        assert mine == {int(artifact["mlmdId"]) for artifact in data["artifacts"]["nodes"]}
        spaces = {each.name for each in (await them.ask("GetContexts")).contexts if "workspace" in each.type}
        assert spaces == {each["name"] for each in data["workspaces"]["nodes"]}


async def test_who_is_not_known_is_written_down(store: Store, server: MLMDServer, book: Book, folder: Path) -> None:
    channel = GrpcChannel(Endpoint.of(f"grpc://localhost:{server.port}", token="lql_wrong"), timeout=30.0)
    try:
        assert (await channel.exchange("GetArtifacts", b"")).code == Status.UNAUTHENTICATED
    finally:
        await channel.close()
    line = json.loads((folder / "audit.jsonl").read_text().splitlines()[-1])
    assert (line["kind"], line["who"], line["codes"]) == ("request", None, ["UNAUTHENTICATED"])
    assert line["path"] == "/ml_metadata.MetadataStoreService/GetArtifacts"


def test_a_policy_that_knows_nobody_keeps_it_from_starting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    arguments = ["mlmd-server", "new.db", "--create", "--port", "0", "--policy", "policy.toml"]
    with pytest.raises(UsageError, match="nothing says who asks"):
        commands.main(arguments, standalone_mode=False)
    assert not (folder / "new.db").exists()
