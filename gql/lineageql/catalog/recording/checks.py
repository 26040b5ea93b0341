"""Checks of single values: what MLMD stores and reads back equal passes, everything else is refused.

Each names the value by its path, relative to the draft that it is in.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lineageql.errors import InvalidArgument
from lineageql.model.conventions.kubeflow import EXACT_PREFIX, KUBEFLOW
from lineageql.model.drafts import LabelPairs
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.values import MAX_INT, NULL_TEXT, STRUCT_PREFIX

# What MySQL's columns hold, so that every store can move there: VARCHAR(255), TEXT and MEDIUMTEXT.
MAX_NAME = 255
MAX_URI = 65_535
MAX_TEXT = 16_777_215
# Names of properties are VARCHAR(255) too, and some get a prefix: `exact:` or `label:`.
MAX_KEY = MAX_NAME - len(EXACT_PREFIX)
MAX_DEPTH = 32


def refused(argument: str, words: str) -> InvalidArgument:
    """The error for a bad value: its message is its path and what is wrong with it."""
    return InvalidArgument(f"{argument} {words}", argument)


@contextmanager
def under(prefix: str) -> Iterator[None]:
    """Puts `prefix`, unless it is empty, before the path of an InvalidArgument that is raised inside."""
    try:
        yield
    except InvalidArgument as error:
        raise (error.under(prefix) if prefix else error) from None


def text(value: str, argument: str, *, most: int = MAX_TEXT) -> None:
    """Any text that is stored; `most` is its length in bytes of UTF-8."""
    if "\0" in value:
        raise refused(argument, "holds a NUL, at which MLMD cuts a text off")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise refused(argument, "holds half of a surrogate pair, which is no character") from None
    if size > most:
        raise refused(argument, f"has {size:,} bytes; the most is {most:,}")
    # MLMD takes these for its own: a row that holds one can no longer be read through it.
    if value == NULL_TEXT:
        raise refused(argument, f"is {NULL_TEXT}, which MLMD reserves")
    if value.startswith(STRUCT_PREFIX):
        raise refused(argument, f"begins with {STRUCT_PREFIX}, which MLMD reserves")


def name(value: str, argument: str, *, most: int = MAX_NAME) -> None:
    """A name, an external id or a port: not blank, and of at most `most` characters."""
    if not value.strip():
        raise refused(argument, "is blank" if value else "is empty")
    text(value, argument)
    if len(value) > most:
        raise refused(argument, f"has {len(value):,} characters; the most is {most}")


def uri(value: str, argument: str) -> None:
    """A uri."""
    if not value.strip():
        raise refused(argument, "is blank" if value else "is empty")
    text(value, argument, most=MAX_URI)


def optional_text(value: str | None, argument: str) -> None:
    """A text that may be left out, and is not empty: the Kubeflow Metadata SDK takes an empty one for none."""
    if value is not None:
        if not value:
            raise refused(argument, "is empty: leave it out")
        text(value, argument)


def optional_name(value: str | None, argument: str) -> None:
    """A name that may be left out."""
    if value is not None:
        name(value, argument)


def label_key(key: str, argument: str) -> None:
    """The key of a label."""
    name(key, argument, most=MAX_KEY)
    if any(unicodedata.category(sign) == "Cc" for sign in key):
        raise refused(argument, "holds a control character")


def labels(pairs: LabelPairs) -> None:
    """Labels, whose keys must differ."""
    known: set[str] = set()
    for place, (key, value) in enumerate(pairs):
        label_key(key, f"labels[{place}].key")
        if key in known:
            raise refused(f"labels[{place}].key", f"is {key!r}, as that of another of these labels")
        known.add(key)
        text(value, f"labels[{place}].value")


def json_value(value: Any, argument: str, depth: int = 0) -> None:
    """A JSON value whose numbers and texts can be stored."""
    match value:
        case None | bool():
            return
        case str():
            text(value, argument)
        case int():
            if not -MAX_INT - 1 <= value <= MAX_INT:
                raise refused(argument, "is an integer of more than 64 bits: write it as a text")
        case float():
            if not math.isfinite(value):
                raise refused(argument, "is no number that JSON has: write it as a text")
        case list() | tuple():
            _depth(depth, argument)
            for place, item in enumerate(value):
                json_value(item, f"{argument}[{place}]", depth + 1)
        case Mapping():
            _depth(depth, argument)
            for key, item in value.items():
                if not isinstance(key, str):
                    raise refused(argument, f"has the key {key!r}, which is no text")
                text(key, argument)
                json_value(item, f"{argument}.{key}", depth + 1)
        case _:
            raise refused(argument, f"is no JSON value but a {type(value).__name__}")


def _depth(depth: int, argument: str) -> None:
    if depth >= MAX_DEPTH:
        raise refused(argument, f"is nested more than {MAX_DEPTH} deep")


def named_values(value: Any, argument: str) -> None:
    """A JSON object of named values, such as hyperparameters or metric values."""
    if not isinstance(value, Mapping):
        raise refused(argument, "must be a JSON object of names and values")
    for key in value:
        if isinstance(key, str) and not key.strip():
            raise refused(argument, "holds an empty or blank name")
    json_value(value, argument)


def custom_properties(values: Any, *, removable: bool = False) -> None:
    """Custom properties: with `removable`, null stands for one that is to go."""
    argument = "customProperties"
    if not isinstance(values, Mapping):
        raise refused(argument, "must be a JSON object")
    for key, value in values.items():
        property_name(key, argument)
        if value is None and not removable:
            raise refused(f"{argument}.{key}", "is null, which cannot be stored: leave it out")
        json_value(value, f"{argument}.{key}")


def property_name(key: Any, argument: str) -> None:
    """The name of a property, which stands in the object at `argument`."""
    if not isinstance(key, str):
        raise refused(argument, f"has the key {key!r}, which is no text")
    if not key.strip():
        raise refused(argument, "holds an empty or blank name")
    # Until its signs are checked the name must not come into a path, which goes into the answer.
    name(key, argument, most=MAX_KEY)
    if key.startswith("__") or KUBEFLOW.conceals(key):
        raise refused(f"{argument}.{key}", "is a reserved name")


def undeclared(values: Mapping[str, Any], declared: Collection[str], type_name: str) -> None:
    """Custom properties must not have the name of a property that the type declares."""
    for key in values:
        if key in declared:
            words = f"has the name of a property that {type_name} declares: custom properties need other names"
            raise refused(f"customProperties.{key}", words)


def kind(ref: Ref, expected: EntityKind, argument: str) -> None:
    """A reference to one kind of entity."""
    if ref.kind is not expected:
        raise refused(argument, f"is the id of kind {ref.kind.value}, and one of kind {expected.value} is needed")
