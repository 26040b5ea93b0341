"""Persisted documents: known to the service, so that a client sends a hash or a name in the place of a text.

Two ways lead here, and both answer the same:

- Apollo's and urql's links send `extensions.persistedQuery.sha256Hash`, and the text only where the hash is not known;
- `documentId` is a hash, with `sha256:` before it or not, or the name of a file of the folder.

A client's library prints a document anew before it hashes it, so each file of the folder is known by the hashes of
the texts that come of that: as it is, as graphql-js prints it, with the `__typename` that caches add, and each of
these without empty lines and comments, as urql sends it.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from lineageql.errors import BadRequest, DocumentRefused, PersistedQueryNotFound, PersistedQueryNotSupported, UsageError
from lineageql.settings import Settings
from lineageql.web.operations import Operation, load_operations
from lineageql.web.printing import print16

_HASH = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_STRINGS = re.compile(r'("{3}[\s\S]*"{3}|"(?:\\.|[^"])*")')
_LINES = re.compile(r"(?:#[^\n\r]+)?(?:[\r\n]+|$)")
_OVERHEAD = 256
"""Bytes that a registered document takes besides its text: its hash, and its places in the tables."""


@dataclass(frozen=True)
class Asked:
    """What a request names: a text, a hash or name of one, or both."""

    text: str | None
    sha256: str | None = None
    """A hash in lower case, which the client may register a text under."""
    name: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Asked:
        """What a body or an address names.

        Raises:
            BadRequest: it names nothing, or in no way that is served.
        """
        text = body.get("query")
        if text is not None and (not isinstance(text, str) or not text.strip()):
            raise BadRequest("query is missing: it takes the text of a GraphQL document")
        extensions = body.get("extensions") or {}
        persisted = extensions.get("persistedQuery") if isinstance(extensions, Mapping) else None
        if persisted is not None:
            return cls(text, _sha256(persisted))
        id_ = body.get("documentId")
        if id_ is None:
            if text is None:
                raise BadRequest("query is missing: it takes the text of a GraphQL document")
            return cls(text)
        if not isinstance(id_, str) or not id_.strip():
            raise BadRequest("documentId must be the SHA-256 of a document, or its name")
        found = _HASH.fullmatch(id_)
        return cls(text, found[1].lower()) if found else cls(text, name=id_)


def _sha256(persisted: Any) -> str:
    if not isinstance(persisted, Mapping) or persisted.get("version") != 1:
        raise BadRequest("extensions.persistedQuery must be {version: 1, sha256Hash: …}; no other version is served")
    found = persisted.get("sha256Hash")
    if not isinstance(found, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", found):
        raise BadRequest("extensions.persistedQuery.sha256Hash must be the 64 hexadecimal digits of a SHA-256")
    return found.lower()


class PersistedDocuments:
    """The documents that are known: those of a folder, and those that clients have registered.

    Args:
        mode: the setting `persisted_documents`.
        operations: those of the folder.
        most: bytes that the registered ones may take.
    """

    def __init__(self, mode: str, operations: list[Operation], most: int) -> None:
        self.mode = mode
        self.most = most
        self._named = {operation.name: operation.document for operation in operations}
        self._known = {sha256(text): text for operation in operations for text in _printed(operation.document)}
        self._registered: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    @classmethod
    def of(cls, settings: Settings, schema: GraphQLSchema) -> PersistedDocuments:
        """Those of the settings' folder.

        Raises:
            UsageError: a file there cannot be read, or is none that may be run.
        """
        operations = load_operations(Path(settings.documents)) if settings.documents else []
        for operation in operations:
            _check(operation, schema, settings.persisted_documents == "require", settings.documents)
        return cls(settings.persisted_documents, operations, settings.max_registered_documents)

    def text(self, asked: Asked) -> str:
        """The text to run.

        Raises:
            PersistedQueryNotSupported: a text is wanted, as none is known here.
            PersistedQueryNotFound: a text is wanted, as this one is not known.
            DocumentRefused: it is none of those that may be run.
            BadRequest: text and hash are not of the same document.
        """
        if self.mode == "off":
            if asked.text is None:
                raise PersistedQueryNotSupported
            return asked.text
        known = self._found(asked)
        if asked.text is None:
            if known is None:
                raise PersistedQueryNotFound
            return known
        if asked.sha256 is not None and sha256(asked.text) != asked.sha256:
            raise BadRequest("the SHA-256 is not that of the document in query: hash the text that is sent, in UTF-8")
        if asked.name is not None and known != asked.text:
            raise BadRequest(f"the document in query is not the one named {asked.name!r}: send one of them")
        if self.mode == "require" and sha256(asked.text) not in self._known:
            raise DocumentRefused(
                "this service runs no documents but those that it was given with --documents: "
                "have this one put into that folder, and name it by documentId"
            )
        return asked.text

    def _found(self, asked: Asked) -> str | None:
        if asked.name is not None:
            return self._named.get(asked.name)
        if asked.sha256 is None:
            return None
        if asked.sha256 in self._registered:
            self._registered.move_to_end(asked.sha256)
        return self._known.get(asked.sha256) or self._registered.get(asked.sha256)

    def register(self, asked: Asked) -> None:
        """Keeps a document that could be run under the hash that came with it, where these are kept."""
        if self.mode != "accept" or asked.text is None or asked.sha256 is None:
            return
        size = len(asked.text.encode()) + _OVERHEAD
        if asked.sha256 in self._known or asked.sha256 in self._registered or size > self.most:
            return
        self._registered[asked.sha256] = asked.text
        self._size += size
        while self._size > self.most:
            _, dropped = self._registered.popitem(last=False)
            self._size -= len(dropped.encode()) + _OVERHEAD


def sha256(text: str) -> str:
    """The hash by which a document is known, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check(operation: Operation, schema: GraphQLSchema, required: bool, folder: str) -> None:
    node = parse(operation.document, no_location=True)
    errors = validate(schema, node, max_errors=1)
    if errors:
        raise UsageError(f"{folder}: {operation.name} does not fit the schema of this service: {errors[0].message}")
    if required:
        finder = _Introspection()
        visit(node, finder)
        if finder.found:
            raise UsageError(
                f"{folder}: {operation.name} asks for the schema, and --persisted-documents require does not"
            )


class _Introspection(Visitor):
    """Finds out whether a document asks for the schema."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.found = self.found or node.name.value in ("__schema", "__type")


def _printed(text: str) -> Iterator[str]:
    """The texts that clients' libraries make of a document."""
    node = parse(text, no_location=True)
    typed = visit(node, _Typenames())
    forms = (printed(form) for form in (node, typed) for printed in (print16, print_ast))
    for form in (text, *forms):
        yield form
        yield _squeezed(form)


def _squeezed(text: str) -> str:
    """A text as urql's `sanitizeDocument` makes it."""
    parts = _STRINGS.split(text)
    return "".join(part if place % 2 else _LINES.sub("\n", part) for place, part in enumerate(parts)).strip()


class _Typenames(Visitor):
    """Adds `__typename` where Apollo's and urql's caches do: to every selection but those of an operation itself."""

    def leave_selection_set(self, node: SelectionSetNode, _key: Any, parent: Any, *_: Any) -> Any:
        if not isinstance(parent, FieldNode | FragmentDefinitionNode | InlineFragmentNode):
            return None
        if any(isinstance(child, FieldNode) and child.name.value == "__typename" for child in node.selections):
            return None
        added = FieldNode(
            name=NameNode(value="__typename"), alias=None, arguments=(), directives=(), selection_set=None
        )
        return SelectionSetNode(selections=(*node.selections, added))
