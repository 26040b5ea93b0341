"""Every row of the benchmark, once, on a small store: both sides answer the same. Nothing is timed."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from lineageql.catalog.recording import forms
from lineageql.model.drafts import ArtifactDraft
from lineageql.model.identity import EntityKind, Ref
from tests.bench.building import Facts, stored
from tests.bench.measuring import Line, Side, measure, run, same
from tests.bench.pipelines import Pipelines
from tests.bench.report import as_json, markdown
from tests.bench.rows import ROWS
from tests.bench.tables import moment, properties_of

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ml_metadata") is None, reason="ml-metadata, which makes the store, is not installed"
)
SIZE = 500
SIDES = ("lineageql", "ml-metadata", "sql")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return stored(tmp_path_factory.mktemp("bench"), SIZE)


@pytest.fixture(scope="module")
def answers(
    facts: Facts, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, tuple[dict[str, Any], bytes]]]:
    """For each side, what it tells of each row, and its answer."""
    found = {}
    for side in SIDES:
        folder = tmp_path_factory.mktemp(side)
        rows = [row for row in ROWS if side != "sql" or row.root is not None]
        told = run(side, rows, facts, 0.0, folder)
        found[side] = {row.name: (told[row.name], (folder / row.name).read_bytes()) for row in rows}
    return found


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_both_sides_answer_the_same(name: str, answers: dict[str, Any]) -> None:
    (told, ours), (their, theirs) = answers["lineageql"][name], answers["ml-metadata"][name]
    if their["missing"]:
        pytest.skip(their["missing"])
    assert json.loads(ours)["data"]
    assert same(ours, theirs)
    assert told["statements"] > 0
    assert min(told["peak"], their["peak"]) > 0


def test_closures_have_the_size_that_the_builder_says(facts: Facts, answers: dict[str, Any]) -> None:
    for row in ROWS:
        if row.root is not None:
            assert int(answers["sql"][row.name][1]) == row.root(facts).nodes


def test_a_store_is_built_once_and_again_when_the_builder_changes(facts: Facts) -> None:
    note = facts.path.with_suffix(".json")
    written = facts.path.stat().st_mtime_ns
    assert stored(facts.path.parent, SIZE) == facts
    assert facts.path.stat().st_mtime_ns == written
    note.write_text(note.read_text().replace('"stamp": "', '"stamp": "of an older builder '))
    assert stored(facts.path.parent, SIZE) == facts
    assert facts.path.stat().st_mtime_ns != written


def test_artifacts_have_the_form_in_which_they_are_recorded() -> None:
    for record in Pipelines(SIZE).records():
        for artifact in record.artifacts:
            type_ = f"kubeflow.org/alpha/{artifact.type}"
            facts = {**artifact.document, **artifact.facts}
            model, data_set = facts.pop("model_id", None), facts.pop("data_set_id", None)
            draft = ArtifactDraft(
                member="custom",
                type=type_,
                name=artifact.name,
                uri=artifact.uri,
                version=artifact.version,
                owner=f"{record.team}@example.org",
                description=artifact.description,
                facts=facts,
                model=_artifact(model),
                data_set=_artifact(data_set),
                labels=list(artifact.labels.items()),
                custom_properties=artifact.custom,
            )
            home = forms.Home("a", "b")
            node = forms.artifact_node(
                draft, forms.ARTIFACTS[type_], home, moment(record.time), metrics=artifact.type == "metrics"
            )
            declared, custom = properties_of(artifact, record)
            assert _read(node.properties) == _read(declared)
            assert node.custom_properties == {**home.properties, **custom}
        if record.run is not None:
            break


def _artifact(id_: object) -> Ref | None:
    return None if id_ is None else Ref(EntityKind.ARTIFACT, int(str(id_)))


def _read(properties: Any) -> dict[str, Any]:
    return {**properties, "__ALL_META__": json.loads(properties["__ALL_META__"])}


def test_the_report_tells_all_that_was_measured(facts: Facts) -> None:
    row = next(row for row in ROWS if row.name == "closure")
    line = measure(row, facts, seconds=0.0, rounds=1)
    assert line.agree is not False
    text = markdown([line], facts)
    assert f"| upstream closure of {facts.closures[0].nodes:,} nodes |" in text
    assert "| --- | ---: |" in text
    assert json.loads(as_json([line], facts))["rows"][0]["lineageql"]["statements"] == line.ours.statements
    lacking = Line(row, "what ml-metadata cannot do", line.ours, Side(missing="it has no lineage"))
    assert "it has no lineage" in markdown([lacking], facts)
