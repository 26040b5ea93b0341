"""Numbers read back equal wherever they stand, or are refused."""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any

import pytest

from tests.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXACT = [
    "1e-8",
    "0.3333333333333333",
    "9007199254740993",
    "-0.0",
    "5e-324",
    "1.7976931348623157e308",
    "1e30",
    "1000000000000000000000000000000.0",
    "0.1234567890123456789",
    "9223372036854775807",
    "-9223372036854775808",
]
VAST = [
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "18446744073709551617",
    "1" + "0" * 300,
]
RECORD = """
mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) {
  execution { customProperties }
  outputs { customProperties ... on Model { hyperparameters trainingFramework } ... on Metrics { values } } } }
"""
PLACES = {
    "execution.customProperties": lambda of: of["execution"]["customProperties"],
    "outputs[0].artifact.model.customProperties": lambda of: of["outputs"][0]["customProperties"],
    "outputs[0].artifact.model.hyperparameters": lambda of: of["outputs"][0]["hyperparameters"],
    "outputs[0].artifact.model.trainingFramework": lambda of: of["outputs"][0]["trainingFramework"],
    "outputs[1].artifact.metrics.values": lambda of: of["outputs"][1]["values"],
}
names = itertools.count()


def shape(number: str) -> str:
    return f'{{"n": {number}, "list": [0, {number}], "object": {{"a": {{"b": {number}}}}}}}'


def shown(value: Any) -> Any:
    """A JSON value as answers hold it: integers beyond 2^53 are their digits as strings."""
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


def body(values: dict[str, str]) -> str:
    """A request's body, in which numbers stand as they are spelt here."""
    number = next(names)
    of = {place: values.get(place, "{}") for place in PLACES}
    custom, model, hyper, framework, metrics = of.values()
    return f"""
    {{"query": {json.dumps(RECORD)}, "variables": {{"input": {{
      "workspace": "numbers", "execution": {{"name": "e", "customProperties": {custom}}}, "outputs": [
        {{"artifact": {{"model": {{"name": "m{number}", "uri": "u", "customProperties": {model},
                                   "hyperparameters": {hyper}, "trainingFramework": {framework}}}}}}},
        {{"artifact": {{"metrics": {{"name": "s", "uri": "u", "values": {metrics}}}}}}}]}}}}}}
    """


async def post(service: Service, content: str) -> Any:
    response = await service.client.post("/graphql", content=content, headers={"content-type": "application/json"})
    return json.loads(response.text)


@pytest.mark.parametrize("number", EXACT)
async def test_numbers_read_back_equal(service: Service, number: str) -> None:
    answer = await post(service, body(dict.fromkeys(PLACES, shape(number))))
    wanted = shown(json.loads(shape(number)))
    for place, read in PLACES.items():
        found = read(answer["data"]["recordExecution"])
        assert found == wanted, place
        # 1 and 1.0 are equal, and so are 0.0 and -0.0.
        assert repr(found["n"]) == repr(wanted["n"]) == repr(found["list"][1]) == repr(found["object"]["a"]["b"])


@pytest.mark.parametrize("number", VAST)
@pytest.mark.parametrize("member", PLACES)
async def test_integers_of_more_than_64_bits_are_refused(service: Service, member: str, number: str) -> None:
    for value, below in ((shape(number), ".n"), (f'{{"a": [[{number}]]}}', ".a[0][0]")):
        error = (await post(service, body({member: value})))["errors"][0]
        assert error["extensions"] == {"code": "INVALID_ARGUMENT", "argument": f"input.{member}{below}"}
        assert "64 bits" in error["message"]


@pytest.mark.parametrize("number", [*EXACT, *VAST, "1e999"])
async def test_numbers_of_the_document_itself(service: Service, number: str) -> None:
    values = f"{{n: {number}, list: [{number}]}}"
    given = f'{{name: "literal-{next(names)}", customProperties: {values}}}'
    answer = await service.ask(f"mutation {{ createWorkspace(input: {given}) {{ workspace {{ customProperties }} }} }}")
    if number in EXACT:
        found = answer["data"]["createWorkspace"]["workspace"]["customProperties"]
        assert repr(found["n"]) == repr(found["list"][0]) == repr(shown(json.loads(number)))
    else:
        extensions = {"code": "INVALID_ARGUMENT", "argument": "input.customProperties.n"}
        assert answer["errors"][0]["extensions"] == extensions


async def test_a_number_of_the_document_that_no_double_reaches(service: Service) -> None:
    given = f'{{name: "n", customProperties: {{n: {"1" * 5000}}}}}'
    error = await service.error(f"mutation {{ createWorkspace(input: {given}) {{ created }} }}")
    assert error["code"] == "BAD_REQUEST"
    assert "A number has 5000 digits; the most is 400" in error["message"]


def nested(depth: int) -> str:
    return "[" * depth + "1" * 20 + "]" * depth


@pytest.mark.parametrize("text", ['{"n": 1e999}', f'{{"n": {"1" * 400}}}', nested(1200)])
async def test_what_no_number_can_be_is_no_request(service: Service, text: str) -> None:
    response = await service.client.post(
        "/graphql",
        content=body({"execution.customProperties": text}),
        headers={"content-type": "application/json", "accept": "application/graphql-response+json"},
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_what_nests_deep_is_refused(service: Service) -> None:
    """Before Python 3.12 as a request already: its parser of vast integers goes less deep."""
    answer = await post(service, body({"execution.customProperties": nested(1000)}))
    code = answer["errors"][0]["extensions"]["code"]
    assert code == ("BAD_REQUEST" if sys.version_info < (3, 12) else "INVALID_ARGUMENT")
