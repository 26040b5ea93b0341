"""A file of own types, and what it makes of random stores, said anew in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from lineageql.model.conventions.own_types import parse_own_types
from lineageql.model.kinds import ArtifactKind
from lineageql.model.predicates import Field, Group
from tests.store.sql import expected
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.records import EXECUTION, NodeRecord, StoreRecord, StructValue

FILE = """
[[artifacts]]
types = ["Examples", "it's*", "kf.?odelArtifact"]
kind = "STATISTICS"
name = ["p", "customProperties.q"]
version = "q"
labels = {prefix = ["lab", "dis"], properties = ["p", "team"]}
run = "customProperties.q"

[[artifacts]]
types = ["kubeflow.org/Pod/v1"]
kind = "MODEL"
owner = "properties.object"
description = ["p", "version"]

[[artifacts]]
types = ["PushedModel", "system.Model"]
kind = "MODEL"
parameters = {prefix = ["lab", "exact:"], properties = ["p", "q"], document = "scores"}

[[artifacts]]
types = "google.ForecastingMetrics"
kind = "METRICS"
workspace = "version"
run = "customProperties.p"
values = {properties = ["version", "name"], document = "scores"}

[[executions]]
types = ["A step", "tfx.*"]
name = "q"
state = "p"
workspace = "customProperties.p"
run = "q"
labels = {properties = "q"}
parameters = {prefix = ["dis", "na"], document = "scores"}

[[executions]]
types = "é.Trainer"
run = "p"

[[contexts]]
types = ["Experiment"]
role = "WORKSPACE"
name = "p"

[[contexts]]
types = ["pipeline"]
description = "q"

