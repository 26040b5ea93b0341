from __future__ import annotations

import inspect

import pytest

from lineageql.errors import (
    AlreadyExists,
    DeadlineExceeded,
    InvalidArgument,
    LineageQLError,
    NotFound,
    NotMLMD,
    SchemaMismatch,
    StoreError,
    StoreFailed,
    StoreLocked,
    Unavailable,
)
from lineageql.store.mlmd.faults import BY_STATUS, LONGEST_MESSAGE, of_opening, of_status
from lineageql.store.mlmd.frames import Status


def test_every_error_of_ml_metadata_is_mapped():
    errors = pytest.importorskip("ml_metadata.errors")
    codes = {name: value for name, value in vars(errors).items() if isinstance(value, int) and name.isupper()}
    assert codes == {status.name: status.value for status in Status}
    raised = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.StatusError)]
    for kind in set(raised) - {errors.StatusError}:
        error = kind("why")
        assert issubclass(BY_STATUS[Status(error.error_code)][0], LineageQLError)
        assert str(of_status("PutArtifacts", error.error_code, error.message)).startswith("PutArtifacts failed: ")


def test_every_status_of_grpc_is_mapped():
    grpc = pytest.importorskip("grpc")
    assert {code.name: code.value[0] for code in grpc.StatusCode} == {status.name: status.value for status in Status}


def test_every_status_has_a_row():
    assert set(BY_STATUS) == set(Status) - {Status.OK}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.INVALID_ARGUMENT, InvalidArgument),
        (Status.NOT_FOUND, NotFound),
        (Status.ALREADY_EXISTS, AlreadyExists),
        (Status.UNAVAILABLE, Unavailable),
        (Status.DEADLINE_EXCEEDED, DeadlineExceeded),
        (Status.ABORTED, StoreLocked),
        (Status.FAILED_PRECONDITION, StoreFailed),
        (Status.INTERNAL, StoreFailed),
        (99, StoreFailed),
        (-1, StoreFailed),
    ],
)
def test_rows(status, kind, caplog):
    caplog.set_level("DEBUG")
    error = of_status("PutArtifacts", status, b"why \xff")
    assert type(error) is kind
    assert "why" not in str(error)
    assert "why �" in caplog.text
    if error.error_id is None:
        assert status in (Status.ALREADY_EXISTS, Status.ABORTED)
        assert caplog.records[0].levelname == "DEBUG"
    else:
        assert error.error_id in caplog.text
        assert error.extensions == {"code": error.code, "errorId": error.error_id}


def test_messages_stay_short(caplog):
    of_status("PutArtifacts", Status.INTERNAL, b"x" * 1_000_000)
    assert len(caplog.records[0].getMessage()) < LONGEST_MESSAGE + 100


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("database or disk is full", StoreError),
        ("attempt to write a readonly database", StoreError),
        ("database disk image is malformed", StoreError),
        ("no such table: main.Context", StoreError),
        ("CHECK constraint failed: Artifact", StoreFailed),
    ],
)
def test_what_the_database_said(words, kind):
    told = f'Cannot create node name: "disk is full"Error when executing query: {words} query:  INSERT … disk is full'
    error = of_status("PutArtifacts", Status.INTERNAL, told)
    assert type(error) is kind
    assert not any(word in str(error) for word in ("INSERT", "query", "main."))


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        # What ml-metadata 1.17.1 says, word for word; the first takes it 40 seconds to say.
        ("Concurrent writes aborted after max number of retries.", StoreLocked, "holds the store's lock"),
        (
            "MLMD database version 9 is older than library version 10. Schema …",
            SchemaMismatch,
            "another schema version",
        ),
        ("MLMD database version 11 is greater than library version 10. …", SchemaMismatch, "version 11"),
        ("Error when executing query: file is not a database query:  CREATE …", NotMLMD, "not an SQLite database"),
        ("Cannot connect sqlite3 database: unable to open database file", StoreError, "the file is missing"),
        ("attempt to write a readonly database", StoreError, "may not be written"),
        ("mysql_real_connect failed: errno: , error: ", Unavailable, "out of reach"),
        ("PostgreSQL metadata source error: connection pointer is NULL\n", Unavailable, "out of reach"),
        ("something new", StoreFailed, ""),
    ],
)
def test_opening(message, kind, words):
    error = of_opening(Status.UNKNOWN, message.encode())
    assert type(error) is kind
    assert str(error).startswith("ml-metadata cannot open the store")
    assert words in str(error)
    assert message not in str(error)
