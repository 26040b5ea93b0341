"""Selections below the root are answered level by level, each by functions that are made once an operation.

graphql-core takes every field of every object through the same general steps.
Here a selection becomes a `Completion`: one function for all plain fields of an
object, one call of the loaders for a field of all objects of a list. What it
does not know, such as introspection, is left to graphql-core, and so is a
selection on which it fails: graphql-core goes over that again and tells the
error where it belongs. Below the root everything only reads, so reading twice
changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from lineageql.api.entity import always
from lineageql.api.levels import (
    Completion,
    PartWriter,
    Unprojectable,
    chosen,
    leaf,
    listed,
    non_null,
    nullable,
    once,
    read,
    resolved,
    selected,
    weight,
)
from lineageql.api.written_json import Parts
from lineageql.pace import Pace

_DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
_FEW = 16
"""How many items of a list graphql-core may complete in one go."""
_SOME = 256
"""How many items of a list in parts it may begin with before it waits for them."""
_BEGINNING = 4
"""How many fields of the root begin in one go: each may have a statement to make."""


def _futures(begun: Mapping[str, Any]) -> list[asyncio.Future[Any]]:
    return [found for found in begun.values() if isinstance(found, asyncio.Future)]


class ProjectingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._objects: dict[tuple[str, int], Completion | None] = {}
        self._lists: dict[tuple[int, int], Completion | None] = {}
        self._pace = Pace()
        self._charge = self.context_value.budget.answer
        self._writer = PartWriter()
        self.context_value.work.ends(self)

    def end(self) -> None:
        """Lets go of what was made for the operation and holds the executor.

        Else all that the operation has read stays in memory until the garbage collector runs.
        """
        self._objects.clear()
        self._lists.clear()
        self.async_helpers: Any = None

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The answer of an object."""
        if path is None and (len(grouped_field_set) > 1 or self.context_value.large):
            return self._paced_root(super().execute_fields, parent_type, source_value, grouped_field_set)
        leave = partial(super().execute_fields, parent_type, source_value, path, grouped_field_set, position_context)
        completion = None if path is None else self._fields(parent_type, grouped_field_set)
        return self._complete(completion, source_value, leave)

    async def _paced_root(self, execute: Any, parent_type: Any, source_value: Any, fields: Mapping[str, Any]) -> Any:
        """The answer of a query's root, whose fields begin one after the other: hundreds of them take long to begin."""
        begun: dict[str, Any] = {}
        try:
            with self.context_value.loaders.keeping_walks():
                await self._begin(partial(execute, parent_type, source_value, None), fields, begun)
            await gather_with_cancel(*_futures(begun))
        finally:
            # Where the operation is cancelled while fields begin, those that have begun end with it.
            self.context_value.work.add(_futures(begun))
        answer: dict[str, Any] = {}
        for found in begun.values():
            answer.update(found.result() if isinstance(found, asyncio.Future) else found)
        return answer

    async def _begin(self, execute: Any, fields: Mapping[str, Any], begun: dict[str, Any]) -> None:
        """Begins the fields of a query's root, and puts into `begun` what each begins with."""
        for name, details in fields.items():
            found = await self._begun(partial(execute, {name: details}, None))
            begun[name] = asyncio.ensure_future(found) if self.is_awaitable(found) else found
            if len(begun) % _BEGINNING == 0:
                await asyncio.sleep(0)  # those that have begun go on until they wait for the store
            await self._pace.rest()
        await asyncio.sleep(0)  # and so do the last

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The answer of a mutation's root."""
        execute = super().execute_fields_serially
        if not self.context_value.large:
            return execute(parent_type, source_value, path, grouped_field_set, position_context)

        async def one_by_one() -> dict[str, Any]:
            answer: dict[str, Any] = {}
            for name, details in grouped_field_set.items():
                found = await self._begun(partial(execute, parent_type, source_value, path, {name: details}, None))
                answer.update(await found if self.is_awaitable(found) else found)
            return answer

        return one_by_one()

    async def _begun(self, begin: Callable[[], Any]) -> Any:
        """What a field of the root begins with. Many inputs become arguments in a thread beside the event loop."""
        return await asyncio.to_thread(begin) if self.context_value.large else begin()

    def complete_list_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """The answer of a list."""
        complete = super().complete_list_value

        def leave() -> Any:
            # graphql-core completes a list in one go; what it has to wait for it completes one by one.
            several = isinstance(result, list) and len(result) > _FEW
            items = list(map(self._paced_item, result)) if several else result
            return complete(return_type, field_details_list, info, path, items, position_context)

        key = (id(return_type), id(field_details_list))
        if key not in self._lists:
            self._lists[key] = self._type(return_type, field_details_list)
        return self._complete(self._lists[key] if isinstance(result, (list, Parts)) else None, result, leave)

    async def _paced_item(self, item: Any) -> Any:
        await self._pace.rest()
        return await item if self.is_awaitable(item) else item

    async def complete_async_iterator_value(
        self,
        item_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        async_iterator: Any,
        position_context: Any,
    ) -> list[Any]:
        """The answer of a list in parts that graphql-core completes.

        It would begin with all items before it waits for one, which keeps the event loop for seconds. Here that is some
        at a time, so that what is wrong with one of the first ends the list.
        """
        completed: list[Any] = []
        some: list[Any] = []
        async with aclosing(async_iterator) as items:
            async for item in items:
                some.append(item)
                if len(some) == _SOME:
                    completed += await self._some_completed(
                        some, len(completed), item_type, field_details_list, info, path, position_context
                    )
                    some.clear()
        return completed + await self._some_completed(
            some, len(completed), item_type, field_details_list, info, path, position_context
        )

    async def _some_completed(
        self, some: Sequence[Any], first: int, item_type: Any, details: Any, info: Any, path: Any, position_context: Any
    ) -> list[Any]:
        """The answers of some items of a list, the first of which has this place."""
        await self._pace.rest()
        completed: list[Any] = []
        waiting: list[int] = []
        try:
            for place, item in enumerate(some):
                at = path.add_key(first + place, None)
                if self.complete_list_item_value(item, completed, item_type, details, info, at, position_context):
                    waiting.append(place)
        except Exception:
            self.settle_in_background([completed[place] for place in waiting])
            raise
        answers = await gather_with_cancel(*(completed[place] for place in waiting))
        for place, answer in zip(waiting, answers, strict=True):
            completed[place] = answer
        return completed

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]
        """The answer of a scalar or an enum that graphql-core completes."""
        found = super().complete_leaf_value(return_type, result)
        self._charge(weight(found))
        return found

    def settle_in_background(self, awaitables: list[Awaitable[Any]]) -> None:
        """Lets the fields go on that are waited for beside one that failed, until the operation is answered."""
        tasks = list(map(asyncio.ensure_future, awaitables))
        self.context_value.work.add(tasks)
        super().settle_in_background([*tasks])

    def _complete(self, completion: Completion | None, value: Any, leave: Any) -> Any:
        if completion is None:
            return leave()
        if completion.at_once(1):
            assert completion.column is not None
            try:
                return completion.column([value])[0]
            except Exception:  # whatever it is, graphql-core meets it again and says where
                self.context_value.budget.check()
                return leave()

        async def waiting() -> Any:
            try:
                return (await completion.all([value]))[0]
            except Exception:  # as above
                self.context_value.budget.check()
                found = leave()
                return await found if self.is_awaitable(found) else found

        return waiting()

    # -- completions, None where graphql-core must do it

    def _type(self, type_: Any, details: Any) -> Completion | None:
        if isinstance(type_, GraphQLNonNull):
            inner = self._type_of_value(type_.of_type, details)
            return inner and non_null(inner)
        inner = self._type_of_value(type_, details)
        return inner and nullable(inner)

    def _type_of_value(self, type_: Any, details: Any) -> Completion | None:
        if is_leaf_type(type_):
            return leaf(type_, self._charge)
        if isinstance(type_, GraphQLList):
            item = self._type(type_.of_type, details)
            return item and listed(item, self._writer)
        if isinstance(type_, GraphQLObjectType):
            completion = self._object(type_, details)
            return completion and once(completion, self._charge)
        return self._interface(type_, details) if isinstance(type_, GraphQLInterfaceType) else None

    def _interface(self, type_: GraphQLInterfaceType, details: Any) -> Completion | None:
        name_of, possible = type_.resolve_type, list(self.schema.get_possible_types(type_))
        if self._reads_alike(possible, details):
            completion = self._object(possible[0], details)
            return completion and once(completion, self._charge)
        found = {one.name: self._object(one, details) for one in possible}
        known = {name: completion for name, completion in found.items() if completion is not None}
        if name_of is None or len(known) < len(found):
            return None
        return once(chosen(known, lambda value: name_of(value, None, type_)), self._charge)  # type: ignore[arg-type, return-value]

    def _reads_alike(self, types: Sequence[GraphQLObjectType], details: Any) -> bool:
        """Whether of all these types the same is selected and read alike, so that answers do not depend on the type."""
        wanted = set()
        for type_ in types:
            selection = []
            collected = self._collected(type_, details)
            if collected is None:
                return False
            for key, fields in collected.grouped_field_set.items():
                field = type_.fields.get(fields[0].node.name.value)
                definition = field.extensions.get(_DEFINITION) if field is not None else None
                if field is None or definition is None:
                    return False
                resolver = definition.base_resolver
                read = definition.python_name if resolver is None else resolver.wrapped_func
                selection.append((key, read, str(field.type), tuple(id(one.node) for one in fields)))
            wanted.add(tuple(selection))
        return len(wanted) == 1

    def _collected(self, type_: GraphQLObjectType, details: Any) -> Any:
        """What is selected of an object; None where a directive's condition is wrong."""
        try:
            return self.collect_subfields(type_, details)
        except GraphQLError:
            return None

    def _object(self, type_: GraphQLObjectType, details: Any) -> Completion | None:
        collected = self._collected(type_, details)
        if collected is None or collected.new_defer_usages:
            return None
        completion, check = self._fields(type_, collected.grouped_field_set), type_.is_type_of
        if completion is None or check is None or getattr(check, "__func__", None) is always:
            return completion

        def same(value: Any) -> Any:
            if not check(value, None):  # type: ignore[arg-type]  # ours look at the value only
                raise Unprojectable
            return value

        return read(same, completion)

    def _fields(self, type_: GraphQLObjectType, grouped_field_set: Mapping[str, Any]) -> Completion | None:
        # Of one operation, graphql-core makes each set once and keeps it.
        key = (type_.name, id(grouped_field_set))
        if key not in self._objects:
            self._objects[key] = None
            found = {name: self._field(type_, details) for name, details in grouped_field_set.items()}
            known = {name: completion for name, completion in found.items() if completion is not None}
            if len(known) == len(found):
                self._objects[key] = selected(known, self._charge)
        return self._objects[key]

    def _field(self, type_: GraphQLObjectType, details: Any) -> Completion | None:
        name = details[0].node.name.value
        if name == "__typename":
            type_name = type_.name
            return Completion(lambda values: [type_name] * len(values))
        field = type_.fields.get(name)
        definition: StrawberryField | None = field.extensions.get(_DEFINITION) if field is not None else None
        if field is None or definition is None or definition.extensions:
            return None
        completion = self._type(field.type, details)
        if completion is None:
            return None
        if definition.base_resolver is None:
            return read(attrgetter(definition.python_name), completion)
        resolve = self._resolver(type_, field, definition, details)
        return resolve and resolved(resolve, completion)

    def _resolver(
        self, type_: GraphQLObjectType, field: GraphQLField, definition: StrawberryField, details: Any
    ) -> Callable[[Any], Any] | None:
        """The field's resolver as a function of the parent: for all parents the arguments are the same."""
        resolver = definition.base_resolver
        assert resolver is not None
        raw = self.build_resolve_info(field, [one.node for one in details], type_, None)  # type: ignore[arg-type]
        schema: Any = self.schema.extensions[_DEFINITION]
        converter = schema.schema_converter
        info = converter.config.info_class(_raw_info=raw, _field=definition)
        try:
            given = get_argument_values(
                field, details[0].node, self.variable_values, details[0].fragment_variable_values, self.hide_suggestions
            )
            arguments = convert_arguments(
                given, definition.arguments, converter.scalar_registry, converter.config, info
            )
        except GraphQLError:
            return None
        if resolver.info_parameter:
            arguments[resolver.info_parameter.name] = info
        function: Any = resolver.wrapped_func
        call = partial(function, **arguments)
        parent = resolver.parent_parameter
        if parent is None:
            return call if resolver.self_parameter else lambda _: call()
        if resolver.self_parameter:
            return lambda value: call(value, **{parent.name: value})
        return lambda value: call(**{parent.name: value})
