"""The enums of the schema: the model's own, with names and descriptions for clients."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import strawberry

from lineageql.catalog.adjacency import Events
from lineageql.catalog.lineage import Direction, Limit
from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind
from lineageql.model.kinds import ArtifactKind
from lineageql.model.nodes import EventType, NodeKind
from lineageql.model.predicates import Field, Group, Property
from lineageql.model.rights import Role
from lineageql.store.ports import Facet

E = TypeVar("E", bound=type[Enum])


def _described(enum: E, name: str, description: str, **values: str) -> E:
    made = strawberry.enum(enum, name=name, description=description)
    for value in made.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return made


class OrderDirection(Enum):
    """Which way an order goes."""

    ASC = False
    DESC = True


class LineageNodeKind(Enum):
    """What lineage is made of."""

    ARTIFACT = NodeKind.ARTIFACT
    EXECUTION = NodeKind.EXECUTION


class EntityKindName(Enum):
    """The kinds of entities."""

    WORKSPACE = EntityKind.WORKSPACE
    RUN = EntityKind.RUN
    EXECUTION = EntityKind.EXECUTION
    ARTIFACT = EntityKind.ARTIFACT


_described(
    ArtifactKind,
    "ArtifactKind",
    "What an artifact is to its users, whichever system wrote it.",
    MODEL="A trained model.",
    DATA_SET="A data set.",
    METRICS="Metrics of a model or a step.",
    STATISTICS="Statistics of a data set.",
    OTHER="Anything else.",
)
_described(
    ArtifactState,
    "ArtifactState",
    "MLMD's state of an artifact.",
    UNKNOWN="No state was recorded.",
    PENDING="An execution is to produce it.",
    LIVE="It exists.",
    MARKED_FOR_DELETION="It is to be deleted.",
    DELETED="It was deleted.",
    ABANDONED="Its execution ended without it.",
    REFERENCE="It refers to something that may not be there.",
)
_described(
    ExecutionState,
    "ExecutionState",
    "The state of an execution or a run.",
    UNKNOWN="No state was recorded.",
    NEW="It was made and has not begun.",
    RUNNING="It has begun and not ended.",
    COMPLETE="It ended well.",
    FAILED="It failed.",
    CACHED="It was not run: an earlier execution's outputs serve.",
    CANCELED="It was cancelled, or never triggered.",
)
_described(
    EventType,
    "EventType",
    "MLMD's type of an event. Those with INPUT lead from the artifact to the execution, those with OUTPUT back.",
    DECLARED_OUTPUT="An output that was declared before it was there.",
    DECLARED_INPUT="An input that was declared.",
    INPUT="The execution read the artifact.",
    OUTPUT="The execution wrote the artifact.",
    INTERNAL_INPUT="An input of the system's own.",
    INTERNAL_OUTPUT="An output of the system's own.",
    PENDING_OUTPUT="An output that is to come.",
)
_described(OrderDirection, "OrderDirection", "Which way an order goes.", ASC="Least first.", DESC="Greatest first.")
_described(
    LineageNodeKind,
    "LineageNodeKind",
    "What lineage is made of.",
    ARTIFACT="Artifacts only.",
    EXECUTION="Executions only.",
)
_described(
    EntityKindName,
    "EntityKind",
    "The kinds of entities.",
    WORKSPACE="Workspaces.",
    RUN="Runs.",
    EXECUTION="Executions.",
    ARTIFACT="Artifacts.",
)
_described(
    Direction,
    "LineageDirection",
    "Which way lineage is walked.",
    UPSTREAM="Against the flow: producers and what they read.",
    DOWNSTREAM="With the flow: consumers and what they wrote.",
    BOTH="The ancestors and the descendants of the roots.",
    CONNECTED="Every step both ways: all that is tied to the roots, siblings too.",
)
_described(
    Events,
    "LineageEvents",
    "Which events lineage is walked over.",
    ALL="All events.",
    MADE="Only those of what made things: no output of an execution that is CACHED, which an earlier one made, and no "
    "event that is INTERNAL or PENDING.",
)
_described(
    Limit,
    "LineageLimit",
    "What cut a lineage short.",
    MAX_HOPS="There is more beyond maxHops.",
    MAX_NODES="There are more nodes than maxNodes.",
    TIME="The time for one operation ran out.",
    HIDDEN="An event leads to what the caller may not see. There is no frontier for it.",
)


_described(
    Role,
    "Role",
    "What a rule of the policy lets a caller do in some workspaces.",
    READ="See what is in them, and use it as an input.",
    RECORD="Record in them.",
    ADMIN="Both, and see where the store is and how it is read.",
)


_described(
    Facet,
    "FacetBy",
    "By what entities can be counted. Only artifacts have a KIND and a VALUE_NAME, and runs have no RUN and no names.",
    KIND="By kind.",
    TYPE="By MLMD type.",
    WRITER="By the writer whose convention their type follows: `kubeflow`, `kfp-v2`, `kfp-v1`, `tfx`, "
    "`model-registry`, `cmf` or `generic`.",
    STATE="By state.",
    WORKSPACE="By the names of their workspaces.",
    RUN="By the names of their runs; an artifact's is that of the execution that was the first to output it.",
    LABEL_KEY="By the keys of their labels.",
    LABEL_VALUE="By the values of one label, whose key must be given.",
    PROPERTY_NAME="By the names of their properties, which filters and orders take.",
    VALUE_NAME="By the names of their metric values, which filters and orders take.",
    PARAMETER_NAME="By the names of their parameters, models by hyperparameters, which filters and orders take.",
)
_BY_NAME = "Numbers come before texts; those without it come last, and those of which it is neither, such as a boolean."
_ORDERS = {
    "ID": "MLMD's id, the order in which they were made; runs and workspaces that are only names come last, by name.",
    "NAME": "The name, by code points.",
    "CREATE_TIME": "When it was made.",
    "UPDATE_TIME": "When it was last changed.",
    "TYPE": "The name of its MLMD type, by code points.",
    "URI": "The uri, by code points; those without one come last.",
    "STATE": "The state, in the order in which the states are listed.",
    "PARAMETER": f"The parameter that `key` names, by name or by path, as in filters. {_BY_NAME}",
    "PROPERTY": f"The property that `key` names, as in filters. {_BY_NAME}",
    "LATEST_RUN": "When the last of its runs was recorded; those without runs come last.",
    "START_TIME": "When it began; those of which nothing says it come last.",
    "END_TIME": "When it ended; those of which nothing says it come last.",
}


_OWN_ORDERS = {
    ("Artifact", "VALUE"): f"The metric value that `key` names, by name or by path, as in filters. {_BY_NAME}",
    ("Artifact", "PARAMETER"): f"The hyperparameter that `key` names, by name or by path, as in filters. {_BY_NAME}",
    ("Run", "VALUE"): "The best metric value that `key` names among the metrics that the run wrote: the least in ASC, "
    "the greatest in DESC. Only numbers count; runs without one come last.",
}


def _order_field(enum: type[Enum], kind: str) -> type[Enum]:
    name, description = f"{kind}OrderField", f"What {kind.lower()}s can be ordered by; ties come by id."
    words = {member.name: _OWN_ORDERS.get((kind, member.name)) or _ORDERS[member.name] for member in enum}
    return _described(enum, name, description, **words)


class ArtifactOrderField(Enum):
    """What artifacts can be ordered by."""

    ID = Field.ID
    NAME = Field.NAME
    CREATE_TIME = Field.CREATE_TIME
    UPDATE_TIME = Field.UPDATE_TIME
    TYPE = Field.TYPE
    URI = Field.URI
    STATE = Field.STATE
    VALUE = Group.VALUES
    PARAMETER = Group.PARAMETERS
    PROPERTY = Property


class ExecutionOrderField(Enum):
    """What executions can be ordered by."""

    ID = Field.ID
    NAME = Field.NAME
    CREATE_TIME = Field.CREATE_TIME
    UPDATE_TIME = Field.UPDATE_TIME
    TYPE = Field.TYPE
    STATE = Field.STATE
    START_TIME = Field.START_TIME
    END_TIME = Field.END_TIME
    PARAMETER = Group.PARAMETERS
    PROPERTY = Property


class RunOrderField(Enum):
    """What runs can be ordered by."""

    ID = Field.ID
    NAME = Field.NAME
    CREATE_TIME = Field.CREATE_TIME
    UPDATE_TIME = Field.UPDATE_TIME
    VALUE = Group.VALUES


class WorkspaceOrderField(Enum):
    """What workspaces can be ordered by."""

    ID = Field.ID
    NAME = Field.NAME
    CREATE_TIME = Field.CREATE_TIME
    UPDATE_TIME = Field.UPDATE_TIME
    LATEST_RUN = Field.LATEST_RUN


for _enum, _kind in (
    (ArtifactOrderField, "Artifact"),
    (ExecutionOrderField, "Execution"),
    (RunOrderField, "Run"),
    (WorkspaceOrderField, "Workspace"),
):
    _order_field(_enum, _kind)
