from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lineageql
from lineageql.store.mlmd.connection import sqlite_config
from lineageql.store.mlmd.frames import REPLY, Opening, Reply, Status, reply, request

SOURCES = str(Path(lineageql.__file__).parents[1])
COMMAND = [sys.executable, "-m", "lineageql.store.mlmd.worker"]


def ask(*requests: tuple[bytes, bytes], path: str = SOURCES) -> list[Reply]:
    """Runs a worker, sends it these requests and its stdin's end, and reads all of its replies."""
    sent = b"".join(piece for head, body in requests for piece in request(head, body))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(COMMAND, input=sent, capture_output=True, env=environment, timeout=60, check=True)
    answered, replies = done.stdout, []
    while answered:
        code, message, body = REPLY.unpack_from(answered)
        answered = answered[REPLY.size :]
        replies.append(Reply(code, answered[:message], answered[message : message + body]))
        answered = answered[message + body :]
    return replies


def opening(upgrade: bool = False) -> bytes:
    return Opening(os.getpid(), upgrade).head()


def test_frames_are_what_they_say():
    assert b"".join(request(b"head", b"body")) == b"\0\0\0\4\0\0\0\4headbody"
    assert b"".join(reply(Reply(-1, b"why", b""))) == b"\xff\xff\xff\xff\0\0\0\3\0\0\0\0why"
    assert Opening.of(Opening(7, True).head()) == Opening(7, True)


@pytest.mark.parametrize("size", [0, 65535, 65536, 1_000_000])
def test_a_large_body_is_not_copied(size):
    body = b"x" * size
    pieces = list(request(b"Method", body))
    assert b"".join(pieces)[-size or None :] == (body or b"".join(pieces))
    assert (pieces[-1] is body) == (size >= 65536)


def test_answers_and_ends_with_its_input(book, file):
    replies = ask((opening(), sqlite_config(file, create=True)), (b"PutArtifactType", book.type()), (b"Nothing", b""))
    assert [answer.code for answer in replies] == [Status.OK, Status.OK, Status.UNIMPLEMENTED]
    assert replies[2].message == b"this ml-metadata has no method Nothing"


def test_ends_without_a_word_when_its_parent_has_ended(book, file):
    head = Opening(os.getpid() + 1, False).head()
    assert ask((head, sqlite_config(file, create=True))) == []
    assert not file.exists()


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\4\0\0\0\4he"])
def test_ends_when_its_input_ends_early(sent):
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    done = subprocess.run(COMMAND, input=sent, capture_output=True, env=environment, timeout=60, check=True)
    assert done.stdout == b""


def test_failed_opening_is_a_status(book, file):
    file.write_bytes(b"no database " * 100)
    (answer,) = ask((opening(), sqlite_config(file, create=True)), (b"PutArtifactType", book.type()))
    assert answer.code == Status.UNKNOWN
    assert b"file is not a database" in answer.message


def test_failed_import_is_a_status(tmp_path):
    package = tmp_path / "ml_metadata"
    package.mkdir()
    # Both outputs: what is printed must not come between the frames.
    (package / "__init__.py").write_text(
        "import os\nos.write(1, b'noise')\nprint('noise', flush=True)\nraise ImportError('no such library')\n"
    )
    (answer,) = ask((opening(), b""), path=f"{SOURCES}{os.pathsep}{tmp_path}")
    assert answer == Reply(Status.UNAVAILABLE, b"ml-metadata cannot be imported: no such library", b"")


def test_imports_little():
    """What `lineageql.store` and `lineageql` import, the worker imports too: keep them lazy."""
    code = "import json, sys, lineageql.store.mlmd.worker; print(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    loaded = set(json.loads(done.stdout))
    assert {name for name in loaded if name.startswith("lineageql")} <= {
        "lineageql",
        "lineageql.store",
        "lineageql.store.mlmd",
        "lineageql.store.mlmd.frames",
        "lineageql.store.mlmd.worker",
    }
    assert not loaded & {"asyncio", "sqlalchemy", "sqlite3", "strawberry", "ml_metadata", "google.protobuf"}
