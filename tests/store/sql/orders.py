"""Random orders, and where plain Python puts what is ordered by them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Group, Item, Property, Relation
from lineageql.store.ports import Order
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.questions import MOMENTS
from tests.store.sql.values import ITEM_NAMES, NAMES

FIELDS = (Field.ID, Field.NAME, Field.CREATE_TIME, Field.UPDATE_TIME)
MORE_FIELDS = {
    EntityKind.ARTIFACT: (Field.TYPE, Field.URI, Field.STATE),
    EntityKind.EXECUTION: (Field.TYPE, Field.STATE, *MOMENTS[EntityKind.EXECUTION]),
    EntityKind.WORKSPACE: (Field.LATEST_RUN,),
}
_GROUPS = {
    EntityKind.ARTIFACT: tuple(Group),
    EntityKind.EXECUTION: (Group.PARAMETERS,),
    EntityKind.RUN: (Group.VALUES,),
}


NAMED = tuple(_GROUPS)
"""The kinds that are ordered by names; workspaces, some of which are only names themselves, are not."""


def names(kind: EntityKind) -> st.SearchStrategy[Property | Item]:
    """What entities of a kind have by a name of their writers' choice."""
    properties = st.builds(Property, NAMES)
    items = st.builds(Item, st.sampled_from(_GROUPS[kind]), ITEM_NAMES)
    return items | items | properties


def orders(kind: EntityKind) -> st.SearchStrategy[Order]:
    """All that entities of a kind can be ordered by, by names as often as by fields."""
    fields: st.SearchStrategy[Any] = st.sampled_from((*FIELDS, *MORE_FIELDS.get(kind, ())))
    return st.builds(Order, fields | names(kind) if kind in NAMED else fields, st.booleans())


def in_order(oracle: Oracle, things: Iterable[Thing], order: Order) -> list[Thing]:
    """Things in an order by a name: numbers, then texts, then all else by id."""
    held = [(told(oracle, thing, order), thing) for thing in things]
    placed: list[Thing] = []
    for kind in (float, str):
        some = [(value, thing.place, thing) for value, thing in held if isinstance(value, kind)]
        placed += [thing for *_, thing in sorted(some, key=lambda one: one[:2], reverse=order.descending)]
    others = [thing for value, thing in held if value is None]
    return placed + sorted(others, key=lambda thing: thing.place, reverse=order.descending)


def told(oracle: Oracle, thing: Thing, order: Order) -> float | str | None:
    """What an order by a name sorts a thing by: of a run the best among what it wrote."""
    if thing.ref.kind is EntityKind.RUN and isinstance(order.field, Item):
        written = oracle.artifacts_of_run(thing, Relation.RUN_OUTPUTS)
        numbers = [value for one in written if isinstance(value := _sorted(one.value(order.field)), float)]
        return (max if order.descending else min)(numbers, default=None)
    return _sorted(thing.value(order.field))


def _sorted(value: Any) -> float | str | None:
    if isinstance(value, str):
        return value
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if number else None
