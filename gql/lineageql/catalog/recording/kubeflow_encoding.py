"""The form in which drafts are written: that of the Kubeflow Metadata SDK, and what LineageQL adds to it.

Source: kubeflow-metadata 0.3.1, `kubeflow/metadata/metadata.py`, and the types of a store that it wrote.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from lineageql.catalog.recording.checks import MAX_KEY, MAX_TEXT, refused
from lineageql.errors import InvalidArgument
from lineageql.model.conventions.convention import MOMENTS
from lineageql.model.conventions.kubeflow import (
    ALL_META,
    DATA_SET_TYPE,
    EXACT_PREFIX,
    EXECUTION_TYPE,
    INDEXED_PREFIX,
    KEPT,
    LABEL_PREFIX,
    METRICS_TYPE,
    MODEL_TYPE,
    RUN_NAME,
    RUN_TYPE,
    WORKSPACE_NAME,
    WORKSPACE_TYPE,
    WRITTEN_PREFIX,
    context_name,
)
from lineageql.model.drafts import ArtifactDraft, ExecutionDraft, LabelPairs, RunDraft, WorkspaceDraft
from lineageql.model.entities import Entity, Execution, ExecutionState
from lineageql.model.identity import RunName
from lineageql.model.nodes import NodeKind, PropertyType
from lineageql.model.predicates import Field, Group
from lineageql.model.values import STRUCT_PREFIX, survives, wrap
from lineageql.store.mlmd.requests import NewNode, NewType, PropertyValue


def _texts(*names: str) -> dict[str, PropertyType]:
    return dict.fromkeys(names, PropertyType.STRING)


_COMMON = ("name", "create_time", "description", "owner", ALL_META)
EXECUTION_PROPERTIES = _texts(*_COMMON, "executable_id")
ARTIFACT_PROPERTIES = _texts(*_COMMON, "version")
"""What every type of ours declares, of executions and of artifacts."""

WORKSPACE = NewType(NodeKind.CONTEXT, WORKSPACE_TYPE, _texts("description", "labels"))
RUN = NewType(NodeKind.CONTEXT, RUN_TYPE, _texts("description"))
EXECUTION = NewType(NodeKind.EXECUTION, EXECUTION_TYPE, EXECUTION_PROPERTIES)
ARTIFACTS = {
    MODEL_TYPE: NewType(NodeKind.ARTIFACT, MODEL_TYPE, ARTIFACT_PROPERTIES | _texts("model_type")),
    DATA_SET_TYPE: NewType(NodeKind.ARTIFACT, DATA_SET_TYPE, ARTIFACT_PROPERTIES | _texts("query")),
    METRICS_TYPE: NewType(
        NodeKind.ARTIFACT, METRICS_TYPE, ARTIFACT_PROPERTIES | _texts("metrics_type", "model_id", "data_set_id")
    ),
}

TYPES = (WORKSPACE, RUN, EXECUTION, *ARTIFACTS.values())
"""Every type that the convention names itself."""

# The members of the SDK's objects of each type; the first list are declared properties as well.
_FACTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    MODEL_TYPE: (("model_type",), ("training_framework", "hyperparameters")),
    DATA_SET_TYPE: (("query",), ()),
    METRICS_TYPE: (("metrics_type", "model_id", "data_set_id"), ("values",)),
}
# protobuf reads messages nested 100 deep. An object in a Struct is three messages, a list two; others stand around it.
_DEEPEST = 90
_MOST_ITEMS = 1_000
_LONGEST_ITEM = 2_000
"""Of how many metric values and hyperparameters, and of how many octets, an artifact has properties for an index.

A row of PostgreSQL's indexes has 2,704 octets at most.
"""


@dataclass(frozen=True)
class Scope:
    """Where an execution or an artifact belongs."""

    workspace: str
    run: str | None = None

    @property
    def properties(self) -> dict[str, PropertyValue]:
        """The custom properties that say so."""
        names: dict[str, PropertyValue] = {WORKSPACE_NAME: self.workspace}
        if self.run is not None:
            names[RUN_NAME] = self.run
        return names


def now() -> str:
    """The time as the SDK writes it."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat("T", "microseconds") + "Z"


