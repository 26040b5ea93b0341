"""The ASGI application over one open store."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from lineageql.api.execution import Executor, masked
from lineageql.api.schema import SCHEMA
from lineageql.errors import LineageQLError
from lineageql.settings import Settings
from lineageql.store.ports import Store
from lineageql.web.answers import error_response, json_response
from lineageql.web.audit import AuditLog
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.guard import Guard
from lineageql.web.bodies import Bodies
from lineageql.web.caution import Caution
from lineageql.web.compression import Compression
from lineageql.web.door import Door
from lineageql.web.explorer import Explorer
from lineageql.web.files import File, respond
from lineageql.web.graphiql import GraphiQL, wants_page
from lineageql.web.graphql import graphql
from lineageql.web.hangups import HangUps
from lineageql.web.metrics import CONTENT_TYPE, Metrics
from lineageql.web.notice import Notice
from lineageql.web.observing import Observed, Observer
from lineageql.web.operations import load_operations, operations_folder
from lineageql.web.persisted import PersistedDocuments
from lineageql.web.sites import WATCHERS, Names, OwnSite, admitted_origins

log = logging.getLogger("lineageql.web")

_READY_TIMEOUT = 5.0
_OPEN = frozenset((*WATCHERS, "/", "/schema.graphql"))
"""What everybody gets: probes, metrics, a page or why there is none, and this release's schema."""
_FILES = "/static/"
"""Where the files of the pages are."""


def create_app(
    store: Store,
    settings: Settings,
    end: Callable[[], Awaitable[None]] | None = None,
    authentication: Authentication | None = None,
    door: Door | None = None,
    audit: AuditLog | None = None,
) -> Starlette:
    """The application: the explorer at `/`, `/graphql`, and what else there is, each a route.

    Args:
        store: what it serves.
        settings: how.
        end: what to do when the server shuts down; without it the store is closed.
        authentication: what finds out who asks; without it one is made by the settings.
        door: the connections that it is served by, for the metrics.
        audit: the audit log, where it is open; without it one is opened where the settings name one.

    Returns:
        The application. Its `state.stop` ends the operations under way, each with an answer; `state.tick` is to be
        called about once a second.

    Raises:
        UsageError: a ready-made operation, a persisted document or a file of `authentication` cannot be read, the
            audit log not be opened, or a name in `allowed_hosts` or an origin in `cors_origins` is none, or these
            are any and nobody chose that.
    """
    authentication = Authentication(settings) if authentication is None else authentication
    names = Names(settings.host, settings.allowed_hosts)
    origins = admitted_origins(settings)
    executor = Executor(store, settings)
    metrics = Metrics() if settings.metrics else None
    if audit is None and settings.audit_log:
        audit = AuditLog(settings.audit_log)
    if audit is not None:
        executor.before_writing = audit.check
    observer = Observer(settings, metrics, audit)
    authentication.policy = executor.policy
    bodies = Bodies(settings.max_body_size, settings.max_body_memory)
    documents = PersistedDocuments.of(settings, SCHEMA._schema)
    graphiql = GraphiQL(load_operations(operations_folder())) if settings.serves_graphiql else None
    explorer = Explorer() if settings.serves_explorer else None
    notice = Notice(only_known=settings.persisted_documents == "require")

    async def serve_graphql(request: Request) -> Response:
        if graphiql is not None and wants_page(request):
            if request.url.path.endswith("/"):
                # The page's files are addressed relative to it.
                query = request.url.query
                return RedirectResponse(f"../graphql{f'?{query}' if query else ''}")
            return await graphiql.page(request)
        return await graphql(request, executor, bodies, documents, observer)

    async def serve_schema(request: Request) -> Response:
        return await respond(request, _schema_file(), {"cache-control": "no-cache"})

    async def alive(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        try:
            remark = await asyncio.wait_for(store.probe(), _READY_TIMEOUT)
        except (LineageQLError, asyncio.TimeoutError) as error:
            reason = str(error) or f"the store did not answer within {_READY_TIMEOUT} s"
            if not authentication.is_on and not settings.policy:
                return json_response({"ready": False, "reason": reason}, 503)
            # It may name the store's host, which is nothing for strangers.
            log.warning("not ready: %s", reason)
            return json_response({"ready": False, "reason": "the log tells"}, 503)
        told = remark is not None and not authentication.is_on
        return json_response({"ready": True, "remark": remark} if told else {"ready": True})

    def tick() -> None:
        if metrics is not None:
            metrics.refresh(store, executor, door)
            if audit is not None:
                metrics.audit(audit.unwritten, audit.failures)

    async def serve_metrics(request: Request) -> Response:
        assert metrics is not None
        tick()
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": CONTENT_TYPE}
        return Response(metrics.text(), headers=headers)

    async def home(request: Request) -> Response:
        if explorer is not None and wants_page(request):
            return await explorer.page(request)
        if graphiql is None and wants_page(request):
            return await notice.page(request)
        return RedirectResponse("graphql")

    def is_open(request: Request) -> bool:
        """Whether a request gets what is the same for everybody and holds no data."""
        path = request.scope["path"]
        if path in _OPEN or path.startswith(_FILES):
            return True
        return graphiql is not None and path in ("/graphql", "/graphql/") and wants_page(request)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        starting = asyncio.create_task(authentication.start())
        try:
            yield
        finally:
            starting.cancel()
            await (store.close() if end is None else end())
            if audit is not None:
                audit.close()

    methods = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routes: list[BaseRoute] = [
        Route("/graphql", serve_graphql, methods=methods),
        Route("/graphql/", serve_graphql, methods=methods),
        Route("/schema.graphql", serve_schema),
        Route("/healthz", alive),
        Route("/readyz", ready),
        *([Route("/metrics", serve_metrics)] if metrics is not None and settings.metrics_port is None else ()),
        Route("/", home),
        *(explorer.routes() if explorer is not None else ()),
        *(graphiql.routes() if graphiql is not None else ()),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Observed, observer=observer),
            Middleware(Caution),
            Middleware(HangUps),
            Middleware(OwnSite, names=names, origins=origins),
            Middleware(Guard, authentication=authentication, is_open=is_open),
            Middleware(Compression),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unforeseen},
    )
    app.state.stop = executor.stop
    app.state.tick = tick
    app.state.metrics = metrics
    app.state.audit = audit
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, error.detail, headers=error.headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    return json_response({"errors": [masked(error)]}, 500)


@functools.cache
def _schema_file() -> File:
    return File(f"{SCHEMA.as_str()}\n".encode(), "text/plain; charset=utf-8")
