"""The bytes between the service and its worker process; both ends import this.

Every request is a head and a body, every reply a status code, a message and a
body, each part's length written before it. The first request opens the store:
its head is `Opening` as JSON, its body a serialized `ConnectionConfig`. Each
later one is a call: its head is the name of a method of MLMD's service, its
body the serialized request proto.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

REQUEST = struct.Struct("!II")
REPLY = struct.Struct("!iII")

# A serialized proto cannot be longer: protobuf itself ends there.
LONGEST = 2**31 - 1


class Status(IntEnum):
    """How a call ended: the codes of MLMD, which are those of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


_NAMES = {int(status): status.name for status in Status}


def status_name(code: int) -> str:
    """What a code is called; `OTHER` where a later MLMD knows it and this release does not."""
    return _NAMES.get(code, "OTHER")


class Reply(NamedTuple):
    """What the worker answers; `code` is an int, since a later MLMD may know more of them."""

    code: int
    message: bytes
    body: bytes


class Opening(NamedTuple):
    """The head of the first request."""

    parent: int
    upgrade: bool

    def head(self) -> bytes:
        """These options as bytes."""
        return json.dumps(self._asdict()).encode()

    @classmethod
    def of(cls, head: bytes) -> Opening:
        """The options that `head()` made these bytes of."""
        return cls(**json.loads(head))


def request(head: bytes, body: bytes) -> Iterable[bytes]:
    """A request's bytes, in few pieces and without copying a large body."""
    return _pieces(REQUEST.pack(len(head), len(body)) + head, body)


def reply(answer: Reply) -> Iterable[bytes]:
    """A reply's bytes, in few pieces and without copying a large body."""
    return _pieces(REPLY.pack(answer.code, len(answer.message), len(answer.body)) + answer.message, answer.body)


def _pieces(start: bytes, body: bytes) -> Iterable[bytes]:
    # One write is one system call and one wake-up of the other side; joining a
    # large body would cost a copy of it instead.
    return (start + body,) if len(body) < 65536 else (start, body)
