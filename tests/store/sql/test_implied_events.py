"""Events that a convention implies are rows as MLMD's own are, on every database."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.store.sql.records import StoreRecord
from tests.store.sql.registries import check, registries
from tests.store.sql.workbench import Workbench


def test_what_a_registry_implies(bench: Workbench) -> None:
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(registries())
    def property_(drawn: StoreRecord) -> None:
        store = bench.keeps(drawn)
        with bench.reading(store) as reader:
            check(bench.run, reader, store)

    property_()
