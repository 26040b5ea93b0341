"""Numbers against numbers where a database compares integers with doubles as doubles, and so takes some for equal."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from fractions import Fraction

from lineageql.store.sql.dialects.dialect import Comparison

_ABOVE: dict[Comparison, Comparison] = {
    operator.lt: operator.lt,
    operator.le: operator.lt,
    operator.gt: operator.ge,
    operator.ge: operator.ge,
}
_BELOW: dict[Comparison, Comparison] = {
    operator.lt: operator.le,
    operator.le: operator.le,
    operator.gt: operator.gt,
    operator.ge: operator.gt,
}


def as_double(how: Comparison, number: int) -> tuple[Comparison, float] | None:
    """The comparison with a double that says of every double what one with an integer says; None for never.

    The integer is below 2**1023.
    """
    near = float(number)
    if near == number:
        return how, near
    if how is operator.eq:
        return None
    # No double lies between the integer and the one next to it.
    return (_ABOVE if near > number else _BELOW)[how], near


def as_decimal(number: int | float) -> Decimal:
    """A finite number as a decimal: in the same order as numbers themselves, and equal where they are.

    An integer of 64 bits is itself, be it a double or not; of other doubles it is the shortest decimal between
    the two points that are half-way to the next ones, as PostgreSQL writes it. Python takes these points too.
    """
    if isinstance(number, int) or (number.is_integer() and -(2**63) <= number < 2**63):
        return Decimal(int(number))
    if abs(number) < 2**53:
        return Decimal(repr(number))  # these points have too many digits to be the shortest
    ulp = Fraction(math.ulp(number))
    # Below a power of two doubles are closer.
    below = ulp / 4 if math.frexp(number)[0] in (0.5, -0.5) else ulp / 2
    size = Fraction(abs(number))
    digits = (Decimal(f"{abs(number):.{places}e}") for places in range(17))
    found = next(some for some in digits if size - below < Fraction(some) < size + ulp / 2)
    return found if number > 0 else -found
