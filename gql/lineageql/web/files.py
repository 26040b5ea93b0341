"""Files that stay the same while the service runs: hashed and compressed once, and not sent to those who have them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lineageql.web.compression import accepts_gzip


class File:
    """What a response sends, with all that is worth computing once."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self.content: Final = content
        self.content_type: Final = content_type
        self.digest: Final = hashlib.sha256(content).hexdigest()

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)


def is_known(request: Request, etag: str) -> bool:
    """Whether a client has what an entity tag stands for, so that 304 tells it all."""
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    return etag.removeprefix("W/") in known or "*" in known


async def respond(request: Request, file: File, headers: Mapping[str, str]) -> Response:
    """The file, or 304 for a client that has it."""
    zipped = accepts_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{file.digest[:32]}{"-gzip" if zipped else ""}"'
    headers = {
        **headers,
        "etag": etag,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    content = file.content
    if zipped:
        # The first one to ask waits a tenth of a second for it, and nobody else does.
        content = await run_in_threadpool(lambda: file.compressed)
        headers["content-encoding"] = "gzip"
    return Response(content, headers=headers, media_type=file.content_type)
