"""What all entities have in common, as GraphQL types."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import strawberry

from lineageql.api.scalars import JSON, BigInt, DateTime
from lineageql.model import entities
from lineageql.model.identity import EntityKind, global_id, type_id
from lineageql.model.kinds import ArtifactKind
from lineageql.model.nodes import NodeType

_NAMES = {
    EntityKind.WORKSPACE: "Workspace",
    EntityKind.RUN: "Run",
    EntityKind.EXECUTION: "Execution",
}
_ARTIFACT_NAMES = {
    ArtifactKind.MODEL: "Model",
    ArtifactKind.DATA_SET: "DataSet",
    ArtifactKind.METRICS: "Metrics",
}


class Identity:
    """An artifact or an execution of which nothing but its ids is selected."""

    __slots__ = ("mlmd_id",)
    entity_kind: ClassVar[EntityKind]

    def __init__(self, mlmd_id: int) -> None:
        self.mlmd_id = mlmd_id

    @property
    def id(self) -> str:
        return global_id(self.entity_kind, self.mlmd_id)


class ArtifactIdentity(Identity):
    """The same of an artifact."""

    __slots__ = ()
    entity_kind = EntityKind.ARTIFACT


class ExecutionIdentity(Identity):
    """The same of an execution."""

    __slots__ = ()
    entity_kind = EntityKind.EXECUTION


def always(cls: Any, entity: Any, info: Any) -> bool:
    """The `is_type_of` of the types below: `resolve_type` of the interfaces has the say, which is always right."""
    return True


def type_name(entity: entities.Entity | Identity) -> str:
    """The name of the GraphQL type of an entity; of one that is nothing but its ids, of a type that it may have."""
    if isinstance(entity, entities.Artifact):
        return _ARTIFACT_NAMES.get(entity.kind, "CustomArtifact")
    return _NAMES.get(entity.entity_kind, "CustomArtifact")


@strawberry.type(description="A label of an entity.")
class Label:
    key: str = strawberry.field(description="The label's key, once in an entity.")
    value: str = strawberry.field(description="The label's value.")


@strawberry.type(description="An MLMD type.")
class EntityType:
    name: str = strawberry.field(description="The type's name.")
    version: str | None = strawberry.field(description="The type's version, where it has one.")
    description: str | None = strawberry.field(description="What the type is for, where the writer says so.")

    @strawberry.field(description="MLMD's own id of the type.")
    def mlmd_id(self, parent: strawberry.Parent[NodeType]) -> BigInt:
        return BigInt(parent.id)

    @strawberry.field(description="The type's id.")
    def id(self, parent: strawberry.Parent[NodeType]) -> strawberry.ID:
        return strawberry.ID(type_id(parent.id))

    @strawberry.field(description="The declared properties: an object of MLMD's names of their value types, by name.")
    def properties(self, parent: strawberry.Parent[NodeType]) -> JSON:
        return JSON({name: value.name for name, value in parent.properties.items()})


@strawberry.interface(description="Whatever has a global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and global; stable for the life of the store.")

    @classmethod
    def resolve_type(cls, entity: Any, info: Any, abstract: Any) -> str:
        return type_name(entity)


@strawberry.interface(description="What workspaces, runs, executions and artifacts have in common.")
class Entity(Node):
    mlmd_id: BigInt | None = strawberry.field(
        description="MLMD's own id; null for a run or a workspace that is only a name."
    )
    name: str = strawberry.field(description="The name, by the convention of the system that wrote it.")
    type: EntityType = strawberry.field(description="The MLMD type.")
    description: str | None = strawberry.field(description="What it is, in the writer's words.")
    labels: list[Label] = strawberry.field(description="The labels, by key.")
    properties: JSON = strawberry.field(
        description="An object of the declared properties that the writer stored, its bookkeeping left out."
    )
    custom_properties: JSON = strawberry.field(
        description="An object of the custom properties that the writer stored, the convention's own encoding left out."
    )
    external_id: str | None = strawberry.field(description="The id that the writer gave it, unique in its kind.")
    create_time: DateTime | None = strawberry.field(description="When it was recorded.")
    update_time: DateTime | None = strawberry.field(description="When it was last changed.")

    @strawberry.field(description="The value of one label.")
    def label(
        self,
        parent: strawberry.Parent[entities.Entity],
        key: Annotated[str, strawberry.argument(description="The label's key.")],
    ) -> str | None:
        return parent.label_values.get(key)

    @strawberry.field(name="property", description="One property: the declared one of this name, else the custom one.")
    def property_(
        self,
        parent: strawberry.Parent[entities.Entity],
        name: Annotated[str, strawberry.argument(description="The property's name.")],
    ) -> JSON | None:
        value = parent.property(name)
        return None if value is None else JSON(value)
