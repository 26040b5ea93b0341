"""The explorer's modules keep to the types that their comments name: TypeScript's compiler reads them as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import lineageql
from tests.npm import install, lacking

pytestmark = pytest.mark.slow

FOLDER = Path(lineageql.__file__).parent / "web" / "static" / "explorer"
COMPILER = "typescript@5.9.3"
OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "target": "es2022",
    "module": "es2022",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
    "types": [],
}


def test_modules_keep_to_their_types(tmp_path: Path) -> None:
    node = shutil.which("node") or lacking("node")
    install(tmp_path, [COMPILER])
    settings = {"compilerOptions": OPTIONS, "include": [f"{FOLDER}/**/*.js"], "exclude": [f"{FOLDER}/vendor"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    compiler = tmp_path / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node, str(compiler), "-p", str(tmp_path), "--pretty", "false"], capture_output=True, text=True, timeout=300
    )
    errors = [line for line in done.stdout.splitlines() if "error TS" in line]
    # The libraries are read for their types and are others' business.
    assert [line for line in errors if "/vendor/" not in line] == []
    assert done.returncode in (0, 2), done.stderr
