"""Executions that are recorded while something is killed, and whether they are in the store whole."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.service import Service

RECORD = """
mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { execution { id } outputs { id } } }
"""


def record(number: int) -> dict[str, Any]:
    model = {"name": f"m-{number}", "uri": f"u-{number}", "version": "1"}
    return {
        "input": {
            "workspace": "kill",
            "run": f"run-{number % 3}",
            "execution": {"name": f"e-{number}", "externalId": f"kill/{number}"},
            "inputs": [{"artifact": {"dataSet": {"name": "shared", "uri": "u", "version": "1"}}, "port": "in"}],
            "outputs": [
                {"artifact": {"model": model}, "port": "model"},
                {"artifact": {"metrics": {"name": "m", "uri": "u", "values": {"n": number}}}, "port": "metrics"},
            ],
        }
    }


async def whole(service: Service, numbers: set[int]) -> None:
    """Every execution that is there is there with all it read and wrote, and these are there."""
    found = await service.data(
        """
        { executions(first: 1000, orderBy: {field: ID, direction: DESC}, where: {workspace: {name: {eq: "kill"}}}) {
          nodes { name run { name } inputs { totalCount } outputs { totalCount } } } }
        """
    )
    nodes = found["executions"]["nodes"]
    names = [node["name"] for node in nodes]
    assert len(names) == len(set(names))
    assert {f"e-{number}" for number in numbers} <= set(names)
    for node in nodes:
        assert (node["inputs"]["totalCount"], node["outputs"]["totalCount"]) == (1, 2), node
        assert node["run"] is not None


class Recorded:
    """What was sent and what was answered, by the number of the execution."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.answers: dict[int, dict[str, Any]] = {}

    async def send(self, number: int) -> bool:
        """Sends a call; answers whether it was answered well."""
        self.answers[number] = await self.service.ask(RECORD, record(number))
        return "errors" not in self.answers[number]

    @property
    def failed(self) -> list[int]:
        return [number for number, answer in self.answers.items() if "errors" in answer]

    async def again(self, number: int) -> None:
        """Sends a call again, as a client does, until it is answered: what was killed last may still be starting."""
        for _ in range(40):
            answer = await self.service.ask(RECORD, record(number))
            if "errors" not in answer:
                return
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE", answer
            await asyncio.sleep(0.5)
        raise AssertionError(answer)

    async def check(self) -> None:
        """Answered calls are there whole; those that failed are once sent again; nothing is there twice."""
        failed = self.failed
        assert failed, "no call was under way when it was killed"
        codes = {self.answers[number]["errors"][0]["extensions"]["code"] for number in failed}
        assert codes == {"UNAVAILABLE"}, codes
        await whole(self.service, set(self.answers) - set(failed))
        for number in failed:
            await self.again(number)
        await whole(self.service, set(self.answers))
        counts = (await self.service.data("{ store { counts { executions artifacts events } } }"))["store"]["counts"]
        sent = len(self.answers)
        assert counts == {"executions": sent, "artifacts": 1 + 2 * sent, "events": 3 * sent}
