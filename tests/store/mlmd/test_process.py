from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lineageql.errors import (
    DeadlineExceeded,
    NotMLMD,
    SchemaMismatch,
    StoreError,
    Unavailable,
)
from lineageql.store.mlmd import availability
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config


class TestDeadWorker:
    async def test_killed_in_the_middle_of_a_call(self, book, opened, locked, gone, under_way):
        channel = opened()
        type_id = await book.new_type(channel)
        with locked():
            written = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "lost")))
            pid = await under_way(channel, written)
            waiting = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "waiting")))
            reading = asyncio.create_task(channel.call("GetArtifactsByID", book.by_id(1)))
            await asyncio.sleep(0)
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(Unavailable, match=rf"pid {pid}\) was ended by SIGKILL.*may or may not have been"):
                await written
        assert gone(pid)
        # The next worker serves those that waited.
        assert await waiting
        assert await reading
        assert channel.pid not in (None, pid)
        assert await book.has(channel, "waiting")
        assert not await book.has(channel, "lost")

    async def test_killed_between_calls(self, book, opened):
        channel = opened()
        type_id = await book.new_type(channel)
        pid = channel.pid
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert channel.pid is None
        assert await book.new_artifact(channel, type_id, "after")
        assert channel.pid != pid

    async def test_aborted_by_cpp(self, book, opened, caplog):
        channel = opened()
        type_id = await book.new_type(channel)
        with pytest.raises(Unavailable, match=r"^during PutArtifacts .* was ended by SIGABRT; .*may or may not"):
            await channel.call("PutArtifacts", book.fatal(type_id))
        assert await book.new_artifact(channel, type_id, "after")
        assert not await book.has(channel, "poison")
        assert "ended by SIGABRT; it had said" in caplog.text

    async def test_killed_when_it_does_not_answer(self, book, opened, locked):
        channel = opened(patience=0.5)
        type_id = await book.new_type(channel)
        with locked(), pytest.raises(Unavailable, match=r"SIGKILL because PutArtifacts took more than 0\.5 seconds"):
            await book.new_artifact(channel, type_id, "stuck")
        assert await book.new_artifact(channel, type_id, "after")

    async def test_replaced_when_it_hangs_beyond_the_deadline_of_its_call(self, book, opened):
        channel = opened()
        type_id = await book.new_type(channel)
        hangs = channel.pid
        os.kill(hangs, signal.SIGSTOP)
        with pytest.raises(DeadlineExceeded, match="not answered in time"):
            await channel.exchange("GetArtifactTypes", b"", timeout=1.0)
        assert await book.new_artifact(channel, type_id, "after")
        assert channel.pid != hangs


