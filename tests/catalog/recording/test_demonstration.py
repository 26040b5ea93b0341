from __future__ import annotations

import pytest
import pytest_asyncio

from lineageql.catalog.demonstration import FRAUD, record_demonstration
from lineageql.catalog.differences import lineage_diff
from lineageql.catalog.finding import Finder
from lineageql.catalog.lineage import Bounds, Direction, walk
from lineageql.catalog.recording import Recording
from lineageql.model.entities import Artifact
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind
from lineageql.model.predicates import Field, Label, Operator, Predicate, Test, all_of
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.ports import Link, Search, Window
from tests.catalog.recording.conftest import Room

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(shared_room: Room) -> Room:
    await record_demonstration(shared_room.recording)
    return shared_room


async def artifacts(room: Room, predicate: Predicate) -> list[Artifact]:
    found = await room.store.reader(WHOLE).search(Search(EntityKind.ARTIFACT, predicate), Window(1000))
    return [row.entity for row in found.rows if isinstance(row.entity, Artifact)]


async def named(room: Room, name: str, version: str) -> Artifact:
    predicate = all_of(Test(Field.NAME, Operator.EQ, name), Test(Field.VERSION, Operator.EQ, version))
    (found,) = await artifacts(room, predicate)
    return found


async def downstream(room: Room, ref: Ref) -> set[Ref]:
    graph = await walk(room.store.reader(WHOLE), [ref], Direction.DOWNSTREAM, Bounds(1000))
    return set(graph.hops)


async def test_recording_it_again_changes_nothing(demo: Room) -> None:
    rows = demo.rows()
    await record_demonstration(demo.recording)
    await record_demonstration(Recording(demo.store, Settings()))
    assert demo.rows() == rows


async def test_it_is_small_and_whole(demo: Room) -> None:
    counts = await demo.store.reader(WHOLE).counts()
    assert counts.workspaces == 3
    assert 60 <= counts.executions + counts.artifacts <= 150
    seen = demo.mlmd()
    assert (len(seen.artifacts), len(seen.executions)) == (counts.artifacts, counts.executions)
    assert len(seen.events) == counts.events
    kinds = {artifact.kind for artifact in await artifacts(demo, all_of())}
    assert kinds == set(ArtifactKind)


async def test_the_ids_that_the_ready_made_operations_name(demo: Room) -> None:
    for id_, name, version in (
        (5, "fraud-model", "2026-01"),
        (12, "fraud-model", "2026-02"),
        (8, "payments", "2026-02"),
    ):
        artifact = await demo.get(Ref(EntityKind.ARTIFACT, id_))
        assert (artifact.name, artifact.version) == (name, version)
    assert (await demo.get(Ref(EntityKind.WORKSPACE, 1))).name == FRAUD


async def test_which_production_models_descend_from_a_data_set(demo: Room) -> None:
    production = {model.ref for model in await artifacts(demo, Test(Label("stage"), Operator.EQ, "production"))}
    reached = await downstream(demo, (await named(demo, "payments", "2026-02")).ref)
    names = sorted([(await demo.get(ref)).name for ref in production & reached])
    assert names == ["chargeback-forecast", "fraud-model"]
    # Of the first month only the other team's model is still in production.
    reached = await downstream(demo, (await named(demo, "payments", "2026-01")).ref)
    assert [(await demo.get(ref)).name for ref in production & reached] == ["chargeback-forecast"]


async def test_what_changed_between_two_versions(demo: Room) -> None:
    left, right = [await named(demo, "fraud-model", month) for month in ("2026-01", "2026-02")]
    finder = Finder(demo.store.reader(WHOLE), Settings())
    diff = await lineage_diff(finder, left.ref, right.ref, Direction.UPSTREAM, None)
    (models,) = [change for change in diff.changed if change.left.ref == left.ref]
    fields = {difference.field for difference in models.differences}
    assert {"version", "hyperparameters.learning_rate", "hyperparameters.max_depth"} <= fields
    assert "hyperparameters.scale_pos_weight" not in fields


async def test_the_metrics_of_a_model(demo: Room) -> None:
    model = await named(demo, "fraud-model", "2026-03")
    found = await demo.store.reader(WHOLE).search_under(
        Link.MODEL_METRICS, [model.ref], Search(EntityKind.ARTIFACT), Window(10)
    )
    scores = [row.entity for row in found[model.ref].rows if isinstance(row.entity, Artifact)]
    assert [one.metrics_type for one in scores] == ["training", "validation"]
    assert all(isinstance(one.values, dict) and "auc" in one.values for one in scores)
