"""Which contexts are workspaces, and which are runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_

from lineageql.model.conventions.convention import Role
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.tables import PARENT_CONTEXT

Column = ColumnElement[Any]


def plays(context_id: Column, type_id: Column, role: Role, types: TypeCatalog) -> ColumnElement[bool]:
    """Whether a context plays a role, by its type or by where it stands among contexts."""
    by_type = types.contexts(role)
    by_structure = types.contexts(Role.BY_STRUCTURE)
    clauses: list[ColumnElement[bool]] = []
    if by_type:
        clauses.append((type_id + 0).in_(by_type))
    if by_structure:
        upward, downward = PARENT_CONTEXT.alias(), PARENT_CONTEXT.alias()
        is_run = and_(
            exists().where(upward.c.context_id == context_id),
            not_(exists().where(downward.c.parent_context_id == context_id)),
        )
        clauses.append(and_((type_id + 0).in_(by_structure), is_run if role is Role.RUN else not_(is_run)))
    return or_(false(), *clauses)
