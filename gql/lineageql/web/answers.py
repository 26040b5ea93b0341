"""JSON as the service answers it: never taken by a browser for anything else, and errors in one shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from lineageql.api.written_json import WrittenList, dumps
from lineageql.errors import BadRequest

JSON_TYPE = "application/json"
PIECE = 1_048_576
"""The bytes of a body that are written, and compressed, in one go."""
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_response(
    body: Any, status: int = 200, media: str = JSON_TYPE, headers: Mapping[str, str] | None = None
) -> Response:
    """A response that nothing keeps, with a JSON value."""
    return Response(dumps(body), status, {**_HEADERS, **(headers or {})}, media_type=f"{media}; charset=utf-8")


def json_stream(body: Any, size: int, status: int, media: str, headers: Mapping[str, str]) -> Response:
    """The same with a large value of some `size`, written and compressed in pieces: others have their turn between."""
    content = json_pieces(body, size)
    return StreamingResponse(content, status, {**_HEADERS, **headers}, media_type=f"{media}; charset=utf-8")


def error_response(
    status: int,
    message: str,
    code: str = BadRequest.code,
    media: str = JSON_TYPE,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A response with one error, shaped as GraphQL shapes them."""
    return json_response(error_body(message, code), status, media, headers)


def error_body(message: str, code: str) -> dict[str, Any]:
    """One error, shaped as GraphQL shapes them."""
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


async def json_pieces(body: Any, size: int) -> AsyncIterator[bytes]:
    """A JSON value of some `size` as UTF-8, in pieces if it is large: others have their turn between."""
    if size <= PIECE:
        yield dumps(body)
        return
    piece = bytearray()
    for part in _parts(body, size):
        piece += part
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
            await asyncio.sleep(0)
    yield bytes(piece)


def _parts(value: Any, size: int) -> Iterator[bytes]:
    """The parts of a JSON value of some `size`, none of them much larger than a piece unless one value is."""
    if isinstance(value, dict) and value:
        start = b"{"
        for name, item in value.items():
            yield start + dumps(name) + b":"
            yield from _parts(item, size)
            start = b","
        yield b"}"
    elif isinstance(value, list) and value:
        # As if all of the value were in this list: its items are not larger on average.
        few = len(value) * PIECE // size
        start = b"["
        for place in range(0, len(value), max(few, 1)):
            yield start
            if few:
                yield dumps(value[place : place + few])[1:-1]
            else:
                yield from _parts(value[place], size)
            start = b","
        yield b"]"
    elif isinstance(value, WrittenList):
        yield from value.pieces()
    else:
        yield dumps(value)