[[contexts]]
types = "Trial"
role = "RUN"
labels = {prefix = "disp"}
"""
OWN = parse_own_types(FILE, "types.toml")


def _first(node: NodeRecord, *names: str) -> str | None:
    return expected.first_text(*(expected.either(node, name) for name in names))


class OwnOracle(Oracle):
    """Knows what the file says too."""

    def _labels(self, node: NodeRecord, prefixes: tuple[str, ...], names: tuple[str, ...]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            texts = [_text(layer.get(name)) for layer in (node.declared, node.custom)]
            found.update((name, text) for text in reversed(texts) if text is not None)
        for prefix in reversed(prefixes):
            for name, value in node.custom.items():
                text = _text(value)
                if name.startswith(prefix) and text is not None:
                    found[name.removeprefix(prefix)] = text
        return found

    def _artifact(self, node: NodeRecord) -> Thing:
        thing, name = super()._artifact(node), node.type.name
        if name == "Examples" or fnmatchcase(name, "it's*") or name == "kf.ModelArtifact":
            texts = (expected.either(node, "p"), expected.text_of(node.custom.get("q")), thing.fields[Field.NAME])
            more: dict[Field, Any] = {
                Field.KIND: ArtifactKind.STATISTICS,
                Field.NAME: expected.first_text(*texts),
                Field.VERSION: _first(node, "q", "version"),
            }
            labels = self._labels(node, ("lab", "dis"), ("p", "team"))
            return replace(thing, fields=thing.fields | more, more_labels=labels)
        if name == "kubeflow.org/Pod/v1":
            more = {
                Field.KIND: ArtifactKind.MODEL,
                Field.OWNER: expected.first_text(
                    expected.text_of(node.declared.get("object")), expected.either(node, "owner")
                ),
                Field.DESCRIPTION: _first(node, "p", "version", "description"),
            }
            return replace(thing, fields=thing.fields | more)
        if name in ("PushedModel", "system.Model"):
            places = ("p", "q"), ("lab", "exact:")
            return replace(thing, mapped={Group.PARAMETERS: self._items(node, *places)})
        if name == "google.ForecastingMetrics":
            return replace(thing, mapped={Group.VALUES: self._items(node, ("version", "name"), ())})
        return thing

    def _items(self, node: NodeRecord, names: tuple[str, ...], prefixes: tuple[str, ...]) -> Callable[[str], Any]:
        return lambda item: expected.mapped_item(node, item, names, prefixes, "scores")

    def _execution(self, node: NodeRecord) -> Thing:
        thing = super()._execution(node)
        if node.type.name == "é.Trainer":  # what names a run is no parameter
            plain = thing.item
            return replace(
                thing, mapped={Group.PARAMETERS: lambda item: None if item == "p" else plain(Group.PARAMETERS, item)}
            )
        if node.type.name != "A step" and not node.type.name.startswith("tfx."):
            return thing
        # A state has one word, the first there is.
        word = _first(node, "p", "state")
        stated = replace(node, declared=node.declared | {"state": word}) if word else node
        fields = super()._execution(stated).fields
        name = expected.first_text(expected.either(node, "q"), thing.fields[Field.NAME])
        more: dict[str, Any] = {
            "more_labels": self._labels(node, (), ("q",)),
            "mapped": {Group.PARAMETERS: self._items(node, (), ("dis", "na"))},
        }
        return replace(thing, fields=fields | {Field.NAME: name}, **more)

    def workspace_name(self, node: NodeRecord) -> str | None:
        if node.type.name == "google.ForecastingMetrics":
            name = node.custom.get("version")  # the type declares none
        elif node.type.kind == EXECUTION and (node.type.name == "A step" or node.type.name.startswith("tfx.")):
            name = node.custom.get("p")
        else:
            return super().workspace_name(node)
        return _name(name) or None

    def run_name(self, node: NodeRecord) -> tuple[str, str] | None:
        name, custom = node.type.name, node.custom
        if name == "A step" or name.startswith("tfx."):
            workspace, run = _name(custom.get("p")), _name(custom.get("q"))
        elif name == "é.Trainer":
            workspace, run = "", _name(node.declared.get("p"))  # the type declares it
        else:
            return super().run_name(node)
        return (workspace, run) if workspace is not None and run else None

    def holding_run(self, node: NodeRecord) -> tuple[str, str] | None:
        name, custom = node.type.name, node.custom
        if name == "google.ForecastingMetrics":
            workspace, run = _name(custom.get("version")), _name(custom.get("p"))
        elif name == "Examples" or fnmatchcase(name, "it's*") or name == "kf.ModelArtifact":
            workspace, run = "", _name(custom.get("q"))
        else:
            return None
        return (workspace, run) if workspace is not None and run else None

    def _may_be_named(self, node: NodeRecord) -> bool:
        return super()._may_be_named(node) or node.type.name == "Experiment"

    def _amount(self, members: list[NodeRecord]) -> int:
        states = [self._execution(node).fields[Field.STATE] for node in members]
        return super()._amount([replace(node, state=state) for node, state in zip(members, states, strict=True)])

    def _is_workspace(self, node: NodeRecord) -> bool:
        told = {"Experiment": True, "Trial": False}.get(node.type.name)
        return super()._is_workspace(node) if told is None else told

    def _is_context_run(self, node: NodeRecord) -> bool:
        told = {"Experiment": False, "Trial": True}.get(node.type.name)
        return super()._is_context_run(node) if told is None else told

    def _common(self, node: NodeRecord) -> dict[Field, Any]:
        fields = super()._common(node)
        if node.type.name == "Experiment":
            fields[Field.NAME] = expected.first_text(expected.either(node, "p"), fields[Field.NAME])
        if node.type.name == "pipeline":
            fields[Field.DESCRIPTION] = _first(node, "q", "description")
        return fields

    def _context_runs(self) -> Any:
        for thing in super()._context_runs():
            if thing.node is not None and thing.node.type.name == "Trial":
                yield replace(thing, more_labels=self._labels(thing.node, ("disp",), ()))
            else:
                yield thing


def _name(value: Any) -> str | None:
    """What a property names a workspace or a run: a text, and no list or object, which MLMD keeps as one."""
    return value if isinstance(value, str) and not value.startswith("mlmd-struct::") else None


def _text(value: Any) -> str | None:
    text = value.text if isinstance(value, StructValue) else value
    return text if isinstance(text, str) else None


NAMED = {"A step", "é.Trainer", "google.ForecastingMetrics", "Examples", "kf.ModelArtifact"}
"""Some of the types whose nodes name their workspace or run by the file."""


def naming(store: StoreRecord) -> StoreRecord:
    """The store with few different texts where names stand in most nodes of these types: drawn, they are few."""

    def named(node: NodeRecord) -> NodeRecord:
        if (node.type.name not in NAMED and not node.type.name.startswith("tfx.")) or node.id % 4 == 0:
            return node
        texts = {"p": ("w", "w/x")[node.id % 2], "q": ("r", "w", "w")[node.id % 3], "version": "w"}
        shown = {name: text for name, text in texts.items() if name in node.type.declares and name != "version"}
        return replace(node, declared=node.declared | shown, custom=node.custom | texts)

    return replace(store, artifacts=tuple(map(named, store.artifacts)), executions=tuple(map(named, store.executions)))


def knows(store: StoreRecord) -> Oracle:
    """What is true of a store by the file."""
    return OwnOracle(store)
