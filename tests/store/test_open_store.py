from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import lineageql
from lineageql.errors import (
    LineageQLError,
    NotMLMD,
    SchemaMismatch,
    StoreError,
    StoreLocked,
    StoreMissing,
    UsageError,
)
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.addresses import SCHEMES, address_of
from lineageql.store.mlmd import requests
from lineageql.store.open import _OPENERS, open_store
from tests.servers import mariadb

pytest.importorskip("ml_metadata")
SOURCES = str(Path(lineageql.__file__).parents[1])
EXTRA = {"idx_attribution_artifact_id", "idx_association_execution_id"}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in the journal mode that ml-metadata itself leaves it in."""
    path = tmp_path_factory.mktemp("store") / "made.db"
    code = (
        "import sys; from ml_metadata.metadata_store import metadata_store\n"
        "from ml_metadata.proto import metadata_store_pb2 as protos\n"
        "config = protos.ConnectionConfig(); config.sqlite.filename_uri = sys.argv[1]\n"
        "config.sqlite.connection_mode = protos.SqliteMetadataSourceConfig.READWRITE_OPENCREATE\n"
        "metadata_store.MetadataStore(config)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
    return path


@pytest.fixture
def file(made: Path, tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    shutil.copyfile(made, path)
    return path


def state(path: Path) -> Any:
    """What must not change: a file's bytes, or a folder's names."""
    return sorted(os.listdir(path)) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()


def pragma(path: Path, name: str) -> Any:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def indexes(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


@contextmanager
def holding(path: Path, statement: str) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
        yield
        connection.execute("ROLLBACK")


def run(code: str, *arguments: str) -> str:
    """What a program prints that has `open_store`, `Settings` and `asyncio` at hand."""
    head = (
        "import asyncio, os, sys\n"
        "from lineageql.model.rights import WHOLE\n"
        "from lineageql.settings import Settings\n"
        "from lineageql.store.open import open_store\n"
    )
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    done = subprocess.run(
        [sys.executable, "-c", head + code, *arguments], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://user:secret@host:1521/db", "opens sqlite://"),
        ("http://host/store.db", "opens sqlite://"),
        ("postgresql://user:secret@host", "write postgresql://user@host:5432/database"),
        ("postgresql://user:secret@/db", "write postgresql://user@host:5432/database"),
        ("postgresql://user:secret@host/a/b", "write postgresql://user@host:5432/database"),
        ("postgresql://user:secret@host:port/db", "is no URL"),
        ("postgresql://user:sec/ret@host/db", "is no URL; the signs"),
        (
            "postgresql://user:secret@host/db?sslmod=require",
            "option 'sslmod'; known are connect_timeout, host",
        ),
        ("postgresql://user:secret@host/db?sslmode", "of the form"),
        ("postgresql://user:secret@host/db#x", "write %23"),
        ("postgresql://user:secret@host/d%00b", "NUL"),
        ("sqlite://store.db", "write sqlite:///store.db"),
        ("sqlite://", "write sqlite:///"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        (":memory:", "names no file"),
        ("", "names no file"),
        ("a\0b", "NUL"),
    ],
)
async def test_addresses_that_are_none(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        await open_store(url, Settings(create=True))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["store.db", "with space.db", "q?u#e%20ry.db", "ünï🌍.db", "a:b.db", "-x"])
async def test_addresses(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shutil.copyfile(made, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for url in (f"sqlite:///{name}", f"SQLite:///{name}", name, f"sqlite:///{tmp_path / name}", str(tmp_path / name)):
        store = await open_store(url, Settings(read_only=True))
        assert (await store.reader(WHOLE).counts()).artifacts == 0
        assert store.info.url in (f"sqlite:///{name}", f"sqlite:///{tmp_path / name}")
        assert (store.info.backend, store.info.schema_version, store.info.writable) == ("sqlite", 10, False)
        await store.close()


async def test_making_a_store(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with pytest.raises(StoreMissing):
        await open_store(str(path), Settings())
    with pytest.raises(StoreMissing):
        await open_store(str(path), Settings(create=True, read_only=True))
    assert os.listdir(tmp_path) == []
    store = await open_store(str(path), Settings(create=True))
    assert store.info.writable
    assert store.recorder is not None
    await store.close()
    # The file alone is the store.
    assert os.listdir(tmp_path) == ["new.db"]
    assert pragma(path, "journal_mode") == "wal"
    assert indexes(path) >= EXTRA
    before = state(path)
    again = await open_store(str(path), Settings(create=True))
    await again.close()
    assert state(path) == before


async def test_two_that_make_the_same_store(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    stores = await asyncio.gather(*(open_store(str(path), Settings(create=True)) for _ in range(3)))
    for store in stores:
        assert store.recorder is not None
        await requests.get_nothing().send(store.recorder)
    for store in stores:
        await store.close()
    assert os.listdir(tmp_path) == ["new.db"]


async def test_where_none_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="no folder"):
        await open_store(str(tmp_path / "missing" / "new.db"), Settings(create=True))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreMissing):
        await open_store(str(tmp_path / "dangling"), Settings(create=True))
    assert os.listdir(tmp_path) == ["dangling"]
    deep = tmp_path / ("x" * 200) / ("y" * 250)
    deep.mkdir(parents=True)
    with pytest.raises(UsageError, match="bytes"):
        await open_store(str(deep / ("z" * 200)), Settings(create=True))
    assert os.listdir(deep) == []


async def test_opening_switches_to_wal_and_changes_nothing_else(file: Path) -> None:
    assert pragma(file, "journal_mode") == "delete"
    with closing(sqlite3.connect(file)) as connection:
        before = list(connection.iterdump())
    store = await open_store(str(file), Settings())
    await store.close()
    assert pragma(file, "journal_mode") == "wal"
    with closing(sqlite3.connect(file)) as connection:
        assert list(connection.iterdump()) == before
    assert os.listdir(file.parent) == [file.name]


async def test_reading_only(file: Path) -> None:
    before = state(file)
    store = await open_store(str(file), Settings(read_only=True))
    assert (store.recorder, store.info.writable) == (None, False)
    assert (await store.reader(WHOLE).counts()).events == 0
    await store.close()
    assert state(file) == before
    assert os.listdir(file.parent) == [file.name]


def old(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE MLMDEnv SET schema_version = 9")


def other(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE Artifact (id INTEGER)")


def versions(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM MLMDEnv")


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (old, SchemaMismatch),
        (other, NotMLMD),
        (versions, NotMLMD),
        (folder, NotMLMD),
        (lambda file: file.write_bytes(b""), NotMLMD),
        (lambda file: file.write_bytes(b"not SQLite " * 1000), NotMLMD),
        (lambda file: file.write_bytes(file.read_bytes()[:5000]), StoreError),
    ],
    ids=["old", "other", "no version", "folder", "empty", "text", "torn"],
)
async def test_what_is_no_store_stays_as_it_is(file: Path, spoil: Any, error: Any, read_only: bool) -> None:
    spoil(file)
    before, beside = state(file), os.listdir(file.parent)
    with pytest.raises(error, match=str(file)):
        await open_store(str(file), Settings(read_only=read_only, create=not read_only))
    assert (state(file), os.listdir(file.parent)) == (before, beside)


@pytest.mark.parametrize("statement", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
async def test_a_file_that_another_process_holds(file: Path, statement: str) -> None:
    before = state(file)
    with holding(file, statement), pytest.raises(StoreLocked, match="locked by another process"):
        await open_store(str(file), Settings(lock_timeout=0))
    assert state(file) == before
    await (await open_store(str(file), Settings())).close()


async def test_a_file_in_use_opens_once_it_is_in_wal_mode(file: Path) -> None:
    await (await open_store(str(file), Settings())).close()
    with holding(file, "BEGIN IMMEDIATE"):
        store = await open_store(str(file), Settings(lock_timeout=0))
        assert (await store.reader(WHOLE).counts()).artifacts == 0
        await store.close()


def test_without_the_right_to_write(made: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give up its rights")
    code = """
