"""Workspaces, runs, executions and artifacts: MLMD's nodes as their writer's convention means them.

An entity is a view of one node. Its attributes are decoded when they are read,
so a query pays for the fields that it selects, and a row that MLMD itself could
not read breaks none of its neighbours. Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, NamedTuple

from lineageql.model.choice import Choice
from lineageql.model.conventions.convention import (
    LATEST,
    MOMENTS,
    Convention,
    Kept,
    Mapped,
    Stored,
    StructMembers,
    UnderName,
    Visibility,
)
from lineageql.model.conventions.kubeflow import (
    ALL_META,
    EXACT_PREFIX,
    KUBEFLOW,
    WORKSPACE_TYPE,
)
from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName, global_id
from lineageql.model.kinds import ArtifactKind, kind_of
from lineageql.model.nodes import Node, NodeKind, NodeType, RawValue
from lineageql.model.predicates import Field, Group
from lineageql.model.values import JSONValue, decode, decode_each, parse_json, struct_members


class ArtifactState(Choice):
    """MLMD's `Artifact.State`."""

    UNKNOWN = 0
    PENDING = 1
    LIVE = 2
    MARKED_FOR_DELETION = 3
    DELETED = 4
    ABANDONED = 5
    REFERENCE = 6


class ExecutionState(Choice):
    """MLMD's `Execution.State`."""

    UNKNOWN = 0
    NEW = 1
    RUNNING = 2
    COMPLETE = 3
    FAILED = 4
    CACHED = 5
    CANCELED = 6


EXECUTION_STATE_WORDS = {
    "new": ExecutionState.NEW,
    "running": ExecutionState.RUNNING,
    "complete": ExecutionState.COMPLETE,
    "completed": ExecutionState.COMPLETE,
    "succeeded": ExecutionState.COMPLETE,
    "failed": ExecutionState.FAILED,
    "cached": ExecutionState.CACHED,
    "canceled": ExecutionState.CANCELED,
    "cancelled": ExecutionState.CANCELED,
}
"""How writers without MLMD's own state spell an execution's in a property `state`, in lower case."""

ARTIFACT_STATE_WORDS = {
    "pending": ArtifactState.PENDING,
    "published": ArtifactState.LIVE,
    "live": ArtifactState.LIVE,
    "marked_for_deletion": ArtifactState.MARKED_FOR_DELETION,
    "deleted": ArtifactState.DELETED,
    "abandoned": ArtifactState.ABANDONED,
    "reference": ArtifactState.REFERENCE,
}
"""How they spell an artifact's."""


class LabelValue(NamedTuple):
    """One label."""

    key: str
    value: str


