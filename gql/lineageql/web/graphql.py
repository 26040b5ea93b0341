"""GraphQL over HTTP, after the GraphQL-over-HTTP specification.

POST takes `application/json`, compressed with gzip or not; GET takes queries
only, and HEAD is GET without the body. A client that accepts
`application/graphql-response+json` learns from the status whether its request
could be run; others get 200 with the errors in the body. Every error is JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lineageql import tracing
from lineageql.api.execution import Answer, Executor, Operation, masked
from lineageql.errors import BadRequest, LineageQLError
from lineageql.web.answers import JSON_TYPE, PIECE, error_response, json_pieces, json_response, json_stream
from lineageql.web.authentication.guard import caller_of
from lineageql.web.bodies import Bodies, Refusal
from lineageql.web.files import is_known
from lineageql.web.media_types import RESPONSE_TYPE, response_type
from lineageql.web.observing import Observer, trace
from lineageql.web.persisted import Asked, PersistedDocuments
from lineageql.web.sites import is_admitted_page

_VARY = {"Vary": "Accept"}
_VAST = re.compile(rb"\d{19}")
"""What an integer of more than 64 bits holds at least: orjson makes such a number the nearest double."""


async def graphql(
    request: Request, executor: Executor, bodies: Bodies, documents: PersistedDocuments, observer: Observer
) -> Response:
    """The response to a request that is no browser's for GraphiQL. Nothing that a client sends raises."""
    try:
        return await _answered(request, executor, bodies, documents, observer)
    except Exception as error:  # nobody foresaw it: the log tells what, and the client under which id
        return json_response({"errors": [masked(error)]}, 500)


async def _answered(
    request: Request, executor: Executor, bodies: Bodies, documents: PersistedDocuments, observer: Observer
) -> Response:
    media = response_type(request.headers.get("accept", ""))
    if media is None:
        return _failure(406, f"this service answers {RESPONSE_TYPE} and {JSON_TYPE}", JSON_TYPE)
    if request.method not in ("GET", "HEAD", "POST"):
        return _failure(405, "GraphQL takes GET and POST", media, {"Allow": "GET, HEAD, POST"})
    got = request.method != "POST"
    try:
        asked, operation = _from_query(request) if got else await _from_body(request, bodies)
        operation = replace(operation, caller=caller_of(request))
        began = time.monotonic()
        try:
            operation = replace(operation, query=documents.text(asked))
        except BadRequest:
            raise
        except LineageQLError as error:
            unknown = Answer(None, [{"message": str(error), "extensions": error.extensions}], ran=False)
            await observer.operation(operation, unknown, time.monotonic() - began)
            return _response(unknown, media)
    except Refusal as refusal:
        return _failure(refusal.status, str(refusal), media, refusal.headers, refusal.code)
    except BadRequest as error:
        return _failure(400, str(error), media)
    if "graphql-cost" in request.headers:
        operation = replace(operation, cost=True)
    gone = partial(_gone, request)
    with tracing.span("GraphQL") as span:
        answer = await executor.execute(operation, only_queries=got, gone=gone)
        if span is not None:
            trace(span, operation, answer)
    await observer.operation(operation, answer, time.monotonic() - began)
    if got and _is_mutation(answer):
        return _failure(405, "a mutation needs POST", media, {"Allow": "POST"})
    if answer.ran:
        documents.register(asked)
    if got and asked.text is None and answer.ran and not answer.errors:
        return await _cacheable(request, answer, media)
    return _response(answer, media)