import lineageql.store.sqlite_store, lineageql.errors, tempfile, shutil
lineageql.store.sqlite_store.requests.load()  # as nobody, Python's own files may be out of reach
folder = tempfile.mkdtemp(); path = folder + "/store.db"
shutil.copyfile(sys.argv[1], path)
os.chmod(path, 0o644); os.chmod(folder, 0o755)
async def attempt(**settings):
    try:
        store = await open_store(path, Settings(**settings))
        print("opened", store.info.writable, (await store.reader(WHOLE).counts()).artifacts)
        await store.close()
    except lineageql.errors.StoreError as error:
        print(error)
async def main():
    await attempt(); await attempt(read_only=True)
async def fresh():
    try:
        await open_store(folder + "/new.db", Settings(create=True))
    except lineageql.errors.StoreError as error:
        print(error)
pid = os.fork()
if pid == 0:
    os.setgid(65534); os.setuid(65534)
    asyncio.run(main()); asyncio.run(fresh())
    sys.stdout.flush(); os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
os.chmod(path, 0o666)
pid = os.fork()
if pid == 0:
    os.setgid(65534); os.setuid(65534)
    asyncio.run(attempt())
    sys.stdout.flush(); os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(sorted(os.listdir(folder)))
shutil.rmtree(folder)
"""
    lines = run(code, str(made)).splitlines()
    assert lines[0].endswith("store.db is not writable; use --read-only")
    assert lines[1] == "opened False 0"
    assert "is not writable" in lines[2]
    # SQLite needs to make files beside it.
    assert "is not writable; use --read-only" in lines[3]
    assert lines[4] == "['store.db']"


def test_folders_that_may_not_be_written_or_entered(made: Path) -> None:
    """What SQLite must write beside a file, and where a copy is to lie, is said in one line."""
    if os.geteuid() != 0:
        pytest.skip("only root can give up its rights")
    code = """
