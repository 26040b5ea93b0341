"""The filters of each kind of entity, and the predicates they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import strawberry

from lineageql.api.conditions import (
    SELECTOR,
    ContextFilter,
    LabelFilter,
    PropertyFilter,
    StringFilter,
    TimeFilter,
    parsed_refs,
    refs_test,
    selected,
)
from lineageql.api.enums import LineageNodeKind
from lineageql.api.scalars import BigInt
from lineageql.catalog.lineage import NodeFilter
from lineageql.errors import InvalidArgument
from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.model.kinds import ArtifactKind
from lineageql.model.nodes import NodeKind
from lineageql.model.predicates import (
    ALWAYS,
    MOST_LEVELS,
    MOST_LINKS,
    NEVER,
    RELATION_LEVELS,
    Field,
    Group,
    Not,
    Operator,
    Predicate,
    Reached,
    Related,
    Relation,
    Test,
    all_of,
    any_of,
    levels,
    links,
)

_field = strawberry.field
_OPEN = "All fields that are given must hold; an empty filter always does."
_WHOLE = (
    "over one or more steps. The walk is whole, so `not` of this holds where it should; where it cannot be, "
    "the answer is an error LINEAGE_INCOMPLETE."
)
_DESCENDS = f"Such a node is upstream of it, {_WHOLE}"
_LEADS = f"Such a node is downstream of it, {_WHOLE}"
_PARAMETERS = (
    "Tests of {}, by name, or by path: `optimizer.rate` is the `rate` of an object `optimizer`. All must hold. "
    "They are tested as properties are."
)
_AND, _OR, _NOT = "All of these must hold.", "One of these must hold.", "This must not hold."


@strawberry.input
class EntityFilter:
    """What the filters of all kinds of entities have in common."""

    kind: ClassVar[EntityKind]

    ids: list[strawberry.ID] | None = _field(default=None, description="It has one of these ids.")
    mlmd_ids: list[BigInt] | None = _field(default=None, description="It has one of these MLMD ids.")
    name: StringFilter | None = _field(default=None, description="Tests of its name.")
    type: StringFilter | None = _field(default=None, description="Tests of its MLMD type's name.")
    labels: list[LabelFilter] | None = _field(default=None, description="Tests of labels; all must hold.")
    label_selector: str | None = _field(default=None, description=SELECTOR)
    properties: list[PropertyFilter] | None = _field(default=None, description="Tests of properties; all must hold.")
    external_id: StringFilter | None = _field(default=None, description="Tests of its external id.")
    create_time: TimeFilter | None = _field(default=None, description="Tests of when it was made.")
    update_time: TimeFilter | None = _field(default=None, description="Tests of when it was last changed.")

    def predicate(self, path: str = "where") -> Predicate:
        """The predicate of the filter; every field that is given must hold.

        Raises:
            InvalidArgument: an id, a selector or a value is wrong, or it nests too deep; its path begins with `path`.
        """
        predicate = all_of(*self._common(path), *self.own(path), *self._combined(path))
        # What is inside was looked at before: the path is that of the innermost filter that is too deep.
        if levels(predicate) > MOST_LEVELS:
            raise InvalidArgument(
                f"the filter nests too deep: {MOST_LEVELS} levels are taken, where each or and not is one and each "
                f"relation {RELATION_LEVELS}, but for those that follow one another without an or or not between; "
                "ask in several queries, or by upstream and downstream",
                path,
            )
        if links(predicate) > MOST_LINKS:
            raise InvalidArgument(
                f"more than {MOST_LINKS} relations follow one another; ask by upstream and downstream", path
            )
        return predicate

    def _common(self, path: str) -> Iterator[Predicate]:
        if self.ids is not None:
            yield refs_test(parsed_refs(self.ids, self.kind, f"{path}.ids"))
        if self.mlmd_ids is not None:
            yield Test(Field.ID, Operator.IN, tuple(self.mlmd_ids))
        for given, subject in (
            (self.name, Field.NAME),
            (self.type, Field.TYPE),
            (self.external_id, Field.EXTERNAL_ID),
            (self.create_time, Field.CREATE_TIME),
            (self.update_time, Field.UPDATE_TIME),
        ):
            if given is not None:
                yield given.predicate(subject)
        for label in self.labels or ():
            yield label.predicate()
        if self.label_selector is not None:
            yield selected(self.label_selector, f"{path}.labelSelector")
        for place, item in enumerate(self.properties or ()):
            yield item.predicate(f"{path}.properties[{place}]")

    def own(self, path: str) -> Iterator[Predicate]:
        """The tests that only this kind of entity has."""
        return iter(())

    def _combined(self, path: str) -> Iterator[Predicate]:
        # Each kind's own class declares these three, as they hold filters of the same kind.
        combined: Any = self
        for place, branch in enumerate(combined.and_ or ()):
            yield branch.predicate(f"{path}.and[{place}]")
        if combined.or_ is not None:
            yield any_of(branch.predicate(f"{path}.or[{place}]") for place, branch in enumerate(combined.or_))
        if combined.not_ is not None:
            yield Not(combined.not_.predicate(f"{path}.not"))


def _states(states: Sequence[ExecutionState | ArtifactState] | None) -> Iterator[Predicate]:
    if states is not None:
        yield Test(Field.STATE, Operator.IN, tuple(state.value for state in states))


def _items(given: Sequence[PropertyFilter] | None, path: str, group: Group) -> Iterator[Predicate]:
    for place, item in enumerate(given or ()):
        yield item.predicate(f"{path}[{place}]", group)


def _related(given: EntityFilter | ContextFilter | None, path: str, relation: Relation) -> Iterator[Predicate]:
    if isinstance(given, ContextFilter):
        yield given.predicate(relation, path)
    elif given is not None:
        yield Related(relation, given.predicate(path))


def _reached(given: LineageFilter | None, path: str, *, upstream: bool) -> Iterator[Predicate]:
    if given is not None:
        meant = given.predicates(path)
        yield Reached(upstream, meant.artifacts, meant.executions, path)


@strawberry.input(description=f"Which workspaces. {_OPEN}")
class WorkspaceFilter(EntityFilter):
    kind = EntityKind.WORKSPACE
    runs: RunFilter | None = _field(default=None, description="Such a run belongs to it.")
    executions: ExecutionFilter | None = _field(
        default=None, description="Such an execution belongs to it or to a run of it."
    )
    artifacts: ArtifactFilter | None = _field(
        default=None, description="Such an artifact belongs to it or to a run of it."
    )
    and_: list[WorkspaceFilter] | None = _field(default=None, name="and", description=_AND)
    or_: list[WorkspaceFilter] | None = _field(default=None, name="or", description=_OR)
    not_: WorkspaceFilter | None = _field(default=None, name="not", description=_NOT)

    def own(self, path: str) -> Iterator[Predicate]:
        yield from _related(self.runs, f"{path}.runs", Relation.RUNS)
        yield from _related(self.executions, f"{path}.executions", Relation.EXECUTIONS)
        yield from _related(self.artifacts, f"{path}.artifacts", Relation.ARTIFACTS)


@strawberry.input(description=f"Which runs. {_OPEN}")
class RunFilter(EntityFilter):
    kind = EntityKind.RUN
    state: list[ExecutionState] | None = _field(default=None, description="It is in one of these states.")
    workspace: ContextFilter | None = _field(default=None, description="It belongs to such a workspace.")
    executions: ExecutionFilter | None = _field(default=None, description="Such an execution belongs to it.")
    inputs: ArtifactFilter | None = _field(
        default=None, description="An execution of it read such an artifact, and none of its own wrote it."
    )
    outputs: ArtifactFilter | None = _field(default=None, description="An execution of it wrote such an artifact.")
    and_: list[RunFilter] | None = _field(default=None, name="and", description=_AND)
    or_: list[RunFilter] | None = _field(default=None, name="or", description=_OR)
    not_: RunFilter | None = _field(default=None, name="not", description=_NOT)

    def own(self, path: str) -> Iterator[Predicate]:
        yield from _states(self.state)
        yield from _related(self.workspace, f"{path}.workspace", Relation.WORKSPACE)
        yield from _related(self.executions, f"{path}.executions", Relation.EXECUTIONS)
        yield from _related(self.inputs, f"{path}.inputs", Relation.RUN_INPUTS)
        yield from _related(self.outputs, f"{path}.outputs", Relation.RUN_OUTPUTS)


@strawberry.input(description=f"Which executions. {_OPEN}")
class ExecutionFilter(EntityFilter):
    kind = EntityKind.EXECUTION
    state: list[ExecutionState] | None = _field(default=None, description="It is in one of these states.")
    workspace: ContextFilter | None = _field(default=None, description="It belongs to such a workspace.")
    run: ContextFilter | None = _field(default=None, description="It belongs to such a run.")
    start_time: TimeFilter | None = _field(default=None, description="Tests of when it began.")
    end_time: TimeFilter | None = _field(default=None, description="Tests of when it ended.")
    inputs: ArtifactFilter | None = _field(default=None, description="It read such an artifact.")
    outputs: ArtifactFilter | None = _field(default=None, description="It wrote such an artifact.")
    descends_from: LineageFilter | None = _field(default=None, description=_DESCENDS)
    leads_to: LineageFilter | None = _field(default=None, description=_LEADS)
    parameters: list[PropertyFilter] | None = _field(
        default=None, description=_PARAMETERS.format("its parameters, see Execution.parameters")
    )
    and_: list[ExecutionFilter] | None = _field(default=None, name="and", description=_AND)
    or_: list[ExecutionFilter] | None = _field(default=None, name="or", description=_OR)
    not_: ExecutionFilter | None = _field(default=None, name="not", description=_NOT)

    def own(self, path: str) -> Iterator[Predicate]:
        for given, subject in ((self.start_time, Field.START_TIME), (self.end_time, Field.END_TIME)):
            if given is not None:
                yield given.predicate(subject)
        yield from _states(self.state)
        yield from _related(self.workspace, f"{path}.workspace", Relation.WORKSPACE)
        yield from _related(self.run, f"{path}.run", Relation.RUN)
        yield from _related(self.inputs, f"{path}.inputs", Relation.INPUTS)
        yield from _related(self.outputs, f"{path}.outputs", Relation.OUTPUTS)
        yield from _reached(self.descends_from, f"{path}.descendsFrom", upstream=True)
        yield from _reached(self.leads_to, f"{path}.leadsTo", upstream=False)
        yield from _items(self.parameters, f"{path}.parameters", Group.PARAMETERS)


@strawberry.input(description=f"Which artifacts. {_OPEN}")
class ArtifactFilter(EntityFilter):
    artifact_kind: list[ArtifactKind] | None = _field(
        default=None, name="kind", description="It is of one of these kinds."
    )
    uri: StringFilter | None = _field(default=None, description="Tests of its uri.")
    version: StringFilter | None = _field(default=None, description="Tests of its version.")
    owner: StringFilter | None = _field(default=None, description="Tests of its owner.")
    state: list[ArtifactState] | None = _field(default=None, description="It is in one of these states.")
    workspace: ContextFilter | None = _field(default=None, description="It belongs to such a workspace.")
    run: ContextFilter | None = _field(
        default=None, description="The execution that was the first to output it belongs to such a run."
    )
    produced_by: ExecutionFilter | None = _field(default=None, description="Such an execution wrote it.")
    consumed_by: ExecutionFilter | None = _field(default=None, description="Such an execution read it.")
    descends_from: LineageFilter | None = _field(default=None, description=_DESCENDS)
    leads_to: LineageFilter | None = _field(default=None, description=_LEADS)
    values: list[PropertyFilter] | None = _field(
        default=None, description=_PARAMETERS.format("the values of metrics, see Metrics.values")
    )
    parameters: list[PropertyFilter] | None = _field(
        default=None, description=_PARAMETERS.format("the hyperparameters of models, see Model.hyperparameters")
    )
    and_: list[ArtifactFilter] | None = _field(default=None, name="and", description=_AND)
    or_: list[ArtifactFilter] | None = _field(default=None, name="or", description=_OR)
    not_: ArtifactFilter | None = _field(default=None, name="not", description=_NOT)

    kind = EntityKind.ARTIFACT

    def own(self, path: str) -> Iterator[Predicate]:
        if self.artifact_kind is not None:
            yield Test(Field.KIND, Operator.IN, tuple(self.artifact_kind))
        for given, subject in ((self.uri, Field.URI), (self.version, Field.VERSION), (self.owner, Field.OWNER)):
            if given is not None:
                yield given.predicate(subject)
        yield from _states(self.state)
        yield from _related(self.workspace, f"{path}.workspace", Relation.WORKSPACE)
        yield from _related(self.run, f"{path}.run", Relation.RUN)
        yield from _related(self.produced_by, f"{path}.producedBy", Relation.PRODUCED_BY)
        yield from _related(self.consumed_by, f"{path}.consumedBy", Relation.CONSUMED_BY)
        yield from _reached(self.descends_from, f"{path}.descendsFrom", upstream=True)
        yield from _reached(self.leads_to, f"{path}.leadsTo", upstream=False)
        yield from _items(self.values, f"{path}.values", Group.VALUES)
        yield from _items(self.parameters, f"{path}.parameters", Group.PARAMETERS)


@strawberry.input(
    description="Which nodes of a lineage. Artifacts must meet the filter of artifacts where there is one, "
    "executions that of executions."
)
class LineageFilter:
    artifacts: ArtifactFilter | None = _field(
        default=None, description="What artifacts must meet. Where `executions` is not given no execution is meant."
    )
    executions: ExecutionFilter | None = _field(
        default=None, description="What executions must meet. Where `artifacts` is not given no artifact is meant."
    )
    only: LineageNodeKind | None = _field(default=None, description="Only artifacts, or only executions.")

    def predicates(self, path: str = "where") -> NodeFilter:
        """Which nodes are shown: where only one of the two kinds is asked about, none of the other."""
        of_artifacts, of_executions = self._meant()
        return NodeFilter(
            artifacts=_node_predicate(self.artifacts, f"{path}.artifacts", of_artifacts),
            executions=_node_predicate(self.executions, f"{path}.executions", of_executions),
        )

    def stops(self, path: str = "stopAt") -> NodeFilter:
        """Which nodes a walk does not go through: where nothing is asked about either kind, none."""
        nothing = self.artifacts is None and self.executions is None and self.only is None
        return NodeFilter(NEVER, NEVER) if nothing else self.predicates(path)

    def _meant(self) -> tuple[bool, bool]:
        """Whether artifacts, and whether executions, are meant at all."""
        if self.only is not None:
            return self.only.value is NodeKind.ARTIFACT, self.only.value is NodeKind.EXECUTION
        neither = self.artifacts is None and self.executions is None
        return neither or self.artifacts is not None, neither or self.executions is not None


def _node_predicate(given: EntityFilter | None, path: str, meant: bool) -> Predicate:
    predicate = ALWAYS if given is None else given.predicate(path)
    return predicate if meant else NEVER
