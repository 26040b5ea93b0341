"""How values become answers, many at a time.

A *column* makes the answers of a list of values at once. A *level* makes them
too and may wait in between: for a field that a loader answers it asks for all
values before it waits for any. Null stands for null in both; where none may be,
and wherever else a value is not as its type wants it, they raise, and
graphql-core has to say what is wrong and where.

All values of a level pass one step together, as most steps then are a loop of
the interpreter's own and not of Python's.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import orjson
from graphql import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, GraphQLEnumType, GraphQLLeafType
from graphql.pyutils import gather_with_cancel

from lineageql.api.loading import Later, all_of
from lineageql.api.written_json import Parts, WrittenList, pieces_of

Column = Callable[[Sequence[Any]], Sequence[Any]]
Level = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]
Charge = Callable[[int], None]

_PUNCTUATION = 4
"""The bytes around a field of an object: the quotes of its name, a colon and a comma."""
_NUMBER = 8
"""The bytes of a number, a boolean or null, about."""


class Unprojectable(Exception):
    """A value that graphql-core must look at: a null where none may be, an object of another type."""


_DOCUMENT = 20
"""How many plain leaves a JSON value or a time takes as long as, about."""

PIECE = 20_000
"""How many plain leaves are completed in one go, some 5 to 20 milliseconds: then others have their turn."""


class Completion(NamedTuple):
    """How the values of a type are completed.

    Attributes:
        column: makes the answers at once; None where a field has to wait.
        level: makes them too, in pieces where there are many; None where the column can be cut by its values.
        width: how many leaves there are for each value, at least.
    """

    column: Column | None = None
    level: Level | None = None
    width: int = 1

    def at_once(self, size: int) -> bool:
        """Whether so many values can be completed in one go."""
        return self.level is None and size * self.width <= PIECE

    async def all(self, values: Sequence[Any]) -> Sequence[Any]:
        """The answers of several values."""
        if self.level is not None:
            return await self.level(values)
        assert self.column is not None
        if self.at_once(len(values)):
            return self.column(values)
        answers: list[Any] = []
        size = max(PIECE // self.width, 1)
        for start in range(0, len(values), size):
            answers.extend(self.column(values[start : start + size]))
            await asyncio.sleep(0)
        return answers


def leaf(type_: GraphQLLeafType, charge: Charge) -> Completion:
    """The completion of scalars and enums.

    Args:
        type_: the type.
        charge: is told how many bytes of the answer they are, about.
    """
    coerce = type_.coerce_output_value
    if isinstance(type_, GraphQLEnumType):
        names: dict[Any, Any] = {}

        def named(values: Sequence[Any]) -> Sequence[Any]:
            for value in set(values) - names.keys():
                names[value] = coerce(value)
            return list(map(names.__getitem__, values))

        return Completion(named)
    if type_.name in ("String", "ID"):
        texts = {str}

        def text(values: Sequence[Any]) -> Sequence[Any]:
            found = values if texts.issuperset(map(type, values)) else list(map(coerce, values))
            charge(sum(map(len, found)))
            return found

        return Completion(text)
    if type_.name == "Int":

        def whole(values: Sequence[Any]) -> Sequence[Any]:
            plain = set(map(type, values)) == {int} and GRAPHQL_MIN_INT <= min(values) <= max(values) <= GRAPHQL_MAX_INT
            return values if plain else list(map(coerce, values))

        return Completion(whole)

    def others(values: Sequence[Any]) -> Sequence[Any]:
        found = list(map(coerce, values))
        charge(_weights(found))
        return found

    return Completion(others, width=_DOCUMENT)


def _weights(values: Sequence[Any]) -> int:
    """How many bytes JSON values take in an answer, about."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return sum(map(len, values))
    return sum(map(weight, values)) if kinds & {str, dict, list} else _NUMBER * len(values)


def weight(value: Any) -> int:
    """How many bytes a JSON value takes in an answer, about.

    To write it is the fastest way to know. Where orjson cannot write it, the length of its texts and 8 for each other
    value will do.
    """
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError:
        return _estimate(value)


def _estimate(value: Any) -> int:
    kind = type(value)
    if kind is str:
        return len(value)
    if kind is dict:
        return sum(map(len, value)) + sum(map(_estimate, value.values())) + _NUMBER
    return sum(map(_estimate, value)) + _NUMBER if kind is list else _NUMBER


