"""What entities are ordered by: a field, or what has a name that their writer gave it.

Of a name entities may have texts, numbers or something else, and some lack it.
In an order by a name numbers come before texts, in both directions; what lacks
it, and what has something there that is neither, comes after all others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from lineageql.model.identity import EntityKind
from lineageql.model.operators import Family, Operator, Value, family_of
from lineageql.model.predicates import And, Field, Item, Or, Predicate, Property, Related, Relation, Test

Named = Property | Item
OrderedBy = Field | Named
"""What an order is by. Runs have no items: an order of these by one is by the best of the metrics that they wrote."""
SortKey = tuple[int, float, str]
"""Where a value stands among those of a name: the place of its family, then a number, then a text."""

GREATEST = sys.float_info.max
_NUMBERS, _TEXTS, _LACKING = 0, 1, 2


def _place(place: int, *, descending: bool) -> int:
    return -place if descending else place


def place_of(family: Family, *, descending: bool) -> int:
    """The first part of the sort key of numbers or of texts."""
    return _place(_TEXTS if family is Family.TEXT else _NUMBERS, descending=descending)


def lacking(*, descending: bool) -> SortKey:
    """The sort key of what has neither a number nor a text of the name."""
    return _place(_LACKING, descending=descending), 0.0, ""


def sort_key(value: Value, *, descending: bool) -> SortKey:
    """The sort key of a value. Numbers are compared as doubles: integers beyond 2**53 may be equal as such."""
    match family_of(value):
        case Family.TEXT:
            return place_of(Family.TEXT, descending=descending), 0.0, str(value)
        case Family.NUMBER if is_number(value):
            return place_of(Family.NUMBER, descending=descending), float(value), ""  # type: ignore[arg-type]
    return lacking(descending=descending)


def is_number(value: Value) -> bool:
    """Whether a value is a number that a double can be."""
    return family_of(value) is Family.NUMBER and -GREATEST <= value <= GREATEST  # type: ignore[operator]


def best_of(values: Iterable[Value], *, descending: bool) -> float | None:
    """The best number among values: the least, or in a descending order the greatest."""
    numbers = [float(value) for value in values if is_number(value)]  # type: ignore[arg-type]
    return (max if descending else min)(numbers, default=None)


def has_value(kind: EntityKind, by: Named, family: Family | None = None) -> Predicate:
    """That an entity of a kind has a value by a name that an order has a place for, of a family or of any.

    It is said by tests, for which there are indexes.
    """
    number = And((Test(by, Operator.GTE, -GREATEST), Test(by, Operator.LTE, GREATEST)))
    text = Test(by, Operator.GTE, "")
    if is_by_best(kind, by):
        return Related(Relation.RUN_OUTPUTS, number)
    return Or((number, text)) if family is None else text if family is Family.TEXT else number


def is_by_best(kind: EntityKind, by: OrderedBy) -> bool:
    """Whether an order of a kind is by the best of several values."""
    return kind is EntityKind.RUN and isinstance(by, Item)
