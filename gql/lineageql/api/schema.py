"""The schema."""

from __future__ import annotations

from copy import copy

import strawberry
from graphql import DirectiveLocation, GraphQLDirective
from strawberry.schema.config import StrawberryConfig

from lineageql.api import conversion
from lineageql.api.mutation import Mutation
from lineageql.api.projection import ProjectingExecutor
from lineageql.api.query import Query
from lineageql.api.scalars import SCALARS
from lineageql.api.types import ENTITY_TYPES

SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=ENTITY_TYPES,
    execution_context_class=ProjectingExecutor,
    config=StrawberryConfig(scalar_map=SCALARS),
)

conversion.install(SCHEMA)


_KNOWN_LOCATIONS = frozenset(location for location in DirectiveLocation if location.name != "DIRECTIVE_DEFINITION")
"""The locations of directives that GraphQL's specification of 2025 has."""


def _known_to_clients(directive: GraphQLDirective) -> GraphQLDirective:
    # graphql-core is ahead of the specification: clients that print what introspection answers, such as code
    # generators, cannot parse a location that is newer than they are.
    known = copy(directive)
    known.locations = tuple(location for location in directive.locations if location in _KNOWN_LOCATIONS)
    return known


SCHEMA._schema.directives = tuple(map(_known_to_clients, SCHEMA._schema.directives))
