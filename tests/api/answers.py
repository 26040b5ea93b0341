"""What two executors answer to the same operation, compared error by error, and what they leave behind."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from lineageql.api.schema import SCHEMA
from tests.service import Service

MEDIA = "application/graphql-response+json"


@asynccontextmanager
async def graphql_core() -> AsyncIterator[None]:
    """Operations are executed by graphql-core's own executor."""
    ours = SCHEMA.execution_context_class
    SCHEMA.execution_context_class = StrawberryGraphQLCoreExecutionContext
    try:
        yield
    finally:
        SCHEMA.execution_context_class = ours


async def answer(service: Service, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to an operation, which must be a GraphQL response whatever the operation is."""
    body = {"query": query, "variables": variables}
    response = await service.client.post("/graphql", json=body, headers={"Accept": MEDIA})
    assert response.headers["content-type"] == f"{MEDIA}; charset=utf-8", response.text
    found: dict[str, Any] = response.json()
    assert response.status_code == (200 if "data" in found else 400), response.text
    assert found.keys() <= {"data", "errors", "extensions"}
    assert found.get("extensions", {}).keys() <= {"warnings"}
    assert "data" in found or found["errors"]
    assert found.get("errors") != []
    for error in found.get("errors", ()):
        assert isinstance(error["message"], str), error
        assert error["extensions"]["code"] != "INTERNAL", error
    return found


async def ended(before: set[asyncio.Task[Any]], seconds: int = 2) -> None:
    """Waits for what the last operation began, which may be at a statement."""
    for delay in (0, 0, 0, 0.01, 0.1, *[1] * seconds):
        await asyncio.sleep(delay)
        more = asyncio.all_tasks() - before
        if not more:
            return
    raise AssertionError(f"these go on after the answer: {more}")


async def differences(
    ours: Any, theirs: Any, service: Service | None = None, query: str = "", variables: Mapping[str, Any] | None = None
) -> list[str]:
    """In what an answer is not what graphql-core's own executor answers.

    Where an error makes a field null, the errors of the fields below are of no account: GraphQL's specification wants
    one of them told, whichever comes first, and lets the rest be dropped, and how the fields take turns is the
    executor's own. So of those below one null, each that only one side tells must be one that graphql-core tells where
    nothing else is asked for. Without a service that is not asked, as where asking again would record again.
    """
    if json.dumps(ours.get("data")) != json.dumps(theirs.get("data")):
        return [f"data: {json.dumps(ours.get('data'))} and not {json.dumps(theirs.get('data'))}"]
    data, found = ours.get("data"), []
    here, there = by_null(data, ours.get("errors", ())), by_null(data, theirs.get("errors", ()))
    for place in here.keys() | there.keys():
        mine, others = here.get(place, []), there.get(place, [])
        if mine == others:
            continue
        if place is None or not mine or not others:
            found.append(f"errors at {place}: {mine} and not {others}")
            continue
        for text in {*mine} ^ {*others} if service is not None else ():
            if not await _told_alone(service, query, variables or {}, json.loads(text)):
                found += [f"an error that is none at {place}: {text}"]
    return found


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z")
_CURSOR = re.compile(r"[\w-]{15,}")


def timeless(value: Any) -> Any:
    """An answer without the times in it, and without cursors, which may hold one."""
    if isinstance(value, dict):
        return {name: timeless(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(timeless, value))
    if not isinstance(value, str):
        return value
    if _CURSOR.fullmatch(value) and len(value) % 4 != 1:
        octets = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        if octets[9:10] == b"[" and octets.endswith(b"]"):
            return "a cursor"
    return _TIME.sub("a time", value)


def by_null(data: Any, errors: Sequence[Any]) -> dict[tuple[str | int, ...] | None, list[str]]:
    """Errors by the place of the null that stands where they are; None for those without a path."""
    found: dict[tuple[str | int, ...] | None, list[str]] = {}
    for error in errors:
        place = None
        if "path" in error:
            value, place = data, ()
            for step in error["path"]:
                if value is None:
                    break
                value, place = value[step], (*place, step)
            assert value is None, error  # an error without a null
        found.setdefault(place, []).append(json.dumps(error, sort_keys=True))
    return {place: sorted(texts) for place, texts in found.items()}


async def _told_alone(service: Service, query: str, variables: Mapping[str, Any], error: Mapping[str, Any]) -> bool:
    steps = [step for step in error["path"] if isinstance(step, str)]
    document, used = along(parse(query), steps)
    async with graphql_core():
        alone = await answer(service, document, {name: value for name, value in variables.items() if name in used})
    return any(
        (one["message"], one["extensions"], [step for step in one.get("path", ()) if isinstance(step, str)])
        == (error["message"], error["extensions"], steps)
        for one in alone.get("errors", ())
    )


def along(document: DocumentNode, path: Sequence[str]) -> tuple[str, set[str]]:
    """A document that asks for nothing but the fields on the way of a path, and the variables that it uses."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    (whole,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))

    def kept(selections: SelectionSetNode, steps: Sequence[str]) -> SelectionSetNode:
        found: list[SelectionNode] = []
        for one in selections.selections:
            if isinstance(one, FieldNode):
                if (one.alias or one.name).value == steps[0]:
                    inner = one.selection_set
                    if inner is not None and len(steps) > 1:
                        inner = kept(inner, steps[1:])
                        if not inner.selections:  # a field that stands twice, here without what the path is about
                            continue
                    found.append(
                        FieldNode(
                            alias=one.alias,
                            name=one.name,
                            arguments=one.arguments,
                            directives=one.directives,
                            selection_set=inner,
                        )
                    )
                continue
            fragment = fragments[one.name.value] if isinstance(one, FragmentSpreadNode) else one
            assert isinstance(fragment, (InlineFragmentNode, FragmentDefinitionNode))
            inside = kept(fragment.selection_set, steps)
            if inside.selections:
                condition = fragment.type_condition
                found.append(
                    InlineFragmentNode(type_condition=condition, directives=one.directives, selection_set=inside)
                )
        return SelectionSetNode(selections=tuple(found))

    selection = kept(whole.selection_set, path)
    used: set[str] = set()

    class Used(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            used.add(node.name.value)

    visit(selection, Used())
    pruned = OperationDefinitionNode(
        operation=whole.operation,
        variable_definitions=tuple(one for one in whole.variable_definitions or () if one.variable.name.value in used),
        directives=whole.directives,
        selection_set=selection,
    )
    return print_ast(pruned), used
