"""Protos in properties, as JSON.

MLMD keeps a proto as a `google.protobuf.Any`. Its JSON is that of protobuf's own
mapping: `{"@type": …, "value": …}`. Only the well-known types can be read
without their writer's code; of any other the value is its bytes in base64.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from google.protobuf import duration_pb2, json_format, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.any_pb2 import Any as AnyProto
from google.protobuf.message import DecodeError, Message

_KNOWN: dict[str, type[Message]] = {
    f"google.protobuf.{name}": getattr(module, name)
    for module, names in (
        (struct_pb2, ("Struct", "Value", "ListValue")),
        (wrappers_pb2, ("BoolValue", "BytesValue", "DoubleValue", "FloatValue", "StringValue")),
        (wrappers_pb2, ("Int32Value", "Int64Value", "UInt32Value", "UInt64Value")),
        (timestamp_pb2, ("Timestamp",)),
        (duration_pb2, ("Duration",)),
    )
    for name in names
}


def unpack(text: str) -> str | dict[str, Any]:
    """The JSON of a proto from its base64; the text itself where it holds none."""
    packed = AnyProto()
    try:
        packed.ParseFromString(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, DecodeError):
        return text
    if not packed.type_url:
        return text
    return {"@type": packed.type_url, "value": _value(packed)}


def _value(packed: Any) -> Any:
    known = _KNOWN.get(packed.type_url.rpartition("/")[2])
    if known is not None:
        message = known()
        try:
            message.ParseFromString(packed.value)
            return json_format.MessageToDict(message)
        except (DecodeError, ValueError, json_format.Error):
            pass  # such as a NaN, which JSON has not
    return base64.b64encode(packed.value).decode("ascii")
