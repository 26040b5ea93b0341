"""MLMD's gRPC service by `lineageql mlmd-server`, in a process of its own and over a real store."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.errors import AlreadyExists, DeadlineExceeded, NotFound, Unavailable
from lineageql.store.endpoint import Endpoint
from lineageql.store.mlmd.frames import Reply, Status
from tests.demo import lineageql
from tests.mlmd_server import MLMDServer
from tests.processes import children

pytest.importorskip("ml_metadata")
import grpc.aio

from lineageql.store.mlmd import grpc_server
from lineageql.store.mlmd.grpc_channel import GrpcChannel


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MLMDServer]:
    running = MLMDServer(tmp_path_factory.mktemp("server") / "store.db", "--create")
    yield running
    assert running.stop() == 0


@pytest.fixture
async def channel(server: MLMDServer) -> AsyncIterator[GrpcChannel]:
    made = GrpcChannel(Endpoint(server.host, server.port))
    yield made
    await made.close()


@contextmanager
def serving(store: Path, *arguments: str, **more: Any) -> Iterator[MLMDServer]:
    running = MLMDServer(store, *arguments, **more)
    try:
        yield running
    finally:
        running.stop(signal.SIGKILL)


def workers(server: MLMDServer) -> list[int]:
    return children(server.process.pid)


async def test_writes_and_reads(book: Any, channel: GrpcChannel) -> None:
    await channel.start()
    type_id = await book.new_type(channel)
    artifact_id = await book.new_artifact(channel, type_id, "first", "Grüße \n 🌍")
    assert await book.text_of(channel, artifact_id) == "Grüße \n 🌍"
    large = await book.new_artifact(channel, type_id, "large", "x" * 60_000_000)
    assert len(await book.text_of(channel, large)) == 60_000_000


async def test_every_method_of_the_service_is_there(book: Any, channel: GrpcChannel) -> None:
    methods = [each.name for each in book.service.DESCRIPTOR.services_by_name["MetadataStoreService"].methods]
    assert len(methods) == 52
    for rpc in methods:
        reply = await channel.exchange(rpc, b"")
        refused = rpc == "GetLineageGraph"
        assert (reply.code == Status.UNIMPLEMENTED) == refused, (rpc, reply)
        if refused:
            assert b"call GetLineageSubgraph" in reply.message
    assert (await channel.exchange("CreateMetadataStore", b"")).code == Status.UNIMPLEMENTED


async def test_status_codes_are_mlmds(book: Any, channel: GrpcChannel) -> None:
    type_id = await book.new_type(channel)
    await book.new_artifact(channel, type_id, "taken")
    with pytest.raises(AlreadyExists, match="in the store already"):
        await book.new_artifact(channel, type_id, "taken")
    with pytest.raises(NotFound):
        await book.new_artifact(channel, 999, "of no type")
    reply = await channel.exchange("PutArtifacts", book.artifact(999, "of no type"))
    assert reply.code == Status.NOT_FOUND
    assert b"999" in reply.message


async def test_long_errors_arrive_with_their_status(book: Any, server: MLMDServer) -> None:
    """By a client of gRPC's defaults: it gives up on headers above 8 KB or so."""
    async with grpc.aio.insecure_channel(f"{server.host}:{server.port}") as plain:

        def method(rpc: str) -> Any:
            return plain.unary_unary(f"/ml_metadata.MetadataStoreService/{rpc}")

        kind = await method("PutArtifactType")(book.type())
        type_id = book.service.PutArtifactTypeResponse.FromString(kind).type_id
        for number, text in enumerate(("y" * 100_000, "ü" * 100_000, "🌍" * 100_000, "%\n\0" * 30_000)):
            request = book.artifact(type_id, f"long {number}", text)
            await method("PutArtifacts")(request)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await method("PutArtifacts")(request)
            assert caught.value.code() == grpc.StatusCode.ALREADY_EXISTS
            assert caught.value.details().startswith("Given node already exists")
            assert "characters)" in caught.value.details()


