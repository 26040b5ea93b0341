"""JSON as the service answers it: never taken by a browser for anything else, and errors in one shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from lineageql.errors import BadRequest

JSON_TYPE = "application/json"


def json_response(
    body: Any, status: int = 200, media: str = JSON_TYPE, headers: Mapping[str, str] | None = None
) -> Response:
    """A response that nothing keeps, with a JSON value."""
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(dumps(body), status, kept, media_type=f"{media}; charset=utf-8")


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


def dumps(body: Any) -> bytes:
    """A JSON value as UTF-8."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        # Another writer's document may hold an integer of more than 64 bits, or half a surrogate pair.
        return json.dumps(body, separators=(",", ":")).encode("ascii")
