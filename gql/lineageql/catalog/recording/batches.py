"""What one mutation adds to the lineage: new nodes and events, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lineageql.catalog.recording import checks, kubeflow_encoding
from lineageql.catalog.recording.artifact_types import artifact_type, check_properties, execution_type
from lineageql.catalog.recording.checks import under
from lineageql.catalog.recording.kubeflow_encoding import Scope
from lineageql.catalog.recording.lookups import TAKEN, DedupKey, Lookups, dedup_key
from lineageql.catalog.recording.merge import Occurrence, merged
from lineageql.catalog.recording.reuse import NotTaken, not_taken
from lineageql.catalog.recording.sizes import Sizes
from lineageql.errors import AlreadyExists
from lineageql.model.conventions.kubeflow import METRICS_TYPE
from lineageql.model.drafts import ArtifactDraft, ExecutionDraft, ExecutionRecord, PortArtifact
from lineageql.model.entities import Artifact, ExecutionState
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import EventType
from lineageql.store.mlmd.requests import Edge, NewNode, NewType, Subgraph, SubgraphIds


@dataclass(frozen=True)
class NodeHandle:
    """A node: by its id where it is there, else by its place among a batch's new ones."""

    id: int | None = None
    place: int | None = None


@dataclass(frozen=True)
class _NewArtifact:
    """A new artifact: its type, whether it is metrics, and the scope of the execution that was the first to log it."""

    type: NewType
    metrics: bool
    scope: Scope


