"""The inputs that test one field, label, property or relation, and the predicates they stand for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import strawberry

from lineageql.api.scalars import JSON, DateTime
from lineageql.errors import InvalidArgument
from lineageql.model.identity import EntityKind, Ref, parse_ref
from lineageql.model.predicates import (
    Field,
    Label,
    Not,
    Operator,
    Predicate,
    Property,
    Related,
    Relation,
    Subject,
    Test,
    all_of,
)

MISSING = (
    "A test of something that an entity lacks does not hold, but for `ne`, `notIn` and `isNull: true` "
    "(`exists: false` for labels and properties), which do. `not` turns the answer of its filter round: "
    "every filter either holds or does not."
)

_field = strawberry.field


@strawberry.input(description=f"Tests of a text. All that are given must hold. {MISSING}")
class StringFilter:
    eq: str | None = _field(default=None, description="It is this text, compared by code points.")
    ne: str | None = _field(default=None, description="It is not this text, or there is none.")
    in_: list[str] | None = _field(default=None, name="in", description="It is one of these.")
    not_in: list[str] | None = _field(default=None, description="It is none of these, or there is none.")
    starts_with: str | None = _field(default=None, description="It begins with this text.")
    ends_with: str | None = _field(default=None, description="It ends with this text.")
    contains: str | None = _field(default=None, description="This text is in it.")
    ignore_case: bool | None = _field(
        default=False, description="Compare without regard to case, by Unicode's full case folding."
    )
    is_null: bool | None = _field(default=None, description="Whether there is none.")

    def predicate(self, subject: Subject) -> Predicate:
        return all_of(*_string_tests(self, subject))


def _string_tests(given: StringFilter, subject: Subject) -> Iterator[Predicate]:
    fold = bool(given.ignore_case)
    if given.eq is not None:
        yield Test(subject, Operator.EQ, given.eq, fold)
    if given.ne is not None:
        yield Not(Test(subject, Operator.EQ, given.ne, fold))
    if given.in_ is not None:
        yield Test(subject, Operator.IN, tuple(given.in_), fold)
    if given.not_in is not None:
        yield Not(Test(subject, Operator.IN, tuple(given.not_in), fold))
    if given.starts_with is not None:
        yield Test(subject, Operator.STARTS_WITH, given.starts_with, fold)
    if given.ends_with is not None:
        yield Test(subject, Operator.ENDS_WITH, given.ends_with, fold)
    if given.contains is not None:
        yield Test(subject, Operator.CONTAINS, given.contains, fold)
    if given.is_null is not None:
        present = Test(subject, Operator.EXISTS)
        yield Not(present) if given.is_null else present


@strawberry.input(description="Tests of a time. All that are given must hold; a time that was not recorded meets none.")
class TimeFilter:
    after: DateTime | None = _field(default=None, description="Later than this.")
    at_or_after: DateTime | None = _field(default=None, description="At this time or later.")
    before: DateTime | None = _field(default=None, description="Earlier than this.")
    at_or_before: DateTime | None = _field(default=None, description="At this time or earlier.")

    def predicate(self, subject: Subject) -> Predicate:
        bounds = (
            (Operator.GT, self.after),
            (Operator.GTE, self.at_or_after),
            (Operator.LT, self.before),
            (Operator.LTE, self.at_or_before),
        )
        return all_of(*(Test(subject, operator, bound) for operator, bound in bounds if bound is not None))


@strawberry.input(description=f"Tests of one label; with none but the key, that the label is there. {MISSING}")
class LabelFilter:
    key: str = _field(description="The label's key.")
    eq: str | None = _field(default=None, description="The label has this value.")
    ne: str | None = _field(default=None, description="The label has another value, or is missing.")
    in_: list[str] | None = _field(default=None, name="in", description="The label has one of these values.")
    not_in: list[str] | None = _field(default=None, description="The label has none of these values, or is missing.")
    exists: bool | None = _field(default=None, description="Whether the label is there.")

    def predicate(self) -> Predicate:
        subject = Label(self.key)
        terms: list[Predicate] = []
        if self.eq is not None:
            terms.append(Test(subject, Operator.EQ, self.eq))
        if self.ne is not None:
            terms.append(Not(Test(subject, Operator.EQ, self.ne)))
        if self.in_ is not None:
            terms.append(Test(subject, Operator.IN, tuple(self.in_)))
        if self.not_in is not None:
            terms.append(Not(Test(subject, Operator.IN, tuple(self.not_in))))
        if self.exists is not None:
            present = Test(subject, Operator.EXISTS)
            terms.append(present if self.exists else Not(present))
        return all_of(*terms) if terms else Test(subject, Operator.EXISTS)


@strawberry.input(
    description="Tests of one property: of the declared property of this name, else of the custom property. "
    "Numbers are compared with numbers, integers and doubles alike, texts with texts by code points, booleans with "
    f"booleans; a value of another type meets no test. With none but the name, that the property is there. {MISSING}"
)
class PropertyFilter:
    name: str = _field(description="The property's name.")
    eq: JSON | None = _field(default=None, description="It is this string, number or boolean.")
    ne: JSON | None = _field(default=None, description="It is not this, or there is none.")
    in_: list[JSON] | None = _field(default=None, name="in", description="It is one of these.")
    gt: JSON | None = _field(default=None, description="It is greater than this number or string.")
    gte: JSON | None = _field(default=None, description="It is this number or string, or greater.")
    lt: JSON | None = _field(default=None, description="It is less than this number or string.")
    lte: JSON | None = _field(default=None, description="It is this number or string, or less.")
    contains: str | None = _field(default=None, description="It is a text with this text in it.")
    exists: bool | None = _field(default=None, description="Whether there is such a property.")

    def predicate(self, path: str) -> Predicate:
        subject = Property(self.name)
        terms: list[Predicate] = []
        if self.eq is not None:
            terms.append(Test(subject, Operator.EQ, _scalar(self.eq, f"{path}.eq")))
        if self.ne is not None:
            terms.append(Not(Test(subject, Operator.EQ, _scalar(self.ne, f"{path}.ne"))))
        if self.in_ is not None:
            values = tuple(_scalar(value, f"{path}.in[{place}]") for place, value in enumerate(self.in_))
            terms.append(Test(subject, Operator.IN, values))
        bounds = (("gt", Operator.GT), ("gte", Operator.GTE), ("lt", Operator.LT), ("lte", Operator.LTE))
        for name, operator in bounds:
            bound = getattr(self, name)
            if bound is not None:
                value = _scalar(bound, f"{path}.{name}")
                if isinstance(value, bool):
                    raise InvalidArgument("booleans have no order; use eq, ne or in", f"{path}.{name}")
                terms.append(Test(subject, operator, value))
        if self.contains is not None:
            terms.append(Test(subject, Operator.CONTAINS, self.contains))
        if self.exists is not None:
            present = Test(subject, Operator.EXISTS)
            terms.append(present if self.exists else Not(present))
        return all_of(*terms) if terms else Test(subject, Operator.EXISTS)


def _scalar(value: Any, path: str) -> str | int | float | bool:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgument("properties hold no NaN and no infinities", path)
    if isinstance(value, (str, int, float)):
        return value
    raise InvalidArgument("properties are compared with strings, numbers and booleans; see exists for the rest", path)


@strawberry.input(description="Which workspace or run. All that are given must hold.")
class ContextFilter:
    id: strawberry.ID | None = _field(default=None, description="The one with this id.")
    ids: list[strawberry.ID] | None = _field(default=None, description="One of those with these ids.")
    name: StringFilter | None = _field(default=None, description="Tests of its name.")

    def predicate(self, relation: Relation, path: str) -> Predicate:
        terms: list[Predicate] = []
        if self.id is not None:
            terms.append(refs_test([parse_ref(self.id, expected=relation.target, argument=f"{path}.id")]))
        if self.ids is not None:
            terms.append(refs_test(parsed_refs(self.ids, relation.target, f"{path}.ids")))
        if self.name is not None:
            terms.append(self.name.predicate(Field.NAME))
        return Related(relation, all_of(*terms))


def refs_test(refs: list[Ref]) -> Predicate:
    if all(isinstance(ref.key, int) and ref.kind is not EntityKind.RUN for ref in refs):
        return Test(Field.ID, Operator.IN, tuple(ref.key for ref in refs))
    return Test(Field.REF, Operator.IN, tuple(refs))


def parsed_refs(ids: list[strawberry.ID], kind: EntityKind, path: str) -> list[Ref]:
    return [parse_ref(id_, expected=kind, argument=f"{path}[{place}]") for place, id_ in enumerate(ids)]
