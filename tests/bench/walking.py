"""Nested queries and lineage by ml-metadata."""

from __future__ import annotations

from typing import Any

from ml_metadata import metadata_store

from tests.bench.listing import BY_ID, JSON, TYPES, Arguments, Proto, Store, labels_of, protos


def levels(store: Store, arguments: Arguments) -> Any:
    """The first runs of a workspace with their executions, what these wrote and who read it."""
    space = store.get_context_by_type_and_name("kubeflow.org/alpha/workspace", arguments["workspace"])
    children = metadata_store.ListOptions(
        limit=arguments["runs"], order_by=BY_ID, filter_query=f"parent_contexts_p.id = {space.id}"
    )
    runs = store.get_contexts(children)
    in_order = metadata_store.ListOptions(order_by=BY_ID)
    executions = {run.id: store.get_executions_by_context(run.id, in_order) for run in runs}
    ids = [execution.id for found in executions.values() for execution in found]
    outputs: dict[int, list[Proto]] = {}
    for event in store.get_events_by_execution_ids(ids):
        if event.type == protos.Event.OUTPUT:
            outputs.setdefault(event.execution_id, []).append(event)
    written = [event.artifact_id for events in outputs.values() for event in events]
    artifacts = {artifact.id: artifact for artifact in store.get_artifacts_by_id(written)}
    consumers: dict[int, list[int]] = {}
    for event in store.get_events_by_artifact_ids(written):
        if event.type == protos.Event.INPUT:
            consumers.setdefault(event.artifact_id, []).append(event.execution_id)
    known = {execution.id: execution for found in executions.values() for execution in found}
    missing = {id_ for readers in consumers.values() for id_ in readers} - known.keys()
    if missing:
        known.update((execution.id, execution) for execution in store.get_executions_by_id(missing))
    return space, runs, executions, outputs, artifacts, consumers, known


def nested(found: Any) -> JSON:
    """The five levels as one tree."""
    space, runs, executions, outputs, artifacts, consumers, known = found

    def execution_of(execution: Proto) -> JSON:
        return {
            "mlmdId": execution.id,
            "name": execution.properties["name"].string_value,
            "state": protos.Execution.State.Name(execution.last_known_state),
        }

    def artifact_of(artifact: Proto) -> JSON:
        return {
            "mlmdId": artifact.id,
            "name": artifact.properties["name"].string_value,
            "kind": TYPES[artifact.type][1],
            "version": artifact.properties["version"].string_value,
            "uri": artifact.uri,
            "labels": labels_of(artifact),
            "consumers": {"nodes": [execution_of(known[id_]) for id_ in consumers.get(artifact.id, ())]},
        }

    def edges_of(execution: Proto) -> list[JSON]:
        return [
            {"port": event.path.steps[0].key, "node": artifact_of(artifacts[event.artifact_id])}
            for event in outputs.get(execution.id, ())
        ]

    def steps_of(run: Proto) -> list[JSON]:
        return [{**execution_of(one), "outputs": {"edges": edges_of(one)}} for one in executions[run.id]]

    def run_of(run: Proto) -> JSON:
        name = run.custom_properties["__kf_run__"].string_value
        return {"mlmdId": run.id, "name": name, "executions": {"nodes": steps_of(run)}}

    return {"workspace": {"mlmdId": space.id, "name": space.name, "runs": {"nodes": [run_of(run) for run in runs]}}}


def graph(store: Store, arguments: Arguments) -> Any:
    """The upstream closure of an artifact: its events, then its nodes by id."""
    # What `get_lineage_subgraph` does with a mask of nodes too, without copying every proto once more.
    found = events(store, arguments)
    artifacts = store.get_artifacts_by_id({event.artifact_id for event in found} | {arguments["root"]})
    executions = store.get_executions_by_id({event.execution_id for event in found})
    return arguments["root"], artifacts, executions, found


def events(store: Store, arguments: Arguments) -> list[Proto]:
    """The events of the upstream closure of an artifact, as far as the 100 steps reach that ml-metadata allows."""
    options = protos.LineageSubgraphQueryOptions(
        max_num_hops=100, direction=protos.LineageSubgraphQueryOptions.Direction.UPSTREAM
    )
    options.starting_artifacts.filter_query = f"id = {arguments['root']}"
    return list(store.get_lineage_subgraph(options, ["events"]).events)


def closure(found: Any) -> JSON:
    """The graph with the name of each node and its least number of steps from the root."""
    root, artifacts, executions, ties = found
    hops = _hops(root, ties)
    steps = []
    for artifact in artifacts:
        name = artifact.properties["name"].string_value
        node = {"__typename": TYPES[artifact.type][0], "mlmdId": artifact.id, "name": name}
        steps.append((hops[artifact.id, True], artifact.id, "Artifact", node))
    for execution in executions:
        name = execution.properties["name"].string_value
        node = {"__typename": "Execution", "mlmdId": execution.id, "name": name}
        steps.append((hops[execution.id, False], execution.id, "Execution", node))
    steps.sort(key=lambda step: step[:3])
    return {"lineage": {"nodes": [{"hops": step[0], "node": step[3]} for step in steps], "edges": _edges_of(ties)}}


def edges(found: list[Proto]) -> JSON:
    """The graph as its edges alone."""
    return {"lineage": {"edges": _edges_of(found)}}


def _edges_of(events: list[Proto]) -> list[JSON]:
    # Events have no id in ml-metadata's answers, so they stay in the order in which they come.
    names = protos.Event.Type.DESCRIPTOR.values_by_number
    return [
        {
            "artifact": {"mlmdId": event.artifact_id},
            "execution": {"mlmdId": event.execution_id},
            "eventType": names[event.type].name,
        }
        for event in events
    ]


def ids(found: Any) -> JSON:
    """The graph with no more of a node than its id and its least number of steps from the root."""
    root, events = found
    hops = _hops(root, events)
    nodes = sorted((steps, id_, not artifact) for (id_, artifact), steps in hops.items())
    steps = [{"hops": steps, "node": {"mlmdId": id_}} for steps, id_, _ in nodes]
    return {"lineage": {"nodes": steps, "edges": _edges_of(events)}}


def ends(store: Store, arguments: Arguments) -> Any:
    """The root and all events of its upstream closure."""
    return arguments["root"], events(store, arguments)


def counts(found: Any) -> JSON:
    """How many nodes there are."""
    root, edges = found
    artifacts = {event.artifact_id for event in edges} | {root}
    executions = {event.execution_id for event in edges}
    return {"lineage": {"counts": {"artifacts": len(artifacts), "executions": len(executions)}}}


def _hops(root: int, events: list[Proto]) -> dict[tuple[int, bool], int]:
    """The least number of steps to each node, which is its id and whether it is an artifact."""
    behind: dict[tuple[int, bool], list[tuple[int, bool]]] = {}
    for event in events:
        artifact, execution = (event.artifact_id, True), (event.execution_id, False)
        near, far = (artifact, execution) if event.type == protos.Event.OUTPUT else (execution, artifact)
        behind.setdefault(near, []).append(far)
    hops = {(root, True): 0}
    level = [(root, True)]
    while level:
        following = []
        for node in level:
            for other in behind.get(node, ()):
                if other not in hops:
                    hops[other] = hops[node] + 1
                    following.append(other)
        level = following
    return hops
