"""The way to MLMD's gRPC service: what is sent again, what is said, and what is kept secret."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lineageql.errors import (
    AlreadyExists,
    DeadlineExceeded,
    Exhausted,
    InvalidArgument,
    LineageQLError,
    NotMLMD,
    StoreError,
    StoreFailed,
    StoreLocked,
    Unavailable,
    UsageError,
)
from lineageql.settings import Settings
from lineageql.store.endpoint import Endpoint
from lineageql.store.mlmd.faults import UNKNOWN
from lineageql.store.mlmd.frames import Status
from tests.demo import lineageql

pytest.importorskip("grpc")
import grpc.aio

from lineageql.store.mlmd.grpc_channel import LARGEST, GrpcChannel

SECRET = "s3cret-t0ken"
Answer = Callable[[str, bytes, Any], Awaitable[bytes]]


class Front:
    """A real gRPC server whose answers a test decides: what a mesh or an overloaded MLMD says cannot be had else."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.port = 0

    def service(self, details: Any) -> Any:
        rpc = details.method.rpartition("/")[2]
        assert details.method == f"/ml_metadata.MetadataStoreService/{rpc}"

        async def behaviour(request: bytes, context: Any) -> bytes:
            self.seen.append((rpc, dict(context.invocation_metadata())))
            return await self.answer(rpc, request, context)

        return grpc.unary_unary_rpc_method_handler(behaviour)


class Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, front: Front) -> None:
        self.front = front

    def service(self, details: Any) -> Any:
        return self.front.service(details)


@asynccontextmanager
async def fronting(answer: Answer, port: int = 0, credentials: Any = None) -> AsyncIterator[Front]:
    front = Front(answer)
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((Handlers(front),))
    address = f"127.0.0.1:{port}"
    if credentials is None:
        front.port = server.add_insecure_port(address)
    else:
        front.port = server.add_secure_port(address, credentials)
    await server.start()
    try:
        yield front
    finally:
        await server.stop(0)


@asynccontextmanager
async def channel_to(port: int, **knobs: Any) -> AsyncIterator[GrpcChannel]:
    endpoint = knobs.pop("endpoint", None) or Endpoint("127.0.0.1", port)
    channel = GrpcChannel(endpoint, **knobs)
    try:
        yield channel
    finally:
        await channel.close()


async def echo(rpc: str, request: bytes, context: Any) -> bytes:
    return request


