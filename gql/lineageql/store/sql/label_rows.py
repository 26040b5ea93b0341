"""The rows of properties that hold labels."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, true

from lineageql.model.conventions.convention import Labels
from lineageql.store.sql.dialects import Dialect


def label_rows(labels: Labels, row: Any, dialect: Dialect) -> list[ColumnElement[bool]]:
    """Clauses of which each label's row meets one, documents left out; each is a range of an index."""
    found = [
        and_(row.c.is_custom_property == true(), dialect.in_prefix_range(row.c.name, prefix))
        for prefix in labels.prefixes
    ]
    return [*found, row.c.name.in_(labels.names)] if labels.names else found
