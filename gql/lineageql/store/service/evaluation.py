"""Predicates of entities, said in Python: of many entities at a time, so that what they need is read together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from lineageql.model.entities import Entity
from lineageql.model.evaluate import comparison
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import And, Field, Not, Or, Predicate, Related, Relation, Test
from lineageql.model.run_state import run_state
from lineageql.model.subjects import meets
from lineageql.store.service.entities import Entities
from lineageql.store.service.relations import Relations
from lineageql.store.service.states import States

FindEntities = Callable[[EntityKind, Predicate], Awaitable[Sequence[Entity]]]
"""All entities of a kind that make a predicate true."""


class Evaluator:
    """Tells which entities make predicates true, for one operation.

    Args:
        find: finds all entities of a kind that make a predicate true.
        few: of how many entities the workspaces are asked for one by one.
    """

    def __init__(
        self, entities: Entities, relations: Relations, states: States, find: FindEntities, *, few: int
    ) -> None:
        self.find = find
        self.few = few
        self.entities = entities
        self.relations = relations
        self.states = states

    async def matching(self, predicate: Predicate, kind: EntityKind, entities: Sequence[Entity]) -> list[Entity]:
        """The entities of a kind that make a predicate true, in their order."""
        if not entities:
            return []
        match predicate:
            case And(terms):
                kept = entities
                for term in sorted(terms, key=_cost):
                    kept = await self.matching(term, kind, kept)
                return list(kept)
            case Or(terms):
                left, found = entities, set[Ref]()
                for term in sorted(terms, key=_cost):
                    found |= {entity.ref for entity in await self.matching(term, kind, left)}
                    left = [entity for entity in left if entity.ref not in found]
                return [entity for entity in entities if entity.ref in found]
            case Not(term):
                found = {entity.ref for entity in await self.matching(term, kind, entities)}
                return [entity for entity in entities if entity.ref not in found]
            case Related(Relation.WORKSPACE, inner) if kind is not EntityKind.RUN and len(entities) > self.few:
                return await self._in_workspaces(inner, kind, entities)
            case Related(relation, inner):
                related = await self.relations.of(relation, kind, entities)
                others = {other.ref: other for found in related for other in found}
                true = {other.ref for other in await self.matching(inner, relation.target, list(others.values()))}
                pairs = zip(entities, related, strict=True)
                return [entity for entity, found in pairs if any(other.ref in true for other in found)]
            case Test():
                return await self._test(predicate, kind, entities)
        raise AssertionError(predicate)

    async def _in_workspaces(self, inner: Predicate, kind: EntityKind, entities: Sequence[Entity]) -> list[Entity]:
        """The entities in workspaces that make a predicate true, by asking the workspaces in place of the entities."""
        spaces = [space.node.id for space in await self.find(EntityKind.WORKSPACE, inner)]
        inside = await self.relations.memberships.inside(kind, spaces, [entity.node.id for entity in entities])
        return [entity for entity in entities if entity.node.id in inside]

    async def _test(self, test: Test, kind: EntityKind, entities: Sequence[Entity]) -> list[Entity]:
        if test.subject is Field.STATE and kind is EntityKind.RUN:
            return await self._in_state(test, entities)
        if test.subject is Field.NAME:
            await self.entities.load_names(entities)
        is_met = meets(test)
        return [entity for entity in entities if is_met(entity)]

    async def _in_state(self, test: Test, runs: Sequence[Entity]) -> list[Entity]:
        counts = await self.states.of_runs([run.ref for run in runs])
        is_met = comparison(test)
        return [run for run in runs if is_met(run_state(counts[run.ref]).value)]


def _cost(predicate: Predicate) -> int:
    """How much has to be read for a predicate, roughly: its relations, and what stands beside its entities' rows."""
    match predicate:
        case And(terms) | Or(terms):
            return max(map(_cost, terms), default=0)
        case Not(term):
            return _cost(term)
        case Related(_, inner):
            return 2 + _cost(inner)
        case Test(subject=Field.NAME):
            return 1
    return 0
