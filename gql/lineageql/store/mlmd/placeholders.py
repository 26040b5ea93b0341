r"""Placeholders for texts that ml-metadata cannot write into PostgreSQL.

It puts a text with a backslash into a statement as 'E'…'', which is no literal:
at best the statement fails, at worst what the text says is carried out. So no
such text comes to it. In a request its place is taken by a placeholder, a text of
letters and digits that nobody can guess; on the way to the server the placeholder
becomes the literal of the text, and what the server answers with the text in it
becomes the placeholder again. ml-metadata and the database each see one text only.
"""

from __future__ import annotations

import importlib
import re
import secrets
from collections.abc import Callable
from typing import Any

_PREFIX = "lineageql"
_PLACEHOLDER = re.compile(rb"'(lineageql[0-9a-f]{32})'")
_UNQUOTED = re.compile(rb"lineageql[0-9a-f]{32}")
# A Struct is written as base64; a filter is a language of its own, which ml-metadata reads itself.
_OPAQUE = "google.protobuf."
_MASK = "google.protobuf.FieldMask"
_FILTER = "filter_query"

Renaming = Callable[[str], str]


class Placeholders:
    """The placeholders of one call.

    Args:
        rpc: the name of the method.
        request: the serialized request of its caller.
    """

    def __init__(self, rpc: str, request: bytes) -> None:
        self._rpc = rpc
        self._by_text: dict[str, str] = {}
        self.request = self._renamed(f"{rpc}Request", request, self._stand_in) if b"\\" in request else request
        self._literals = {name.encode(): _literal(text) for text, name in self._by_text.items()}
        self._names = {text.encode(): name.encode() for text, name in self._by_text.items()}

    def __bool__(self) -> bool:
        return bool(self._by_text)

    def statement(self, text: bytes) -> bytes:
        """A statement of ml-metadata's with the literals of the texts.

        Raises:
            ValueError: a placeholder is elsewhere than in a literal of its own, where its text cannot be put.
        """
        done = _PLACEHOLDER.sub(lambda found: self._literals.get(found[1], found[0]), text)
        if any(name in self._literals for name in _UNQUOTED.findall(done)):
            raise ValueError("a placeholder is inside another text")
        return done

    def value(self, octets: bytes) -> bytes:
        """A value of the database as ml-metadata is to see it."""
        return self._names.get(octets, octets)

    def reply(self, body: bytes) -> bytes:
        """A serialized reply with the texts."""
        if not any(name.encode() in body for name in self._by_text.values()):
            return body
        texts = {name: text for text, name in self._by_text.items()}
        return self._renamed(f"{self._rpc}Response", body, lambda text: texts.get(text, text))

    def message(self, message: bytes) -> bytes:
        """What ml-metadata says of an error, with the texts."""
        for text, name in self._names.items():
            message = message.replace(name, text)
        return message

    def _stand_in(self, text: str) -> str:
        if "\\" not in text:
            return text
        return self._by_text.setdefault(text, f"{_PREFIX}{secrets.token_hex(16)}")

    def _renamed(self, name: str, serialized: bytes, rename: Renaming) -> bytes:
        service = importlib.import_module("ml_metadata.proto.metadata_store_service_pb2")
        kind = getattr(service, name, None)
        if kind is None:
            return serialized  # a method that the library has not either
        message = kind.FromString(serialized)
        _rename(message, rename)
        renamed: bytes = message.SerializeToString()
        return renamed


def _literal(text: str) -> bytes:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f" E'{escaped}'".encode()


def _rename(message: Any, rename: Renaming) -> None:
    """Renames every text in a message, the keys of maps and the names in masks included."""
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is not None and kind.full_name == _MASK:
            value.paths[:] = [_masked(path, rename) for path in value.paths]
        elif kind is not None and kind.full_name.startswith(_OPAQUE):
            continue
        elif kind is not None and kind.GetOptions().map_entry:
            _rename_map(value, kind.fields_by_name["value"], rename)
        elif kind is not None:
            for inner in value if _is_list(value) else (value,):
                _rename(inner, rename)
        elif field.type == field.TYPE_STRING and field.name != _FILTER:
            if isinstance(value, str):
                setattr(message, field.name, rename(value))
            else:
                value[:] = [rename(text) for text in value]


def _rename_map(entries: Any, of: Any, rename: Renaming) -> None:
    for key in list(entries):
        new = rename(key) if isinstance(key, str) else key
        if of.message_type is not None:
            if not of.message_type.full_name.startswith(_OPAQUE):
                _rename(entries[key], rename)
            if new != key:
                entries[new].CopyFrom(entries[key])
                del entries[key]
        else:
            value = entries[key]
            if new != key:
                del entries[key]
            entries[new] = rename(value) if isinstance(value, str) else value


def _is_list(value: Any) -> bool:
    return hasattr(value, "__len__") and not hasattr(value, "ListFields")


def _masked(path: str, rename: Renaming) -> str:
    head, dot, name = path.partition(".")
    return f"{head}{dot}{rename(name)}" if dot else path
