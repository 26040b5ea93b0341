"""The figures as a Markdown table, and as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tests.bench.measuring import Line, Side
from tests.bench.target import Target

Column = tuple[str, Callable[[Line], str]]

_TIMES: tuple[Column, ...] = (
    ("", lambda line: line.title),
    ("LineageQL ms", lambda line: _time(line.ours)),
    ("ml-metadata ms", lambda line: _time(line.theirs)),
    ("its calls alone", lambda line: f"{statistics.median(line.theirs.raw):,.1f}" if line.theirs.raw else "–"),
    ("ratio", lambda line: f"{line.ratio:.1f}×" if line.ratio else "–"),
)
_ANSWERS: tuple[Column, ...] = (
    ("answer kB", lambda line: f"{line.ours.size / 1e3:,.0f}"),
    ("same answer", lambda line: {True: "yes", False: "NO", None: "–"}[line.agree]),
)
_FILE: tuple[Column, ...] = (
    *_TIMES,
    ("bare SQL ms", lambda line: "–" if line.limit is None else _time(line.limit)),
    ("LineageQL MB", lambda line: _memory(line.ours)),
    ("ml-metadata MB", lambda line: _memory(line.theirs)),
    ("statements", lambda line: str(line.ours.statements)),
    *_ANSWERS,
)
_SERVER: tuple[Column, ...] = (
    *_TIMES,
    ("LineageQL CPU ms", lambda line: _cpu(line.ours)),
    ("ml-metadata CPU ms", lambda line: _cpu(line.theirs)),
    ("statements or calls", lambda line: str(line.ours.statements)),
    *_ANSWERS,
)


def markdown(lines: Sequence[Line], target: Target) -> str:
    """The table, with what it takes to read it."""
    columns = _FILE if target.server is None else _SERVER
    rows = [[title for title, _ in columns], ["---", *["---:"] * (len(columns) - 1)]]
    rows += [[cell(line) for _, cell in columns] for line in lines]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in rows)
    notes = [
        f"{target.title}, {target.facts.size:,} artifacts; {versions()}; {machine()}.",
        "Times are medians. LineageQL: from a GraphQL operation's text to the octets of its answer, as the service "
        "runs it. ml-metadata: its calls from Python and the same JSON made of what they return; `its calls alone` is "
        "without the JSON. The ratio is ml-metadata's time by LineageQL's.",
        *(_of_file(lines, target) if target.server is None else _of_server(target)),
        *_by_note([(line.row.note, line.title) for line in lines]),
        *_by_note([(_reason("LineageQL", line.ours), line.title) for line in lines]),
        *_by_note([(_reason("ml-metadata", line.theirs), line.title) for line in lines]),
    ]
    return table + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def _of_file(lines: Sequence[Line], target: Target) -> list[str]:
    return [
        "MB is the most memory that a process with nothing else in it ever held, and in parentheses what of it was its "
        "own at the end: LineageQL maps the database's file, whose pages are shared with all who read it and count "
        f"in the first figure. {_idle(lines)}",
        f"Both read one file of {target.facts.path.stat().st_size / 1e6:,.0f} MB, which has the two indexes that MLMD "
        "lacks and LineageQL makes, on Attribution(artifact_id) and Association(execution_id): ml-metadata is measured "
        "with them, and profits. Its database code runs in the process that is measured.",
        "Bare SQL is the ids of a closure (or its ids and edges) by one recursive statement, without any service: "
        "what none can be quicker than.",
    ]


def _of_server(target: Target) -> list[str]:
    return [
        "CPU is the processor's time for one answer, the server's included, which other processes disturb less.",
        f"Both ask one server on this machine, {target.title}, whose store has the two indexes that MLMD lacks and "
        "LineageQL makes: ml-metadata is measured with them, and profits.",
    ]


def _by_note(told: list[tuple[str, str]]) -> list[str]:
    """Each note once, with the rows that it is about."""
    titles: dict[str, list[str]] = {}
    for note, title in told:
        if note:
            titles.setdefault(note, []).append(title)
    return [f"{'; '.join(dict.fromkeys(rows))}: {note}." for note, rows in titles.items()]


def _reason(name: str, side: Side) -> str:
    return side.missing and f"{name} cannot: {side.missing}"


def as_json(lines: Sequence[Line], target: Target) -> dict[str, Any]:
    """Everything that was measured."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        found = {"name": line.row.name, "title": line.title, "ratio": round(line.ratio, 2), "same_answer": line.agree}
        for name, side in (("lineageql", line.ours), ("ml-metadata", line.theirs)):
            found[name] = {"missing": side.missing} if side.missing else side.summary()
        if line.limit is not None:
            found["recursive_sql"] = line.limit.summary()
        rows.append(found)
    head = {"backend": target.backend, "artifacts": target.facts.size, "versions": versions(), "machine": machine()}
    return {**head, "rows": rows}


def printed(found: Sequence[dict[str, Any]]) -> str:
    """JSON of what one backend gave, or of a list where there are several."""
    return json.dumps(found[0] if len(found) == 1 else found, indent=2)


def _time(side: Side) -> str:
    return f"{side.median:,.1f}" if side.times else f"cannot: {side.missing.partition(';')[0]}"


def _cpu(side: Side) -> str:
    return f"{side.busy:,.1f}" if side.times else "–"


def _memory(side: Side) -> str:
    own = f" ({side.own / 1e6:.0f})" if side.own else ""
    return f"{side.peak / 1e6:.0f}{own}" if side.times else "–"


def _idle(lines: Sequence[Line]) -> str:
    sides = [[line.ours for line in lines], [line.theirs for line in lines if line.theirs.times]]
    ours, theirs = (min((side.idle for side in found), default=0) / 1e6 for found in sides)
    return f"Before its first query a process held {ours:.0f} MB with LineageQL, {theirs:.0f} MB with ml-metadata."


def machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"


def versions() -> str:
    """What it ran with."""
    names = ("ml-metadata", "strawberry-graphql", "graphql-core")
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in names)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
