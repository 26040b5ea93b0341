"""The store, as a GraphQL type."""

from __future__ import annotations

import strawberry

import lineageql
from lineageql.api.connections import later
from lineageql.api.context import Info
from lineageql.errors import Forbidden


@strawberry.type(description="How many of each there are. Counted when asked for: a pass over the store.")
class StoreCounts:
    workspaces: int = strawberry.field(description="Workspaces.")
    runs: int = strawberry.field(description="Runs, those that are only names among them.")
    executions: int = strawberry.field(description="Executions.")
    artifacts: int = strawberry.field(description="Artifacts.")
    events: int = strawberry.field(description="Events.")


@strawberry.type(description="The store that is served.")
class Store:
    @strawberry.field(description="Its address, without credentials. Where there is a policy, only ADMIN may see it.")
    def url(self, info: Info) -> str:
        if not info.context.rights.administers:
            raise Forbidden("only an ADMIN may see the address of the store")
        return info.context.store.info.url

    @strawberry.field(
        description="What keeps it: `sqlite`, `mysql`, `postgresql`, or `grpc` for MLMD's service before it."
    )
    def backend(self, info: Info) -> str:
        return info.context.store.info.backend

    @strawberry.field(description="MLMD's schema version.")
    def schema_version(self, info: Info) -> int | None:
        return info.context.store.info.schema_version

    @strawberry.field(
        description="Whether mutations are served; `lineageql query` opens a store for writing only where it runs one."
    )
    def writable(self, info: Info) -> bool:
        return info.context.store.info.writable

    @strawberry.field(description="How many of each there are.")
    def counts(self, info: Info) -> StoreCounts:
        return later(info.context.finder.store_counts())  # type: ignore[no-any-return]

    @strawberry.field(description="The version of LineageQL that serves it.")
    def version(self) -> str:
        return lineageql.__version__
