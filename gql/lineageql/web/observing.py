"""Everything that is told of a request: its id, its metrics, its line in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineageql import tracing
from lineageql.api.execution import Answer, Operation
from lineageql.errors import DocumentRefused
from lineageql.settings import Settings
from lineageql.web.audit import AuditLog
from lineageql.web.logs import FACTS
from lineageql.web.metrics import Metrics
from lineageql.web.persisted import sha256
from lineageql.web.request_ids import HEADER, current, request_id
from lineageql.web.sites import WATCHERS

log = logging.getLogger("lineageql.operations")

_OK = "OK"
_REFUSED = {401: "UNAUTHENTICATED", 403: "FORBIDDEN"}
_REFUSALS = frozenset((*_REFUSED.values(), DocumentRefused.code))
"""The codes of what a caller tried and may not do, whatever kind of operation it was."""
_LONGEST_NAME = 128
"""Characters of an operation's name or of a path, which a client chooses, in a line of a log."""


class Observer:
    """Tells of operations.

    Args:
        settings: how.
        metrics: what counts them; None where nothing does.
        audit: what writes down who records what; None where nobody wants to know.
    """

    def __init__(self, settings: Settings, metrics: Metrics | None, audit: AuditLog | None) -> None:
        # A line for each operation is what collectors of logs want, and nobody who looks at a terminal.
        self._level = logging.INFO if settings.log_format == "json" else logging.DEBUG
        self.metrics = metrics
        self.audit = audit

    async def operation(self, operation: Operation, answer: Answer, seconds: float) -> None:
        """Tells of an operation, before it is answered.

        Args:
            operation: what the client sent.
            answer: what it is going to get.
            seconds: how long that took.
        """
        codes = _codes(answer.errors)
        if self.metrics is not None:
            self.metrics.operation(answer.account, codes[0] if codes else _OK, seconds)
        if log.isEnabledFor(self._level):
            facts = {
                **facts_of(operation, answer),
                "cost": answer.account.cost,
                "duration_ms": round(1000 * seconds, 3),
                "codes": codes,
            }
            log.log(self._level, "%s", answer.account.kind, extra={FACTS: facts})
        if self.audit is not None and (answer.account.kind == "mutation" or _REFUSALS.intersection(codes)):
            done = [{"field": one.field, "action": one.action, "ids": one.ids} for one in answer.account.changes]
            facts = {"kind": answer.account.kind, **facts_of(operation, answer), "codes": codes, "changes": done}
            kept = bool(done or answer.ran)
            await asyncio.to_thread(partial(self.audit.write, kept=kept, **facts))

    async def refusal(self, status: int, path: str, address: str) -> None:
        """Tells of a request that got no further than its credentials."""
        if self.audit is not None:
            facts = {
                "kind": "request",
                "request_id": current.get(),
                "who": None,
                "path": _cut(path),
                "address": address,
                "codes": [_REFUSED[status]],
            }
            await asyncio.to_thread(partial(self.audit.write, kept=False, **facts))


def facts_of(operation: Operation, answer: Answer) -> dict[str, Any]:
    """What every log says of an operation: nothing of its variables, and its document by its hash alone."""
    name = answer.account.name
    return {
        "request_id": current.get(),
        "who": operation.caller.name,
        "operation": None if name is None else _cut(name),
        "document": sha256(operation.query) if operation.query else None,
    }


def trace(span: Any, operation: Operation, answer: Answer) -> None:
    """Tells a span what its operation was, and what became of it."""
    facts = facts_of(operation, answer)
    span.update_name(" ".join(filter(None, (answer.account.kind, facts["operation"]))))
    told = {
        "graphql.operation.type": answer.account.kind,
        "graphql.operation.name": facts["operation"],
        "lineageql.document": facts["document"],
        "lineageql.cost": answer.account.cost,
        "enduser.id": facts["who"],
    }
    for name, value in told.items():
        if value is not None:
            span.set_attribute(name, value)
    if codes := _codes(answer.errors):
        tracing.failed(span, codes[0])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def _codes(errors: Sequence[dict[str, Any]]) -> list[str]:
    """The codes of errors, each once, in their order."""
    return list(dict.fromkeys(error["extensions"]["code"] for error in errors))


class Observed:
    """Middleware that gives every request its id, counts it, and writes down that it was refused."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self.app = app
        self.observer = observer
        self.metrics = observer.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id_ = request_id(scope["headers"])
        current.set(id_)

        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, id_.encode("ascii"))]}
                status = message["status"]
                if self.metrics is not None:
                    self.metrics.request(scope["path"], scope["method"], status)
                if status in _REFUSED:
                    address = scope["client"][0] if scope.get("client") else ""
                    await self.observer.refusal(status, scope["path"], address)
            await send(message)

        if scope["path"] in WATCHERS:
            await self.app(scope, receive, send_with_id)
            return
        with tracing.span(f"{scope['method']} {scope['path']}", "SERVER", scope["headers"]) as span:
            if span is not None:
                span.set_attribute("http.request.method", scope["method"])
                span.set_attribute("url.path", scope["path"])
                span.set_attribute("lineageql.request_id", id_)
            await self.app(scope, receive, send_with_id)
            if span is not None and status:
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    tracing.failed(span, str(status))
