"""The contexts of runs, and their place below their workspaces."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from lineageql.catalog.recording import kubeflow_encoding
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

    async def contexts(self, lookups: Lookups, names: Sequence[RunName], workspace: int | None) -> dict[RunName, int]:
        """The contexts of runs of one workspace; those that are missing are made, all in one call.

        `workspace` is the workspace's context; None where it has none.
        """
        found = await lookups.runs_named(names)
        contexts = {name: run.mlmd_id for name, run in found.items() if run.mlmd_id is not None}
        missing = [name for name in names if name not in contexts]
        made = await self._writer.contexts(lookups, [kubeflow_encoding.run_node(name) for name in missing])
        new = dict(zip(missing, made, strict=True))
        if workspace is not None:
            await self._link(new, workspace)
            for name, context in contexts.items():
                await self.link(name, context, workspace)
        return {**contexts, **new}

    async def link(self, name: RunName, context: int, workspace: int) -> None:
        """Makes a run's context the child of its workspace, unless it is known to be that."""
        if name not in self._linked:
            await self._link({name: context}, workspace)

    async def _link(self, contexts: Mapping[RunName, int], workspace: int) -> None:
        """Makes contexts children of a workspace; if one is it already, it must be the only one here."""
        if not contexts:
            return
        try:
            await self._writer.send(requests.put_parents(list(contexts.values()), workspace))
        except Taken:
            pass  # it is its child already
        except LineageQLError as error:
            some = ", ".join(repr(name.name) for name in list(contexts)[:3])
            log.warning("%d runs (%s…) are recorded, but not yet below their workspace: %s", len(contexts), some, error)
            return
        if len(self._linked) + len(contexts) > _REMEMBERED:
            self._linked.clear()
        self._linked.update(contexts)
