"""Orders by what has a name: metric values, parameters and properties, as a client pages through them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.demo import demo_store
from tests.places import Place
from tests.service import Service, serving

# MLMD itself keeps six decimals of each.
ACCURACY: Sequence[Any] = (0.1 + 0.2, 0.3, 3e-7, 2e-7, 1 / 3, 7, "good", None, {"test": 0.5}, True)
ASCENDING = [3, 2, 1, 0, 4, 5, 6, 7, 8, 9]
DESCENDING = [5, 4, 0, 1, 2, 3, 6, 9, 8, 7]
RECORD = "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { executions { mlmdId } } }"


async def record(service: Service) -> None:
    """Ten runs of one step, each of which wrote metrics and a model; two have no number at all."""
    steps = []
    for place, value in enumerate(ACCURACY):
        custom = {} if value is None else {"accuracy": value}
        outputs: list[dict[str, Any]] = [
            {"metrics": {"name": f"m{place}", "uri": f"s3://m/{place}", "values": custom}},
            {"model": {"name": f"n{place}", "uri": f"s3://n/{place}", "hyperparameters": {"grid": custom}}},
        ]
        steps.append(
            {
                "workspace": "w",
                "run": f"r{place}",
                "execution": {"name": f"e{place}", "customProperties": custom},
                "outputs": [{"artifact": artifact} for artifact in outputs],
            }
        )
    await service.data(RECORD, {"input": steps})


async def paged(service: Service, connection: str, *, backward: bool) -> list[str]:
    """The names of what a connection shows, three at a time."""
    way, edge, cursor, more = (
        ("last", "before", "startCursor", "hasPreviousPage")
        if backward
        else ("first", "after", "endCursor", "hasNextPage")
    )
    names: list[str] = []
    place = None
    while True:
        page = f"{way}: 3, {edge}: $place"
        query = f"query ($place: String) {{ {connection.replace('PAGE', page)} }}"
        found = await service.data(query, {"place": place})
        while "nodes" not in found:
            (found,) = found.values()
        shown = [node["name"] for node in found["nodes"]]
        names = [*shown, *names] if backward else [*names, *shown]
        if not found["pageInfo"][more]:
            return names
        place = found["pageInfo"][cursor]


SHOWN = "{ nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
BY_VALUE = 'orderBy: {field: VALUE, key: "accuracy", direction: WAY}'
METRICS = f"artifacts(where: {{kind: METRICS}}, {BY_VALUE}, PAGE) {SHOWN}"
MODELS = METRICS.replace("METRICS", "MODEL").replace("VALUE", "PARAMETER").replace("accuracy", "grid.accuracy")
CONNECTIONS = {
    "m": METRICS,
    "n": MODELS,
    "e": f'executions(orderBy: {{field: PARAMETER, key: "accuracy", direction: WAY}}, PAGE) {SHOWN}',
    "e under a workspace": 'workspace(name: "w") { executions(orderBy: {field: PROPERTY, key: "accuracy", '
    f"direction: WAY}}, PAGE) {SHOWN} }}",
    "m under a workspace": f'workspace(name: "w") {{ {METRICS} }}',
    "r": f"runs({BY_VALUE}, PAGE) {SHOWN}",
    "r under a workspace": f'workspace(name: "w") {{ runs({BY_VALUE}, PAGE) {SHOWN} }}',
}


async def test_pages_of_exact_numbers(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        await record(service)
        for name, connection in CONNECTIONS.items():
            for direction, wanted in (("ASC", ASCENDING), ("DESC", DESCENDING)):
                asked = connection.replace("WAY", direction)
                if name[0] == "r":  # a text is no best value
                    wanted = [*wanted[:6], *sorted(wanted[6:], reverse=direction == "DESC")]
                for backward in (False, True):
                    found = await paged(service, asked, backward=backward)
                    assert found == [f"{name[0]}{number}" for number in wanted], (name, direction, backward)


async def test_runs_of_a_store_without_metrics(place: Place) -> None:
    place.fill_empty()
    async with serving(place.url) as service:
        for run in "abcd":
            step = {"workspace": "w", "run": run, "execution": {"name": run}}
            await service.data(RECORD, {"input": [step]})
        for connection in (CONNECTIONS["r"], CONNECTIONS["r under a workspace"]):
            assert sorted(await paged(service, connection.replace("WAY", "ASC"), backward=False)) == list("abcd")


WRONG = [
    ("artifacts(orderBy: {field: VALUE})", "needs the name of the value", 'key: "the value\'s name"'),
    ("artifacts(orderBy: {field: PROPERTY, key: null})", "needs the name of the property", "field: PROPERTY, key:"),
    ("executions(orderBy: {field: PARAMETER})", "needs the name of the parameter", "field: PARAMETER, key:"),
    ("runs(orderBy: {field: VALUE})", "needs the name of the value", "field: VALUE, key:"),
    ('artifacts(orderBy: {field: NAME, key: "x"})', "NAME takes no key", "VALUE, PARAMETER, PROPERTY"),
    ('executions(orderBy: {field: ID, key: ""})', "ID takes no key", "PARAMETER, PROPERTY"),
    ('runs(orderBy: {field: NAME, key: "x"})', "NAME takes no key", "VALUE"),
    ('workspaces { nodes { runs(orderBy: {field: NAME, key: "x"}) { nodes { id } } } }', "NAME takes no key", "VALUE"),
]


async def test_keys_that_are_missing_or_make_no_sense(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        for field, what, instead in WRONG:
            query = field if field.endswith("}") else f"{field} {{ nodes {{ id }} }}"
            error = (await service.ask(f"{{ {query} }}"))["errors"][0]
            assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("INVALID_ARGUMENT", "orderBy.key")
            assert what in error["message"], error
            assert instead in error["message"], error
