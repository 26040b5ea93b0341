"""Who may call MLMD's gRPC service, and how it is sealed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from lineageql.cli import commands
from lineageql.errors import StoreError, Unavailable, UsageError
from lineageql.store.endpoint import SERVICE, Endpoint
from lineageql.store.mlmd.grpc_channel import GrpcChannel
from lineageql.web.authentication.tokens import new_token
from tests.mlmd_server import MLMDServer
from tests.processes import children
from tests.store.mlmd.test_grpc_channel import made_certificates

SECRET, ROW = new_token("ci")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = made_certificates(tmp_path_factory.mktemp("access"))
    (made / "tokens.toml").write_text(ROW.row())
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[MLMDServer]:
    """A service that every host of the network reaches, which takes one token and speaks TLS alone."""
    files = ("--auth-tokens", "tokens.toml", "--mlmd-tls-cert", "server.crt", "--mlmd-tls-key", "server.key")
    running = MLMDServer(folder / "store.db", "--create", "--host", "0.0.0.0", *files)
    yield running
    assert running.stop() == 0


@pytest.fixture
async def channels(server: MLMDServer, folder: Path) -> AsyncIterator[Any]:
    made: list[GrpcChannel] = []

    def channel(token: str | None, authority: str = "ca.crt", scheme: str = "grpcs") -> GrpcChannel:
        ca = folder / authority if scheme == "grpcs" else None
        made.append(
            GrpcChannel(
                Endpoint.of(f"{scheme}://localhost:{server.port}", ca_file=ca, token=token), patience=5.0, timeout=30.0
            )
        )
        return made[-1]

    yield channel
    for each in made:
        await each.close()


async def test_who_has_a_token_writes_and_nobody_else_does(book: Any, channels: Any) -> None:
    mine = channels(SECRET)
    type_id = await book.new_type(mine)
    for wrong in (None, "lql_wrong", SECRET + "x"):
        with pytest.raises(StoreError, match="asks for a bearer token"):
            await channels(wrong).call("PutArtifacts", book.artifact(type_id, "by a stranger"))
    with pytest.raises(Unavailable):
        await channels(SECRET, scheme="grpc").call("PutArtifacts", book.artifact(type_id, "unsealed"))
    await book.new_artifact(mine, type_id, "mine")
    reply = await mine.call("GetArtifacts", b"")
    found = book.service.GetArtifactsResponse.FromString(reply).artifacts
    assert [artifact.name for artifact in found] == ["mine"]


def secure(server: MLMDServer, folder: Path) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials((folder / "ca.crt").read_bytes())
    # Without a pool of connections that all channels of a process share.
    return grpc.secure_channel(f"localhost:{server.port}", credentials, [("grpc.use_local_subchannel_pool", 1)])


def test_a_stranger_is_answered_before_anything_of_a_request_is_read(server: MLMDServer, folder: Path) -> None:
    """So what strangers send, however large, takes no memory."""
    with secure(server, folder) as channel:
        call = channel.stream_unary(f"/{SERVICE}/PutArtifacts")

        def silent() -> Iterator[bytes]:
            ended.wait(60)
            yield b""

        ended = threading.Event()
        with pytest.raises(grpc.RpcError) as caught:
            call(silent(), timeout=30)
        ended.set()
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "Authorization: Bearer" in caught.value.details()


def test_mlmds_own_client_sends_a_token_as_the_documentation_shows(server: MLMDServer, folder: Path) -> None:
    text = (Path(__file__).parents[3] / "docs/mlmd-server.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (folder / "ci.token").write_text(SECRET + "\n")
    program = example.replace("port=8080", f"port={server.port}").replace("Note", "Remark")  # others make a Note
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()
    (folder / "ci.token").write_text("lql_wrong\n")
    refused = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120)
    assert "UnauthenticatedError" in refused.stderr


def test_health_is_told_to_everybody(server: MLMDServer, folder: Path) -> None:
    with secure(server, folder) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=30) == b"\x08\x01"
        assert check(b"\x0a" + bytes([len(SERVICE)]) + SERVICE.encode(), timeout=30) == b"\x08\x01"


async def test_a_certificate_that_is_renewed_is_shown_to_new_connections(
    book: Any, channels: Any, folder: Path, tmp_path: Path
) -> None:
    made_certificates(tmp_path)
    before = folder / "server.key"
    assert await channels(SECRET).call("GetArtifactTypes", b"") is not None
    old = {name: (folder / name).read_bytes() for name in ("server.crt", "server.key")}
    try:
        # A key that does not belong to the certificate is not taken.
        shutil.copyfile(tmp_path / "server.key", before)
        assert await channels(SECRET).call("GetArtifactTypes", b"") is not None
        shutil.copyfile(tmp_path / "server.crt", folder / "server.crt")
        shutil.copyfile(tmp_path / "ca.crt", folder / "new-ca.crt")
        for attempt in range(20):
            try:
                assert await channels(SECRET, "new-ca.crt").call("GetArtifactTypes", b"") is not None
                break
            except Unavailable:
                assert attempt < 19
                await asyncio.sleep(0.2)
    finally:
        for name, content in old.items():
            (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mlmd-tls-cert", "server.crt"], "given together"),
        (["--mlmd-tls-cert", "server.crt", "--mlmd-tls-key", "none.key"], "cannot read none.key: no such file"),
        (["--mlmd-tls-cert", "server.crt", "--mlmd-tls-key", "client.key"], "not the PEM files of a certificate and"),
    ],
)
def test_a_wrong_certificate_keeps_it_from_starting(
    arguments: list[str], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match=said):
        commands.main(["mlmd-server", "new.db", "--create", "--port", "0", *arguments], standalone_mode=False)
    assert not (folder / "new.db").exists()


async def test_a_worker_is_started_while_connections_are_sealed(
    server: MLMDServer, folder: Path, channels: Any
) -> None:
    """Fork handlers of gRPC's waited for a thread that waited for Python's lock, to read the certificate."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.set_alpn_protocols(["h2"])
    ended = threading.Event()

    def connect() -> None:
        while not ended.is_set():
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:
                context.wrap_socket(plain, server_hostname="localhost").close()

    strangers = [asyncio.create_task(asyncio.to_thread(connect)) for _ in range(4)]
    try:
        for _ in range(5):
            for pid in children(server.process.pid):
                os.kill(pid, signal.SIGKILL)
            assert await channels(SECRET).call("GetArtifactTypes", b"") is not None
    finally:
        ended.set()
        await asyncio.gather(*strangers)
