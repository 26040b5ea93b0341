"""Writing to a stream whose other end may have gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


def write(sink: asyncio.StreamWriter, pieces: Iterable[bytes]) -> None:
    """Writes pieces of bytes to a stream.

    Raises:
        ConnectionResetError: the stream is closed. asyncio's own streams then drop the bytes silently, and uvloop's
            raise a RuntimeError.
    """
    if sink.is_closing():
        raise ConnectionResetError("the stream is closed")
    for piece in pieces:
        sink.write(piece)
