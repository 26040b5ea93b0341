"""`python -m tests.bench`: builds the store where there is none, measures, and prints a table."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.bench.building import stored
from tests.bench.measuring import measure_all
from tests.bench.report import as_json, markdown
from tests.bench.rows import ROWS

FOLDER = Path(__file__).parent.parent.parent / ".bench"


def main() -> int:
    """Runs the command; the exit code is 1 where the sides' answers differ or a side failed."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--artifacts", type=int, default=100_000, metavar="N", help="size of the store [100000]")
    parser.add_argument(
        "--row", action="append", choices=names, metavar="NAME", help="measure this row; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long a process measures [1]")
    parser.add_argument("--rounds", type=int, default=3, help="how many processes each side gets, taking turns [3]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where stores are kept [.bench]")
    parser.add_argument("--rebuild", action="store_true", help="build the store again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    if given.list:
        print("\n".join(f"{row.name:20} {row.title}" for row in ROWS))
        return 0
    wanted = [row for row in ROWS if not given.row or row.name in given.row]
    try:
        facts = stored(given.folder, given.artifacts, rebuild=given.rebuild)
        lines = measure_all(wanted, facts, seconds=given.seconds, rounds=given.rounds)
    except subprocess.CalledProcessError as error:
        print(f"bench: {' '.join(error.cmd[2:])} failed", file=sys.stderr)
        return 1
    print(as_json(lines, facts) if given.json else markdown(lines, facts))
    return 1 if any(line.agree is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
