"""Who asks, as a GraphQL type."""

from __future__ import annotations

import strawberry

from lineageql.api.context import Info
from lineageql.model.rights import Role


@strawberry.type(description="Who asks, and what they may do.")
class Viewer:
    @strawberry.field(description="The name that the caller is known by; null for one who is not known.")
    def name(self, info: Info) -> str | None:
        return info.context.caller.name

    @strawberry.field(description="What the caller may do in some workspaces at least; all where there is no policy.")
    def roles(self, info: Info) -> list[Role]:
        return sorted(info.context.rights.roles, key=list(Role).index)

    @strawberry.field(
        description="The patterns of the names of the workspaces that the caller may see; the empty one stands for "
        "what is in no workspace. Null for all."
    )
    def workspaces(self, info: Info) -> list[str] | None:
        patterns = info.context.rights.sees.patterns
        return None if patterns is None else sorted(patterns)
