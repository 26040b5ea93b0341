"""The audit log: what was recorded by whom, written before the answer is sent, whatever happens to the file."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from lineageql.errors import Unavailable, UsageError
from lineageql.web.audit import AuditLog
from lineageql.web.authentication.tokens import new_token
from tests.catalog.graphs import empty_store
from tests.server import Server
from tests.service import Service, serving

pytest.importorskip("ml_metadata")

RECORD = """
mutation Train($input: RecordExecutionInput!) {
  recordExecution(input: $input) { execution { id } run { id } workspace { id } inputs { id } outputs { id } }
}
"""
SECRET = "a-name-that-is-no-business-of-the-log"


def record(name: str) -> dict[str, Any]:
    def data(what: str) -> dict[str, Any]:
        return {"port": what, "artifact": {"dataSet": {"name": f"{SECRET}-{what}", "uri": f"s3://{what}"}}}

    execution = {"name": name, "externalId": name}
    return {"workspace": "w", "run": "r", "execution": execution, "inputs": [data("in")], "outputs": [data("out")]}


def texts(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines()


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in texts(log)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
async def service(tmp_path: Path, log: Path) -> AsyncIterator[Service]:
    (tmp_path / "store.db").write_bytes(empty_store())
    secret, token = new_token("ann", ["fraud"])
    (tmp_path / "tokens.toml").write_text(token.row())
    settings = {"audit_log": str(log), "auth_tokens": str(tmp_path / "tokens.toml")}
    async with serving(tmp_path / "store.db", **settings) as running:
        running.client.headers["authorization"] = f"Bearer {secret}"
        yield running


async def test_who_records_what(service: Service, log: Path) -> None:
    headers = {"x-request-id": "one"}
    body = {"query": RECORD, "variables": {"input": record("a")}}
    made = (await service.client.post("/graphql", json=body, headers=headers)).json()["data"]["recordExecution"]
    (line,) = lines(log)
    assert line.pop("time").endswith("+00:00")
    around = [made["workspace"]["id"], made["run"]["id"], made["inputs"][0]["id"], made["outputs"][0]["id"]]
    assert line == {
        "kind": "mutation",
        "request_id": "one",
        "who": "ann",
        "operation": "Train",
        "document": hashlib.sha256(RECORD.encode()).hexdigest(),
        "codes": [],
        "changes": [
            {"field": "recordExecution", "action": "created", "ids": [made["execution"]["id"]]},
            {"field": "recordExecution", "action": "linked", "ids": around},
        ],
    }
    execution = made["execution"]["id"]
    await service.data(RECORD, {"input": record("a")})
    await service.data(
        'mutation ($id: ID!) { setLabels(input: {id: $id, labels: [{key: "k", value: "v"}]}) { entity { id } } }',
        {"id": execution},
    )
    await service.ask(
        'mutation { a: createWorkspace(input: {name: "b"}) { created workspace { id } }'
        ' b: createWorkspace(input: {name: "b", reuse: false}) { created } }'
    )
    await service.data("{ store { backend } }")
    found = [[(one["field"], one["action"]) for one in line["changes"]] for line in lines(log)[1:]]
    assert found == [[("recordExecution", "found")], [("setLabels", "changed")], [("createWorkspace", "created")]]
    assert lines(log)[2]["changes"][0]["ids"] == [execution]
    assert lines(log)[3]["codes"] == ["ALREADY_EXISTS"]
    assert SECRET not in str(lines(log))


async def test_what_is_refused(service: Service, log: Path) -> None:
    await service.ask('mutation { setLabels(input: {id: "x", labels: []}) { entity { id } } }')
    await service.ask("{ store { backend } }")
    await service.ask("mutation { nothing }")
    answer = await service.client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"authorization": "Bearer lql_wrong"}
    )
    assert answer.status_code == 401
    refused, outside = lines(log)
    assert (refused["who"], refused["codes"], refused["changes"]) == ("ann", ["INVALID_ARGUMENT"], [])
    assert outside.pop("time")
    assert outside == {
        "kind": "request",
        "request_id": answer.headers["x-request-id"],
        "who": None,
        "path": "/graphql",
        "address": "127.0.0.1",
        "codes": ["UNAUTHENTICATED"],
    }


async def test_a_line_is_one_to_every_reader(service: Service, log: Path) -> None:
    signs = "\n\r\x1b[1m\x7f\x85\x9b1m\u2028\u2029\u202e\u2066"
    path = f"/{quote(signs)}"
    assert (await service.client.get(path, headers={"authorization": "Bearer lql_wrong"})).status_code == 401
    (text,) = texts(log)  # str.splitlines knows more ends of lines than JSON Lines do
    assert text.isprintable()
    assert json.loads(text)["path"] == f"/{signs}"


async def test_no_mutation_without_a_log(service: Service, log: Path, tmp_path: Path) -> None:
    await service.data(RECORD, {"input": record("a")})
    os.rename(log, tmp_path / "audit.jsonl.1")
    await service.data(RECORD, {"input": record("b")})
    assert [len(lines(tmp_path / name)) for name in ("audit.jsonl.1", "audit.jsonl")] == [1, 1]
    os.unlink(log)
    os.mkdir(log)
    response = await service.client.post("/graphql", json={"query": RECORD, "variables": {"input": record("c")}})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "nothing was done" in response.json()["errors"][0]["message"]
    counted = "{ executions { totalCount } }"
    assert await service.data(counted) == {"executions": {"totalCount": 2}}
    os.rmdir(log)
    await service.data(RECORD, {"input": record("c")})
    assert await service.data(counted) == {"executions": {"totalCount": 3}}
    (made,) = lines(log)
    assert made["changes"]


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """What was done is kept and written first; what was only tried is not."""
    path = tmp_path / "audit.jsonl"
    path.symlink_to("/dev/full")
    log = AuditLog(str(path))
    log.check()
    log.write(kept=True, done=1)
    log.write(kept=False, tried=1)
    assert (log.unwritten, log.failures) == (1, 2)
    with pytest.raises(Unavailable, match="nothing was done"):
        log.check()
    path.unlink()
    path.write_text("")
    log.check()
    log.write(kept=True, done=2)
    assert [line["done"] for line in lines(path)] == [1, 2]
    assert log.unwritten == 0
    log.close()


def test_a_line_that_was_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up in the middle of a line spoils that line alone."""
    log = AuditLog(str(tmp_path / "audit.jsonl"))
    write, sizes = os.write, [7, 0]

    def limited(file: int, data: bytes) -> int:
        if sizes:
            size = sizes.pop(0)
            if not size:
                raise OSError(28, "No space left on device")
            return write(file, data[:size])
        return write(file, data)

    monkeypatch.setattr(os, "write", limited)
    log.write(kept=True, done=1)
    log.write(kept=True, done=2)
    log.close()
    torn, *whole = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert len(torn) == 7
    assert [json.loads(line)["done"] for line in whole] == [1, 2]


def test_a_log_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened: no such file or directory"):
        AuditLog(str(tmp_path / "nowhere" / "audit.jsonl"))


def test_the_signal_to_reopen(tmp_path: Path) -> None:
    server = Server("serve", "new.db", "--create", "--port", "0", "--audit-log", "audit.jsonl", cwd=tmp_path)
    try:
        body = {"query": 'mutation { createWorkspace(input: {name: "a"}) { created } }'}
        assert "data" in httpx.post(f"{server.url}/graphql", json=body, timeout=60).json()
        server.process.send_signal(signal.SIGHUP)
        assert "data" in httpx.post(f"{server.url}/graphql", json=body, timeout=60).json()
        assert [line["changes"][0]["action"] for line in lines(tmp_path / "audit.jsonl")] == ["created", "found"]
    finally:
        server.stop()
