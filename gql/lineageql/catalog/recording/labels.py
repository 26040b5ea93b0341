"""Changes of labels, in the places where each writer's convention reads them.

LineageQL's labels are custom properties. The Kubeflow Metadata SDK has them in a
JSON text: in `__ALL_META__` beside all else it knows, or of a workspace in a
property of their own. Both are kept, so that the SDK sees what changes here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from lineageql.catalog.recording import checks, kubeflow_encoding
from lineageql.catalog.recording.checks import refused
from lineageql.errors import InvalidArgument
from lineageql.model.conventions.convention import Document
from lineageql.model.conventions.kubeflow import INDEXED_PREFIX, LABEL_PREFIX, WRITTEN_PREFIX
from lineageql.model.drafts import LabelPairs
from lineageql.model.entities import Entity
from lineageql.model.nodes import Node, NodeKind
from lineageql.model.values import as_text
from lineageql.store.mlmd.requests import NodeChange, PropertyValue

Changes = dict[str, PropertyValue | None]


def label_change(entity: Entity, put: LabelPairs, removed: Collection[str]) -> NodeChange:
    """The change that sets labels of a node, and removes labels that it may have.

    Raises:
        InvalidArgument: the labels are too long together, or one that is removed is a property of a type of users' own.
    """
    node = entity.node
    customs: Changes = dict(kubeflow_encoding.label_properties(put))
    properties: Changes = {}
    places = entity.convention.labels[node.type.kind]
    for key in removed:
        if key in places.names and any(
            isinstance(of.get(key), str) for of in (node.properties, node.custom_properties)
        ):
            words = f"holds {key!r}, which is a property of {node.type.name}: the file of --types makes it a label"
            raise refused("keys", words)
        customs.update({prefix + key: None for prefix in places.prefixes if prefix + key in node.custom_properties})
    if places.document is not None and places.document.property in node.type.properties:
        properties, mirrored = _in_document(node, places.document, dict(put), removed)
        customs = {**mirrored, **customs}
    if properties or customs:
        customs.update(kubeflow_encoding.kept_end(entity))
    return NodeChange(node.type.kind, node.id, node.type.id, properties=properties, custom_properties=customs)


def _in_document(
    node: Node, document: Document, put: Mapping[str, str], removed: Collection[str]
) -> tuple[Changes, Changes]:
    """The changes of the document's text, and of the custom properties that must hold what it holds."""
    stored = node.properties.get(document.property)
    if stored is None and node.type.kind is NodeKind.EXECUTION:
        return {}, {}  # the SDK's executions have no such text
    whole = _parsed("{}" if stored is None else stored)
    if whole is None:
        return {}, {}  # another writer's text, which is left alone
    old = whole if document.member is None else whole.get(document.member)
    labels: dict[str, Any] = dict(old) if isinstance(old, dict) else {}
    for name, value in node.custom_properties.items():
        key = name.removeprefix(LABEL_PREFIX)
        if key != name and isinstance(value, str) and as_text(labels.get(key)) != value:
            labels[key] = value
    labels = {key: value for key, value in {**labels, **put}.items() if key not in removed}
    if document.member is None:
        return {document.property: _text(labels)}, _mirrored_labels(node, labels) or {}
    mirrored = _mirrored(node, labels, whole.get("kwargs"))
    rest = {name: value for name, value in whole.items() if name != document.member}
    if mirrored is None:
        # Something in the text cannot stand in a property, so the text must go on to be read: it is not one of ours.
        ordered = {**rest, document.member: labels} if rest else {"workspace": None, document.member: labels}
    else:
        ordered = {document.member: labels, **rest}
    text = _text(ordered)
    if isinstance(stored, str) and stored.startswith(INDEXED_PREFIX) and text.startswith(WRITTEN_PREFIX):
        text = INDEXED_PREFIX + text.removeprefix(WRITTEN_PREFIX)
    assert text.startswith(WRITTEN_PREFIX) is (mirrored is not None)
    return {document.property: text}, mirrored or {}


def _mirrored(node: Node, labels: Mapping[str, Any], extras: Any) -> Changes | None:
    """Every label and every extra as custom properties, where they are not yet; None where one cannot be."""
    changes = _mirrored_labels(node, labels)
    if changes is None:
        return None
    for name, value in (extras if isinstance(extras, dict) else {}).items():
        if value is None:
            return None
        if name in node.custom_properties:
            continue
        try:
            checks.custom_properties({name: value})
            checks.undeclared({name: value}, node.type.properties, node.type.name)
            changes.update(kubeflow_encoding.stored_property(name, value))
        except InvalidArgument:
            return None
    return changes


def _mirrored_labels(node: Node, labels: Mapping[str, Any]) -> Changes | None:
    changes: Changes = {}
    for key, value in labels.items():
        text = as_text(value)
        if text is None or node.custom_properties.get(LABEL_PREFIX + key) == text:
            continue
        try:
            checks.labels([(key, text)])
        except InvalidArgument:
            return None
        changes[LABEL_PREFIX + key] = text
    return changes


def _parsed(stored: object) -> dict[str, Any] | None:
    if not isinstance(stored, str):
        return None
    try:
        value = json.loads(stored)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Mapping[str, Any]) -> str:
    # What another writer wrote stays as it is, be it a NaN or half a surrogate pair, which only ASCII can say.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        text = json.dumps(value, separators=(",", ":"))
    checks.text(text, "labels")
    return text
