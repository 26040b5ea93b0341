"""Stores as MLMD's service can carry them: of a random store, what MLMD reads as it was written."""

from __future__ import annotations

import base64
from dataclasses import replace

from google.protobuf.any_pb2 import Any as AnyProto
from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct

from tests.store.sql.records import NodeRecord, ProtoValue, StoreRecord, StructValue, Value

_NAMES = ("__kf_run__", "__kf_workspace__")
_STRUCT = "mlmd-struct::"


def carried(store: StoreRecord) -> StoreRecord:
    """A store without what MLMD cannot read, and with events whose times come in their order, as MLMD sets them.

    Its service gives events no ids.
    """
    return replace(
        store,
        artifacts=tuple(map(_node, store.artifacts)),
        executions=tuple(map(_node, store.executions)),
        contexts=tuple(map(_node, store.contexts)),
        events=tuple(replace(event, time=event.id) for event in store.events),
    )


def _node(node: NodeRecord) -> NodeRecord:
    return replace(
        node,
        name=_text(node.name),
        uri=_text(node.uri),
        declared=_values(node.declared),
        # A run's name that is an object is its text to both Readers, and no name to the oracle.
        custom={n: v for n, v in _values(node.custom).items() if n not in _NAMES or not isinstance(v, StructValue)},
    )


def _text(text: str | None) -> str | None:
    return "no null" if text == "__MLMD_NULL__" else text


def _values(values: dict[str, Value]) -> dict[str, Value]:
    return {name: _value(value) for name, value in values.items() if value is not None and not isinstance(value, bytes)}


def _value(value: Value) -> Value:
    if isinstance(value, float):
        return float(f"{value:.15g}") + 0.0  # it reads the text that SQLite makes of a double
    if isinstance(value, ProtoValue):
        packed = AnyProto(type_url="type.example/some.Message", value=value.octets)
        return ProtoValue(base64.b64encode(packed.SerializeToString()))
    if isinstance(value, str) and value.startswith(_STRUCT):
        try:
            struct = Struct.FromString(base64.b64decode(value[len(_STRUCT) :], validate=True))
        except (ValueError, DecodeError):
            return "no struct"
        return _STRUCT + base64.b64encode(struct.SerializeToString(deterministic=True)).decode()
    return _text(value) if isinstance(value, str) else value
