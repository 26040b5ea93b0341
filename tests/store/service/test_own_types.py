"""A file of own types says the same over MLMD's service as by SQL, and as plain Python."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.predicates import Field, Operator, Predicate, Related, Relation, Test
from lineageql.store.ports import Facet, Search
from lineageql.store.service.narrowed_reader import NarrowedReader
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from lineageql.store.sql.statements import Statements
from tests.store.service.carried import carried
from tests.store.service.conftest import WAYS, ServiceBench
from tests.store.sql.own_types import OWN, knows, naming
from tests.store.sql.questions import Case, cases
from tests.store.sql.records import NodeRecord, StoreRecord, StructValue
from tests.store.sql.test_own_types import NAMING, ODD_NAMES, check_hidden
from tests.store.sql.test_search import (
    EVERY_WRITERS_TYPES,
    SOUGHT,
    WHOLE,
    expected,
    found,
    of_type,
    shown,
    told,
    with_objects,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.data(),
    st.sampled_from(EntityKind),
    st.sampled_from(WAYS),
    st.sampled_from([facet for facet in Facet if facet is not Facet.LABEL_VALUE]),
    st.sampled_from(SOUGHT),
)
def test_what_the_file_says(
    service_bench: ServiceBench, data: st.DataObject, kind: EntityKind, way: str, facet: Facet, text: str
) -> None:
    case: Case = data.draw(cases(kind, lambda store: with_objects(carried(naming(store))), knows=knows))
    with service_bench.reading(case.store, way, own=OWN) as reader:
        everything = service_bench.run(reader.search(Search(kind), WHOLE)).rows
        assert {r.entity.ref: shown(r.entity) for r in everything} == {t.ref: told(t) for t in case.oracle.of(kind)}
        for predicate in case.predicates:
            wanted = [thing.ref for thing in expected(case.oracle, kind, predicate)]
            assert service_bench.run(found(reader, Search(kind, predicate))) == wanted  # type: ignore[arg-type]
        driver = SQLiteDriver(service_bench.path, threads=1, lock_timeout=5)
        try:
            by_sql = SQLReader(driver, Statements(OWN))
            everywhere = Search(EntityKind.ARTIFACT).predicate
            one, other = (
                service_bench.run(r.facets(EntityKind.ARTIFACT, everywhere, facet, None)) for r in (reader, by_sql)
            )
            assert one == other
            one_text, other_text = (service_bench.run(r.find_text(kind, text, WHOLE)) for r in (reader, by_sql))
            assert [r.entity.ref for r in one_text.rows] == [r.entity.ref for r in other_text.rows]
        finally:
            service_bench.run(driver.close())


def test_names_of_what_is_hidden_are_hidden(service_bench: ServiceBench, way: str) -> None:
    with service_bench.reading(NAMING, way, own=ODD_NAMES) as plain:
        check_hidden(service_bench.run, lambda sight: plain if sight.whole else NarrowedReader(plain, sight))


def test_what_only_names_a_run_is_found_by_it(service_bench: ServiceBench, way: str) -> None:
    """It is an output of the run though no execution wrote it; a search that began at runs left it out."""
    held = Related(Relation.RUN, Test(Field.NAME, Operator.EQ, "held"))
    with service_bench.reading(NAMING, way, own=ODD_NAMES) as reader:

        def refs(kind: EntityKind, predicate: Predicate) -> list[Ref]:
            return service_bench.run(found(reader, Search(kind, predicate)))  # type: ignore[arg-type]

        assert refs(EntityKind.ARTIFACT, held) == [Ref(EntityKind.ARTIFACT, 1)]
        assert refs(EntityKind.WORKSPACE, Related(Relation.ARTIFACTS, held)) == [Ref(EntityKind.WORKSPACE, 1)]


@pytest.mark.parametrize("way", WAYS)
def test_a_list_names_no_run(service_bench: ServiceBench, way: str) -> None:
    """MLMD keeps it as a text, which was taken for the name of a run."""
    type_ = of_type("é.Trainer")
    node = NodeRecord(1, type_, declared={"p": StructValue((("list", [1.0, "a"]),))})
    store = StoreRecord(types=EVERY_WRITERS_TYPES, executions=(node, NodeRecord(2, type_, declared={"p": "r"})))
    with service_bench.reading(store, way, own=OWN) as reader:
        runs = service_bench.run(reader.search(Search(EntityKind.RUN), WHOLE)).rows
        assert [row.entity.ref for row in runs] == [Ref(EntityKind.RUN, RunName("", "r"))]
