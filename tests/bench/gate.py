"""`python -m tests.bench gate`: whether a row has fallen behind the figures of the last release.

A figure is LineageQL's part of another's time, both measured in one run: PostGraphile's, ml-metadata's, or bare SQL's.
`released.json` beside this holds those of the last release, which `--write` writes. A row that takes more than a fifth
longer is measured again, twice at most, and what it took least counts: these machines have other work too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from tests.bench import FOLDER, peers
from tests.bench.backends import BACKENDS
from tests.bench.building import stored
from tests.bench.equivalents import QUESTIONS
from tests.bench.exit_codes import exit_code
from tests.bench.measuring import Line, measure_all
from tests.bench.report import machine, versions
from tests.bench.rows import ROWS

RELEASED = Path(__file__).with_name("released.json")
MARGIN = 1.2
"""How much of the released figure a row may take."""
_TRIES = 3

Figures = Mapping[str, float]
"""LineageQL's part of another's time, by the row and the other: `list-100 on SQLite by PostGraphile`."""


def main(given: list[str]) -> int:
    """Runs the command; the exit code is 1 where a row has fallen behind, and 2 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench gate", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the figures, as those of a release")
    parser.add_argument("--artifacts", type=int, default=20_000, metavar="N", help="size of the store [20000]")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each is measured at a time [1]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where stores and PostGraphile are kept [.bench]")
    options = parser.parse_args(given)
    return exit_code(lambda: _gate(options))


def _gate(options: argparse.Namespace) -> int:
    def measure(wanted: Collection[str] | None) -> Figures:
        return {**_beside_postgraphile(options, wanted), **_beside_ml_metadata(options, wanted)}

    if options.write:
        told = {"artifacts": options.artifacts, "versions": versions(), "machine": machine()}
        text = json.dumps({**told, "figures": least(measure, list)}, indent=2)
        RELEASED.write_text(text + "\n", encoding="utf-8")
        return 0
    released: Figures = json.loads(RELEASED.read_text(encoding="utf-8"))["figures"]
    found = least(measure, lambda found: fallen(released, found))
    behind = fallen(released, found)
    for name, figure in found.items():
        print(f"{name}: {figure:.3f}, released {released.get(name, 0):.3f}{', BEHIND' if name in behind else ''}")
    for name in behind:
        if name not in found:
            print(f"{name}: was not measured, BEHIND")
    return 1 if behind else 0


def least(
    measure: Callable[[Collection[str] | None], Figures], again: Callable[[Figures], Collection[str]]
) -> dict[str, float]:
    """The least figure of each row that a few runs gave.

    Args:
        measure: measures rows of these names, or all.
        again: which rows are to be measured once more, for what was found until now.
    """
    found = dict(measure(None))
    for _ in range(_TRIES - 1):
        wanted = again(found)
        if not wanted:
            break
        for name, figure in measure(wanted).items():
            found[name] = min(figure, found.get(name, figure))
    return dict(sorted(found.items()))


def fallen(released: Figures, found: Figures) -> list[str]:
    """The rows that have fallen behind, those among them that were not measured."""
    return [name for name, figure in released.items() if found.get(name, float("inf")) > figure * MARGIN]


def _beside_postgraphile(options: argparse.Namespace, wanted: Collection[str] | None) -> Figures:
    rows = [row for row in QUESTIONS if wanted is None or any(name.startswith(f"{row.name} ") for name in wanted)]
    if not rows:
        return {}
    given = ["--folder", str(options.folder), "--artifacts", str(options.artifacts), "--seconds", str(options.seconds)]
    for row in rows:
        given += ["--row", row.name]
    told = peers.compared(peers.options_of(given))
    return {f"{row['question']} on {row['store']} by PostGraphile": row["part"] for row in told}


def _beside_ml_metadata(options: argparse.Namespace, wanted: Collection[str] | None) -> Figures:
    rows = [row for row in ROWS if wanted is None or any(name.startswith(f"{row.name} ") for name in wanted)]
    facts = stored(options.folder, options.artifacts)
    with BACKENDS["sqlite"].serve(facts) as target:
        lines = measure_all(rows, target, seconds=options.seconds, rounds=2)
    figures: dict[str, float] = {}
    for line in lines:
        figures.update(_figures(line))
    return figures


def _figures(line: Line) -> Figures:
    if line.agree is False:
        raise peers.Differing(f"LineageQL and ml-metadata differ in their answers to {line.row.name}")
    others = {"ml-metadata": line.theirs, "bare SQL": line.limit}
    return {
        f"{line.row.name} on SQLite by {name}": round(line.ours.median / other.median, 3)
        for name, other in others.items()
        if other is not None and other.times and line.ours.times
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
