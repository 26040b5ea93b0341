"""The types of what is recorded: which a draft names, and that they are there before its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lineageql.catalog.recording.checks import refused
from lineageql.catalog.recording.kubeflow_encoding import (
    ARTIFACT_PROPERTIES,
    ARTIFACTS,
    EXECUTION,
    EXECUTION_PROPERTIES,
)
from lineageql.catalog.recording.lookups import Lookups
from lineageql.errors import AlreadyExists, InvalidArgument
from lineageql.model.conventions.kubeflow import ALL_META, EXECUTION_TYPE, METRICS_TYPE, PREFIX
from lineageql.model.drafts import ArtifactTypeDraft
from lineageql.model.kinds import ArtifactKind, base_of, kind_of
from lineageql.model.nodes import NodeKind, NodeType, PropertyType
from lineageql.store.mlmd.requests import NewType, TypeKey

_DECLARABLE = {kind.name: kind for kind in PropertyType if kind not in (PropertyType.UNKNOWN, PropertyType.PROTO)}
_PYTHON: Mapping[PropertyType, tuple[type, ...]] = {
    PropertyType.INT: (int,),
    PropertyType.DOUBLE: (int, float),
    PropertyType.STRING: (str,),
    PropertyType.BOOLEAN: (bool,),
    PropertyType.STRUCT: (dict, list),
}


_CUSTOM = NewType(NodeKind.ARTIFACT, "", ARTIFACT_PROPERTIES)


async def execution_type(lookups: Lookups, name: str | None) -> NewType:
    """The type of an execution, which its first execution registers.

    Raises:
        InvalidArgument: at `type`, it is another writer's.
    """
    if name is None or name == EXECUTION_TYPE:
        return await _known(lookups, EXECUTION)
    found = await lookups.type(NodeKind.EXECUTION, name)
    if found is not None and not _ours(found):
        raise refused("type", f"is {name!r}, a type of another writer's, whose executions mean something else")
    return await _known(lookups, NewType(NodeKind.EXECUTION, name, EXECUTION_PROPERTIES))


async def artifact_type(lookups: Lookups, name: str) -> tuple[NewType, bool]:
    """The type of an artifact, and whether its artifacts are metrics.

    Raises:
        InvalidArgument: at `type`, there is none of this name, or it is another writer's.
    """
    if name in ARTIFACTS:
        return await _known(lookups, ARTIFACTS[name]), name == METRICS_TYPE
    found = await lookups.type(NodeKind.ARTIFACT, name)
    if found is None:
        raise refused("type", f"is {name!r}, and there is no such artifact type: createArtifactType makes one")
    if ALL_META not in found.properties:
        raise refused("type", f"is {name!r}, a type of another writer's, whose artifacts mean something else")
    known = await _known(lookups, NewType(NodeKind.ARTIFACT, name, ARTIFACT_PROPERTIES))
    return known, kind_of(found) is ArtifactKind.METRICS


async def _known(lookups: Lookups, needed: NewType) -> NewType:
    """A type with the properties that the store's declares beside those that are needed."""
    found = await lookups.type(needed.kind, needed.name)
    if found is None:
        return needed
    for name, kind in needed.properties.items():
        stored = found.properties.get(name, kind)
        if stored is not kind:
            # Nobody can record with it; the SDK could not either.
            message = f"this store's type {needed.name} declares {name} as {stored.name}, where it must be {kind.name}"
            raise InvalidArgument(message, "type")
    return NewType(needed.kind, needed.name, {**needed.properties, **found.properties})


async def missing_types(lookups: Lookups, needed: Iterable[NewType]) -> tuple[dict[TypeKey, int], list[NewType]]:
    """The ids of the types that are there, and the types that must be made or be given properties."""
    ids: dict[TypeKey, int] = {}
    missing: dict[TypeKey, NewType] = {}
    for new in needed:
        found = await lookups.type(new.kind, new.name)
        if found is not None and new.properties.items() <= found.properties.items():
            ids[new.key] = found.id
        else:
            missing[new.key] = new
    return ids, list(missing.values())


def check_properties(values: Mapping[str, Any], type_: NewType) -> None:
    """Values of a custom type's declared properties.

    Raises:
        InvalidArgument: one is not declared, is the convention's own, or has another type than declared.
    """
    for name, value in values.items():
        argument = f"properties.{name}"
        kind = type_.properties.get(name)
        if kind is None:
            raise refused(argument, f"is not declared by {type_.name}: give it as a custom property")
        if name in ARTIFACTS.get(type_.name, _CUSTOM).properties:
            raise refused(argument, f"is set from the artifact's own {name}")
        if value is None:
            continue
        right = _PYTHON.get(kind, ())
        if not isinstance(value, right) or (isinstance(value, bool) and kind is not PropertyType.BOOLEAN):
            raise refused(argument, f"is no {kind.name}, as which {type_.name} declares it")


async def new_artifact_type(lookups: Lookups, draft: ArtifactTypeDraft) -> tuple[NewType, NodeType | None]:
    """The type that a draft says, and the same where it is there already.

    Raises:
        InvalidArgument: the draft contradicts itself or the convention.
        AlreadyExists: there is another type of this name.
    """
    own = _declared_by(draft)
    base = base_of(draft.kind)
    shown = kind_of(NodeType(0, NodeKind.ARTIFACT, draft.name, bases=() if base is None else (base,)))
    if shown is not draft.kind:
        raise refused(
            "kind", f"is {draft.kind.value}, and types of the name {draft.name!r} are {shown.value} for every writer"
        )
    new = NewType(NodeKind.ARTIFACT, draft.name, {**ARTIFACT_PROPERTIES, **own}, base)
    found = await lookups.type(NodeKind.ARTIFACT, draft.name)
    if found is None:
        return new, None
    if ALL_META not in found.properties:
        raise AlreadyExists(f"there is an artifact type {draft.name!r} of another writer's")
    declared = {name: kind for name, kind in found.properties.items() if name not in ARTIFACT_PROPERTIES}
    if declared != own:
        shown_types = ", ".join(f"{name} {kind.name}" for name, kind in declared.items()) or "none"
        raise AlreadyExists(f"there is an artifact type {draft.name!r} with other properties: {shown_types}")
    if kind_of(found) is not draft.kind:
        raise AlreadyExists(f"there is an artifact type {draft.name!r} of kind {kind_of(found).value}")
    return new, found


def _declared_by(draft: ArtifactTypeDraft) -> dict[str, PropertyType]:
    own: dict[str, PropertyType] = {}
    for name, word in draft.properties.items():
        kind = _DECLARABLE.get(word) if isinstance(word, str) else None
        if kind is None:
            raise refused(f"properties.{name}", f"must be one of {', '.join(sorted(_DECLARABLE))}")
        if ARTIFACT_PROPERTIES.get(name, kind) is not kind:
            raise refused(f"properties.{name}", f"is {word}; every type has it as {ARTIFACT_PROPERTIES[name].name}")
        if name not in ARTIFACT_PROPERTIES:
            own[name] = kind
    return own


def _ours(type_: NodeType) -> bool:
    return ALL_META in type_.properties or type_.name.startswith(PREFIX)
