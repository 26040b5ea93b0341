"""The methods of both clients, a pair for each field of Query and Mutation.

Generated from schema.graphql by clients/python/scripts/generate.py; edit neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from lineageql_client.reading import AsyncRoots, Roots

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lineageql_client.generated.entities import (
        Artifact,
        CreateArtifactTypePayload,
        CreateExecutionPayload,
        CreateRunPayload,
        CreateWorkspacePayload,
        Entity,
        EntityType,
        Execution,
        Facet,
        Lineage,
        LineageDiff,
        LineagePath,
        LogArtifactPayload,
        Node,
        RecordExecutionPayload,
        RecordLineagePayload,
        RemoveLabelsPayload,
        Run,
        RunComparison,
        SetLabelsPayload,
        Store,
        UpdateExecutionPayload,
        Viewer,
        Workspace,
    )
    from lineageql_client.generated.inputs import (
        ArtifactFilter,
        ArtifactOrder,
        ArtifactOrderField,
        CreateArtifactTypeInput,
        CreateExecutionInput,
        CreateRunInput,
        CreateWorkspaceInput,
        EntityKind,
        ExecutionFilter,
        ExecutionOrder,
        ExecutionOrderField,
        FacetBy,
        LineageDirection,
        LineageEvents,
        LineageFilter,
        LogArtifactInput,
        RecordExecutionInput,
        RemoveLabelsInput,
        RunFilter,
        RunOrder,
        RunOrderField,
        SetLabelsInput,
        UpdateExecutionInput,
        WorkspaceFilter,
        WorkspaceOrder,
        WorkspaceOrderField,
    )
    from lineageql_client.pages import AsyncPages, Pages


class Queries(Roots):
    """The fields of Query as methods."""

    def node(self, id: str | Node) -> Node | None:
        """The entity of an id; null for a well-formed id of nothing."""
        found: Node | None = self._ask("Query", "node", {"id": id}, {})
        return found

    def nodes(self, ids: Sequence[str | Node]) -> list[Node | None]:
        """The entity of each id, in order; null for a well-formed id of nothing."""
        found: list[Node | None] = self._ask("Query", "nodes", {"ids": ids}, {})
        return found

    def workspace(self, id: str | Node | None = None, *, name: str | None = None) -> Workspace | None:
        """One workspace, by id or by name."""
        found: Workspace | None = self._ask("Query", "workspace", {"id": id, "name": name}, {})
        return found

    def workspaces(
        self,
        where: WorkspaceFilter | None = None,
        *,
        order_by: WorkspaceOrder | WorkspaceOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[WorkspaceFilter],
    ) -> Pages[Workspace]:
        """The workspaces.

        Keywords are fields of WorkspaceFilter that must hold as well as `where`.
        """
        return self._pages("workspaces", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def run(self, id: str | Node | None = None, *, workspace: str | None = None, name: str | None = None) -> Run | None:
        """One run, by id or by its name, and its workspace's where several workspaces have one so named."""
        found: Run | None = self._ask("Query", "run", {"id": id, "workspace": workspace, "name": name}, {})
        return found

    def runs(
        self,
        where: RunFilter | None = None,
        *,
        order_by: RunOrder | RunOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[RunFilter],
    ) -> Pages[Run]:
        """The runs.

        Keywords are fields of RunFilter that must hold as well as `where`.
        """
        return self._pages("runs", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def execution(self, id: str | Node | None = None, *, mlmd_id: int | None = None) -> Execution | None:
        """One execution, by id or by MLMD's own."""
        found: Execution | None = self._ask("Query", "execution", {"id": id, "mlmdId": mlmd_id}, {})
        return found

    def executions(
        self,
        where: ExecutionFilter | None = None,
        *,
        order_by: ExecutionOrder | ExecutionOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> Pages[Execution]:
        """The executions.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        return self._pages("executions", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def artifact(self, id: str | Node | None = None, *, mlmd_id: int | None = None) -> Artifact | None:
        """One artifact, by id or by MLMD's own."""
        found: Artifact | None = self._ask("Query", "artifact", {"id": id, "mlmdId": mlmd_id}, {})
        return found

    def artifacts(
        self,
        where: ArtifactFilter | None = None,
        *,
        order_by: ArtifactOrder | ArtifactOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[Artifact]:
        """The artifacts.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._pages("artifacts", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def artifact_facets(
        self,
        by: FacetBy,
        where: ArtifactFilter | None = None,
        *,
        key: str | None = None,
        first: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> list[Facet]:
        """How many artifacts there are of each kind, type, state, workspace, run, label key or value of a label,
        or with each name of a property, a metric value or a hyperparameter, most first. An artifact without
        such a value counts nowhere, one with several in each.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        found: list[Facet] = self._ask(
            "Query", "artifactFacets", {"by": by, "where": where, "key": key, "first": first}, short
        )
        return found

    def execution_facets(
        self,
        by: FacetBy,
        where: ExecutionFilter | None = None,
        *,
        key: str | None = None,
        first: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> list[Facet]:
        """How many executions there are of each type, state, workspace, run, label key or value of a label, or
        with each name of a property or a parameter, most first. An execution without such a value counts
        nowhere, one with several in each.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        found: list[Facet] = self._ask(
            "Query", "executionFacets", {"by": by, "where": where, "key": key, "first": first}, short
        )
        return found

    def run_facets(
        self,
        by: FacetBy,
        where: RunFilter | None = None,
        *,
        key: str | None = None,
        first: int | None = None,
        **short: Unpack[RunFilter],
    ) -> list[Facet]:
        """How many runs there are of each type, state, workspace, label key or value of a label, most first. A
        run without such a value counts nowhere, one with several in each.

        Keywords are fields of RunFilter that must hold as well as `where`.
        """
        found: list[Facet] = self._ask(
            "Query", "runFacets", {"by": by, "where": where, "key": key, "first": first}, short
        )
        return found

    def search(self, text: str, *, limit: int | None = None, page_size: int | None = None) -> Pages[Entity]:
        """Entities of all kinds in whose names, uris, label values and descriptions every word of a text is,
        without regard to case. Where the words stand together, a space between them: names that are the text
        first, then names that begin with it, names that hold it, label values, uris and descriptions; then
        others.
        """
        return self._pages("search", {"text": text}, {}, limit, page_size)

    def types(self, of: EntityKind) -> list[EntityType]:
        """The MLMD types of what stands for a kind of entity, by name. Workspaces and runs are both contexts,
        and which is which may depend on where a context stands.
        """
        found: list[EntityType] = self._ask("Query", "types", {"of": of}, {})
        return found

    def lineage(
        self,
        roots: Sequence[str | Node] | None = None,
        where: LineageFilter | None = None,
        *,
        direction: LineageDirection = "BOTH",
        events: LineageEvents = "ALL",
        max_hops: int | None = None,
        max_nodes: int | None = None,
        stop_at: LineageFilter | None = None,
        as_of: datetime | str | None = None,
    ) -> Lineage:
        """The lineage of nodes as one graph, walked as far as it goes within bounds. The nodes are given by
        their ids, by a filter, or by both.
        """
        found: Lineage = self._ask(
            "Query",
            "lineage",
            {
                "roots": roots,
                "where": where,
                "direction": direction,
                "events": events,
                "maxHops": max_hops,
                "maxNodes": max_nodes,
                "stopAt": stop_at,
                "asOf": as_of,
            },
            {},
        )
        return found

    def lineage_path(
        self, from_: str | Node, to: str | Node, *, events: LineageEvents = "ALL", max_hops: int | None = None
    ) -> LineagePath:
        """A shortest directed path between two artifacts or executions, whichever way round it leads."""
        found: LineagePath = self._ask(
            "Query", "lineagePath", {"from": from_, "to": to, "events": events, "maxHops": max_hops}, {}
        )
        return found

    def lineage_diff(
        self,
        left: str | Node,
        right: str | Node,
        *,
        direction: LineageDirection = "UPSTREAM",
        events: LineageEvents = "ALL",
    ) -> LineageDiff:
        """What the lineages of two artifacts or executions share and do not share, and what changed between
        those that play the same part. For two versions of a model: what changed between them.
        """
        found: LineageDiff = self._ask(
            "Query", "lineageDiff", {"left": left, "right": right, "direction": direction, "events": events}, {}
        )
        return found

    def compare_runs(self, ids: Sequence[str | Node]) -> RunComparison:
        """2 to 100 runs side by side: parameters, metric values, inputs and outputs of the same parts."""
        found: RunComparison = self._ask("Query", "compareRuns", {"ids": ids}, {})
        return found

    def store(
        self,
    ) -> Store:
        """The store that is served."""
        found: Store = self._ask("Query", "store", {}, {})
        return found

    def viewer(
        self,
    ) -> Viewer:
        """Who asks, and what they may do."""
        found: Viewer = self._ask("Query", "viewer", {}, {})
        return found


class Mutations(Roots):
    """The fields of Mutation as methods."""

    def create_workspace(self, input: CreateWorkspaceInput) -> CreateWorkspacePayload:
        """Makes a workspace, or finds the one of this name."""
        found: CreateWorkspacePayload = self._ask("Mutation", "createWorkspace", {"input": input}, {})
        return found

    def create_run(self, input: CreateRunInput) -> CreateRunPayload:
        """Makes a run of a workspace, or finds the one of this name."""
        found: CreateRunPayload = self._ask("Mutation", "createRun", {"input": input}, {})
        return found

    def create_execution(self, input: CreateExecutionInput) -> CreateExecutionPayload:
        """Makes an execution."""
        found: CreateExecutionPayload = self._ask("Mutation", "createExecution", {"input": input}, {})
        return found

    def update_execution(self, input: UpdateExecutionInput) -> UpdateExecutionPayload:
        """Changes an execution's state, times, description or custom properties."""
        found: UpdateExecutionPayload = self._ask("Mutation", "updateExecution", {"input": input}, {})
        return found

    def log_input(self, input: LogArtifactInput) -> LogArtifactPayload:
        """Logs that an execution read an artifact."""
        found: LogArtifactPayload = self._ask("Mutation", "logInput", {"input": input}, {})
        return found

    def log_output(self, input: LogArtifactInput) -> LogArtifactPayload:
        """Logs that an execution wrote an artifact."""
        found: LogArtifactPayload = self._ask("Mutation", "logOutput", {"input": input}, {})
        return found

    def record_execution(self, input: RecordExecutionInput) -> RecordExecutionPayload:
        """Records an execution with its workspace, its run and all that it read and wrote."""
        found: RecordExecutionPayload = self._ask("Mutation", "recordExecution", {"input": input}, {})
        return found

    def record_lineage(self, input: Sequence[RecordExecutionInput]) -> RecordLineagePayload:
        """Records executions of one workspace with all that they read and wrote, all of them or nothing. An
        artifact that several of them name, such as one's output and another's input, is one artifact.
        """
        found: RecordLineagePayload = self._ask("Mutation", "recordLineage", {"input": input}, {})
        return found

    def set_labels(self, input: SetLabelsInput) -> SetLabelsPayload:
        """Sets labels of a workspace, run, execution or artifact, beside those it has."""
        found: SetLabelsPayload = self._ask("Mutation", "setLabels", {"input": input}, {})
        return found

    def remove_labels(self, input: RemoveLabelsInput) -> RemoveLabelsPayload:
        """Removes labels of a workspace, run, execution or artifact."""
        found: RemoveLabelsPayload = self._ask("Mutation", "removeLabels", {"input": input}, {})
        return found

    def create_artifact_type(self, input: CreateArtifactTypeInput) -> CreateArtifactTypePayload:
        """Makes an artifact type of your own, or finds the same."""
        found: CreateArtifactTypePayload = self._ask("Mutation", "createArtifactType", {"input": input}, {})
        return found


class AsyncQueries(AsyncRoots):
    """The fields of Query as methods."""

    async def node(self, id: str | Node) -> Node | None:
        """The entity of an id; null for a well-formed id of nothing."""
        found: Node | None = await self._ask("Query", "node", {"id": id}, {})
        return found

    async def nodes(self, ids: Sequence[str | Node]) -> list[Node | None]:
        """The entity of each id, in order; null for a well-formed id of nothing."""
        found: list[Node | None] = await self._ask("Query", "nodes", {"ids": ids}, {})
        return found

    async def workspace(self, id: str | Node | None = None, *, name: str | None = None) -> Workspace | None:
        """One workspace, by id or by name."""
        found: Workspace | None = await self._ask("Query", "workspace", {"id": id, "name": name}, {})
        return found

    def workspaces(
        self,
        where: WorkspaceFilter | None = None,
        *,
        order_by: WorkspaceOrder | WorkspaceOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[WorkspaceFilter],
    ) -> AsyncPages[Workspace]:
        """The workspaces.

        Keywords are fields of WorkspaceFilter that must hold as well as `where`.
        """
        return self._pages("workspaces", {"where": where, "orderBy": order_by}, short, limit, page_size)

    async def run(
        self, id: str | Node | None = None, *, workspace: str | None = None, name: str | None = None
    ) -> Run | None:
        """One run, by id or by its name, and its workspace's where several workspaces have one so named."""
        found: Run | None = await self._ask("Query", "run", {"id": id, "workspace": workspace, "name": name}, {})
        return found

    def runs(
        self,
        where: RunFilter | None = None,
        *,
        order_by: RunOrder | RunOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[RunFilter],
    ) -> AsyncPages[Run]:
        """The runs.

        Keywords are fields of RunFilter that must hold as well as `where`.
        """
        return self._pages("runs", {"where": where, "orderBy": order_by}, short, limit, page_size)

    async def execution(self, id: str | Node | None = None, *, mlmd_id: int | None = None) -> Execution | None:
        """One execution, by id or by MLMD's own."""
        found: Execution | None = await self._ask("Query", "execution", {"id": id, "mlmdId": mlmd_id}, {})
        return found

    def executions(
        self,
        where: ExecutionFilter | None = None,
        *,
        order_by: ExecutionOrder | ExecutionOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> AsyncPages[Execution]:
        """The executions.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        return self._pages("executions", {"where": where, "orderBy": order_by}, short, limit, page_size)

    async def artifact(self, id: str | Node | None = None, *, mlmd_id: int | None = None) -> Artifact | None:
        """One artifact, by id or by MLMD's own."""
        found: Artifact | None = await self._ask("Query", "artifact", {"id": id, "mlmdId": mlmd_id}, {})
        return found

    def artifacts(
        self,
        where: ArtifactFilter | None = None,
        *,
        order_by: ArtifactOrder | ArtifactOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> AsyncPages[Artifact]:
        """The artifacts.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._pages("artifacts", {"where": where, "orderBy": order_by}, short, limit, page_size)

    async def artifact_facets(
        self,
        by: FacetBy,
        where: ArtifactFilter | None = None,
        *,
        key: str | None = None,
        first: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> list[Facet]:
        """How many artifacts there are of each kind, type, state, workspace, run, label key or value of a label,
        or with each name of a property, a metric value or a hyperparameter, most first. An artifact without
        such a value counts nowhere, one with several in each.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        found: list[Facet] = await self._ask(
            "Query", "artifactFacets", {"by": by, "where": where, "key": key, "first": first}, short
        )
        return found

    async def execution_facets(
        self,
        by: FacetBy,
        where: ExecutionFilter | None = None,
        *,
        key: str | None = None,
        first: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> list[Facet]:
        """How many executions there are of each type, state, workspace, run, label key or value of a label, or
        with each name of a property or a parameter, most first. An execution without such a value counts
        nowhere, one with several in each.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        found: list[Facet] = await self._ask(
            "Query", "executionFacets", {"by": by, "where": where, "key": key, "first": first}, short
        )
        return found

    async def run_facets(
        self,
        by: FacetBy,
        where: RunFilter | None = None,
        *,
        key: str | None = None,
        first: int | None = None,
        **short: Unpack[RunFilter],
    ) -> list[Facet]:
        """How many runs there are of each type, state, workspace, label key or value of a label, most first. A
        run without such a value counts nowhere, one with several in each.

        Keywords are fields of RunFilter that must hold as well as `where`.
        """
        found: list[Facet] = await self._ask(
            "Query", "runFacets", {"by": by, "where": where, "key": key, "first": first}, short
        )
        return found

    def search(self, text: str, *, limit: int | None = None, page_size: int | None = None) -> AsyncPages[Entity]:
        """Entities of all kinds in whose names, uris, label values and descriptions every word of a text is,
        without regard to case. Where the words stand together, a space between them: names that are the text
        first, then names that begin with it, names that hold it, label values, uris and descriptions; then
        others.
        """
        return self._pages("search", {"text": text}, {}, limit, page_size)

    async def types(self, of: EntityKind) -> list[EntityType]:
        """The MLMD types of what stands for a kind of entity, by name. Workspaces and runs are both contexts,
        and which is which may depend on where a context stands.
        """
        found: list[EntityType] = await self._ask("Query", "types", {"of": of}, {})
        return found

    async def lineage(
        self,
        roots: Sequence[str | Node] | None = None,
        where: LineageFilter | None = None,
        *,
        direction: LineageDirection = "BOTH",
        events: LineageEvents = "ALL",
        max_hops: int | None = None,
        max_nodes: int | None = None,
        stop_at: LineageFilter | None = None,
        as_of: datetime | str | None = None,
    ) -> Lineage:
        """The lineage of nodes as one graph, walked as far as it goes within bounds. The nodes are given by
        their ids, by a filter, or by both.
        """
        found: Lineage = await self._ask(
            "Query",
            "lineage",
            {
                "roots": roots,
                "where": where,
                "direction": direction,
                "events": events,
                "maxHops": max_hops,
                "maxNodes": max_nodes,
                "stopAt": stop_at,
                "asOf": as_of,
            },
            {},
        )
        return found

    async def lineage_path(
        self, from_: str | Node, to: str | Node, *, events: LineageEvents = "ALL", max_hops: int | None = None
    ) -> LineagePath:
        """A shortest directed path between two artifacts or executions, whichever way round it leads."""
        found: LineagePath = await self._ask(
            "Query", "lineagePath", {"from": from_, "to": to, "events": events, "maxHops": max_hops}, {}
        )
        return found

    async def lineage_diff(
        self,
        left: str | Node,
        right: str | Node,
        *,
        direction: LineageDirection = "UPSTREAM",
        events: LineageEvents = "ALL",
    ) -> LineageDiff:
        """What the lineages of two artifacts or executions share and do not share, and what changed between
        those that play the same part. For two versions of a model: what changed between them.
        """
        found: LineageDiff = await self._ask(
            "Query", "lineageDiff", {"left": left, "right": right, "direction": direction, "events": events}, {}
        )
        return found

    async def compare_runs(self, ids: Sequence[str | Node]) -> RunComparison:
        """2 to 100 runs side by side: parameters, metric values, inputs and outputs of the same parts."""
        found: RunComparison = await self._ask("Query", "compareRuns", {"ids": ids}, {})
        return found

    async def store(
        self,
    ) -> Store:
        """The store that is served."""
        found: Store = await self._ask("Query", "store", {}, {})
        return found

    async def viewer(
        self,
    ) -> Viewer:
        """Who asks, and what they may do."""
        found: Viewer = await self._ask("Query", "viewer", {}, {})
        return found


class AsyncMutations(AsyncRoots):
    """The fields of Mutation as methods."""

    async def create_workspace(self, input: CreateWorkspaceInput) -> CreateWorkspacePayload:
        """Makes a workspace, or finds the one of this name."""
        found: CreateWorkspacePayload = await self._ask("Mutation", "createWorkspace", {"input": input}, {})
        return found

    async def create_run(self, input: CreateRunInput) -> CreateRunPayload:
        """Makes a run of a workspace, or finds the one of this name."""
        found: CreateRunPayload = await self._ask("Mutation", "createRun", {"input": input}, {})
        return found

    async def create_execution(self, input: CreateExecutionInput) -> CreateExecutionPayload:
        """Makes an execution."""
        found: CreateExecutionPayload = await self._ask("Mutation", "createExecution", {"input": input}, {})
        return found

    async def update_execution(self, input: UpdateExecutionInput) -> UpdateExecutionPayload:
        """Changes an execution's state, times, description or custom properties."""
        found: UpdateExecutionPayload = await self._ask("Mutation", "updateExecution", {"input": input}, {})
        return found

    async def log_input(self, input: LogArtifactInput) -> LogArtifactPayload:
        """Logs that an execution read an artifact."""
        found: LogArtifactPayload = await self._ask("Mutation", "logInput", {"input": input}, {})
        return found

    async def log_output(self, input: LogArtifactInput) -> LogArtifactPayload:
        """Logs that an execution wrote an artifact."""
        found: LogArtifactPayload = await self._ask("Mutation", "logOutput", {"input": input}, {})
        return found

    async def record_execution(self, input: RecordExecutionInput) -> RecordExecutionPayload:
        """Records an execution with its workspace, its run and all that it read and wrote."""
        found: RecordExecutionPayload = await self._ask("Mutation", "recordExecution", {"input": input}, {})
        return found

    async def record_lineage(self, input: Sequence[RecordExecutionInput]) -> RecordLineagePayload:
        """Records executions of one workspace with all that they read and wrote, all of them or nothing. An
        artifact that several of them name, such as one's output and another's input, is one artifact.
        """
        found: RecordLineagePayload = await self._ask("Mutation", "recordLineage", {"input": input}, {})
        return found

    async def set_labels(self, input: SetLabelsInput) -> SetLabelsPayload:
        """Sets labels of a workspace, run, execution or artifact, beside those it has."""
        found: SetLabelsPayload = await self._ask("Mutation", "setLabels", {"input": input}, {})
        return found

    async def remove_labels(self, input: RemoveLabelsInput) -> RemoveLabelsPayload:
        """Removes labels of a workspace, run, execution or artifact."""
        found: RemoveLabelsPayload = await self._ask("Mutation", "removeLabels", {"input": input}, {})
        return found

    async def create_artifact_type(self, input: CreateArtifactTypeInput) -> CreateArtifactTypePayload:
        """Makes an artifact type of your own, or finds the same."""
        found: CreateArtifactTypePayload = await self._ask("Mutation", "createArtifactType", {"input": input}, {})
        return found
