"""The event loop that everything runs on."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
from collections.abc import Coroutine
from typing import Any

_ALLOCATIONS = 50_000
"""After how many new objects the garbage collector looks at the young ones; Python's default is 700."""


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine on the fastest event loop there is.

    What was imported by now stays for good: the garbage collector looks at it no
    more, nor after every few hundred of the many small objects of an answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)
