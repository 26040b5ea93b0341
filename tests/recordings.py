"""Executions that many clients record at a time, and whether a store holds them whole, each once, and nothing else."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from tests.service import Service

RECORD = """
mutation ($input: RecordExecutionInput!) {
  recordExecution(input: $input) { created execution { id } outputs { id } }
}
"""
READ = """
query ($after: String) {
  executions(first: 250, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id name externalId state customProperties labels { key value } workspace { name } run { name }
      inputs { edges { port node { id } } }
      outputs {
        edges {
          port
          node {
            id name uri customProperties labels { key value } workspace { name } run { name }
            ... on Model { hyperparameters }
            ... on Metrics { values }
          }
        }
      }
    }
  }
}
"""
COUNT = "{ executions { totalCount } artifacts { totalCount } workspaces { totalCount } runs { totalCount } }"
CONSUMED = "query ($id: ID!) { artifact(id: $id) { consumers { totalCount } } }"

RUNS = 3
# What an error says of a call that was sent and not answered; of all others nothing was written.
_UNSURE = re.compile(r"may (or may not )?have been applied")
_RECORDED = "is recorded"


def record(number: int, shared: str) -> dict[str, Any]:
    """The input of a call: it reads what all of them read, and writes an artifact of its own."""
    written: dict[str, Any] = {"metrics": {"name": "m", "uri": f"u-{number}", "values": {"n": number / 7}}}
    if number % 10 == 0:
        # Of these the store must be asked whether one is there.
        labels = [{"key": "number", "value": str(number)}]
        written = {"model": {"name": "m", "uri": f"u-{number}", "hyperparameters": {"n": [number]}, "labels": labels}}
    return {
        "workspace": "kill",
        "run": f"run-{number % RUNS}",
        "execution": {
            "name": f"e-{number}",
            "externalId": f"kill/{number}",
            "customProperties": {"third": number / 3, "list": [number]},
            "labels": [{"key": "number", "value": str(number)}],
        },
        "inputs": [{"artifact": {"id": shared}, "port": "in"}],
        "outputs": [{"artifact": written, "port": "out"}],
    }


def expected(number: int, shared: str) -> dict[str, Any]:
    """What is read of such a call, the ids of what is new left out."""
    sent = record(number, shared)
    home = {"workspace": {"name": "kill"}, "run": {"name": sent["run"]}}

    def at_port(item: dict[str, Any]) -> dict[str, Any]:
        (facts,) = item["artifact"].values()
        return {"port": item["port"], "node": {"customProperties": {}, "labels": [], **home, **facts}}

    return {
        **sent["execution"],
        **home,
        "state": "COMPLETE",
        "inputs": [{"port": "in", "node": {"id": shared}}],
        "outputs": list(map(at_port, sent["outputs"])),
    }


class Recorded:
    """Calls that are sent again until they are answered, what was answered, and what was refused meanwhile."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.answers: dict[int, Any] = {}
        self.refusals: dict[int, list[str]] = {}
        self.shared = ""
        self._answered = asyncio.Condition()

    @property
    def unsure(self) -> int:
        """How many refusals were of calls that were under way."""
        return sum(bool(_UNSURE.search(text)) for texts in self.refusals.values() for text in texts)

    async def prepare(self) -> None:
        """Records what all of them are going to read."""
        artifact = {"dataSet": {"name": "shared", "uri": "u"}}
        first = {"workspace": "kill", "execution": {"name": "first"}, "outputs": [{"artifact": artifact}]}
        made = (await self.service.data(RECORD, {"input": first}))["recordExecution"]
        self.shared = made["outputs"][0]["id"]

    async def insist(self, number: int) -> None:
        """Sends a call as often as it takes."""
        refusals = self.refusals.setdefault(number, [])
        while len(refusals) < 200:
            body = await self.service.ask(RECORD, {"input": record(number, self.shared)})
            if "errors" not in body:
                self.answers[number] = body["data"]["recordExecution"]
                async with self._answered:
                    self._answered.notify_all()
                return
            (error,) = body["errors"]
            assert error["extensions"]["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), error
            refusals.append(error["message"])
            await asyncio.sleep(0.5)
        raise AssertionError(f"call {number} was never answered: {refusals[-1]}")

    async def until(self, answered: int) -> None:
        """Waits until so many calls were answered."""
        async with self._answered:
            await self._answered.wait_for(lambda: len(self.answers) >= answered)

    async def check(self) -> None:
        """The store holds what was sent, each call once and whole, and nothing else; no answer was untrue."""
        found: dict[str, tuple[list[str], Any]] = {}
        for node in (await self._read())[1:]:
            ids = [node.pop("id"), *(edge["node"].pop("id") for edge in node["outputs"])]
            assert node["externalId"] not in found, f"{node['externalId']} is there twice"
            found[node["externalId"]] = ids, node
        for number, answer in self.answers.items():
            ids, node = found.pop(f"kill/{number}")
            assert node == expected(number, self.shared)
            assert [answer["execution"]["id"], *(output["id"] for output in answer["outputs"])] == ids
            refusals = "\n".join(self.refusals[number])
            if answer["created"]:
                assert _RECORDED not in refusals, (number, refusals)
            else:
                assert _RECORDED in refusals or _UNSURE.search(refusals), (number, refusals)
        assert not found
        sent = len(self.answers)
        counts = {name: one["totalCount"] for name, one in (await self.service.data(COUNT)).items()}
        assert counts == {"executions": 1 + sent, "artifacts": 1 + sent, "workspaces": 1, "runs": RUNS}
        (shared,) = (await self.service.data(CONSUMED, {"id": self.shared})).values()
        assert shared["consumers"]["totalCount"] == sent

    async def _read(self) -> list[dict[str, Any]]:
        """All executions, page by page, in the order in which they were made."""
        nodes: list[dict[str, Any]] = []
        after, more = None, True
        while more:
            page = (await self.service.data(READ, {"after": after}))["executions"]
            nodes += page["nodes"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        for node in nodes:
            node["inputs"], node["outputs"] = node["inputs"]["edges"], node["outputs"]["edges"]
        return nodes
