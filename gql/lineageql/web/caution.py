"""Headers that tell a browser to take an answer for what it is, and to do nothing else with it."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""Of every answer that has none of its own: the pages have wider policies, each its own."""


class Caution:
    """Middleware that adds what an answer lacks of these headers, whoever made it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_caution(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                there = {name.lower() for name, _ in given}
                missing = [(name, value) for name, value in HEADERS.items() if name not in there]
                message = {**message, "headers": [*given, *missing]}
            await send(message)

        await self.app(scope, receive, send_with_caution if scope["type"] == "http" else send)
