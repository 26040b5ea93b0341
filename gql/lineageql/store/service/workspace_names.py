"""The workspaces that no context stands for: names that artifacts and executions carry in a property.

MLMD's service knows no distinct values. With filters it is asked for nodes that name another workspace than those that
are known already, again and again; without, all nodes of the types that name workspaces are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineageql.model.conventions.convention import Custom, Declared
from lineageql.model.conventions.kubeflow import WORKSPACE_TYPE
from lineageql.model.entities import Workspace
from lineageql.model.nodes import Node, NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service import filter_query
from lineageql.store.service.listings import Lister, Listing
from lineageql.store.service.node_cache import Tables


class WorkspaceNames:
    """Finds, for one operation, the workspaces that are only names, and what names them."""

    def __init__(self, tables: Tables, lister: Lister, types: TypeCatalog) -> None:
        self.tables = tables
        self.lister = lister
        self.types = types
        self._all: list[str] | None = None
        self._naming: dict[tuple[NodeKind, str], list[Node]] = {}

    async def of(self, names: Sequence[str] | None) -> list[Workspace]:
        """All such workspaces, or those of some names."""
        if not self.types.naming or (names is not None and not names):
            return []
        if names is None:
            found = await self._everything()
        else:
            unknown = await self._without_context(names)
            found = [name for name in unknown if name and await self._is_named(name)]
        type_ = self.types.find(NodeKind.CONTEXT, WORKSPACE_TYPE)
        return [Workspace.called(name, type_) for name in found]

    async def _without_context(self, names: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(names))
        types = [self.types.by_id[id_] for id_ in self.types.naming_contexts]
        contexts = await self.tables.contexts_named(types, wanted) if types else {}
        return [name for name in wanted if not contexts.get(name)]

    async def naming(self, kind: NodeKind, name: str) -> list[Node]:
        """The artifacts or executions that name a workspace, in the order of ids."""
        if (kind, name) not in self._naming:
            found: dict[int, Node] = {}
            for place, type_ids in self.types.naming.get(kind, {}).items():
                for listing in self._listings(kind, place, type_ids, name):
                    async for nodes in self.lister.pages(listing):
                        found.update((node.id, self.tables.kept(node)) for node in nodes if self._name_of(node) == name)
            self._naming[kind, name] = [found[id_] for id_ in sorted(found)]
        return self._naming[kind, name]

    def _listings(self, kind: NodeKind, place: Declared | Custom, type_ids: Sequence[int], name: str) -> list[Listing]:
        said = ""
        if self.lister.client.knowledge.filters:
            said = filter_query.holds(place, [name])
        if said:
            return [Listing(kind, filter=filter_query.both(filter_query.types(type_ids), said))]
        return [Listing(kind, type=self.types.by_id[id_]) for id_ in type_ids]

    async def _is_named(self, name: str) -> bool:
        for kind, places in self.types.naming.items():
            if (kind, name) in self._naming:
                if self._naming[kind, name]:
                    return True
                continue
            for place, type_ids in places.items():
                for listing in self._listings(kind, place, type_ids, name):
                    async for nodes in self.lister.pages(listing):
                        if any(self._name_of(node) == name for node in nodes):
                            return True
        return False

    async def _everything(self) -> list[str]:
        if self._all is None:
            contexts: set[str] = set()
            for id_ in self.types.naming_contexts:
                async for nodes in self.lister.pages(Listing(NodeKind.CONTEXT, type=self.types.by_id[id_])):
                    contexts.update(node.name or "" for node in nodes)
            found: set[str] = set()
            for kind, places in self.types.naming.items():
                for place, type_ids in places.items():
                    more = True
                    while more:
                        new, more = await self._others(kind, place, type_ids, contexts | found)
                        found |= new
            self._all = sorted(found)
        return self._all

    async def _others(
        self, kind: NodeKind, place: Declared | Custom, type_ids: Sequence[int], known: set[str]
    ) -> tuple[set[str], bool]:
        """Some names that nodes have, and are not known, and whether there may be more."""
        said = filter_query.is_another(place, sorted(known)) if self.lister.client.knowledge.filters else ""
        listings = [Listing(kind, type=self.types.by_id[id_]) for id_ in type_ids]
        if said:
            listings = [Listing(kind, filter=filter_query.both(filter_query.types(type_ids), said))]
        found: set[str] = set()
        for listing in listings:
            async for nodes in self.lister.pages(listing):
                found |= {name for name in map(self._name_of, nodes) if name} - known
                if self.lister.client.knowledge.filters and any(map(filter_query.is_safe, found)):
                    return found, True  # what is known is left out from now on
        return found, False

    def _name_of(self, node: Node) -> str | None:
        return self.types.convention(node.type).named_workspace(node)
