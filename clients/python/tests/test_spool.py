"""Training goes on while the service is away, and nothing is lost or twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lineageql_client import Client, SpooledWarning, metadata, recording, spool
from lineageql_client.__main__ import main
from lineageql_client.errors import SpoolError
from lineageql_client.spool import Journal, JournalFile, flush

from .conftest import Service
from .proxies import Proxy

SOURCE = Path(__file__).parents[1] / "src"
SHAPE = (
    "query ($name: String!) { workspaces(where: {name: {eq: $name}}) { nodes { description runs { totalCount } "
    "executions(orderBy: {field: ID}) { nodes { mlmdId name state customProperties "
    "inputs { nodes { name uri } } outputs { nodes { name uri ... on Metrics { model { name } values } } } } } } } }"
)


@pytest.fixture
def proxy(fresh: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(recording, "SPOOL_PATIENCE", 0.2)
    monkeypatch.setattr(recording, "AWAY_FOR", 0.2)
    with Proxy(fresh.url) as made:
        yield made


def train(store: metadata.Store, name: str) -> tuple[metadata.Execution, metadata.Model]:
    workspace = metadata.Workspace(store, name, "offline")
    run = metadata.Run(workspace, "run")
    with metadata.Execution("train", workspace, run, parameters={"rate": 0.1}) as execution:
        execution.log_input(metadata.DataSet(name="d", uri="u/d"))
        model = execution.log_output(metadata.Model(name="m", uri="u/m", version="1"))
        execution.log_output(metadata.Metrics(name="s", uri="u/s", model_id=str(model.id), values={"auc": 0.9}))
    with metadata.Execution("serve", workspace) as serving:
        serving.log_input(model)
    return execution, model


def check(fresh: Service, name: str) -> dict[str, Any]:
    (found,) = fresh.ask(SHAPE, name=name)["workspaces"]["nodes"]
    assert (found["description"], found["runs"]["totalCount"]) == ("offline", 1)
    trained, served = found["executions"]["nodes"]
    assert (trained["name"], trained["state"], served["state"]) == ("train", "COMPLETE", "COMPLETE")
    assert trained["customProperties"]["rate"] == 0.1
    assert trained["inputs"]["nodes"] == [{"name": "d", "uri": "u/d"}]
    assert trained["outputs"]["nodes"] == [
        {"name": "m", "uri": "u/m"},
        {"name": "s", "uri": "u/s", "model": {"name": "m"}, "values": {"auc": 0.9}},
    ]
    assert served["inputs"]["nodes"] == [{"name": "m", "uri": "u/m"}]
    checked: dict[str, Any] = trained
    return checked


def test_it_is_sent_when_the_service_is_back(proxy: Proxy, fresh: Service, tmp_path: Path) -> None:
    proxy.away = True
    with metadata.Store(proxy.url, spool=tmp_path) as store:
        with pytest.warns(SpooledWarning, match="until it is back"):
            execution, model = train(store, "comes back")
        assert execution.id < 0
        assert model.id is not None
        assert model.id < 0
        assert len(list(tmp_path.glob("*.spool.jsonl"))) == 1
        proxy.away = False
        assert store.flush() == 0
        assert list(tmp_path.iterdir()) == []
        trained = check(fresh, "comes back")
        assert execution.id == trained["mlmdId"]
        assert model.id > 0
        # What was recorded offline is written to as anything else.
        execution.log_parameters({"more": 1})
    assert check(fresh, "comes back")["customProperties"]["more"] == 1


def test_it_goes_away_in_the_middle(proxy: Proxy, fresh: Service, tmp_path: Path) -> None:
    with metadata.Store(proxy.url, spool=tmp_path) as store:
        workspace = metadata.Workspace(store, "middle", "offline")
        run = metadata.Run(workspace, "run")
        with metadata.Execution("train", workspace, run, parameters={"rate": 0.1}) as execution:
            execution.log_input(metadata.DataSet(name="d", uri="u/d"))
            proxy.away = True
            with pytest.warns(SpooledWarning):
                model = execution.log_output(metadata.Model(name="m", uri="u/m", version="1"))
            execution.log_output(metadata.Metrics(name="s", uri="u/s", model_id=str(model.id), values={"auc": 0.9}))
        assert execution.id > 0
        proxy.away = False
        # The next recording finds it back, and sends what came before it first.
        import time

        time.sleep(0.3)
        with metadata.Execution("serve", workspace) as serving:
            serving.log_input(model)
        assert serving.id > execution.id
    check(fresh, "middle")
    assert list(tmp_path.iterdir()) == []


def test_answers_that_are_lost_are_not_recorded_twice(proxy: Proxy, fresh: Service, tmp_path: Path) -> None:
    """Everything arrives, every answer is lost: it is all there when the spool sends it once more."""
    with metadata.Store(proxy.url, spool=tmp_path) as store:
        proxy.lose = 10**6
        with pytest.warns(SpooledWarning):
            train(store, "lossy spool")
        proxy.lose = 0
        assert store.flush() == 0
    check(fresh, "lossy spool")


def test_the_command_sends_what_a_dead_process_left(
    fresh: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (
        "import os, sys, warnings; warnings.simplefilter('ignore')\n"
        "from lineageql_client import metadata\n"
        "from clients.python.tests.test_spool import train\n"
        "train(metadata.Store('http://127.0.0.1:9', spool=sys.argv[1]), sys.argv[2])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = os.pathsep.join([str(SOURCE), str(SOURCE.parents[2])])
    environ = {**os.environ, "PYTHONPATH": path}
    for name in ("dead one", "dead two"):
        done = subprocess.run([sys.executable, "-c", script, str(tmp_path), name], env=environ, timeout=60)
        assert done.returncode == -9
    assert main(["flush", str(tmp_path), "--url", "http://127.0.0.1:9", "--wait", "0"]) == 1
    assert "are left: no service answers at" in capsys.readouterr().out
    command = [sys.executable, "-m", "lineageql_client", "flush", str(tmp_path), "--url", fresh.url]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("sent ")
    assert list(tmp_path.iterdir()) == []
    check(fresh, "dead one")
    check(fresh, "dead two")
    assert main(["flush", str(tmp_path), "--url", fresh.url]) == 0
    assert main(["flush", str(tmp_path / "none"), "--url", fresh.url]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_what_the_service_refuses_is_kept_with_its_words(proxy: Proxy, fresh: Service, tmp_path: Path) -> None:
    proxy.away = True
    store = metadata.Store(proxy.url, spool=tmp_path)
    with pytest.warns(SpooledWarning):
        workspace = metadata.Workspace(store, "refuses")
    execution = metadata.Execution("train", workspace)
    execution.log_output(metadata.Model(name="m", uri="u", parts="__MLMD_NULL__"))
    execution.log_output(metadata.Model(name="good", uri="u"))
    store.close()
    proxy.away = False
    with Client(proxy.url) as client:
        done = flush(tmp_path, client)
    assert (done.sent, done.refused, done.left) == (3, 1, 0)
    (kept,) = tmp_path.iterdir()
    assert kept.name.endswith(".refused.jsonl")
    assert (done.refusals, done.complete) == ([kept], False)
    row = json.loads(kept.read_text())
    assert row["code"] == "INVALID_ARGUMENT"
    assert row["entry"]["artifact"]["model"]["name"] == "m"
    with Client(fresh.url) as client:
        assert [artifact.name for artifact in client.artifacts(workspace="refuses")] == ["good"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"default backend - 404"),
        (200, b"<html>log in</html>"),
        (302, b""),
        (403, b"not you"),
        (200, b'{"data": null, "errors": [{"message": "it only reads", "extensions": {"code": "READ_ONLY"}}]}'),
        (200, b'{"data": null, "errors": [{"message": "not you", "extensions": {"code": "FORBIDDEN"}}]}'),
    ],
)
def test_what_is_no_fault_of_an_entry_leaves_it_in_the_spool(status: int, body: bytes, tmp_path: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    journal = Journal(tmp_path)
    for name in ("one", "two"):
        journal.append({"op": "workspace", "input": {"name": name}, "gives": -1})
    journal.close()
    (kept,) = tmp_path.iterdir()
    before = kept.read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Client(f"http://127.0.0.1:{server.server_port}", retry_for=0) as client:
            done = flush(tmp_path, client)
    finally:
        server.shutdown()
        server.server_close()
    assert (done.sent, done.refused, done.left) == (0, 0, 2)
    assert done.error is not None
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_the_command_names_what_was_refused_until_it_is_deleted(
    fresh: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path)
    journal.append({"op": "workspace", "input": {"name": ""}, "gives": -1})
    journal.close()
    command = ["flush", str(tmp_path), "--url", fresh.url]
    assert main(command) == 1
    (kept,) = tmp_path.glob("*.refused.jsonl")
    words = f"with its words: correct what they say, record it again, and delete the file:\n  {kept}\n"
    said = capsys.readouterr().out
    assert said.startswith("sent 0 recordings\n1 recording was refused now\n1 file holds what")
    assert said.endswith(words)
    assert main(command) == 1
    said = capsys.readouterr().out
    assert said.startswith("sent 0 recordings\n1 file holds what")
    assert said.endswith(words)
    kept.unlink()
    assert main(command) == 0
    assert capsys.readouterr().out == "sent 0 recordings\n"


def test_the_command_names_what_it_leaves_to_others(
    fresh: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journals = [Journal(tmp_path) for _ in range(2)]
    for journal in journals:
        journal.append({"op": "workspace", "input": {"name": "left to others"}, "gives": -1})
    first, second = sorted(tmp_path.iterdir())
    command = ["flush", str(tmp_path), "--url", fresh.url]
    assert main(command) == 1
    assert f"\n2 files are left to processes that still run, which send them:\n  {first}\n  {second}\n" in (
        capsys.readouterr().out
    )
    journals[0].close()
    assert main(command) == 1
    assert capsys.readouterr().out == (
        f"sent 1 recording\n1 file is left to a process that still runs, which sends it:\n  {second}\n"
    )
    journals[1].close()
    assert main(command) == 0


def test_a_journal_belongs_to_its_process(fresh: Service, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append({"op": "workspace", "input": {"name": "belongs"}, "gives": -1})
    with Client(fresh.url) as client:
        done = flush(tmp_path, client)
        assert (done.sent, done.busy) == (0, list(tmp_path.iterdir()))
        assert not done.complete
        journal.close()
        done = flush(tmp_path, client)
        assert (done.sent, done.busy) == (1, [])
        assert done.complete
    assert list(tmp_path.iterdir()) == []


def test_a_flush_does_not_take_a_journal_that_is_being_made(
    fresh: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = spool._lock

    def slowly(file: Any) -> bool:
        monkeypatch.setattr(spool, "_lock", lock)
        flush(tmp_path, client)
        return lock(file)

    monkeypatch.setattr(spool, "_lock", slowly)
    with Client(fresh.url) as client:
        journal = Journal(tmp_path)
        journal.append({"op": "workspace", "input": {"name": "being made"}, "gives": -1})
        journal.close()
        assert flush(tmp_path, client).sent == 1


def test_a_journal_that_was_removed_takes_nothing_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = {"op": "workspace", "input": {"name": "removed"}, "gives": -1}
    journal.append(entry)
    (path,) = tmp_path.iterdir()
    path.unlink()
    with pytest.raises(SpoolError, match="it was removed"):
        journal.append(entry)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_disk_without_room_for_how_far_it_was_sent(fresh: Service, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for name in ("no room 1", "no room 2"):
        journal.append({"op": "workspace", "input": {"name": name}, "gives": -1})
    journal.close()
    (path,) = tmp_path.iterdir()
    spool._beside(path, ".sent.new").symlink_to("/dev/full")
    with Client(fresh.url) as client:
        assert flush(tmp_path, client).sent == 2
    assert list(tmp_path.iterdir()) == []


def test_a_torn_line_was_never_recorded(tmp_path: Path) -> None:
    path = tmp_path / "1.spool.jsonl"
    entries = [{"op": "update", "number": number} for number in range(3)]
    lines = [json.dumps({"version": 1, "entry": entry}) + "\n" for entry in entries]
    path.write_text("".join(lines) + '{"version": 1, "ent')
    file = JournalFile.take(path)
    assert file is not None
    file.append({"op": "last"})
    read = []
    for entry in file.entries():
        read.append(entry)
        file.advance()
        if len(read) == 2:
            break
    file.close()
    again = JournalFile.take(path)
    assert again is not None
    for entry in again.entries():
        read.append(entry)
        again.advance()
    assert read == [*entries, {"op": "last"}]


def test_a_journal_of_a_newer_client_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "1.spool.jsonl"
    path.write_text('{"version": 2, "entry": {"op": "new"}}\n')
    assert main(["flush", str(tmp_path), "--wait", "0"]) == 2
    assert "version 2 of the spool" in capsys.readouterr().err
    assert path.exists()


@pytest.mark.parametrize("line", ["no JSON", "[]", "5", '{"version": 1}', '{"version": 1, "entry": 5}'])
def test_a_line_that_is_no_entry_is_told(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "1.spool.jsonl"
    path.write_text(line + "\n")
    assert main(["flush", str(tmp_path), "--wait", "0"]) == 2
    assert f"{path} holds no entry at byte 0: b'{line}" in capsys.readouterr().err
    assert path.exists()


def test_an_update_never_reaches_an_execution_of_another_store(proxy: Proxy, fresh: Service, tmp_path: Path) -> None:
    """The entry names its execution by the external id, as an id of one store is another execution's in another."""
    with metadata.Store(proxy.url, spool=tmp_path) as store:
        execution = metadata.Execution("train", metadata.Workspace(store, "another store"))
        proxy.away = True
        with pytest.warns(SpooledWarning):
            execution.set_state("COMPLETE")
        (path,) = tmp_path.iterdir()
        entry = json.loads(path.read_text())["entry"]
        assert entry["execution"] == {"$execution": execution.external_id}
        proxy.away = False
        assert store.flush() == 0
    with Client(fresh.url) as client:
        assert [found.state for found in client.executions(workspace="another store")] == ["COMPLETE"]


def test_a_folder_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Client("http://127.0.0.1:9", spool=tmp_path / "file" / "spool") as client, pytest.raises(SpoolError):
        client.recorder  # noqa: B018
