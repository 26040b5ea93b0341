"""Every error that the client raises on purpose, as one tree.

What the service answers as `extensions.code` is a class here::

    LineageQLError
    ├── RequestError            the same request fails again
    │   ├── BadRequest          BAD_REQUEST          the document does not fit the service's schema
    │   │   └── NotGraphQL                           what answers at the address is no LineageQL service
    │   ├── InvalidArgument     INVALID_ARGUMENT     a value is wrong; `argument` says which
    │   ├── NotFound            NOT_FOUND            an id or a name of nothing
    │   ├── AlreadyExists       ALREADY_EXISTS       a name or an external id is taken
    │   ├── ReadOnly            READ_ONLY            this service only reads
    │   ├── Unauthenticated     UNAUTHENTICATED      the token is missing, wrong or too old
    │   ├── Forbidden           FORBIDDEN            the caller may not do this
    │   ├── DocumentRefused     QUERY_NOT_IN_SAFELIST  the service runs only documents that it was given
    │   ├── TooExpensive        TOO_EXPENSIVE        more than the service's limits allow
    │   └── LineageIncomplete   LINEAGE_INCOMPLETE   a filter over lineage could not be decided
    ├── ServiceError            the same request may succeed later
    │   ├── DeadlineExceeded    DEADLINE_EXCEEDED    the time for one operation is over
    │   ├── Unavailable         UNAVAILABLE          the service or its store is out of reach
    │   └── Internal            INTERNAL             the service failed; its log tells more under `error_id`
    ├── SpoolError              the folder of the spool, or a file in it, cannot be used
    └── MissingExtra            a library that an extra of this package installs is not there

The codes are a table, CODES; a code that is not in it is a ServiceError. httpx's
exceptions become these in `transport`, and nowhere else.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any


class LineageQLError(Exception):
    """The root of the tree. `str(error)` is a sentence for the user."""

    code: str = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        argument: str | None = None,
        against: str | None = None,
        path: Sequence[str | int] = (),
        error_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument
        """The path of the wrong value, such as `input.labels[2].key`."""
        self.against = against
        """The path of the value that it contradicts."""
        self.answer_path = tuple(path)
        """Where in the answer it stands."""
        self.error_id = error_id
        """Under which the service's log tells more."""
        self.data: Mapping[str, Any] | None = None
        """What was answered beside the error, where something was."""
        self.others: tuple[LineageQLError, ...] = ()
        """The other errors of the same answer."""

    def add(self, words: str) -> None:
        """Says more in the same sentence."""
        self.message = f"{self.message}; {words}"
        self.args = (self.message,)

    def __str__(self) -> str:
        parts = [self.message]
        if self.argument is not None and self.argument not in self.message:
            parts.append(f"(at {self.argument})")
        if self.error_id is not None:
            parts.append(f"(errorId {self.error_id})")
        return " ".join(parts)


class RequestError(LineageQLError):
    """The same request fails again."""

    code = "BAD_REQUEST"


class BadRequest(RequestError):
    """The document does not fit the service's schema, or the request is no GraphQL request."""


class NotGraphQL(BadRequest):
    """What answers at the address is no LineageQL service: a proxy without one behind it, or a login page."""


class InvalidArgument(RequestError, ValueError):
    """A value is wrong; a ValueError too, as the Kubeflow Metadata SDK raises it."""

    code = "INVALID_ARGUMENT"


class NotFound(RequestError):
    """A well-formed id or name of nothing, where something is needed."""

    code = "NOT_FOUND"


class AlreadyExists(RequestError, ValueError):
    """A name or an external id is taken; a ValueError too, as the Kubeflow Metadata SDK raises it."""

    code = "ALREADY_EXISTS"


class ReadOnly(RequestError):
    """The service only reads."""

    code = "READ_ONLY"


class Unauthenticated(RequestError):
    """The token is missing, wrong or too old."""

    code = "UNAUTHENTICATED"


class Forbidden(RequestError):
    """The caller may not do this."""

    code = "FORBIDDEN"


class DocumentRefused(RequestError):
    """The service runs only documents that it was given, and this is none of them."""

    code = "QUERY_NOT_IN_SAFELIST"


class TooExpensive(RequestError):
    """More than the service's limits allow."""

    code = "TOO_EXPENSIVE"


class LineageIncomplete(RequestError):
    """A filter over lineage could not be decided, because the walk was cut short."""

    code = "LINEAGE_INCOMPLETE"


class ServiceError(LineageQLError):
    """The same request may succeed later."""


class DeadlineExceeded(ServiceError):
    """The time for one operation is over; what was to be recorded may be recorded."""

    code = "DEADLINE_EXCEEDED"


class Unavailable(ServiceError):
    """The service or its store is out of reach."""

    code = "UNAVAILABLE"


class Internal(ServiceError):
    """The service failed in a way that nobody foresaw."""


class SpoolError(LineageQLError):
    """The folder of the spool, or a file in it, cannot be used."""


class MissingExtra(LineageQLError, ImportError):
    """A library that an extra of this package installs is not there."""


CODES: Mapping[str, type[LineageQLError]] = {
    error.code: error
    for error in (
        BadRequest,
        InvalidArgument,
        NotFound,
        AlreadyExists,
        ReadOnly,
        Unauthenticated,
        Forbidden,
        DocumentRefused,
        TooExpensive,
        LineageIncomplete,
        DeadlineExceeded,
        Unavailable,
        Internal,
    )
}


WAITING = (ServiceError, Unauthenticated, Forbidden, DocumentRefused, ReadOnly, NotGraphQL)
"""What is not the fault of an entry in a spool, which therefore stays there."""


class IncompleteWarning(UserWarning):
    """An answer about lineage is not all there is: a limit cut it short."""


class SpooledWarning(UserWarning):
    """The service is away, and recordings go to the spool."""


class ServiceWarning(UserWarning):
    """The service answered, and has something to say about the request."""


def error_of(errors: Sequence[Mapping[str, Any]], data: Mapping[str, Any] | None) -> LineageQLError:
    """The error of an answer's `errors`: the first, which holds the others."""
    made = [_one(error) for error in errors]
    made[0].data = data
    made[0].others = tuple(made[1:])
    return made[0]


def _one(error: Mapping[str, Any]) -> LineageQLError:
    extensions = error.get("extensions") or {}
    code = extensions.get("code")
    kind = CODES.get(code, ServiceError) if isinstance(code, str) else ServiceError
    made = kind(
        str(error.get("message", "the service answered an error without a message")),
        argument=extensions.get("argument"),
        against=extensions.get("against"),
        path=error.get("path") or (),
        error_id=extensions.get("errorId"),
    )
    if isinstance(code, str):
        made.code = code
    return made


def note(error: BaseException, text: str) -> None:
    """Adds a line to what is shown of an exception, where Python knows such lines."""
    if hasattr(error, "add_note"):
        error.add_note(text)


def warn_incomplete(what: str, stacklevel: int = 3) -> None:
    """Says that an answer about lineage is not whole."""
    warnings.warn(f"{what} is not complete: a limit cut the walk short", IncompleteWarning, stacklevel=stacklevel)
