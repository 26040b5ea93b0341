"""What a client is told whose operation was under way when the service was stopped."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import httpx

from tests.demo import demo_store
from tests.processes import children
from tests.server import Server

MUTATION = 'mutation { createWorkspace(input: {name: "%s"}) { created } }'


def test_a_mutation_that_was_cut_off_says_whether_it_was_applied(tmp_path: Path) -> None:
    (tmp_path / "demo.db").write_bytes(demo_store())
    server = Server("serve", "demo.db", "--port", "0", cwd=tmp_path)
    answers: list[httpx.Response] = []

    def ask() -> None:
        query = {"query": MUTATION % "hangs"}
        answers.append(httpx.post(f"{server.url}/graphql", json=query, timeout=60))

    try:
        first = httpx.post(f"{server.url}/graphql", json={"query": MUTATION % "first"}, timeout=60)
        assert first.json()["data"]["createWorkspace"]["created"]
        (worker,) = children(server.process.pid)
        os.kill(worker, signal.SIGSTOP)
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(1)
        server.process.send_signal(signal.SIGTERM)
        log = server.process.communicate(timeout=60)[1]
        asking.join()
    finally:
        server.stop()
    (answer,) = answers
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert "may have been applied or not: send it again with the same externalId" in error["message"]
    assert "Exception in ASGI application" not in log
