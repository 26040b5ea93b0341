"""`lineageql-client flush FOLDER`: sends what training scripts left in a spool."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lineageql_client.client import Client
from lineageql_client.errors import LineageQLError
from lineageql_client.spool import Flushed, flush
from lineageql_client.transport import VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; answers its exit code.

    0 where nothing is left in the spool, 1 where something is or was refused, 2 where the command cannot run.
    """
    parser = argparse.ArgumentParser(prog="lineageql-client", description="The client of LineageQL.")
    parser.add_argument("--version", action="version", version=f"lineageql-client {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("flush", help="send what training scripts left in a spool")
    command.add_argument("folder", type=Path, help="the folder that `spool=` named")
    command.add_argument("--url", default="http://127.0.0.1:8000", help="the service (default %(default)s)")
    command.add_argument("--token-file", type=Path, help="a file that holds a bearer token")
    command.add_argument(
        "--wait", type=float, default=30, metavar="SECONDS", help="how long to try (default %(default)s)"
    )
    given = parser.parse_args(arguments)
    try:
        token = None if given.token_file is None else given.token_file.read_text(encoding="utf-8").strip()
        with Client(given.url, token=token, retry_for=given.wait) as client:
            done = flush(given.folder, client, _reporter() if sys.stderr.isatty() else None)
    except (LineageQLError, ValueError, OSError) as error:
        print(f"lineageql-client: {error}", file=sys.stderr)
        return 2
    print(_said(done))
    return 0 if done.complete else 1


def _said(done: Flushed) -> str:
    lines = [f"sent {_counted(done.sent, 'recording')}"]
    if done.left:
        lines.append(f"{_counted(done.left, 'recording', 'is', 'are')} left: {done.error}")
    if done.busy:
        owner = (
            "a process that still runs, which sends it"
            if len(done.busy) == 1
            else "processes that still run, which send them"
        )
        lines.append(f"{_counted(len(done.busy), 'file', 'is', 'are')} left to {owner}:")
        lines += [f"  {path}" for path in done.busy]
    if done.refused:
        lines.append(f"{_counted(done.refused, 'recording', 'was', 'were')} refused now")
    if done.refusals:
        files = _counted(len(done.refusals), "file", "holds", "hold")
        lines.append(
            f"{files} what the service refused, with its words: correct what they say, record it again, and delete the "
            f"file{'' if len(done.refusals) == 1 else 's'}:"
        )
        lines += [f"  {path}" for path in done.refusals]
    return "\n".join(lines)


def _counted(number: int, noun: str, one: str = "", more: str = "") -> str:
    """`1 file is`, `2 files are`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'} {one if number == 1 else more}".rstrip()


def _reporter() -> Callable[[int], None]:
    """Says how many were sent, ten times a second at most."""
    last = 0.0

    def report(sent: int) -> None:
        nonlocal last
        if time.monotonic() - last >= 0.1:
            last = time.monotonic()
            sys.stderr.write(f"\r{sent:,} sent\r")
            sys.stderr.flush()

    return report


if __name__ == "__main__":
    sys.exit(main())
