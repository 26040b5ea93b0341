"""The schema."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import strawberry
from graphql import DirectiveLocation, GraphQLDirective, GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from lineageql.api.mutation import Mutation
from lineageql.api.projection import ProjectingExecutor
from lineageql.api.query import Query
from lineageql.api.scalars import SCALARS
from lineageql.api.types import ENTITY_TYPES


class Prepared(SchemaExtension):
    """Hands Strawberry the document that was parsed, validated and measured already."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        self.execution_context.graphql_document = context.document.node
        self.execution_context.pre_execution_errors = []
        yield


class Schema(strawberry.Schema):
    """A schema that logs no errors itself: most are the client's, and the rest are logged where they are masked."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        pass


SCHEMA = Schema(
    query=Query,
    mutation=Mutation,
    types=ENTITY_TYPES,
    extensions=[Prepared],
    execution_context_class=ProjectingExecutor,
    config=StrawberryConfig(scalar_map=SCALARS),
)


_KNOWN_LOCATIONS = frozenset(location for location in DirectiveLocation if location.name != "DIRECTIVE_DEFINITION")
"""The locations of directives that GraphQL's specification of 2025 has."""


def _known_to_clients(directive: GraphQLDirective) -> GraphQLDirective:
    # graphql-core is ahead of the specification: clients that print what introspection answers, such as code
    # generators, cannot parse a location that is newer than they are.
    known = copy(directive)
    known.locations = tuple(location for location in directive.locations if location in _KNOWN_LOCATIONS)
    return known


SCHEMA._schema.directives = tuple(map(_known_to_clients, SCHEMA._schema.directives))
