"""The contexts of runs, and their place below their workspaces."""

from __future__ import annotations

import logging

from lineageql.catalog.recording import forms
from lineageql.catalog.recording.lookups import Lookups
from lineageql.catalog.recording.writing import Taken, Writer
from lineageql.errors import LineageQLError
from lineageql.model.identity import RunName
from lineageql.store.mlmd import requests
from lineageql.store.mlmd.requests import NewNode

log = logging.getLogger("lineageql.catalog.recording")

_REMEMBERED = 10_000


class Runs:
    """Makes the contexts of runs.

    MLMD makes a context and its link to a parent in two calls. Nothing that
    LineageQL reads depends on the link; it is there for other readers of MLMD, so
    a run whose link could not be made is recorded all the same, and the link is
    made when the run is used again.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._linked: set[RunName] = set()

    async def make(self, lookups: Lookups, name: RunName, workspace: int | None, node: NewNode) -> int:
        """Makes the context of a run; answers its id."""
        context = await self._writer.context(lookups, node)
        if workspace is not None:
            await self.link(name, context, workspace)
        return context

    async def context(self, lookups: Lookups, name: RunName, workspace: int) -> int:
        """The context of a run, which is made where there is none."""
        found = await lookups.run_named(name)
        if found is None or found.mlmd_id is None:
            return await self.make(lookups, name, workspace, forms.run_node(name))
        await self.link(name, found.mlmd_id, workspace)
        return found.mlmd_id

    async def link(self, name: RunName, context: int, workspace: int) -> None:
        """Makes a run's context the child of its workspace, unless it is known to be that."""
        if name in self._linked:
            return
        try:
            await self._writer.send(requests.put_parent(context, workspace))
        except Taken:
            pass  # it is its child already
        except LineageQLError as error:
            log.warning("the run %r is recorded, but not yet as a child of its workspace: %s", name.name, error)
            return
        if len(self._linked) >= _REMEMBERED:
            self._linked.clear()
        self._linked.add(name)
