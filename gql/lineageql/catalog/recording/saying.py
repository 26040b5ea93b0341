"""What a draft says of a thing beside what it is called, field by field."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from typing import Any

from lineageql.catalog.recording.validation import FACT_ARGUMENTS
from lineageql.model.drafts import ArtifactDraft, ExecutionDraft, RunDraft, WorkspaceDraft
from lineageql.model.identity import Ref

Draft = WorkspaceDraft | RunDraft | ExecutionDraft | ArtifactDraft

OBJECTS = {"customProperties": "custom_properties", "properties": "properties"}
PLAIN = {
    "version": "version",
    "owner": "owner",
    "description": "description",
    "modelId": "model",
    "dataSetId": "data_set",
    "externalId": "external_id",
}
"""Arguments of the API, by which a field is called here, and the attributes of drafts."""


def said(draft: Draft) -> Iterator[tuple[Hashable, str, Any]]:
    """What a draft says: each field, its argument's path below the draft's, and its value.

    A field is its argument's name, and what is one of many the pair of that and its own name.
    """
    for argument, name in PLAIN.items():
        if getattr(draft, name, None) is not None:
            yield argument, argument, getattr(draft, name)
    for name, value in getattr(draft, "facts", {}).items():
        if value is not None:
            yield FACT_ARGUMENTS[name], FACT_ARGUMENTS[name], value
    for argument, name in OBJECTS.items():
        for key, value in getattr(draft, name, {}).items():
            yield (argument, key), f"{argument}.{key}", value
    for place, (key, text) in enumerate(draft.labels):
        yield ("labels", key), f"labels[{place}].value", text


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: to Python `1`, `1.0` and `true` are equal."""
    if one is other:
        return True
    if isinstance(one, Ref) or isinstance(other, Ref):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
