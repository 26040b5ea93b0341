"""Values of Python as JSON has them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from enum import Enum
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """A value that JSON holds: numbers of numpy's become Python's, times ISO 8601, paths texts.

    What is not finite becomes its name, `"NaN"`, `"Infinity"` or `"-Infinity"`, as JSON has no such
    numbers and the store keeps none. What JSON does not know at all becomes its `repr`.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [plain(one) for one in (sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(timezone.utc)).isoformat()
    if isinstance(value, (date, PurePath)):
        return str(value)
    # Scalars and arrays of numpy, torch, jax and pandas, without knowing these.
    for name in ("tolist", "item"):
        convert = getattr(value, name, None)
        if callable(convert) and not isinstance(value, type):
            try:
                found = convert()
            except (TypeError, ValueError, RuntimeError):
                continue
            if found is not value:
                return plain(found)
    if isinstance(value, type) or callable(value):
        return getattr(value, "__qualname__", repr(value))
    return repr(value)


def texts(values: Mapping[str, Any] | None, what: str) -> list[dict[str, str]] | None:
    """Labels as the schema's list of keys and values.

    Raises:
        ValueError: a key or a value is no text.
    """
    if not values:
        return None
    if not hasattr(values, "items"):
        raise ValueError(f"'{what}' must be a mapping of texts, such as {{'stage': 'production'}}, not {values!r}.")
    for key, value in values.items():
        if not all(isinstance(one, str) for one in (key, value)):
            raise ValueError(f"'{what}' must be a mapping of texts, and it has {key!r}: {value!r}.")
    return [{"key": key, "value": value} for key, value in values.items()]


def named(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The members that are given: neither None nor an empty text, which the SDK does not store either."""
    return {name: value for name, value in values if value is not None and value != ""}