import lineageql.store.sqlite_store, lineageql.store.maintenance, lineageql.errors, pathlib, sqlite3, tempfile, shutil
lineageql.store.sqlite_store.requests.load()
folder = pathlib.Path(tempfile.mkdtemp()); path, old = folder / "store.db", folder / "old.db"
shutil.copyfile(sys.argv[1], path); shutil.copyfile(path, old)
connection = sqlite3.connect(old)
connection.execute("UPDATE MLMDEnv SET schema_version = 8"); connection.commit(); connection.close()
connection = sqlite3.connect(path)
connection.execute("PRAGMA journal_mode = WAL"); connection.close()
os.chmod(folder, 0o755)
async def attempt(work):
    try:
        await work
    except lineageql.errors.StoreError as error:
        print(error)
def as_nobody(work):
    if os.fork() == 0:
        os.setgid(65534); os.setuid(65534)
        asyncio.run(attempt(work()))
        sys.stdout.flush(); os._exit(0)
    assert os.wait()[1] == 0
as_nobody(lambda: open_store(str(path), Settings(read_only=True)))
as_nobody(lambda: lineageql.store.maintenance.upgrade_copy(old, folder / "new.db", 1.0))
os.chmod(folder, 0o700)
as_nobody(lambda: open_store(str(path), Settings(read_only=True)))
print(sorted(os.listdir(folder)))
shutil.rmtree(folder)
"""
    lines = run(code, str(made)).splitlines()
    assert "store.db cannot be opened: SQLite cannot write its files beside it; is the folder writable?" in lines[0]
    assert "new.db cannot be made: the folder " in lines[1]
    assert lines[2].endswith("store.db cannot be opened: permission denied")
    assert lines[3] == "['old.db', 'store.db']"


def test_without_ml_metadata(file: Path) -> None:
    before = state(file)
    code = """
