"""One operation from its text to its answer: limits, deadline, and errors with codes."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import isawaitable
from typing import Any, TypeVar

from graphql import ExecutionResult, GraphQLError, OperationType

from lineageql.api.account import Account
from lineageql.api.admission import Admission
from lineageql.api.advice import advise
from lineageql.api.context import Context
from lineageql.api.documents import Document, Documents
from lineageql.api.limits import Meter
from lineageql.api.schema import SCHEMA
from lineageql.api.variables import check_variables
from lineageql.catalog.policy_file import policy_file
from lineageql.catalog.recording import Recording
from lineageql.errors import (
    BadRequest,
    DeadlineExceeded,
    Forbidden,
    LineageQLError,
    Overloaded,
    TooExpensive,
    Unavailable,
)
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.model.rights import ALL_RIGHTS, Rights
from lineageql.settings import Settings
from lineageql.store.explanation import Explanation
from lineageql.store.ports import Store

log = logging.getLogger("lineageql.api")

T = TypeVar("T")
_WALK_SHARE = 0.8
"""The part of an operation's time after which a walk over lineage answers what it has."""

_SHORT_DOCUMENT = 4_000
"""The characters of a document that is parsed and validated within some 20 milliseconds."""
_FEW_INPUTS = 500
"""The input objects that are coerced within some 20 milliseconds."""

_PAUSE = 5
"""Seconds after which a mutation that was refused before it began may be sent again."""

RECORDED = "; what was to be recorded is recorded, and only this part of the answer is missing"
"""The end of what an error says that came while the answer to a mutation was read."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client sends: a document, and which of its operations to run with which variables.

    With `explain` the answer tells what was read from the store for it, with `cost` what that was charged.
    `caller` is who sent it.
    """

    query: str
    variables: Mapping[str, Any]
    name: str | None = None
    explain: bool = False
    cost: bool = False
    caller: Caller = ANONYMOUS


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an operation. `data` is absent where it failed before it ran.

    `size` is how many bytes it takes as JSON, about.
    `account` is what those who watch the service are told of it.
    `pause` is there where the service did not take the operation, or ended it, for a reason of its own that will pass:
    seconds after which to send it again.
    """

    data: Any
    errors: list[dict[str, Any]]
    ran: bool
    explanation: Explanation | None = None
    warnings: Sequence[dict[str, Any]] = ()
    size: int = 0
    cost: Mapping[str, int] | None = None
    pause: int | None = None
    account: Account = field(default_factory=Account)

    def body(self) -> dict[str, Any]:
        """The answer as GraphQL's specification shapes it."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.ran:
            body["data"] = self.data
        extensions: dict[str, Any] = {"warnings": list(self.warnings)} if self.warnings else {}
        if self.explanation is not None:
            extensions["explain"] = self.explanation.shown()
        if self.cost is not None:
            extensions["cost"] = dict(self.cost)
        if extensions:
            body["extensions"] = extensions
        return body


