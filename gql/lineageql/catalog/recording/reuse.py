"""What is not taken from a draft whose workspace, run, execution or artifact is there already."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from lineageql.catalog.recording.saying import OBJECTS, Draft, said, same
from lineageql.catalog.recording.validation import FACT_ARGUMENTS
from lineageql.model.entities import Artifact, Entity
from lineageql.model.identity import EntityKind, Ref

_SHOWN_FIELDS, _SHOWN_CHARACTERS = 8, 60
_FACTS = {argument: name for name, argument in FACT_ARGUMENTS.items()}
_OBJECTS = {**OBJECTS, "labels": "label_values"}
_WORDS = {"labels": "label", "customProperties": "custom property", "properties": "property"}


@dataclass(frozen=True)
class NotTaken:
    """What was said of a thing that is there already, and differs from what it has.

    Attributes:
        argument: the path of the thing in the draft, in the API's names; empty for the draft itself.
        message: a sentence that names the thing, and each field with both values.
    """

    argument: str
    message: str


def not_taken(draft: Draft, found: Entity, argument: str = "") -> list[NotTaken]:
    """What a draft says that the thing it names has otherwise: one of it, or none."""
    other = [(field, value, _stored(found, field)) for field, _, value in said(draft)]
    differing = [(field, value, stored) for field, value, stored in other if not same(value, stored)]
    if not differing:
        return []
    words = [
        f"{_name(field)} {_shown(value)} ({'it has none' if stored is None else 'it has ' + _shown(stored)})"
        for field, value, stored in differing[:_SHOWN_FIELDS]
    ]
    if len(differing) > _SHOWN_FIELDS:
        words.append(f"and {len(differing) - _SHOWN_FIELDS} more")
    thing = f"the {found.entity_kind.value.lower()} {_shown(found.name)} of type {found.type.name}"
    message = f"{thing} is there already and stays as it is; not taken: {', '.join(words)}{_advice(found, differing)}"
    return [NotTaken(argument, message)]


def _stored(found: Entity, field: Hashable) -> Any:
    """What the thing has of a field, as a draft says it."""
    if isinstance(field, tuple):
        values: dict[str, Any] = getattr(found, _OBJECTS[field[0]])
        return values.get(field[1])
    if field in ("modelId", "dataSetId"):
        assert isinstance(found, Artifact)
        id_ = found.model_id if field == "modelId" else found.data_set_id
        return None if id_ is None else Ref(EntityKind.ARTIFACT, id_)
    name = "external_id" if field == "externalId" else _FACTS.get(str(field), str(field))
    return getattr(found, name)


def _name(field: Hashable) -> str:
    return f"{_WORDS[field[0]]} {field[1]}" if isinstance(field, tuple) else str(field)


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Ref) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _advice(found: Entity, differing: list[tuple[Hashable, Any, Any]]) -> str:
    of_labels = [isinstance(field, tuple) and field[0] == "labels" for field, _, _ in differing]
    advice = ["setLabels changes labels"] if any(of_labels) else []
    if not all(of_labels) and isinstance(found, Artifact):
        advice.append("another version makes another artifact")
    if not all(of_labels) and found.entity_kind is EntityKind.EXECUTION:
        advice.append("updateExecution changes an execution's description and custom properties")
    return "".join(f"; {words}" for words in advice)
