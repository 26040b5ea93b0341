"""What the tests promise of themselves: repeatable examples, a closing word on what was not tested, working signals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRAWS = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_draws(number):
    with open({path!r}, "a") as file:
        file.write(f"{{number}}\\n")
"""


def suite(*arguments: str, ignoring_interrupts: bool = False, **environment: str) -> str:
    """What the tests print, asked for in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n0", *arguments]
    if ignoring_interrupts:
        command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    environment = {**os.environ, "TEST_EXAMPLES": "", **environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def drawn(folder: Path, *arguments: str, **environment: str) -> tuple[list[str], str]:
    """The random examples of a run, and what it printed."""
    file = folder / "test_draws.py"
    file.write_text(DRAWS.format(path=str(folder / "drawn")))
    (folder / "drawn").unlink(missing_ok=True)
    own = ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(file)]
    printed = suite(*own, *arguments, **environment)
    return (folder / "drawn").read_text().split(), printed


def test_each_run_draws_other_examples_and_says_how_to_draw_them_again(tmp_path: Path) -> None:
    first, printed = drawn(tmp_path, CI="true")
    assert len(first) == 8
    seed = re.search(r"make test ARGS=(--hypothesis-seed=\d+)$", printed, re.MULTILINE)
    assert seed is not None
    assert drawn(tmp_path, seed[1])[0] == first
    assert drawn(tmp_path, CI="true")[0] != first


def test_more_examples_are_tried_where_they_are_asked_for(tmp_path: Path) -> None:
    examples, printed = drawn(tmp_path, TEST_EXAMPLES="100")
    assert len(examples) == 100
    assert "TEST_EXAMPLES=100" in printed


def test_what_was_not_tested_is_said_at_the_end() -> None:
    test = "tests/web/test_graphiql_browser.py"
    printed = suite(test, "-k", "behind_a_path", PATH="", TEST_REQUIRE_BROWSER="")
    closing = printed.partition("not tested here")[2]
    assert re.search(r"\d+  there is no Chromium.*apt-get install chromium", closing), printed


def test_an_ignored_interrupt_ends_what_tests_start() -> None:
    """A shell ignores SIGINT in what it starts in the background."""
    printed = suite("tests/store/mlmd/test_grpc_server.py", "-k", "at_once_where_nothing", ignoring_interrupts=True)
    assert re.search("1 passed|skipped", printed), printed
