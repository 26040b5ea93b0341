"""MLMD's filter language, as far as it is safe.

MLMD makes SQL of it and does that badly: on some databases a quoted text can
leave its quotes, a text that is the name of a column means the column, names
with upper-case letters, backslashes and line ends match nothing. So only texts
and names of few signs are said in it, what is said only lets rows through that
may match, and every row is looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lineageql.model.conventions.convention import Custom, Declared

_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@~+=-]{0,199}")
_NAME = re.compile(r"[a-z0-9_][a-z0-9_./:-]{0,199}")
MOST = 50
"""How many texts one filter names."""
_MOST_KNOWN = 1_000
"""How many texts one filter leaves out."""
COLUMNS = frozenset(
    (
        *("artifact_id", "bool_value", "byte_value", "context_id", "create_time_since_epoch", "data_type"),
        *("description", "double_value", "event_id", "execution_id", "external_id", "id", "input_type", "int_value"),
        *("is_custom_property", "is_index_step", "last_known_state", "last_update_time_since_epoch"),
        *("milliseconds_since_epoch", "name", "output_type", "parent_context_id", "parent_type_id", "proto_value"),
        *("schema_version", "state", "step_index", "step_key", "string_value", "type", "type_id", "type_kind"),
        *("uri", "version", "oid", "rowid", "true", "false", "null"),
    )
)
"""The names of the columns of MLMD's tables, and what else SQL takes for more than a text."""
_PROPERTY_COLUMNS = frozenset(
    (
        *("artifact_id", "bool_value", "byte_value", "context_id", "double_value", "execution_id", "int_value"),
        *("is_custom_property", "proto_value", "string_value", "oid", "rowid", "_rowid_"),
    )
)
"""The properties that SQLite takes for a column of the table of properties, so that MLMD finds nothing by them.

`name` is such a column, too, but there every property matches: the rows that are too many are sorted out later.
"""


def is_safe(text: object) -> bool:
    """Whether MLMD compares a text with others as it is."""
    if not isinstance(text, str) or _TEXT.fullmatch(text) is None:
        return False
    return "--" not in text and text.lower() not in COLUMNS


def _is_safe_name(name: str) -> bool:
    """Whether MLMD finds a property by its name, whatever else it finds."""
    return _NAME.fullmatch(name) is not None and name not in _PROPERTY_COLUMNS


def equals(column: str, texts: Iterable[object]) -> str:
    """Whether a column or a property is one of some texts; empty, which lets all through, where that is not safe."""
    found = list(texts)
    if not found or len(found) > MOST or not all(map(is_safe, found)):
        return ""
    quoted = [f"'{text}'" for text in found]
    return f"{column} = {quoted[0]}" if len(quoted) == 1 else f"{column} IN ({', '.join(quoted)})"


def is_another(place: Custom | Declared, texts: Iterable[str]) -> str:
    """Whether a property is a text, and none of some texts as far as that is safe to say; empty where nothing is."""
    if not _is_safe_name(place.name):
        return ""
    quoted = [f"'{text}'" for text in texts if is_safe(text)][:_MOST_KNOWN]
    column = f"{'custom_properties' if isinstance(place, Custom) else 'properties'}.`{place.name}`.string_value"
    return f"{column} NOT IN ({', '.join(quoted)})" if quoted else ""


def custom_property(name: str, texts: Iterable[object]) -> str:
    """Whether a custom property is one of some texts."""
    return equals(f"custom_properties.`{name}`.string_value", texts) if _is_safe_name(name) else ""


def declared_property(name: str, texts: Iterable[object]) -> str:
    """Whether a declared property is one of some texts."""
    return equals(f"properties.`{name}`.string_value", texts) if _is_safe_name(name) else ""


def holds(place: Custom | Declared, texts: Iterable[object]) -> str:
    """Whether a property is one of some texts."""
    return (custom_property if isinstance(place, Custom) else declared_property)(place.name, texts)


def integer_properties(name: str, numbers: Iterable[int]) -> list[str]:
    """Filters of which one says that a property, declared or custom, is one of some integers.

    They are two, as a node without one of two properties meets no filter that is about both.
    """
    if not _is_safe_name(name):
        return [""]
    listed = ", ".join(str(int(number)) for number in numbers)
    return [f"{place}.`{name}`.int_value IN ({listed})" for place in ("properties", "custom_properties")]


def types(ids: Iterable[int]) -> str:
    """Whether a node is of one of some types."""
    return f"type_id IN ({', '.join(str(int(id_)) for id_ in ids)})"


def ids(numbers: Iterable[int]) -> str:
    """Whether a node is one of some."""
    return f"id IN ({', '.join(str(int(number)) for number in numbers)})"


def both(*filters: str) -> str:
    """All of some filters; those that let all through are left out."""
    return " AND ".join(text for text in filters if text)
