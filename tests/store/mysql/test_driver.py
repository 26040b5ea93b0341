"""The driver of MySQL over a MariaDB: what it asks for, what it survives, and what its errors do not tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from lineageql.errors import LineageQLError, StoreError, StoreMissing, Unavailable, UsageError
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Label, Operator, Predicate, Property, Test
from lineageql.settings import Settings
from lineageql.store.addresses import address_of
from lineageql.store.ports import Search, Window
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.dialects.mysql_literals import Literals
from lineageql.store.sql.dialects.mysql_statements import MySQLStatement
from lineageql.store.sql.mysql_driver import MySQLDriver
from lineageql.store.sql.reader import SQLReader
from tests.servers.mariadb import PASSWORD, MariaDB
from tests.store.sql.mysql_schema import script

SETTINGS = Settings(store_connections=2, store_timeout=3)


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    made = MariaDB()
    yield made
    made.close()


@pytest.fixture(scope="module")
def database(server: MariaDB) -> str:
    """A thousand artifacts, each with a property of its own value."""
    artifacts = ", ".join(f"({n}, 10, 'name {n}', 's3://{n}', 'external {n}', {n})" for n in range(1, 1001))
    values = ", ".join(f"({n}, 'p', 1, 'value {n}', NULL), ({n}, 'n', 1, NULL, {n})" for n in range(1, 1001))
    return server.database(
        f"{script()}; INSERT INTO Type (id, name, type_kind) VALUES (10, 'T', 1);"
        f"INSERT INTO Artifact (id, type_id, name, uri, external_id, create_time_since_epoch) VALUES {artifacts};"
        "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value, int_value)"
        f" VALUES {values};"
        "ANALYZE TABLE Artifact, ArtifactProperty"
    )


@pytest_asyncio.fixture
async def driver(server: MariaDB, database: str) -> AsyncIterator[MySQLDriver]:
    made = await opened(server.url(database))
    yield made
    await made.close()


async def opened(url: str) -> MySQLDriver:
    return await MySQLDriver.open(address_of(url), SETTINGS)  # type: ignore[arg-type]


class Explained:
    """Statements of a reader, and how the server goes about them."""

    def __init__(self, driver: MySQLDriver) -> None:
        self.driver = driver
        self.rows: list[dict[str, Any]] = []

    async def read(self, connection: Any, statement: Statement) -> Any:
        text = statement.words("latin1") if isinstance(statement, MySQLStatement) else statement.text
        await connection.query(f"EXPLAIN {text}".encode())
        names = [column[0] for column in connection._result.description]
        self.rows += [dict(zip(names, row, strict=True)) for row in connection._result.rows]
        return await MySQLDriver.rows(self.driver, connection, statement)


INDEXED: list[tuple[Predicate, int]] = [
    (Test(Field.URI, Operator.EQ, "s3://7"), 1),
    (Test(Field.URI, Operator.IN, ("s3://7", "s3://8", "S3://9")), 2),
    (Test(Field.URI, Operator.STARTS_WITH, "s3://77"), 11),
    (Test(Field.EXTERNAL_ID, Operator.EQ, "external 7"), 1),
    (Test(Field.EXTERNAL_ID, Operator.EQ, "External 7"), 0),
    (Test(Field.CREATE_TIME, Operator.LT, 10), 9),
    (Test(Field.ID, Operator.IN, (1, 2, 2**40)), 2),
    (Test(Property("p"), Operator.EQ, "value 7"), 1),
    (Test(Property("p"), Operator.IN, ("value 7", "value 7 ", "VALUE 8")), 1),
    (Test(Property("n"), Operator.GTE, 995), 6),
    (Test(Label("team"), Operator.EQ, "a"), 0),
]


@pytest.mark.parametrize(("predicate", "matches"), INDEXED, ids=str)
async def test_an_index_serves(driver: MySQLDriver, predicate: Predicate, matches: int) -> None:
    reader = SQLReader(driver, budgets=lambda limit: [400])
    await reader.types()
    explained = Explained(driver)
    driver.rows = explained.read  # type: ignore[method-assign]
    search = Search(EntityKind.ARTIFACT, predicate)
    page = await reader.search(search, Window(100))
    assert len(page.rows) == matches
    read = [row for row in explained.rows if str(row["table"]).startswith("Artifact")]
    assert read or not matches  # of what no row can have it does not read one
    for row in read:
        assert row["key"], row
        assert int(row["rows"] or 0) <= 100, row


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), st.tuples))
def test_a_literal_quotes_nothing(value: Any) -> None:
    for flavour in ("value", "value!wire", "value!unicode"):
        words = Literals({"value": value}, "latin1")[flavour]
        assert words.isascii()
        outside = "".join(words.split("'")[::2])
        inside = "".join(words.split("'")[1::2])
        assert words.count("'") % 2 == 0
        assert set(inside) <= set("0123456789abcdef")
        assert set(outside) <= set("0123456789abcdefghijklmnopqrstuvwxyz_X().,+- NUL")


@pytest.mark.parametrize("mode", ["ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "ONLY_FULL_GROUP_BY,PIPES_AS_CONCAT,ANSI"])
async def test_the_mode_of_the_server_is_no_matter(server: MariaDB, database: str, mode: str) -> None:
    server.sql(f"SET GLOBAL sql_mode = '{mode}'")
    try:
        driver = await opened(server.url(database))
        try:
            for text in ("\\' OR 1 = 1 -- ", '" OR ""="', "%", "\\", "s3://7"):
                search = Search(EntityKind.ARTIFACT, Test(Field.URI, Operator.EQ, text))
                assert await SQLReader(driver).count(search) == (text == "s3://7")
        finally:
            await driver.close()
    finally:
        server.sql("SET GLOBAL sql_mode = DEFAULT")


async def test_it_only_reads(driver: MySQLDriver) -> None:
    with pytest.raises(LineageQLError):
        await driver.fetch(Statement("DELETE FROM Artifact", {}))
    assert await driver.fetch(Statement("SELECT COUNT(*) FROM Artifact", {})) == ((1000,),)


async def test_a_script_reads_one_moment(server: MariaDB, database: str, driver: MySQLDriver) -> None:
    count = Statement("SELECT COUNT(*) FROM EventPath", {})

    def script() -> Any:
        before = (yield [count])[0][0][0]
        server.sql("INSERT INTO EventPath (event_id, is_index_step, step_key) VALUES (1, 0, 'a')", database)
        return (yield [count])[0][0][0] - before

    assert await driver.run(script()) == 0
    assert (await driver.fetch(count))[0][0] > 0


async def test_octets_that_are_no_utf8(server: MariaDB, database: str, driver: MySQLDriver) -> None:
    server.sql("UPDATE Artifact SET uri = CONVERT(X'61FF' USING latin1) WHERE id = 1000", database)
    try:
        found = await driver.fetch(Statement("SELECT uri, id FROM Artifact WHERE id >= 999", {}))
        assert [tuple(row) for row in found] == [("s3://999", 999), ("a\ufffd", 1000)]
        assert await driver.fetch(Statement("SELECT 5", {})) == ((5,),)
    finally:
        server.sql("UPDATE Artifact SET uri = 's3://1000' WHERE id = 1000", database)


async def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds, 30 seconds at most."""
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never held")


