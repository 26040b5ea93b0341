"""Names in a filter or an order that nothing in the store has: most likely they are misspelt.

The answer then only looks empty, or only looks ordered. Whether something has a
name is asked as the predicate itself asks, and by the same indexes: it takes no
longer than the question that it is about. Near names are sought among those of
the nodes that were made first, which are found by their ids.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from lineageql.catalog.finding import Finder
from lineageql.model.entities import Entity
from lineageql.model.evaluate import operands_by_family
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.operators import Family, Operator
from lineageql.model.orders import is_by_best
from lineageql.model.predicates import (
    And,
    Field,
    Group,
    Item,
    Label,
    Not,
    Or,
    Predicate,
    Property,
    Reached,
    Related,
    Test,
)
from lineageql.store.ports import Search

Named = Label | Property | Item
_MOST = 10
"""How many names of one predicate are looked for."""
_FIRST = 200
"""Among the names of how many nodes near ones are sought."""
_LEAST = -sys.float_info.max
_NOUNS = {Group.VALUES: "metric value", Group.PARAMETERS: "parameter"}


@dataclass(frozen=True)
class UnknownName:
    """A name that nothing of a kind has, and names near it that something has."""

    kind: EntityKind
    subject: Named
    whole: bool
    near: tuple[str, ...]

    @property
    def message(self) -> str:
        """What a client is told."""
        noun, name = _said(self.subject)
        what = f"the {noun} {name!r}" if self.whole else f"a text or a number as the {noun} {name!r}"
        near = f"; near names are {', '.join(map(repr, self.near))}" if self.near else ""
        return f"no {self.kind.value.lower()} in the store has {what}{near}"


async def unknown_names(
    finder: Finder, asked: Sequence[tuple[EntityKind, Predicate]], order: Search | None = None
) -> list[UnknownName]:
    """The names in what is asked, and in an order, that nothing of the kind that they are asked of has.

    Args:
        finder: looks for them.
        asked: predicates of entities of a kind, which nothing of those that it is about makes true.
        order: a search whose order is by a name, where nothing that it finds has it.
    """
    tests: dict[tuple[EntityKind, Named], list[Test]] = {}
    for kind, predicate in asked:
        for of, subject, test in _named(kind, predicate):
            tests.setdefault((of, subject), []).append(test)
    if order is not None and not isinstance(order.order.field, Field):
        by = order.order.field
        tests.setdefault((EntityKind.ARTIFACT if is_by_best(order.kind, by) else order.kind, by), [])
    found = []
    for (of, subject), named in list(tests.items())[:_MOST]:
        whole = isinstance(subject, Label) or not all(map(_of_texts_and_numbers, named))
        if await finder.one(of, _has(subject, whole=whole)) is None:
            found.append(UnknownName(of, subject, whole, await _near(finder, of, subject)))
    return found


def _named(
    kind: EntityKind, predicate: Predicate, *, positive: bool = True
) -> Iterator[tuple[EntityKind, Named, Test]]:
    """The tests of names; those that an unknown name makes true are no reason why nothing is found."""
    match predicate:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _named(kind, term, positive=positive)
        case Not(term):
            yield from _named(kind, term, positive=not positive)
        case Related(relation, inner):
            yield from _named(relation.target, inner, positive=positive)
        case Reached(_, artifacts, executions):
            yield from _named(EntityKind.ARTIFACT, artifacts, positive=positive)
            yield from _named(EntityKind.EXECUTION, executions, positive=positive)
        case Test(subject=Label() | Property() | Item() as subject) if positive:
            yield kind, subject, predicate


def _of_texts_and_numbers(test: Test) -> bool:
    """Whether only texts and numbers can meet a test: these an index finds by the name alone, booleans it does not."""
    return test.operator is not Operator.EXISTS and not operands_by_family(test).keys() - {Family.TEXT, Family.NUMBER}


def _has(subject: Named, *, whole: bool) -> Predicate:
    """That something has a name: at all, or as that of a text or a number."""
    if whole:
        return Test(subject, Operator.EXISTS)
    return Or((Test(subject, Operator.GTE, ""), Test(subject, Operator.GTE, _LEAST)))


async def _near(finder: Finder, kind: EntityKind, subject: Named) -> tuple[str, ...]:
    """Names near one, among those that the nodes that were made first have."""
    entities = await finder.load([Ref(kind, id_ + 1) for id_ in range(_FIRST)])
    known = sorted({name for entity in entities.values() for name in _names(entity, subject)})
    return tuple(get_close_matches(_said(subject)[1], known, cutoff=0.6))


def _names(entity: Entity, subject: Named) -> Iterator[str]:
    match subject:
        case Label():
            yield from entity.label_values
        case Property():
            yield from entity.properties
            yield from entity.custom_properties
        case Item(group):
            yield from entity.items(group)


def _said(subject: Named) -> tuple[str, str]:
    match subject:
        case Label(key):
            return "label", key
        case Property(name):
            return "property", name
        case Item(group, name):
            return _NOUNS[group], name
