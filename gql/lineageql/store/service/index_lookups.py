"""What MLMD's service looks up by an index: external ids, uris, and the types that a test allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lineageql.errors import NotFound
from lineageql.model.evaluate import comparison, operands_of
from lineageql.model.kinds import kind_of
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.operators import Access
from lineageql.model.predicates import Field, Test
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.client import UNREADABLE, Client, concatenated, gathered
from lineageql.store.service.messages import NOUNS, can_be_sent
from lineageql.store.service.type_reader import Types

SIMPLE_TYPES = {
    NodeKind.ARTIFACT: ("mlmd.Dataset", "mlmd.Model", "mlmd.Metrics", "mlmd.Statistics"),
    NodeKind.EXECUTION: ("mlmd.Train", "mlmd.Transform", "mlmd.Process", "mlmd.Evaluate", "mlmd.Deploy"),
    NodeKind.CONTEXT: (),
}
"""MLMD's own simple types, which its lists hide though nodes may be of them."""


class Lookups:
    """Looks up nodes and types for one operation."""

    def __init__(self, client: Client, types: Types, catalog: TypeCatalog) -> None:
        self.client = client
        self.types = types
        self.catalog = catalog

    async def nodes(self, kind: NodeKind, test: Test) -> list[Node] | None:
        """Nodes, among them all that meet a test of an external id or a uri; None where they are not looked up."""
        asked = self._question(kind, test)
        if asked is None:
            return None
        rpc, field, texts = asked
        try:
            replies = await gathered(self._answer(kind, rpc, field, batch) for batch in self.client.batches(texts))
        except UNREADABLE:
            return None  # one of the rows cannot be read: which, is found out in another way
        messages = {message.id: message for message in concatenated(replies)}
        return await self.types.nodes(kind, list(messages.values()))

    def _question(self, kind: NodeKind, test: Test) -> tuple[str, str, list[str]] | None:
        texts = texts_of(test)
        if texts is None or "" in texts:
            return None
        if test.subject is Field.EXTERNAL_ID:
            return f"Get{NOUNS[kind]}sByExternalIds", "external_ids", texts
        if test.subject is Field.URI and kind is NodeKind.ARTIFACT:
            return "GetArtifactsByURI", "uris", texts
        return None

    async def _answer(self, kind: NodeKind, rpc: str, field: str, texts: Sequence[Any]) -> list[Any]:
        try:
            reply = await self.client.ask(rpc, **{field: texts})
        except NotFound:
            return []  # so it says that there are none
        return list(getattr(reply, f"{NOUNS[kind].lower()}s"))

    async def allowed(self, kind: NodeKind, tests: Iterable[Test]) -> list[NodeType]:
        """The types of a kind that meet tests of types and kinds, MLMD's own simple ones among them."""
        wanted = [(test.subject is Field.KIND, comparison(test)) for test in tests]

        def allows(type_: NodeType) -> bool:
            return all(meets(kind_of(type_) if by_kind else type_.name) for by_kind, meets in wanted)

        simple = [NodeType(0, kind, name) for name in SIMPLE_TYPES[kind]]
        found = await gathered(self.types.simple(kind, type_.name) for type_ in simple if allows(type_))
        others = [type_ for type_ in self.catalog.of(kind) if allows(type_) and not type_.simple]
        return [*others, *(type_ for type_ in found if type_ is not None)]


def texts_of(test: Test) -> list[str] | None:
    """The texts that a store may hold, of which a value has to be one to meet a test; None where that is not so."""
    operands = operands_of(test)
    if test.ignore_case or test.operator.meaning.access is not Access.EQUALITY:
        return None
    if not all(isinstance(text, str) for text in operands):
        return None
    return [text for text in dict.fromkeys(operands) if can_be_sent(text)]
