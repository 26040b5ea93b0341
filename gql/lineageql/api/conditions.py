"""The inputs that test one field, label, property or relation, and the predicates they stand for."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from lineageql.api.scalars import JSON, DateTime, Truncated, spelt_integer
from lineageql.errors import InvalidArgument
from lineageql.model.evaluate import operands_of
from lineageql.model.identity import EntityKind, Ref, parse_ref
from lineageql.model.operators import Family, Operands, family_of
from lineageql.model.predicates import (
    Field,
    Group,
    Item,
    Label,
    Not,
    Operator,
    Or,
    Predicate,
    Property,
    Related,
    Relation,
    Subject,
    Test,
    all_of,
)
from lineageql.model.selectors import parse_selector

MISSING = (
    "A test of something that an entity lacks does not hold, but for `ne`, `notIn` and `isNull: true` "
    "(`exists: false` for labels and properties), which do. `not` turns the answer of its filter round: "
    "every filter either holds or does not."
)

_field = strawberry.field
_TEST = "test"
"""In a field's metadata: by which operator it tests, and whether the test is turned round."""


def _asks(
    operator: Operator,
    value: str = "text",
    *,
    negated: bool = False,
    more: str = "greater",
    less: str = "less",
    name: str | None = None,
) -> Any:
    """The field of an input that tests by an operator, described by the operator's row.

    Args:
        value: what the field takes, in words.
        more: what a greater value is, in a word.
        less: what a lesser value is, in a word.
    """
    text = operator.meaning.negation if negated else operator.meaning.description
    said = text.format(value=value, more=more, less=less)
    return _field(default=None, name=name, description=said, metadata={_TEST: (operator, negated)})


def _tests(given: Any, subject: Subject, *, fold: bool = False) -> Iterator[tuple[str, Predicate]]:
    """The tests that are given in an input, each with the GraphQL name of its field."""
    for asking in dataclasses.fields(given):
        operand = getattr(given, asking.name)
        if _TEST in asking.metadata and operand is not None:
            operator, negated = asking.metadata[_TEST]
            if operator.meaning.operands is Operands.NONE:
                test, negated = Test(subject, operator), operand is negated
            else:
                many = operator.meaning.operands is Operands.MANY
                test = Test(subject, operator, tuple(operand) if many else operand, fold)
            yield to_camel_case(asking.name.rstrip("_")), Not(test) if negated else test


@strawberry.input(
    description=f"Tests of a text, which is compared by code points. All that are given must hold. {MISSING}"
)
class StringFilter:
    eq: str | None = _asks(Operator.EQ)
    ne: str | None = _asks(Operator.EQ, negated=True)
    in_: list[str] | None = _asks(Operator.IN, name="in")
    not_in: list[str] | None = _asks(Operator.IN, negated=True)
    starts_with: str | None = _asks(Operator.STARTS_WITH)
    ends_with: str | None = _asks(Operator.ENDS_WITH)
    contains: str | None = _asks(Operator.CONTAINS)
    ignore_case: bool | None = _field(
        default=False, description="Compare without regard to case, by Unicode's full case folding."
    )
    is_null: bool | None = _asks(Operator.EXISTS, negated=True)

    def predicate(self, subject: Subject) -> Predicate:
        return all_of(*(test for _, test in _tests(self, subject, fold=bool(self.ignore_case))))


@strawberry.input(description="Tests of a time. All that are given must hold; a time that was not recorded meets none.")
class TimeFilter:
    after: DateTime | None = _asks(Operator.GT, "time", more="later")
    at_or_after: DateTime | None = _asks(Operator.GTE, "time", more="later")
    before: DateTime | None = _asks(Operator.LT, "time", less="earlier")
    at_or_before: DateTime | None = _asks(Operator.LTE, "time", less="earlier")

    def predicate(self, subject: Subject) -> Predicate:
        return all_of(*(_of_whole_milliseconds(test) for _, test in _tests(self, subject)))


def _of_whole_milliseconds(test: Predicate) -> Predicate:
    """The same test, as whole milliseconds meet it: before half of one is before the next, and so is from then on."""
    if isinstance(test, Test) and isinstance(test.operand, Truncated) and test.operator in (Operator.GTE, Operator.LT):
        return replace(test, operand=test.operand + 1)
    return test


@strawberry.input(
    description=f"Tests of the text of one label; with none but the key, that the label is there. {MISSING}"
)
class LabelFilter:
    key: str = _field(description="The label's key.")
    eq: str | None = _asks(Operator.EQ)
    ne: str | None = _asks(Operator.EQ, negated=True)
    in_: list[str] | None = _asks(Operator.IN, name="in")
    not_in: list[str] | None = _asks(Operator.IN, negated=True)
    exists: bool | None = _asks(Operator.EXISTS)

    def predicate(self) -> Predicate:
        subject = Label(self.key)
        terms = [test for _, test in _tests(self, subject)]
        return all_of(*terms) if terms else Test(subject, Operator.EXISTS)


