"""Whether a value meets a test: the meaning that every Reader has to give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineageql.model.identity import Ref
from lineageql.model.operators import Access, Family, Operands, Value, family_of
from lineageql.model.predicates import Test


def comparison(test: Test) -> Callable[[Value], bool]:
    """Whether a value meets a test, which nothing, None, never does."""
    meaning, families = test.operator.meaning, operands_by_family(test)
    if test.ignore_case and Family.TEXT in families:
        families[Family.TEXT] = tuple(map(folded, families[Family.TEXT]))
    compared = {family: meaning.holds(operands) for family, operands in families.items()}

    def is_met(value: Value) -> bool:
        meets = compared.get(family_of(value))  # type: ignore[arg-type]
        return meets is not None and bool(meets(folded(value) if test.ignore_case else value))

    return is_met


def operands_of(test: Test) -> tuple[Any, ...]:
    """The operands of a test, one or many, as a tuple."""
    match test.operator.meaning.operands:
        case Operands.NONE:
            return ()
        case Operands.ONE:
            return (test.operand,)
        case Operands.MANY:
            operands: Any = test.operand
            return tuple(operands)


def operands_by_family(test: Test) -> dict[Family, tuple[Any, ...]]:
    """The families of values that may meet a test, and the operands of each."""
    meaning = test.operator.meaning
    if meaning.operands is Operands.NONE:
        return dict.fromkeys(meaning.families, ())
    found: dict[Family, list[Any]] = {}
    for operand in operands_of(test):
        family = family_of(operand)
        if family in meaning.families:
            found.setdefault(family, []).append(operand)
    return {family: tuple(operands) for family, operands in found.items()}


def references_of(test: Test) -> tuple[Ref, ...]:
    """The references that a test of `Field.REF` names.

    Raises:
        NotImplementedError: the test does not ask for equality; nothing else is asked of references.
    """
    if test.operator.meaning.access is not Access.EQUALITY:
        raise NotImplementedError(f"references are compared by = and in, and not by {test.operator.value}")
    return operands_of(test)


def folded(value: Any) -> Any:
    """A text, or each text of a tuple, with its case folded; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(map(folded, value))
    return value.casefold() if isinstance(value, str) else value
