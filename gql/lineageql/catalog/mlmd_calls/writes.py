"""What a call that writes would change, and whether its caller may.

A write is refused where one of the nodes that it touches is, before it or after it, in
a workspace in which the caller may not record; MLMD has neither deletions nor owners, so
what is in a workspace is what can be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineageql.catalog.mlmd_calls.permissions import Places, Standing, out_of_reach
from lineageql.catalog.recording.lookups import TAKEN
from lineageql.errors import AlreadyExists, Forbidden, NotFound
from lineageql.model.conventions.kubeflow import WORKSPACE_NAME
from lineageql.model.nodes import INPUT_EVENTS, NodeKind
from lineageql.store.service.messages import NOUNS

ARTIFACT, EXECUTION, CONTEXT = NodeKind.ARTIFACT, NodeKind.EXECUTION, NodeKind.CONTEXT
_READ = frozenset(type_.value for type_ in INPUT_EVENTS)


@dataclass
class Touched:
    """What a write names.

    Attributes:
        written: artifacts and executions that are made or, where they have ids, changed.
        contexts: contexts that are made or, where they have ids, changed; what is written is tied to them.
        linked: ids of artifacts and executions whose events, or whose ties to contexts, become more.
        read: ids of artifacts that are inputs.
        ties: ids of contexts that something is tied to.
        parents: pairs of ids of contexts, a child and its parent.
        types: whether it writes types.
        reuses: whether an artifact whose external id is taken is that one, changed.
        mask: what of nodes that are there is written; all of it where this is empty.
    """

    written: list[tuple[NodeKind, Any]] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)
    linked: dict[NodeKind, set[int]] = field(default_factory=lambda: {ARTIFACT: set(), EXECUTION: set()})
    read: set[int] = field(default_factory=set)
    ties: set[int] = field(default_factory=set)
    parents: list[tuple[int, int]] = field(default_factory=list)
    types: bool = False
    reuses: bool = False
    mask: tuple[str, ...] = ()

    def rewrites(self, *properties: str | None) -> bool:
        """Whether one of these properties of a node that is there is written, be it by another value or by none."""
        return not self.mask or any(path.partition(".")[2] in properties for path in self.mask)

    def write(self, kind: NodeKind, messages: Iterable[Any]) -> None:
        """Notes artifacts or executions that are put."""
        self.written += [(kind, message) for message in messages]

    def event(self, message: Any) -> None:
        """Notes the ends of an event, as far as they are ids."""
        if message.HasField("execution_id"):
            self.linked[EXECUTION].add(message.execution_id)
        if message.HasField("artifact_id"):
            (self.read if message.type in _READ else self.linked[ARTIFACT]).add(message.artifact_id)


def _put_types(request: Any, touched: Touched) -> None:
    touched.types = True


def _put_artifacts(request: Any, touched: Touched) -> None:
    touched.write(ARTIFACT, request.artifacts)


def _put_executions(request: Any, touched: Touched) -> None:
    touched.write(EXECUTION, request.executions)


def _put_contexts(request: Any, touched: Touched) -> None:
    touched.contexts += request.contexts
    touched.mask = tuple(request.update_mask.paths)


def _put_events(request: Any, touched: Touched) -> None:
    for event in request.events:
        touched.event(event)


def _put_execution(request: Any, touched: Touched) -> None:
    if request.HasField("execution"):
        touched.write(EXECUTION, [request.execution])
    for pair in request.artifact_event_pairs:
        if pair.HasField("artifact"):
            touched.write(ARTIFACT, [pair.artifact])
        touched.event(pair.event)
    touched.contexts += request.contexts
    if request.contexts:
        # MLMD ties its inputs to them as well as its outputs.
        touched.linked[ARTIFACT] |= touched.read
    touched.reuses = request.options.reuse_artifact_if_already_exist_by_external_id


def _put_subgraph(request: Any, touched: Touched) -> None:
    touched.write(EXECUTION, request.executions)
    touched.write(ARTIFACT, request.artifacts)
    for edge in request.event_edges:
        touched.event(edge.event)
    touched.contexts += request.contexts
    touched.reuses = request.options.reuse_artifact_if_already_exist_by_external_id


def _put_ties(request: Any, touched: Touched) -> None:
    for tie in request.attributions:
        touched.linked[ARTIFACT].add(tie.artifact_id)
        touched.ties.add(tie.context_id)
    for tie in request.associations:
        touched.linked[EXECUTION].add(tie.execution_id)
        touched.ties.add(tie.context_id)


def _put_parents(request: Any, touched: Touched) -> None:
    touched.parents += [(link.child_id, link.parent_id) for link in request.parent_contexts]


WRITES: Mapping[str, Callable[[Any, Touched], None]] = {
    "PutArtifactType": _put_types,
    "PutExecutionType": _put_types,
    "PutContextType": _put_types,
    "PutTypes": _put_types,
    "PutArtifacts": _put_artifacts,
    "PutExecutions": _put_executions,
    "PutContexts": _put_contexts,
    "PutEvents": _put_events,
    "PutExecution": _put_execution,
    "PutLineageSubgraph": _put_subgraph,
    "PutAttributionsAndAssociations": _put_ties,
    "PutParentContexts": _put_parents,
}
"""What each method that writes touches; a method that is not here is refused."""


async def check_write(rpc: str, request: Any, places: Places) -> None:
    """Refuses a write that its caller may not do.

    Args:
        rpc: the method.
        request: its request.
        places: reads for this call.

    Raises:
        Forbidden: it may not.
        AlreadyExists: a context or an external id that the request has is that of something which is hidden.
    """
    if rpc not in WRITES:
        raise Forbidden(f"{rpc} writes what is not checked here, so only who may record everywhere may call it")
    touched = Touched()
    WRITES[rpc](request, touched)
    if touched.types and not places.rights.records_somewhere:
        raise Forbidden("you may not record anywhere")
    await _Check(places, touched).run()


class _Check:
    def __init__(self, places: Places, touched: Touched) -> None:
        self._places = places
        self._rights = places.rights
        self._touched = touched

    async def run(self) -> None:
        places, touched = self._places, self._touched
        for child, parent in touched.parents:
            await self._existing(child)
            above = await self._existing(parent)
            types = await places.types()
            # With a child it is a workspace, if it was none before.
            if places.may_be_workspace(types, above.node):
                self._rights.check_record(places.name_of(types, above.node))
        for context in sorted(touched.ties):
            await self._existing(context)
        around = [await self._context(message) for message in touched.contexts]
        await self._nodes(around)
        await places.check_seen(ARTIFACT, touched.read)
        for kind, ids in touched.linked.items():
            await places.check_changed(kind, ids)

    # -- contexts

    async def _existing(self, id_: int) -> Standing:
        """Where a context stands that is to be changed, or tied to."""
        node = (await self._places.by_id(CONTEXT, [id_])).get(id_)
        if node is None:
            raise out_of_reach(CONTEXT, id_)
        standing = await self._places.standing(node)
        self._places.check_context(standing)
        return standing

    async def _context(self, message: Any) -> Standing:
        """Where a context stands that a request has."""
        places = self._places
        if message.HasField("id"):
            before = await self._existing(message.id)
            after = type(message)()
            after.CopyFrom(message)
            after.type_id = before.node.type.id
            after.name = message.name or before.node.name or ""
            standing = await self._becoming(after)
            types = await places.types()
            drops = places.said(types, before.node) and not places.said(types, standing.node)
            if drops and self._touched.rewrites(WORKSPACE_NAME, types.convention(before.node.type).run_workspace):
                self._rights.check_record(None)
            return standing
        named = await self._same_name(message)
        if named is None:
            standing = await self._becoming(message)
            convention = (await places.types()).convention(standing.node.type)
            if standing.own is not None and convention.names_workspaces:
                await places.lookups.check_no_name(standing.own)
            if not standing.names:
                self._rights.check_record(None)
            return standing
        # By the name that the request has, or else its caller could find out which names there are.
        await self._becoming(message)
        standing = await places.standing(named)
        if not places.sees(standing):
            raise AlreadyExists(TAKEN)
        places.check_context(standing)
        return standing

    async def _becoming(self, message: Any) -> Standing:
        """Where a context stands after the write, by what the request says of it."""
        (node,) = await self._places.nodes(CONTEXT, [message])
        standing = await self._places.standing(node)
        for name in sorted({*self._places.said(await self._places.types(), node), standing.own or ""} - {""}):
            self._rights.check_record(name)
        return standing

    async def _same_name(self, message: Any) -> Any:
        """The context that MLMD takes for one of the same type and name."""
        places = self._places
        type_ = (await places.types()).by_id.get(message.type_id)
        if type_ is None or not message.name:
            return None  # MLMD refuses it
        rpc = "GetContextByTypeAndName"
        request = places.service.GetContextByTypeAndNameRequest(type_name=type_.name, context_name=message.name)
        if type_.version is not None:
            request.type_version = type_.version
        reply = await places.ask(rpc, request)
        return (await places.nodes(CONTEXT, [reply.context]))[0] if reply.HasField("context") else None

    # -- artifacts and executions

    async def _nodes(self, around: list[Standing]) -> None:
        places, touched = self._places, self._touched
        types, made = await places.types(), False
        for kind in (ARTIFACT, EXECUTION):
            messages = [message for of, message in touched.written if of is kind]
            changed = {message.id for message in messages if message.HasField("id")}
            made = made or any(not message.HasField("id") for message in messages)
            if touched.reuses and kind is ARTIFACT:
                changed |= await self._reused(messages)
            touched.linked[kind] |= changed
            await places.check_seen(kind, changed)
            before = await places.by_id(kind, changed)
            for id_, node in sorted(before.items()):
                if not all(map(self._rights.may_record_in, places.said(types, node))):
                    raise Forbidden(f"you may not record in the workspace that the {NOUNS[kind].lower()} {id_} names")
            for node in await places.nodes(kind, messages):
                if node.id in before:
                    node.type = before[node.id].type  # a request may leave it out
                for name in sorted(places.said(types, node)):
                    self._rights.check_record(name)
        if made and not any(self._holds(standing, through=types.through_children) for standing in around):
            self._rights.check_record(None)

    @staticmethod
    def _holds(standing: Standing, *, through: bool) -> bool:
        """Whether what is tied to a context is in a workspace by that."""
        return standing.own is not None or (through and bool(standing.around))

    async def _reused(self, messages: Iterable[Any]) -> set[int]:
        """The ids of the artifacts that have the external ids of new ones."""
        places = self._places
        wanted = sorted({message.external_id for message in messages if message.external_id})
        if not wanted:
            return set()
        request = places.service.GetArtifactsByExternalIdsRequest(external_ids=wanted)
        try:
            reply = await places.ask("GetArtifactsByExternalIds", request)
        except NotFound:
            return set()
        found = {artifact.id for artifact in reply.artifacts}
        if found - await places.seen(ARTIFACT, found):
            raise AlreadyExists(TAKEN)
        return found
