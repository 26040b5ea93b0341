"""Readers that tell an explanation what they do.

Nothing here takes part in reading. `explained` puts a witness before a Reader and
another behind it, in the place of its driver or of its channel to MLMD's service.
The first says which read is at work, the second what that sends to the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, cast

from lineageql.model.identity import Ref
from lineageql.model.predicates import And, Not, Or, Placed, Predicate, Related, Test, name_of
from lineageql.store.explanation import Explanation, shortened
from lineageql.store.ports import Reader, Search, Window


def explained(reader: Reader, explanation: Explanation) -> Reader:
    """A Reader that answers as another does, and tells an explanation what it is asked."""
    return cast(Reader, _ExplainedReader(reader, explanation))


class _ExplainedReader:
    def __init__(self, reader: Reader, explanation: Explanation) -> None:
        self._reader = reader
        self._explanation = explanation

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._reader, name)
        if not callable(found):
            return found
        verb: Callable[..., Awaitable[Any]] = found

        async def read(*arguments: Any, **more: Any) -> Any:
            asked = ", ".join(filter(None, map(described, [*arguments, *more.values()])))
            with self._explanation.reading(name, asked):
                return await verb(*arguments, **more)

        return read


def described(asked: Any) -> str:
    """What a Reader is asked, in words."""
    match asked:
        case Search(kind, predicate, order):
            where = f" where {_said(predicate)}" if predicate != And() else ""
            way = " descending" if order.descending else ""
            return f"{kind.value.lower()}s{where} in the order of {name_of(order.field)}{way}"
        case Window(limit, after, before, backward):
            edges = [f" {name} {key!r}" for name, key in (("after", after), ("before", before)) if key is not None]
            return f"{'last' if backward else 'first'} {limit}{''.join(edges)}"
        case And() | Or() | Not() | Test() | Related() | Placed():
            return _said(asked)
        case str() | int():
            return str(asked)
        case list() | tuple() if asked and isinstance(asked[0], Ref):
            kinds = sorted({ref.kind.value.lower() for ref in asked})
            return _many(len(asked), " and ".join(kinds) if len(asked) == 1 else "s and ".join(kinds))
        case list() | tuple():
            return _many(len(asked), "id")
        case None:
            return ""
    if isinstance(asked, (frozenset, set)):
        return f"{{{', '.join(sorted(str(shortened(one)) for one in asked))}}}"
    return str(shortened(asked)) if isinstance(asked, Enum) else ""


def _many(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _said(predicate: Predicate) -> str:
    match predicate:
        case And(terms):
            return " and ".join(map(_inner, terms)) or "true"
        case Or(terms):
            return " or ".join(map(_inner, terms)) or "false"
        case Not(term):
            return f"not {_inner(term)}"
        case Related(relation, inner):
            return f"{relation.value}({_said(inner)})"
        case Placed(by, family):
            return f"{family.value}s of {name_of(by)}"
        case Test(subject, operator, operand, ignore_case):
            left = name_of(subject)
            right = f" {shortened(operand)!r}" if operand is not None else ""
            return f"{left} {operator.value}{right}{' ignoring case' if ignore_case else ''}"
    raise AssertionError(predicate)


def _inner(term: Predicate) -> str:
    return f"({_said(term)})" if isinstance(term, (And, Or)) else _said(term)
