"""Events that a convention implies, found by the calls of MLMD's service."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.store.service.carried import carried
from tests.store.service.conftest import ServiceBench
from tests.store.sql.records import StoreRecord
from tests.store.sql.registries import check, registries


def test_what_a_registry_implies(service_bench: ServiceBench, way: str) -> None:
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(registries())
    def property_(drawn: StoreRecord) -> None:
        store = carried(drawn)
        with service_bench.reading(store, way) as reader:
            check(service_bench.run, reader, store)

    property_()
