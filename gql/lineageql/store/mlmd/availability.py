"""Whether ml-metadata can be used here, and what to do where it cannot.

Its wheels cover few platforms; a store is read without it everywhere.
"""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple

ELSEWHERE = "run LineageQL on Linux x86_64 with Python 3.11, or let it write through an MLMD service (grpc://host:port)"


class Wheel(NamedTuple):
    """A release of ml-metadata, and where its wheels run."""

    release: str
    system: str
    machines: frozenset[str]
    pythons: tuple[tuple[int, int], tuple[int, int]]
    glibc: tuple[int, int] | None


# In order of preference.
WHEELS = (
    Wheel("1.17.1", "Linux", frozenset({"x86_64", "amd64"}), ((3, 9), (3, 11)), (2, 17)),
    Wheel("1.21.0", "Linux", frozenset({"x86_64", "amd64"}), ((3, 10), (3, 13)), (2, 39)),
    Wheel("1.21.0", "Darwin", frozenset({"arm64"}), ((3, 10), (3, 13)), None),
)


class Platform(NamedTuple):
    """What decides whether a wheel runs; `glibc` is None without the GNU C library."""

    implementation: str
    system: str
    machine: str
    python: tuple[int, int]
    glibc: tuple[int, int] | None

    @classmethod
    def here(cls) -> Platform:
        """The platform of this process."""
        library, version = platform.libc_ver()
        glibc = tuple(int(part) for part in version.split(".")[:2]) if library == "glibc" else None
        return cls(
            platform.python_implementation(),
            platform.system(),
            platform.machine(),
            sys.version_info[:2],
            glibc if glibc is not None and len(glibc) == 2 else None,
        )

    def __str__(self) -> str:
        words = f"{self.implementation} {_dotted(self.python)} on {self.system} {self.machine}"
        if self.system != "Linux":
            return words
        return f"{words} with glibc {_dotted(self.glibc)}" if self.glibc else f"{words} without glibc"


@cache
def missing_reason() -> str | None:
    """Why writing through ml-metadata cannot work here, and what to do, as a sentence; None when it can.

    Only looks whether the package is there, and does not import it. The answer
    is kept for the life of the process.
    """
    if find_spec("ml_metadata") is not None:
        return None
    return "ml-metadata, which writes need, is not installed: " + remedy(Platform.here())


def missing_grpc() -> str | None:
    """Why nothing can be done by gRPC here, and what to do, as a sentence; None when it can."""
    if find_spec("grpc") is not None:
        return None
    return "grpcio, which MLMD's gRPC service needs, is not installed: run `pip install grpcio` in this environment"


def remedy(where: Platform) -> str:
    """What to do on this platform to get ml-metadata."""
    near = [wheel for wheel in WHEELS if where.system == wheel.system and where.machine.lower() in wheel.machines]
    if where.implementation != "CPython" or not near:
        return f"it has no wheel for {where}; {ELSEWHERE}"
    for wheel in near:
        if _carries(wheel, where.glibc) and wheel.pythons[0] <= where.python <= wheel.pythons[1]:
            return f"run `pip install ml-metadata=={wheel.release}` in this environment"
    others = [
        f"{_dotted(wheel.pythons[0])} to {_dotted(wheel.pythons[1])} (ml-metadata {wheel.release})"
        for wheel in near
        if _carries(wheel, where.glibc)
    ]
    if others:
        return f"it has no wheel for {where}; here it has for Python {' or '.join(others)}"
    return f"it has no wheel for {where}; {ELSEWHERE}"


def _carries(wheel: Wheel, glibc: tuple[int, int] | None) -> bool:
    return wheel.glibc is None or (glibc is not None and glibc >= wheel.glibc)


def _dotted(version: tuple[int, ...] | None) -> str:
    return ".".join(map(str, version or ()))
