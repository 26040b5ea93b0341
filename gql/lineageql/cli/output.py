"""Standard output, which may be full or closed: then a command ends with one line and does not go on."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from lineageql.errors import UsageError


def check_output() -> None:
    """Refuses to start what nobody could read the answer of.

    Raises:
        UsageError: standard output is closed.
    """
    if sys.stdout is None:
        raise UsageError("cannot write the output: it is closed")


def write(text: str) -> None:
    """Writes a text at once.

    Raises:
        OSError: it cannot be written.
    """
    # Half a surrogate pair, which a store may hold, is no UTF-8: it is written as Python writes it.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def give_up() -> None:
    """Forgets what was not written, so that Python does not try once more when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
