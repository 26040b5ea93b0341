"""Requests of MLMD's service: what is to be written, as serialized protos, and what the replies say.

MLMD's messages are made ready when the first request is built, as that takes a
quarter of a second which a service that only reads must not spend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from google.protobuf.struct_pb2 import Struct

from lineageql.model.nodes import EventType, NodeKind, PropertyType
from lineageql.store.mlmd.protos import load as _protos
from lineageql.store.ports import Recorder

Answer = TypeVar("Answer")
PropertyValue: TypeAlias = str | bool | int | float | Struct
Properties: TypeAlias = Mapping[str, PropertyValue]


@dataclass(frozen=True)
class Request(Generic[Answer]):
    """A method of MLMD's service with its serialized request, and how its reply is read."""

    rpc: str
    payload: bytes
    read: Callable[[bytes], Answer]

    async def send(self, recorder: Recorder) -> Answer:
        """Sends the request and reads the reply.

        Raises:
            LineageQLError: what the recorder raises.
        """
        return self.read(await recorder.call(self.rpc, self.payload))


TypeKey = tuple[NodeKind, str]
TypeIds = Mapping[TypeKey, int]


@dataclass(frozen=True)
class NewType:
    """A type that is to be there, with these properties at least; `base` is the name of a base type of MLMD's."""

    kind: NodeKind
    name: str
    properties: Mapping[str, PropertyType]
    base: str | None = None

    @property
    def key(self) -> TypeKey:
        """What tells it from other types."""
        return self.kind, self.name


@dataclass(frozen=True)
class NewNode:
    """An artifact, an execution or a context that is to be made."""

    type: NewType
    name: str | None = None
    uri: str | None = None
    state: int | None = None
    external_id: str | None = None
    properties: Properties = field(default_factory=dict)
    custom_properties: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """An event. Each end is a place in a subgraph's lists (`new_…`) or the id of a node that is there."""

    type: EventType
    path: Sequence[str] = ()
    execution_id: int | None = None
    new_execution: int | None = None
    artifact_id: int | None = None
    new_artifact: int | None = None


@dataclass(frozen=True)
class Subgraph:
    """What is written as one.

    MLMD ties each of the contexts to each new execution and each new artifact;
    nodes that only edges name are tied to none. It does not check that these are
    there. A context that has a namesake of its type is that one, unchanged.
    """

    contexts: Sequence[NewNode] = ()
    executions: Sequence[NewNode] = ()
    artifacts: Sequence[NewNode] = ()
    edges: Sequence[Edge] = ()


@dataclass(frozen=True)
class SubgraphIds:
    """MLMD's ids of a subgraph's nodes, in the order of its lists."""

    contexts: Sequence[int]
    executions: Sequence[int]
    artifacts: Sequence[int]


@dataclass(frozen=True)
class NodeChange:
    """What changes at a node that is there; a value of None removes a property, and all others stay."""

    kind: NodeKind
    id: int
    type_id: int
    state: int | None = None
    properties: Mapping[str, PropertyValue | None] = field(default_factory=dict)
    custom_properties: Mapping[str, PropertyValue | None] = field(default_factory=dict)


def load() -> tuple[Any, Any]:
    """Makes MLMD's messages ready, so that the first request does not wait for that.

    Returns:
        The modules of MLMD's data and of its service's requests and replies.

    Raises:
        Unavailable: ml-metadata is not installed.
    """
    return _protos()


def service_methods() -> list[str]:
    """The names of the methods of MLMD's service.

    Raises:
        Unavailable: ml-metadata is not installed.
    """
    _, service = _protos()
    return [method.name for method in service.DESCRIPTOR.services_by_name["MetadataStoreService"].methods]


def put_types(types: Sequence[NewType]) -> Request[list[int]]:
    """Registers types, or adds properties to those that are there; answers their ids in order."""
    protos, service = _protos()
    request = service.PutTypesRequest(can_add_fields=True, can_omit_fields=True)
    fields = {
        NodeKind.ARTIFACT: (request.artifact_types, "artifact_type_ids"),
        NodeKind.EXECUTION: (request.execution_types, "execution_type_ids"),
        NodeKind.CONTEXT: (request.context_types, "context_type_ids"),
    }
    for new in types:
        type_ = fields[new.kind][0].add(name=new.name)
        for name, kind in new.properties.items():
            type_.properties[name] = protos.PropertyType.Value(kind.name)
        if new.base is not None:
            type_.base_type = type_.SystemDefinedBaseType.Value(new.base.removeprefix("mlmd.").upper())

    def read(reply: bytes) -> list[int]:
        response = service.PutTypesResponse.FromString(reply)
        ids = {kind: iter(getattr(response, name)) for kind, (_, name) in fields.items()}
        return [next(ids[new.kind]) for new in types]

    return Request("PutTypes", request.SerializeToString(), read)


