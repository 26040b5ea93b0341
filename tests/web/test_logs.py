"""What stands in the log of a request: its id, who, what, how long; and neither secrets nor variables."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.web.authentication.tokens import new_token
from tests.demo import demo_store
from tests.server import Server

QUERY = "query Secretly($name: String!) { workspace(name: $name) { id } }"
VARIABLE = "a-value-that-is-nobodys-business"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., tuple[list[httpx.Response], str]]]:
    """Starts a server, sends it requests, stops it, and gives their answers and what it wrote to standard error."""
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    servers: list[Server] = []

    def run(flags: list[str], *requests: dict[str, Any]) -> tuple[list[httpx.Response], str]:
        server = Server("serve", str(path), "--read-only", "--port", "0", *flags, cwd=tmp_path)
        servers.append(server)
        with httpx.Client(base_url=server.url, timeout=60) as client:
            answers = [client.request(**{"method": "POST", "url": "/graphql", **request}) for request in requests]
        server.process.send_signal(signal.SIGTERM)
        _, written = server.process.communicate(timeout=30)
        return answers, written

    yield run
    for server in servers:
        server.stop()


def test_json(run: Callable[..., tuple[list[httpx.Response], str]], tmp_path: Path) -> None:
    secret, token = new_token("ann", ["fraud"])
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(token.row())
    headers = {"authorization": f"Bearer {secret}", "x-request-id": "gate-7/abc"}
    body = {"query": QUERY, "variables": {"name": VARIABLE}}
    flags = ["--log-format", "json", "--auth-tokens", str(tokens), "--log-level", "debug"]
    answers, written = run(
        flags,
        {"json": body, "headers": headers},
        {"json": {"query": "{ nothing }"}, "headers": {**headers, "x-request-id": 'forged"'}},
        {
            "method": "GET",
            "params": {"query": QUERY, "variables": json.dumps(body["variables"])},
            "headers": headers,
        },
        {"json": {"query": "{ __typename }"}, "headers": {"authorization": "Bearer lql_mistaken"}},
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401]
    assert answers[0].headers["x-request-id"] == "gate-7/abc"
    made = answers[1].headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", made)
    assert answers[3].headers["x-request-id"]
    lines = [json.loads(line) for line in written.splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    first, second, third = (line for line in lines if line["logger"] == "lineageql.operations")
    assert first.pop("time").endswith("+00:00")
    assert first.pop("cost") >= 20
    assert 0 < first.pop("duration_ms") < 60_000
    assert first == {
        "level": "info",
        "logger": "lineageql.operations",
        "message": "query",
        "request_id": "gate-7/abc",
        "who": "ann",
        "operation": "Secretly",
        "document": hashlib.sha256(QUERY.encode()).hexdigest(),
        "codes": [],
    }
    assert (second["message"], second["request_id"], second["codes"]) == ("invalid", made, ["BAD_REQUEST"])
    assert third["document"] == first["document"]
    (refused,) = (line for line in lines if "refused a request" in line["message"])
    assert refused["request_id"] == answers[3].headers["x-request-id"]
    assert VARIABLE not in written
    assert secret not in written
    assert "lql_mistaken" not in written


def test_text(run: Callable[..., tuple[list[httpx.Response], str]]) -> None:
    body = {"query": QUERY, "variables": {"name": VARIABLE}}
    _, quiet = run([], {"json": body})
    assert "Secretly" not in quiet
    answers, written = run(["--log-level", "debug"], {"json": body, "headers": {"x-request-id": "abc"}})
    assert answers[0].headers["x-request-id"] == "abc"
    (line,) = (line for line in written.splitlines() if "Secretly" in line)
    assert line.startswith("DEBUG: [abc] query who=null operation=Secretly document=")
    assert re.search(r" cost=\d+ duration_ms=[\d.]+ codes=\[\]$", line)
    assert VARIABLE not in written
    assert re.search(r"^INFO: Application startup complete\.$", written, re.MULTILINE)
