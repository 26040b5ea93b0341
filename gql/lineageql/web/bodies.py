"""The bodies of requests: received whole, within bounds for each and for all together."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from lineageql.errors import BadRequest, LineageQLError, ServiceError

SMALL = 65_536
"""Up to here a body counts for nothing: large ones that fill the memory for bodies do not keep others out."""


class Refusal(LineageQLError):
    """A request that is not looked at any further, and the status that says so."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers

    @property
    def code(self) -> str:  # type: ignore[override]
        return ServiceError.code if self.status == 503 else BadRequest.code


class Bodies:
    """The bodies that are being received.

    Args:
        most: bytes of one, as it was before gzip.
        most_together: bytes of all large ones, as they come.
    """

    def __init__(self, most: int, most_together: int) -> None:
        self.most = most
        self.most_together = max(most, most_together)
        self.held = 0

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body of a request, without its gzip.

        Raises:
            Refusal: it is too large, or there are too many, or it is not encoded as it says.
        """
        encoding = request.headers.get("content-encoding", "").strip()
        if encoding.lower() not in ("", "identity", "gzip", "x-gzip"):
            words = f"the body is encoded as {encoding}, and may be gzip or not encoded at all"
            raise Refusal(415, words, {"Accept-Encoding": "gzip, identity"})
        # Starlette can bound a body too, and then answers plain text.
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.most:
            raise self._too_large()
        body = bytearray()
        counted = 0
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > self.most:
                    raise self._too_large()
                if len(body) > SMALL:
                    self.held += len(body) - counted
                    counted = len(body)
                    if self.held > self.most_together:
                        raise Refusal(503, "too many large bodies are being received; try again", {"Retry-After": "1"})
            yield self._unzipped(body) if "gzip" in encoding.lower() else bytes(body)
        except ClientDisconnect:
            raise Refusal(400, "the request ended before its body did") from None
        finally:
            self.held -= counted

    def _unzipped(self, body: bytearray) -> bytes:
        """What a body was before gzip. No more than one byte beyond `most` is made, however much is in it."""
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            found = member.decompress(body, self.most + 1)
        except zlib.error:
            raise Refusal(400, "the body is not gzip, as its Content-Encoding says") from None
        if len(found) > self.most:
            raise self._too_large()
        if not member.eof or member.unused_data:  # thousands of empty members would take seconds
            raise Refusal(400, "the body must be one whole gzip member")
        return found

    def _too_large(self) -> Refusal:
        return Refusal(413, f"the body has more than {self.most} bytes")
