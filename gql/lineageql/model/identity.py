"""Global ids: one opaque string for each workspace, run, execution and artifact.

An id names the kind and the key of an entity. The key is MLMD's own id but for
the runs that executions or artifacts name, as in the Kubeflow convention. The key
of such a run is the pair of its workspace's name and its own name, whether or not
a context stands for it, so that the id of a run that was only a name stays the
same when a context is made for it. Where they name no workspace, its name in the
pair is empty. The key of a workspace that no context stands for is its name.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import NamedTuple

from lineageql.errors import InvalidArgument
from lineageql.model.choice import Choice

MAX_MLMD_ID = 2**63 - 1


class EntityKind(Choice):
    """The four kinds of things that LineageQL shows."""

    WORKSPACE = "Workspace"
    RUN = "Run"
    EXECUTION = "Execution"
    ARTIFACT = "Artifact"


class RunName(NamedTuple):
    """The key of a run that executions or artifacts name."""

    workspace: str
    name: str


class WorkspaceName(NamedTuple):
    """The key of a workspace that is only a name, which artifacts and executions carry."""

    name: str


class Ref(NamedTuple):
    """The kind and the key of an entity; `str(ref)` is its global id."""

    kind: EntityKind
    key: int | RunName | WorkspaceName

    def __str__(self) -> str:
        if not isinstance(self.key, int):
            return _encode(self.kind.value, json.dumps(list(self.key), ensure_ascii=False))
        return global_id(self.kind, self.key)


def global_id(kind: EntityKind, mlmd_id: int) -> str:
    """The global id of an entity that has an MLMD id."""
    return _encode(kind.value, str(mlmd_id))


def type_id(mlmd_id: int) -> str:
    """The global id of an MLMD type."""
    return _encode("Type", str(mlmd_id))


def parse_ref(text: str, *, expected: EntityKind | None = None, argument: str | None = None) -> Ref:
    """The reference that a global id names.

    Args:
        text: a global id, as an earlier answer gave it.
        expected: the one kind that is right here; any when None.
        argument: the path of the id in the request, for the error.

    Raises:
        InvalidArgument: the text is no global id, or one of another kind.
    """
    kind, key = _decode(text, argument)
    if expected is not None and kind is not expected:
        raise InvalidArgument(f"{_shown(text)} is the id of {_a(kind)}, and {_a(expected)}'s is needed here", argument)
    return Ref(kind, key)


def _decode(text: str, argument: str | None) -> tuple[EntityKind, int | RunName | WorkspaceName]:
    try:
        plain = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("utf-8")
    except (UnicodeError, binascii.Error):
        raise _no_id(text, argument) from None
    name, separator, rest = plain.partition(":")
    if name == "Type" and separator:
        raise InvalidArgument(f"{_shown(text)} is the id of a type, which is no node", argument)
    kind = _KINDS.get(name)
    if kind is None or not separator:
        raise _no_id(text, argument)
    key = _names(kind, rest) if rest.startswith("[") else _mlmd_id(rest)
    # Only the one spelling that this module writes is an id: equal entities have equal ids.
    if key is None or str(Ref(kind, key)) != text:
        raise _no_id(text, argument)
    return kind, key


def _no_id(text: str, argument: str | None) -> InvalidArgument:
    return InvalidArgument(f"{_shown(text)} is not an id of this service; take ids from its answers", argument)


def _mlmd_id(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= MAX_MLMD_ID else None


def _names(kind: EntityKind, text: str) -> RunName | WorkspaceName | None:
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        if kind is EntityKind.RUN and len(names) == 2:
            return RunName(*names)
        if kind is EntityKind.WORKSPACE and len(names) == 1:
            return WorkspaceName(*names)
    return None


def _encode(name: str, key: str) -> str:
    # A store may hold what UTF-8 cannot, such as half a surrogate pair; its id must still be made.
    plain = f"{name}:{key}".encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode("ascii")


def _a(kind: EntityKind) -> str:
    return ("an " if kind.value[0] in "AE" else "a ") + kind.value.lower()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "…")


_KINDS = {kind.value: kind for kind in EntityKind}
