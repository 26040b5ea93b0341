"""Traces, as a collector gets them by OTLP over HTTP."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from lineageql import tracing
from lineageql.settings import Settings
from lineageql.store.mlmd.grpc_channel import GrpcChannel
from tests.demo import demo_store
from tests.server import Server

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VARIABLE = "a-value-that-is-nobodys-business"


class Collector:
    """A receiver of OTLP, and the spans that it got."""

    def __init__(self) -> None:
        self.resources: list[Any] = []
        self._spans: queue.Queue[dict[str, Any]] = queue.Queue()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.headers["content-type"] == "application/json"
                message = json.loads(self.rfile.read(int(self.headers["content-length"])))
                for resource in message["resourceSpans"]:
                    collector.resources.append(resource["resource"])
                    for scope in resource["scopeSpans"]:
                        for span in scope["spans"]:
                            collector._spans.put(span)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def spans(self) -> list[dict[str, Any]]:
        found = []
        while not self._spans.empty():
            found.append(self._spans.get())
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def test_a_request_its_operation_and_its_statements(collector: Collector, tmp_path: Path) -> None:
    (tmp_path / "demo.db").write_bytes(demo_store())
    flags = ("--port", "0", "--read-only", "--traces-endpoint", collector.url)
    server = Server("serve", "demo.db", *flags, cwd=tmp_path)
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    query = "query Named($name: String!) { workspace(name: $name) { id } }"
    body = {"query": query, "variables": {"name": VARIABLE}}
    try:
        assert httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=60).status_code == 200
        httpx.post(f"{server.url}/graphql", json={"query": "{ nothing }"}, timeout=60)
        httpx.get(f"{server.url}/readyz", timeout=60)
    finally:
        server.stop()
    spans = collector.spans()
    mine = [span for span in spans if span["traceId"] == TRACE]
    (request,) = (span for span in mine if span["parentSpanId"] == PARENT)
    assert (request["name"], request["kind"]) == ("POST /graphql", 2)
    assert attributes(request)["http.response.status_code"] == "200"
    (operation,) = (span for span in mine if span["parentSpanId"] == request["spanId"])
    assert operation["name"] == "query Named"
    told = attributes(operation)
    assert (told["graphql.operation.type"], told["graphql.operation.name"]) == ("query", "Named")
    assert int(told["lineageql.cost"]) >= 20
    statements = [span for span in mine if span["parentSpanId"] == operation["spanId"]]
    assert len(mine) == 2 + len(statements)
    assert statements
    for statement in statements:
        assert statement["kind"] == 3
        assert "SELECT" in attributes(statement)["db.query.text"]
        begin, end = int(statement["startTimeUnixNano"]), int(statement["endTimeUnixNano"])
        assert int(operation["startTimeUnixNano"]) <= begin <= end <= int(operation["endTimeUnixNano"])
    assert VARIABLE not in json.dumps(spans)
    # Another request has a trace of its own, and one that failed says so; a probe has none.
    others = [span for span in spans if span["traceId"] != TRACE]
    assert sorted(span["name"] for span in others) == ["POST /graphql", "invalid"]
    (failed,) = (span for span in others if span["name"] == "invalid")
    assert (failed["status"]["code"], attributes(failed)["error.type"]) == (2, "BAD_REQUEST")
    (resource, *_) = collector.resources
    assert {"key": "service.name", "value": {"stringValue": "lineageql"}} in resource["attributes"]


async def test_a_trace_goes_on_to_mlmd(collector: Collector) -> None:
    seen: list[dict[str, str]] = []

    class Recording(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            seen.append(dict(details.invocation_metadata))

            async def answer(request: bytes, context: Any) -> bytes:
                return b""

            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.aio.server(handlers=[Recording()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    tracing.configure(collector.url, "0")
    channel = await GrpcChannel.connected(f"grpc://127.0.0.1:{port}", Settings())
    try:
        seen.clear()
        with tracing.span("caller", "SERVER", [(b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())]):
            await channel.call("GetArtifacts", b"")
    finally:
        await channel.close()
        tracing.close()
        await server.stop(None)
    (metadata,) = seen
    version, trace, parent, sampled = metadata["traceparent"].split("-")
    assert (version, trace, sampled) == ("00", TRACE, "01")
    (call,) = (span for span in collector.spans() if span["spanId"] == parent)
    assert call["name"].endswith("/GetArtifacts")
