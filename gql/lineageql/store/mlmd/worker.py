"""The process that holds ml-metadata, so that the service does not.

`python -m lineageql.store.mlmd.worker` reads requests from stdin and writes
replies to stdout, in the form of `frames`, one at a time. It never parses a
proto: ml-metadata's extension takes and returns serialized ones. It ends when
stdin does, or when the process that started it is killed.

It imports nothing of LineageQL but `frames`, to start fast.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from lineageql.store.mlmd.frames import REQUEST, Opening, Reply, Status, reply

EXTENSION = "ml_metadata.metadata_store.pywrap.metadata_store_extension"
# In the extension beside the service's methods: neither takes a store and a request.
NOT_METHODS = {"CreateMetadataStore", "LoadSimpleTypes"}
PR_SET_PDEATHSIG = 1

Method = Callable[[Any, bytes], tuple[bytes, bytes, int]]


def main() -> None:
    """Serves the requests of stdin until it ends."""
    # A terminal's Ctrl-C goes to every process of its group, a service manager's
    # SIGTERM to every process of the service. The service may have calls to
    # finish then; it closes the pipe when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _die_with_parent()
    source, sink = _pipes()
    first = _request(source)
    if first is None:
        return
    opening = Opening.of(first[0])
    if os.getppid() != opening.parent:
        # It ended before the kernel was told to end this process with it.
        return
    answer, store, methods = _open(first[1], opening.upgrade)
    _send(sink, answer)
    if answer.code != Status.OK:
        return
    while (request := _request(source)) is not None:
        _send(sink, _call(store, methods, *request))


def _die_with_parent() -> None:
    """Has the kernel kill this process when the service dies, even in the middle of a call.

    Only Linux can; it watches the thread that started this process, which is
    the one of the service's event loop. Elsewhere this process ends when its
    call does, as stdin has ended: no Python thread can watch the parent
    meanwhile, since ml-metadata holds the interpreter's lock for the whole call.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the service, moved away from stdin and stdout.

    What C++ or a library prints must not come between the frames, so file
    descriptor 1 becomes stderr and 0 becomes nothing.
    """
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def _request(source: BinaryIO) -> tuple[bytes, bytes] | None:
    """The next request's head and body; None at the end, be it in the middle of a request."""
    start = source.read(REQUEST.size)
    if len(start) < REQUEST.size:
        return None
    head_size, body_size = REQUEST.unpack(start)
    head, body = source.read(head_size), source.read(body_size)
    return (head, body) if len(head) == head_size and len(body) == body_size else None


def _send(sink: BinaryIO, answer: Reply) -> None:
    pieces: Iterable[bytes] = reply(answer)
    for piece in pieces:
        sink.write(piece)
    sink.flush()


def _open(config: bytes, upgrade: bool) -> tuple[Reply, Any, dict[str, Method]]:
    """Imports ml-metadata and opens the store.

    Returns:
        The reply to the first request; the store, which is None when it did not
        open; and the service's methods by name.
    """
    try:
        extension = importlib.import_module(EXTENSION).metadata_store
        protos = importlib.import_module("ml_metadata.proto.metadata_store_pb2")
    except ImportError as error:
        return Reply(Status.UNAVAILABLE, f"ml-metadata cannot be imported: {error}".encode(), b""), None, {}
    migration = protos.MigrationOptions(enable_upgrade_migration=upgrade)
    try:
        store = extension.CreateMetadataStore(config, migration.SerializeToString())
    except RuntimeError as error:
        # Here alone ml-metadata raises, and loses the status code on the way.
        return Reply(Status.UNKNOWN, str(error).encode(errors="replace"), b""), None, {}
    methods = {
        name: value
        for name, value in vars(extension).items()
        if callable(value) and not isinstance(value, type) and name not in NOT_METHODS and not name.startswith("_")
    }
    return Reply(Status.OK, b"", b""), store, methods


def _call(store: Any, methods: dict[str, Method], head: bytes, body: bytes) -> Reply:
    name = head.decode()
    method = methods.get(name)
    if method is None:
        return Reply(Status.UNIMPLEMENTED, f"this ml-metadata has no method {name}".encode(), b"")
    response, message, code = method(store, body)
    return Reply(code, message, response)


if __name__ == "__main__":
    main()
