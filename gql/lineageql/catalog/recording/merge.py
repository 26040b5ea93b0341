"""What one request says of one artifact in several places, taken together.

A lineage names an artifact where it is written and again where it is read, and
need not repeat there what it is: a field that one place leaves out is taken from
another. Two places that give one field two values contradict each other, which
is refused, as only one of them could be recorded.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineageql.catalog.recording.validation import FACT_ARGUMENTS
from lineageql.errors import InvalidArgument
from lineageql.model.drafts import ArtifactDraft
from lineageql.model.identity import Ref

_OBJECTS = {"customProperties": "custom_properties", "properties": "properties"}
_PLAIN = {
    "version": "version",
    "owner": "owner",
    "description": "description",
    "modelId": "model",
    "dataSetId": "data_set",
    "externalId": "external_id",
}


@dataclass(frozen=True)
class Occurrence:
    """A place of a request that describes an artifact: the draft, and its argument's path."""

    draft: ArtifactDraft
    path: str


def merged(occurrences: Sequence[Occurrence]) -> ArtifactDraft:
    """One draft of an artifact from all that describe it, the first of which decides the order of its labels.

    Raises:
        InvalidArgument: two give one field two values; it names both.
    """
    said: dict[Hashable, tuple[str, Any]] = {}
    for occurrence in occurrences:
        for field, argument, value in _fields(occurrence.draft):
            path = f"{occurrence.path}.{argument}"
            known_path, known = said.setdefault(field, (path, value))
            if not _same(known, value):
                raise InvalidArgument("an artifact of this request has two values of a field", path, known_path)
    drafts = [occurrence.draft for occurrence in occurrences]
    first = drafts[0]
    plain: dict[str, Any] = {name: _first([getattr(draft, name) for draft in drafts]) for name in _PLAIN.values()}
    objects: dict[str, Any] = {name: _united([getattr(draft, name) for draft in drafts]) for name in _OBJECTS.values()}
    return replace(
        first,
        **plain,
        **objects,
        facts=_united([draft.facts for draft in drafts]),
        labels=list(_united([dict(draft.labels) for draft in drafts]).items()),
    )


def _fields(draft: ArtifactDraft) -> Iterator[tuple[Hashable, str, Any]]:
    """What a draft says: each field, its argument's path below the draft's, and its value."""
    for argument, name in _PLAIN.items():
        if getattr(draft, name) is not None:
            yield argument, argument, getattr(draft, name)
    for name, value in draft.facts.items():
        if value is not None:
            yield FACT_ARGUMENTS[name], FACT_ARGUMENTS[name], value
    for argument, name in _OBJECTS.items():
        for key, value in getattr(draft, name).items():
            yield (argument, key), f"{argument}.{key}", value
    for place, (key, text) in enumerate(draft.labels):
        yield ("labels", key), f"labels[{place}].value", text


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: to Python `1`, `1.0` and `true` are equal."""
    if one is other:
        return True
    if isinstance(one, Ref) or isinstance(other, Ref):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _first(values: Sequence[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _united(objects: Sequence[Any]) -> dict[str, Any]:
    united: dict[str, Any] = {}
    for values in objects:
        for name, value in values.items():
            if united.get(name) is None:
                united[name] = value
    return united