def put_subgraph(subgraph: Subgraph, types: TypeIds) -> Request[SubgraphIds]:
    """Writes a subgraph, all of it or nothing; answers the ids of its nodes."""
    _, service = _protos()
    request = service.PutLineageSubgraphRequest()
    request.options.reuse_context_if_already_exist = True
    for context in subgraph.contexts:
        _fill(request.contexts.add(), context, types)
    for execution in subgraph.executions:
        _fill(request.executions.add(), execution, types)
    for artifact in subgraph.artifacts:
        _fill(request.artifacts.add(), artifact, types)
    for edge in subgraph.edges:
        _fill_edge(request.event_edges.add(), edge)

    def read(reply: bytes) -> SubgraphIds:
        ids = service.PutLineageSubgraphResponse.FromString(reply)
        return SubgraphIds(list(ids.context_ids), list(ids.execution_ids), list(ids.artifact_ids))

    return Request("PutLineageSubgraph", request.SerializeToString(), read)


def put_contexts(contexts: Sequence[NewNode], types: TypeIds) -> Request[list[int]]:
    """Makes contexts, all or none, whose names must be new to their types; answers their ids in order."""
    _, service = _protos()
    request = service.PutContextsRequest()
    for context in contexts:
        _fill(request.contexts.add(), context, types)

    def read(reply: bytes) -> list[int]:
        return list(service.PutContextsResponse.FromString(reply).context_ids)

    return Request("PutContexts", request.SerializeToString(), read)


def put_parents(children: Iterable[int], parent: int) -> Request[None]:
    """Makes contexts the children of another; MLMD refuses all of them where one link is there already."""
    _, service = _protos()
    request = service.PutParentContextsRequest()
    for child in children:
        request.parent_contexts.add(child_id=child, parent_id=parent)
    return Request("PutParentContexts", request.SerializeToString(), _nothing)


def put_memberships(executions: Iterable[tuple[int, int]], artifacts: Iterable[tuple[int, int]]) -> Request[None]:
    """Ties nodes to contexts, each a pair of ids (context, node); ties that are there already stay."""
    _, service = _protos()
    request = service.PutAttributionsAndAssociationsRequest()
    for context, execution in executions:
        request.associations.add(context_id=context, execution_id=execution)
    for context, artifact in artifacts:
        request.attributions.add(context_id=context, artifact_id=artifact)
    return Request("PutAttributionsAndAssociations", request.SerializeToString(), _nothing)


def put_change(change: NodeChange) -> Request[None]:
    """Changes a node; what the change does not name stays as whoever wrote it left it."""
    _, service = _protos()
    rpc, nodes = _PUTS[change.kind]
    request = getattr(service, f"{rpc}Request")()
    node = getattr(request, nodes).add(id=change.id, type_id=change.type_id)
    # A name in a mask stands after the first dot, whatever signs are in it.
    if change.state is not None:
        node.last_known_state = change.state
        request.update_mask.paths.append("last_known_state")
    for place in ("properties", "custom_properties"):
        for name, value in getattr(change, place).items():
            request.update_mask.paths.append(f"{place}.{name}")
            if value is not None:
                _fill_value(getattr(node, place)[name], value)
    return Request(rpc, request.SerializeToString(), _nothing)


def get_context_name(type_name: str, name: str) -> Request[str | None]:
    """The name of the context of a type that the database takes for one of this name, or None."""
    _, service = _protos()
    request = service.GetContextByTypeAndNameRequest(type_name=type_name, context_name=name)

    def read(reply: bytes) -> str | None:
        response = service.GetContextByTypeAndNameResponse.FromString(reply)
        return response.context.name if response.HasField("context") else None

    return Request("GetContextByTypeAndName", request.SerializeToString(), read)


def get_nothing() -> Request[None]:
    """Reads no context: it is answered when every request before it has been."""
    _, service = _protos()
    return Request("GetContextsByID", service.GetContextsByIDRequest().SerializeToString(), _nothing)


_PUTS = {
    NodeKind.ARTIFACT: ("PutArtifacts", "artifacts"),
    NodeKind.EXECUTION: ("PutExecutions", "executions"),
    NodeKind.CONTEXT: ("PutContexts", "contexts"),
}


def _nothing(_: bytes) -> None:
    return None


def _fill(node: Any, new: NewNode, types: TypeIds) -> None:
    node.type_id = types[new.type.key]
    for name in ("name", "uri", "external_id"):
        text = getattr(new, name)
        if text is not None:
            setattr(node, name, text)
    if new.state is not None:
        node.last_known_state = new.state
    for name, value in new.properties.items():
        _fill_value(node.properties[name], value)
    for name, value in new.custom_properties.items():
        _fill_value(node.custom_properties[name], value)


def _fill_value(target: Any, value: PropertyValue) -> None:
    match value:
        case bool():
            target.bool_value = value
        case int():
            target.int_value = value
        case float():
            target.double_value = value
        case str():
            target.string_value = value
        case _:
            target.struct_value.CopyFrom(value)


def _fill_edge(target: Any, edge: Edge) -> None:
    target.event.type = edge.type.value
    for key in edge.path:
        target.event.path.steps.add(key=key)
    if edge.execution_id is not None:
        target.event.execution_id = edge.execution_id
    else:
        target.execution_index = edge.new_execution
    if edge.artifact_id is not None:
        target.event.artifact_id = edge.artifact_id
    else:
        target.artifact_index = edge.new_artifact
