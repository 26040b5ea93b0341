"""Replicas that start, record and label at one moment over one store: nothing is made twice, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.places import Place
from tests.replicas import Replicas
from tests.servers.galera import Galera
from tests.servers.haproxy import HAProxy

pytest.importorskip("ml_metadata")

REPLICAS, ROUNDS = 3, 8
RECORD = """
mutation ($input: RecordExecutionInput!) {
  recordExecution(input: $input) { created execution { id } inputs { id } outputs { id } }
}
"""
LABEL = "mutation ($input: SetLabelsInput!) { setLabels(input: $input) { entity { id } } }"
LABELS = "query ($id: ID!) { artifact(id: $id) { labels { key value } } }"
WORKSPACE = "mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { created workspace { id } } }"
COUNTS = "{ executions { totalCount } artifacts { totalCount } workspaces { totalCount } runs { totalCount } }"


def recording(round_: int, external_id: str | None) -> dict[str, Any]:
    """What every replica is sent in a round: in a workspace and a run of the round, two artifacts that are shared."""
    data = {"dataSet": {"name": f"shared {round_}", "uri": f"u/{round_}", "version": "v1"}}
    model = {"model": {"name": f"model {round_}", "uri": f"m/{round_}"}}
    execution = {"name": f"round {round_}", "externalId": external_id}
    sent = {"workspace": f"space {round_}", "run": "run", "execution": execution}
    return {"input": {**sent, "inputs": [{"artifact": data}], "outputs": [{"artifact": model}]}}


async def test_replicas_make_each_thing_once(place: Place, tmp_path: Path) -> None:
    await make_at_once([place.url] * REPLICAS, place.select, tmp_path)


@pytest.mark.long
async def test_replicas_over_a_galera_cluster_of_mariadb(tmp_path: Path) -> None:
    cluster = Galera(3)
    try:
        node = cluster.nodes[0]
        # All replicas make the store, in a database that is there.
        name = node.database()
        urls = [each.url(name) for each in cluster.nodes]
        await make_at_once(
            urls, lambda query: node.sql(f"SET wsrep_sync_wait = 1; {query}", name).splitlines(), tmp_path
        )
    finally:
        cluster.close()


@pytest.mark.long
async def test_a_node_of_a_galera_cluster_of_mariadb_behind_haproxy_is_killed(tmp_path: Path) -> None:
    cluster = Galera(3)
    balancer = HAProxy([node.port for node in cluster.nodes])
    node, last = cluster.nodes[0], cluster.nodes[-1]
    name = node.database()
    url = node.url(name).replace(f":{node.port}/", f":{balancer.port}/")
    count, calls = 4, 40
    try:
        replicas = Replicas([url] * count, tmp_path, "--create")
        try:

            async def insist(number: int) -> dict[str, Any]:
                """Sends a recording to its replica until it is answered."""
                until = asyncio.get_running_loop().time() + 60
                while True:
                    body = await replicas.ask(number % count, RECORD, recording(number // count, f"call {number}"))
                    if "errors" not in body:
                        answer: dict[str, Any] = body["data"]["recordExecution"]
                        return answer
                    (error,) = body["errors"]
                    assert error["extensions"]["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), error
                    assert asyncio.get_running_loop().time() < until, error
                    await asyncio.sleep(0.2)

            async def kill() -> None:
                await asyncio.sleep(1)
                await asyncio.to_thread(last.stop)

            *answers, _ = await asyncio.gather(*map(insist, range(calls)), kill())
            # Each workspace's four calls share their artifacts.
            for group in range(calls // count):
                shared = answers[group * count : (group + 1) * count]
                assert len({answer["inputs"][0]["id"] for answer in shared}) == 1
            counts = {name: one["totalCount"] for name, one in (await replicas.data(0, COUNTS)).items()}
            groups = calls // count
            assert counts == {"executions": calls, "artifacts": 2 * groups, "workspaces": groups, "runs": groups}
        finally:
            await replicas.close()
    finally:
        balancer.close()
        cluster.close()


async def make_at_once(urls: Sequence[str], select: Callable[[str], list[str]], folder: Path) -> None:
    """Has a replica for each URL make the store, record and label at one moment, round by round.

    Args:
        urls: those of one store, which is not there yet.
        select: what a query answers, a text for each row.
        folder: where the replicas run.
    """
    replicas, count = Replicas(urls, folder, "--create"), len(urls)
    try:
        for round_ in range(ROUNDS):
            # Every second round has an external id, so one of the replicas makes the execution, too.
            external_id = f"round {round_}" if round_ % 2 else None
            answers = [one["recordExecution"] for one in await replicas.each(RECORD, recording(round_, external_id))]
            for side in ("inputs", "outputs"):
                assert len({answer[side][0]["id"] for answer in answers}) == 1, answers
            made = 1 if external_id else count
            assert len({answer["execution"]["id"] for answer in answers}) == made
            assert sum(answer["created"] for answer in answers) == made

            ref = answers[0]["inputs"][0]["id"]
            labels = [{"key": f"replica {place}", "value": str(round_)} for place in range(count)]
            await replicas.each(LABEL, *({"input": {"id": ref, "labels": [label]}} for label in labels))
            assert (await replicas.data(0, LABELS, {"id": ref}))["artifact"]["labels"] == labels

            made_once = await replicas.each(WORKSPACE, {"input": {"name": f"named {round_}"}})
            assert sum(answer["createWorkspace"]["created"] for answer in made_once) == 1
        counts = {name: one["totalCount"] for name, one in (await replicas.data(0, COUNTS)).items()}
        executions = sum(1 if round_ % 2 else count for round_ in range(ROUNDS))
        assert counts == {"executions": executions, "artifacts": 2 * ROUNDS, "workspaces": 2 * ROUNDS, "runs": ROUNDS}
    finally:
        await replicas.close()
    for query in ("SELECT name, type_kind FROM Type", "SELECT name, type_id FROM Context"):
        rows = select(query)
        assert len(set(rows)) == len(rows), rows
    # The SDK reads labels from the text, which must have lost none either.
    texts = select("SELECT string_value FROM ArtifactProperty WHERE name = '__ALL_META__'")
    labelled = [row for row in texts if "replica" in row]
    assert len(labelled) == ROUNDS
    for row in labelled:
        assert all(f"replica {place}" in row for place in range(count)), row
