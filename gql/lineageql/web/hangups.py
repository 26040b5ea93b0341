"""Clients that hang up before they are answered: nobody's fault, and nothing for the log."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HangUps:
    """Middleware that drops what is sent to a client that has gone.

    uvicorn takes a while to learn that a connection is closed, and where requests
    were sent one after another it learns it for the last of them only. Until then
    the transport raises, which would be logged as a fault of this service.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_unless_gone(message: Message) -> None:
            try:
                await send(message)
            except OSError:
                pass
            except RuntimeError as error:
                if "closed" not in str(error):
                    raise

        await self.app(scope, receive, send_unless_gone)


class Uncompleted(logging.Filter):
    """Leaves out what uvicorn logs of a response that was dropped so: this service completes all others."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() != "ASGI callable returned without completing response."