def failing(*codes: grpc.StatusCode, message: str = "why") -> Answer:
    """Answers with these statuses, one a call, then with what was sent."""
    left = list(codes)

    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        if left:
            await context.abort(left.pop(0), message)
        return request

    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_bytes_go_and_come_under_the_names_of_methods() -> None:
    async with fronting(echo) as front, channel_to(front.port) as channel:
        await channel.start()
        large = bytes(range(256)) * (LARGEST // 256)
        assert await channel.call("PutArtifacts", large) == large
        assert [rpc for rpc, _ in front.seen] == ["GetContextsByID", "PutArtifacts"]
        with pytest.raises(InvalidArgument, match="the most is 104857600"):
            await channel.call("PutArtifacts", large + b"x")


async def test_calls_run_side_by_side() -> None:
    both = asyncio.Event()
    waiting = 0

    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        nonlocal waiting
        waiting += 1
        if waiting == 20:
            both.set()
        await both.wait()
        return request

    async with fronting(answer) as front, channel_to(front.port) as channel:
        calls = [channel.call("GetArtifacts", b"%d" % number) for number in range(20)]
        assert await asyncio.gather(*calls) == [b"%d" % number for number in range(20)]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("ALREADY_EXISTS", AlreadyExists, r"^PutArtifacts failed: something of it is in the store already$"),
        ("PERMISSION_DENIED", StoreError, "what stands before MLMD, such as a mesh"),
        ("UNAUTHENTICATED", StoreError, "asks for a bearer token or a client certificate"),
        ("RESOURCE_EXHAUSTED", Exhausted, "by gRPC's default is 4 MB, or an error too long"),
        ("INTERNAL", StoreFailed, "MLMD failed in it"),
        ("DATA_LOSS", StoreFailed, "MLMD failed in it"),
        ("UNAVAILABLE", Unavailable, "out of reach; the call was under way, so it may or may not"),
        ("DEADLINE_EXCEEDED", DeadlineExceeded, "in time; the call was under way, so it may or may not"),
    ],
)
async def test_a_write_is_sent_once_whatever_is_answered(
    code: str, kind: type[LineageQLError], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lineageql")
    async with fronting(failing(grpc.StatusCode[code])) as front, channel_to(front.port) as channel:
        with pytest.raises(kind, match=words) as caught:
            await channel.call("PutArtifacts", b"x")
        assert type(caught.value) is kind
        assert len(front.seen) == 1
    # The server's words are for the log.
    assert "why" not in str(caught.value)
    assert "why" in caplog.text
    assert (caught.value.error_id or "") in caplog.text


async def test_the_status_as_it_came() -> None:
    code = grpc.StatusCode.UNIMPLEMENTED
    async with fronting(failing(code, message="no filters")) as front, channel_to(front.port) as channel:
        assert await channel.exchange("GetArtifacts", b"") == (Status.UNIMPLEMENTED, b"no filters", b"")


@pytest.mark.parametrize(
    ("rpc", "code"),
    [
        ("PutArtifacts", "ABORTED"),
        ("GetArtifacts", "ABORTED"),
        ("GetArtifacts", "UNAVAILABLE"),
        ("PutTypes", "UNAVAILABLE"),
        ("PutAttributionsAndAssociations", "UNAVAILABLE"),
    ],
)
async def test_what_is_sent_again(rpc: str, code: str) -> None:
    codes = [grpc.StatusCode[code]] * 3
    async with fronting(failing(*codes)) as front, channel_to(front.port) as channel:
        assert await channel.call(rpc, b"x") == b"x"
        assert len(front.seen) == 4


async def test_aborted_until_the_deadline() -> None:
    async with (
        fronting(failing(*[grpc.StatusCode.ABORTED] * 1000)) as front,
        channel_to(front.port, timeout=0.5) as channel,
    ):
        began = time.monotonic()
        with pytest.raises(StoreLocked, match=r"kept it from being applied, so nothing of it was written$"):
            await channel.call("PutArtifacts", b"x")
        assert time.monotonic() - began <= 0.6
        assert len(front.seen) > 2


async def test_a_server_that_is_out_of_reach() -> None:
    async with channel_to(free_port(), patience=0.5) as channel:
        with pytest.raises(Unavailable, match="out of reach; the call was not sent, so nothing of it was written"):
            await channel.call("PutArtifacts", b"x")
        with pytest.raises(Unavailable, match=r"^grpc://127\.0\.0\.1:\d+ is out of reach: .*refused$"):
            await channel.start()
    async with channel_to(0, endpoint=Endpoint("no-such-host.invalid"), patience=0.2) as channel:
        with pytest.raises(Unavailable, match=r"^grpc://no-such-host\.invalid:8080 is out of reach"):
            await channel.start()


async def test_a_host_that_does_not_answer() -> None:
    # It accepts connections, as its system does for it, and says nothing.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with channel_to(silent.getsockname()[1], connect_timeout=0.3, patience=0.1) as channel:
            with pytest.raises(Unavailable, match=r"out of reach; the call was not sent"):
                await channel.call("PutArtifacts", b"x")
            with pytest.raises(Unavailable, match=r"no connection within 0\.3 seconds"):
                await channel.start()


async def test_calls_before_the_server_is_there_and_after_it_was_gone() -> None:
    port = free_port()
    async with channel_to(port) as channel:
        for _ in range(2):
            early = asyncio.create_task(channel.call("PutArtifacts", b"x"))
            await asyncio.sleep(0.5)
            assert not early.done()
            async with fronting(echo, port) as front:
                assert await early == b"x"
                assert len(front.seen) == 1
            # A call on a connection that is not known to be closed is under way.
            if channel._channel.get_state() is grpc.ChannelConnectivity.READY:
                await channel._channel.wait_for_state_change(grpc.ChannelConnectivity.READY)


async def test_the_server_goes_during_a_call() -> None:
    begun = asyncio.Event()

    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        begun.set()
        await asyncio.sleep(60)
        return request

    port = free_port()
    async with channel_to(port) as channel:
        async with fronting(answer, port):
            calls = [asyncio.create_task(channel.call(rpc, b"x")) for rpc in ("PutArtifacts", "GetArtifacts")]
            await begun.wait()
            await asyncio.sleep(0.1)
        with pytest.raises(Unavailable, match="so it may or may not have been applied"):
            await calls[0]
        async with fronting(echo, port):
            assert await calls[1] == b"x"


async def test_out_of_time() -> None:
    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        assert context.time_remaining() < 0.4
        await asyncio.sleep(60)
        return request

    async with fronting(answer) as front, channel_to(front.port, timeout=0.3) as channel:
        with pytest.raises(DeadlineExceeded, match="may or may not have been applied"):
            await channel.call("PutArtifacts", b"x")
        with pytest.raises(DeadlineExceeded) as caught:
            await channel.call("GetArtifacts", b"x")
        assert "applied" not in str(caught.value)


async def test_a_caller_that_gives_up() -> None:
    ended = asyncio.Event()

    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return request

    async with fronting(answer) as front, channel_to(front.port) as channel:
        call = asyncio.create_task(channel.call("GetArtifacts", b"x"))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(ended.wait(), 5)


async def test_closing() -> None:
    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        await asyncio.sleep(0.3 if request == b"short" else 60)
        return request

    async with fronting(answer) as front, channel_to(front.port, grace=0.6) as channel:
        short = asyncio.create_task(channel.call("PutArtifacts", b"short"))
        long = asyncio.create_task(channel.call("PutArtifacts", b"long"))
        await asyncio.sleep(0.1)
        await channel.close()
        assert await short == b"short"
        with pytest.raises(Unavailable, match="may or may not have been applied"):
            await long
        with pytest.raises(Unavailable, match="is closed; the call was not sent"):
            await channel.call("PutArtifacts", b"x")
        await channel.close()
    await GrpcChannel(Endpoint("127.0.0.1", 1)).close()


async def test_what_is_not_mlmd() -> None:
    async def answer(rpc: str, request: bytes, context: Any) -> bytes:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        return b""

    async with fronting(answer) as front, channel_to(front.port) as channel:
        with pytest.raises(NotMLMD, match=r"at grpc://127.0.0.1:\d+ is not MLMD's gRPC service: Method not found"):
            await channel.start()


class TestToken:
    async def test_is_sent_and_never_shown(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        file = tmp_path / "token"
        file.write_text(f"{SECRET}\n")
        for given in ({"token": SECRET}, {"token_file": file}):
            async with fronting(failing(grpc.StatusCode.UNAUTHENTICATED)) as front:
                endpoint = Endpoint("127.0.0.1", front.port, **given)  # type: ignore[arg-type]
                async with channel_to(0, endpoint=endpoint) as channel:
                    with pytest.raises(StoreError) as caught:
                        await channel.call("GetArtifacts", b"")
                    await channel.call("GetArtifacts", b"")
                    assert [seen["authorization"] for _, seen in front.seen] == [f"Bearer {SECRET}"] * 2
                    assert SECRET not in f"{caught.value!r} {endpoint!r} {endpoint} {vars(channel)}"
        assert SECRET not in caplog.text
        assert "without TLS" in caplog.text

    async def test_is_read_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "token"
        file.write_text("first")
        codes = (grpc.StatusCode.UNAUTHENTICATED,)

        def endpoint(front: Front) -> Endpoint:
            return Endpoint("127.0.0.1", front.port, token_file=file)

        async with fronting(failing(*codes)) as front, channel_to(0, endpoint=endpoint(front)) as channel:
            file.write_text("second")
            with pytest.raises(StoreError):
                await channel.call("GetArtifacts", b"")
            await channel.call("GetArtifacts", b"")
            monkeypatch.setattr("lineageql.store.endpoint.FRESH", 0.0)
            channel._bearer.forget()
            file.write_text("third")
            await channel.call("GetArtifacts", b"")
            file.unlink()
            await channel.call("GetArtifacts", b"")
        sent = [seen["authorization"].split()[1] for _, seen in front.seen]
        assert sent == ["first", "second", "third", "third"]

    @pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ünicode", "x" * 10 + "\0"])
    def test_what_is_none(self, token: str, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no bearer token") as caught:
            Endpoint("host", token=token)
        assert token == "" or token not in str(caught.value)
        file = tmp_path / "token"
        file.write_text(token + " " + token)
        with pytest.raises(UsageError, match="no bearer token"):
            GrpcChannel(Endpoint("host", token_file=file))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a server's certificate for localhost and a client's, made by OpenSSL."""
    return made_certificates(tmp_path_factory.mktemp("certificates"))


def made_certificates(folder: Path) -> Path:
    """The same, in a folder."""

    def openssl(*arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    for authority in ("ca", "other"):
        openssl(*new, "-subj", f"/CN={authority}", "-keyout", f"{authority}.key", "-out", f"{authority}.crt")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", "csr")
        (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
        openssl("x509", "-req", "-in", "csr", *signed, "-out", f"{name}.crt")
    return folder


class TestTLS:
    @asynccontextmanager
    async def server(self, folder: Path, port: int = 0) -> AsyncIterator[Front]:
        pair = ((folder / "server.key").read_bytes(), (folder / "server.crt").read_bytes())
        authority = (folder / "ca.crt").read_bytes()
        credentials = grpc.ssl_server_credentials([pair], authority, require_client_auth=True)
        async with fronting(echo, port, credentials) as front:
            yield front

    async def test_both_ends_show_certificates(self, certificates: Path) -> None:
        files = {"certificate_file": certificates / "client.crt", "key_file": certificates / "client.key"}
        async with self.server(certificates) as front:
            url = f"grpcs://localhost:{front.port}"
            trusting = Endpoint.of(url, ca_file=certificates / "ca.crt", token=SECRET, **files)
            async with channel_to(0, endpoint=trusting) as channel:
                assert await channel.call("PutArtifacts", b"x") == b"x"
            for wrong, words in (
                (Endpoint.of(url, ca_file=certificates / "other.crt", **files), "(?i)certificate"),
                (Endpoint.of(url, **files), "(?i)certificate"),
                (Endpoint.of(url.replace("grpcs", "grpc")), "is out of reach"),
                (Endpoint.of(url, ca_file=certificates / "ca.crt"), "is out of reach"),
            ):
                async with channel_to(0, endpoint=wrong, patience=0.1) as channel:
                    with pytest.raises(Unavailable, match=words):
                        await channel.start()
            assert len(front.seen) == 1

    async def test_files_that_are_replaced(self, certificates: Path, tmp_path: Path) -> None:
        """As Kubernetes does: the client's, and the authority's that its server's certificate is of from now on."""
        mounted, renewed = tmp_path / "mounted", tmp_path / "renewed"
        shutil.copytree(certificates, mounted)
        renewed.mkdir()
        made_certificates(renewed)
        files = {"certificate_file": mounted / "client.crt", "key_file": mounted / "client.key"}
        async with self.server(certificates) as front:
            endpoint = Endpoint.of(f"grpcs://localhost:{front.port}", ca_file=mounted / "ca.crt", **files)
            channel = GrpcChannel(endpoint, patience=1.0)
            assert await channel.call("PutArtifacts", b"x") == b"x"
        async with self.server(renewed, front.port) as front:
            # A call that is sent before the channel has heard of the old server's end has no such answer.
            for _ in range(20):
                with pytest.raises(Unavailable) as refused:
                    await channel.call("PutArtifacts", b"x")
                if UNKNOWN not in str(refused.value):
                    break
            assert "nothing of it was written" in str(refused.value)
            (mounted / "ca.crt").unlink()
            with pytest.raises(Unavailable):
                await channel.call("PutArtifacts", b"x")
            shutil.copytree(renewed, mounted, dirs_exist_ok=True)
            # On a busy machine a connection may take longer than the channel's patience.
            for attempt in range(20):
                try:
                    assert await channel.call("PutArtifacts", b"x") == b"x"
                    break
                except Unavailable:
                    assert attempt < 19
            assert [seen for seen, _ in front.seen] == ["PutArtifacts"]
        await channel.close()

    async def test_new_connections_show_new_files_without_a_fault(
        self, certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lineageql.store.endpoint.FRESH", 0.0)
        mounted, renewed = tmp_path / "mounted", tmp_path / "renewed"
        shutil.copytree(certificates, mounted)
        renewed.mkdir()
        made_certificates(renewed)
        files = {"certificate_file": mounted / "client.crt", "key_file": mounted / "client.key"}
        async with self.server(certificates) as front:
            endpoint = Endpoint.of(f"grpcs://localhost:{front.port}", ca_file=mounted / "ca.crt", **files)
            channel = GrpcChannel(endpoint, patience=0.1)
            assert await channel.call("PutArtifacts", b"x") == b"x"
            shutil.copyfile(renewed / "ca.crt", mounted / "ca.crt")
            # The old connection would have gone on, to a server that is not trusted any more.
            with pytest.raises(Unavailable):
                await channel.call("PutArtifacts", b"x")
            await channel.close()

    def test_files_that_are_none(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"cannot read .*missing: no such file"):
            GrpcChannel(Endpoint("host", tls=True, ca_file=tmp_path / "missing"))
        with pytest.raises(UsageError, match="given together"):
            Endpoint("host", tls=True, key_file=tmp_path)
        with pytest.raises(UsageError, match="write grpcs://"):
            Endpoint("host", ca_file=tmp_path)


class TestSettings:
    async def test_certificates_and_the_token(self, certificates: Path, tmp_path: Path) -> None:
        token = tmp_path / "token"
        token.write_text(SECRET)
        environ = {
            "LINEAGEQL_GRPC_CA_FILE": str(certificates / "ca.crt"),
            "LINEAGEQL_GRPC_CERTIFICATE_FILE": str(certificates / "client.crt"),
            "LINEAGEQL_GRPC_KEY_FILE": str(certificates / "client.key"),
        }
        async with TestTLS().server(certificates) as front:
            for given in ({"LINEAGEQL_GRPC_TOKEN": SECRET}, {"LINEAGEQL_GRPC_TOKEN_FILE": str(token)}):
                settings = Settings.load({}, {**environ, **given})
                assert SECRET not in repr(settings)
                channel = await GrpcChannel.connected(f"grpcs://localhost:{front.port}", settings)
                await channel.close()
            assert [seen["authorization"] for _, seen in front.seen] == [f"Bearer {SECRET}"] * 2

    async def test_what_does_not_fit_together(self) -> None:
        for url, given, words in (
            ("grpc://host", {"grpc_token": SECRET, "grpc_token_file": "x"}, "and not by both"),
            ("grpc://host", {"grpc_ca_file": "x"}, "write grpcs://"),
            ("grpcs://host", {"grpc_ca_file": "/no/such"}, "cannot read /no/such"),
            ("http://host", {}, "grpc://host:port"),
        ):
            with pytest.raises(UsageError, match=words):
                await GrpcChannel.connected(url, Settings(**given))  # type: ignore[arg-type]

    def test_the_token_is_no_flag(self) -> None:
        assert "grpc-token-file" in lineageql("serve", "--help")
        assert "--grpc-token " not in lineageql("serve", "--help")
        assert SECRET not in lineageql("serve", "--grpc-token", SECRET, code=2)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("grpc://host", "grpc://host:8080"),
        ("grpc://metadata-grpc-service.kubeflow:8080/", "grpc://metadata-grpc-service.kubeflow:8080"),
        ("GRPCS://127.0.0.1:443", "grpcs://127.0.0.1:443"),
        ("grpc://[::1]:90", "grpc://[::1]:90"),
        ("grpc://[fe80::1]", "grpc://[fe80::1]:8080"),
    ],
)
def test_addresses(url: str, shown: str) -> None:
    assert str(Endpoint.of(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "grpc://",
        "grpc://:80",
        "grpc://host:",
        "grpc://host:0",
        "grpc://host:65536",
        "grpc://host:x",
        "grpc://a/b",
        "grpc://unix:path:80",
        "http://host",
        "host:80",
        f"grpc://user:{SECRET}@host",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Endpoint.of(url)
    assert SECRET not in str(caught.value)
