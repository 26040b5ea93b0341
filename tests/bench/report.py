"""The figures as a Markdown table, and as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tests.bench.building import Facts
from tests.bench.measuring import Line, Side

_HEAD = (
    "",
    "LineageQL ms",
    "ml-metadata ms",
    "its calls alone",
    "ratio",
    "bare SQL ms",
    "LineageQL MB",
    "ml-metadata MB",
    "statements",
    "answer kB",
    "same answer",
)


def markdown(lines: Sequence[Line], facts: Facts) -> str:
    """The table, with what it takes to read it."""
    rows = [_HEAD, ("---", *["---:"] * (len(_HEAD) - 1)), *map(_cells, lines)]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in rows)
    notes = [
        f"{facts.size:,} artifacts in SQLite, {facts.path.stat().st_size / 1e6:,.0f} MB; {_versions()}.",
        "Times are medians. LineageQL: from a GraphQL operation's text to the octets of its answer, as the service "
        "runs it. ml-metadata: its calls from Python, in the same process as its database code, and the same JSON "
        "made of what they return; `its calls alone` is without the JSON. The ratio is ml-metadata's time by "
        "LineageQL's.",
        "MB is the most memory that a process with nothing else in it ever held, and in parentheses what of it was its "
        "own at the end: LineageQL maps the database's file, whose pages are shared with all who read it and count "
        f"in the first figure. {_idle(lines)}",
        "Both read one file, which has the two indexes that MLMD lacks and LineageQL makes, on "
        "Attribution(artifact_id) and Association(execution_id): ml-metadata is measured with them, and profits.",
        "Bare SQL is the ids of a closure by one recursive statement, without any service: what none can be quicker "
        "than.",
        *_by_note([(line.row.note, line.title) for line in lines]),
        *_by_note([(line.theirs.missing, line.title) for line in lines]),
    ]
    return table + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def _by_note(told: list[tuple[str, str]]) -> list[str]:
    """Each note once, with the rows that it is about."""
    titles: dict[str, list[str]] = {}
    for note, title in told:
        if note:
            titles.setdefault(note, []).append(title)
    return [f"{'; '.join(dict.fromkeys(rows))}: {note}." for note, rows in titles.items()]


def as_json(lines: Sequence[Line], facts: Facts) -> str:
    """Everything that was measured."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        found = {"name": line.row.name, "title": line.title, "ratio": round(line.ratio, 2), "same_answer": line.agree}
        found["lineageql"] = line.ours.summary()
        found["ml-metadata"] = {"missing": line.theirs.missing} if line.theirs.missing else line.theirs.summary()
        if line.limit is not None:
            found["recursive_sql"] = line.limit.summary()
        rows.append(found)
    return json.dumps({"artifacts": facts.size, "versions": _versions(), "rows": rows}, indent=2)


def _cells(line: Line) -> tuple[str, ...]:
    theirs = line.theirs
    agree = {True: "yes", False: "NO", None: "–"}[line.agree]
    return (
        line.title,
        _time(line.ours),
        _time(theirs),
        f"{statistics.median(theirs.raw):,.1f}" if theirs.raw else "–",
        f"{line.ratio:.1f}×" if theirs.times else "–",
        "–" if line.limit is None else _time(line.limit),
        _memory(line.ours),
        _memory(theirs),
        str(line.ours.statements),
        f"{line.ours.size / 1e3:,.0f}",
        agree,
    )


def _time(side: Side) -> str:
    return f"{side.median:,.1f}" if side.times else "–"


def _memory(side: Side) -> str:
    own = f" ({side.own / 1e6:.0f})" if side.own else ""
    return f"{side.peak / 1e6:.0f}{own}" if side.times else "–"


def _idle(lines: Sequence[Line]) -> str:
    sides = [[line.ours for line in lines], [line.theirs for line in lines if line.theirs.times]]
    ours, theirs = (min((side.idle for side in found), default=0) / 1e6 for found in sides)
    return f"Before its first query a process held {ours:.0f} MB with LineageQL, {theirs:.0f} MB with ml-metadata."


def _versions() -> str:
    names = ("ml-metadata", "strawberry-graphql", "graphql-core")
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in names)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
