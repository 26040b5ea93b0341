"""The convention for writers that have none of their own here."""

from __future__ import annotations

from lineageql.model.conventions.convention import (
    Column,
    Convention,
    Items,
    Labels,
    Place,
    Stored,
    TypeAndId,
    UriTail,
    either,
)
from lineageql.model.conventions.kubeflow import EXACT_PREFIX, LABEL_PREFIX
from lineageql.model.kinds import is_metrics
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field, Group

COMMON: dict[Field, tuple[Place, ...]] = {
    Field.DESCRIPTION: either("description"),
    Field.EXTERNAL_ID: (Column("external_id"),),
}
"""The places that all writers but the Kubeflow SDK have in common."""

ARTIFACT: dict[Field, tuple[Place, ...]] = {
    **COMMON,
    Field.URI: (Column("uri"),),
    Field.VERSION: either("version"),
    Field.OWNER: either("owner"),
    Field.STATE: either("state"),
}
EXECUTION: dict[Field, tuple[Place, ...]] = {**COMMON, Field.STATE: either("state")}
CONTEXT: dict[Field, tuple[Place, ...]] = {**COMMON, Field.NAME: (Column("name"), TypeAndId())}

# Such writers have no labels of their own; users of this service may label any node.
LABELS = dict.fromkeys(NodeKind, Labels((LABEL_PREFIX,)))
ENCODING = (LABEL_PREFIX, EXACT_PREFIX)

TOLD = frozenset({"name", "description", "state", "create_time"})
"""Properties that say of an execution what its own fields do."""
METRICS = Items(Group.VALUES, is_metrics, Stored(numbers=True))
"""Where the values of metrics stand that writers keep as properties."""


def parameters(*omitted: str, declared: bool = True) -> Items:
    """The parameters of executions that are properties, those of some names left out."""
    return Items(Group.PARAMETERS, NodeType.is_execution, Stored(declared, omitted=TOLD.union(omitted)))


GENERIC = Convention(
    name="generic",
    owns=lambda _: True,
    kind_fields={
        NodeKind.ARTIFACT: {
            **ARTIFACT,
            Field.NAME: (Column("name"), *either("name"), UriTail(), TypeAndId()),
        },
        NodeKind.EXECUTION: {**EXECUTION, Field.NAME: (Column("name"), *either("name"), TypeAndId())},
        NodeKind.CONTEXT: CONTEXT,
    },
    labels=LABELS,
    encoding=ENCODING,
    items=(METRICS, parameters()),
)
