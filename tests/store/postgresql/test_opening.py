"""Opening a PostgreSQL store: credentials, what is refused and stays as it is, TLS, a replica, care."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lineageql
from lineageql.errors import LineageQLError, NotMLMD, SchemaMismatch, StoreError, StoreMissing, Unavailable, UsageError
from lineageql.model.nodes import NodeKind
from lineageql.settings import Settings
from lineageql.store import read_replica
from lineageql.store.mlmd.requests import NewNode, NewType, put_contexts, put_types
from lineageql.store.open import open_store
from tests.forwarder import Forwarder
from tests.servers import free_port
from tests.servers.postgresql import PASSWORD, PostgreSQL
from tests.service import Service, serving

WORKSPACE = "mutation ($name: String!) { createWorkspace(input: {name: $name}) { created workspace { id name } } }"
NAMES = "{ workspaces(orderBy: {field: NAME}) { nodes { name } } }"


def without_password(url: str) -> str:
    user, _, rest = url.rpartition("@")
    return f"{user.rpartition(':')[0]}@{rest}"


def process(pid: int) -> list[str]:
    """What everybody on this machine sees of a process, and what its user sees."""
    folder = Path("/proc", str(pid))
    return [(folder / name).read_bytes().decode() for name in ("cmdline", "environ")] if folder.exists() else []


async def opened(url: str, **settings: Any) -> None:
    await (await open_store(url, Settings(**settings))).close()


async def test_credentials_are_shown_nowhere(
    server: PostgreSQL, database: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGEQL_STORE_PASSWORD", PASSWORD)
    caplog.set_level(logging.DEBUG)
    url = server.url(database)
    seen = []
    async with serving(url) as service:
        await service.data(WORKSPACE, {"name": "w"})
        seen.append(repr(service.store.info))
        seen.append(json.dumps(await service.data("{ store { url } }")))
        seen += process(service.store.recorder.pid)
    for wrong in (url.replace(f":{server.port}", f":{free_port()}"), without_password(url), f"{url}missing"):
        with pytest.raises(LineageQLError) as caught:
            await opened(wrong.replace("@", "%20wrong@", 1) if wrong == url else wrong)
        seen.append(str(caught.value))
    settings = Settings(store_password=PASSWORD, store=url)
    seen.append(repr(settings).replace(url, ""))
    for text in (*seen, caplog.text):
        assert PASSWORD not in text
        assert "p%40ss" not in text
        assert "lineage owner" not in text
        assert "lineage%20owner" not in text


async def test_the_password_comes_from_a_file_or_the_environment(
    server: PostgreSQL, database: str, tmp_path: Path
) -> None:
    url = without_password(server.url(database))
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    with pytest.raises((StoreError, Unavailable)):
        await opened(url, read_only=True)
    async with serving(url, store_password_file=str(file)) as service:
        await service.data(WORKSPACE, {"name": "w"})
    loaded = Settings.load({"store": url}, environ={"LINEAGEQL_STORE_PASSWORD": PASSWORD})
    await (await open_store(loaded.store, loaded)).close()
    with pytest.raises(UsageError, match="no such file"):
        await opened(url, store_password_file=str(tmp_path / "none"))
    with pytest.raises(StoreError, match="refuses the user or the password"):
        await opened(url, store_password="wrong")


async def test_what_is_no_store_stays_as_it_is(server: PostgreSQL, database: str) -> None:
    mine = server.database("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('mine')")
    old = server.database()
    server.psql("CREATE TABLE mlmdenv (schema_version INT); INSERT INTO mlmdenv VALUES (9);", old)
    for name in ("artifact", "execution", "context", "event", "type"):
        server.psql(f"CREATE TABLE {name} (id INT)", old)
    empty = server.database()
    for settings in ({"read_only": True}, {}, {"create": True}):
        for name, error in ((mine, NotMLMD), (old, SchemaMismatch)):
            before = server.psql("SELECT tablename FROM pg_tables ORDER BY 1", name)
            with pytest.raises(error):
                await opened(server.url(name), **settings)
            assert server.psql("SELECT tablename FROM pg_tables ORDER BY 1", name) == before
    for settings in ({"read_only": True, "create": True}, {}):
        with pytest.raises(NotMLMD):
            await opened(server.url(empty), **settings)
        with pytest.raises(StoreMissing, match="--create makes one"):
            await opened(server.url("none of this name"), **settings)
    assert server.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", empty).strip() == "0"


async def test_an_encoding_that_holds_not_every_text_is_refused(server: PostgreSQL) -> None:
    name = server.database("", "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")
    with pytest.raises(StoreError, match=r"encoding .* is SQL_ASCII"):
        await opened(server.url(name))


async def test_a_store_is_made(server: PostgreSQL) -> None:
    pytest.importorskip("ml_metadata")
    for name in (server.name(), server.database()):
        async with serving(server.url(name), create=True) as service:
            assert (await service.data(WORKSPACE, {"name": "w"}))["createWorkspace"]["created"]
        done = lineageql_store("check", server.url(name), "--json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["backend"], found["missingIndexes"]) == (0, "postgresql", [])


def lineageql_store(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(lineageql.__file__).parents[1])}
    command = [sys.executable, "-m", "lineageql", "store", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_a_store_is_checked_and_indexed(server: PostgreSQL, database: str) -> None:
    url = server.url(database)
    server.psql(
        "INSERT INTO type (id, name, type_kind) VALUES (10, 'Model', 1);"
        "INSERT INTO artifact (id, type_id) VALUES (1, 10);"
        "INSERT INTO artifactproperty (artifact_id, name, is_custom_property, string_value)"
        " VALUES (1, 'bad', true, '__MLMD_NULL__'), (1, 'good', false, 'x'), (1, 'none', true, 'mlmd-struct::!');",
        database,
    )
    done = lineageql_store("check", url, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["store"] == f"postgresql://127.0.0.1:{server.port}/{database}"
    assert (found["schemaVersion"], found["counts"]["artifacts"]) == (10, 1)
    assert [index["table"] for index in found["missingIndexes"]] == ["Attribution", "Association"]
    assert [row["property"] for row in found["unreadable"]] == ["bad", "none"]
    first, second = lineageql_store("index", url), lineageql_store("index", url)
    assert first.stdout.count("Added") == second.stdout.count("There already") == 2
    assert json.loads(lineageql_store("check", url, "--json").stdout)["missingIndexes"] == []
    refused = lineageql_store("upgrade", url, "copy.db")
    assert refused.returncode == 2
    assert "no SQLite file" in refused.stderr


async def test_workers_side_by_side_write_texts_with_backslashes(server: PostgreSQL, database: str) -> None:
    """As they do behind MLMD's own service: each knows the texts of its own call only."""
    pytest.importorskip("ml_metadata")
    store: Any = await open_store(server.url(database), Settings())
    other = store.recorder.sibling()
    try:
        type_ = NewType(NodeKind.CONTEXT, "a\\b", {})
        types = {type_.key: (await put_types([type_]).send(store.recorder))[0]}
        names = [f"{number}\\'; DROP TABLE artifact; --" for number in range(20)]
        channels = (store.recorder, other)
        calls = (put_contexts([NewNode(type_, name=name)], types) for name in names)
        await asyncio.gather(*(call.send(channels[place % 2]) for place, call in enumerate(calls)))
    finally:
        await other.close()
        await store.close()
    assert sorted(server.psql("SELECT name FROM context", database).splitlines()) == sorted(names)
    assert server.psql("SELECT name FROM type WHERE id > 9", database).splitlines() == ["a\\b"]


