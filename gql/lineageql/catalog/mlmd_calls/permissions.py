"""Where the nodes that one call names belong, and what its caller may do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lineageql.catalog.recording.lookups import Lookups
from lineageql.errors import Forbidden
from lineageql.model.conventions.convention import Role
from lineageql.model.conventions.kubeflow import WORKSPACE_NAME
from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.predicates import Field
from lineageql.model.rights import WHOLE, Rights
from lineageql.model.type_catalog import UNKNOWN_TYPE, TypeCatalog
from lineageql.store.mlmd import protos
from lineageql.store.ports import Reader, Store
from lineageql.store.service.messages import NOUNS, node_of

Ask = Callable[[str, Any], Awaitable[Any]]
"""Sends a request of MLMD's service by the name of its method; answers the reply, and raises what it refuses."""

KINDS = {NodeKind.ARTIFACT: EntityKind.ARTIFACT, NodeKind.EXECUTION: EntityKind.EXECUTION}


def out_of_reach(kind: NodeKind, id_: int) -> Forbidden:
    """The error for a node that the caller does not see: the same whether it is hidden or not there."""
    noun = NOUNS[kind].lower()
    return Forbidden(f"there is no {noun} {id_}, or it is in no workspace that you may see")


@dataclass(frozen=True)
class Standing:
    """Where a context stands.

    Attributes:
        node: the context.
        own: its name, where it is a workspace.
        around: the names of the workspaces that it is in.
    """

    node: Node
    own: str | None
    around: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """The names of all workspaces that hold what is in it."""
        return self.around if self.own is None else self.around | {self.own}


