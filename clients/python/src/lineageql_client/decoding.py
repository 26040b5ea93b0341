"""Answers on their way in: what is selected of each type, and how it becomes an object of it.

Both follow the tables of `generated.shapes`, so a schema with more fields needs only these anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from lineageql_client.entities import Ref
from lineageql_client.generated.shapes import BRIEF, FIELDS, POSSIBLE

REF = "__typename id mlmdId name"
REFS: Mapping[str, tuple[str, ...]] = {"slim": ("workspace", "run"), "bare": ()}
"""What is read of the entities that one of many nodes leads to, by the word in its field's kind."""
REF_OF_NODE = "__typename id ... on Entity { mlmdId name }"


@cache
def selection(name: str, only: frozenset[str] | None = None, refs: tuple[str, ...] | None = None) -> str:
    """What is selected of a type, braces left out.

    Args:
        name: the type.
        only: fields, as they are called here, to select; all if None.
        refs: the fields that lead to other entities, to select; all if None.
    """

    def wanted(row: tuple[str, str, str, str]) -> bool:
        leads = row[3].lstrip("*") == "Ref"
        return (only is None or row[0] in only) and not (leads and refs is not None and row[0] not in refs)

    if name not in POSSIBLE:
        head = "__typename " if name in _entity_types() else ""
        return head + " ".join(_select(row) for row in FIELDS[name] if wanted(row))
    common = {row[1] for row in FIELDS[name]}
    parts = ["__typename", *(_select(row) for row in FIELDS[name] if wanted(row))]
    for possible in POSSIBLE[name]:
        rows = [row for row in FIELDS[possible] if row[1] not in common and wanted(row)]
        if rows:
            parts.append(f"... on {possible} {{ {' '.join(_select(row) for row in rows)} }}")
    return " ".join(parts)


def _select(row: tuple[str, str, str, str]) -> str:
    _, field, key, kind = row
    alias = field if key == field else f"{key}: {field}"
    if kind.lstrip("*") in ("", "DateTime", "BigInt"):
        return alias
    if kind == "labels":
        return f"{alias} {{ key value }}"
    brief, _, inner = kind.rpartition(" ")
    inner = inner.lstrip("*")
    if inner == "Ref":
        return f"{alias} {{ {REF} }}"
    if brief in REFS:
        return f"{alias} {{ {selection(inner, refs=REFS[brief])} }}"
    if brief:
        return f"{alias} {{ {' '.join(row[1] for row in FIELDS[inner] if row[0] in BRIEF[inner])} }}"
    return f"{alias} {{ {selection(inner)} }}"


@cache
def _entity_types() -> frozenset[str]:
    return frozenset(POSSIBLE["Node"])


def decode(name: str, value: Mapping[str, Any] | None, source: Any) -> Any:
    """An object of a type from its JSON; `source` is the client that an entity asks for more."""
    if value is None:
        return None
    actual = value.get("__typename", name)
    return _decoder(actual if actual in FIELDS else name)(value, source)


def time(text: str | None) -> datetime | None:
    """A DateTime of the schema."""
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def _integer(value: int | str | None) -> int | None:
    return None if value is None else int(value)


def _labels(value: list[dict[str, str]]) -> dict[str, str]:
    return {label["key"]: label["value"] for label in value}


def ref(value: Mapping[str, Any] | None) -> Ref | None:
    """What an entity leads to."""
    if value is None:
        return None
    return Ref(value["id"], _integer(value.get("mlmdId")), value.get("name", ""), value["__typename"])


_SIMPLE: Mapping[str, Callable[[Any], Any]] = {
    "DateTime": time,
    "BigInt": _integer,
    "labels": _labels,
    "Ref": ref,
}


@cache
def _decoder(name: str) -> Callable[[Mapping[str, Any], Any], Any]:
    # Some fifty dataclasses, which are made when the first answer comes and not with the package.
    from lineageql_client.generated import entities

    kind = getattr(entities, name)
    rows = [(own, key, _converter(kind_)) for own, _, key, kind_ in FIELDS[name]]
    sourced = hasattr(kind, "_attach")

    def read(value: Mapping[str, Any], source: Any) -> Any:
        get = value.get
        if not sourced:
            return kind(**{own: _read(get(key), convert, source) for own, key, convert in rows})
        # What was not selected is not there: it must not look like what is null.
        made = kind.__new__(kind)
        made.__dict__.update({own: _read(get(key), convert, source) for own, key, convert in rows if key in value})
        made._attach(source)
        return made

    return read


def _read(found: Any, convert: Callable[[Any, Any], Any] | None, source: Any) -> Any:
    return found if convert is None or found is None else convert(found, source)


def _converter(kind: str) -> Callable[[Any, Any], Any] | None:
    inner = kind.rpartition(" ")[2]
    name = inner.lstrip("*")
    if name == "":
        return None if inner == "" else lambda values, source: tuple(values)
    simple = _SIMPLE.get(name)

    def one(value: Any, source: Any) -> Any:
        return simple(value) if simple is not None else decode(name, value, source)

    if not inner.startswith("*"):
        return one
    return lambda values, source: tuple(None if value is None else one(value, source) for value in values)
