"""Waiting for a server, for so long and no longer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from lineageql.settings import Settings

IDLE = 5.0
"""Seconds after which a connection that lies idle is probed before it is used."""
FULL_PAUSE = (0.05, 0.2)
"""Seconds, at least and at most, after which a server that takes no more connections is asked again."""
_PROBE = 2.0


def probe_timeout(settings: Settings) -> float:
    """Seconds in which a probe is answered: it costs the server nothing, and another connection little."""
    return min(_PROBE, settings.store_timeout)


def unheard() -> None:
    """What is called in place of one who wants to know."""


def is_silence(error: BaseException) -> bool:
    """Whether an error says that nothing was heard in time."""
    return isinstance(error, (asyncio.TimeoutError, TimeoutError))


@contextmanager
def patience(seconds: float, end: Callable[[], None]) -> Iterator[None]:
    """Bounds how long what is awaited inside may take.

    It is not `asyncio.wait_for`: that leaves an answer under way on a connection that goes on to
    be used, and before Python 3.12 it may lose that its caller is cancelled.

    Args:
        seconds: how long.
        end: ends the connection that is waited for, at once, so that what waits for it fails.

    Raises:
        TimeoutError: asyncio's, it took longer.
    """
    late = False

    def over() -> None:
        nonlocal late
        late = True
        end()

    timer = asyncio.get_running_loop().call_later(seconds, over)
    try:
        yield
    except Exception as error:
        if late:
            raise asyncio.TimeoutError from error
        raise
    finally:
        timer.cancel()


_KEEPALIVE = (("TCP_KEEPIDLE", 5), ("TCP_KEEPALIVE", 5), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 3))
"""When the operating system asks whether the other end is there, as the systems call these: 5, 8, 11 and 14 seconds."""
_UNACKNOWLEDGED = 10_000
"""Milliseconds after which what was sent and not acknowledged breaks a connection."""


def keep_alive(connected: socket.socket | None) -> None:
    """Has the operating system find out that the other end of a connection is gone."""
    if connected is None or connected.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED)
