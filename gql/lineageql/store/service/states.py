"""The states of runs: how many of their executions are in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lineageql.model.entities import Execution, ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import Node, NodeKind
from lineageql.store.service.client import gathered
from lineageql.store.service.entities import Entities
from lineageql.store.service.listings import Lister, Listing
from lineageql.store.service.runs import Runs


class States:
    """Reads the executions of runs, for one operation."""

    def __init__(self, lister: Lister, entities: Entities, runs: Runs) -> None:
        self.lister = lister
        self.entities = entities
        self.runs = runs

    async def executions_of(self, runs: Sequence[Ref]) -> dict[Ref, list[Node]]:
        """The executions of each run, in the order of ids."""
        numbered = [ref.key for ref in runs if isinstance(ref.key, int)]
        named = [ref.key for ref in runs if isinstance(ref.key, RunName)]
        found: dict[Ref, list[Node]] = {}
        lists = await gathered(self.in_context(NodeKind.EXECUTION, id_) for id_ in numbered)
        found.update((Ref(EntityKind.RUN, id_), nodes) for id_, nodes in zip(numbered, lists, strict=True))
        members = await self.runs.members(named) if named else {}
        found.update((Ref(EntityKind.RUN, name), members[name]) for name in named)
        return found

    async def in_context(self, kind: NodeKind, context: int) -> list[Node]:
        """The artifacts or executions of a context, in the order of ids."""
        found: list[Node] = []
        async for nodes in self.lister.pages(Listing(kind, context=context)):
            found += map(self.runs.tables.kept, nodes)
        return found

    async def of_runs(self, runs: Sequence[Ref]) -> dict[Ref, dict[ExecutionState, int]]:
        """For each run, how many of its executions are in each state."""
        return {ref: self._counted(nodes) for ref, nodes in (await self.executions_of(runs)).items()}

    def _counted(self, nodes: Iterable[Node]) -> dict[ExecutionState, int]:
        executions = self.entities.of(EntityKind.EXECUTION, nodes)
        return dict(Counter(entity.state for entity in executions if isinstance(entity, Execution)))
