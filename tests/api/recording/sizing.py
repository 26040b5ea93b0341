"""What is recorded with a text that may be too long for the store."""

from __future__ import annotations

import copy
import random
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.places import Place
from tests.service import Service, serving

RECORD = "mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { execution { id } } }"
LINEAGE = "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created } }"
READ = """
query ($id: ID!) {
  execution(id: $id) {
    workspace { name } run { name } name description externalId customProperties labels { key value }
    type { name }
    inputs { edges { port node { name uri version externalId customProperties labels { key value } } } }
  }
}
"""
RECORDED = {
    "workspace": "w",
    "run": "r",
    "execution": {
        "name": "e",
        "type": "t",
        "description": "d",
        "externalId": "x",
        "customProperties": {"p": "v"},
        "labels": [{"key": "k", "value": "v"}],
    },
    "inputs": [
        {
            "port": "in",
            "artifact": {
                "dataSet": {
                    "name": "n",
                    "uri": "u",
                    "externalId": "a",
                    "customProperties": {"p": "v"},
                    "labels": [{"key": "k", "value": "v"}],
                }
            },
        }
    ],
}
ARTIFACT = "inputs[0].artifact.dataSet"


def changed(path: str, text: str) -> dict[str, Any]:
    """What is recorded, with a text at a path; at one that ends in `{}` it is the name of a custom property."""
    record: Any = copy.deepcopy(RECORDED)
    place = record
    *way, last = path.replace("[", ".[").split(".")
    for step in way:
        place = place[int(step[1:-1])] if step.startswith("[") else place[step]
    if last == "{}":
        place.clear()
        last, text = text, "v"
    place[last] = text
    return dict(record)


def shown(execution: dict[str, Any]) -> dict[str, Any]:
    """An execution as it was read, in the form in which one is recorded."""
    (edge,) = execution.pop("inputs")["edges"]
    return {
        "workspace": execution.pop("workspace")["name"],
        "run": execution.pop("run")["name"],
        "execution": {**execution, "type": execution["type"]["name"]},
        "inputs": [{"port": edge["port"], "artifact": {"dataSet": edge["node"]}}],
    }


class Sizes:
    """A store, what it takes and what it refuses."""

    def __init__(self, service: Service, place: Place) -> None:
        self.service, self.place = service, place
        self._number = 0

    async def taken(self, path: str, text: str) -> None:
        """A text is recorded, and read back equal."""
        self._number += 1
        record = changed(path, text)
        for facts in (record["execution"], record["inputs"][0]["artifact"]["dataSet"]):
            if facts["externalId"] != text:
                facts["externalId"] += str(self._number)
        record["inputs"][0]["artifact"]["dataSet"].setdefault("version", str(self._number))
        made = (await self.service.data(RECORD, {"input": record}))["recordExecution"]
        found = (await self.service.data(READ, {"id": made["execution"]["id"]}))["execution"]
        assert shown(found) == record, path

    async def refused(self, path: str, text: str, argument: str | None = None) -> None:
        """A text is refused with a path, alone and in a lineage."""
        argument = argument or path.removesuffix(".{}")
        record = changed(path, text)
        for query, value, before in ((RECORD, record, "input."), (LINEAGE, [record], "input[0].")):
            error = await self.service.error(query, {"input": value})
            assert (error["code"], error.get("argument")) == ("INVALID_ARGUMENT", before + argument), (path, error)


@asynccontextmanager
async def sizes(place: Place) -> AsyncIterator[Sizes]:
    place.fill_empty()
    async with serving(place.url) as service:
        yield Sizes(service, place)


def noise(size: int) -> str:
    """A text that cannot be compressed."""
    return "".join(random.Random(size).choices(string.ascii_letters + string.digits, k=size))
