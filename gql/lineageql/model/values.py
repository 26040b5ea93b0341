"""Property values: MLMD's columns to JSON values and back.

MLMD keeps a double with six decimals, a number inside a Struct as a double, and
a Struct as text. What LineageQL records reads back equal all the same: where
MLMD's form of a value would read back as another one, the value's JSON text is
recorded beside it, as the custom property `exact:<name>`, which wins.

Lists and objects are recorded as Structs in the wrapping of Kubeflow Pipelines,
`{"list": […]}` and `{"struct": {…}}`.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

import orjson
from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct, Value

from lineageql.model.any_protos import unpack
from lineageql.model.nodes import Packed, RawValue

STRUCT_PREFIX = "mlmd-struct::"
NULL_TEXT = "__MLMD_NULL__"
MAX_INT = 2**63 - 1

JSONValue = None | bool | int | float | str | list[Any] | dict[str, Any]


def decode(raw: RawValue) -> JSONValue:
    """The JSON value of a property, as its column holds it.

    Bytes become base64, a Struct becomes what it holds, a proto its JSON. What
    cannot be decoded is shown as the text it is; JSON has no NaN and no infinities, so these are
    shown as text too.
    """
    if isinstance(raw, str):
        return _decode_struct(raw) if raw.startswith(STRUCT_PREFIX) else raw
    if isinstance(raw, bytes):
        return base64.b64encode(raw).decode("ascii")
    if isinstance(raw, Packed):
        return unpack(raw.text)
    if isinstance(raw, float) and not math.isfinite(raw):
        return str(raw)
    return raw


def decode_each(stored: Mapping[str, RawValue], names: Iterable[str]) -> dict[str, JSONValue]:
    """The JSON values of the properties of these names, as `decode` has them."""
    # Most are plain texts: a call of a function for each takes as long as everything else.
    return {
        name: raw if type(raw := stored[name]) is str and not raw.startswith(STRUCT_PREFIX) else decode(raw)
        for name in names
    }


def struct_members(raw: RawValue, needed: str = "") -> dict[str, JSONValue]:
    """The members of a Struct, as they are; of what is none, none, and of one that does not hold a text it needs."""
    struct = _struct(raw, needed.encode("utf-8", "surrogatepass")) if _is_struct(raw) else None
    return {} if struct is None else _from_struct(struct)


def _is_struct(raw: RawValue) -> TypeGuard[str]:
    return isinstance(raw, str) and raw.startswith(STRUCT_PREFIX)


def unwrap(value: JSONValue) -> JSONValue:
    """A list or an object out of the wrapping of Kubeflow Pipelines."""
    if isinstance(value, dict) and len(value) == 1:
        if isinstance(value.get("list"), list):
            return list(value["list"])
        if isinstance(value.get("struct"), dict):
            return dict(value["struct"])
    return value


def wrap(value: list[Any] | dict[str, Any]) -> Struct:
    """A list or an object as the Struct that is recorded for it."""
    struct = Struct()
    struct.update({"list": value} if isinstance(value, list) else {"struct": value})
    return struct


def survives(value: JSONValue) -> bool:
    """Whether MLMD's own form of a value reads back as the same value."""
    if isinstance(value, float):
        # MLMD writes the digits of C's "%f"; where these are not enough, the number changes. It may change, too, where
        # they are more than 15: then a database's reading of decimals need not be the nearest double. And SQLite has
        # no negative zero.
        negative_zero = value == 0 and math.copysign(1.0, value) < 0
        return abs(value) < 1e9 and float(f"{value:.6f}") == value and not negative_zero
    if isinstance(value, (list, dict)):
        return json.dumps(unwrap(_from_struct(wrap(value))), sort_keys=True) == json.dumps(value, sort_keys=True)
    return True


def as_text(value: JSONValue) -> str | None:
    """A value where a field holds text: text as it is, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def stored_text(value: object) -> str | None:
    """The text that a value is stored as; None where it is none, such as a number."""
    if isinstance(value, Struct):
        return STRUCT_PREFIX + base64.b64encode(value.SerializeToString()).decode("ascii")
    return value if isinstance(value, str) else None


def plain_text(raw: RawValue) -> str | None:
    """A property's value where a field holds text: text as it is, numbers and booleans as JSON.

    Bytes, Structs and protos are none: the databases do not read them, and a field must
    hold the same for those who see it and for those who filter by it.
    """
    if isinstance(raw, str):
        return None if raw.startswith(STRUCT_PREFIX) else raw
    return None if isinstance(raw, (bytes, Packed)) else as_text(decode(raw))


_MOST_LEVELS = 500
"""How deep JSON may be nested: Python writes fewer than 1,000 levels, less those that the writer stands in."""

_VAST = re.compile(r"\d{20}", re.ASCII)
"""What a text with an integer of more than 64 bits holds, which orjson makes a double."""


def parse_json(raw: RawValue) -> JSONValue:
    """The value of a JSON text, None where it is not one or nested so deep that it could not be written again."""
    if not isinstance(raw, str):
        return None
    value = _parsed(raw)
    deep = raw.count("[") + raw.count("{") > _MOST_LEVELS and _is_nested_beyond(value, _MOST_LEVELS)
    return None if deep else value


def _parsed(raw: str) -> JSONValue:
    if _VAST.search(raw) is None:
        try:
            return orjson.loads(raw)  # type: ignore[no-any-return]
        except orjson.JSONDecodeError:
            pass  # JSON as Python writes it is more: NaN, Infinity, half a surrogate pair
    try:
        return json.loads(raw, parse_constant=str, parse_float=_finite)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


def _is_nested_beyond(value: JSONValue, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        inner = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list)))
        level = [one for some in inner for one in some]
        if not level:
            return False
    return any(isinstance(one, (dict, list)) for one in level)


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _decode_struct(raw: str) -> JSONValue:
    struct = _struct(raw)
    return raw if struct is None else unwrap(_from_struct(struct))


def _struct(raw: str, needed: bytes = b"") -> Struct | None:
    """The Struct that a text holds; None where it holds none, or none with some octets."""
    struct = Struct()
    try:
        octets = base64.b64decode(raw[len(STRUCT_PREFIX) :], validate=True)
        if needed not in octets:
            return None
        struct.ParseFromString(octets)
    except (binascii.Error, ValueError, DecodeError):
        return None
    return struct


def _from_struct(struct: Struct) -> dict[str, Any]:
    return {name: _from_value(value) for name, value in struct.fields.items()}


def _from_value(value: Value) -> JSONValue:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = float(value.number_value)
        if not math.isfinite(number):
            return str(number)
        # A Struct knows doubles only; a whole number was most likely written as one.
        return int(number) if number.is_integer() and abs(number) <= 2**53 else number
    if kind == "struct_value":
        return _from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "string_value":
        return str(value.string_value)
    if kind == "bool_value":
        return bool(value.bool_value)
    return None
