"""Integers where the store's own have 32 bits: the nearest that fits, with the exact number's text beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from lineageql.catalog.recording.kubeflow_encoding import compact
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.store.mlmd.requests import NewNode, NodeChange, PropertyValue, Subgraph

Value = TypeVar("Value", PropertyValue, PropertyValue | None)
_LEAST, _MOST = -(2**31), 2**31 - 1


def narrowed_subgraph(subgraph: Subgraph) -> Subgraph:
    """A subgraph whose integers have 32 bits."""
    nodes = (tuple(map(narrowed_node, part)) for part in (subgraph.contexts, subgraph.executions, subgraph.artifacts))
    contexts, executions, artifacts = nodes
    return replace(subgraph, contexts=contexts, executions=executions, artifacts=artifacts)


def narrowed_node(node: NewNode) -> NewNode:
    """A node whose integers have 32 bits."""
    vast = _vast(node.properties) | _vast(node.custom_properties)
    if not vast:
        return node
    customs = {**_narrowed(node.custom_properties), **vast}
    return replace(node, properties=_narrowed(node.properties), custom_properties=customs)


def narrowed_change(change: NodeChange) -> NodeChange:
    """A change whose integers have 32 bits."""
    vast = _vast(change.properties) | _vast(change.custom_properties)
    customs: dict[str, PropertyValue | None] = {**_narrowed(change.custom_properties), **vast}
    return replace(change, properties=_narrowed(change.properties), custom_properties=customs)


def _is_vast(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and not _LEAST <= value <= _MOST


def _vast(values: Mapping[str, Value]) -> dict[str, str]:
    return {EXACT_PREFIX + name: compact(value) for name, value in values.items() if _is_vast(value)}


def _narrowed(values: Mapping[str, Value]) -> dict[str, Value]:
    return {
        name: max(min(value, _MOST), _LEAST) if _is_vast(value) else value  # type: ignore[type-var]
        for name, value in values.items()
    }