class Entity:
    """What the four kinds have in common."""

    __slots__ = ("convention", "node")
    entity_kind: ClassVar[EntityKind]

    def __init__(self, node: Node, convention: Convention) -> None:
        self.node = node
        self.convention = convention

    @property
    def id(self) -> str:
        return global_id(self.entity_kind, self.node.id)

    @property
    def ref(self) -> Ref:
        return Ref(self.entity_kind, self.node.id)

    @property
    def mlmd_id(self) -> int | None:
        return self.node.id

    @property
    def type(self) -> NodeType:
        return self.node.type

    @property
    def name(self) -> str:
        return self.convention.read(self.node, Field.NAME) or ""

    @property
    def description(self) -> str | None:
        return self.convention.read(self.node, Field.DESCRIPTION)

    @property
    def external_id(self) -> str | None:
        return self.node.external_id

    @property
    def create_time(self) -> int | None:
        return self.node.create_time or None

    @property
    def update_time(self) -> int | None:
        return self.node.update_time or None

    @property
    def label_values(self) -> dict[str, str]:
        places = self.convention.labels.get(self.node.type.kind)
        return places.read(self.node) if places is not None else {}

    @property
    def labels(self) -> list[LabelValue]:
        return [LabelValue(key, value) for key, value in sorted(self.label_values.items())]

    @property
    def properties(self) -> dict[str, JSONValue]:
        return self._values(self.node.properties, Visibility.SHOWN)

    @property
    def custom_properties(self) -> dict[str, JSONValue]:
        extras = self.convention.extras.get(self.node.type.kind)
        found = extras.read(self.node) if extras is not None and extras.property in self.node.properties else {}
        found.update(self._values(self.node.properties, Visibility.BOOKKEEPING))
        found.update(self._values(self.node.custom_properties, Visibility.SHOWN, Visibility.BOOKKEEPING))
        return found

    def _values(self, stored: dict[str, RawValue], *visibilities: Visibility) -> dict[str, JSONValue]:
        """The values of stored properties that are shown in certain places."""
        names = self.convention.visible(tuple(stored), visibilities)
        if not names:
            return {}
        customs, found = self.node.custom_properties, decode_each(stored, names)
        for name in _exact(tuple(customs)) & found.keys():
            beside = parse_json(customs[EXACT_PREFIX + name]) if stored[name] is not None else None
            if beside is not None:
                found[name] = beside
        return found

    def property(self, name: str) -> JSONValue:
        """The property of this name, else the custom property, else None."""
        value = self.properties.get(name)
        return self.custom_properties.get(name) if value is None else value

    def items(self, group: Group) -> dict[str, JSONValue]:
        """The items of a group by name, as the writer's convention keeps them."""
        match self.convention.items_of(self.node.type, group):
            case Kept(document=document):
                return document.read_all(self.node)
            case Stored() as place:
                return self._stored_items(place)
            case StructMembers(name):
                return struct_members(self.node.custom_properties.get(name))
            case UnderName(name):
                value = self.property(name)
                return {} if value is None else {self.name: value}
            case Mapped() as place:
                return self._mapped_items(place)
        return {}

    def _stored_items(self, place: Stored) -> dict[str, JSONValue]:
        found = self._values(self.node.custom_properties, Visibility.SHOWN)
        if place.declared:
            found.update({name: value for name, value in self.properties.items() if value is not None})
        return {name: value for name, value in found.items() if name not in place.omitted and place.takes(value)}

    def _mapped_items(self, place: Mapped) -> dict[str, JSONValue]:
        members = {} if place.document is None else place.document.read_all(self.node)
        seen = Visibility.SHOWN, Visibility.BOOKKEEPING
        declared, customs = (self._values(some, *seen) for some in (self.node.properties, self.node.custom_properties))
        found = {**members, **place.gathered(_present(declared), _present(customs))}
        return _present(found)

    def _document(self, member: str) -> JSONValue:
        meta = parse_json(self.node.properties.get(ALL_META))
        return meta.get(member) if isinstance(meta, dict) else None


class Workspace(Entity):
    """A group of runs, executions and artifacts: a context, or only a name."""

    __slots__ = ()
    entity_kind = EntityKind.WORKSPACE

    @classmethod
    def called(cls, name: str, type_: NodeType | None = None) -> Workspace:
        """A workspace that is only a name; `type_` is the type of such workspaces, where the store has it."""
        return cls(Node(type_ or NodeType(0, NodeKind.CONTEXT, WORKSPACE_TYPE), 0, name), KUBEFLOW)

    @property
    def id(self) -> str:
        return str(self.ref)

    @property
    def ref(self) -> Ref:
        return Ref(EntityKind.WORKSPACE, self.node.id or WorkspaceName(self.node.name or ""))

    @property
    def mlmd_id(self) -> int | None:
        return self.node.id or None  # 0 stands for a workspace that no context stands for


class Run(Entity):
    """A run of a pipeline or a notebook: a context, or only a name."""

    __slots__ = ("run_name",)
    entity_kind = EntityKind.RUN

    def __init__(self, node: Node, convention: Convention, run_name: RunName | None = None) -> None:
        super().__init__(node, convention)
        self.run_name = run_name

    @property
    def id(self) -> str:
        return str(self.ref)

    @property
    def ref(self) -> Ref:
        return Ref(EntityKind.RUN, self.run_name or self.node.id)

    @property
    def mlmd_id(self) -> int | None:
        return self.node.id or None  # 0 stands for a run that no context stands for

    @property
    def name(self) -> str:
        return self.run_name.name if self.run_name is not None else super().name


