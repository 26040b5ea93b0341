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

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from graphql import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, GraphQLEnumType, GraphQLLeafType
from graphql.pyutils import gather_with_cancel

from lineageql.api.loading import Later, all_of

Column = Callable[[Sequence[Any]], Sequence[Any]]
Level = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


class Unprojectable(Exception):
    """A value that graphql-core must look at: a null where none may be, an object of another type."""


class Completion(NamedTuple):
    """How the values of a type are completed: by a column where no field waits, else by a level."""

    column: Column | None = None
    level: Level | None = None

    async def all(self, values: Sequence[Any]) -> Sequence[Any]:
        """The answers of several values."""
        if self.column is not None:
            return self.column(values)
        assert self.level is not None
        return await self.level(values)


def leaf(type_: GraphQLLeafType) -> Completion:
    """The completion of scalars and enums."""
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
            return values if texts.issuperset(map(type, values)) else list(map(coerce, values))

        return Completion(text)
    if type_.name == "Int":

        def whole(values: Sequence[Any]) -> Sequence[Any]:
            plain = set(map(type, values)) == {int} and GRAPHQL_MIN_INT <= min(values) <= max(values) <= GRAPHQL_MAX_INT
            return values if plain else list(map(coerce, values))

        return Completion(whole)
    return Completion(lambda values: list(map(coerce, values)))


def nullable(inner: Completion) -> Completion:
    """The completion of a type whose values may be null."""
    column, level = inner.column, inner.level
    if column is not None:

        def at_once(values: Sequence[Any]) -> Sequence[Any]:
            return column(values) if None not in values else _with_nulls(values, column(_there(values)))

        return Completion(at_once)

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        there = _there(values)
        return _with_nulls(values, await level(there) if there else ())

    return Completion(level=waiting)


def _there(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _with_nulls(values: Sequence[Any], answers: Sequence[Any]) -> Sequence[Any]:
    found = iter(answers)
    return [None if value is None else next(found) for value in values]


def non_null(inner: Completion) -> Completion:
    """The completion of a type whose values are never null."""
    column, level = inner.column, inner.level
    if column is not None:

        def at_once(values: Sequence[Any]) -> Sequence[Any]:
            return _none_null(column(_none_null(values)))

        return Completion(at_once)

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        return await level(_none_null(values))

    return Completion(level=waiting)


def _none_null(values: Sequence[Any]) -> Sequence[Any]:
    if None in values:
        raise Unprojectable
    return values


def listed(item: Completion) -> Completion:
    """The completion of lists: the items of all lists are completed together."""
    column, level = item.column, item.level
    if column is not None:
        return Completion(lambda lists: _split(lists, column(_joined(lists))))

    async def waiting(lists: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        return _split(lists, await level(_joined(lists)))

    return Completion(level=waiting)


def _joined(lists: Sequence[Any]) -> list[Any]:
    return [value for values in lists for value in values]


def _split(lists: Sequence[Any], answers: Sequence[Any]) -> Sequence[Any]:
    found = iter(answers)
    return [list(islice(found, len(values))) for values in lists]


def chosen(completions: Mapping[str, Completion], name_of: Callable[[Any], str]) -> Completion:
    """The completion of an abstract type: each value's own type has one."""
    columns = {name: completion.column for name, completion in completions.items()}
    if all(columns.values()):

        def at_once(values: Sequence[Any]) -> Sequence[Any]:
            groups = _grouped(values, name_of)
            answers = [columns[name](some) for name, (_, some) in groups.items()]  # type: ignore[misc]
            return _placed(groups, answers)

        return Completion(at_once)

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        groups = _grouped(values, name_of)
        work = (completions[name].all(some) for name, (_, some) in groups.items())
        return _placed(groups, await gather_with_cancel(*work))

    return Completion(level=waiting)


def once(completion: Completion) -> Completion:
    """The completion of objects that the same list may name again and again: each is completed once."""
    column, level = completion.column, completion.level
    if column is not None:

        def at_once(values: Sequence[Any]) -> Sequence[Any]:
            ids = list(map(id, values))
            distinct = dict(zip(ids, values, strict=True))
            if len(distinct) == len(values):
                return column(values)
            found = dict(zip(distinct, column(list(distinct.values())), strict=True))
            return list(map(found.__getitem__, ids))

        return Completion(at_once)

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        assert level is not None
        ids = list(map(id, values))
        distinct = dict(zip(ids, values, strict=True))
        found = dict(zip(distinct, await level(list(distinct.values())), strict=True))
        return list(map(found.__getitem__, ids))

    return Completion(level=waiting)


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
    if column is not None:
        return Completion(lambda parents: column(list(map(get, parents))))
    assert level is not None
    return Completion(level=lambda parents: level(list(map(get, parents))))


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


def selected(fields: Mapping[str, Completion]) -> Completion:
    """The completion of an object of which these fields are selected, in this order."""
    if not fields:
        return Completion(lambda values: [{} for _ in values])
    width, objects_of = len(fields), _maker(len(fields))(*fields)
    columns = [(place, field.column) for place, field in enumerate(fields.values()) if field.column is not None]
    levels = [(place, field.level) for place, field in enumerate(fields.values()) if field.level is not None]
    if not levels:
        return Completion(lambda values: objects_of([column(values) for _, column in columns]))

    async def waiting(values: Sequence[Any]) -> Sequence[Any]:
        answers: list[Sequence[Any]] = [()] * width
        for place, column in columns:
            answers[place] = column(values)
        if len(levels) == 1:
            found = [await levels[0][1](values)]
        else:
            found = await gather_with_cancel(*(level(values) for _, level in levels))
        for (place, _), some in zip(levels, found, strict=True):
            answers[place] = some
        return objects_of(answers)

    return Completion(level=waiting)


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
