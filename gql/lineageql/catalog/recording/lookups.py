"""What is in the store already, as far as a mutation needs to know it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from lineageql.catalog.recording.checks import kind as check_kind
from lineageql.catalog.recording.checks import refused
from lineageql.errors import AlreadyExists, Forbidden
from lineageql.model.conventions.kubeflow import KUBEFLOW, WORKSPACE_NAME, WORKSPACE_TYPE
from lineageql.model.drafts import ArtifactDraft
from lineageql.model.entities import Artifact, Entity, Execution, Run, Workspace
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import EventType, NodeKind, NodeType
from lineageql.model.predicates import ALWAYS, Field, Not, Operator, Or, Predicate, Related, Relation, Test, all_of
from lineageql.model.rights import ALL_RIGHTS, EVERY_SPACE, WHOLE, Rights, Sight
from lineageql.store.ports import Reader, Search, Window
from lineageql.store.seen_spaces import seen_spaces

E = TypeVar("E", bound=Entity)
T = TypeVar("T")
DedupKey = tuple[str, str, str, str, str]
TAKEN = "an external id or a name of it is that of something else: give it another"
"""What one is told of a conflict who may not see all: the same, whether it is with what it sees or not."""
# How many things one statement looks for, and how many rows of what it finds come at a time.
_CHUNK, _PAGE = 500, 1000


class Lookups:
    """Reads for one attempt at one mutation.

    Args:
        reader: gives a Reader of a part of the store.
        rights: those of who asks for the mutation. What it may not see is not there.
    """

    def __init__(self, reader: Callable[[Sight], Reader], rights: Rights = ALL_RIGHTS) -> None:
        self.reader = reader(rights.sees)
        self.rights = rights
        self._reader_of = reader
        self._by_external_id: dict[tuple[EntityKind, str], Entity] = {}
        self._same: dict[tuple[object, ...], Artifact] = {}

    async def type(self, kind: NodeKind, name: str) -> NodeType | None:
        """The type of a name without a version, as MLMD's calls find it."""
        types = await self.reader.types()
        return next((t for t in types if t.kind is kind and t.name == name and t.version is None), None)

    # -- by reference; each raises InvalidArgument at `argument`

    async def entity(self, ref: Ref, argument: str) -> Entity:
        """The entity of any reference."""
        found = (await self.reader.get([ref])).get(ref)
        self._check_faults()
        if found is None:
            raise refused(argument, f"is {str(ref)!r}, an id of nothing in this store")
        return found

    def _check_faults(self) -> None:
        """Refuses to go on where something could not be read: what is not found may be there all the same."""
        for fault in self.reader.faults:
            raise fault

    async def workspace(self, ref: Ref, argument: str) -> Workspace:
        """A workspace in which LineageQL can record."""
        check_kind(ref, EntityKind.WORKSPACE, argument)
        found = _as(Workspace, await self.entity(ref, argument))
        if found.type.name != WORKSPACE_TYPE:
            words = f"is a workspace of another writer's, of type {found.type.name}: nothing can be recorded in it"
            raise refused(argument, words)
        return found

    async def run_name(self, ref: Ref, workspace: Workspace, argument: str) -> str:
        """The name of a run of that workspace."""
        check_kind(ref, EntityKind.RUN, argument)
        run = _as(Run, await self.entity(ref, argument))
        if run.run_name is None:
            raise refused(argument, "is a run of another writer's: nothing can be recorded in it")
        if run.run_name.workspace != workspace.name:
            raise refused(argument, f"is a run of the workspace {run.run_name.workspace!r}, not of {workspace.name!r}")
        return run.run_name.name

    async def execution(self, ref: Ref, argument: str) -> Execution:
        """An execution of any writer."""
        check_kind(ref, EntityKind.EXECUTION, argument)
        return _as(Execution, await self.entity(ref, argument))

    async def artifacts(self, named: Sequence[tuple[Ref, str]]) -> None:
        """Checks that references, each with its argument, are of artifacts that are there.

        MLMD makes an event of an artifact that is not.
        """
        found = await self.reader.get(list({ref: None for ref, _ in named})) if named else {}
        self._check_faults()
        for ref, argument in named:
            if ref not in found:
                raise refused(argument, f"is {str(ref)!r}, an id of nothing in this store")

    # -- what may be written; each raises Forbidden

    async def check_writable(self, refs: Iterable[Ref]) -> None:
        """Refuses what is to be changed, and is in a workspace in which its caller may not record.

        Workspaces that the caller may not see count: what is changed in one workspace is changed in all that hold it.
        """
        if self.rights.records_everywhere:
            return
        changed = list(dict.fromkeys(refs))
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            ids = [ref.key for ref in changed if ref.kind is kind and isinstance(ref.key, int)]
            if ids:
                await self._check_nodes(kind, ids)
        for ref in changed:
            if ref.kind is EntityKind.WORKSPACE:
                self.rights.check_record((await self.entity(ref, "id")).name)
            elif ref.kind is EntityKind.RUN:
                space = (await self.reader.workspaces_of(EntityKind.RUN, [ref])).get(ref)
                self.rights.check_record(None if space is None else (await self.entity(space, "id")).name)

    async def _check_nodes(self, kind: EntityKind, ids: Sequence[int]) -> None:
        whole, records = self._reader_of(WHOLE), self.rights.records
        mine = await seen_spaces(self.reader, EVERY_SPACE if records.whole else records)
        others = Related(Relation.WORKSPACE, Not(Test(Field.ID, Operator.IN, tuple(mine))))
        if await whole.matching(kind, ids, others):
            raise Forbidden(f"you may not record in every workspace of this {kind.value.lower()}")
        placed = await whole.matching(kind, ids, Related(Relation.WORKSPACE, ALWAYS))
        if len(set(placed)) < len(ids):
            self.rights.check_record(None)

    # -- by name

    async def workspace_named(self, name: str) -> Ref | None:
        """The workspace of a name."""
        # Runs are found in their workspace by its name, so a run of any name leads to it by an index.
        run = Ref(EntityKind.RUN, RunName(name, ""))
        return (await self.reader.workspaces_of(EntityKind.RUN, [run])).get(run)

    async def check_no_name(self, name: str) -> None:
        """Refuses a workspace that its caller does not see, as it is only a name: with a context it would be no more.

        Raises:
            AlreadyExists: something names it.
        """
        if not self.rights.sees.unplaced:
            run = Ref(EntityKind.RUN, RunName(name, ""))
            if await self._reader_of(WHOLE).workspaces_of(EntityKind.RUN, [run]):
                raise AlreadyExists(TAKEN)

    async def run_named(self, name: RunName) -> Run | None:
        """The run of these names, be it a context or only the names."""
        return (await self.runs_named([name])).get(name)

    async def runs_named(self, names: Sequence[RunName]) -> Mapping[RunName, Run]:
        """The runs of these names, as far as they are there."""
        found = await self.reader.get([Ref(EntityKind.RUN, name) for name in names])
        self._check_faults()
        runs = {name: found.get(Ref(EntityKind.RUN, name)) for name in names}
        return {name: run for name, run in runs.items() if isinstance(run, Run)}

    # -- by what tells things apart; looked up together, in few statements

    async def find_external_ids(self, kind: EntityKind, external_ids: Iterable[str | None]) -> None:
        """Looks up which executions or artifacts have these external ids, for `with_external_id`."""
        wanted = sorted({external_id for external_id in external_ids if external_id is not None})
        for some in _chunks(wanted):
            async for entity in self._all(kind, Test(Field.EXTERNAL_ID, Operator.IN, some)):
                if entity.external_id is not None:
                    self._by_external_id[kind, entity.external_id] = entity

    def with_external_id(self, kind: EntityKind, external_id: str) -> Entity | None:
        """The execution or artifact that has this external id, of those that were looked up."""
        return self._by_external_id.get((kind, external_id))

    async def find_same(self, drafts: Iterable[ArtifactDraft]) -> None:
        """Looks up which artifacts are like these drafts, for `same_artifact`."""
        for some in _chunks(list(drafts)):
            versions = tuple(sorted({draft.version for draft in some if draft.version}))
            versioned = Test(Field.VERSION, Operator.IN, versions)
            unversioned = Not(Test(Field.VERSION, Operator.EXISTS))
            predicate = all_of(
                *(
                    Test(subject, Operator.IN, tuple(sorted({getattr(draft, subject.value) for draft in some})))
                    for subject in (Field.URI, Field.TYPE, Field.NAME)
                ),
                Or((versioned, unversioned)) if versions else unversioned,
            )
            async for entity in self._all(EntityKind.ARTIFACT, predicate):
                assert isinstance(entity, Artifact)
                # In the order of ids: the first of several is the one.
                self._same.setdefault(_dedup_key_of(entity), entity)

    def same_artifact(self, draft: ArtifactDraft, workspace: str) -> Artifact | None:
        """The first artifact that the Kubeflow Metadata SDK takes for the same, of those that were looked up."""
        return self._same.get(dedup_key(draft, workspace))

    def artifact_of(self, draft: ArtifactDraft, workspace: str) -> Artifact | None:
        """The artifact that a draft stands for, of those that were looked up."""
        if draft.external_id is not None:
            found = self.with_external_id(EntityKind.ARTIFACT, draft.external_id)
            if found is not None:
                return _as(Artifact, found)
        return self.same_artifact(draft, workspace)

    async def _all(self, kind: EntityKind, predicate: Predicate) -> AsyncIterator[Entity]:
        window: Window | None = Window(_PAGE)
        while window is not None:
            page = await self.reader.search(Search(kind, predicate), window)
            self._check_faults()
            for row in page.rows:
                yield row.entity
            window = Window(_PAGE, after=page.rows[-1].key) if page.more else None

    async def logged(self, executions: Sequence[Ref]) -> Mapping[tuple[Ref, EventType], Sequence[Ref]]:
        """The artifacts of executions' INPUT and OUTPUT events, in the order in which they were logged."""
        types = frozenset({EventType.INPUT, EventType.OUTPUT})
        refs = {ref.key: ref for ref in executions if isinstance(ref.key, int)}
        found: dict[tuple[Ref, EventType], list[Ref]] = {(ref, type_): [] for ref in refs.values() for type_ in types}
        events = await self.reader.events(NodeKind.EXECUTION, list(refs), types)
        for event in sorted(events, key=lambda event: event.id):
            found[refs[event.execution_id], event.type].append(Ref(EntityKind.ARTIFACT, event.artifact_id))
        return found


def dedup_key(draft: ArtifactDraft, workspace: str) -> DedupKey:
    """What artifacts have in common that the SDK takes for the same."""
    return draft.type, draft.uri, draft.name, draft.version or "", workspace


def _dedup_key_of(found: Artifact) -> tuple[object, ...]:
    # What the SDK compares, exactly: a filter finds a name or a version in other places, too.
    stored, customs = found.node.properties, found.node.custom_properties
    return found.type.name, found.uri, stored.get("name"), stored.get("version") or "", customs.get(WORKSPACE_NAME)


def _chunks(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), _CHUNK):
        yield tuple(items[start : start + _CHUNK])


def scope_of(execution: Execution) -> tuple[str, str | None] | None:
    """The names of the workspace and of the run that an execution of the SDK's or of LineageQL's carries."""
    workspace = execution.node.custom_properties.get(WORKSPACE_NAME)
    if execution.convention.writer != KUBEFLOW.name or not isinstance(workspace, str) or not workspace:
        return None
    return workspace, None if execution.run_name is None else execution.run_name.name


def _as(expected: type[E], entity: Entity) -> E:
    assert isinstance(entity, expected)
    return entity