def downgrade(file: Path) -> None:
    """Makes it a store of the schema before the last, by ml-metadata itself, in a process of its own."""
    code = (
        "import sys, ml_metadata as m\n"
        "config = m.proto.ConnectionConfig.FromString(bytes.fromhex(sys.argv[1]))\n"
        "m.downgrade_schema(config, 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, sqlite_config(file, create=False).hex()], check=True)


class TestFailedStart:
    async def test_not_a_database(self, book, opened, file):
        file.write_bytes(b"something else " * 100)
        with pytest.raises(NotMLMD, match="not an SQLite database"):
            await opened().start()

    async def test_no_folder(self, book, opened, file):
        with pytest.raises(StoreError, match="the file is missing, or may not be"):
            await opened(file / "deeper").start()

    async def test_older_schema(self, book, opened, file):
        await book.new_type(first := opened())
        await first.close()
        await asyncio.to_thread(downgrade, file)
        with pytest.raises(SchemaMismatch, match="version 9 is older"):
            await opened().start()
        upgraded = opened(upgrade=True)
        assert await book.new_artifact(upgraded, await book.new_type(upgraded), "after")

    async def test_crash(self, book):
        # MLMD checks this by ending the process.
        config = book.protos.ConnectionConfig(mysql=book.protos.MySQLDatabaseConfig()).SerializeToString()
        with pytest.raises(Unavailable, match=r"^while the store was being opened .*SIGABRT: .*exactly one of host"):
            await WorkerChannel(config).start()

    async def test_no_server(self, book):
        source = book.protos.MySQLDatabaseConfig(host="127.0.0.1", port=1, database="none", user="nobody")
        with pytest.raises(Unavailable, match="out of reach or refused the connection"):
            await WorkerChannel(book.protos.ConnectionConfig(mysql=source).SerializeToString()).start()

    async def test_is_not_repeated_at_once(self, opened, file, tmp_path, monkeypatch):
        """Each start of the worker imports an ml-metadata that leaves a mark and cannot be used."""
        pytest.importorskip("ml_metadata")
        channel = opened()
        package = tmp_path / "path" / "ml_metadata"
        package.mkdir(parents=True)
        marks = tmp_path / "marks"
        (package / "__init__.py").write_text(
            f"open({str(marks)!r}, 'a').write('x')\nraise ImportError('GLIBC_2.39 not found')\n"
        )
        monkeypatch.setattr(sys, "path", [str(tmp_path / "path"), *sys.path])
        for _ in range(5):
            with pytest.raises(Unavailable, match=r"^ml-metadata cannot be imported: GLIBC_2.39 not found"):
                await channel.call("PutArtifacts", b"")
        assert marks.read_text() == "x"
        await asyncio.sleep(1.1)
        monkeypatch.undo()
        await channel.start()
        assert marks.read_text() == "x"

    async def test_without_ml_metadata(self, monkeypatch):
        availability.missing_reason.cache_clear()
        monkeypatch.setitem(sys.modules, "ml_metadata", None)
        try:
            with pytest.raises(Unavailable, match=r"^ml-metadata, which writes need, is not installed: "):
                await WorkerChannel(b"").call("PutArtifacts", b"")
        finally:
            availability.missing_reason.cache_clear()


SERVICE = """
import asyncio, sys
from lineageql.store.mlmd.channel import WorkerChannel

async def main():
    channel = WorkerChannel(bytes.fromhex(sys.argv[1]))
    starting = asyncio.ensure_future(channel.start())
    if sys.argv[2] == "opened":
        await starting
    while channel.pid is None:
        await asyncio.sleep(0.01)
    print(channel.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


class TestKilledService:
    def test_worker_waits_for_a_call(self, book, service, file, gone):
        program = service(SERVICE, sqlite_config(file, create=True).hex(), "opened")
        pid = int(program.stdout.readline())
        assert not gone(pid, 0.2)
        program.kill()
        assert gone(pid)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process in the middle of C++")
    async def test_worker_is_stuck_in_cpp(self, book, opened, service, file, locked, gone):
        await book.new_type(first := opened())
        await first.close()
        with locked():
            program = service(SERVICE, sqlite_config(file, create=True).hex(), "opening")
            pid = int(program.stdout.readline())
            assert not gone(pid, 1.0)
            program.kill()
            assert gone(pid)

    def test_interrupt_of_the_terminal_does_not_end_the_worker(self, book, service, file, gone):
        program = service(SERVICE, sqlite_config(file, create=True).hex(), "opened")
        pid = int(program.stdout.readline())
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        assert not gone(pid, 0.3)
        program.send_signal(signal.SIGINT)
        assert gone(pid)


async def test_stderr_never_blocks_and_is_logged(book, opened, tmp_path, monkeypatch, caplog):
    """An import that prints a megabyte to both outputs, in one line and in many."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'worker' in ' '.join(sys.orig_argv):\n"
        "    sys.stderr.write('loud\\n' * 20000 + 'x' * 1000000)\n"
        "    sys.stderr.flush()\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path / "path"), *sys.path])
    caplog.set_level(logging.DEBUG, "lineageql.store.mlmd")
    channel = opened()
    await asyncio.wait_for(channel.start(), 20)
    assert "loud" in caplog.text
