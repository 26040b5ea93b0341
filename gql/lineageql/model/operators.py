"""The operators of tests, a row each: what one means, and what follows from that.

The meaning is said once, in Python, over values. A Reader may have words of its
own for an operator, such as SQL; where it has none, it decides by the meaning. What
a row says nothing of is not so: an operator without an `access` is served by no index.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lineageql.model.choice import Choice

Value = object
"""What a subject is in an entity: a text, a number, a boolean, something else, or None where there is nothing."""
Said = TypeVar("Said")


class Operator(Choice):
    """The tests there are. Every other operator of the schema is built from these."""

    EQ = "="
    IN = "in"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"
    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="
    EXISTS = "exists"

    @property
    def meaning(self) -> Meaning:
        """The operator's row."""
        return MEANINGS[self]


class Family(Choice):
    """What a value is compared with: only values of its own family."""

    TEXT = "text"
    NUMBER = "number"  # integers and doubles alike
    BOOLEAN = "boolean"
    OTHER = "other"  # kinds, references, and properties that are none of the above


class Operands(Choice):
    """How many values a test of an operator names."""

    NONE = "none"
    ONE = "one"
    MANY = "many"  # as a tuple; it may be empty


class Access(Choice):
    """Which values that meet a test an index finds together."""

    EQUALITY = "equality"  # those that equal one of the operands
    RANGE = "range"  # those on one side of the operand
    PREFIX = "prefix"  # those that begin with a text; see `Meaning.prefix`


def _varies(_: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an operator means.

    Attributes:
        description: what the schema says of it. `{value}` stands for what is compared with, `{more}` for what a
            greater value is and `{less}` for what a lesser one is.
        holds: from the operands of one family to what is true (to `bool`) of the values of that family that meet
            them. Where case is ignored, both come with their case folded.
        families: the families of values that it is meant for; a value of another one does not meet it.
        operands: how many it takes.
        access: which values, with all among them that meet it, an index finds together; None where no index does.
        prefix: with `Access.PREFIX`, from the operand to how every text that meets it begins; "" where that varies.
        negation: what the schema says of its negation, where that has a name of its own.
    """

    description: str
    holds: Callable[[tuple[Any, ...]], Callable[[Any], object]]
    families: frozenset[Family]
    operands: Operands = Operands.ONE
    access: Access | None = None
    prefix: Callable[[str], str] = _varies
    negation: str = ""


class Column(dict[Operator, Said]):
    """What something says of each operator: one more column of their table.

    Args:
        name: what each operator has in this column.

    Raises:
        NotImplementedError: when it is made without an operator, or asked for one that was taken out of it.
    """

    def __init__(self, name: str, rows: Mapping[Operator, Said]) -> None:
        super().__init__(rows)
        self.name = name
        for each in Operator:
            self[each]

    def __missing__(self, key: Operator) -> Said:
        raise NotImplementedError(f"the operator {key.value} has no {self.name}: add its row to the table of them")


_ALL = frozenset(Family)
_TEXTS = frozenset({Family.TEXT})
_ORDERED = frozenset({Family.TEXT, Family.NUMBER})


def _is_one(operands: tuple[Any, ...]) -> Callable[[Any], bool]:
    return frozenset(operands).__contains__


def _is_there(_: tuple[Any, ...]) -> Callable[[Any], bool]:
    return lambda value: True  # what is not there is no value


def _as(compare: Callable[[Any, Any], bool]) -> Callable[[tuple[Any, ...]], Callable[[Any], bool]]:
    """The meaning of what compares a value, on the left, with one operand."""
    return lambda operands: lambda value: compare(value, operands[0])


MEANINGS = Column(
    "meaning",
    {
        Operator.EQ: Meaning(
            "It is this {value}.",
            _is_one,
            _ALL,
            access=Access.EQUALITY,
            negation="It is not this {value}, or there is none.",
        ),
        Operator.IN: Meaning(
            "It is one of these.",
            _is_one,
            _ALL,
            Operands.MANY,
            Access.EQUALITY,
            negation="It is none of these, or there is none.",
        ),
        Operator.STARTS_WITH: Meaning(
            "It begins with this text.", _as(str.startswith), _TEXTS, access=Access.PREFIX, prefix=str
        ),
        Operator.ENDS_WITH: Meaning("It ends with this text.", _as(str.endswith), _TEXTS),
        Operator.CONTAINS: Meaning("This text is in it.", _as(str.__contains__), _TEXTS),
        Operator.LT: Meaning("It is {less} than this {value}.", _as(operator.lt), _ORDERED, access=Access.RANGE),
        Operator.LTE: Meaning("It is this {value}, or {less}.", _as(operator.le), _ORDERED, access=Access.RANGE),
        Operator.GT: Meaning("It is {more} than this {value}.", _as(operator.gt), _ORDERED, access=Access.RANGE),
        Operator.GTE: Meaning("It is this {value}, or {more}.", _as(operator.ge), _ORDERED, access=Access.RANGE),
        Operator.EXISTS: Meaning(
            "Whether there is one.", _is_there, _ALL, Operands.NONE, negation="Whether there is none."
        ),
    },
)
"""The rows."""


def family_of(value: Value) -> Family | None:
    """The family of a value; None of nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return Family.TEXT
    if isinstance(value, bool):
        return Family.BOOLEAN
    return Family.NUMBER if isinstance(value, (int, float)) else Family.OTHER
