"""Every error that LineageQL raises on purpose, as one tree.

Each class carries the code that a GraphQL client sees in `extensions.code`::

    LineageQLError
    ├── RequestError             what the client sent cannot be served
    │   ├── BadRequest           BAD_REQUEST        not a GraphQL request, or one that does not validate
    │   ├── Unauthenticated      UNAUTHENTICATED    nothing says who asks, or what does is not taken
    │   ├── PersistedQueryNotFound                  a document that is not known by its hash or name
    │   ├── PersistedQueryNotSupported              a hash or a name, and the service knows no documents by these
    │   ├── DocumentRefused      QUERY_NOT_IN_SAFELIST  a document that is not one of those that may be run
    │   ├── InvalidArgument      INVALID_ARGUMENT   a value is wrong; `argument` says which
    │   ├── NotFound             NOT_FOUND          a well-formed id of nothing, where something is needed
    │   ├── AlreadyExists        ALREADY_EXISTS     a name that is taken, where a new one is needed
    │   ├── ReadOnly             READ_ONLY          this service only reads
    │   ├── Forbidden            FORBIDDEN          what the caller may see, and may not do
    │   ├── TooExpensive         TOO_EXPENSIVE      more than the limits allow
    │   └── LineageIncomplete    LINEAGE_INCOMPLETE a filter by lineage could not be walked to its end
    ├── ServiceError             the service cannot answer now
    │   ├── DeadlineExceeded     DEADLINE_EXCEEDED  the time for one operation is over
    │   ├── Overloaded           UNAVAILABLE        as many operations run and wait as may; try again
    │   └── Unavailable          UNAVAILABLE        the store or the recorder is out of reach; try again
    ├── StoreError               UNAVAILABLE        the store cannot be opened or read
    │   ├── StoreMissing                            there is nothing at this address
    │   ├── StoreReplaced                           another file has come in the place of the open one
    │   ├── StoreLocked                             another process holds it
    │   ├── NotMLMD                                 there is something, and it is no MLMD store
    │   ├── SchemaMismatch                          an MLMD store of another schema version
    │   ├── Unsupported                             this MLMD has no such method or option
    │   ├── Exhausted                               a message was too large, or a quota is used up
    │   └── StoreFailed          INTERNAL           MLMD or its database failed; the log tells how
    └── UsageError               BAD_REQUEST        a flag, setting or file of the command line is wrong

Foreign exceptions (a driver's, ml-metadata's) are turned into these at one door
each: the driver modules of `store.sql` and the channel of `store.mlmd`.
"""

from __future__ import annotations

from typing import ClassVar


class LineageQLError(Exception):
    """The root of the tree. `str(error)` is a sentence for the user."""

    code: ClassVar[str] = "INTERNAL"
    discreet: ClassVar[str | None] = None
    """What one is told who may not know where the store is, where the text may say that."""
    error_id: str | None = None
    """Under which the log tells more, where it does."""
    fate: str = ""
    """What became of what was to be written, where the text ends with that."""

    @property
    def extensions(self) -> dict[str, object]:
        """What a GraphQL error shows beside its message."""
        return {"code": self.code} if self.error_id is None else {"code": self.code, "errorId": self.error_id}


class RequestError(LineageQLError):
    """What the client sent cannot be served; the same request fails again."""

    code = "BAD_REQUEST"


class BadRequest(RequestError):
    """Not a GraphQL request, or a document that does not parse or validate."""


class Unauthenticated(RequestError):
    """Who asks is not known, and must be. The client is told the same whatever is wrong with its credentials.

    Args:
        reason: what is wrong with them, for the log; empty where there are none.
    """

    code = "UNAUTHENTICATED"

    def __init__(self, reason: str = "") -> None:
        super().__init__(
            "the credentials of this request are wrong or no longer count: ask whoever runs this service for new ones"
            if reason
            else "this service has to know who asks: send the header Authorization: Bearer TOKEN"
        )
        self.reason = reason


class PersistedQueryNotFound(RequestError):
    """A document that is not known by its hash or name; a client then sends its text. Apollo's and urql's words."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class PersistedQueryNotSupported(RequestError):
    """The service knows no documents by hash or name; a client then sends texts from now on."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


