"""The queries."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry

from lineageql.api.comparison import LineageDiff, LineagePath, RunComparison
from lineageql.api.connections import (
    ORDER,
    WHERE,
    After,
    ArtifactOrder,
    Before,
    Connection,
    ExecutionOrder,
    First,
    Last,
    RunOrder,
    WorkspaceOrder,
    later,
    search_for,
)
from lineageql.api.context import Info
from lineageql.api.entity import Entity, EntityType, Node
from lineageql.api.enums import EntityKindName
from lineageql.api.filters import (
    ArtifactFilter,
    EntityFilter,
    ExecutionFilter,
    LineageFilter,
    RunFilter,
    WorkspaceFilter,
)
from lineageql.api.lineage import Facet, Lineage
from lineageql.api.scalars import BigInt, DateTime
from lineageql.api.selection import page_needs
from lineageql.api.store import Store
from lineageql.api.types import Artifact, Execution, Run, WhichEvents, Workspace
from lineageql.api.unknown_names import of_nodes, warn_of_names, warn_of_pages
from lineageql.api.viewer import Viewer
from lineageql.catalog import differences, graphs
from lineageql.catalog.adjacency import Events
from lineageql.catalog.comparison import compare_runs
from lineageql.catalog.finding import FacetCount
from lineageql.catalog.lineage import Direction, Graph, NodeFilter, Terms
from lineageql.catalog.pages import Edge, Page, PageRequest
from lineageql.catalog.search import search
from lineageql.errors import InvalidArgument
from lineageql.model.identity import EntityKind, Ref, parse_ref
from lineageql.model.predicates import NEVER, Field, Label, Operator, Test, all_of
from lineageql.store.ports import Facet as FacetBy
from lineageql.store.ports import Search

_ID = strawberry.argument(description="A global id.")
_MLMD_ID = strawberry.argument(description="MLMD's own id.")

_BY = strawberry.argument(description="By what to count.")
_FACET_KEY = strawberry.argument(description="The label's key, for LABEL_VALUE.")
_FACETS_SHOWN = strawberry.argument(description="At most this many; a default if null.")


async def _listed(info: Info, search: Search, request: PageRequest, fields: frozenset[Field] | None) -> Page[Edge]:
    """A page of the whole store, and a warning of each unknown name that it may be empty or unordered for."""
    page = await info.context.finder.page(search, request, fields)
    await warn_of_pages(info, search, request, [page])
    return page


def _load(info: Info, ref: Ref) -> Any:
    return later(info.context.loaders.entity_by_ref.load(ref))


@strawberry.type(description="What can be asked. A field that fails is null and leaves the others' answers.")
class Query:
    @strawberry.field(description="The entity of an id; null for a well-formed id of nothing.")
    def node(self, info: Info, id: Annotated[strawberry.ID, _ID]) -> Node | None:
        return _load(info, parse_ref(id, argument="id"))  # type: ignore[no-any-return]

    @strawberry.field(description="The entity of each id, in order; null for a well-formed id of nothing.")
    def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids.")],
    ) -> list[Node | None] | None:
        most = info.context.settings.max_page_size
        if len(ids) > most:
            raise InvalidArgument(f"there are {len(ids)} ids; the most is {most}", "ids")
        refs = [parse_ref(id_, argument=f"ids[{place}]") for place, id_ in enumerate(ids)]
        return later(info.context.loaders.entity_by_ref.some(refs))  # type: ignore[no-any-return]

    @strawberry.field(description="One workspace, by id or by name.")
    def workspace(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, _ID] = None,
        name: Annotated[str | None, strawberry.argument(description="The workspace's name.")] = None,
    ) -> Workspace | None:
        if _one_of("workspace", id=id, name=name) == "id":
            return _load(info, parse_ref(id or "", expected=EntityKind.WORKSPACE, argument="id"))  # type: ignore[no-any-return]
        return later(info.context.finder.workspace_named(name or ""))  # type: ignore[no-any-return]

    @strawberry.field(description="The workspaces.")
    def workspaces(
        self,
        info: Info,
        where: Annotated[WorkspaceFilter | None, WHERE] = None,
        order_by: Annotated[WorkspaceOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Workspace] | None:
        search = search_for(EntityKind.WORKSPACE, where, order_by)
        return later(_listed(info, search, PageRequest(first, after, last, before), page_needs(info)))  # type: ignore[no-any-return]

    @strawberry.field(
        description="One run, by id or by its name, and its workspace's where several workspaces have one so named."
    )
    def run(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, _ID] = None,
        workspace: Annotated[str | None, strawberry.argument(description="The workspace's name.")] = None,
        name: Annotated[str | None, strawberry.argument(description="The run's name.")] = None,
    ) -> Run | None:
        if id is not None and workspace is None and name is None:
            return _load(info, parse_ref(id, expected=EntityKind.RUN, argument="id"))  # type: ignore[no-any-return]
        if id is None and name is not None:
            finder = info.context.finder
            found = finder.only_run_named(name) if workspace is None else finder.run_named(workspace, name)
            return later(found)  # type: ignore[no-any-return]
        raise InvalidArgument("a run is found by id, or by name, or by name and workspace", "id")

    @strawberry.field(description="The runs.")
    def runs(
        self,
        info: Info,
        where: Annotated[RunFilter | None, WHERE] = None,
        order_by: Annotated[RunOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Run] | None:
        search = search_for(EntityKind.RUN, where, order_by)
        return later(_listed(info, search, PageRequest(first, after, last, before), page_needs(info)))  # type: ignore[no-any-return]

    @strawberry.field(description="One execution, by id or by MLMD's own.")
    def execution(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, _ID] = None,
        mlmd_id: Annotated[BigInt | None, _MLMD_ID] = None,
    ) -> Execution | None:
        return _by_id(info, EntityKind.EXECUTION, id, mlmd_id)  # type: ignore[no-any-return]

    @strawberry.field(description="The executions.")
    def executions(
        self,
        info: Info,
        where: Annotated[ExecutionFilter | None, WHERE] = None,
        order_by: Annotated[ExecutionOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Execution] | None:
        search = search_for(EntityKind.EXECUTION, where, order_by)
        return later(_listed(info, search, PageRequest(first, after, last, before), page_needs(info)))  # type: ignore[no-any-return]

    @strawberry.field(description="One artifact, by id or by MLMD's own.")
    def artifact(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, _ID] = None,
        mlmd_id: Annotated[BigInt | None, _MLMD_ID] = None,
    ) -> Artifact | None:
        return _by_id(info, EntityKind.ARTIFACT, id, mlmd_id)  # type: ignore[no-any-return]

    @strawberry.field(description="The artifacts.")
    def artifacts(
        self,
        info: Info,
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        order_by: Annotated[ArtifactOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact] | None:
        search = search_for(EntityKind.ARTIFACT, where, order_by)
        return later(_listed(info, search, PageRequest(first, after, last, before), page_needs(info)))  # type: ignore[no-any-return]

    @strawberry.field(
        description="How many artifacts there are of each kind, type, state, workspace, run, label key or value of a "
        "label, or with each name of a property, a metric value or a hyperparameter, most first. An artifact without "
        "such a value counts nowhere, one with several in each."
    )
    def artifact_facets(
        self,
        info: Info,
        by: Annotated[FacetBy, _BY],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        key: Annotated[str | None, _FACET_KEY] = None,
        first: Annotated[int | None, _FACETS_SHOWN] = None,
    ) -> list[Facet] | None:
        return _facets(info, EntityKind.ARTIFACT, where, by, key, first)  # type: ignore[no-any-return]

    @strawberry.field(
        description="How many executions there are of each type, state, workspace, run, label key or value of a label, "
        "or with each name of a property or a parameter, most first. An execution without such a value counts nowhere, "
        "one with several in each."
    )
    def execution_facets(
        self,
        info: Info,
        by: Annotated[FacetBy, _BY],
        where: Annotated[ExecutionFilter | None, WHERE] = None,
        key: Annotated[str | None, _FACET_KEY] = None,
        first: Annotated[int | None, _FACETS_SHOWN] = None,
    ) -> list[Facet] | None:
        return _facets(info, EntityKind.EXECUTION, where, by, key, first)  # type: ignore[no-any-return]

    @strawberry.field(
        description="How many runs there are of each type, state, workspace, label key or value of a label, "
        "most first. A run without such a value counts nowhere, one with several in each."
    )
    def run_facets(
        self,
        info: Info,
        by: Annotated[FacetBy, _BY],
        where: Annotated[RunFilter | None, WHERE] = None,
        key: Annotated[str | None, _FACET_KEY] = None,
        first: Annotated[int | None, _FACETS_SHOWN] = None,
    ) -> list[Facet] | None:
        return _facets(info, EntityKind.RUN, where, by, key, first)  # type: ignore[no-any-return]

    @strawberry.field(
        description="Entities of all kinds in whose names, uris, label values and descriptions every word of a text "
        "is, without regard to case. Where the words stand together, a space between them: names that are the text "
        "first, then names that begin with it, names that hold it, label values, uris and descriptions; then others."
    )
    def search(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="The words to look for, or parts of words.")],
        first: First = None,
        after: After = None,
    ) -> Connection[Entity] | None:
        return later(search(info.context.finder, text, PageRequest(first, after)))  # type: ignore[no-any-return]

    @strawberry.field(
        description="The MLMD types of what stands for a kind of entity, by name. "
        "Workspaces and runs are both contexts, and which is which may depend on where a context stands."
    )
    def types(
        self,
        info: Info,
        of: Annotated[EntityKindName, strawberry.argument(description="Of which kind of entity.")],
    ) -> list[EntityType] | None:
        return later(info.context.finder.types(of.value))  # type: ignore[no-any-return]

    @strawberry.field(
        description="The lineage of nodes as one graph, walked as far as it goes within bounds. The nodes are given by "
        "their ids, by a filter, or by both."
    )
    def lineage(
        self,
        info: Info,
        roots: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Ids of artifacts and executions; needed where there is no `where`."),
        ] = None,
        where: Annotated[
            LineageFilter | None,
            strawberry.argument(
                description="Artifacts and executions that are roots too, by id after those that `roots` names. Those "
                "for which maxNodes has no room are in the frontier."
            ),
        ] = None,
        direction: Annotated[Direction, strawberry.argument(description="Which way to walk.")] = Direction.BOTH,
        events: WhichEvents = Events.ALL,
        max_hops: Annotated[
            int | None,
            strawberry.argument(
                description="How many steps to go, artifact to execution being one; null for no bound."
            ),
        ] = None,
        max_nodes: Annotated[
            int | None,
            strawberry.argument(description="How many nodes to show at most, the roots among them; a default if null."),
        ] = None,
        stop_at: Annotated[
            LineageFilter | None,
            strawberry.argument(
                description="Nodes that are shown and not gone through. Without a filter of executions no execution is "
                "one, and the same of artifacts; the roots are gone through all the same."
            ),
        ] = None,
        as_of: Annotated[
            DateTime | None,
            strawberry.argument(description="Only events and nodes up to this time, and those without a time."),
        ] = None,
    ) -> Lineage | None:
        refs = [_lineage_node(id_, f"roots[{place}]") for place, id_ in enumerate(roots or ())]
        context = info.context
        meant = None if where is None else where.predicates()
        stops = NodeFilter(NEVER, NEVER) if stop_at is None else stop_at.stops()
        terms = Terms(stops, as_of, events)
        asked = (tuple(refs), meant, direction, max_hops, max_nodes, terms)

        async def walk() -> Graph:
            graph = await graphs.lineage(
                context.finder, refs, meant, direction, max_hops, max_nodes, context.until, terms
            )
            found = sum(not hops for hops in graph.distances.values()) > len(set(refs))
            # A walk that nothing stops is no sign: it may come to its end before.
            names = [*([] if meant is None or found else of_nodes(meant)), *of_nodes(stops)]
            await warn_of_names(info, names)
            return graph

        return later(context.loaders.walk(asked, walk))  # type: ignore[no-any-return]

    @strawberry.field(
        description="A shortest directed path between two artifacts or executions, whichever way round it leads."
    )
    def lineage_path(
        self,
        info: Info,
        from_: Annotated[strawberry.ID, strawberry.argument(name="from", description="The one end.")],
        to: Annotated[strawberry.ID, strawberry.argument(description="The other end.")],
        events: WhichEvents = Events.ALL,
        max_hops: Annotated[
            int | None, strawberry.argument(description="How long it may be; null for no bound.")
        ] = None,
    ) -> LineagePath | None:
        start, end = _lineage_node(from_, "from"), _lineage_node(to, "to")
        context = info.context
        return later(graphs.lineage_path(context.finder, start, end, max_hops, context.until, events))  # type: ignore[no-any-return]

    @strawberry.field(
        description="What the lineages of two artifacts or executions share and do not share, and what changed between "
        "those that play the same part. For two versions of a model: what changed between them."
    )
    def lineage_diff(
        self,
        info: Info,
        left: Annotated[strawberry.ID, strawberry.argument(description="The one node.")],
        right: Annotated[strawberry.ID, strawberry.argument(description="The other node.")],
        direction: Annotated[Direction, strawberry.argument(description="Which way to walk.")] = Direction.UPSTREAM,
        events: WhichEvents = Events.ALL,
    ) -> LineageDiff | None:
        refs = _lineage_node(left, "left"), _lineage_node(right, "right")
        context = info.context

        def walk() -> Awaitable[differences.LineageDiff]:
            return graphs.diff(context.finder, *refs, direction, context.until, events)

        return later(context.loaders.walk((refs, direction, events), walk))  # type: ignore[no-any-return]

    @strawberry.field(
        description="2 to 100 runs side by side: parameters, metric values, inputs and outputs of the same parts."
    )
    def compare_runs(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The runs.")]
    ) -> RunComparison | None:
        refs = [parse_ref(id_, expected=EntityKind.RUN, argument=f"ids[{place}]") for place, id_ in enumerate(ids)]
        return later(compare_runs(info.context.finder, refs))  # type: ignore[no-any-return]

    @strawberry.field(description="The store that is served.")
    def store(self) -> Store | None:
        return Store()

    @strawberry.field(description="Who asks, and what they may do.")
    def viewer(self) -> Viewer | None:
        return Viewer()


def _facets(
    info: Info, kind: EntityKind, where: EntityFilter | None, by: FacetBy, key: str | None, first: int | None
) -> Any:
    predicate = search_for(kind, where).predicate

    async def counted() -> list[FacetCount]:
        found = await info.context.finder.facets(kind, predicate, by, key, first)
        if not found and first != 0:
            names = [predicate] if key is None else [predicate, Test(Label(key), Operator.EXISTS)]
            await warn_of_names(info, [(kind, all_of(*names))])
        return found

    return later(counted())


def _lineage_node(id_: str, argument: str) -> Ref:
    ref = parse_ref(id_, argument=argument)
    if ref.kind not in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
        raise InvalidArgument(
            f"{id_!r} is the id of a {ref.kind.value.lower()}, and lineage is of artifacts and executions", argument
        )
    return ref


def _by_id(info: Info, kind: EntityKind, id_: str | None, mlmd_id: int | None) -> Any:
    if _one_of(kind.value.lower(), id=id_, mlmdId=mlmd_id) == "id":
        return _load(info, parse_ref(id_ or "", expected=kind, argument="id"))
    return _load(info, Ref(kind, mlmd_id or 0))


def _one_of(thing: str, **arguments: object) -> str:
    """The name of the one argument that is given.

    Raises:
        InvalidArgument: none or several are given.
    """
    given = [name for name, value in arguments.items() if value is not None]
    if len(given) != 1:
        names = " or ".join(arguments)
        raise InvalidArgument(f"give one of {names} to find the {thing}", next(iter(arguments)))
    return given[0]