async def test_queries_read_the_replica_and_mutations_read_back_what_they_wrote(
    server: PostgreSQL, database: str
) -> None:
    async with serving(server.url(database)) as service:
        await service.data(WORKSPACE, {"name": "old"})
    lagging = server.name()
    server.psql(f'CREATE DATABASE "{lagging}" TEMPLATE "{database}"')
    async with serving(server.url(database), read_store=server.url(lagging)) as service:
        made = await service.data(WORKSPACE, {"name": "new"})
        assert made["createWorkspace"]["workspace"]["name"] == "new"
        assert not (await service.data(WORKSPACE, {"name": "new"}))["createWorkspace"]["created"]
        shown = await service.data(NAMES)
    assert [node["name"] for node in shown["workspaces"]["nodes"]] == ["old"]
    with pytest.raises(UsageError, match="no replica"):
        await opened(server.url(database), read_store="sqlite:///x.db")
    other = server.database("CREATE TABLE note (text TEXT)")
    with pytest.raises(NotMLMD):
        await opened(server.url(database), read_store=server.url(other))


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A certificate of this machine's that signs itself, its key, and another one."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    for name in ("server", "other"):
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.crt")]
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject]
        subprocess.run(command, check=True, capture_output=True)
    return tmp_path


async def test_tls(certificates: Path) -> None:
    pytest.importorskip("ml_metadata")
    server = PostgreSQL()
    try:
        name = server.name()
        async with serving(server.url(name), create=True):
            pass
        server.stop()
        for file in ("server.key", "server.crt"):
            kept = server.folder / file
            shutil.copyfile(certificates / file, kept)
            kept.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(kept, "postgres", "postgres")
        hba = server.folder / "data" / "pg_hba.conf"
        hba.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        files = [f"-cssl_cert_file={server.folder}/server.crt", f"-cssl_key_file={server.folder}/server.key"]
        server.start("-cssl=on", *files)
        known = {"sslmode": "verify-full", "sslrootcert": str(certificates / "server.crt")}
        async with serving(server.url(name, **known)) as service:
            assert (await service.data(WORKSPACE, {"name": "w"}))["createWorkspace"]["created"]
            encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = user"
            async with service.store._driver.connection() as connection:
                assert await connection.fetchval(encrypted) is True
        async with serving(server.url(name, sslmode="require")) as service:
            assert not (await service.data(WORKSPACE, {"name": "w"}))["createWorkspace"]["created"]
        for options in ({"sslmode": "disable"}, {**known, "sslrootcert": str(certificates / "other.crt")}):
            with pytest.raises((StoreError, Unavailable)):
                await opened(server.url(name, **options))
        for options in ({"sslmode": "sometimes"}, {**known, "sslrootcert": str(certificates / "none.crt")}):
            with pytest.raises(UsageError):
                await opened(server.url(name, **options))
    finally:
        server.close()


