"""What is under owners: the rows of each link between entities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

from lineageql.model.entities import Entity
from lineageql.model.identity import EntityKind, Ref, WorkspaceName
from lineageql.model.kinds import ArtifactKind, kind_of
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Node, NodeKind
from lineageql.model.predicates import Field
from lineageql.store.ports import Link, Row, Search, Slice, Window
from lineageql.store.service import filter_query
from lineageql.store.service.access_paths import merged
from lineageql.store.service.client import concatenated, gathered
from lineageql.store.service.entities import NODE_KINDS
from lineageql.store.service.listings import Listing
from lineageql.store.service.messages import key_of_event
from lineageql.store.service.reading import Reading
from lineageql.store.service.searches import Searches

Rows = dict[Ref, list[Row]]
Members = dict[Ref, list[Entity]]


class Links:
    """Lists what is under owners, for one operation."""

    def __init__(self, reading: Reading, searches: Searches) -> None:
        self.reading = reading
        self.searches = searches

    async def slices(self, link: Link, owners: Sequence[Ref], search: Search, window: Window) -> dict[Ref, Slice]:
        """The rows that a window shows under each owner."""
        rows = await self._rows(link, owners, search, window)
        slices = await gathered(self.searches.slice(search.order, window, rows[owner]) for owner in owners)
        return dict(zip(owners, slices, strict=True))

    async def counts(self, link: Link, owners: Sequence[Ref], search: Search) -> dict[Ref, int]:
        """How many rows there are under each owner."""
        return {owner: len(rows) for owner, rows in (await self._rows(link, owners, search, None)).items()}

    async def _rows(self, link: Link, owners: Sequence[Ref], search: Search, window: Window | None) -> Rows:
        """The rows under each owner; where a window is given, at least those that it shows and one more."""
        if link.by_event:
            return await self._by_event(link, owners, search)
        listed = await self._listings(link, owners)
        rows = await gathered(self._listed(listings, search, window) for listings in listed.values())
        found: Rows = dict(zip(listed, rows, strict=True))
        others = [owner for owner in owners if owner not in found]
        if others:
            members = await self._members(link, others)
            found.update(await self._matching(search, members))
        return found

    # -- members of contexts, which the service lists

    async def _listings(self, link: Link, owners: Sequence[Ref]) -> dict[Ref, list[Listing]]:
        """The listings of the owners whose rows are members of contexts."""
        kind, numbered = NODE_KINDS[link.target], [owner.key for owner in owners if isinstance(owner.key, int)]
        contexts: dict[int, list[int]] = {}
        if link in (Link.WORKSPACE_EXECUTIONS, Link.WORKSPACE_ARTIFACTS):
            contexts = await self.reading.memberships.contexts_of(numbered)
        elif link is Link.RUN_EXECUTIONS:
            contexts = {id_: [id_] for id_ in numbered}
        return {
            Ref(link.owner, id_): [Listing(kind, context=context) for context in found]
            for id_, found in contexts.items()
        }

    async def _listed(self, listings: Sequence[Listing], search: Search, window: Window | None) -> list[Row]:
        by_id = window is not None and search.order.field is Field.ID
        descending = by_id and window is not None and search.order.descending != window.backward
        begin = None if not by_id or window is None else window.before if window.backward else window.after
        after = begin[0] if begin else None
        pages = [
            self.reading.lister.pages(listing, after if isinstance(after, int) else None, descending=descending)
            for listing in listings
        ]
        rows: list[Row] = []
        async for page in merged(pages, descending=descending):
            rows += await self._matching_nodes(search, page)
            if by_id and window is not None and len(rows) > window.limit:
                break
        return rows

    async def _matching_nodes(self, search: Search, nodes: Sequence[Node]) -> list[Row]:
        reading = self.reading
        entities = reading.entities.of(search.kind, map(reading.tables.kept, nodes))
        matching = await self.searches.evaluator.matching(search.predicate, search.kind, entities)
        return await self.searches.rows_of(search, matching)

    # -- members that are gathered

    async def _matching(self, search: Search, members: Members) -> Rows:
        together = {entity.ref: entity for entities in members.values() for entity in entities}
        true = {
            entity.ref
            for entity in await self.searches.evaluator.matching(search.predicate, search.kind, list(together.values()))
        }
        lists = {
            owner: list({entity.ref: together[entity.ref] for entity in entities if entity.ref in true}.values())
            for owner, entities in members.items()
        }
        return {owner: await self.searches.rows_of(search, entities) for owner, entities in lists.items()}

    async def _members(self, link: Link, owners: Sequence[Ref]) -> Members:
        ways: dict[Link, Callable[[Sequence[Ref]], Awaitable[Members]]] = {
            Link.WORKSPACE_RUNS: self._runs,
            Link.WORKSPACE_EXECUTIONS: partial(self._naming_spaces, EntityKind.EXECUTION),
            Link.WORKSPACE_ARTIFACTS: partial(self._naming_spaces, EntityKind.ARTIFACT),
            Link.RUN_EXECUTIONS: self._executions,
            Link.RUN_INPUTS: self._inputs,
            Link.RUN_OUTPUTS: self._outputs,
            Link.MODEL_METRICS: self._metrics,
        }
        return await ways[link](owners)

    async def _runs(self, owners: Sequence[Ref]) -> Members:
        return {owner: list(runs) for owner, runs in (await self.reading.holdings.runs_of(owners)).items()}

    async def _naming_spaces(self, kind: EntityKind, owners: Sequence[Ref]) -> Members:
        """What names workspaces that are only names."""
        names, found = self.reading.workspace_names, dict[Ref, list[Entity]]()
        for owner in owners:
            nodes = await names.naming(NODE_KINDS[kind], owner.key.name) if isinstance(owner.key, WorkspaceName) else ()
            found[owner] = self.reading.entities.of(kind, nodes)
        return found

    async def _executions(self, owners: Sequence[Ref]) -> Members:
        found = await self.reading.states.executions_of(owners)
        return {owner: self.reading.entities.of(EntityKind.EXECUTION, found[owner]) for owner in owners}

    async def _inputs(self, owners: Sequence[Ref]) -> Members:
        return await self._of_ids(await self.reading.holdings.artifacts_of_runs(owners, inputs=True))

    async def _outputs(self, owners: Sequence[Ref]) -> Members:
        return await self._of_ids(await self.reading.holdings.artifacts_of_runs(owners, inputs=False))

    async def _of_ids(self, ids: dict[Ref, set[int]]) -> Members:
        nodes = await self.reading.tables.nodes(NodeKind.ARTIFACT, concatenated(ids.values()))
        made = dict(zip(nodes, self.reading.entities.of(EntityKind.ARTIFACT, nodes.values()), strict=True))
        return {owner: [made[id_] for id_ in found if id_ in made] for owner, found in ids.items()}

    async def _metrics(self, owners: Sequence[Ref]) -> Members:
        """Metrics that name models, or were output by an execution that read or output one."""
        reading = self.reading
        ids = {owner: owner.key for owner in owners if isinstance(owner.key, int)}
        naming = await self._naming({str(id_) for id_ in ids.values()})
        events = await reading.tables.events(NodeKind.ARTIFACT, ids.values())
        beside: dict[Ref, set[int]] = {}
        for owner, id_ in ids.items():
            near = {event.execution_id for event in events[id_]}
            beside[owner] = {*naming.get(str(id_), ()), *await reading.holdings.touched(near, OUTPUT_EVENTS)} - {id_}
        return {
            owner: [entity for entity in entities if kind_of(entity.type) is ArtifactKind.METRICS]
            for owner, entities in (await self._of_ids(beside)).items()
        }

    async def _naming(self, ids: set[str]) -> dict[str, list[int]]:
        """The metrics that name models, by the ids of these as they name them."""
        types = [
            type_
            for type_ in self.reading.types.of(NodeKind.ARTIFACT)
            if kind_of(type_) is ArtifactKind.METRICS and "model_id" in type_.properties
        ]
        said = filter_query.declared_property("model_id", sorted(ids))
        found: dict[str, list[int]] = {}
        pages: list[AsyncIterator[list[Node]]] = [
            self.reading.lister.pages(Listing(NodeKind.ARTIFACT, type=type_, filter=said)) for type_ in types
        ]
        for source in pages:
            async for nodes in source:
                for node in nodes:
                    model = node.properties.get("model_id")
                    if isinstance(model, str) and model in ids:
                        self.reading.tables.keep([node])
                        found.setdefault(model, []).append(node.id)
        return found

    # -- rows that are events

    async def _by_event(self, link: Link, owners: Sequence[Ref], search: Search) -> Rows:
        reading = self.reading
        types = INPUT_EVENTS if link in (Link.EXECUTION_INPUTS, Link.ARTIFACT_CONSUMERS) else OUTPUT_EVENTS
        of_execution = link.owner is EntityKind.EXECUTION
        here, there = NODE_KINDS[link.owner], NODE_KINDS[link.target]
        ids = [owner.key for owner in owners if isinstance(owner.key, int)]
        found = await reading.tables.events(here, ids, types)
        events = {id_: [event for event in at if event.type in types] for id_, at in found.items()}
        ends = (e.artifact_id if of_execution else e.execution_id for e in concatenated(events.values()))
        nodes = await reading.tables.nodes(there, ends)
        entities = reading.entities.of(link.target, nodes.values())
        matching = await self.searches.evaluator.matching(search.predicate, search.kind, entities)
        true = {entity.node.id: entity for entity in matching}
        rows: Rows = {owner: [] for owner in owners}
        for id_, at in events.items():
            for event in at:
                entity = true.get(event.artifact_id if of_execution else event.execution_id)
                # An event may name a node that is not in the store.
                if entity is not None:
                    rows[Ref(link.owner, id_)].append(Row(key_of_event(event), entity, event))
        return rows
