"""Integers beyond 2^53 are digits in answers, and either form finds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.api.scalars import spelt_integer, write_json
from tests.places import Place, SQLitePlace
from tests.service import Service, serving

EDGE = 2**53
RECORD = "mutation R($input: RecordExecutionInput!) { recordExecution(input: $input) { created } }"
ASK = """
query A($where: ArtifactFilter) { artifacts(where: $where, orderBy: {field: NAME}) {
  nodes { name property(name: "n") customProperties } } }
"""
NUMBERS: dict[str, Any] = {
    "edge": EDGE,
    "beyond": EDGE + 1,
    "double": float(EDGE + 2),
    "huge": 2**63 - 1,
    "low": -EDGE - 1,
    "small": 5,
    "text": str(EDGE + 1),
    "word": "five",
}


async def fill(service: Service) -> None:
    """Models of these names, each with its value as the property `n`."""
    outputs = [
        {"artifact": {"model": {"name": name, "uri": name, "customProperties": {"n": value, "in": [{"n": value}]}}}}
        for name, value in NUMBERS.items()
    ]
    given = {"workspace": "numbers", "execution": {"name": "e"}, "outputs": outputs}
    await service.data(RECORD, {"input": given})


async def test_answers_hold_digits_beyond_the_edge(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        await fill(service)
        nodes = (await service.data(ASK))["artifacts"]["nodes"]
        wanted = {**NUMBERS, "beyond": str(EDGE + 1), "huge": str(2**63 - 1), "low": str(-EDGE - 1)}
        assert {node["name"]: repr(node["property"]) for node in nodes} == {n: repr(v) for n, v in wanted.items()}
        assert {node["name"]: node["customProperties"] for node in nodes} == {
            name: {"n": value, "in": [{"n": value}]} for name, value in wanted.items()
        }


@pytest.mark.parametrize("spelt", [False, True], ids=["numbers", "digits"])
async def test_either_form_finds_them(place: Place, spelt: bool) -> None:
    place.fill_empty()

    def form(number: int) -> Any:
        return str(number) if spelt else number

    async with serving(place.url) as service:
        await fill(service)

        async def found(**test: Any) -> set[str]:
            nodes = (await service.data(ASK, {"where": {"properties": [{"name": "n", **test}]}}))["artifacts"]["nodes"]
            return {node["name"] for node in nodes}

        # A text of digits is what it looks like in the answer, too; nobody can tell it from the number there.
        text = {"text"} if spelt else set()
        beyond = EDGE + 1
        assert await found(eq=form(beyond)) == {"beyond"} | text
        assert await found(ne=form(beyond)) == NUMBERS.keys() - {"beyond"} - text
        assert await found(**{"in": [form(beyond), form(2**63 - 1), form(-beyond)]}) == {"beyond", "huge", "low"} | text
        assert await found(eq=form(EDGE + 2)) == {"double"}
        words = {"word"} if spelt else set()  # which come after digits among texts
        assert await found(gt=form(beyond)) == {"double", "huge"} | words
        assert await found(gte=form(beyond)) == {"beyond", "double", "huge"} | words | text
        assert await found(lte=form(-beyond)) == {"low"}
        # Up to the edge numbers are numbers and texts are texts.
        assert await found(eq="5") == await found(eq=str(EDGE)) == set()
        assert await found(eq=EDGE) == {"edge"}


async def test_ids_of_the_store_in_either_form(tmp_path: Path) -> None:
    place = SQLitePlace(tmp_path)  # the ids of the other databases have 32 bits
    place.fill_empty()
    async with serving(place.url) as service:
        await fill(service)
        place.execute(f"UPDATE Artifact SET id = {EDGE + 7} WHERE uri = 'huge'")
        place.execute(f"UPDATE ArtifactProperty SET artifact_id = {EDGE + 7} WHERE string_value = 'huge'")
        one, some = "artifact(mlmdId: $id) { mlmdId }", "artifacts(where: {mlmdIds: [$id]}) { totalCount }"
        query = f"query ($id: BigInt!) {{ {one} {some} }}"
        wanted = {"artifact": {"mlmdId": str(EDGE + 7)}, "artifacts": {"totalCount": 1}}
        for id_ in (EDGE + 7, str(EDGE + 7)):
            assert await service.data(query, {"id": id_}) == wanted
            literal = query.replace("($id: BigInt!)", "").replace("$id", json.dumps(id_))
            assert await service.data(literal) == wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from((EDGE, EDGE + 1, -EDGE - 1)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def as_doubles(text: str) -> Any:
    """What JavaScript makes of a JSON text: each number is a double."""
    return json.loads(text, parse_int=float)


@given(JSON)
def test_no_integer_is_another_one_in_javascript(value: Any) -> None:
    def said(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: said(item) for name, item in value.items()}
        if isinstance(value, list):
            return list(map(said, value))
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        if isinstance(value, int):
            return float(value) if abs(value) <= EDGE else str(value)
        return value if abs(value) < float("inf") else str(value)

    written = write_json(value)
    assert as_doubles(json.dumps(written)) == said(value)
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(written, str) and len(written) < 400:
        assert spelt_integer(written) == value
