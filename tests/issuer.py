"""A small OIDC issuer in a process of its own: it publishes keys, signs what it is told to, and can be told to fail.

with Issuer() as issuer:
    token = issuer.token(email="ann@example.org")
    issuer.rotate("ES256")     # another key in the place of the one there was
    issuer.fetches             # how often its keys were fetched
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

AUDIENCE = "lineageql"


class Issuer:
    """The issuer, and what can be asked of it."""

    def __enter__(self) -> Issuer:
        root = Path(__file__).parents[1]
        command = [sys.executable, "-m", "tests.issuer"]
        self.process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *ended: object) -> None:
        self.process.kill()
        self.process.communicate()

    def _do(self, what: str, **given: Any) -> Any:
        return httpx.post(f"{self.url}/{what}", json=given, timeout=30).raise_for_status().json()

    def token(self, *, head: dict[str, Any] | None = None, leave: tuple[str, ...] = (), **claims: Any) -> str:
        """A token that counts for five minutes, but for what is said of it otherwise."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + 300, "email": "ann@example.org"}
        said = {name: value for name, value in {**usual, **claims}.items() if name not in leave}
        return str(self._do("sign", claims=said, head=head or {}))

    def rotate(self, algorithm: str = "RS256", **said: Any) -> None:
        """Puts another key into the place of the one that there is; `said` is published of it."""
        self._do("rotate", algorithm=algorithm, said=said)

    def behave(self, status: int = 200, name: str | None = None, held: bool = False) -> None:
        """Answers with this status, and says that this is its name; or holds back all answers."""
        self._do("behave", status=status, name=name, held=held)

    @property
    def keys(self) -> Any:
        """What it publishes."""
        return self._do("keys")

    @property
    def fetches(self) -> int:
        """How often its keys were fetched."""
        return int(self._do("fetches"))


class _State:
    status = 200
    name: str | None = None
    fetches = 0
    algorithm = "RS256"
    private: Any = None
    public: Any = None

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.rotate("RS256", {})

    def rotate(self, algorithm: str, said: dict[str, Any]) -> None:
        self.algorithm = algorithm
        if algorithm.startswith(("RS", "PS")):
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
        made = jwt.algorithms.get_default_algorithms()[algorithm]
        found = json.loads(made.to_jwk(self.private.public_key()))  # type: ignore[attr-defined]
        self.public = {**found, "kid": uuid.uuid4().hex, "use": "sig", **said}

    def sign(self, claims: dict[str, Any], head: dict[str, Any]) -> str:
        headers = {"kid": self.public["kid"], **head}
        headers = {name: value for name, value in headers.items() if value is not None}
        return jwt.encode(claims, self.private, self.algorithm, headers)


class _Handler(BaseHTTPRequestHandler):
    state: _State

    def do_GET(self) -> None:
        state, address = self.state, f"http://{self.headers['host']}"
        state.free.wait(60)
        if self.path == "/keys":
            state.fetches += 1
            self._answer({"keys": [state.public]}, state.status)
        else:
            self._answer({"issuer": state.name or address, "jwks_uri": f"{address}/keys"}, state.status)

    def do_POST(self) -> None:
        state, what = self.state, self.path[1:]
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer: Any = None
        if what == "sign":
            answer = state.sign(**given)
        elif what == "rotate":
            state.rotate(**given)
        elif what == "behave":
            state.status, state.name = given["status"], given["name"]
            (state.free.clear if given["held"] else state.free.set)()
        elif what == "keys":
            answer = {"keys": [state.public]}
        elif what == "fetches":
            answer = state.fetches
        self._answer(answer)

    def _answer(self, body: Any, status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


if __name__ == "__main__":
    _Handler.state = _State()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
