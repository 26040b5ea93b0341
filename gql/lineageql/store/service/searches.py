"""Pages and counts: what makes a predicate true, in an order, between two keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from lineageql.errors import InvalidArgument, Unsupported
from lineageql.model.entities import Entity, Run
from lineageql.model.evaluate import references_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.items import item_of
from lineageql.model.nodes import Node, NodeKind
from lineageql.model.orders import best_of, is_by_best, sort_key
from lineageql.model.predicates import Field, Item, Predicate, Related, Relation, Test
from lineageql.model.subjects import value_of
from lineageql.store.ports import LACKED, Key, Order, Row, Search, Slice, Window, in_place, nowhere
from lineageql.store.service.access_paths import AccessPaths, Cost, terms_of
from lineageql.store.service.client import UNREADABLE, concatenated
from lineageql.store.service.entities import NODE_KINDS
from lineageql.store.service.evaluation import Evaluator
from lineageql.store.service.reading import Reading
from lineageql.store.service.runs import place_of
from lineageql.store.service.timeline import COLUMNS, Timeline

Entities = list[Entity]


class Searches:
    """The searches of one operation."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.evaluator = Evaluator(
            reading.entities, reading.relations, reading.states, self.all, few=reading.client.sizes.few
        )
        self.access_paths = AccessPaths(
            reading.tables, reading.lister, reading.lookups, reading.prefilters, self._related_ids
        )

    async def page(self, search: Search, window: Window) -> Slice:
        """A page of the whole store."""
        order, descending = search.order, search.order.descending != window.backward
        begin = window.before if window.backward else window.after
        rows: list[Row] | None = None
        if order.field is Field.ID:
            rows = await self._first(search, window, self._each(search, begin, descending))
        elif order.field in COLUMNS and search.kind is not EntityKind.RUN:
            rows = await self._in_time(search, window, begin, descending)
        if order.field is Field.LATEST_RUN:
            rows = await self._by_latest_run(search)
        if is_by_best(search.kind, order.field):
            rows = await self.rows_of(search, await self.all(search.kind, search.predicate))
        if rows is None:
            rows = [Row(self.key(e, order), e) async for e in self._each(search, None, descending=False)]
        return await self.slice(order, window, rows)

    async def _by_latest_run(self, search: Search) -> list[Row]:
        """The workspaces that match, with the time of the last run of each in their keys."""
        spaces = await self.all(search.kind, search.predicate)
        runs = await self.reading.holdings.runs_of([space.ref for space in spaces])
        rows = []
        for space in spaces:
            times = [run.create_time for run in runs[space.ref] if run.create_time is not None]
            rows.append(Row((max(times, default=nowhere(search.order)), space.node.id), space))
        return rows

    async def _first(self, search: Search, window: Window, entities: AsyncIterator[Entity]) -> list[Row]:
        """The first rows that match, one more than the window shows, of entities in the order in which it looks."""
        descending = search.order.descending != window.backward
        start, end = (window.before, window.after) if window.backward else (window.after, window.before)
        found: list[Row] = []
        async for entity in entities:
            key = self.key(entity, search.order)
            if end is not None and _is_beyond(key, end, descending):
                break
            if start is None or _is_beyond(key, start, descending):
                found.append(Row(key, entity))
            if len(found) > window.limit:
                break
        return found

    async def _in_time(self, search: Search, window: Window, begin: Key | None, descending: bool) -> list[Row] | None:
        """The same in the order of a time; None where the server cannot list what is searched so."""
        path = await self.access_paths.of(search.kind, search.predicate)
        if not self.reading.prefilters.can_filter or path.ids or len(path.listings) != 1:
            return None
        assert isinstance(search.order.field, Field)
        timeline = Timeline(self.reading.lister, path.listings[0], search.order.field, descending=descending)
        after = None if begin is None else (_number(begin[0]), _number(begin[-1]))

        async def entities() -> AsyncIterator[Entity]:
            async for nodes in timeline.pages(after):
                for entity in await self._matching(search.kind, path.residual, map(self.reading.tables.kept, nodes)):
                    yield entity

        try:
            return await self._first(search, window, entities())
        except (Unsupported, *UNREADABLE):
            return None

    async def _matching(self, kind: EntityKind, residual: Predicate, nodes: Iterable[Node]) -> Entities:
        """The entities of nodes that make a predicate true."""
        found = list(nodes)
        if kind is EntityKind.WORKSPACE:
            found = await self.reading.roles.workspaces(found)
        return await self.evaluator.matching(residual, kind, self.reading.entities.of(kind, found))

    async def slice(self, order: Order, window: Window, rows: Sequence[Row]) -> Slice:
        """The rows in a window, in order, with all that is shown of them."""
        ordered = sorted(rows, key=_key_of, reverse=order.descending)
        if window.after is not None:
            ordered = [row for row in ordered if _is_beyond(row.key, window.after, order.descending)]
        if window.before is not None:
            ordered = [row for row in ordered if _is_beyond(row.key, window.before, not order.descending)]
        limit = window.limit
        shown = ordered[max(0, len(ordered) - limit) :] if window.backward else ordered[:limit]
        await self.reading.entities.load_names(row.entity for row in shown)
        self.reading.tables.keep(row.entity.node for row in shown if row.entity.node.id)
        return Slice(shown, len(ordered) > limit)

    async def rows_of(self, search: Search, entities: Sequence[Entity]) -> list[Row]:
        """Entities with where they stand in a search's order."""
        order = search.order
        if is_by_best(search.kind, order.field):
            best = await self._best(order, entities)
            descending = order.descending
            return [
                Row((*sort_key(best[entity.ref], descending=descending), *_ties_of(entity)), entity)
                for entity in entities
            ]
        if order.field is Field.NAME:
            await self.reading.entities.load_names(entities)
        return [Row(self.key(entity, order), entity) for entity in entities]

    async def _best(self, order: Order, runs: Sequence[Entity]) -> dict[Ref, float | None]:
        """The best value of a name among the artifacts that each run wrote."""
        assert isinstance(order.field, Item)
        outputs = await self.reading.holdings.artifacts_of_runs([run.ref for run in runs], inputs=False)
        nodes = await self.reading.tables.nodes(NodeKind.ARTIFACT, concatenated(outputs.values()))
        artifacts = self.reading.entities.of(EntityKind.ARTIFACT, nodes.values())
        values = {artifact.node.id: item_of(artifact, order.field) for artifact in artifacts}
        return {
            run: best_of((values.get(id_) for id_ in ids), descending=order.descending) for run, ids in outputs.items()
        }

    def key(self, entity: Entity, order: Order) -> Key:
        """Where an entity stands in an order, but for that of runs by what they wrote."""
        ties = _ties_of(entity)
        if order.field is Field.ID:
            return ties
        if order.field is Field.NAME:
            return entity.name, *ties
        if order.field is Field.TYPE:
            return entity.type.name, *ties
        if not isinstance(order.field, Field):
            return *sort_key(value_of(order.field)(entity), descending=order.descending), *ties
        if order.field is Field.URI:
            return in_place(order, lacks=entity.node.uri is None), entity.node.uri or "", *ties
        if order.field in (*LACKED, Field.STATE):
            found = value_of(order.field)(entity)
            return found if isinstance(found, int) else nowhere(order), *ties
        node = entity.node
        return node.create_time if order.field is Field.CREATE_TIME else node.update_time, *ties

    async def count(self, search: Search) -> int:
        """How many rows there are in the whole store."""
        return sum([1 async for _ in self.each(search.kind, search.predicate)])

    async def each(self, kind: EntityKind, predicate: Predicate, *, names: bool = False) -> AsyncIterator[Entity]:
        """The entities of a kind that make a predicate true, in the order of ids, also with all of their names."""
        order = Order(Field.NAME) if names else Order()
        async for entity in self._each(Search(kind, predicate, order), None, descending=False):
            yield entity

    async def all(self, kind: EntityKind, predicate: Predicate) -> Entities:
        """All entities of a kind that make a predicate true, in the order of ids."""
        return [entity async for entity in self.each(kind, predicate)]

    async def _each(self, search: Search, after: Key | None, descending: bool) -> AsyncIterator[Entity]:
        """The entities that match, in the order of ids; those before a key may come too."""
        pages = self._runs if search.kind is EntityKind.RUN else self._nodes
        by_name = search.order.field is Field.NAME
        async for matching in pages(search, after, descending):
            if by_name:
                await self.reading.entities.load_names(matching)
            for entity in matching:
                yield entity

    async def _nodes(self, search: Search, after: Key | None, descending: bool) -> AsyncIterator[Entities]:
        path = await self.access_paths.of(search.kind, search.predicate)
        place = None if after is None else _number(after[0])
        async for nodes in self.access_paths.nodes(NODE_KINDS[search.kind], path, place, descending=descending):
            yield await self._matching(search.kind, path.residual, nodes)

    async def _runs(self, search: Search, after: Key | None, descending: bool) -> AsyncIterator[Entities]:
        runs = self.reading.runs
        refs = next(filter(None, map(_refs_of, terms_of(search.predicate))), None)
        if refs is not None:
            found = list((await self.reading.get_runs(refs)).values())
            ordered = runs.ordered(found, descending)
            yield await self.evaluator.matching(search.predicate, search.kind, ordered)
            return
        for term in terms_of(search.predicate):
            tied = await self._tied_runs(term) if isinstance(term, Related) else None
            if tied is not None:
                ordered = runs.ordered(tied, descending)
                yield await self.evaluator.matching(search.predicate, search.kind, ordered)
                return
        if after is not None:
            _number(after[0])
        async for page in runs.pages(after, descending=descending, workspace=_workspace_of(search.predicate)):
            yield await self.evaluator.matching(search.predicate, search.kind, page)

    # -- relations as access paths

    async def _related_ids(self, kind: EntityKind, term: Related) -> frozenset[int] | None:
        """The ids of the artifacts or executions that are related to what makes a predicate true."""
        relation, target = term.relation, term.relation.target
        if relation.by_event:
            ends = await self._ends(term)
            if ends is None:
                return None
            return frozenset(await self.reading.at_events(relation, [entity.node.id for entity in ends]))
        if kind is EntityKind.WORKSPACE:
            return await self._spaces_of(term)
        others = await self.all(target, term.predicate)
        if relation is Relation.WORKSPACE:
            nodes = await self.reading.in_workspaces(NODE_KINDS[kind], [other.node.id for other in others])
        else:
            nodes = await self.reading.in_runs(kind, [other for other in others if isinstance(other, Run)])
        self.reading.tables.keep(nodes)
        return frozenset(node.id for node in nodes)

    async def _ends(self, term: Related) -> Entities | None:
        """The artifacts or executions at the other end of a relation; None where all would be looked at for them."""
        target = term.relation.target
        path = await self.access_paths.of(target, term.predicate)
        return None if path.cost > Cost.RELATED else await self.all(target, term.predicate)

    async def _spaces_of(self, term: Related) -> frozenset[int] | None:
        """The ids of the workspaces of what makes a predicate true."""
        memberships = self.reading.memberships
        if term.relation is Relation.RUNS:
            runs = await self.all(EntityKind.RUN, term.predicate)
            return frozenset((await memberships.workspaces_of_runs([run.ref for run in runs])).values())
        ends = await self._ends(term)
        if ends is None:
            return None
        spaces = await memberships.spaces(term.relation.target, [entity.node.id for entity in ends])
        return frozenset(node.id for found in spaces.values() for node in found)

    async def _tied_runs(self, term: Related) -> list[Run] | None:
        """The runs of what makes a predicate true; None where that is not worth looking for first."""
        if term.relation is Relation.WORKSPACE:
            return None
        ends = await self._ends(term)
        if ends is None:
            return None
        ids, found, holders = [entity.node.id for entity in ends], set(), list[Run]()
        if term.relation is Relation.EXECUTIONS:
            found.update(ids)
        else:
            side = Relation.CONSUMED_BY if term.relation is Relation.RUN_INPUTS else Relation.PRODUCED_BY
            ends_of = await self.reading.relations.of(side, EntityKind.ARTIFACT, ends)
            found.update(execution.node.id for executions in ends_of for execution in executions)
        if term.relation is Relation.RUN_OUTPUTS:
            held = await self.reading.memberships.holders_of(ids)
            holders = [run for runs in held.values() for run in runs]
        nodes = await self.reading.tables.nodes(NodeKind.EXECUTION, found)
        executions = self.reading.entities.of(EntityKind.EXECUTION, nodes.values())
        lists = await self.reading.relations.of(Relation.RUN, EntityKind.EXECUTION, executions)
        runs = [run for some in lists for run in some if isinstance(run, Run)]
        return list({run.ref: run for run in [*runs, *holders]}.values())


def _ties_of(entity: Entity) -> Key:
    return place_of(entity) if isinstance(entity, Run) else (entity.node.id,)


def _key_of(row: Row) -> Any:
    return row.key


def _refs_of(term: Predicate) -> list[Ref] | None:
    match term:
        case Test(subject=Field.REF):
            return list(references_of(term))
    return None


def _workspace_of(predicate: Predicate) -> str | None:
    """The one workspace that runs must name to make a predicate true; None where nothing says it."""
    for term in terms_of(predicate):
        match term:
            case Test(subject=Field.NAMED_WORKSPACE, operand=(str() as name,)):
                return name
    return None


def _is_beyond(key: Key, other: Key, descending: bool) -> bool:
    """Whether a key comes after another; one of one part is compared with the first part only."""
    left: Any = key[:1] if len(other) == 1 else key
    try:
        return bool(left < other if descending else left > other)
    except TypeError:
        raise InvalidArgument("this is not a cursor of this store; take cursors from earlier answers") from None


def _number(part: str | float | None) -> int:
    if not isinstance(part, int):
        raise InvalidArgument("this is not a cursor of this store; take cursors from earlier answers")
    return part
