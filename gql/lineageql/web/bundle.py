"""A page's files: read once, kept in memory, and addressed by a digest of all of them, for browsers to keep for ever.

bundle = Bundle("/static/graphiql", {"page.js": STATIC / "page.js"})
app = Starlette(routes=bundle.routes())
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lineageql.web.files import File, respond

STATIC: Final = Path(__file__).parent / "static"

_CONTENT_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


class Bundle:
    """The files of one page.

    Args:
        path: where they are served, with a slash at its start and none at its end.
        files: where each lies, by its name in the address; those of another sort than pages use are left out.
        policy: the content security policy that a file is sent with; it counts for the workers among them.
    """

    def __init__(
        self, path: str, files: Mapping[str, Path], policy: str = "default-src 'none'; frame-ancestors 'none'"
    ) -> None:
        self._path = path
        self._policy = policy
        self._files = {
            name: File(file.read_bytes(), _CONTENT_TYPES[ending])
            for name, file in files.items()
            if (ending := name.rpartition(".")[2]) in _CONTENT_TYPES
        }
        self.version: Final = self._digest()
        """A digest of all files; a part of their addresses, which may thus be cached for ever."""

    @property
    def names(self) -> list[str]:
        """The names of the files, in order."""
        return sorted(self._files)

    @property
    def folder(self) -> str:
        """Where the files are, relative to a page at the service's root."""
        return f"{self._path.lstrip('/')}/{self.version}"

    def routes(self) -> list[BaseRoute]:
        """The route of the files, to be put at the same level as the page's."""
        return [Route(f"{self._path}/{{version}}/{{name:path}}", self._file, methods=["GET"])]

    async def _file(self, request: Request) -> Response:
        body = self._files.get(request.path_params["name"])
        if body is None:
            raise HTTPException(404)
        # While replicas are being replaced, a page of one release may ask a replica of another for
        # its files: it gets the nearest there is, and no cache keeps that under the wrong address.
        current = request.path_params["version"] == self.version
        headers = {
            "cache-control": "public, max-age=31536000, immutable" if current else "no-store",
            "content-security-policy": self._policy,
            "cross-origin-resource-policy": "same-origin",
            "vary": "Accept-Encoding",
        }
        return await respond(request, body, headers)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for name in self.names:
            digest.update(f"{name} {self._files[name].digest}\n".encode())
        return digest.hexdigest()[:16]


def files_of(folder: Path) -> dict[str, Path]:
    """The files of a folder itself, by name."""
    return {file.name: file for file in folder.iterdir() if file.is_file()}
