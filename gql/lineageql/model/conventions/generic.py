"""The convention for writers that have none of their own here."""

from __future__ import annotations

from lineageql.model.conventions.convention import Column, Convention, Labels, Place, TypeAndId, UriTail, either
from lineageql.model.conventions.kubeflow import EXACT_PREFIX, LABEL_PREFIX
from lineageql.model.nodes import NodeKind
from lineageql.model.predicates import Field

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
)
