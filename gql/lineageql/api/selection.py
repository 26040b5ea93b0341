"""Which fields of entities an operation selects below a field, so that no more is read than they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode

from lineageql.api.context import Info
from lineageql.model.predicates import Field

_NEEDS: Mapping[str, frozenset[Field]] = {
    "__typename": frozenset(),
    "id": frozenset(),
    "mlmdId": frozenset(),
    "type": frozenset(),
    "kind": frozenset(),
    "uri": frozenset({Field.URI}),
    "externalId": frozenset({Field.EXTERNAL_ID}),
    "createTime": frozenset({Field.CREATE_TIME}),
    "updateTime": frozenset({Field.UPDATE_TIME}),
    # A state, which may be a word in a property, says whether an execution has begun or ended.
    "startTime": frozenset({Field.START_TIME, Field.CREATE_TIME, Field.STATE}),
    "endTime": frozenset({Field.END_TIME, Field.UPDATE_TIME, Field.STATE}),
    "name": frozenset({Field.NAME}),
    "description": frozenset({Field.DESCRIPTION}),
    "version": frozenset({Field.VERSION}),
    "owner": frozenset({Field.OWNER}),
    "state": frozenset({Field.STATE}),
    "labels": frozenset({Field.LABELS}),
    "label": frozenset({Field.LABELS}),
    # What is beside an entity is found by its id.
    **dict.fromkeys(("runs", "executions", "artifacts", "inputs", "outputs", "producers", "consumers"), frozenset()),
    **dict.fromkeys(("upstream", "downstream", "workspace", "workspaces", "producer", "metrics"), frozenset()),
}
"""What fields of entities need beside the node's id and type. What is not here may need all of a node."""

_IDS = ("id", "mlmdId")

Selected = Mapping[str, list[FieldNode]]
"""The fields of a selection by name, those in fragments among them."""


def selected(info: Info) -> Selected:
    """The fields that are selected below the resolver's own."""
    raw = info._raw_info
    return _by_name(raw.field_nodes, raw.fragments)


def below(info: Info, selection: Selected, name: str) -> Selected:
    """The fields that are selected below one of a selection."""
    return fields_of(info, selection.get(name, []))


def fields_of(info: Info, fields: Sequence[FieldNode]) -> Selected:
    """The fields that are selected below some fields."""
    return _by_name(fields, info._raw_info.fragments)


def only_ids(fields: Sequence[FieldNode]) -> bool:
    """Whether nothing is selected below these fields but the ids of an entity, whatever its type."""
    sets = [field.selection_set.selections for field in fields if field.selection_set is not None]
    return all(isinstance(one, FieldNode) and one.name.value in _IDS for selections in sets for one in selections)


def page_needs(info: Info) -> frozenset[Field] | None:
    """`needs` of the nodes of the connection that the resolver answers."""
    page = selected(info)
    return needs([below(info, page, "nodes"), below(info, below(info, page, "edges"), "node")])


def needs(selections: Sequence[Selected]) -> frozenset[Field] | None:
    """The fields of entities that selections need to be readable; None for all of the entities."""
    found: frozenset[Field] = frozenset()
    for selection in selections:
        for name in selection:
            if name not in _NEEDS:
                return None
            found |= _NEEDS[name]
    return found


def _by_name(nodes: Sequence[FieldNode], fragments: Mapping[str, Any]) -> dict[str, list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    waiting: list[SelectionSetNode] = [node.selection_set for node in nodes if node.selection_set is not None]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                found.setdefault(selection.name.value, []).append(selection)
            elif isinstance(selection, FragmentSpreadNode):
                if selection.name.value not in seen:
                    seen.add(selection.name.value)
                    waiting.append(fragments[selection.name.value].selection_set)
            else:
                waiting.append(selection.selection_set)  # type: ignore[attr-defined]
    return found