def compact(value: Any) -> str:
    """A JSON text without spaces; numbers read back equal."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def workspace_node(draft: WorkspaceDraft) -> NewNode:
    """The context of a workspace."""
    properties = _given({"description": draft.description})
    if draft.labels:
        properties["labels"] = _sized(compact(dict(draft.labels)), "labels")
    customs = {**label_properties(draft.labels), **custom_properties(draft.custom_properties)}
    return NewNode(WORKSPACE, name=draft.name, properties=properties, custom_properties=customs)


def run_node(name: RunName, draft: RunDraft | None = None) -> NewNode:
    """The context of a run, which holds its two names exactly, as its own name has them escaped."""
    draft = draft or RunDraft(name.name)
    customs = {
        **Scope(name.workspace, name.name).properties,
        **label_properties(draft.labels),
        **custom_properties(draft.custom_properties),
    }
    properties = _given({"description": draft.description})
    return NewNode(RUN, name=context_name(name), properties=properties, custom_properties=customs)


def execution_node(
    draft: ExecutionDraft, type_: NewType, scope: Scope, time: str, state: ExecutionState | None
) -> NewNode:
    """An execution, in `state` where the draft says none; UNKNOWN is stored as none, as the SDK does."""
    shown = draft.state or state
    return NewNode(
        type_,
        state=None if shown in (None, ExecutionState.UNKNOWN) else shown.value,
        external_id=draft.external_id,
        properties=_given({"name": draft.name, "create_time": time, "description": draft.description}),
        custom_properties={
            **scope.properties,
            **moments(draft.start_time, draft.end_time),
            **label_properties(draft.labels),
            **custom_properties(draft.custom_properties),
        },
    )


def moments(start: int | None, end: int | None) -> dict[str, PropertyValue]:
    """When an execution began and ended, as custom properties."""
    given = {Field.START_TIME: start, Field.END_TIME: end}
    return {MOMENTS[field]: float(time) for field, time in given.items() if time is not None}


def kept_end(entity: Entity) -> dict[str, PropertyValue]:
    """When an execution ended, where its last change says so: it is recorded with the next change, which moves that."""
    return moments(None, entity.clocked_end if isinstance(entity, Execution) else None)


def artifact_node(draft: ArtifactDraft, type_: NewType, scope: Scope, time: str, *, metrics: bool) -> NewNode:
    """An artifact; `metrics` says that it is of that kind.

    Raises:
        InvalidArgument: its parts are each short enough, and their whole is not.
    """
    customs = {
        **scope.properties,
        **label_properties(draft.labels),
        **custom_properties(draft.custom_properties),
    }
    declared, others = _FACTS.get(draft.type, ((), ("values",) if metrics else ()))
    facts = _facts(draft, metrics=metrics)
    texts = {
        "name": draft.name,
        "description": draft.description,
        "owner": draft.owner,
        "version": draft.version,
        **{name: facts.get(name) for name in declared},
    }
    # The SDK's members in its order, but for `labels`: with them in front the text is known as one of ours.
    meta = {
        "labels": dict(draft.labels) or None,
        "workspace": None,
        "name": draft.name,
        "description": draft.description,
        "owner": draft.owner,
        "uri": draft.uri,
        "version": draft.version,
        **{name: facts.get(name) for name in (*declared, *others)},
        "id": None,
        "create_time": time,
        "kwargs": dict(draft.custom_properties),
    }
    whole = compact(meta)
    items = _item_properties({group: meta.get(kept.document.member or "") for group, kept in KEPT.items()})
    if items is not None:
        # Every item stands in a property: the text, which says so by how it begins, need not be read to find one.
        whole = INDEXED_PREFIX + whole.removeprefix(WRITTEN_PREFIX)
        customs.update(items)
    properties = _given({**texts, "create_time": time, ALL_META: _sized(whole, None)})
    for name, value in draft.properties.items():
        if value is not None:
            stored, exact = _declared(name, value, type_.properties[name])
            properties[name] = stored
            customs.update({} if exact is None else {EXACT_PREFIX + name: exact})
    return NewNode(
        type_,
        uri=draft.uri,
        external_id=draft.external_id,
        properties=properties,
        custom_properties=customs,
    )


def _facts(draft: ArtifactDraft, *, metrics: bool) -> dict[str, Any]:
    facts = dict(draft.facts)
    # Ids of artifacts are texts here, as in the SDK.
    for name, ref in (("model_id", draft.model), ("data_set_id", draft.data_set)):
        if ref is not None:
            facts[name] = str(ref.key)
    if metrics and draft.type not in _FACTS:
        # Metrics of a type of users' own have their numbers as properties; as values they are found in one place.
        named = {**draft.custom_properties, **draft.properties}
        facts["values"] = {name: value for name, value in named.items() if type(value) in (int, float)}
    return facts


def _item_properties(groups: Mapping[Group, Any]) -> dict[str, PropertyValue] | None:
    """Metric values and hyperparameters as custom properties, with the paths of those that are nested.

    None where they are too many, one has too long a name or text, or the names of two differ by no more than case or
    accents, which are the same to some databases: then they are found in the document only.
    """
    found: dict[str, PropertyValue] = {}
    for group, items in groups.items():
        kept = KEPT[group]
        for path, value in _paths(items or {}, ()):
            if value is None or (len(path) > 1 and any("." in part for part in path)):
                continue  # a path is taken apart at each dot: such a one leads nowhere
            name = kept.prefix + path[0] if len(path) == 1 else kept.path_prefix + ".".join(path)
            text = value if isinstance(value, str) else ""
            if len(name) > MAX_KEY or len(name.encode()) + len(text.encode()) > _LONGEST_ITEM:
                return None
            found.update(_item_property(name, value))
    alike = {_folded(name) for name in found}
    return None if len(found) > _MOST_ITEMS or len(alike) < len(found) else found


def _folded(name: str) -> str:
    """What names that some database takes for the same have in common."""
    plain = name if name.isascii() else unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in plain.casefold() if not unicodedata.combining(sign)).rstrip()


def _paths(items: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in items.items():
        yield (*above, name), value
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, name))


def _item_property(name: str, value: Any) -> dict[str, PropertyValue]:
    if isinstance(value, (list, tuple, Mapping)):
        return {name: wrap({})}  # that it is there; what it is, the document says
    exact = {} if survives(value) else {EXACT_PREFIX + name: compact(value)}
    return {name: value, **exact}


def label_properties(labels: LabelPairs) -> dict[str, PropertyValue]:
    """Labels as custom properties."""
    return {LABEL_PREFIX + key: value for key, value in labels}


def custom_properties(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Custom properties as MLMD stores them, each with its exact text where that loses something."""
    stored = (item for name, value in values.items() for item in stored_property(name, value).items())
    return {name: value for name, value in stored if value is not None}


