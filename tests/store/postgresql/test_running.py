"""A PostgreSQL store while it runs: callers and servers that go, the pool, and how statements are carried out."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from lineageql.errors import Unavailable
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.predicates import Field, Operator, Predicate, Property, Test
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.open import open_store
from lineageql.store.ports import Search, Window
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.reader import SQLReader
from tests.servers.postgresql import PostgreSQL
from tests.service import serving

SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(600)'"


async def test_a_caller_that_goes_ends_its_statement(server: PostgreSQL, database: str) -> None:
    store: Any = await open_store(server.url(database), Settings(read_only=True, store_connections=1))
    try:
        call = asyncio.create_task(store._driver.fetch(Statement("SELECT pg_sleep(600)", {})))
        for _ in range(200):
            await asyncio.sleep(0.05)
            if int(server.psql(SLEEPING)):
                break
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        # The one connection is free again.
        assert (await store.reader(WHOLE).counts()).artifacts == 0
        assert int(server.psql(SLEEPING)) == 0
    finally:
        await store.close()


async def test_a_server_that_ends_and_comes_back() -> None:
    server = PostgreSQL()
    try:
        name = server.name()
        async with serving(server.url(name), create=True, deadline=20) as service:
            ask = "{ store { counts { artifacts } } }"
            await asyncio.gather(*(service.data(ask) for _ in range(8)))
            server.stop()
            for _ in range(3):
                began = time.monotonic()
                assert (await service.error(ask))["code"] == "UNAVAILABLE"
                assert time.monotonic() - began < 15
            response = await service.client.get("/readyz")
            assert response.status_code == 503
            server.start()
            assert await service.data(ask) == {"store": {"counts": {"artifacts": 0}}}
            # Connections that lay idle while the server was started anew are not given to anybody.
            await asyncio.gather(*(service.data(ask) for _ in range(8)))
            server.stop()
            server.start()
            await asyncio.gather(*(service.data(ask) for _ in range(8)))
        server.stop()
        with pytest.raises(Unavailable):
            await open_store(server.url(name), Settings(read_only=True))
    finally:
        server.close()


async def test_the_pool_has_a_limit(server: PostgreSQL, database: str) -> None:
    store = await open_store(server.url(database), Settings(read_only=True, store_connections=2))
    try:
        await asyncio.gather(*(store.reader(WHOLE).counts() for _ in range(20)))
        count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'"
        assert int(server.psql(count)) == 2
    finally:
        await store.close()


async def test_readers_cannot_write(server: PostgreSQL, database: str, caplog: pytest.LogCaptureFixture) -> None:
    store: Any = await open_store(server.url(database), Settings())
    try:
        with pytest.raises(Unavailable):
            await store._driver.fetch(Statement("DELETE FROM mlmdenv", {}))
        assert "read-only transaction" in caplog.text
    finally:
        await store.close()


FILL = """
INSERT INTO type (id, name, type_kind) VALUES (10, 'Model', 1), (11, 'Step', 0);
INSERT INTO artifact (id, type_id, uri, name, external_id, create_time_since_epoch, last_update_time_since_epoch)
  SELECT n, 10, 'uri/' || n, 'name ' || n, 'external ' || n, n, n FROM generate_series(1, 20000) AS n;
INSERT INTO artifactproperty (artifact_id, name, is_custom_property, string_value)
  SELECT n, 'p', true, 'value ' || n FROM generate_series(1, 20000) AS n;
INSERT INTO artifactproperty (artifact_id, name, is_custom_property, int_value)
  SELECT n, 'i', true, n FROM generate_series(1, 20000) AS n;
INSERT INTO artifactproperty (artifact_id, name, is_custom_property, double_value)
  SELECT n, 'd', true, n + 0.5 FROM generate_series(1, 20000) AS n;
ANALYZE;
"""
OCTETS = "TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"


PREDICATES: dict[str, Predicate] = {
    "uri eq": Test(Field.URI, Operator.EQ, "uri/77"),
    "uri in": Test(Field.URI, Operator.IN, ("uri/77", "uri/78", "none")),
    "external id eq": Test(Field.EXTERNAL_ID, Operator.EQ, "external 77"),
    "id in": Test(Field.ID, Operator.IN, (3, 4, 2**40)),
    "time lt": Test(Field.CREATE_TIME, Operator.LT, 5),
    "text eq": Test(Property("p"), Operator.EQ, "value 77"),
    "text in": Test(Property("p"), Operator.IN, ("value 77", "value 78")),
    "number eq": Test(Property("i"), Operator.EQ, 77),
    "number beyond 32 bits": Test(Property("i"), Operator.EQ, 2**40),
    "number lt": Test(Property("d"), Operator.LT, 3),
}
BY_OCTETS: dict[str, Predicate] = {
    "uri prefix": Test(Field.URI, Operator.STARTS_WITH, "uri/777"),
}


@pytest.mark.parametrize("octets", [False, True], ids=["by language", "by octets"])
async def test_indexes_serve_the_operators(server: PostgreSQL, octets: bool) -> None:
    from tests.store.sql.schema_postgresql import SCRIPT

    name = server.database(SCRIPT + FILL, OCTETS if octets else "")
    store: Any = await open_store(server.url(name), Settings(read_only=True))
    try:
        for predicate in {**PREDICATES, **(BY_OCTETS if octets else {})}.values():
            search = Search(EntityKind.ARTIFACT, predicate)
            reader = SQLReader(Explained(store._driver))  # type: ignore[arg-type]
            await reader.search(search, Window(10))
            plans = reader.driver.plans  # type: ignore[attr-defined]
            assert plans
            for plan in plans:
                assert "Seq Scan on artifactproperty" not in plan, (predicate, plan)
                assert "Seq Scan on artifact " not in plan, (predicate, plan)
    finally:
        await store.close()


class Explained:
    """A driver that keeps how each of its statements was carried out."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.dialect = driver.dialect
        self.plans: list[str] = []

    async def run(self, script: Any) -> Any:
        def explained() -> Any:
            rows = None
            while True:
                try:
                    statements = next(script) if rows is None else script.send(rows)
                except StopIteration as done:
                    return done.value
                plans = yield [Statement(f"EXPLAIN {s.text}", s.parameters) for s in statements]
                self.plans += ["\n".join(line for (line,) in plan) for plan in plans]
                rows = yield statements

        return await self.driver.run(explained())


async def test_runs_by_their_names_are_planned_for_these_names(server: PostgreSQL, database: str) -> None:
    """After five times PostgreSQL kept a plan for any names: in a store of 50,000 runs 500 of them took 14 s."""
    store: Any = await open_store(server.url(database), Settings(read_only=True, store_connections=1))
    kept = "SELECT statement FROM pg_prepared_statements WHERE generic_plans > 0 AND statement ~ 'AS run[_]name'"
    try:
        for number in (1, 3, 40):
            refs = [Ref(EntityKind.RUN, RunName("w", f"r{place}")) for place in range(number)]
            for _ in range(8):
                assert await store.reader(WHOLE).get(refs) == {}
        assert list(await store._driver.fetch(Statement(kept, {}))) == []
    finally:
        await store.close()
