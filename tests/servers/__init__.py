"""Database servers of the tests' own: from the machine's binaries, on free ports, in temporary folders."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys

import pytest


def missing(what: str) -> None:
    """Skips a test for want of a server; fails it where TEST_REQUIRE_SERVERS says that none may be missing."""
    if os.environ.get("TEST_REQUIRE_SERVERS"):
        pytest.fail(f"TEST_REQUIRE_SERVERS is set, and {what}")
    pytest.skip(what)


def allowed() -> None:
    """Fails a test that starts a database server where TEST_NO_SERVERS says that none does."""
    if os.environ.get("TEST_NO_SERVERS"):
        pytest.fail("this test starts a database server, and its name does not say so; see tests/conftest.py")


def free_port() -> int:
    """A TCP port of this machine that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def end_with_parent() -> None:
    """Has the kernel end a process, which this is called in, with the tests that started it, however they end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT, 0, 0, 0)