class Executor:
    """Runs operations on one open store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.documents = Documents(SCHEMA._schema, settings.max_tokens)
        self.recording = None if store.recorder is None else Recording(store, settings)
        self.policy = policy_file(settings)
        # Mutations wait for each other, and queries must not wait for them.
        self.queries = Admission(settings.max_concurrent, settings.max_waiting)
        self.mutations = Admission(settings.max_concurrent, settings.max_waiting)
        self.before_writing: Callable[[], None] | None = None
        """Called before a mutation does anything; what it raises, `Unavailable`, refuses it."""
        self._stopping = False
        self._under_way: set[asyncio.Future[Any]] = set()

    async def rights_of(self, caller: Caller) -> Rights:
        """What a caller may do now."""
        return ALL_RIGHTS if self.policy is None else (await self.policy.current()).rights_of(caller)

    def stop(self) -> None:
        """Ends the operations under way, each with an answer that says what became of it, and takes no more."""
        self._stopping = True
        for working in self._under_way:
            working.cancel()

    async def execute(
        self, operation: Operation, *, only_queries: bool = False, gone: Callable[[], Awaitable[Any]] | None = None
    ) -> Answer:
        """The answer to an operation. Nothing that a client sends raises.

        Args:
            operation: what the client sent.
            only_queries: refuse mutations, as HTTP's GET must.
            gone: waits until the client has gone: a query ends then, a mutation does not.
        """
        account = Account()
        try:
            answer = await self._execute(operation, account, only_queries, gone)
        except Exception as error:  # nobody foresaw it: the log tells what, and the client under which id
            answer = Answer(None, [masked(error)], ran=True)
        return replace(answer, account=account)

    async def _execute(
        self,
        operation: Operation,
        account: Account,
        only_queries: bool,
        gone: Callable[[], Awaitable[Any]] | None,
    ) -> Answer:
        if self._stopping:
            error = Unavailable("the service is stopping, and nothing was done: send it again")
            return Answer(None, [_formatted(error)], ran=False, pause=1)
        try:
            rights = await self.rights_of(operation.caller)
            if operation.explain and not rights.administers:
                raise Forbidden("only an ADMIN may have an operation explained: leave out extensions.explain")
            if operation.explain and not self.settings.explain:
                raise BadRequest(
                    "this service does not explain: start it with --explain, or leave out extensions.explain"
                )
            document = await self._document(operation.query)
            if document.errors:
                return Answer(None, [_shown(error) for error in document.errors], ran=False)
            node = document.operation(operation.name)
            account.kind = node.operation.value
            account.name = None if node.name is None else node.name.value
            if only_queries and node.operation is not OperationType.QUERY:
                raise BadRequest("a mutation needs POST")
            assert document.node is not None
            Meter(document.node, self.settings).check(node)
            size = check_variables(SCHEMA._schema, node, operation.variables, self.settings.max_input_objects)
            if node.operation is OperationType.MUTATION and self.before_writing is not None:
                self.before_writing()
        except Unavailable as error:
            return Answer(None, [_formatted(error)], ran=False, pause=_PAUSE)
        except GraphQLError as error:
            return Answer(None, [_shown(error)], ran=False)
        except LineageQLError as error:
            return Answer(None, [_formatted(error)], ran=False)
        except RecursionError:
            return Answer(None, [_formatted(TooExpensive("the query nests too deep"))], ran=False)
        return await self._run(operation, rights, document, size, account, gone)

    async def _document(self, text: str) -> Document:
        """The document of a text. A long one that is new is parsed and validated beside the event loop."""
        if len(text) <= _SHORT_DOCUMENT or self.documents.knows(text):
            return self.documents.get(text)
        return await asyncio.to_thread(self.documents.get, text)

    async def _run(
        self,
        operation: Operation,
        rights: Rights,
        document: Document,
        size: int,
        account: Account,
        gone: Callable[[], Awaitable[Any]] | None,
    ) -> Answer:
        deadline = self.settings.deadline
        until = time.monotonic() + deadline * _WALK_SHARE
        writes = document.operation(operation.name).operation is OperationType.MUTATION
        explanation = Explanation() if operation.explain else None
        recording = None if self.recording is None else self.recording.by(rights)
        context = Context(
            self.store, recording, self.settings, document, until, operation.caller, rights, writes, explanation
        )
        context.large = size > _FEW_INPUTS
        admission = self.mutations if writes else self.queries
        begun = False

        async def run() -> ExecutionResult:
            nonlocal begun
            async with admission.turn():
                begun = True
                return await _executed(document, operation, context)

        try:
            result = await _awaited(run(), deadline, None if writes else gone, self._under_way)
        except _Stray:
            if not self._stopping:
                raise
            if not writes or not begun:
                fate = ": send it again"
            elif context.recorded:
                fate = RECORDED
            else:
                fate = "; the mutation may have been applied or not: send it again with the same externalId"
            stopped = Unavailable(f"the service stopped{fate}")
            return Answer(None, [_formatted(stopped)], True, explanation, pause=1)
        except _Gone:
            return Answer(None, [_formatted(Unavailable("the client has gone"))], ran=True)
        except Overloaded as full:
            return _refused(full)
        except asyncio.TimeoutError:
            if not begun:
                return _refused(Overloaded(admission.pause))
            if writes:
                advice = "it may have been applied or not: send it again with the same externalId"
            else:
                advice = "ask for less at a time"
                if context.finder.unindexed:
                    advice += ", or have whoever runs the service make a search index: `lineageql store index --search`"
            late = DeadlineExceeded(f"the operation took longer than {deadline} seconds; {advice}")
            return Answer(None, [_formatted(late)], True, explanation)
        finally:
            context.end()
            account.cost, account.reads, account.changes = context.budget.cost, context.budget.reads, context.changes
        if result.data is None and result.errors:
            node = document.operation(operation.name)
            advise(result.errors, SCHEMA._schema, node, operation.variables)
        cost = context.budget.shown() if operation.cost or self.settings.show_cost else None
        if context.budget.spent and not writes:
            return Answer(None, [_ending(result, context)], True, explanation, cost=cost)
        ran = result.data is not None or any(error.path for error in result.errors or ())
        errors = [_told(error, context) for error in result.errors or ()]
        errors += (_formatted(fault, rights) for fault in context.finder.faults)
        return Answer(result.data, errors, ran, explanation, context.warnings.shown(), context.budget.size, cost)


async def _executed(document: Document, operation: Operation, context: Context) -> ExecutionResult:
    """What graphql-core answers.

    Args:
        document: the operation's, which is valid.
        operation: what the client sent.
        context: what its resolvers share. Where it is large its variables are coerced beside the event loop.
    """
    executor_class: Any = SCHEMA.execution_context_class
    build = partial(
        executor_class.build,
        SCHEMA._schema,
        document.node,
        context_value=context,
        raw_variable_values=dict(operation.variables),
        operation_name=operation.name,
    )
    executor = await asyncio.to_thread(build) if context.large else build()
    if isinstance(executor, list):
        return ExecutionResult(None, executor)
    result = executor.execute_operation()
    answer: ExecutionResult = await result if isawaitable(result) else result
    return answer


def _ending(result: ExecutionResult, context: Context) -> dict[str, Any]:
    """The one error of a query that wanted more than it may have, at the field that was one too many."""
    for error in result.errors or ():
        if isinstance(error.original_error, TooExpensive):
            return _shown(error, context.rights)
    try:
        context.budget.check()
    except TooExpensive as error:
        return _formatted(error)
    raise AssertionError("the budget is spent")


class _Gone(Exception):
    """The client does not wait for the answer."""


class _Stray(Exception):
    """An operation was cancelled from inside: nobody had asked for that."""


async def _awaited(
    work: Awaitable[T], seconds: float, gone: Callable[[], Awaitable[Any]] | None, under_way: set[asyncio.Future[Any]]
) -> T:
    """What some work answers, unless the time is over or the client goes first; then it is ended.

    While it goes on it is one of those under way.

    Raises:
        TimeoutError: asyncio's, the time is over.
        _Gone: the client has gone.
        _Stray: the work was cancelled, and not from here.
    """
    working = asyncio.ensure_future(work)
    under_way.add(working)
    leaving = asyncio.ensure_future(gone()) if gone is not None else None
    ends = {working} if leaving is None else {working, leaving}
    try:
        done, _ = await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working not in done:
            working.cancel()
            await asyncio.wait({working})
            if working.cancelled():
                raise _Gone if done else asyncio.TimeoutError
        if working.cancelled():
            raise _Stray
        return working.result()
    finally:
        under_way.discard(working)
        working.cancel()
        if leaving is not None:
            leaving.cancel()


def _told(error: GraphQLError, context: Context) -> dict[str, Any]:
    """A GraphQL error that, below a mutation that is applied, says so: only its answer could not be read."""
    shown = _shown(error, context.rights)
    if error.path and error.path[0] in context.recorded:
        shown["message"] += RECORDED
    return shown


def _shown(error: GraphQLError, rights: Rights = ALL_RIGHTS) -> dict[str, Any]:
    """A GraphQL error as a client sees it; what was not foreseen is logged and masked."""
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    place = {key: value for key, value in error.formatted.items() if key in ("locations", "path")}
    if isinstance(original, LineageQLError):
        return {**_formatted(original, rights), **place}
    if original is None or isinstance(original, GraphQLError):
        return {"message": error.message, **place, "extensions": {"code": BadRequest.code}}
    return {**masked(original, error.path), **place}


def masked(error: Exception, path: Sequence[str | int] | None = None) -> dict[str, Any]:
    """The error that a client sees in the place of one that was not foreseen; the log tells which that was."""
    error_id = secrets.token_hex(8)
    log.error("error %s at %s", error_id, path or "no field", exc_info=error)
    message = "Something went wrong here; the service's log tells what, under this errorId."
    return {"message": message, "extensions": {"code": LineageQLError.code, "errorId": error_id}}


def _refused(full: Overloaded) -> Answer:
    return Answer(None, [_formatted(full)], ran=False, pause=full.pause)


def _formatted(error: LineageQLError, rights: Rights = ALL_RIGHTS) -> dict[str, Any]:
    """An error as one sees it who has some rights: where the store is only who administers it may know."""
    if error.discreet is None or rights.administers:
        return {"message": str(error), "extensions": error.extensions}
    error.error_id = error.error_id or secrets.token_hex(8)
    log.warning("error %s: %s", error.error_id, error)
    told = f"{error.discreet}; {error.fate}" if error.fate else error.discreet
    return {"message": told, "extensions": error.extensions}
