"""What one operation has read by id: nodes, events, and who belongs to which context. Nothing is read twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from lineageql.errors import NotFound, Unsupported
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Event, EventType, Node, NodeKind, NodeType
from lineageql.store.service import filter_query
from lineageql.store.service.client import UNREADABLE, Client, gathered
from lineageql.store.service.messages import NOUNS, can_be_sent, event_of
from lineageql.store.service.type_reader import Types


class Implied(Protocol):
    """Finds the events that conventions imply; `store.service.implied_events`."""

    async def at(self, kind: NodeKind, ids: Iterable[int]) -> dict[int, list[Event]]:
        """Those at artifacts or executions."""


class Tables:
    """The rows that one operation knows.

    Attributes:
        implied: what finds the events that are no rows; None where there are none.
    """

    implied: Implied | None = None

    def __init__(self, client: Client, types: Types) -> None:
        self.client = client
        self.types = types
        self._nodes: dict[NodeKind, dict[int, Node | None]] = {kind: {} for kind in NodeKind}
        self._events: dict[NodeKind, dict[int, list[Event]]] = {NodeKind.ARTIFACT: {}, NodeKind.EXECUTION: {}}
        self._contexts: dict[NodeKind, dict[int, list[Node]]] = {NodeKind.ARTIFACT: {}, NodeKind.EXECUTION: {}}
        self._relatives: dict[str, dict[int, list[Node]]] = {"Parent": {}, "Children": {}}
        self._named: dict[tuple[int, ...], dict[str, list[Node]]] = {}

    # -- nodes

    async def nodes(self, kind: NodeKind, ids: Iterable[int]) -> dict[int, Node]:
        """Nodes by id; what is not there is left out."""
        wanted, known = list(dict.fromkeys(ids)), self._nodes[kind]
        missing = [id_ for id_ in wanted if id_ not in known and 0 < id_ < 2**63]
        if missing:
            found = await self.types.nodes(kind, await self.client.by_id(kind, missing))
            known.update(dict.fromkeys(missing))
            self.keep(found)
        return {id_: node for id_ in wanted if (node := known.get(id_)) is not None}

    def keep(self, nodes: Iterable[Node]) -> None:
        """Keeps nodes that were read in another way, for who asks for them by id."""
        for node in nodes:
            # The first copy stays: what stands beyond its rows may have been loaded into it.
            if self._nodes[node.type.kind].get(node.id) is None:
                self._nodes[node.type.kind][node.id] = node

    def kept(self, node: Node) -> Node:
        """The copy of a node that the operation goes on with."""
        return self._nodes[node.type.kind].get(node.id) or node

    # -- events

    async def events(
        self, kind: NodeKind, ids: Iterable[int], types: frozenset[EventType] = OUTPUT_EVENTS
    ) -> dict[int, list[Event]]:
        """The events at artifacts or executions, in their order.

        Those that are implied come first: they are there where they may be of one of the types that are asked for.
        Of MLMD's own all are there.
        """
        wanted = list(dict.fromkeys(ids))
        found = await self.stored(kind, wanted)
        if self.implied is None or EventType.INPUT not in types:
            return found
        implied = await self.implied.at(kind, wanted)
        together = {}
        for id_ in wanted:
            # Where there is an event nothing is implied.
            read = {(event.artifact_id, event.execution_id) for event in found[id_] if event.type in INPUT_EVENTS}
            new = [event for event in implied[id_] if (event.artifact_id, event.execution_id) not in read]
            together[id_] = [*sorted(new), *found[id_]]
        return together

    async def stored(self, kind: NodeKind, wanted: Sequence[int]) -> dict[int, list[Event]]:
        """The events at artifacts or executions that are rows of MLMD's, in their order."""
        known = self._events[kind]
        missing = [id_ for id_ in wanted if id_ not in known]
        if missing and kind is NodeKind.EXECUTION:
            await self._read_events(missing)
        elif missing:
            # What is an event's position is seen among the others of its execution.
            messages = await self.client.events(kind, missing)
            ends = {(message.artifact_id, message.execution_id) for message in messages}
            at = await self.stored(NodeKind.EXECUTION, sorted({execution for _, execution in ends}))
            known.update({id_: [] for id_ in missing})
            for artifact, execution in ends:
                known[artifact] += [event for event in at[execution] if event.artifact_id == artifact]
            for id_ in missing:
                known[id_].sort()
        return {id_: known[id_] for id_ in wanted}

    async def _read_events(self, executions: Sequence[int]) -> None:
        found: dict[int, list[Any]] = {id_: [] for id_ in executions}
        for message in await self.client.events(NodeKind.EXECUTION, executions):
            found[message.execution_id].append(message)
        for id_, messages in found.items():
            events = (event_of(message, position) for position, message in enumerate(messages))
            self._events[NodeKind.EXECUTION][id_] = sorted(event for event in events if event is not None)

    # -- contexts

    async def contexts(self, kind: NodeKind, ids: Iterable[int]) -> dict[int, list[Node]]:
        """The contexts of artifacts or executions, in the order of ids; MLMD answers them for one node at a time."""
        wanted, known = list(dict.fromkeys(ids)), self._contexts[kind]
        missing = [id_ for id_ in wanted if id_ not in known]
        found = await gathered(self._contexts_of(kind, id_) for id_ in missing)
        known.update(zip(missing, found, strict=True))
        return {id_: known[id_] for id_ in wanted}

    async def _contexts_of(self, kind: NodeKind, id_: int) -> list[Node]:
        noun = NOUNS[kind]
        try:
            reply = await self.client.ask(f"GetContextsBy{noun}", **{f"{noun.lower()}_id": id_})
        except NotFound:
            return []  # so it says that there are none
        return await self._kept_contexts(reply.contexts)

    async def _kept_contexts(self, messages: Iterable[Any]) -> list[Node]:
        nodes = await self.types.nodes(NodeKind.CONTEXT, list(messages))
        self.keep(nodes)
        return sorted(map(self.kept, nodes), key=lambda node: node.id)

    async def members_among(self, kind: NodeKind, context: int, ids: Sequence[int]) -> set[int] | None:
        """Which of some artifacts or executions belong to a context; None where the service cannot tell it so."""
        found: set[int] = set()
        size = self.client.sizes.page
        for start in range(0, len(ids), size):
            try:
                messages = await self.filtered(kind, filter_query.ids(ids[start : start + size]), context_id=context)
            except UNREADABLE:
                return None
            if messages is None:
                return None
            found.update(message.id for message in messages)
        return found

    async def is_member(self, node: Node, context: int) -> bool:
        """Whether an artifact or an execution belongs to a context."""
        found = await self.contexts(node.type.kind, [node.id])
        return any(other.id == context for other in found[node.id])

    async def parents(self, contexts: Iterable[int]) -> dict[int, list[Node]]:
        """The parents of contexts, in the order of ids."""
        return await self._relatives_of("Parent", contexts)

    async def children(self, contexts: Iterable[int]) -> dict[int, list[Node]]:
        """The children of contexts, in the order of ids."""
        return await self._relatives_of("Children", contexts)

    async def _relatives_of(self, who: str, contexts: Iterable[int]) -> dict[int, list[Node]]:
        wanted, known = list(dict.fromkeys(contexts)), self._relatives[who]
        missing = [id_ for id_ in wanted if id_ not in known]
        if missing and self.client.knowledge.plural:
            try:
                await self._read_together(who, missing)
            except Unsupported:
                self.client.knowledge.plural = False
        if missing and not self.client.knowledge.plural:
            rpc = f"Get{who}ContextsByContext"
            replies = await gathered(self.client.ask(rpc, context_id=id_) for id_ in missing)
            for id_, reply in zip(missing, replies, strict=True):
                known[id_] = await self._kept_contexts(reply.contexts)
        return {id_: known[id_] for id_ in wanted}

    async def _read_together(self, who: str, ids: list[int]) -> None:
        rpc, field_name = f"Get{who}ContextsByContexts", f"{who.lower()}_contexts"
        for reply in await gathered(self.client.ask(rpc, context_ids=batch) for batch in self.client.batches(ids)):
            for id_, found in reply.contexts.items():
                self._relatives[who][id_] = await self._kept_contexts(getattr(found, field_name))
        for id_ in ids:
            self._relatives[who].setdefault(id_, [])

    async def contexts_named(self, types: Iterable[NodeType], names: Iterable[str]) -> dict[str, list[Node]]:
        """The contexts of some types that have each of these names, at most one a type, in the order of ids."""
        of, wanted = list(types), list(dict.fromkeys(names))
        known = self._named.setdefault(_key(of), {})
        missing = [name for name in wanted if name not in known]
        if missing and of:
            # One by one, as MLMD looks names up, or many at a time by a filter where that is safe.
            safe = [name for name in missing if filter_query.is_safe(name)] if len(missing) > 1 else []
            size = max(1, min(filter_query.MOST, self.client.sizes.page) // len(of))
            for start in range(0, len(safe), size):
                await self._name_together(of, safe[start : start + size])
            alone = [(type_, name) for name in missing if name not in known and can_be_sent(name) for type_ in of]
            found = await gathered(self._named_one(*pair) for pair in alone)
            for (_, name), nodes in zip(alone, found, strict=True):
                known.setdefault(name, []).extend(nodes)
        return {name: sorted(known.get(name, []), key=lambda node: node.id) for name in wanted}

    async def _name_together(self, types: Sequence[NodeType], names: Sequence[str]) -> None:
        said = filter_query.both(filter_query.types(type_.id for type_ in types), filter_query.equals("name", names))
        try:
            messages = await self.filtered(NodeKind.CONTEXT, said)
        except UNREADABLE:
            return
        if messages is not None:
            known = self._named[_key(types)]
            known.update({name: [] for name in names})
            for node in await self._kept_contexts(messages):
                if node.name in known:
                    known[node.name].append(node)

    async def filtered(self, kind: NodeKind, said: str, **more: Any) -> list[Any] | None:
        """The nodes that a filter lets through, which are no more than a page; None where there are no filters."""
        noun = NOUNS[kind]
        rpc = f"Get{noun}sByContext" if more else f"Get{noun}s"
        if not self.client.knowledge.filters:
            return None
        options = self.client.data.ListOperationOptions(filter_query=said, max_result_size=self.client.sizes.page)
        try:
            reply = await self.client.ask(rpc, options=options, **more)
        except Unsupported:
            self.client.knowledge.filters = False
            return None
        return list(getattr(reply, f"{noun.lower()}s"))

    async def _named_one(self, type_: NodeType, name: str) -> list[Node]:
        version = {} if type_.version is None else {"type_version": type_.version}
        reply = await self.client.ask("GetContextByTypeAndName", type_name=type_.name, context_name=name, **version)
        # A database may compare names without their case, or take a name to end at its NUL.
        found = [reply.context] if reply.HasField("context") and reply.context.name == name else []
        return await self._kept_contexts(found)


def _key(types: Iterable[NodeType]) -> tuple[int, ...]:
    return tuple(type_.id for type_ in types)