sys.modules["ml_metadata"] = None
import lineageql.errors
from lineageql.catalog.recording import Recording
from lineageql.model.drafts import WorkspaceDraft
async def main():
    store = await open_store(sys.argv[1], Settings())
    print(store.info.writable, (await store.reader(WHOLE).counts()).artifacts)
    recording = Recording(store, Settings())
    for call in (store.recorder.call("PutTypes", b""), recording.create_workspace(WorkspaceDraft("w"))):
        try:
            await call
        except lineageql.errors.Unavailable as error:
            print("refused:", error)
    await store.close()
    try:
        await open_store(sys.argv[1] + ".new", Settings(create=True))
    except lineageql.errors.StoreMissing as error:
        print(error)
asyncio.run(main())
"""
    lines = run(code, str(file)).splitlines()
    warnings = [line for line in lines if "reading only" in line]
    assert len(warnings) == 1
    shown = [line for line in lines if line not in warnings]
    assert shown[0] == "False 0"
    assert shown[1].startswith("refused: ml-metadata, which writes need, is not installed")
    assert shown[2] == shown[1]
    assert "none can be made here: ml-metadata" in shown[3]
    assert state(file) == before


def test_reading_a_file_loads_nothing_of_ml_metadata_and_of_database_servers(file: Path) -> None:
    code = """
async def main():
    store = await open_store(sys.argv[1], Settings(read_only=True))
    await store.reader(WHOLE).counts()
    await store.close()
    others = ("ml_metadata", "asyncpg", "asyncmy", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.mysql")
    print([name for name in sys.modules if name.startswith(others)])
asyncio.run(main())
"""
    assert run(code, str(file)).strip() == "[]"


async def test_a_worker_that_cannot_start_is_told_of_at_the_first_call(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    store = await open_store(str(file), Settings())
    await asyncio.to_thread(file.unlink)
    assert store.recorder is not None
    with pytest.raises(LineageQLError):
        await requests.get_nothing().send(store.recorder)
    await asyncio.sleep(0.1)
    assert "cannot be written to yet" in caplog.text
    await store.close()


async def test_the_recorder_is_started_at_once(file: Path) -> None:
    store = await open_store(str(file), Settings())
    channel: Any = store.recorder
    for _ in range(200):
        await asyncio.sleep(0.02)
        if channel._ready:
            break
    assert channel.pid is not None
    await store.close()
    assert channel.pid is None


async def test_closing_at_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    await (await open_store(str(file), Settings())).close()
    assert caplog.text == ""


async def test_mariadb_that_takes_only_tables_with_a_primary_key_is_left_empty() -> None:
    server = mariadb.shared()
    name, settings = server.database(), Settings(create=True)
    server.sql("SET GLOBAL innodb_force_primary_key = ON")
    try:
        with pytest.raises(StoreError, match="SET GLOBAL innodb_force_primary_key = OFF while --create makes them"):
            await open_store(server.url(name), settings)
    finally:
        server.sql("SET GLOBAL innodb_force_primary_key = OFF")
    assert server.sql("SHOW TABLES", name) == ""
    await (await open_store(server.url(name), settings)).close()
    # A store that is there is none of its business.
    server.sql("SET GLOBAL innodb_force_primary_key = ON")
    try:
        await (await open_store(server.url(name), settings)).close()
    finally:
        server.sql("SET GLOBAL innodb_force_primary_key = OFF")


def test_every_scheme_of_a_url_has_what_opens_it() -> None:
    rests = {"sqlite": "/x", "grpc": "localhost:1", "grpcs": "localhost:1"}
    addresses = [address_of(f"{scheme}://{rests.get(scheme, 'localhost/x')}") for scheme in SCHEMES]
    assert {address.scheme for address in addresses} == set(_OPENERS)