async def test_texts_of_a_connection_that_sent_characters(server: MariaDB, database: str) -> None:
    server.sql("UPDATE Artifact SET uri = 'Fuß 👍' WHERE id = 1000", database)
    try:
        driver = await opened(server.url(database, charset="utf8mb4"))
        try:
            reader = SQLReader(driver)
            for test in (
                Test(Field.URI, Operator.EQ, "Fuß 👍"),
                Test(Field.URI, Operator.STARTS_WITH, "Fuß"),
                Test(Field.URI, Operator.CONTAINS, "FUSS", ignore_case=True),
            ):
                found = await reader.search(Search(EntityKind.ARTIFACT, test), Window(10))
                assert [row.entity.uri for row in found.rows] == ["Fuß 👍"]  # type: ignore[attr-defined]
            assert await reader.count(Search(EntityKind.ARTIFACT, Test(Field.URI, Operator.EQ, "Fuß 👎"))) == 0
        finally:
            await driver.close()
    finally:
        server.sql("UPDATE Artifact SET uri = 's3://1000' WHERE id = 1000", database)


async def test_a_caller_that_goes_ends_its_statement(server: MariaDB, driver: MySQLDriver) -> None:
    running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"
    work = asyncio.create_task(driver.fetch(Statement("SELECT SLEEP(60)", {})))
    await until(lambda: server.sql(running).strip() == "1")
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await until(lambda: server.sql(running).strip() == "0")
    assert await driver.fetch(Statement("SELECT 5", {})) == ((5,),)


async def test_a_server_that_goes_and_comes_back(server: MariaDB, driver: MySQLDriver) -> None:
    question = Statement("SELECT COUNT(*) FROM Artifact", {})
    await driver.fetch(question)
    server.stop()
    try:
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await driver.fetch(question)
            assert PASSWORD not in str(caught.value)
            assert "SELECT" not in str(caught.value)
    finally:
        server.start()
    assert await driver.fetch(question) == ((1000,),)


async def test_what_cannot_be_opened(server: MariaDB, database: str) -> None:
    url = server.url(database)
    with pytest.raises(StoreMissing, match="nowhere"):
        await opened(server.url("nowhere"))
    with pytest.raises(StoreError, match="refuses the user or the password"):
        await opened(url.replace("lineage%20owner", "somebody"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        await opened(f"mysql://a:secret@127.0.0.1:1/{database}")
    with pytest.raises(UsageError, match="ssl-mode"):
        await opened(server.url(database, ssl_mode="maybe"))
    with pytest.raises(UsageError, match="charset"):
        await opened(server.url(database, charset="utf16"))
    # MariaDB 11.4 and newer make a certificate for themselves, which nobody trusts; before, a server has none.
    if server.sql("SELECT @@have_ssl") == "YES\n":
        await (await opened(server.url(database, ssl_mode="required"))).close()
        with pytest.raises(Unavailable):
            await opened(server.url(database, ssl_mode="verify-identity"))
    else:
        with pytest.raises(Unavailable):
            await opened(server.url(database, ssl_mode="required"))