_SCALAR, _ORDERED = "string, number or boolean", "number or string"


@strawberry.input(
    description="Tests of one property: of the declared property of this name, else of the custom property. "
    "Numbers are compared with numbers, integers and doubles alike, texts with texts by code points, booleans with "
    "booleans; a value of another type meets no test, but an integer beyond 2^53 meets those by its digits as a "
    f"string, too. With none but the name, that the property is there. {MISSING}"
)
class PropertyFilter:
    name: str = _field(description="The property's name.")
    eq: JSON | None = _asks(Operator.EQ, _SCALAR)
    ne: JSON | None = _asks(Operator.EQ, _SCALAR, negated=True)
    in_: list[JSON] | None = _asks(Operator.IN, _SCALAR, name="in")
    gt: JSON | None = _asks(Operator.GT, _ORDERED)
    gte: JSON | None = _asks(Operator.GTE, _ORDERED)
    lt: JSON | None = _asks(Operator.LT, _ORDERED)
    lte: JSON | None = _asks(Operator.LTE, _ORDERED)
    contains: str | None = _asks(Operator.CONTAINS)
    exists: bool | None = _asks(Operator.EXISTS)

    def predicate(self, path: str, group: Group | None = None) -> Predicate:
        """The predicate: of the property of its name, or of the item of a group."""
        subject = Property(self.name) if group is None else Item(group, self.name)
        terms: list[Predicate] = []
        for name, term in _tests(self, subject):
            _check_scalars(term.term if isinstance(term, Not) else term, f"{path}.{name}")
            terms.append(Not(_in_either_form(term.term)) if isinstance(term, Not) else _in_either_form(term))
        return all_of(*terms) if terms else Test(subject, Operator.EXISTS)


def _in_either_form(test: Predicate) -> Predicate:
    """A test by a string that an integer may be written as: those beyond 2^53 are, and who asks cannot tell."""
    if not isinstance(test, Test) or Family.NUMBER not in test.operator.meaning.families:
        return test
    numbers = tuple(number for text in operands_of(test) if isinstance(text, str) and (number := spelt_integer(text)))
    if not numbers:
        return test
    if isinstance(test.operand, tuple):
        return replace(test, operand=(*test.operand, *numbers))
    return Or((test, replace(test, operand=numbers[0])))


def _check_scalars(test: Predicate, path: str) -> None:
    """Refuses operands that no property is compared with, or not by this operator."""
    if not isinstance(test, Test):
        return
    for place, operand in enumerate(operands_of(test)):
        _scalar(operand, f"{path}[{place}]" if isinstance(test.operand, tuple) else path)
        if family_of(operand) not in test.operator.meaning.families:
            raise InvalidArgument("booleans have no order; use eq, ne or in", path)


def _scalar(value: Any, path: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgument("properties hold no NaN and no infinities", path)
    if not isinstance(value, (str, int, float)):
        raise InvalidArgument(
            "properties are compared with strings, numbers and booleans; see exists for the rest", path
        )


SELECTOR = (
    "A label selector in Kubernetes' grammar: `team=fraud,stage in (prod,canary),tier!=gold,owner,!retired`. "
    "All requirements must hold; `!=` and `notin` hold for a missing label."
)


@strawberry.input(description="Which workspace or run. All that are given must hold.")
class ContextFilter:
    id: strawberry.ID | None = _field(default=None, description="The one with this id.")
    ids: list[strawberry.ID] | None = _field(default=None, description="One of those with these ids.")
    name: StringFilter | None = _field(default=None, description="Tests of its name.")
    label_selector: str | None = _field(default=None, description=SELECTOR)

    def predicate(self, relation: Relation, path: str) -> Predicate:
        terms: list[Predicate] = []
        if self.id is not None:
            terms.append(refs_test([parse_ref(self.id, expected=relation.target, argument=f"{path}.id")]))
        if self.ids is not None:
            terms.append(refs_test(parsed_refs(self.ids, relation.target, f"{path}.ids")))
        if self.name is not None:
            terms.append(self.name.predicate(Field.NAME))
        if self.label_selector is not None:
            terms.append(selected(self.label_selector, f"{path}.labelSelector"))
        return Related(relation, all_of(*terms))


def selected(selector: str, path: str) -> Predicate:
    """The predicate of a label selector.

    Raises:
        InvalidArgument: it is not in the grammar; the argument is the path and the place.
    """
    try:
        return parse_selector(selector)
    except InvalidArgument as fault:
        raise fault.under(path) from None


def refs_test(refs: list[Ref]) -> Predicate:
    if all(isinstance(ref.key, int) and ref.kind is not EntityKind.RUN for ref in refs):
        return Test(Field.ID, Operator.IN, tuple(ref.key for ref in refs))
    return Test(Field.REF, Operator.IN, tuple(refs))


def parsed_refs(ids: list[strawberry.ID], kind: EntityKind, path: str) -> list[Ref]:
    return [parse_ref(id_, expected=kind, argument=f"{path}[{place}]") for place, id_ in enumerate(ids)]
