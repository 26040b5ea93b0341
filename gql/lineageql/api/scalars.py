"""The scalars, and how their values are written and read."""

from __future__ import annotations

import math
import operator
import re
from datetime import datetime, timedelta, timezone
from typing import Any, NewType

import strawberry
from graphql import (
    EnumValueNode,
    GraphQLError,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    value_from_ast_untyped,
)
from strawberry.types.scalar import ScalarDefinition

DateTime = NewType("DateTime", int)
"""Milliseconds since 1970 in UTC, inside; ISO 8601 outside."""


class Truncated(int):
    """Milliseconds of a time that lies after them, by a part of one; what is stored has whole milliseconds."""


BigInt = NewType("BigInt", int)
JSON = NewType("JSON", object)

EXACT = 2**53
"""Up to here every integer is a double of its own; JavaScript reads JSON's numbers as doubles."""

_AS_THEY_ARE = frozenset({str, bool, type(None)})
"""The types of JSON values that are written as they are."""
_SPELT = re.compile(r"-?[1-9]\d{15,399}", re.ASCII)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # of times that are all in UTC
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?([Zz]|[+-]\d{2}:?\d{2})?", re.ASCII
)


def write_time(milliseconds: int) -> str:
    """A time as ISO 8601 in UTC with milliseconds: `2026-11-23T09:44:07.080Z`."""
    try:
        moment = _NAIVE_EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        # A writer may have stored nanoseconds or nonsense; the page must not fail for it.
        moment = datetime.max if milliseconds > 0 else datetime.min
    return moment.isoformat(timespec="milliseconds") + "Z"


def read_time(value: Any) -> int:
    """Milliseconds since 1970 from ISO 8601; a time without an offset is in UTC, a date is its midnight.

    Of a time with more than three decimals it is `Truncated`.

    Raises:
        GraphQLError: the value is no such text, or no day of the calendar.
    """
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            value += "T00:00:00Z"
        found = _ISO.fullmatch(value)
        if found:
            day, clock, fraction, offset = found.groups()
            offset = (
                "+00:00" if offset in (None, "Z", "z") else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
            )
            try:
                moment = datetime.fromisoformat(f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}{offset}")
            except ValueError:
                raise GraphQLError(f"{value!r} is no day and time of the calendar.") from None
            fraction = (fraction or "").ljust(3, "0")
            milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1) + int(fraction[:3])
            return Truncated(milliseconds) if fraction[3:].strip("0") else milliseconds
    raise GraphQLError(f"{value!r} is not a time; write it as 2026-11-23T09:44:07.080Z.")


def read_big_int(value: Any) -> int:
    """An integer of 64 bits, from a JSON number or its digits.

    Raises:
        GraphQLError: the value is something else, or has more bits.
    """
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value, re.ASCII):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise GraphQLError(f"{value!r} is not an integer of 64 bits.")
    return value


_WORDS = {"NaN": math.nan, "Infinity": math.inf}


def _read_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    if isinstance(node, EnumValueNode):
        if node.value not in _WORDS:
            words = "write an object as {name: …}, a list as […] and a string in quotes"
            raise GraphQLError(f"{node.value} is no JSON value; {words}.", node)
        return _WORDS[node.value]  # whoever takes the value refuses it, and says where it stands
    if isinstance(node, ListValueNode):
        return [_read_json_literal(item, variables) for item in node.values]
    if isinstance(node, ObjectValueNode):
        return {field.name.value: _read_json_literal(field.value, variables) for field in node.fields}
    return value_from_ast_untyped(node, variables)


def write_integer(value: int) -> int | str:
    """An integer as JavaScript reads it right: its digits as a string where it is beyond `EXACT`."""
    return value if -EXACT <= value <= EXACT else str(value)


def write_json(value: Any) -> Any:
    """A JSON value, the integers in it written as `write_integer` does.

    A value that holds none that is written otherwise is answered itself and not copied.
    """
    kind = type(value)
    if kind is int:
        return write_integer(value)
    if kind is dict:
        # Most values of a document are texts: a call of this function for each text took longer than everything else.
        changed = {
            name: written
            for name, item in value.items()
            if type(item) not in _AS_THEY_ARE and (written := write_json(item)) is not item
        }
        return {**value, **changed} if changed else value
    if kind is list:
        items = [write_json(item) for item in value]
        return value if all(map(operator.is_, items, value)) else items
    return str(value) if kind is float and not math.isfinite(value) else value


def spelt_integer(text: str) -> int | None:
    """The integer that `write_integer` wrote as this string; None where it is any other string."""
    number = int(text) if _SPELT.fullmatch(text) else 0
    return number if not -EXACT <= number <= EXACT else None


SCALARS: dict[Any, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment, ISO 8601 in UTC with milliseconds: `2026-11-23T09:44:07.080Z`. "
        "As an argument also with another offset, or a date alone, which is its midnight in UTC.",
        serialize=write_time,
        parse_value=read_time,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer of 64 bits: a JSON number, or beyond 2^53 its digits as a string, as JavaScript and "
        "others read numbers as doubles. As an argument both forms are right for any integer.",
        serialize=write_integer,
        parse_value=read_big_int,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: an object, a list, a string, a number, a boolean or null. In answers integers "
        "beyond 2^53 are their digits as strings, as JavaScript and others read numbers as doubles.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=write_json,
        parse_value=lambda value: value,
        parse_literal=_read_json_literal,
    ),
}
