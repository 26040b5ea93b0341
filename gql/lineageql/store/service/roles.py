"""Which contexts are workspaces, and which are runs that their own rows make runs."""

from __future__ import annotations

from collections.abc import Sequence

from lineageql.model.conventions.convention import Role
from lineageql.model.nodes import Node
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.node_cache import Tables


class Roles:
    """Tells the roles of contexts in one operation."""

    def __init__(self, tables: Tables, types: TypeCatalog) -> None:
        self.tables = tables
        self.types = types

    async def playing(self, role: Role, contexts: Sequence[Node]) -> list[Node]:
        """The contexts that play a role, by their type or by where they stand among contexts."""
        roles = {node.id: self.types.convention(node.type).role(node.type) for node in contexts}
        standing = [id_ for id_, found in roles.items() if found is Role.BY_STRUCTURE]
        for id_, is_run in (await self._are_runs(standing)).items():
            roles[id_] = Role.RUN if is_run else Role.WORKSPACE
        return [node for node in contexts if roles[node.id] is role]

    async def _are_runs(self, ids: Sequence[int]) -> dict[int, bool]:
        parents = await self.tables.parents(ids)
        below = [id_ for id_ in ids if parents[id_]]
        children = await self.tables.children(below)
        return {id_: bool(parents[id_]) and not children[id_] for id_ in ids}

    async def workspaces(self, contexts: Sequence[Node]) -> list[Node]:
        """Those that are workspaces."""
        return await self.playing(Role.WORKSPACE, contexts)

    async def runs(self, contexts: Sequence[Node]) -> list[Node]:
        """Those that are runs, but for those of writers who name runs in properties."""
        others = [node for node in contexts if not self.types.convention(node.type).run_names]
        return await self.playing(Role.RUN, others)
