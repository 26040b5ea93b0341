"""The command line, as a user runs it: in a process of its own, on real files."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.catalog.graphs import empty_store
from tests.demo import demo_store, lineageql
from tests.processes import children
from tests.server import Server
from tests.store.sql.schema import SCRIPT


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.fixture
def server(demo: Path, tmp_path: Path) -> Iterator[Server]:
    running = Server("serve", str(demo), "--port", "0", cwd=tmp_path)
    yield running
    running.stop()


def ask(server: Server, query: str) -> Any:
    for _ in range(50):
        try:
            return httpx.post(f"{server.url}/graphql", json={"query": query}, timeout=30).json()
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_serve_answers_and_ends_with_its_worker(server: Server) -> None:
    assert ask(server, "{ store { counts { artifacts } } }")["data"]["store"]["counts"]["artifacts"] > 30
    created = ask(server, 'mutation { createWorkspace(input: {name: "w"}) { created } }')
    assert created["data"]["createWorkspace"]["created"]
    workers = children(server.process.pid)
    assert workers
    server.stop()
    assert not any(alive(pid) for pid in workers)


TYPES = "{ a: types(of: ARTIFACT) { name } e: types(of: EXECUTION) { name } c: types(of: WORKSPACE) { name } }"


def test_a_store_that_is_made_has_the_types_of_the_convention(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.executescript(SCRIPT)
        connection.execute("INSERT INTO Type (name, type_kind) VALUES ('another.Model', 1)")
    found = {}
    for store, *more in ((tmp_path / "new.db",), (foreign,), (foreign, "--mlmd-port", "0")):
        server = Server("serve", "--create", str(store), "--port", "0", *more, cwd=tmp_path)
        try:
            names = {type_["name"] for types in ask(server, TYPES)["data"].values() for type_ in types}
        finally:
            server.stop()
        found[store, bool(more)] = {name.removeprefix("kubeflow.org/alpha/") for name in names}
    ours = {"workspace", "run", "execution", "data_set", "model", "metrics"}
    assert found[tmp_path / "new.db", False] == ours
    # What another writer made stays as it is, unless SDKs are to write to it.
    assert found[foreign, False] == {"another.Model"}
    assert found[foreign, True] == {"another.Model", *ours}


def test_hanging_up_leaves_no_lines_in_the_log(demo: Path, tmp_path: Path) -> None:
    server = Server("serve", str(demo), "--port", "0", cwd=tmp_path)
    ask(server, "{ __typename }")
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    body = b'{"query": "{ artifacts { nodes { name uri properties producer { name } } } }"}'
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for sent in (request[:40], request[:-20], request, request * 5, b""):
        for wait, reset in ((0.0, True), (0.003, True), (0.01, True), (0.03, True), (0.1, False)) * 3:
            with socket.create_connection(address) as client:
                if reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(sent)
                time.sleep(wait)
    assert ask(server, "{ __typename }") == {"data": {"__typename": "Query"}}
    server.process.send_signal(signal.SIGTERM)
    log = server.process.communicate(timeout=60)[1]
    assert "Application startup complete" in log
    assert [line for line in log.splitlines() if not line.startswith("INFO: ")] == []


def test_the_worker_ends_when_the_service_is_killed(server: Server) -> None:
    assert ask(server, 'mutation { createWorkspace(input: {name: "w"}) { created } }')["data"]
    workers = children(server.process.pid)
    assert workers
    server.stop(signal.SIGKILL)
    for _ in range(50):
        if not any(alive(pid) for pid in workers):
            return
        time.sleep(0.1)
    raise AssertionError("the worker outlived the service")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_query_on_a_store_and_on_an_endpoint(demo: Path, server: Server) -> None:
    variables = '{"text": "fraud-model"}'
    on_store = json.loads(lineageql("query", "search", "--store", str(demo), "--variables", variables))
    endpoint = f"{server.url}/graphql"
    ask(server, "{ __typename }")
    on_endpoint = json.loads(lineageql("query", "search", "--endpoint", endpoint, "--variables", variables))
    assert on_store == on_endpoint
    assert on_store["data"]["search"]["nodes"][0]["name"] == "fraud-model"


def test_query_takes_standard_input_and_files_of_variables(demo: Path, tmp_path: Path) -> None:
    given = tmp_path / "v.json"
    given.write_text('{"n": 2}')
    query = "query ($n: Int) { artifacts(first: $n) { nodes { name } } }"
    answer = json.loads(lineageql("query", "-", "--store", str(demo), "--variables", f"@{given}", stdin=query))
    assert len(answer["data"]["artifacts"]["nodes"]) == 2


def test_an_answer_with_errors_has_exit_code_1(demo: Path) -> None:
    query = '{ artifact(id: "x") { name } }'
    assert "INVALID_ARGUMENT" in lineageql("query", "-", "--store", str(demo), stdin=query, code=1)


def test_a_query_that_only_reads_leaves_the_file_alone(demo: Path) -> None:
    before = demo.read_bytes()
    lineageql("query", "store", "--store", str(demo))
    assert demo.read_bytes() == before


def one_line(*arguments: str, cwd: Path | None = None, stdin: str | None = None) -> str:
    """The one line that a command fails with."""
    text = lineageql(*arguments, code=2, cwd=cwd, stdin=stdin)
    assert text.count("\n") == 1, text
    assert text.startswith("lineageql: "), text
    return text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--nothing"], "No such option"),
        (["nothing"], "No such command"),
        (["serve", "--port", "x"], "--port is 'x'; it takes a whole number"),
        (["serve", "--port", "70000"], "the most is 65535"),
        (["serve", "--page-size", "0"], "the least is 1"),
        (["serve", "--page-size", "2000"], "above max_page_size"),
        (["serve", "--log-level", "loud"], "it takes one of"),
        (["serve", "missing.db"], "there is no file missing.db"),
        (["serve", "missing.db", "--read-only", "--create"], "there is no file missing.db"),
        (["serve", "."], "is a directory"),
        (["serve", "oracle://localhost/x"], "opens sqlite://"),
        (["serve", "sqlite://x"], "sqlite:///"),
        (["query", "nothing", "--store", "x.db"], "the ready-made ones are around-a-model, artifacts-by-label, "),
        (["query", "search"], "--store STORE, or --endpoint URL"),
        (["query", "search", "--store", "x.db", "--variables", "["], "cannot read the variables"),
        (["query", "search", "--store", "x.db", "--variables", "[]"], "must be a JSON object"),
        (["query", "search", "--endpoint", "http://127.0.0.1:1/graphql"], "cannot reach"),
        (["query", "search", "--endpoint", "nonsense"], "cannot reach"),
    ],
)
def test_failures_are_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    # Whatever else runs on this machine may hold the default port.
    free = ["--port", "0"] if arguments[0] == "serve" and "--port" not in arguments else []
    assert said in one_line(*arguments, *free, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE runs (id INTEGER)")
    connection.close()
    old = tmp_path / "old.db"
    old.write_bytes(empty_store())
    connection = sqlite3.connect(old)
    connection.execute("UPDATE MLMDEnv SET schema_version = 6")
    connection.commit()
    connection.close()
    text, empty = tmp_path / "text.db", tmp_path / "empty.db"
    text.write_text("not a database" * 100)
    empty.write_bytes(b"")
    said = {other: "not an ML Metadata store", old: "schema version 6", text: "not", empty: "not"}
    for path, words in said.items():
        before = path.read_bytes()
        for more in (["--read-only"], ["--create"]):
            assert words in one_line("serve", str(path), "--port", "0", *more)
        assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty.db", "old.db", "other.db", "text.db"]


def test_a_locked_file(demo: Path) -> None:
    holder = sqlite3.connect(demo, isolation_level=None)
    holder.execute("PRAGMA journal_mode = delete")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert "locked" in one_line("serve", str(demo), "--port", "0", "--lock-timeout", "1")
    finally:
        holder.close()


def test_a_port_in_use(demo: Path) -> None:
    before = demo.read_bytes()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert "address already in use; --port takes another" in one_line("serve", str(demo), "--port", str(port))
    assert demo.read_bytes() == before


def test_an_unknown_variable_of_the_environment(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "lineageql", "serve", str(demo)]
    environ = {**os.environ, "LINEAGEQL_PROT": "8000"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60)
    assert done.returncode == 2
    assert "LINEAGEQL_PROT is none of the settings" in done.stderr


def test_help_names_every_command() -> None:
    text = lineageql("--help")
    for command in ("serve", "demo", "schema", "query"):
        assert command in text
        assert len(lineageql(command, "--help").splitlines()) > 5
    assert re.fullmatch(r"lineageql, version \d+\.\d+\.\d+\n", lineageql("--version"))


def test_schema_is_what_the_repository_holds() -> None:
    committed = Path(__file__).parents[2] / "schema.graphql"
    assert lineageql("schema") == committed.read_text(encoding="utf-8")


def test_a_password_among_the_arguments_is_warned_of_and_not_shown(tmp_path: Path) -> None:
    text = lineageql("serve", "postgresql://u:geheim@127.0.0.1:1/x", "--port", "0", code=2)
    assert "WARNING: every user of this machine sees the password of postgresql://127.0.0.1:1/x" in text
    assert "geheim" not in text
    assert "WARNING" not in lineageql("serve", "postgresql://u@127.0.0.1:1/x", "--port", "0", code=2)
