"""Serving the application until a signal ends it."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable
from typing import Protocol

import uvicorn

import lineageql
from lineageql import tracing
from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.store.ports import Store
from lineageql.web.app import create_app
from lineageql.web.audit import AuditLog
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.door import RESERVE, Door
from lineageql.web.gathering import several_processes
from lineageql.web.hangups import Uncompleted
from lineageql.web.http_connections import connection_class
from lineageql.web.metrics import Metrics

_SHUTDOWN_TIMEOUT = 10
_ANSWERING = 1.5
"""Seconds of these in which operations that were not done by then are answered with what became of them."""
_OTHER_FILES = 256
"""Files and connections of a process besides those of its clients: of its store, its worker and its modules."""
_UNSENT_IN_SYSTEM = 262_144
"""Bytes of an answer that the system takes before the client is ready for them; its connections inherit it."""

log = logging.getLogger("lineageql.web")


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
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # Else the system takes megabytes for each client that does not read, where nobody counts them.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_IN_SYSTEM)
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


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, door: Door, stop: Callable[[], None], tick: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._tick = tick
        self._door = door
        self._swept = 0.0

    async def on_tick(self, counter: int) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._swept >= 1:
            self._swept = now
            self._door.sweep(now)
            self._tick()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn cancels what is not done by its timeout, and answers that with plain text.
        asyncio.get_running_loop().call_later(_SHUTDOWN_TIMEOUT - _ANSWERING, self._stop)
        await super().shutdown(sockets)


def _places(settings: Settings) -> int | None:
    """How many connections the operating system lets this process have; None where it does not say."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + RESERVE + _OTHER_FILES
    if resource.RLIM_INFINITY != soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None
    places = max(soft - RESERVE - _OTHER_FILES, soft // 2)
    log.warning(
        "this process may have %s files open, so it takes %s connections at a time, and not %s: see ulimit -n",
        soft,
        places,
        settings.max_connections,
    )
    return places


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
    authentication: Authentication | None = None,
    audit: AuditLog | None = None,
) -> None:
    """Serves until a signal asks to end; requests under way are finished first.

    Args:
        store: what is served; it is closed at the end.
        settings: how.
        listener: where.
        started: is told the address once it is served.
        beside: ends before the store does.
        authentication: what finds out who asks; without it one is made by the settings.
        audit: the audit log, where it is open; without it one is opened where the settings name one.
    """

    async def end() -> None:
        if beside is not None:
            await beside.stop(_SHUTDOWN_TIMEOUT)
        await store.close()
        await asyncio.to_thread(tracing.close)
        if app.state.metrics is not None:
            app.state.metrics.close()

    door = Door(settings, _places(settings))
    app = create_app(store, settings, end, authentication, door, audit)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level=settings.log_level,
        # It would tell the whole address, and with that the variables of a query; the service has a log of its own.
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
        server_header=False,
        # Else X-Forwarded-For would say where a request comes from, to which who is trusted is decided.
        proxy_headers=False,
        ws="none",
        http=connection_class(door),
        timeout_keep_alive=settings.idle_timeout,
    )
    logging.getLogger("uvicorn.error").addFilter(Uncompleted())
    server = _Server(config, door, app.state.stop, app.state.tick)
    metrics: Metrics | None = app.state.metrics
    if metrics is not None and settings.metrics_port is not None and not several_processes():
        metrics.listen(settings.host, settings.metrics_port)
    if app.state.audit is not None and hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.state.audit.reopen)
    if settings.traces_endpoint:
        tracing.configure(settings.traces_endpoint, lineageql.__version__)
    started(address_of(listener))
    await server.serve(sockets=[listener])
