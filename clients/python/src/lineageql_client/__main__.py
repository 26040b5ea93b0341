"""`lineageql-client flush FOLDER`: sends what training scripts left in a spool."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lineageql_client.client import Client
from lineageql_client.errors import LineageQLError
from lineageql_client.spool import Flushed, flush
from lineageql_client.transport import VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; answers its exit code: 0 where nothing is left, 1 where something is, 2 where it cannot run."""
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
            done = flush(given.folder, client, _report if sys.stderr.isatty() else None)
    except (LineageQLError, ValueError, OSError) as error:
        print(f"lineageql-client: {error}", file=sys.stderr)
        return 2
    print(_said(done, given.folder))
    return 1 if done.left or done.refused else 0


def _said(done: Flushed, folder: Path) -> str:
    parts = [f"sent {done.sent:,} recordings"]
    if done.refused:
        parts.append(f"{done.refused:,} were refused: {folder}/*.refused.jsonl says why")
    if done.busy:
        parts.append(f"{done.busy:,} files are those of processes that still run")
    if done.left:
        parts.append(f"{done.left:,} are left: {done.error}")
    return "; ".join(parts)


def _report(sent: int, last: list[float] = [0.0]) -> None:  # noqa: B006 - the time of the last line
    if time.monotonic() - last[0] >= 0.1:
        last[0] = time.monotonic()
        sys.stderr.write(f"\r{sent:,} sent\r")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
