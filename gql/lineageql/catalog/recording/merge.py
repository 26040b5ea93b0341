"""What one request says of one artifact in several places, taken together.

A lineage names an artifact where it is written and again where it is read, and
need not repeat there what it is: a field that one place leaves out is taken from
another. Two places that give one field two values contradict each other, which
is refused, as only one of them could be recorded.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineageql.catalog.recording.saying import OBJECTS, PLAIN, said, same
from lineageql.errors import InvalidArgument
from lineageql.model.drafts import ArtifactDraft


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
    first_said: dict[Hashable, tuple[str, Any]] = {}
    for occurrence in occurrences:
        for field, argument, value in said(occurrence.draft):
            path = f"{occurrence.path}.{argument}"
            known_path, known = first_said.setdefault(field, (path, value))
            if not same(known, value):
                raise InvalidArgument("an artifact of this request has two values of a field", path, known_path)
    drafts = [occurrence.draft for occurrence in occurrences]
    first = drafts[0]
    plain: dict[str, Any] = {name: _first([getattr(draft, name) for draft in drafts]) for name in PLAIN.values()}
    objects: dict[str, Any] = {name: _united([getattr(draft, name) for draft in drafts]) for name in OBJECTS.values()}
    return replace(
        first,
        **plain,
        **objects,
        facts=_united([draft.facts for draft in drafts]),
        labels=list(_united([dict(draft.labels) for draft in drafts]).items()),
    )


def _first(values: Sequence[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _united(objects: Sequence[Any]) -> dict[str, Any]:
    united: dict[str, Any] = {}
    for values in objects:
        for name, value in values.items():
            if united.get(name) is None:
                united[name] = value
    return united