async def test_a_replica_that_is_away_is_stood_in_for(
    server: PostgreSQL, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_replica, "_PAUSE", 0.1)
    lagging = server.name()
    async with serving(server.url(database)) as service:
        await service.data(WORKSPACE, {"name": "old"})
    server.psql(f'CREATE DATABASE "{lagging}" TEMPLATE "{database}"')
    async with serving(server.url(database)) as service:
        await service.data(WORKSPACE, {"name": "new"})
    forwarder = Forwarder(server.port)
    await forwarder.start()
    replica = server.url(lagging).replace(f":{server.port}/", f":{forwarder.port}/")
    settings: dict[str, Any] = {"read_store": replica, "read_store_fallback": True, "store_timeout": 1}

    async def until_read(service: Service, names: list[str], remark: str | None) -> None:
        """Waits until queries read the store that holds these, and /readyz says which."""
        shown: list[str] = []
        for _ in range(100):
            body = await service.ask(NAMES)
            shown = [] if "errors" in body else [node["name"] for node in body["data"]["workspaces"]["nodes"]]
            ready = await service.client.get("/readyz")
            if shown == names and ready.status_code == 200:
                assert (remark or "") in ready.json().get("remark", "")
                assert ("remark" in ready.json()) is (remark is not None)
                return
            await asyncio.sleep(0.1)
        pytest.fail(f"{shown} were read to the end, and not {names}")

    away = "queries read the database itself: "
    async with serving(server.url(database), **settings) as service:
        await until_read(service, ["old"], None)
        forwarder.forgets = True
        forwarder.fall_silent()
        await until_read(service, ["new", "old"], away)
    # It is away when the service starts, and comes.
    async with serving(server.url(database), **settings) as service:
        await until_read(service, ["new", "old"], away)
        forwarder.forgets = False
        await until_read(service, ["old"], None)
    await forwarder.close()
    with pytest.raises(UsageError, match="no replica"):
        await opened(server.url(database), read_store="sqlite:///x.db", read_store_fallback=True)


async def test_the_first_of_several_hosts_that_is_there_is_read_and_recorded_in(
    server: PostgreSQL, database: str
) -> None:
    place = f"127.0.0.1:{server.port}/"
    several = server.url(database).replace(place, f"127.0.0.1:{free_port()},{place}")
    for attributes in ("any", "read-write"):
        async with serving(f"{several}?target_session_attrs={attributes}") as service:
            made = await service.data(WORKSPACE, {"name": attributes})
            assert made["createWorkspace"]["created"]
            assert (await service.data("{ store { url } }"))["store"]["url"].count("127.0.0.1:") == 2
    with pytest.raises(Unavailable):
        # The one that is there takes what is written.
        await opened(f"{several}?target_session_attrs=standby", read_only=True)
    with pytest.raises(UsageError, match=r"target_session_attrs .* 'writer'; it takes one of any, read-write"):
        await opened(f"{several}?target_session_attrs=writer")


async def test_a_host_that_is_silent_leaves_time_for_the_others(server: PostgreSQL, database: str) -> None:
    with socket.socket() as silent:
        # As of a machine that has died: nothing that connects is ever answered.
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = f"127.0.0.1:{server.port}/"
        several = server.url(database).replace(place, f"127.0.0.1:{silent.getsockname()[1]},{place}")
        for attributes in ("primary", "prefer-standby"):
            async with serving(f"{several}?target_session_attrs={attributes}", store_timeout=1) as service:
                made = await service.data(WORKSPACE, {"name": attributes})
                assert made["createWorkspace"]["created"]


async def test_options_lead_to_another_schema(server: PostgreSQL, database: str) -> None:
    async with serving(server.url(database)) as service:
        await service.data(WORKSPACE, {"name": "moved"})
    tables = server.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database).split()
    moves = [f'ALTER TABLE "{table}" SET SCHEMA mlmd;' for table in tables]
    server.psql(f"CREATE SCHEMA mlmd; {''.join(moves)}", database)
    async with serving(f"{server.url(database)}?options=-c%20search_path%3Dmlmd&connect_timeout=7") as service:
        assert not (await service.data(WORKSPACE, {"name": "moved"}))["createWorkspace"]["created"]
        assert (await service.data(WORKSPACE, {"name": "new"}))["createWorkspace"]["created"]
        shown = await service.data(NAMES)
    assert [node["name"] for node in shown["workspaces"]["nodes"]] == ["moved", "new"]
    for option, words in (
        ("options=search_path", "it takes -c name=value"),
        ("connect_timeout=x", "a whole number"),
    ):
        with pytest.raises(UsageError, match=words):
            await opened(f"{server.url(database)}?{option}")
