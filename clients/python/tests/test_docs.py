"""Every example of docs/python.md and of the README runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lineageql_client import metadata
from tests.demo import demo_store

from .conftest import Service, library

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/python.md").read_text(encoding="utf-8")
README = (ROOT / "clients/python/README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


def blocks(text: str, start: str, end: str | None) -> list[str]:
    part = text[text.index(start) :]
    if end is not None:
        part = part[: part.index(end)]
    return re.findall(r"```python\n(.*?)```", part, re.DOTALL)


def run(code: list[str], url: str, tmp_path: Path) -> dict[str, object]:
    """What a page's code leaves, run twice: a reader tries it again on the same store."""
    space: dict[str, object] = {}
    for _ in range(2):
        space.clear()
        for block in code:
            text = block.replace(ADDRESS, url).replace("~/.lineage-spool", str(tmp_path / "spool"))
            exec(compile(text, "docs/python.md", "exec"), space)
    return space


def test_the_examples_of_recording(fresh: Service, tmp_path: Path) -> None:
    code = blocks(PAGE, "## The tutorial", "## Reading")
    assert len(code) == 5
    space = run(code, fresh.url, tmp_path)
    assert isinstance(space["scores"], metadata.Metrics)


def test_the_examples_of_reading(demo: Service, tmp_path: Path) -> None:
    library("pandas")
    code = blocks(PAGE, "## Reading", None)
    assert len(code) == 5
    run(code, demo.url, tmp_path)


@pytest.mark.slow
def test_the_whole_page_on_one_store(tmp_path: Path) -> None:
    """A reader tries all of it, from the top to the end, on the demonstration store."""
    library("pandas")
    pytest.importorskip("ml_metadata")
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    service = Service(path)
    try:
        run(blocks(PAGE, "#", None), service.url, tmp_path)
    finally:
        service.stop()


def test_the_examples_of_the_readme(fresh: Service, tmp_path: Path) -> None:
    code = blocks(README, "#", None)
    assert code
    run(code, fresh.url, tmp_path)


def test_the_example_of_the_repository(fresh: Service, tmp_path: Path) -> None:
    code = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "## From Python", "## How fast")
    assert len(code) == 1
    run(code, fresh.url, tmp_path)


def test_every_module_of_callbacks_is_told_of() -> None:
    folder = ROOT / "clients/python/src/lineageql_client/callbacks"
    for path in folder.glob("*.py"):
        if path.stem not in ("__init__", "training"):
            assert f"callbacks.{path.stem} import" in PAGE or f"{path.stem}.LineageCallback(" in PAGE
            assert f"\n{path.stem} = [" in (ROOT / "clients/python/pyproject.toml").read_text(encoding="utf-8")


def test_the_command_in_the_page_is_one() -> None:
    from lineageql_client.__main__ import main

    assert "lineageql-client flush ~/.lineage-spool --url http://127.0.0.1:8000" in PAGE
    with pytest.raises(SystemExit) as caught:
        main(["flush", "--help"])
    assert caught.value.code == 0
