"""What notebooks show: tables of HTML, without scripts, everything from the store escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from html import escape
from typing import Any

LONGEST = 80
"""Characters of a cell; the rest is its title."""


def entity(found: Any) -> str:
    """One entity, a row for each field that says something."""
    members = {
        name: value for name, value in _members(found).items() if name not in ("properties", "custom_properties")
    }
    members.update({f"properties.{name}": value for name, value in _extra(found).items()})
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{cell(value)}</td></tr>"
        for name, value in members.items()
        if value not in (None, {}, (), [])
    )
    return f"<table><caption>{escape(type(found).__name__)}</caption><tbody>{body}</tbody></table>"


def _extra(found: Any) -> Mapping[str, Any]:
    shown = {name for name, _ in _members(found).items()}
    both = {**(getattr(found, "custom_properties", None) or {}), **(getattr(found, "properties", None) or {})}
    return {name: value for name, value in both.items() if name not in shown}


def rows(found: Sequence[Any], note: str | None = None) -> str:
    """Several of a kind, the columns that at least one of them has something in."""
    members = [_flat(row) for row in found]
    names = list(dict.fromkeys(name for row in members for name in row))
    names = [name for name in names if any(row.get(name) not in (None, {}, (), []) for row in members)]
    return table(
        names, ([row.get(name) for name in names] for row in members), note or ("nothing" if not found else None)
    )


def _flat(row: Any) -> dict[str, Any]:
    members = {
        name: value
        for name, value in _members(row).items()
        if name not in ("id", "properties", "custom_properties", "update_time", "external_id", "path")
    }
    node = members.pop("node", None)
    return members if node is None else {**_flat(node), **members}


def table(head: Iterable[str], body: Iterable[Iterable[Any]], note: str | None = None) -> str:
    """A table of any cells."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell(value)}</td>" for value in line) + "</tr>" for line in body)
    below = f"<p><em>{escape(note)}</em></p>" if note else ""
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{below}"


def cell(value: Any) -> str:
    """A value as HTML."""
    text = said(value)
    if len(text) <= LONGEST:
        return escape(text)
    return f'<span title="{escape(text)}">{escape(text[:LONGEST])}…</span>'


def said(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping) and all(not isinstance(one, (Mapping, list)) for one in value.values()):
        return ", ".join(f"{key}={said(one)}" for key, one in value.items())
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, tuple):
        return ", ".join(map(said, value))
    if is_dataclass(value) and not isinstance(value, type):
        return str(getattr(value, "name", value))
    return str(value)


def _members(found: Any) -> dict[str, Any]:
    # Of what was not read there is nothing to show.
    return {field.name: found.__dict__[field.name] for field in fields(found) if field.name in found.__dict__}
