"""Which entities a store holds, what they are related to, and whether a predicate is true of one.

Plain Python over plain records: slow, small, and without anything of the code
under test but its words for predicates and references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.kinds import ArtifactKind
from lineageql.model.predicates import (
    And,
    Field,
    Group,
    Item,
    Label,
    Not,
    Operator,
    Or,
    Predicate,
    Property,
    Reached,
    Related,
    Relation,
    Subject,
    Test,
)
from tests.store.sql import expected
from tests.store.sql.records import CONTEXT, EventRecord, NodeRecord, StoreRecord, TypeRecord
from tests.store.sql.writers import BOOKKEEPING, RUNS, WORKSPACES, Writer, clocked, name_of, writers_of

INPUTS, OUTPUTS = {2, 3, 5}, {1, 4, 6, 7}
RUN_TYPE, WORKSPACE_TYPE = "kubeflow.org/alpha/run", "kubeflow.org/alpha/workspace"
# FAILED, RUNNING, NEW, COMPLETE, CACHED, CANCELED, UNKNOWN
RANKS = (4, 2, 1, 3, 5, 6, 0)


@dataclass(frozen=True, eq=False)
class Thing:
    """An entity: its reference, its place in the order of ids, its fields, and its record where it has one."""

    ref: Ref
    place: tuple[Any, ...]
    fields: dict[Field, Any]
    node: NodeRecord | None
    writer: Writer = Writer.KUBEFLOW
    more_labels: dict[str, str] = field(default_factory=dict)
    """Labels that a file of own types says of it."""
    mapped: dict[Group, Callable[[str], Any]] = field(default_factory=dict)
    """By their names, the items of the groups of which such a file says where they stand."""

    @property
    def labels(self) -> dict[str, str]:
        return self.more_labels | (expected.labels_of(self.node) if self.node else {})

    def property(self, name: str) -> Any:
        bookkeeping = name.startswith("__") or name in BOOKKEEPING.get(self.writer, ())
        return expected.property_of(self.node, name, bookkeeping) if self.node else None

    def item(self, group: Group, name: str) -> Any:
        if self.node is None:
            return None
        if group in self.mapped:
            return self.mapped[group](name)
        own, bookkeeping = self.fields[Field.NAME], BOOKKEEPING.get(self.writer, set())
        kind = self.fields[Field.KIND].value if Field.KIND in self.fields else None
        return expected.item_of(self.node, group.value, name, self.writer.name, own, bookkeeping, kind)

    def value(self, subject: Subject) -> Any:
        """What a subject is in it; None where it is not there."""
        match subject:
            case Label(key):
                return self.labels.get(key)
            case Property(name):
                return self.property(name)
            case Item(group, name):
                return self.item(group, name)
            case Field.REF:
                return self.ref
        assert isinstance(subject, Field)
        return self.fields.get(subject)


class Oracle:
    """Knows all about one store."""

    def __init__(self, store: StoreRecord) -> None:
        self.store = store
        self.writers = writers_of(store.types)
        self.artifacts = {node.id: self._artifact(node) for node in store.artifacts}
        self.executions = {node.id: self._execution(node) for node in store.executions}
        self.workspaces: dict[Any, Thing] = {
            **{node.id: self._workspace(node) for node in store.contexts if self._is_workspace(node)},
            **{WorkspaceName(name): self._named_workspace(name) for name in self._workspace_names()},
        }
        self.runs = {thing.ref.key: thing for thing in (*self._context_runs(), *self._named_runs())}

    def of(self, kind: EntityKind) -> Iterable[Thing]:
        """All entities of a kind."""
        tables: dict[EntityKind, dict[Any, Thing]] = {
            EntityKind.ARTIFACT: self.artifacts,
            EntityKind.EXECUTION: self.executions,
            EntityKind.WORKSPACE: self.workspaces,
            EntityKind.RUN: self.runs,
        }
        return tables[kind].values()

    # -- what entities are

    def writer(self, node: NodeRecord) -> Writer:
        return self.writers.get(node.type.id, Writer.GENERIC)

    def _common(self, node: NodeRecord) -> dict[Field, Any]:
        return {
            Field.ID: node.id,
            Field.NAME: name_of(self.store, node, self.writer(node)),
            Field.TYPE: node.type.name,
            Field.DESCRIPTION: expected.either(node, "description"),
            Field.EXTERNAL_ID: node.external_id,
            Field.CREATE_TIME: node.created or None,
            Field.UPDATE_TIME: node.updated or None,
        }

    def _artifact(self, node: NodeRecord) -> Thing:
        fields = self._common(node) | {
            Field.KIND: ArtifactKind(expected.kind_of(node)),
            Field.URI: node.uri,
            Field.VERSION: expected.either(node, "version"),
            Field.OWNER: expected.either(node, "owner"),
            Field.STATE: expected.state_of(node),
        }
        return Thing(Ref(EntityKind.ARTIFACT, node.id), (node.id,), fields, node, self.writer(node))

    def _execution(self, node: NodeRecord) -> Thing:
        start, end = expected.moments_of(node, clocked(self.writer(node)))
        state = expected.state_of(node)
        fields = self._common(node) | {Field.STATE: state, Field.START_TIME: start, Field.END_TIME: end}
        return Thing(Ref(EntityKind.EXECUTION, node.id), (node.id,), fields, node, self.writer(node))

    def _is_workspace(self, node: NodeRecord) -> bool:
        if self.writer(node) is Writer.GENERIC:
            return not self._is_context_run(node)
        return node.type.name in WORKSPACES

    def _is_context_run(self, node: NodeRecord) -> bool:
        """Whether a context is a run; those of the SDK's convention are found by their names."""
        if self.writer(node) is not Writer.GENERIC:
            return node.type.name in RUNS
        has_parent = any(child == node.id for child, _ in self.store.parents)
        has_child = any(parent == node.id for _, parent in self.store.parents)
        return has_parent and not has_child

    def _workspace(self, node: NodeRecord) -> Thing:
        return Thing(Ref(EntityKind.WORKSPACE, node.id), (node.id,), self._common(node), node, self.writer(node))

    def workspace_name(self, node: NodeRecord) -> str | None:
        """The name of the workspace that an artifact or an execution of the SDK's convention names."""
        name = node.custom.get("__kf_workspace__")
        return name if expected.kubeflow(node) and isinstance(name, str) and name else None

    def run_name(self, node: NodeRecord) -> tuple[str, str] | None:
        """The run that an execution of the SDK's convention names, with its workspace."""
        return expected.run_name_of(node)

    def holding_run(self, node: NodeRecord) -> tuple[str, str] | None:
        """The run whose output an artifact is as it names it: none of the SDK's convention."""
        return None

    def _workspace_names(self) -> set[str]:
        """The workspaces that are named, and that no context of the SDK's stands for."""
        names = {self.workspace_name(node) for node in (*self.store.artifacts, *self.store.executions)}
        return {name for name in names if name is not None and name not in self.first_workspaces}

    def _named_workspace(self, name: str) -> Thing:
        type_ = min((t.id for t in self.store.types if t.name == WORKSPACE_TYPE), default=0)
        fields = self._common(NodeRecord(0, TypeRecord(type_, CONTEXT, WORKSPACE_TYPE))) | {Field.NAME: name}
        fields[Field.ID] = None
        return Thing(Ref(EntityKind.WORKSPACE, WorkspaceName(name)), (2**62, name), fields, None)

    def _context_runs(self) -> Iterable[Thing]:
        for node in self.store.contexts:
            if self._is_context_run(node):
                fields = self._common(node) | {Field.STATE: self._amount(self._in_context(node.id))}
                yield Thing(Ref(EntityKind.RUN, node.id), (node.id, "", ""), fields, node, self.writer(node))

    def _named_runs(self) -> Iterable[Thing]:
        contexts = {
            RunName(str(node.custom["__kf_workspace__"]), str(node.custom["__kf_run__"])): node
            for node in self.store.contexts
            if node.type.name == RUN_TYPE
        }
        names = {pair for node in self.store.executions if (pair := self.run_name(node))}
        names |= {pair for node in self.store.artifacts if (pair := self.holding_run(node))}
        run_type = min((t.id for t in self.store.types if t.name == RUN_TYPE), default=0)
        for name in {RunName(*pair) for pair in names} | set(contexts):
            node = contexts.get(name)
            members = self._named(name)
            if node is None:
                told = [*members, *(a for a in self.store.artifacts if self.holding_run(a) == tuple(name))]
                node_fields = self._common(NodeRecord(0, TypeRecord(run_type, 2, RUN_TYPE)))
                node_fields[Field.ID] = None
                node_fields[Field.CREATE_TIME] = min(m.created for m in told) or None
                node_fields[Field.UPDATE_TIME] = max(m.updated for m in told) or None
            else:
                node_fields = self._common(node)
            fields = node_fields | {Field.NAME: name.name, Field.STATE: self._amount(members)}
            place = (node.id if node else 2**62, name.workspace, name.name)
            yield Thing(Ref(EntityKind.RUN, name), place, fields, node)

    def _named(self, name: RunName) -> list[NodeRecord]:
        return [node for node in self.store.executions if self.run_name(node) == (name.workspace, name.name)]

    def _in_context(self, context: int) -> list[NodeRecord]:
        return [node for node in self.store.executions if (context, node.id) in self.store.associations]

    def _amount(self, members: list[NodeRecord]) -> int:
        """A run is in its executions' foremost state; where some are NEW and others further, it is RUNNING."""
        states = {expected.state_of(node) for node in members}
        foremost = next((state for state in RANKS if state in states), 0)
        return 2 if foremost == 1 and states - {0, 1} else foremost

    # -- what belongs to what

    def _may_be_named(self, node: NodeRecord) -> bool:
        """Whether a context is of those workspaces that nodes name."""
        return node.type.name == WORKSPACE_TYPE

    @cached_property
    def first_workspaces(self) -> dict[str, int]:
        """The workspaces of the SDK's convention by name; the first made where there are several."""
        named = [node for node in self.store.contexts if self._may_be_named(node)]
        return {str(node.name): node.id for node in sorted(named, key=lambda node: -node.id)}

    def workspace_of_run(self, run: Thing) -> Thing | None:
        key = run.ref.key
        if isinstance(key, RunName):
            id_ = self.first_workspaces.get(key.workspace)
            return self.workspaces.get(WorkspaceName(key.workspace) if id_ is None else id_)
        found = sorted(parent for child, parent in self.store.parents if child == key)
        assert run.node is not None
        if run.writer is Writer.TFX and (named := run.node.declared.get("pipeline_name")):
            # Before TFX had parents of contexts, a run named its pipeline.
            found += sorted(c.id for c in self.store.contexts if c.type.name == "pipeline" and c.name == named)
        return next((self.workspaces[context] for context in found if context in self.workspaces), None)

    def spaces(self, memberships: Iterable[tuple[int, int]], id_: int) -> list[Thing]:
        """The workspaces that a node is in, by itself or by a context whose parent the workspace is."""
        direct = {context for context, node in memberships if node == id_}
        above = {parent for child, parent in self.store.parents if child in direct}
        return [self.workspaces[context] for context in sorted(direct | above) if context in self.workspaces]

    def runs_of(self, execution: Thing) -> list[Thing]:
        assert execution.node is not None
        found = [c for c, node in self.store.associations if node == execution.node.id and c in self.runs]
        name = self.run_name(execution.node)
        return [self.runs[c] for c in sorted(found)] + ([self.runs[RunName(*name)]] if name else [])

    def holders(self, artifact: int) -> list[Thing]:
        """The runs to which an artifact belongs by attribution alone: the model-registry writes no events.

        Types of users' own name such a run.
        """
        found = sorted(c for c, node in self.store.attributions if node == artifact and c in self.runs)
        node = self.artifacts[artifact].node
        name = self.holding_run(node) if node else None
        named = [self.runs[RunName(*name)]] if name else []
        return [self.runs[c] for c in found if self.runs[c].writer is Writer.MODEL_REGISTRY] + named

    def events(self, types: set[int], **at: int) -> list[EventRecord]:
        """The events of some types at a node, in the order in which they were made."""
        every = [*self.implied_inputs, *self.store.events]
        return [e for e in every if e.type in types and all(getattr(e, k) == v for k, v in at.items())]

    @cached_property
    def implied_inputs(self) -> list[EventRecord]:
        """What the executions of model-registry serve, which they name by the version, and did not read by an event."""
        versions = {node.id for node in self.store.contexts if node.type.name == "kf.ModelVersion"}
        models = {node.id for node in self.store.artifacts if expected.kind_of(node) == "MODEL"}
        read = {(e.artifact, e.execution) for e in self.store.events if e.type in INPUTS}
        found = set()
        for node in self.store.executions:
            said = [part.get("model_version_id") for part in (node.declared, node.custom)]
            named = next((value for value in said if type(value) is int), None)
            if node.type.name in ("kf.ServeModel", "odh.ServeModel") and named in versions:
                held = {artifact for context, artifact in self.store.attributions if context == named}
                found |= {(artifact, node.id) for artifact in held & models} - read
        return [EventRecord(-1, artifact, execution, 3) for artifact, execution in sorted(found)]

    def related(self, thing: Thing, relation: Relation) -> list[Thing]:
        """The entities at the other end of a relation."""
        kind, id_ = thing.ref.kind, thing.fields[Field.ID]
        if relation is Relation.WORKSPACE:
            if kind is EntityKind.RUN:
                space = self.workspace_of_run(thing)
                return [space] if space else []
            store = self.store
            linked = self.spaces(store.attributions if kind is EntityKind.ARTIFACT else store.associations, id_)
            named = self.workspace_name(thing.node) if thing.node else None
            own = self.workspaces.get(WorkspaceName(named or ""))
            return [*linked, own] if own else linked
        if relation is Relation.RUN:
            if kind is EntityKind.EXECUTION:
                return self.runs_of(thing)
            outputs = self.events(OUTPUTS, artifact=id_)
            return (self.runs_of(self.executions[outputs[0].execution]) if outputs else []) + self.holders(id_)
        if relation in (Relation.RUNS, Relation.EXECUTIONS, Relation.ARTIFACTS):
            return self.members(thing, relation)
        if relation in (Relation.RUN_INPUTS, Relation.RUN_OUTPUTS):
            return self.artifacts_of_run(thing, relation)
        if relation is Relation.PRODUCED_BY:
            return [self.executions[event.execution] for event in self.events(OUTPUTS, artifact=id_)]
        if relation is Relation.CONSUMED_BY:
            return [self.executions[event.execution] for event in self.events(INPUTS, artifact=id_)]
        types = INPUTS if relation is Relation.INPUTS else OUTPUTS
        return [self.artifacts[event.artifact] for event in self.events(types, execution=id_)]

    def members(self, owner: Thing, relation: Relation) -> list[Thing]:
        """What belongs to a workspace or a run: whatever belongs to it by its own account."""
        if relation is Relation.RUNS:
            return [run for run in self.runs.values() if self.workspace_of_run(run) is owner]
        if owner.ref.kind is EntityKind.RUN:
            key = owner.ref.key
            nodes = self._named(key) if isinstance(key, RunName) else self._in_context(key)
            return [self.executions[node.id] for node in nodes]
        return [t for t in self.of(relation.target) if owner in self.related(t, Relation.WORKSPACE)]

    def artifacts_of_run(self, run: Thing, relation: Relation) -> list[Thing]:
        """The artifacts that a run wrote or holds, or those that it read and did not write."""
        members = self.members(run, Relation.EXECUTIONS)
        written, read = (
            {artifact.ref: artifact for member in members for artifact in self.related(member, side)}
            for side in (Relation.OUTPUTS, Relation.INPUTS)
        )
        if relation is Relation.RUN_INPUTS:
            return [artifact for ref, artifact in read.items() if ref not in written]
        held = [a for a in self.artifacts.values() if a.node and run in self.holders(a.node.id)]
        return [*written.values(), *held]

    def beyond(self, thing: Thing, upstream: bool) -> list[Thing]:
        """All that is one or more steps up- or downstream of an artifact or an execution."""
        found: dict[Ref, Thing] = {}
        waiting = [thing]
        while waiting:
            here = waiting.pop()
            if here.ref.kind is EntityKind.ARTIFACT:
                side = Relation.PRODUCED_BY if upstream else Relation.CONSUMED_BY
            else:
                side = Relation.INPUTS if upstream else Relation.OUTPUTS
            for other in self.related(here, side):
                if other.ref not in found:
                    found[other.ref] = other
                    waiting.append(other)
        return list(found.values())

    # -- what is true

    def holds(self, predicate: Predicate, thing: Thing) -> bool:
        """Whether a predicate is true of an entity."""
        match predicate:
            case And(terms):
                return all(self.holds(term, thing) for term in terms)
            case Or(terms):
                return any(self.holds(term, thing) for term in terms)
            case Not(term):
                return not self.holds(term, thing)
            case Related(relation, inner):
                return any(self.holds(inner, other) for other in self.related(thing, relation))
            case Reached(upstream, artifacts, executions):
                asked = {EntityKind.ARTIFACT: artifacts, EntityKind.EXECUTION: executions}
                return any(self.holds(asked[other.ref.kind], other) for other in self.beyond(thing, upstream))
        assert isinstance(predicate, Test)
        return meets(predicate, thing.value(predicate.subject))