@pytest.mark.parametrize("text", ["", "short", "x" * 9000, "ü" * 9000, "🌍" * 9000, "\0" * 9000, "é%" * 9000])
def test_details_fit_into_a_header(text: str) -> None:
    shown = grpc_server.details(text.encode())
    assert shown == text or (shown.partition("…")[0] == text[: len(shown.partition("…")[0])] and "…" in shown)
    assert sum(1 if 32 <= byte < 127 and byte != 37 else 3 for byte in shown.encode()) <= 4096
    assert len(shown) >= min(len(text), 300)
    assert grpc_server.details(b"\xff" * 9000).startswith("�")


async def test_contexts_of_several_contexts(book: Any, channel: GrpcChannel) -> None:
    service, protos = book.service, book.protos
    kind = service.PutContextTypeRequest(context_type=protos.ContextType(name="Folder")).SerializeToString()
    type_id = service.PutContextTypeResponse.FromString(await channel.call("PutContextType", kind)).type_id
    contexts = [protos.Context(type_id=type_id, name=name) for name in ("child", "mother", "father", "nobody")]
    request = service.PutContextsRequest(contexts=contexts).SerializeToString()
    made = service.PutContextsResponse.FromString(await channel.call("PutContexts", request)).context_ids
    child, mother, father, nobody = made
    links = [protos.ParentContext(child_id=child, parent_id=parent) for parent in (mother, father)]
    request = service.PutParentContextsRequest(parent_contexts=links).SerializeToString()
    await channel.call("PutParentContexts", request)

    async def ask(rpc: str, *ids: int) -> dict[int, set[str]]:
        request = getattr(service, f"{rpc}Request")(context_ids=ids).SerializeToString()
        found = getattr(service, f"{rpc}Response").FromString(await channel.call(rpc, request))
        field = "parent_contexts" if "Parent" in rpc else "children_contexts"
        return {key: {context.name for context in getattr(value, field)} for key, value in found.contexts.items()}

    assert await ask("GetParentContextsByContexts", child, nobody, child, 999) == {child: {"mother", "father"}}
    assert await ask("GetChildrenContextsByContexts", mother, father, child) == {
        mother: {"child"},
        father: {"child"},
    }
    assert await ask("GetChildrenContextsByContexts") == {}
    for rpc in ("GetParentContextsByContexts", "GetChildrenContextsByContexts"):
        reply = await channel.exchange(rpc, b"\xff")
        assert (reply.code, reply.message) == (Status.INVALID_ARGUMENT, f"the request is no {rpc}Request".encode())
    many = service.GetParentContextsByContextsRequest(context_ids=range(10_001)).SerializeToString()
    assert (await channel.exchange("GetParentContextsByContexts", many)).code == Status.INVALID_ARGUMENT


