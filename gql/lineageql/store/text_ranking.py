"""Full-text search: where the words of a text are in a name, a uri, label values or a description.

MLMD's service finds no parts of texts, so a search looks at every entity of a
kind. Where the words stand together a name goes before a label, a label before a
uri, a uri before a description; where they do not, it comes after all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lineageql.model.entities import Entity
from lineageql.model.values import as_text
from lineageql.store.ports import APART


@dataclass(frozen=True, slots=True)
class FoldedTexts:
    """The texts of an entity that are searched, their case folded; empty where it has none."""

    name: str
    uri: str
    description: str
    labels: tuple[str, ...]

    @classmethod
    def of(cls, entity: Entity) -> FoldedTexts:
        """The texts of an entity."""
        labels = tuple(value.casefold() for value in _label_values(entity))
        uri, description = entity.node.uri or "", entity.description or ""
        return cls(entity.name.casefold(), uri.casefold(), description.casefold(), labels)


def ranking(text: str) -> Callable[[Entity], int | None]:
    """From an entity to how well the words of a text match it, 1 the best; None where one of them is nowhere in it."""
    words = text.casefold().split()
    wanted = " ".join(words)

    def rank(entity: Entity) -> int | None:
        texts = FoldedTexts.of(entity)
        name, uri, description, labels = texts.name, texts.uri, texts.description, texts.labels
        places = (name, uri, description, *labels)
        if not all(any(word in place for place in places) for word in words):
            return None
        met = (
            name == wanted,
            name.startswith(wanted),
            wanted in name,
            wanted in labels,
            any(wanted in value for value in labels),
            wanted in uri,
            wanted in description,
        )
        return met.index(True) + 1 if any(met) else APART

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
