from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lineageql
from lineageql.errors import StoreMissing, UsageError
from lineageql.store.mlmd.connection import LONGEST_PATH, sqlite_config

NAMES = [
    "plain.db",
    "two words.db",
    "query?mode=ro.db",
    "query?cache=shared&mode=memory",
    "fragment#part.db",
    "percent%41.db",
    "percent%zz.db",
    "nul%00nul.db",
    "file:prefixed.db",
    "file:prefixed.db?mode=ro",
    ":memory:",
    "file::memory:",
    "umlaut ü 🌍.db",
    "back\\slash.db",
    "quo'te\".db",
    "semi;colon.db",
    "new\nline.db",
    " blank ",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("relative", [False, True])
async def test_every_character_stands_for_itself(book, opened, tmp_path, monkeypatch, name, relative):
    monkeypatch.chdir(tmp_path)
    channel = opened(name if relative else tmp_path / name)
    assert await book.new_type(channel)
    await channel.close()
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes()[:15] == b"SQLite format 3"


def long_path(folder: Path, size: int) -> Path:
    while len(os.fsencode(folder)) < size - 100:
        folder = folder / ("d" * 50)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / ("f" * (size - len(os.fsencode(folder)) - 1))


async def test_the_longest_path(book, opened, tmp_path):
    path = long_path(tmp_path, LONGEST_PATH)
    assert len(os.fsencode(path)) == LONGEST_PATH
    assert await book.new_type(opened(path))
    with pytest.raises(UsageError, match="has 505 bytes; ml-metadata opens up to 504"):
        sqlite_config(long_path(tmp_path, LONGEST_PATH + 1), create=True)


@pytest.mark.parametrize(("path", "words"), [("a\0b", "holds a NUL"), (os.fsdecode(b"\xff.db"), "not UTF-8")])
def test_paths_that_cannot_be_told(path, words):
    with pytest.raises(UsageError, match=words):
        sqlite_config(path, create=True)


def test_missing_file(tmp_path, book):
    with pytest.raises(StoreMissing, match=r"there is no file .*none\.db"):
        sqlite_config(tmp_path / "none.db", create=False)
    (tmp_path / "one.db").touch()
    config = book.protos.ConnectionConfig.FromString(sqlite_config(tmp_path / "one.db", create=False))
    assert config.sqlite.filename_uri == str(tmp_path / "one.db")
    assert config.sqlite.connection_mode == book.protos.SqliteMetadataSourceConfig.READWRITE
    config = book.protos.ConnectionConfig.FromString(sqlite_config(tmp_path / "none.db", create=True))
    assert config.sqlite.connection_mode == book.protos.SqliteMetadataSourceConfig.READWRITE_OPENCREATE


def test_ml_metadata_is_not_imported_before_it_is_needed():
    code = (
        "import sys, lineageql.store.mlmd.channel, lineageql.store.mlmd.connection\n"
        "from lineageql.store.mlmd.availability import missing_reason\n"
        "missing_reason()\n"
        "assert not {'ml_metadata', 'google.protobuf', 'grpc'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(lineageql.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
