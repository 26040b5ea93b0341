"""No token is in a log, an answer or a list of processes, however much the service tells."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from lineageql.web.authentication.tokens import new_token
from tests.catalog.graphs import empty_store
from tests.demo import lineageql
from tests.issuer import AUDIENCE, Issuer
from tests.processes import children

QUERY = "{ store { backend } }"


def processes(pid: int) -> str:
    """The arguments of a process and of those that it started."""
    return "\n".join(Path(f"/proc/{each}/cmdline").read_text() for each in (pid, *children(pid)))


def test_secrets_are_told_nowhere(tmp_path: Path) -> None:
    secret, row = new_token("ci")
    (tmp_path / "store.db").write_bytes(empty_store())
    (tmp_path / "tokens.toml").write_text(row.row())
    (tmp_path / "token").write_text(secret)
    with Issuer() as issuer:
        signed, over = issuer.token(), issuer.token(exp=1)
        arguments = ["serve", "store.db", "--port", "0", "--log-level", "debug", "--auth-tokens", "tokens.toml"]
        arguments += ["--auth-issuer", issuer.url, "--auth-audience", AUDIENCE]
        with (tmp_path / "errors.log").open("w") as errors, (tmp_path / "output.log").open("w") as output:
            command = [sys.executable, "-m", "lineageql", *arguments]
            service = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=errors)
        try:
            for _ in range(300):
                found = re.search(r"(http://\S+)/graphql", (tmp_path / "output.log").read_text())
                if found is not None:
                    break
                time.sleep(0.1)
            assert found is not None
            url = found[1]
            answers = [
                httpx.post(f"{url}/graphql", json={"query": QUERY}, headers={"authorization": credentials})
                for credentials in (
                    f"Bearer {secret}",
                    f"Bearer {signed}",
                    f"Bearer {over}",
                    f"Bearer {secret}x",
                    f"Basic {secret}",
                )
            ]
            assert [answer.status_code for answer in answers] == [200, 200, 401, 401, 401]
            printed = lineageql("query", QUERY, "--endpoint", url, "--token-file", str(tmp_path / "token"))
            assert json.loads(printed)["data"] == {"store": {"backend": "sqlite"}}
            told = "\n".join(
                (
                    processes(service.pid),
                    printed,
                    *(answer.text + str(answer.headers) for answer in answers),
                )
            )
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(30)
    told += (tmp_path / "errors.log").read_text() + (tmp_path / "output.log").read_text()
    # It did tell what it was asked to tell.
    assert "ExpiredSignatureError" in told
    for hidden in (secret, *signed.split("."), over.split(".")[2]):
        assert hidden not in told