def meets(test: Test, value: Any) -> bool:
    """Whether a value meets a test; None, which is nothing, meets none."""
    says = SAYS[test.operator]
    if test.operator is Operator.EXISTS:
        return value is not None
    operands = test.operand if test.operator is Operator.IN else (test.operand,)
    return any(_compare(test, says, value, operand) for operand in operands)  # type: ignore[union-attr]


def _compare(test: Test, says: Callable[[Any, Any], bool], value: Any, operand: Any) -> bool:
    equality = test.operator in (Operator.EQ, Operator.IN)
    if isinstance(value, bool) or isinstance(operand, bool):
        return equality and isinstance(value, bool) and isinstance(operand, bool) and value is operand
    both_texts = isinstance(value, str) and isinstance(operand, str)
    both_numbers = isinstance(value, (int, float)) and isinstance(operand, (int, float))
    if equality and not both_texts:
        return bool((both_numbers or type(value) is type(operand)) and value == operand)
    if not (both_texts or (both_numbers and test.operator in OF_NUMBERS)):
        return False
    if both_texts and test.ignore_case:
        value, operand = value.casefold(), operand.casefold()
    return says(value, operand)


OF_NUMBERS = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
"""The operators that numbers are compared by, beside equality."""
SAYS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: lambda value, operand: value == operand,
    Operator.IN: lambda value, operand: value == operand,
    Operator.LT: lambda value, operand: value < operand,
    Operator.LTE: lambda value, operand: value <= operand,
    Operator.GT: lambda value, operand: value > operand,
    Operator.GTE: lambda value, operand: value >= operand,
    Operator.STARTS_WITH: lambda value, operand: value.startswith(operand),
    Operator.ENDS_WITH: lambda value, operand: value.endswith(operand),
    Operator.CONTAINS: lambda value, operand: operand in value,
    Operator.EXISTS: lambda value, _: value is not None,
}
"""What each operator says of a value and an operand; for one that is not here nothing is known."""
