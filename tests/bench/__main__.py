"""`python -m tests.bench`: builds the store where there is none, measures, and prints a table for each backend."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from tests.bench import FOLDER, explorer, gate, peers, residual
from tests.bench.backends import BACKENDS
from tests.bench.building import stored
from tests.bench.exit_codes import exit_code
from tests.bench.measuring import Line, measure_all
from tests.bench.report import as_json, markdown, printed
from tests.bench.rows import ROWS

_ALL = "all"


def main() -> int:
    """Runs the command; the exit code is 1 where the sides' answers differ or a side failed, and 2 without a server."""
    others = {"explorer": explorer.main, "gate": gate.main, "peers": peers.main, "residual": residual.main}
    if sys.argv[1:2] and sys.argv[1] in others:
        return others[sys.argv[1]](sys.argv[2:])
    given = _arguments()
    if given.list:
        print("\n".join(f"{row.name:20} {row.title}" for row in ROWS))
        return 0
    return exit_code(partial(_all_measured, given))


def _all_measured(given: argparse.Namespace) -> int:
    """Measures on each backend; the exit code tells whether the sides' answers are the same."""
    told, lines = [], []
    for name in BACKENDS if given.backend == _ALL else [given.backend]:
        more, text = _measured(name, given)
        lines += more
        told.append(text)
    if given.json:
        print(printed(told))
    return 1 if any(line.agree is False for line in lines) else 0


def _arguments() -> argparse.Namespace:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--backend", choices=[*BACKENDS, _ALL], default="sqlite", help="where the store is, or all in turn [sqlite]"
    )
    parser.add_argument("--artifacts", type=int, metavar="N", help="size of the store [100000, and 20000 on servers]")
    parser.add_argument(
        "--row", action="append", choices=names, metavar="NAME", help="measure this row; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long a process measures [1]")
    parser.add_argument("--rounds", type=int, default=3, help="how many processes each side gets, taking turns [3]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where stores are kept [.bench]")
    parser.add_argument("--rebuild", action="store_true", help="build the store again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _measured(name: str, given: argparse.Namespace) -> tuple[list[Line], dict[str, object]]:
    """What a backend gave; its table is printed as soon as it is there."""
    backend = BACKENDS[name]
    wanted = [row for row in ROWS if not given.row or row.name in given.row]
    facts = stored(given.folder, given.artifacts or backend.artifacts, rebuild=given.rebuild)
    with backend.serve(facts) as target:
        lines = measure_all(wanted, target, seconds=given.seconds, rounds=given.rounds)
    if not given.json:
        print(f"## {target.title}\n\n{markdown(lines, target)}" if given.backend == _ALL else markdown(lines, target))
        sys.stdout.flush()
    return lines, as_json(lines, target)


if __name__ == "__main__":
    sys.exit(main())