class DocumentRefused(RequestError):
    """A document that is not one of those that this service runs."""

    code = "QUERY_NOT_IN_SAFELIST"


class InvalidArgument(RequestError):
    """A value is wrong.

    Args:
        message: what is wrong with it and what would be right.
        argument: the path of the value, such as `input.labels[2].key`.
        against: the path of the value that it contradicts, where it does; the text then names both.
    """

    code = "INVALID_ARGUMENT"

    def __init__(self, message: str, argument: str | None = None, against: str | None = None) -> None:
        super().__init__(message if against is None else f"{message}: {against} and {argument}")
        self.message = message
        self.argument = argument
        self.against = against

    @property
    def extensions(self) -> dict[str, object]:
        paths = {"argument": self.argument, "against": self.against}
        return {**super().extensions, **{name: path for name, path in paths.items() if path is not None}}

    def under(self, prefix: str) -> InvalidArgument:
        """The same error, its paths continued to the left by `prefix`."""
        against = None if self.against is None else _below(prefix, self.against)
        error = InvalidArgument(self.message, _below(prefix, self.argument), against)
        error.error_id = self.error_id
        return error


def _below(prefix: str, path: str | None) -> str:
    if not path:
        return prefix
    return f"{prefix}{path}" if path.startswith("[") else f"{prefix}.{path}"


class NotFound(RequestError):
    """A well-formed id or name of nothing, where something is needed."""

    code = "NOT_FOUND"


class AlreadyExists(RequestError):
    """A name or external id that is taken, where a new one is needed."""

    code = "ALREADY_EXISTS"


class ReadOnly(RequestError):
    """A mutation sent to a service that only reads."""

    code = "READ_ONLY"


class Forbidden(RequestError):
    """What the caller may see, and may not do."""

    code = "FORBIDDEN"


class TooExpensive(RequestError):
    """A request beyond the limits of depth, cost or size."""

    code = "TOO_EXPENSIVE"


class LineageIncomplete(RequestError):
    """A filter by lineage that a limit, the time or an unreadable row cut short: a part of it would be a wrong answer.

    Args:
        message: what cut it short, and what to do.
        argument: the path of the filter.
    """

    code = "LINEAGE_INCOMPLETE"

    def __init__(self, message: str, argument: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument

    @property
    def extensions(self) -> dict[str, object]:
        found = super().extensions
        return {**found, "argument": self.argument} if self.argument else found


class ServiceError(LineageQLError):
    """The service cannot answer now; the same request may succeed later."""

    code = "UNAVAILABLE"


class DeadlineExceeded(ServiceError):
    """The time for one operation is over."""

    code = "DEADLINE_EXCEEDED"


class Overloaded(ServiceError):
    """As many operations run and wait as may.

    Args:
        pause: seconds after which to try again.
    """

    def __init__(self, pause: int) -> None:
        super().__init__(
            f"this service is at as many operations as it takes, and nothing of this one was done: "
            f"send it again in {pause} s"
        )
        self.pause = pause


_DISCREET = "the store is out of reach or failed: who runs this service finds why in its log"


class Unavailable(ServiceError):
    """The store or the recorder is out of reach."""

    discreet = _DISCREET


class StoreError(LineageQLError):
    """The store cannot be opened or read."""

    code = "UNAVAILABLE"
    discreet = _DISCREET


class StoreMissing(StoreError):
    """There is nothing at the store's address."""


class StoreReplaced(StoreError):
    """The store's address leads to another file than the one that is open."""


class StoreLocked(StoreError):
    """Another process holds the store's file."""


class NotMLMD(StoreError):
    """There is something at the address, and it is no MLMD store."""


class SchemaMismatch(StoreError):
    """An MLMD store of a schema version that this release does not serve."""


class Unsupported(StoreError):
    """This MLMD has no such method, or none with such an option."""


class Exhausted(StoreError):
    """A message was larger than one end takes, or a quota is used up."""


class StoreFailed(StoreError):
    """MLMD or its database failed in a way that nobody foresaw; the log tells how."""

    code = "INTERNAL"


class UsageError(LineageQLError):
    """A flag, a setting or a file given on the command line is wrong."""

    code = "BAD_REQUEST"