async def _cacheable(request: Request, answer: Answer, media: str) -> Response:
    """The response to a GET that names its document: a client may keep it, and asks each time whether it holds."""
    pieces, found = [], hashlib.sha256()
    async for piece in json_pieces(answer.body(), answer.size):
        pieces.append(piece)
        found.update(piece)
    # Weak, as it is the same for the answer compressed and as it is.
    tag = f'W/"{found.hexdigest()[:32]}"'
    headers = {**_VARY, "Cache-Control": "private, no-cache", "ETag": tag, "X-Content-Type-Options": "nosniff"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    content_type = f"{media}; charset=utf-8"
    if len(pieces) == 1:
        return Response(pieces[0], headers=headers, media_type=content_type)
    return StreamingResponse(_each(pieces), headers=headers, media_type=content_type)


async def _each(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


async def _gone(request: Request) -> None:
    """Waits until the client closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _from_query(request: Request) -> tuple[Asked, Operation]:
    # A page of another site can make a browser send a simple GET; it cannot set these headers.
    headers = request.headers
    preflighted = "x-requested-with" in headers or "graphql-require-preflight" in headers
    own = headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    if not (own or preflighted or is_admitted_page(request.scope)):
        raise Refusal(403, "a GET from another site needs the header GraphQL-Require-Preflight")
    parameters = request.query_params
    return _operation(
        {
            "query": parameters.get("query"),
            "documentId": parameters.get("documentId"),
            "operationName": parameters.get("operationName"),
            **{
                name: _json(parameters[name].encode(), name) if parameters.get(name) else None
                for name in ("variables", "extensions")
            },
        }
    )


async def _from_body(request: Request, bodies: Bodies) -> tuple[Asked, Operation]:
    content_type = request.headers.get("content-type", "")
    name, _, parameters = content_type.partition(";")
    if name.strip().lower() != JSON_TYPE:
        raise Refusal(415, f"the body must be {JSON_TYPE}, and it is {name.strip() or 'of no type'}")
    for parameter in parameters.lower().replace('"', "").replace(" ", "").split(";"):
        if parameter.startswith("charset=") and parameter not in ("charset=utf-8", "charset=utf8"):
            raise Refusal(415, "the body must be UTF-8")
    async with bodies.received(request) as body:
        return _operation(_json(body, "the body"))


def _json(text: bytes, what: str) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"{what} is not JSON: {error}") from None
    if not _VAST.search(text):
        return value
    try:
        return json.loads(text)
    except RecursionError:
        raise Refusal(400, f"{what} nests too deep") from None


def _operation(body: Any) -> tuple[Asked, Operation]:
    """What a request asks to run: the document, and the operation but for its text."""
    if isinstance(body, list):
        raise Refusal(400, "one request holds one operation; batches are not served")
    if not isinstance(body, dict):
        raise Refusal(400, "the body must be a JSON object with a member query")
    variables, name = body.get("variables"), body.get("operationName")
    if variables is not None and not isinstance(variables, Mapping):
        raise Refusal(400, "variables must be a JSON object")
    if name is not None and not isinstance(name, str):
        raise Refusal(400, "operationName must be a string")
    extensions = body.get("extensions")
    if extensions is not None and not isinstance(extensions, Mapping):
        raise Refusal(400, "extensions must be a JSON object")
    explain = (extensions or {}).get("explain")
    if explain is not None and not isinstance(explain, bool):
        raise Refusal(400, "extensions.explain must be true or false")
    return Asked.of(body), Operation("", variables or {}, name or None, bool(explain))


def _is_mutation(answer: Answer) -> bool:
    return not answer.ran and any(error["message"] == "a mutation needs POST" for error in answer.errors)


def _response(answer: Answer, media: str) -> Response:
    if answer.pause is not None:
        return json_response(answer.body(), 503, media, {**_VARY, "Retry-After": str(answer.pause)})
    status = 200 if answer.ran or media == JSON_TYPE else 400
    if answer.size <= PIECE:
        return json_response(answer.body(), status, media, _VARY)
    return json_stream(answer.body(), answer.size, status, media, _VARY)


def _failure(
    status: int, message: str, media: str, headers: Mapping[str, str] | None = None, code: str = BadRequest.code
) -> Response:
    return error_response(status, message, code, media, {**_VARY, **(headers or {})})
