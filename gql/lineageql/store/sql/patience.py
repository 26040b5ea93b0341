"""Waiting for a server, for so long and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