class Batch:
    """Collects what is to be written as one.

    An artifact is the same as another where the Kubeflow Metadata SDK says so, be
    it in the store or in this batch. Metrics are always new. What several drafts
    say of one artifact is taken together by `merge`.
    """

    def __init__(self, lookups: Lookups, sizes: Sizes) -> None:
        self.lookups = lookups
        self.sizes = sizes
        self.executions: list[NewNode] = []
        self.artifacts: list[NewNode] = []
        self._new: list[_NewArtifact] = []  # of the same places
        self._there: dict[int, Artifact] = {}  # those of the store that drafts stand for, by their ids
        self._occurrences: dict[NodeHandle, list[Occurrence]] = {}
        self._time = kubeflow_encoding.now()
        self._ports: dict[tuple[NodeHandle, NodeHandle, EventType], list[str]] = {}
        self._same: dict[DedupKey, tuple[NodeHandle, str | None]] = {}
        self._by_external_id: dict[str, tuple[NodeHandle, tuple[str, str, str]]] = {}

    async def prepare(self, items: Iterable[PortArtifact]) -> None:
        """Looks up what is there of the artifacts that are going to be logged, all in one."""
        drafts = [item.artifact for item in items if isinstance(item.artifact, ArtifactDraft)]
        await self.lookups.find_external_ids(EntityKind.ARTIFACT, (draft.external_id for draft in drafts))
        # Metrics are never reused.
        await self.lookups.find_same(draft for draft in drafts if draft.type != METRICS_TYPE)

    async def execution(self, draft: ExecutionDraft, scope: Scope, state: ExecutionState | None = None) -> NodeHandle:
        """A new execution.

        Raises:
            InvalidArgument: its type or a custom property does not fit the store.
        """
        type_ = await execution_type(self.lookups, draft.type)
        checks.undeclared(draft.custom_properties, type_.properties, type_.name)
        self.sizes.name(type_.name, "type")
        node = kubeflow_encoding.execution_node(draft, type_, scope, self._time, state)
        self.sizes.node(node, draft.labels)
        self.executions.append(node)
        return NodeHandle(place=len(self.executions) - 1)

    async def log(
        self, execution: NodeHandle, item: PortArtifact, type_: EventType, scope: Scope, path: str = ""
    ) -> NodeHandle:
        """An event of an execution, and its artifact, which was prepared, where that is new. The same again is none.

        Args:
            execution: the execution.
            item: the artifact at its port.
            type_: the event's type.
            scope: where a new artifact belongs.
            path: the path of the item's argument in the whole request.

        Raises:
            InvalidArgument: the artifact does not fit the store.
            AlreadyExists: its external id is that of another artifact.
        """
        if isinstance(item.artifact, Ref):
            assert isinstance(item.artifact.key, int)
            handle = NodeHandle(id=item.artifact.key)
        else:
            with under("artifact"), under(item.artifact.member):
                handle = await self._artifact(item.artifact, scope)
            occurrence = Occurrence(item.artifact, f"{path}.artifact.{item.artifact.member}")
            self._occurrences.setdefault(handle, []).append(occurrence)
        ports = self._ports.setdefault((execution, handle, type_), [])
        # MLMD has one event for an artifact that stands at several ports: its path names them all.
        if item.port is not None and item.port not in ports:
            ports.append(item.port)
        return handle

    async def _artifact(self, draft: ArtifactDraft, scope: Scope) -> NodeHandle:
        type_, metrics = await artifact_type(self.lookups, draft.type)
        checks.undeclared(draft.custom_properties, type_.properties, type_.name)
        check_properties(draft.properties, type_)
        node = kubeflow_encoding.artifact_node(draft, type_, scope, self._time, metrics=metrics)
        self.sizes.node(node, draft.labels)
        handle = self._with_external_id(draft)
        if handle is None and not metrics:
            handle = self._like(draft, scope)
        if handle is None:
            self.artifacts.append(node)
            self._new.append(_NewArtifact(type_, metrics, scope))
            handle = NodeHandle(place=len(self.artifacts) - 1)
        if draft.external_id is not None:
            self._by_external_id[draft.external_id] = handle, (draft.type, draft.uri, draft.name)
        if not metrics:
            self._same.setdefault(dedup_key(draft, scope.workspace), (handle, draft.external_id))
        return handle

    def _with_external_id(self, draft: ArtifactDraft) -> NodeHandle | None:
        if draft.external_id is None:
            return None
        here = self._by_external_id.get(draft.external_id)
        if here is None:
            found = self.lookups.with_external_id(EntityKind.ARTIFACT, draft.external_id)
            if found is None:
                return None
            assert isinstance(found, Artifact)
            self._there[found.node.id] = found
            here = NodeHandle(id=found.node.id), (found.type.name, found.uri or "", found.name)
        handle, known = here
        if known != (draft.type, draft.uri, draft.name):
            if not self.lookups.rights.sees.whole:
                raise AlreadyExists(TAKEN)
            message = (
                f"the external id {draft.external_id!r} is that of another artifact, {known[2]!r} of type {known[0]}"
            )
            raise AlreadyExists(message)
        return handle

    def _like(self, draft: ArtifactDraft, scope: Scope) -> NodeHandle | None:
        here = self._same.get(dedup_key(draft, scope.workspace))
        if here is None:
            found = self.lookups.same_artifact(draft, scope.workspace)
            if found is None:
                return None
            self._there[found.node.id] = found
            here = NodeHandle(id=found.node.id), found.external_id
        handle, external_id = here
        if draft.external_id is None:
            return handle
        if external_id is not None:
            words = f"{draft.name!r} of this type, uri, version and workspace has the external id {external_id!r}"
            raise AlreadyExists(f"the artifact {words}")
        self._same[dedup_key(draft, scope.workspace)] = handle, draft.external_id
        return handle

    def not_taken(self, handle: NodeHandle, item: PortArtifact, argument: str = "") -> list[NotTaken]:
        """What an item says of its artifact that is there already and has it otherwise.

        Args:
            handle: the artifact, as `log` answered it.
            item: the artifact at its port.
            argument: the path of the item's argument.
        """
        there = self._there.get(handle.id) if handle.id is not None else None
        if there is None or isinstance(item.artifact, Ref):
            return []
        return not_taken(item.artifact, there, ".".join(filter(None, (argument, "artifact", item.artifact.member))))

    def merge(self) -> None:
        """Takes together what was said of each artifact, now that all is.

        Raises:
            InvalidArgument: two places contradict each other, or the whole is too long; its path is the whole one.
        """
        for handle, occurrences in self._occurrences.items():
            if len(occurrences) == 1:
                continue
            draft = merged(occurrences)
            if handle.place is not None:
                new = self._new[handle.place]
                with under(occurrences[0].path):
                    node = kubeflow_encoding.artifact_node(draft, new.type, new.scope, self._time, metrics=new.metrics)
                    self.sizes.node(node, draft.labels)
                self.artifacts[handle.place] = node

    def scope(self, place: int) -> Scope:
        """Where the new artifact at a place of `artifacts` belongs."""
        return self._new[place].scope

    def subgraph(self, contexts: list[NewNode]) -> Subgraph:
        """All of it, in these contexts."""
        edges = [
            Edge(
                type_,
                path=ports,
                execution_id=execution.id,
                new_execution=execution.place,
                artifact_id=artifact.id,
                new_artifact=artifact.place,
            )
            for (execution, artifact, type_), ports in self._ports.items()
        ]
        return Subgraph(contexts, self.executions, self.artifacts, edges)


def artifact_ref(handle: NodeHandle, ids: SubgraphIds) -> Ref:
    """The reference of an artifact, now that its batch is written."""
    return Ref(EntityKind.ARTIFACT, ids.artifacts[handle.place] if handle.place is not None else _known(handle))


def _known(handle: NodeHandle) -> int:
    assert handle.id is not None
    return handle.id


def named_artifacts(item: PortArtifact) -> Iterator[tuple[Ref, str]]:
    """The artifacts that are named by their ids, each with its argument."""
    if isinstance(item.artifact, Ref):
        yield item.artifact, "artifact.id"
        return
    for argument, ref in (("modelId", item.artifact.model), ("dataSetId", item.artifact.data_set)):
        if ref is not None:
            yield ref, f"artifact.{item.artifact.member}.{argument}"


def named_in_record(record: ExecutionRecord, prefix: str) -> Iterator[tuple[Ref, str]]:
    """The same of all of a record's artifacts; `prefix` stands before their arguments."""
    before = f"{prefix}." if prefix else ""
    for argument, items in (("inputs", record.inputs), ("outputs", record.outputs)):
        for place, item in enumerate(items):
            for ref, inner in named_artifacts(item):
                yield ref, f"{before}{argument}[{place}].{inner}"
