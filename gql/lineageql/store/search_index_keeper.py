"""Keeps the search index of an open store up to date, beside all operations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from lineageql.errors import LineageQLError

log = logging.getLogger("lineageql.store")

EVERY = 1.0
"""Seconds between two looks for changes. A search finds what was changed in any case: it takes the longer, the more
that is."""

_LONGEST = 30.0
"""Seconds between two looks at most, where one after the other fails."""


class SearchIndexKeeper:
    """A task that makes the entries of what was changed anew.

    Args:
        catch_up: does that for some changes, and tells how many these were.
        close: lets go of what it uses.
        every: how long it waits where there were none, in seconds.
    """

    def __init__(
        self,
        catch_up: Callable[[], Awaitable[int]],
        close: Callable[[], Awaitable[None]],
        every: float = EVERY,
    ) -> None:
        self._catch_up = catch_up
        self._close = close
        self._every = every
        self._task = asyncio.create_task(self._keep(), name="keeper of the search index")

    async def _keep(self) -> None:
        told, done, pause = "", 0, self._every
        while True:
            if not done:
                await asyncio.sleep(pause)
            done, said = 0, ""
            try:
                done = await self._catch_up()
            except LineageQLError as error:
                said = str(error)
            except Exception:
                # Searches look at what waits as it is: the service goes on, and so does this.
                said = "something unforeseen, see the error before this"
                log.exception("the search index could not be brought up to date")
            if said and said != told:
                log.warning(
                    "the search index is not brought up to date: %s; searches stay right and grow slower, "
                    "see `lineageql store check`",
                    said,
                )
            # What it lacks, such as a right, it seldom gets within a second.
            pause = min(2 * pause, _LONGEST) if said else self._every
            told = said

    async def close(self) -> None:
        """Ends it. What it was at stays listed as changed, unless it is done."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        try:
            await self._close()
        except LineageQLError as error:
            log.warning("the connection of the search index: %s", error)