def stored_property(name: str, value: Any) -> dict[str, PropertyValue | None]:
    """One custom property and its exact text; None stands for what must not be there.

    Raises:
        InvalidArgument: it is too long.
    """
    if value is None:
        return {name: None, EXACT_PREFIX + name: None}
    stored, exact = _encoded(value, f"customProperties.{name}")
    return {name: stored, EXACT_PREFIX + name: exact}


def _encoded(value: Any, argument: str) -> tuple[PropertyValue, str | None]:
    if not isinstance(value, (list, tuple, Mapping)):
        stored: PropertyValue = value
        return stored, None if survives(value) else compact(value)
    plain = _plain(value)
    if _messages(plain) > _DEEPEST:
        # protobuf could write it and not read it: for other readers of MLMD it is a text.
        whole = _sized(compact(plain), argument)
        return whole, whole
    struct = wrap(plain)
    # MLMD stores a Struct as text, in base64.
    if struct.ByteSize() * 4 // 3 + len(STRUCT_PREFIX) + 4 > MAX_TEXT:
        raise refused(argument, f"has more than {MAX_TEXT:,} bytes as MLMD stores it")
    return struct, None if survives(plain) else _sized(compact(plain), argument)


def _declared(name: str, value: Any, kind: PropertyType) -> tuple[PropertyValue, str | None]:
    """A declared property and its exact text; MLMD takes no other type than the declared one."""
    if kind is PropertyType.DOUBLE:
        number = float(value)
        return number, None if survives(number) and number == value else compact(value)
    stored, exact = _encoded(value, f"properties.{name}")
    if kind is PropertyType.STRUCT and isinstance(stored, str):
        raise refused(f"properties.{name}", "is nested deeper than MLMD reads")
    return stored, exact


def _plain(value: Any) -> Any:
    """Lists and objects as Python's own, which protobuf and `json` know."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _messages(value: Any) -> int:
    """How deep a value nests as messages of protobuf's."""
    if isinstance(value, dict):
        return 3 + max(map(_messages, value.values()), default=0)
    if isinstance(value, list):
        return 2 + max(map(_messages, value), default=0)
    return 0


def _given(texts: Mapping[str, str | None]) -> dict[str, PropertyValue]:
    """The texts that are not empty: the SDK stores no others."""
    return {name: text for name, text in texts.items() if text}


def _sized(text: str, argument: str | None) -> str:
    if len(text) > MAX_TEXT // 4 and len(text.encode()) > MAX_TEXT:
        words = f"has more than {MAX_TEXT:,} bytes as it is stored, all its parts together"
        raise InvalidArgument(f"the artifact {words}") if argument is None else refused(argument, words)
    return text