class Places:
    """Reads for one call.

    Args:
        store: the store.
        ask: how MLMD is asked what no Reader tells.
        own: what users say of types of theirs.
        rights: those of the caller.
    """

    def __init__(self, store: Store, ask: Ask, own: OwnTypes, rights: Rights) -> None:
        self.lookups = Lookups(partial(store.reader, current=True), rights)
        self.rights = rights
        self.ask = ask
        self._whole: Reader = store.reader(WHOLE, current=True)
        self._own = own
        self._catalog: TypeCatalog | None = None
        self.data, self.service = protos.load()

    async def types(self) -> TypeCatalog:
        """The types of the store."""
        if self._catalog is None:
            self._catalog = TypeCatalog(await self._whole.types(), self._own)
        return self._catalog

    async def nodes(self, kind: NodeKind, messages: Iterable[Any]) -> list[Node]:
        """MLMD's messages as nodes."""
        types = (await self.types()).by_id

        def type_of(id_: int) -> NodeType:
            return types.get(id_) or NodeType(id_, kind, f"{UNKNOWN_TYPE}{id_}")

        return [node_of(kind, message, type_of) for message in messages]

    async def by_id(self, kind: NodeKind, ids: Collection[int]) -> Mapping[int, Node]:
        """The nodes of these ids, whoever sees them."""
        if not ids:
            return {}
        noun = NOUNS[kind]
        request = getattr(self.service, f"Get{noun}sByIDRequest")(**{f"{noun.lower()}_ids": sorted(ids)})
        reply = await self.ask(f"Get{noun}sByID", request)
        return {node.id: node for node in await self.nodes(kind, getattr(reply, f"{noun.lower()}s"))}

    # -- what is seen

    async def seen(self, kind: NodeKind, ids: Iterable[int]) -> set[int]:
        """The ids among these of artifacts or executions that are there and that the caller sees."""
        refs = [Ref(KINDS[kind], id_) for id_ in dict.fromkeys(ids)]
        found = await self.lookups.reader.get(refs, frozenset()) if refs else {}
        return {ref.key for ref in found if isinstance(ref.key, int)}

    async def seen_contexts(self, nodes: Sequence[Node]) -> set[int]:
        """The ids of those contexts that the caller sees."""
        seen, rest = set[int](), list[Node]()
        roles = (EntityKind.WORKSPACE, EntityKind.RUN)
        refs = [Ref(kind, node.id) for node in nodes for kind in roles]
        there = {ref.key for ref in await self._whole.get(refs)} if refs else set()
        shown = {ref.key for ref in await self.lookups.reader.get(refs)} if refs else set()
        for node in nodes:
            if node.id not in there:
                rest.append(node)
            elif node.id in shown:
                seen.add(node.id)
        # Neither workspaces nor runs by themselves: what is around them tells.
        for node in rest:
            if self.sees(await self.standing(node)):
                seen.add(node.id)
        return seen

    def sees(self, standing: Standing) -> bool:
        """Whether the caller sees a context."""
        sees = self.rights.sees
        if standing.own is not None:
            return sees.holds(standing.own)
        return any(map(sees.holds, standing.around)) or (not standing.around and sees.unplaced)

    # -- where contexts stand

    async def standing(self, node: Node) -> Standing:
        """Where a context stands; one whose id is 0 is not there yet, and has neither parents nor children."""
        types = await self.types()
        parents = await self._relatives("Parent", node.id) if node.id else []
        role = types.convention(node.type).role(node.type)
        if role is Role.BY_STRUCTURE:
            is_run = bool(parents) and not await self._relatives("Children", node.id)
            role = Role.RUN if is_run else Role.WORKSPACE
        # A context with children whose role is by structure is a workspace.
        above = {self.name_of(types, parent) for parent in parents if self.may_be_workspace(types, parent)}
        own = self.name_of(types, node) if role is Role.WORKSPACE else None
        return Standing(node, own, frozenset(above | self.said(types, node)))

    async def _relatives(self, which: str, context: int) -> list[Node]:
        rpc = f"Get{which}ContextsByContext"
        reply = await self.ask(rpc, getattr(self.service, f"{rpc}Request")(context_id=context))
        return await self.nodes(NodeKind.CONTEXT, reply.contexts)

    @staticmethod
    def may_be_workspace(types: TypeCatalog, context: Node) -> bool:
        """Whether a context is a workspace once it has a child."""
        return types.convention(context.type).role(context.type) in (Role.WORKSPACE, Role.BY_STRUCTURE)

    @staticmethod
    def name_of(types: TypeCatalog, context: Node) -> str:
        """What a context is called where it is a workspace."""
        return types.convention(context.type).read(context, Field.NAME) or ""

    @staticmethod
    def said(types: TypeCatalog, node: Node) -> set[str]:
        """The names of workspaces that a node says in its properties that it belongs to."""
        convention = types.convention(node.type)
        said: list[object] = [convention.named_workspace(node)]
        if node.type.kind is NodeKind.CONTEXT:
            if convention.run_names:
                said.append(node.custom_properties.get(WORKSPACE_NAME))
            if convention.run_workspace is not None:
                said.append(node.properties.get(convention.run_workspace))
        return {name for name in said if isinstance(name, str) and name}

    # -- what may be changed; each raises Forbidden

    def check_context(self, standing: Standing) -> None:
        """Refuses to change a context, or what is in it."""
        if not self.sees(standing):
            raise out_of_reach(NodeKind.CONTEXT, standing.node.id)
        if not all(map(self.rights.may_record_in, standing.names or (None,))):
            raise Forbidden(f"you may not record in every workspace of the context {standing.node.id}")

    async def check_changed(self, kind: NodeKind, ids: Collection[int]) -> None:
        """Refuses to change artifacts or executions."""
        await self.check_seen(kind, ids)
        await self.lookups.check_writable(Ref(KINDS[kind], id_) for id_ in sorted(ids))

    async def check_seen(self, kind: NodeKind, ids: Collection[int]) -> None:
        """Refuses to name artifacts or executions that the caller does not see."""
        for id_ in sorted(set(ids) - await self.seen(kind, ids)):
            raise out_of_reach(kind, id_)
