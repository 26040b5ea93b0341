"""Serving the application until a signal ends it."""

from __future__ import annotations

import errno
import importlib.util
import logging
import socket
from collections.abc import Callable
from typing import Protocol

import uvicorn

from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.store.ports import Store
from lineageql.web.app import create_app
from lineageql.web.hangups import Uncompleted

_SHUTDOWN_TIMEOUT = 10


def listen(settings: Settings) -> socket.socket:
    """A socket that listens on the host and port of the settings.

    Raises:
        UsageError: the port is in use, or the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        advice = "; --port takes another" if error.errno == errno.EADDRINUSE else ""
        raise UsageError(f"cannot listen on {settings.host} port {settings.port}: {reason}{advice}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The address at which a listener is reached, `http://127.0.0.1:8000`."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Beside(Protocol):
    """Another server over the same store, which ends before the store is closed."""

    async def stop(self, grace: float) -> None:
        """Takes no more calls, and lets those under way finish for some seconds."""


async def serve(
    store: Store,
    settings: Settings,
    listener: socket.socket,
    started: Callable[[str], None],
    beside: Beside | None = None,
) -> None:
    """Serves until a signal asks to end; requests under way are finished first."""

    async def end() -> None:
        if beside is not None:
            await beside.stop(_SHUTDOWN_TIMEOUT)
        await store.close()

    app = create_app(store, settings, end)
    config = uvicorn.Config(
        app,
        log_level=settings.log_level,
        access_log=settings.log_level == "debug",
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
        server_header=False,
        ws="none",
        http="httptools" if importlib.util.find_spec("httptools") is not None else "h11",
    )
    logging.getLogger("lineageql").setLevel(settings.log_level.upper())
    logging.getLogger("uvicorn.error").addFilter(Uncompleted())
    server = uvicorn.Server(config)
    started(address_of(listener))
    await server.serve(sockets=[listener])
