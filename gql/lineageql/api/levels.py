"""How values become answers, many at a time.

A *projection* makes the answer of one value, at once. A *level* makes the
answers of a list of values and may wait in between: for a field that a loader
answers it asks for all values before it waits for any. Null stands for null in
both; where none may be, and wherever else a value is not as its type wants it,
they raise, and graphql-core has to say what is wrong and where.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from graphql import GraphQLEnumType, GraphQLLeafType

Projection = Callable[[Any], Any]
Level = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


class Unprojectable(Exception):
    """A value that graphql-core must look at: a null where none may be, an object of another type."""


class Completion(NamedTuple):
    """How the values of a type are completed: by a projection where no field waits, else by a level."""

    project: Projection | None = None
    level: Level | None = None

    async def all(self, values: Sequence[Any]) -> Sequence[Any]:
        """The answers of several values."""
        if self.project is not None:
            return list(map(self.project, values))
        assert self.level is not None
        return await self.level(values)


def leaf(type_: GraphQLLeafType) -> Completion:
    """The completion of scalars and enums."""
    coerce = type_.coerce_output_value
    if isinstance(type_, GraphQLEnumType):
        names: dict[Any, Any] = {}

        def name_of(value: Any) -> Any:
            name = names.get(value)
            if name is None:
                name = names[value] = coerce(value)
            return name

        return Completion(name_of)
    if type_.name in ("String", "ID"):
        return Completion(lambda value: value if type(value) is str else coerce(value))
    return Completion(coerce)


def nullable(inner: Completion) -> Completion:
    """The completion of a type whose values may be null."""
    if inner.project is not None:
        project = inner.project
        return Completion(lambda value: None if value is None else project(value))

    async def level(values: Sequence[Any]) -> Sequence[Any]:
        there = [value for value in values if value is not None]
        found = iter(await inner.all(there) if there else ())
        return [None if value is None else next(found) for value in values]

    return Completion(level=level)


def non_null(inner: Completion) -> Completion:
    """The completion of a type whose values are never null."""
    if inner.project is not None:
        project = inner.project

        def one(value: Any) -> Any:
            found = None if value is None else project(value)
            if found is None:
                raise Unprojectable
            return found

        return Completion(one)

    async def level(values: Sequence[Any]) -> Sequence[Any]:
        if None in values:
            raise Unprojectable
        return await inner.all(values)

    return Completion(level=level)


def listed(item: Completion) -> Completion:
    """The completion of lists: the items of all lists are completed together."""
    if item.project is not None:
        project = item.project
        return Completion(lambda values: [project(value) for value in values])

    async def level(lists: Sequence[Any]) -> Sequence[Any]:
        found = iter(await item.all([value for values in lists for value in values]))
        return [list(islice(found, len(values))) for values in lists]

    return Completion(level=level)


def chosen(completions: Mapping[str, Completion], name_of: Callable[[Any], str]) -> Completion:
    """The completion of an abstract type: each value's own type has one."""
    projections = {name: completion.project for name, completion in completions.items()}
    if all(projections.values()):
        return Completion(lambda value: projections[name_of(value)](value))  # type: ignore[misc]

    async def level(values: Sequence[Any]) -> Sequence[Any]:
        groups: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            groups.setdefault(name_of(value), []).append(place)
        work = (completions[name].all([values[place] for place in places]) for name, places in groups.items())
        answers: list[Any] = [None] * len(values)
        for places, found in zip(groups.values(), await asyncio.gather(*work), strict=True):
            for place, answer in zip(places, found, strict=True):
                answers[place] = answer
        return answers

    return Completion(level=level)


def read(get: Projection, completion: Completion) -> Completion:
    """The completion of a field that is an attribute of its parent."""
    if completion.project is not None:
        project = completion.project
        return Completion(lambda parent: project(get(parent)))
    return Completion(level=lambda parents: completion.all([get(parent) for parent in parents]))


def resolved(resolve: Projection, completion: Completion) -> Completion:
    """The completion of a field with a resolver, whose answers may have to be waited for."""

    async def level(parents: Sequence[Any]) -> Sequence[Any]:
        values: list[Any] = []
        try:
            values.extend(resolve(parent) for parent in parents)
        except BaseException:
            for value in values:
                if inspect.iscoroutine(value):
                    value.close()
            raise
        waiting = [place for place, value in enumerate(values) if inspect.isawaitable(value)]
        found = await asyncio.gather(*(values[place] for place in waiting))
        for place, value in zip(waiting, found, strict=True):
            values[place] = value
        return await completion.all(values)

    return Completion(level=level)


def selected(fields: Mapping[str, Completion]) -> Completion:
    """The completion of an object of which these fields are selected, in this order."""
    plain = [(name, field.project) for name, field in fields.items() if field.project is not None]
    waiting = [(name, field.level) for name, field in fields.items() if field.level is not None]
    if not waiting:
        return Completion(lambda value: {name: project(value) for name, project in plain})
    steps = [(name, field.project) for name, field in fields.items()]

    async def level(values: Sequence[Any]) -> Sequence[Any]:
        answers = [{name: project and project(value) for name, project in steps} for value in values]
        if len(waiting) == 1:
            columns = [await waiting[0][1](values)]
        else:
            columns = await asyncio.gather(*(column(values) for _, column in waiting))
        for (name, _), column in zip(waiting, columns, strict=True):
            for answer, found in zip(answers, column, strict=True):
                answer[name] = found
        return answers

    return Completion(level=level)