async def test_hostile_requests_cost_only_themselves(book: Any, channel: GrpcChannel, server: MLMDServer) -> None:
    type_id = await book.new_type(channel)
    garbage = (b"\xff" * 100, b"\x00", os.urandom(1000), b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x02" * 50_000)
    for body in garbage:
        for rpc in ("PutArtifacts", "PutExecution", "PutLineageSubgraph", "GetArtifacts", "GetLineageSubgraph"):
            reply = await channel.exchange(rpc, body)
            assert reply.code != Status.OK, (rpc, body[:20])
    before = workers(server)
    calls = [channel.call("PutArtifacts", book.fatal(type_id))]
    calls += [channel.call("PutArtifacts", book.artifact(type_id, f"beside {number}")) for number in range(20)]
    poisoned, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(poisoned, Unavailable)
    assert "may or may not have been applied" in str(poisoned)
    assert all(isinstance(other, bytes) for other in others), others
    assert workers(server) not in ([], before)
    assert not await book.has(channel, "poison")


async def test_garbage_in_place_of_http(server: MLMDServer, channel: GrpcChannel) -> None:
    for sent in (
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(4096),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(4096),
        b"",
    ):
        with closing(socket.create_connection((server.host, server.port))) as connection:
            connection.sendall(sent)
    await channel.start()


async def test_health(server: MLMDServer) -> None:
    health = {b"": b"\x08\x01", b"\n\x20ml_metadata.MetadataStoreService": b"\x08\x01"}
    async with grpc.aio.insecure_channel(f"{server.host}:{server.port}") as plain:
        check = plain.unary_unary("/grpc.health.v1.Health/Check")
        for request, answer in health.items():
            assert await check(request) == answer
        for request, code in ((b"\n\x01x", "NOT_FOUND"), (b"\xff", "INVALID_ARGUMENT")):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await check(request)
            assert caught.value.code() == grpc.StatusCode[code]


async def test_health_of_a_store_that_is_gone(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with serving(store, "--create") as server:
        async with grpc.aio.insecure_channel(f"{server.host}:{server.port}") as plain:
            check = plain.unary_unary("/grpc.health.v1.Health/Check")
            for pid in workers(server):
                os.kill(pid, signal.SIGKILL)
            store.rename(tmp_path / "elsewhere.db")
            assert await check(b"\n\x20ml_metadata.MetadataStoreService") == b"\x08\x02"
            assert await check(b"") == b"\x08\x01"


async def test_a_deadline_is_kept_and_what_waits_is_not_applied_after_it(book: Any, tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with serving(store, "--create") as server:
        channel = GrpcChannel(Endpoint(server.host, server.port))
        type_id = await book.new_type(channel)
        with closing(sqlite3.connect(store, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            first = asyncio.create_task(channel.exchange("PutArtifacts", book.artifact(type_id, "under way")))
            await asyncio.sleep(0.1)
            with pytest.raises(DeadlineExceeded):
                await channel.exchange("PutArtifacts", book.artifact(type_id, "waiting"), 0.5)
            assert not first.done()
            holder.execute("ROLLBACK")
        assert (await first).code == Status.OK
        assert await book.new_artifact(channel, type_id, "after")
        assert not await book.has(channel, "waiting")
        await channel.close()


async def test_more_calls_than_the_bound(book: Any, tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with serving(store, "--create") as server:
        channels = [GrpcChannel(Endpoint(server.host, server.port), timeout=20) for _ in range(1)]
        # gRPC shares a connection among channels of the same options, and 100 calls fit on one.
        plain = [grpc.aio.insecure_channel(f"{server.host}:{server.port}", options=[("n", n)]) for n in range(4)]
        type_id = await book.new_type(channels[0])
        with closing(sqlite3.connect(store, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            calls = [
                asyncio.ensure_future(
                    plain[number % 4].unary_unary("/ml_metadata.MetadataStoreService/PutArtifacts")(
                        book.artifact(type_id, f"n{number}"), timeout=20
                    )
                )
                for number in range(grpc_server.MOST_CALLS + 40)
            ]
            await asyncio.sleep(1.0)
            holder.execute("ROLLBACK")
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
        assert {answer.code() for answer in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert 0 < len(refused) <= 41
        await channels[0].start()
        for each in (*channels, *plain):
            await each.close()


class TestEnding:
    async def test_calls_under_way_are_finished(self, book: Any, tmp_path: Path, gone: Callable[[int], bool]) -> None:
        store = tmp_path / "store.db"
        with serving(store, "--create") as server:
            channel = GrpcChannel(Endpoint(server.host, server.port), patience=0.1)
            type_id = await book.new_type(channel)
            pids = workers(server)
            assert len(pids) == 1
            with closing(sqlite3.connect(store, isolation_level=None)) as holder:
                holder.execute("BEGIN EXCLUSIVE")
                call = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "last")))
                await asyncio.sleep(0.3)
                server.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.5)
                with pytest.raises(Unavailable):
                    await GrpcChannel(Endpoint(server.host, server.port), patience=0.1).start()
                assert not call.done()
                holder.execute("ROLLBACK")
            assert await call
            assert server.stop() == 0
            assert gone(pids[0])
            await channel.close()
        # The file alone is the store.
        assert sorted(os.listdir(tmp_path)) == ["mlmd-server.log", "store.db"]
        with closing(sqlite3.connect(store)) as connection:
            assert connection.execute("SELECT name FROM Artifact").fetchall() == [("last",)]

    async def test_the_worker_ends_with_a_server_that_is_killed(
        self, book: Any, tmp_path: Path, gone: Callable[[int], bool]
    ) -> None:
        with serving(tmp_path / "store.db", "--create") as server:
            channel = GrpcChannel(Endpoint(server.host, server.port))
            await book.new_type(channel)
            pids = workers(server)
            server.stop(signal.SIGKILL)
            assert pids
            assert all(gone(pid) for pid in pids)
            with serving(tmp_path / "store.db", port=server.port):
                await book.new_type(channel)
            await channel.close()

    def test_at_once_where_nothing_is_under_way(self, tmp_path: Path) -> None:
        assert MLMDServer(tmp_path / "store.db", "--create").stop(signal.SIGINT) == 0


def test_what_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database" * 100)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments, words in (
            (["missing.db"], "there is no file missing.db"),
            (["text.db"], "text.db"),
            (["new.db", "--create", "--port", port], f"cannot listen on 127.0.0.1 port {port}: address already in use"),
            (["new.db", "--create", "--host", "0.0.0.0"], "could read this store and write to it"),
            (
                ["new.db", "--create", "--host", "192.0.2.1", "--insecure"],
                "cannot listen on 192.0.2.1 port 0: cannot",
            ),
        ):
            free = [] if "--port" in arguments else ["--port", "0"]
            text = lineageql("mlmd-server", *arguments, *free, code=2, cwd=tmp_path)
            assert words in text
            assert text.count("\n") == 1, text
        both = ["--port", "0", "--mlmd-port"]
        text = lineageql("serve", "new.db", "--create", *both, port, code=2, cwd=tmp_path)
        assert "address already in use" in text
        text = lineageql("serve", "new.db", "--create", "--host", "0.0.0.0", "--port", "0", code=2, cwd=tmp_path)
        assert "whoever reaches 0.0.0.0 could read this store and write to it" in text
        assert [path.name for path in tmp_path.iterdir()] == ["text.db"]
    lineageql("demo", "demo.db", "--no-serve", cwd=tmp_path)
    text = lineageql("serve", "demo.db", "--read-only", *both, "0", code=2, cwd=tmp_path)
    assert "leave out --read-only" in text.splitlines()[-1]


async def test_serve_with_both_on_one_store(book: Any, tmp_path: Path, gone: Callable[[int], bool]) -> None:
    with serving(tmp_path / "store.db", "--create", "--port", "0", command="serve") as server:
        channel = GrpcChannel(Endpoint(server.host, server.port))
        type_id = await book.new_type(channel)
        await book.new_artifact(channel, type_id, "by gRPC")
        with httpx.Client(base_url=server.url, transport=httpx.HTTPTransport(retries=5), timeout=30) as client:

            def ask(query: str) -> Any:
                return client.post("/graphql", json={"query": query}).json()["data"]

            assert ask("{ artifacts { nodes { name } } }") == {"artifacts": {"nodes": [{"name": "by gRPC"}]}}
            assert ask('mutation { createWorkspace(input: {name: "w"}) { created } }')["createWorkspace"]["created"]
        request = book.service.GetContextsByTypeRequest(type_name="kubeflow.org/alpha/workspace").SerializeToString()
        found = book.service.GetContextsByTypeResponse.FromString(await channel.call("GetContextsByType", request))
        assert [context.name for context in found.contexts] == ["w"]
        pids = workers(server)
        assert len(pids) == 1, "both go through one worker"
        await channel.close()
        # uvicorn ends by the signal that asked it to.
        assert server.stop() in (0, -signal.SIGTERM)
        assert gone(pids[0])


async def test_types_for_the_sdk(book: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "store.db", "--create", "--kubeflow-types") as server:
        channel = GrpcChannel(Endpoint(server.host, server.port))
        found = book.service.GetArtifactTypesResponse.FromString(await channel.call("GetArtifactTypes", b""))
        assert {kind.name.rpartition("/")[2] for kind in found.artifact_types} == {"model", "data_set", "metrics"}
        await channel.close()


async def test_what_an_exchange_raises_has_a_status() -> None:
    from lineageql import errors
    from lineageql.store.mlmd.faults import of_status, status_of

    for kind in (Unavailable, DeadlineExceeded, errors.StoreLocked, errors.InvalidArgument):
        assert type(of_status("GetArtifacts", status_of(kind("why")), "why")) is kind
    for kind in (errors.StoreError, errors.NotMLMD, errors.SchemaMismatch, errors.StoreMissing):
        assert status_of(kind("why")) == Status.FAILED_PRECONDITION
    assert status_of(errors.UsageError("why")) == Status.UNKNOWN
    assert isinstance(GrpcChannel(Endpoint("host")), grpc_server.Exchange)
    assert Reply(Status.OK, b"", b"").code == 0
