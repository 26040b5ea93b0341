"""Arguments on their way to the service: short forms become the schema's, Python's values JSON's.

| where the schema has | this is short | for this |
| --- | --- | --- |
| a StringFilter | `"x"` | `{"eq": "x"}` |
| a ContextFilter | `"x"`; a workspace or a run | `{"name": {"eq": "x"}}`; `{"id": its id}` |
| a list of LabelFilter or PropertyFilter | `{"stage": "production"}` | `[{"key": "stage", "eq": "production"}]` |
| a list of LabelInput | `{"stage": "production"}` | `[{"key": "stage", "value": "production"}]` |
| a list of anything else | one value | a list of it |
| an order | `"CREATE_TIME"` | `{"field": "CREATE_TIME"}` |
| an ID | an entity | its id |
| a DateTime | a `datetime` with a time zone | its ISO 8601 text |
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timezone
from enum import Enum
from pathlib import PurePath
from typing import Any

from lineageql_client.errors import InvalidArgument
from lineageql_client.generated.shapes import ENUMS, INPUTS
from lineageql_client.values import plain


def arguments(
    types: Mapping[str, str], given: Mapping[str, Any], short: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The variables of a field's arguments; what is None is left out.

    Args:
        types: the GraphQL type of each argument.
        given: the arguments, by their names in the schema.
        short: fields of the filter `where` that must hold too.

    Raises:
        InvalidArgument: a value does not fit its type; `argument` is its path.
    """
    values = {name: argument(types[name], value, name) for name, value in given.items() if value is not None}
    more = {name: value for name, value in (short or {}).items() if value is not None}
    if more:
        more = argument(types["where"], more, "where")
        where = values.get("where")
        values["where"] = more if not where else {"and": [where, more]}
    return values


def argument(type_: str, value: Any, path: str) -> Any:
    """One value as JSON, in the schema's form."""
    if value is None:
        if type_.endswith("!"):
            raise _refused(path, f"is None; it takes {type_.rstrip('!')}")
        return None
    needed = type_.rstrip("!")
    if needed.startswith("["):
        return _list(needed[1:-1], value, path)
    name = needed
    if name in INPUTS:
        return _input(name, value, path)
    if name in ENUMS:
        if value not in ENUMS[name]:
            raise _refused(path, f"is {value!r}; {name} has {', '.join(ENUMS[name])}")
        return value
    scalar = _SCALARS.get(name)
    return plain(value) if scalar is None else scalar(value, path)


def _list(item: str, value: Any, path: str) -> list[Any]:
    short = _LIST_FORMS.get(item.rstrip("!"))
    if short is not None and isinstance(value, Mapping) and (not value or not short[0] >= set(value)):
        for key, one in value.items():
            if one is None:  # left out, it would match any value
                raise _refused(f"{path}.{key}", "is None: give a value, or leave the key out")
        value = [{short[1]: key, short[2]: one} for key, one in value.items()]
    elif isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        value = [value]
    return [argument(item, one, f"{path}[{place}]") for place, one in enumerate(value)]


def _input(name: str, value: Any, path: str) -> Any:
    fields = INPUTS[name]
    if isinstance(value, str):
        if name == "StringFilter":
            value = {"eq": value}
        elif name == "ContextFilter":
            value = {"name": {"eq": value}}
        elif name.endswith("Order"):
            value = {"field": value}
    elif name == "ContextFilter" and hasattr(value, "node_id"):
        value = {"id": value.node_id}
    if not isinstance(value, Mapping):
        raise _refused(path, f"is {value!r}; {name} has the fields {', '.join(fields)}{_form(name, value)}")
    for key in value:
        if key not in fields:
            words = f"is no field of {name}, which has {', '.join(fields)}{_meant(key, fields)}"
            raise _refused(f"{path}.{key}", words)
    made = {key: argument(fields[key], one, f"{path}.{key}") for key, one in value.items() if one is not None}
    for key, type_ in fields.items():
        if type_.endswith("!") and key not in made:
            raise _refused(f"{path}.{key}", f"is missing, and {name} needs it")
    return made


def _form(name: str, value: Any) -> str:
    """What to write where a list of pairs has a text."""
    if name not in _LIST_FORMS or not isinstance(value, str):
        return ""
    fields, key, one = _LIST_FORMS[name]
    words = f"; write {{{value!r}: …}} or {{{key!r}: {value!r}, {one!r}: …}}"
    return words + (f", or {{{key!r}: {value!r}, 'exists': True}} for any" if "exists" in fields else "")


def _meant(key: Any, fields: Iterable[str]) -> str:
    """The field that a wrong name is near to: `createTime` of `create_time`, `kind` of `kinds`."""
    names = {name.lower(): name for name in fields}
    near = difflib.get_close_matches(str(key).replace("_", "").lower(), names, 1)
    return f"; did you mean {names[near[0]]}?" if near else ""


def _id(value: Any, path: str) -> str:
    found = getattr(value, "node_id", value)
    if not isinstance(found, str):
        raise _refused(path, f"is {value!r}; it takes an entity, or an id as the service gives it (`node_id`)")
    return found


def _time(value: Any, path: str) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _refused(path, f"is {value!r}, which has no time zone: give it one, such as timezone.utc")
        return value.astimezone(timezone.utc).isoformat("T", "milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        raise _refused(path, f"is {value!r}, a day: give a datetime with a time zone")
    return str(value)


def _text(value: Any, path: str) -> str:
    found = plain(value) if isinstance(value, (str, Enum, PurePath)) else None
    if not isinstance(found, str):
        raise _refused(path, f"is {value!r}; it takes a text")
    return found


def _boolean(value: Any, path: str) -> bool:
    found = plain(value)
    if not isinstance(found, bool):
        raise _refused(path, f"is {value!r}; it takes True or False")
    return found


def _integer(value: Any, path: str) -> int:
    found = plain(value)
    if not isinstance(found, int) or isinstance(found, bool):
        raise _refused(path, f"is {value!r}; it takes an integer")
    return found


def _big_integer(value: Any, path: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value):
        value = int(value)
    return _integer(value, path)


_SCALARS: Mapping[str, Callable[[Any, str], Any]] = {
    "ID": _id,
    "DateTime": _time,
    "String": _text,
    "Boolean": _boolean,
    "Int": _integer,
    "BigInt": _big_integer,
}
# Of what a mapping is short in a list: the fields of the items, and which two of them it gives.
_LIST_FORMS = {
    name: (set(INPUTS[name]), *places)
    for name, places in {
        "LabelFilter": ("key", "eq"),
        "PropertyFilter": ("name", "eq"),
        "LabelInput": ("key", "value"),
    }.items()
}


def _refused(path: str, words: str) -> InvalidArgument:
    return InvalidArgument(f"{path} {words}", argument=path)
