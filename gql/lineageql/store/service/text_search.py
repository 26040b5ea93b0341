"""Full-text search: where a text is part of a name, a uri, a label's value or a description.

MLMD's service finds no parts of texts, so a search looks at every entity of a
kind. A name goes before a label, a label before a uri, a uri before a description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lineageql.model.entities import Entity
from lineageql.model.values import as_text


def ranking(text: str) -> Callable[[Entity], int | None]:
    """From an entity to how well a text matches it, 1 the best; None where the text is nowhere in it."""
    wanted = text.casefold()

    def rank(entity: Entity) -> int | None:
        name = entity.name.casefold()
        labels = [value.casefold() for value in _label_values(entity)]
        met = (
            name == wanted,
            name.startswith(wanted),
            wanted in name,
            wanted in labels,
            any(wanted in value for value in labels),
            wanted in (entity.node.uri or "").casefold(),
            wanted in (entity.description or "").casefold(),
        )
        return met.index(True) + 1 if any(met) else None

    return rank


def _label_values(entity: Entity) -> Iterator[str]:
    """The values of labels, also those in another writer's document that a label of its own hides."""
    places, node = entity.convention.labels.get(entity.node.type.kind), entity.node
    if places is None:
        return
    for name, raw in node.custom_properties.items():
        if isinstance(raw, str) and (name.startswith(places.prefixes) or name in places.names):
            yield raw
    for name in places.names:
        declared = node.properties.get(name)
        if isinstance(declared, str):
            yield declared
    if places.document is not None:
        for value in places.document.read(node).values():
            text = as_text(value)
            if text is not None:
                yield text
