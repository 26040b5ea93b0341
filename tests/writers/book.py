"""ml-metadata with few words: what the writers of the fixtures have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf import any_pb2, struct_pb2

Path = Sequence[str | int]


class Book:
    """A new store, written to node by node.

    Properties are given by name, declared ones and custom ones alike; what MLMD
    itself calls a node, and its state, are `called` and `status`.
    """

    def __init__(self, path: str) -> None:
        from ml_metadata import metadata_store
        from ml_metadata.proto import metadata_store_pb2

        self.pb: Any = metadata_store_pb2
        config = self.pb.ConnectionConfig()
        config.sqlite.filename_uri = path
        config.sqlite.connection_mode = self.pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store: Any = metadata_store.MetadataStore(config)
        self.types: dict[tuple[str, str], Any] = {}

    def _type(self, kind: str, name: str, declares: dict[str, str], base: str | None) -> int:
        if (kind, name) not in self.types:
            made = getattr(self.pb, f"{kind}Type")(name=name)
            for property_, data_type in declares.items():
                made.properties[property_] = getattr(self.pb, data_type)
            if base is not None:
                made.base_type = getattr(getattr(self.pb, f"{kind}Type"), base)
            made.id = getattr(self.store, f"put_{kind.lower()}_type")(made, can_add_fields=True)
            self.types[kind, name] = made
        return int(self.types[kind, name].id)

    def artifact_type(self, name: str, /, base: str | None = None, **declares: str) -> int:
        return self._type("Artifact", name, declares, base)

    def execution_type(self, name: str, /, base: str | None = None, **declares: str) -> int:
        return self._type("Execution", name, declares, base)

    def context_type(self, name: str, /, **declares: str) -> int:
        return self._type("Context", name, declares, None)

    def _put(self, kind: str, type_: str, values: dict[str, Any], fields: dict[str, Any]) -> int:
        known = self.types[kind, type_]
        node = getattr(self.pb, kind)(type_id=known.id, **{name: v for name, v in fields.items() if v is not None})
        for name, value in values.items():
            place = node.properties if name in known.properties else node.custom_properties
            self._set(place[name], value)
        return int(getattr(self.store, f"put_{kind.lower()}s")([node])[0])

    def _set(self, target: Any, value: Any) -> None:
        if isinstance(value, bool):
            target.bool_value = value
        elif isinstance(value, int):
            target.int_value = value
        elif isinstance(value, float):
            target.double_value = value
        elif isinstance(value, str):
            target.string_value = value
        elif isinstance(value, any_pb2.Any):
            target.proto_value.CopyFrom(value)
        else:
            struct = struct_pb2.Struct()
            struct.update(value)
            target.struct_value.CopyFrom(struct)

    def context(self, type_: str, called: str, parent: int | None = None, **values: Any) -> int:
        made = self._put("Context", type_, values, {"name": called})
        if parent is not None:
            self.store.put_parent_contexts([self.pb.ParentContext(child_id=made, parent_id=parent)])
        return made

    def execution(
        self,
        type_: str,
        contexts: Sequence[int] = (),
        called: str | None = None,
        status: str | None = None,
        **values: Any,
    ) -> int:
        number = None if status is None else getattr(self.pb.Execution, status)
        made = self._put("Execution", type_, values, {"name": called, "last_known_state": number})
        links = [self.pb.Association(context_id=context, execution_id=made) for context in contexts]
        self.store.put_attributions_and_associations([], links)
        return made

    def artifact(
        self,
        type_: str,
        uri: str,
        contexts: Sequence[int] = (),
        called: str | None = None,
        status: str | None = "LIVE",
        **values: Any,
    ) -> int:
        number = None if status is None else getattr(self.pb.Artifact, status)
        made = self._put("Artifact", type_, values, {"uri": uri, "name": called, "state": number})
        self.attribute(made, *contexts)
        return made

    def attribute(self, artifact: int, *contexts: int) -> None:
        links = [self.pb.Attribution(context_id=context, artifact_id=artifact) for context in contexts]
        self.store.put_attributions_and_associations(links, [])

    def event(self, execution: int, artifact: int, type_: str, path: Path = (), time: int | None = None) -> None:
        event = self.pb.Event(execution_id=execution, artifact_id=artifact, type=getattr(self.pb.Event, type_))
        if time is not None:
            event.milliseconds_since_epoch = time
        for step in path:
            event.path.steps.add(**({"key": step} if isinstance(step, str) else {"index": step}))
        self.store.put_events([event])

    def reads(self, execution: int, artifact: int, *path: str | int) -> None:
        self.event(execution, artifact, "INPUT", path)

    def writes(self, execution: int, artifact: int, *path: str | int) -> None:
        self.event(execution, artifact, "OUTPUT", path)


def main(write: Callable[[Book], None]) -> None:
    """Writes a store at the path that the command line gives."""
    write(Book(sys.argv[1]))
