"""Requests without credentials that count go no further than here."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lineageql.errors import Unauthenticated, Unavailable
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.web.answers import JSON_TYPE, error_response
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.media_types import response_type

_CALLER = "lineageql.caller"
_PAUSE = "5"
"""Seconds after which to try again where credentials cannot be checked now."""


def caller_of(request: Request) -> Caller:
    """Who sent a request, once the guard has let it in."""
    found = request.scope.get(_CALLER, ANONYMOUS)
    assert isinstance(found, Caller)
    return found


class Guard:
    """Middleware that finds out who asks, and answers 401 where it has to know and does not.

    All is guarded but what is said to be open: a new route is guarded from its first day.

    Args:
        authentication: who finds it out.
        is_open: whether a request gets what holds no data, such as a page or a probe.
    """

    def __init__(self, app: ASGIApp, authentication: Authentication, is_open: Callable[[Request], bool]) -> None:
        self.app = app
        self.authentication = authentication
        self.is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.is_open(Request(scope)):
            await self.app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else ""
        try:
            caller = await self.authentication.caller(address, scope["headers"])
        except (Unauthenticated, Unavailable) as error:
            await _refusal(Request(scope), error)(scope, receive, send)
            return
        await self.app({**scope, _CALLER: caller}, receive, send)


def _refusal(request: Request, error: Unauthenticated | Unavailable) -> Response:
    media = response_type(request.headers.get("accept", "")) or JSON_TYPE
    headers = {"Vary": "Accept"}
    if isinstance(error, Unavailable):
        return error_response(503, str(error), error.code, media, {**headers, "Retry-After": _PAUSE})
    challenge = 'Bearer realm="LineageQL"' + (', error="invalid_token"' if error.reason else "")
    return error_response(401, str(error), error.code, media, {**headers, "WWW-Authenticate": challenge})
