"""Servers of `peers` that print their port when they answer."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.servers import end_with_parent


@contextmanager
def serving(name: str, command: Sequence[str], **options: Any) -> Iterator[str]:
    """The address of a server, which runs as long as the context lasts.

    Args:
        name: how an error calls it.
        command: starts it.
        options: for `subprocess.Popen`.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent, **options
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{name} did not start; it has told why above")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
