"""How long an answer takes does not tell an id of something hidden from an id of nothing.

That both are answered in the same words by the same statements is shown for every field by
`tests/api/test_hidden.py`. Here they are timed, over HTTP, as a caller would: by turns, many
times, and compared by how often one of a pair takes longer, which strays on a busy machine do
not sway.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.model.identity import EntityKind, Ref, RunName, parse_ref
from lineageql.web.authentication.tokens import new_token
from tests.demo import demo_store
from tests.server import Server

pytestmark = pytest.mark.long

TURNS = 600
"""Pairs of requests. Of so many equal ones one takes longer in 42 to 58 of a hundred, but once in ten thousand."""
ATTEMPTS = 3
"""A machine may be busy in a rhythm; a difference that is there is there each time."""
FAIR = (0.42, 0.58)
POLICY = '[[rule]]\nwho = ["boss"]\nroles = ["ADMIN"]\n' + (
    '[[rule]]\nwho = ["ann"]\nroles = ["READ", "RECORD"]\nworkspaces = ["mnist-*"]\n'
)
QUERIES = {
    "node": "query ($id: ID!) { node(id: $id) { id ... on Artifact { name uri properties } ... on Run { name } } }",
    "nodes": "query ($id: ID!) { nodes(ids: [$id, $id]) { id } }",
    "lineage": "query ($id: ID!) { node(id: $id) { ... on Artifact { upstream { complete totalCount } } } }",
    "labels": 'mutation ($id: ID!) { setLabels(input: {id: $id, labels: [{key: "k", value: "v"}]}) { entity { id } } }',
}


@dataclass
class Asked:
    """A service, and what there is in it for a caller who sees one workspace."""

    client: httpx.Client
    hidden: dict[str, str]
    seen: dict[str, str]

    def seconds(self, query: str, id_: str) -> tuple[float, Any]:
        """How long an answer takes, and the answer."""
        content = json.dumps({"query": query, "variables": {"id": id_}}).encode()
        began = time.perf_counter()
        answer = self.client.post("/graphql", content=content)
        return time.perf_counter() - began, answer.json()

    def longer(self, query: str, one: str, other: str, turns: int = TURNS) -> float:
        """In which part of many pairs the answer for one id takes longer than that for the other."""
        for _ in range(20):  # until statements are compiled and pages are read
            self.seconds(query, one)
            self.seconds(query, other)
        won = 0.0
        for _ in range(turns):
            pair = [one, other]
            random.shuffle(pair)
            took = {id_: self.seconds(query, id_)[0] for id_ in pair}
            won += (took[one] > took[other]) + 0.5 * (took[one] == took[other])
        return won / turns


def first_ids(client: httpx.Client, token: str, workspace: str) -> dict[str, str]:
    """The id of something of each kind in a workspace."""
    query = """query ($name: String!) { workspace(name: $name) { id runs(first: 1) { nodes { id } }
      executions(first: 1) { nodes { id } } artifacts(first: 1) { nodes { id } } } }"""
    body = {"query": query, "variables": {"name": workspace}}
    headers = {"authorization": f"Bearer {token}"}
    found = client.post("/graphql", json=body, headers=headers).json()["data"]["workspace"]
    ids = {kind: found[kind]["nodes"][0]["id"] for kind in ("runs", "executions", "artifacts")}
    return {"workspaces": found["id"], **ids}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("timing")
    tokens = {name: new_token(name) for name in ("boss", "ann")}
    (folder / "tokens.toml").write_text("".join(row.row() for _, row in tokens.values()))
    (folder / "policy.toml").write_text(POLICY)
    Path(folder, "demo.db").write_bytes(demo_store())
    flags = ("--auth-tokens", "tokens.toml", "--policy", "policy.toml", "--no-metrics")
    server = Server("serve", "demo.db", "--port", "0", "--log-level", "critical", *flags, cwd=folder)
    try:
        headers = {"authorization": f"Bearer {tokens['ann'][0]}", "content-type": "application/json"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            boss = tokens["boss"][0]
            hidden = first_ids(client, boss, "fraud-detection")
            yield Asked(client, hidden, first_ids(client, boss, "mnist-tutorial"))
    finally:
        server.stop()


NOTHING = {
    "workspaces": str(Ref(EntityKind.WORKSPACE, 99_999)),
    "runs": str(Ref(EntityKind.RUN, 99_999)),
    "executions": str(Ref(EntityKind.EXECUTION, 99_999)),
    "artifacts": str(Ref(EntityKind.ARTIFACT, 99_999)),
}


def nothing_like(kind: str, hidden: str) -> str:
    """An id of nothing of the same form: the runs of Kubeflow's convention have names for ids."""
    key = parse_ref(hidden).key
    if isinstance(key, RunName):
        return str(Ref(EntityKind.RUN, RunName(key.workspace[::-1], key.name[::-1])))
    return NOTHING[kind]


@pytest.mark.parametrize(
    ("name", "kind"),
    [*(("node", kind) for kind in NOTHING), ("nodes", "artifacts"), ("lineage", "artifacts"), ("labels", "executions")],
)
def test_a_hidden_id_takes_as_long_as_one_of_nothing(name: str, kind: str, asked: Asked) -> None:
    query, hidden = QUERIES[name], asked.hidden[kind]
    nothing = nothing_like(kind, hidden)
    answers = [json.dumps(asked.seconds(query, id_)[1]).replace(id_, "…") for id_ in (hidden, nothing)]
    assert answers[0] == answers[1]
    found = []
    for _ in range(ATTEMPTS):
        found.append(asked.longer(query, hidden, nothing))
        if FAIR[0] <= found[-1] <= FAIR[1]:
            return
    raise AssertionError(f"an id of something hidden takes longer in {found} of all pairs")


def test_what_there_is_takes_longer(asked: Asked) -> None:
    """So a difference would be seen, even on a busy machine."""
    id_ = asked.seen["artifacts"]
    assert asked.longer(QUERIES["lineage"], id_, NOTHING["artifacts"], 200) > FAIR[1]