class Execution(Entity):
    """A step that read and wrote artifacts."""

    __slots__ = ()
    entity_kind = EntityKind.EXECUTION

    @property
    def state(self) -> ExecutionState:
        state = _EXECUTION_STATES.get(self.node.state or 0, ExecutionState.UNKNOWN)
        if state is ExecutionState.UNKNOWN:
            word = self.convention.read(self.node, Field.STATE)
            state = EXECUTION_STATE_WORDS.get(word.lower(), state) if word else state
        return state

    @property
    def start_time(self) -> int | None:
        clock = self.convention.clock
        found = self._recorded(Field.START_TIME)
        if found is None and clock is not None and self.state.value in clock.begun:
            return self.create_time
        return found

    @property
    def end_time(self) -> int | None:
        found = self._recorded(Field.END_TIME)
        return self.clocked_end if found is None else found

    @property
    def clocked_end(self) -> int | None:
        """When it ended, where nothing but its last change says so: another change would move it."""
        clock = self.convention.clock
        if clock is None or self.state.value not in clock.ended or self._recorded(Field.END_TIME) is not None:
            return None
        return self.update_time

    def _recorded(self, field: Field) -> int | None:
        """A time that LineageQL recorded."""
        raw = self.node.custom_properties.get(MOMENTS[field])
        if not isinstance(raw, float) or not -LATEST <= raw <= LATEST or raw != int(raw):
            return None
        return int(raw)

    @property
    def parameters(self) -> dict[str, JSONValue]:
        """What its writer means as parameters of the step, by name."""
        return self.items(Group.PARAMETERS)

    @property
    def task(self) -> str:
        """What it is called as a part of what encloses it, or of its run."""
        nesting = self.convention.nesting
        found = (place.read(self.node) for place in nesting.task) if nesting is not None else ()
        return next((text for text in found if text), self.name)

    @property
    def iteration(self) -> int | None:
        """Which iteration of a loop it is."""
        nesting = self.convention.nesting
        found = (_id(place.read(self.node)) for place in nesting.iteration) if nesting is not None else ()
        return next((number for number in found if number is not None), None)

    @property
    def is_whole_run(self) -> bool:
        """Whether it stands for its run: it only encloses others, and nothing encloses it."""
        nesting = self.convention.nesting
        return nesting is not None and self.type.name in nesting.frames and self.parent_id is None

    @property
    def run_name(self) -> RunName | None:
        return _run_name(self)

    @property
    def parent_id(self) -> int | None:
        """MLMD's id of the execution that encloses it, such as a DAG of Kubeflow Pipelines."""
        values = (place.read(self.node) for place in self.convention.parent)
        return next((id_ for id_ in map(_id, values) if id_ is not None), None)


class Artifact(Entity):
    """A model, a data set, metrics or anything else that executions read and write."""

    __slots__ = ()
    entity_kind = EntityKind.ARTIFACT

    @property
    def holding_run(self) -> RunName | None:
        """The run whose output it is by its own account."""
        return _run_name(self) if self.convention.names_hold else None

    @property
    def kind(self) -> ArtifactKind:
        return kind_of(self.node.type)

    @property
    def uri(self) -> str | None:
        return self.node.uri

    @property
    def state(self) -> ArtifactState:
        state = _ARTIFACT_STATES.get(self.node.state or 0, ArtifactState.UNKNOWN)
        if state is ArtifactState.UNKNOWN:
            word = self.convention.read(self.node, Field.STATE)
            state = ARTIFACT_STATE_WORDS.get(word.lower(), state) if word else state
        return state

    @property
    def version(self) -> str | None:
        return self.convention.read(self.node, Field.VERSION)

    @property
    def owner(self) -> str | None:
        return self.convention.read(self.node, Field.OWNER)

    @property
    def model_type(self) -> JSONValue:
        return self._text("model_type")

    @property
    def training_framework(self) -> JSONValue:
        return self._document("training_framework")

    @property
    def hyperparameters(self) -> JSONValue:
        return self.items(Group.PARAMETERS) or self._document("hyperparameters")

    @property
    def query(self) -> JSONValue:
        return self._text("query")

    @property
    def metrics_type(self) -> JSONValue:
        return self._text("metrics_type")

    @property
    def values(self) -> JSONValue:
        return self.items(Group.VALUES)

    @property
    def model_id(self) -> int | None:
        return _id(self.node.properties.get("model_id"))

    @property
    def data_set_id(self) -> int | None:
        return _id(self.node.properties.get("data_set_id"))

    def _text(self, name: str) -> str | None:
        value = decode(self.node.properties.get(name))
        return value if isinstance(value, str) else None


@lru_cache(4096)
def _exact(names: tuple[str, ...]) -> frozenset[str]:
    """The properties beside which, by the names of the custom ones, their exact values stand."""
    return frozenset(name[len(EXACT_PREFIX) :] for name in names if name.startswith(EXACT_PREFIX))


def _present(values: dict[str, JSONValue]) -> dict[str, JSONValue]:
    return {name: value for name, value in values.items() if value is not None}


def _run_name(entity: Entity) -> RunName | None:
    """The run that an execution or an artifact names."""
    found = entity.convention.named_run(entity.node)
    return found if found is not None and found.name else None


_ARTIFACT_STATES = {state.value: state for state in ArtifactState}
_EXECUTION_STATES = {state.value: state for state in ExecutionState}


def _id(raw: object) -> int | None:
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 19:
        return int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None
