"""Compressed answers, for clients that take them."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from lineageql.web.weights import weights

_SMALLEST = 1_000
_LEVEL = 1
"""Level 9 takes eight times as long and saves little."""


class Compression:
    """Middleware that compresses by gzip what is sent to clients that accept it.

    Starlette's takes `gzip;q=0`, which refuses it, for accepting it, and `GZIP` or `*` for nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = GZipMiddleware(app, minimum_size=_SMALLEST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            accepted = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-encoding"]
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            if accepts_gzip(",".join(accepted)):
                headers.append((b"accept-encoding", b"gzip"))
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip: it names it, or anything, with a weight that is not zero."""
    accepted = weights(accept_encoding)
    return accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", 0.0))) > 0