def nullable(inner: Completion) -> Completion:
    """The completion of a type whose values may be null."""
    column, level = inner.column, inner.level

    def at_once(values: Sequence[Any]) -> Sequence[Any]:
        assert column is not None
        return column(values) if None not in values else _with_nulls(values, column(_there(values)))

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        there = _there(values)
        return _with_nulls(values, await level(there) if there else ())

    return inner._replace(column=column and at_once, level=level and waiting)


def _there(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _with_nulls(values: Sequence[Any], answers: Sequence[Any]) -> Sequence[Any]:
    found = iter(answers)
    return [None if value is None else next(found) for value in values]


def non_null(inner: Completion) -> Completion:
    """The completion of a type whose values are never null."""
    column, level = inner.column, inner.level

    def at_once(values: Sequence[Any]) -> Sequence[Any]:
        assert column is not None
        return _none_null(column(_none_null(values)))

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        return await level(_none_null(values))

    return inner._replace(column=column and at_once, level=level and waiting)


def _none_null(values: Sequence[Any]) -> Sequence[Any]:
    if None in values:
        raise Unprojectable
    return values


def listed(item: Completion, writer: PartWriter) -> Completion:
    """The completion of lists: the items of all lists are completed together.

    How many there are is seen when they are there, so lists are a level even where nothing has to wait. The answer of a
    list in parts is a `WrittenList`.
    """

    async def level(lists: Sequence[Any]) -> Sequence[Any]:
        if not any(type(values) is Parts for values in lists):
            return _split(lists, await item.all(_joined(lists)))
        return [await (writer.written(values, item) if type(values) is Parts else item.all(values)) for values in lists]

    return Completion(level=level)


class PartWriter:
    """Completes and writes lists in parts, for one operation: of all its lists one part is there at a time."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def written(self, values: Parts[Any], item: Completion) -> WrittenList:
        """The answer of a list.

        Args:
            values: the list.
            item: how its items are completed.
        """
        pieces: list[bytes] = []
        parts = values.parts()
        while True:
            async with self._one:
                part = next(parts, None)
                if part is None:
                    return WrittenList(pieces)
                for piece in pieces_of(await item.all(await part)):
                    pieces.append(piece)
                    await asyncio.sleep(0)


def _joined(lists: Sequence[Any]) -> list[Any]:
    return [value for values in lists for value in values]


def _split(lists: Sequence[Any], answers: Sequence[Any]) -> Sequence[Any]:
    found = iter(answers)
    return [list(islice(found, len(values))) for values in lists]


def chosen(completions: Mapping[str, Completion], name_of: Callable[[Any], str]) -> Completion:
    """The completion of an abstract type: each value's own type has one."""
    columns = {name: completion.column for name, completion in completions.items()}
    width = max(completion.width for completion in completions.values())
    if all(completion.level is None for completion in completions.values()):

        def at_once(values: Sequence[Any]) -> Sequence[Any]:
            groups = _grouped(values, name_of)
            answers = [columns[name](some) for name, (_, some) in groups.items()]  # type: ignore[misc]
            return _placed(groups, answers)

        return Completion(at_once, width=width)

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        groups = _grouped(values, name_of)
        work = (completions[name].all(some) for name, (_, some) in groups.items())
        return _placed(groups, await gather_with_cancel(*work))

    return Completion(level=waiting, width=width)


def once(completion: Completion, charge: Charge) -> Completion:
    """The completion of objects that the same list may name again and again: each is completed once.

    Args:
        completion: of an object.
        charge: is told how many bytes of the answer those take that are there again.
    """
    column, level = completion.column, completion.level

    def distinct(values: Sequence[Any]) -> tuple[list[int], dict[int, Any]]:
        ids = list(map(id, values))
        return ids, dict(zip(ids, values, strict=True))

    def repeated(ids: Sequence[int], found: Mapping[int, Any]) -> Sequence[Any]:
        charge(sum(weight(found[id_]) * (uses - 1) for id_, uses in Counter(ids).items() if uses > 1))
        return list(map(found.__getitem__, ids))

    def at_once(values: Sequence[Any]) -> Sequence[Any]:
        assert column is not None
        ids, some = distinct(values)
        if len(some) == len(values):
            return column(values)
        return repeated(ids, dict(zip(some, column(list(some.values())), strict=True)))

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        ids, some = distinct(values)
        if len(some) == len(values):
            return await level(values)
        return repeated(ids, dict(zip(some, await level(list(some.values())), strict=True)))

    return completion._replace(column=column and at_once, level=level and waiting)


_Groups = Mapping[str, tuple[list[int], list[Any]]]


def _grouped(values: Sequence[Any], name_of: Callable[[Any], str]) -> _Groups:
    """Values by the names of their types, each with its place."""
    groups: dict[str, tuple[list[int], list[Any]]] = {}
    for place, value in enumerate(values):
        places, some = groups.setdefault(name_of(value), ([], []))
        places.append(place)
        some.append(value)
    return groups


def _placed(groups: _Groups, answers: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The answers of groups in the order of the values."""
    if len(answers) == 1:
        return answers[0]
    found: list[Any] = [None] * sum(map(len, answers))
    for (places, _), some in zip(groups.values(), answers, strict=True):
        for place, answer in zip(places, some, strict=True):
            found[place] = answer
    return found


def read(get: Callable[[Any], Any], completion: Completion) -> Completion:
    """The completion of a field that is an attribute of its parent."""
    column, level = completion.column, completion.level

    def at_once(parents: Sequence[Any]) -> Sequence[Any]:
        assert column is not None
        return column(list(map(get, parents)))

    async def waiting(parents: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        return await level(list(map(get, parents)))

    return completion._replace(column=column and at_once, level=level and waiting)


def resolved(resolve: Callable[[Any], Any], completion: Completion) -> Completion:
    """The completion of a field with a resolver, whose answers may have to be waited for."""

    async def level(parents: Sequence[Any]) -> Sequence[Any]:
        if not parents:
            return ()
        values: list[Any] = [resolve(parents[0])]
        key_of = values[0].loader.key_of if type(values[0]) is Later else None
        if key_of is not None:
            # For all parents the arguments are the same.
            return await completion.all(await values[0].loader.load_many(map(key_of, parents)))
        try:
            values.extend(map(resolve, parents[1:]))
        except BaseException:
            for value in values:
                if inspect.iscoroutine(value):
                    value.close()
            raise
        if all(type(value) is Later for value in values):
            return await completion.all(await all_of(values))
        waiting = [place for place, value in enumerate(values) if inspect.isawaitable(value)]
        found = await gather_with_cancel(*(values[place] for place in waiting))
        for place, value in zip(waiting, found, strict=True):
            values[place] = value
        return await completion.all(values)

    return Completion(level=level)


def selected(fields: Mapping[str, Completion], charge: Charge) -> Completion:
    """The completion of an object of which these fields are selected, in this order.

    Args:
        fields: their completions, by the names that they have in the answer.
        charge: is told how many bytes of the answer the names are, and what is between them.
    """
    if not fields:
        return Completion(lambda values: [{} for _ in values])
    count, objects_of = len(fields), _maker(len(fields))(*fields)
    frame = sum(map(len, fields)) + _PUNCTUATION * count
    width = sum(field.width for field in fields.values())
    columns = [(place, field) for place, field in enumerate(fields.values()) if field.level is None]
    levels = [(place, field.level) for place, field in enumerate(fields.values()) if field.level is not None]
    if not levels:
        makers = [field.column for _, field in columns if field.column is not None]

        def at_once(values: Sequence[Any]) -> Sequence[Any]:
            charge(frame * len(values))
            return objects_of([column(values) for column in makers])

        return Completion(at_once, width=width)

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        charge(frame * len(values))
        answers: list[Sequence[Any]] = [()] * count
        leaves = 0
        for place, field in columns:
            answers[place] = await field.all(values)
            leaves += len(values) * field.width
            if leaves > PIECE:
                leaves = 0
                await asyncio.sleep(0)
        if len(levels) == 1:
            found = [await levels[0][1](values)]
        else:
            found = await gather_with_cancel(*(level(values) for _, level in levels))
        for (place, _), some in zip(levels, found, strict=True):
            answers[place] = some
        return objects_of(answers)

    return Completion(level=waiting, width=width)


@lru_cache(256)
def _maker(width: int) -> Callable[..., Callable[[Sequence[Sequence[Any]]], list[dict[str, Any]]]]:
    """From so many names to a function that makes objects of columns.

    It is a display of Python's, `{a: x, b: y}`, which is several times as quick as `dict` and `zip`, and whose
    length has to stand in its text. Nothing else does: the names are arguments.
    """
    names = ", ".join(f"name_{place}" for place in range(width))
    values = "".join(f"value_{place}, " for place in range(width))
    pairs = ", ".join(f"name_{place}: value_{place}" for place in range(width))
    made: Any = eval(f"lambda {names}: lambda columns: [{{{pairs}}} for {values}in zip(*columns, strict=True)]")
    return made  # type: ignore[no-any-return]
