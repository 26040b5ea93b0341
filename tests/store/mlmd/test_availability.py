from __future__ import annotations

import pytest

from lineageql.store.mlmd.availability import Platform, missing_reason, remedy

SMALL = "run `pip install ml-metadata==1.17.1` in this environment"
LARGE = "run `pip install ml-metadata==1.21.0` in this environment"


def test_installed():
    pytest.importorskip("ml_metadata")
    assert missing_reason() is None


def test_not_installed(service):
    """An interpreter without site-packages has no ml-metadata, whatever is installed beside it."""
    program = service(
        "import asyncio\n"
        "from lineageql.errors import Unavailable\n"
        "from lineageql.store.mlmd.availability import missing_reason\n"
        "from lineageql.store.mlmd.channel import WorkerChannel\n"
        "try:\n"
        "    asyncio.run(WorkerChannel(b'').start())\n"
        "except Unavailable as error:\n"
        "    assert str(error) == missing_reason()\n"
        "    print(error)\n",
        flags=("-S",),
    )
    said, complaints = program.communicate(timeout=30)
    assert said.startswith("ml-metadata, which writes need, is not installed: "), complaints
    assert said.count("\n") == 1


def linux(python: tuple[int, int], glibc: tuple[int, int] | None, machine: str = "x86_64") -> Platform:
    return Platform("CPython", "Linux", machine, python, glibc)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (linux((3, 10), (2, 17)), SMALL),
        (linux((3, 11), (2, 36)), SMALL),
        (linux((3, 11), (2, 41)), SMALL),
        (linux((3, 12), (2, 39)), LARGE),
        (linux((3, 13), (2, 41)), LARGE),
        (linux((3, 12), (2, 36)), "on Linux x86_64 with glibc 2.36; here it has for Python 3.9 to 3.11"),
        (linux((3, 14), (2, 41)), "3.9 to 3.11 (ml-metadata 1.17.1) or 3.10 to 3.13 (ml-metadata 1.21.0)"),
        (linux((3, 11), None), "on Linux x86_64 without glibc; run LineageQL on Linux x86_64 with Python 3.11"),
        (linux((3, 11), (2, 41), "aarch64"), "no wheel for CPython 3.11 on Linux aarch64 with glibc 2.41; run"),
        (Platform("CPython", "Darwin", "arm64", (3, 10), None), LARGE),
        (Platform("CPython", "Darwin", "arm64", (3, 14), None), "here it has for Python 3.10 to 3.13"),
        (Platform("CPython", "Darwin", "x86_64", (3, 11), None), "on Darwin x86_64; run LineageQL on Linux"),
        (Platform("CPython", "Windows", "AMD64", (3, 11), None), "on Windows AMD64; run LineageQL on Linux"),
        (Platform("PyPy", "Linux", "x86_64", (3, 10), (2, 36)), "no wheel for PyPy 3.10 on Linux x86_64"),
    ],
)
def test_remedies(where, words):
    assert words in remedy(where)


def test_here():
    where = Platform.here()
    assert where.python >= (3, 10)
    assert remedy(where)
