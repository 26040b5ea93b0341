"""Errors that teach: mistakes that are often made, and what the answer says to write instead."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo import demo_store
from tests.service import Service, serving

PAGE = "{ nodes { name } }"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as running:
        yield running


@pytest.mark.parametrize(
    ("query", "written"),
    [
        (f'{{ artifacts(where: {{name: "features"}}) {PAGE} }}', '{name: {eq: "features"}}'),
        (f'{{ artifacts(where: {{type: ["a", "b"]}}) {PAGE} }}', '{type: {in: ["a", "b"]}}'),
        (f'{{ artifacts(where: {{createTime: "2026-01-01"}}) {PAGE} }}', '{createTime: {atOrAfter: "2026-01-01"}}'),
        (f'{{ runs(where: {{workspace: "chargebacks"}}) {PAGE} }}', '{workspace: {name: {eq: "chargebacks"}}}'),
        (f'{{ artifacts(where: {{producedBy: "train"}}) {PAGE} }}', '{producedBy: {name: {eq: "train"}}}'),
        (
            f'{{ artifacts(where: {{producedBy: {{outputs: {{uri: "s3:x"}}}}}}) {PAGE} }}',
            '{uri: {eq: "s3:x"}}',
        ),
        (f"{{ artifacts(orderBy: CREATE_TIME) {PAGE} }}", "orderBy: {field: CREATE_TIME}"),
        (f"{{ artifacts(orderBy: {{createTime: DESC}}) {PAGE} }}", "orderBy: {field: CREATE_TIME, direction: DESC}"),
        (f'{{ artifacts(where: {{labels: {{stage: "x"}}}}) {PAGE} }}', '{labels: {key: "stage", eq: "x"}}'),
        (f'{{ artifacts(where: {{labels: [{{stage: "x"}}]}}) {PAGE} }}', '{labels: {key: "stage", eq: "x"}}'),
        (
            f'{{ artifacts(where: {{labels: {{stage: {{in: ["x"]}}}}}}) {PAGE} }}',
            '{labels: {key: "stage", in: ["x"]}}',
        ),
        (f'{{ artifacts(where: {{labels: "stage=x"}}) {PAGE} }}', '{labels: {key: "stage", eq: "x"}}'),
        (f"{{ artifacts(where: {{properties: {{rows: 1}}}}) {PAGE} }}", '{properties: {name: "rows", eq: 1}}'),
        (f'{{ artifacts(name: "features") {PAGE} }}', 'where: {name: {eq: "features"}}'),
        (f"{{ artifacts(kind: MODEL) {PAGE} }}", "where: {kind: MODEL}"),
        (f"query ($n: String) {{ artifacts(name: $n) {PAGE} }}", "where: {name: {eq: …}}"),
        ("{ artifacts { name } }", "nodes { name }"),
        ("{ artifacts { producer { name } } }", "nodes { producer { … } }"),
        ("{ artifacts { hasNextPage } }", "pageInfo { hasNextPage }"),
        ('{ lineage(roots: ["x"]) { name } }', "nodes { node { name } }"),
        ("{ store { artifacts } }", "counts { artifacts }"),
        (
            'mutation { createWorkspace(input: {name: "w", labels: {team: "x"}}) { created } }',
            '{labels: {key: "team", value: "x"}}',
        ),
        ('mutation { createWorkspace(input: {name: "w"}) { id } }', "workspace { id }"),
    ],
)
async def test_a_document_is_told_what_to_write(service: Service, query: str, written: str) -> None:
    error = await service.error(query)
    assert error["code"] == "BAD_REQUEST"
    assert error["message"].endswith(f" Write {written}."), error["message"]


@pytest.mark.parametrize(
    ("type_", "value", "written"),
    [
        ("ArtifactFilter", {"name": "features"}, '{"name": {"eq": "features"}}'),
        ("ArtifactFilter", {"and": [{"name": "ä"}]}, '{"name": {"eq": "ä"}}'),
        ("[LabelFilter!]", {"stage": "x"}, '{"key": "stage", "eq": "x"}'),
        ("ArtifactFilter", {"labels": {"stage": "x"}}, '{"labels": {"key": "stage", "eq": "x"}}'),
        ("ArtifactOrder", "CREATE_TIME", '{"field": "CREATE_TIME"}'),
        ("StringFilter", "features", '{"eq": "features"}'),
    ],
)
async def test_variables_are_told_what_to_write(service: Service, type_: str, value: Any, written: str) -> None:
    uses = {
        "ArtifactFilter": "where: $v",
        "[LabelFilter!]": "where: {labels: $v}",
        "ArtifactOrder": "orderBy: $v",
        "StringFilter": "where: {name: $v}",
    }
    body = await service.ask(f"query ($v: {type_}) {{ artifacts({uses[type_]}) {PAGE} }}", {"v": value})
    assert any(error["message"].endswith(f" Write {written}.") for error in body["errors"]), body
    assert "data" not in body


async def test_what_is_written_instead_is_right(service: Service) -> None:
    wrong = f'{{ artifacts(where: {{name: "features", labels: {{team: "risk"}}}}, orderBy: CREATE_TIME) {PAGE} }}'
    messages = [error["message"] for error in (await service.ask(wrong))["errors"]]
    name, labels, order = (re.search(r" Write (.*)\.$", message).group(1) for message in messages)  # type: ignore[union-attr]
    mended = f"{{ artifacts(where: {{and: [{name}, {labels}]}}, {order}) {PAGE} }}"
    assert (await service.data(mended))["artifacts"]["nodes"] == [{"name": "features"}] * 3


@pytest.mark.parametrize(
    "query",
    [
        "{ artifact(mlmdId: 1) { nothing } }",
        '{ artifacts(where: {nothing: "x"}) { totalCount } }',
        f"{{ artifacts(where: {{name: 5.5, labels: 5}}, orderBy: UPSIDE_DOWN) {PAGE} }}",
        f"query ($v: [String!]) {{ artifacts(where: {{name: {{in: $v}}, nothing: $v}}) {PAGE} }}",
        f'{{ artifacts(where: {{labels: {{a: "x", b: "y"}}}}) {PAGE} }}',
    ],
)
async def test_other_mistakes_are_still_told(service: Service, query: str) -> None:
    body = await service.ask(query)
    assert body["errors"]
    assert "data" not in body
    assert all(error["extensions"]["code"] == "BAD_REQUEST" for error in body["errors"]), body


UNKNOWN = "QXJ0aWZhY3Q6OTk5OTk"
UNKNOWN_RUN = "UnVuOlsieCIsICJ5Il0"


@pytest.mark.parametrize(
    ("query", "id_", "argument"),
    [
        (f'{{ lineage(roots: ["{UNKNOWN}"]) {{ complete }} }}', UNKNOWN, "roots[0]"),
        (f'{{ lineagePath(from: "{UNKNOWN}", to: "QXJ0aWZhY3Q6MQ") {{ found }} }}', UNKNOWN, "from"),
        (f'{{ lineageDiff(left: "QXJ0aWZhY3Q6MQ", right: "{UNKNOWN}") {{ complete }} }}', UNKNOWN, "right"),
        (
            '{ compareRuns(ids: ["UnVuOlsibW5pc3QtdHV0b3JpYWwiLCAicnVuLTEiXQ", "' + UNKNOWN_RUN + '"]) '
            "{ rows { field } } }",
            UNKNOWN_RUN,
            "ids[1]",
        ),
        ('{ artifact(id: "garbage") { name } }', "garbage", "id"),
        ('{ artifact(id: "UnVuOlsieCIsICJ5Il0") { name } }', UNKNOWN_RUN, "id"),
        ('{ lineage(roots: ["UnVuOlsieCIsICJ5Il0"]) { complete } }', UNKNOWN_RUN, "roots[0]"),
    ],
)
async def test_an_id_that_is_wrong_is_repeated(service: Service, query: str, id_: str, argument: str) -> None:
    error = await service.error(query)
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", argument)
    assert repr(id_) in error["message"]


async def test_an_id_of_nothing_is_repeated_by_mutations(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path) as service:
        for mutation in (
            f'setLabels(input: {{id: "{UNKNOWN}", labels: []}}) {{ entity {{ id }} }}',
            'recordExecution(input: {workspace: "w", execution: {name: "x"}, '
            f'inputs: {{artifact: {{id: "{UNKNOWN}"}}}}}}) {{ created }}',
        ):
            error = await service.error(f"mutation {{ {mutation} }}")
            assert error["code"] == "INVALID_ARGUMENT", error
            assert repr(UNKNOWN) in error["message"]


async def test_a_run_by_its_name_alone(service: Service, tmp_path: Path) -> None:
    found = await service.data('{ run(name: "forecast-2026-04") { workspace { name } } }')
    assert found["run"]["workspace"]["name"] == "chargebacks"
    assert (await service.data('{ run(name: "nothing") { id } }'))["run"] is None
    error = await service.error('{ run(workspace: "chargebacks") { id } }')
    assert error["code"] == "INVALID_ARGUMENT"


async def test_a_name_that_several_runs_have(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path) as service:
        for workspace in ("one", "two"):
            record = f'recordExecution(input: {{workspace: "{workspace}", run: "r", execution: {{name: "x"}}}})'
            await service.data(f"mutation {{ {record} {{ created }} }}")
        error = await service.error('{ run(name: "r") { id } }')
        assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "name")
        assert 'workspace: "one" or workspace: "two"' in error["message"]
        found = await service.data('{ run(name: "r", workspace: "two") { workspace { name } } }')
        assert found["run"]["workspace"]["name"] == "two"
