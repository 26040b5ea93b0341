"""The id of a request: taken from its header X-Request-ID or made, answered there, and in every line of the log."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from contextvars import ContextVar

HEADER = b"x-request-id"
current: ContextVar[str] = ContextVar("the id of the request that is served", default="")

_TAKEN = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""What is taken from a client: nothing that could forge a line of a log."""


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id in the headers of a request, or a new one where there is none that can be taken."""
    given = [value for name, value in headers if name == HEADER]
    if len(given) == 1 and _TAKEN.fullmatch(given[0]):
        return given[0].decode("ascii")
    # It may be guessed. Random numbers of the operating system let another thread compute first.
    return f"{random.getrandbits(64):016x}"
