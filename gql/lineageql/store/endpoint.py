"""Where MLMD's gRPC service is, and what it is shown: certificates and a bearer token."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lineageql.errors import UsageError
from lineageql.settings import Settings

SERVICE = "ml_metadata.MetadataStoreService"
DEFAULT_PORT = 8080
LARGEST = 100 * 1024 * 1024
"""Bytes of a request or a reply."""
# What may stand in a header, by RFC 6750; anything else would be echoed by an error of gRPC's.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
# After how many seconds the file of a token is read again: Kubernetes writes new ones into it.
FRESH = 30.0


@dataclass(frozen=True)
class Endpoint:
    """A server of MLMD's gRPC service, and how it is spoken to.

    `token` is sent as it is, `token_file` is read again now and then. Neither is
    ever shown.
    """

    host: str
    port: int = DEFAULT_PORT
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    token_file: Path | None = None
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Checks what can be checked without a connection.

        Raises:
            UsageError: the parts do not fit together, or the token is none.
        """
        files = (self.ca_file, self.certificate_file, self.key_file)
        if not self.tls and any(files):
            raise UsageError(f"{self} is without TLS, so certificates and keys have no use: write grpcs://")
        if (self.certificate_file is None) != (self.key_file is None):
            raise UsageError("a client certificate and its key are given together, or not at all")
        if self.token is not None:
            _checked(self.token, "the bearer token that was given")

    @classmethod
    def of(cls, url: str, **more: Path | str | None) -> Endpoint:
        """The endpoint that a URL means: `grpc://host:8080`, or `grpcs://host:443` with TLS.

        Args:
            url: scheme, host and port; the port is 8080 unless given.
            more: the other fields.

        Raises:
            UsageError: the URL is none of these.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.lower() not in ("grpc", "grpcs"):
            raise UsageError("the address of MLMD's service is grpc://host:port, or grpcs://host:port with TLS")
        if "@" in rest:
            raise UsageError(
                "the address of MLMD's service takes no user or password; a bearer token stands in a file or variable"
            )
        host, colon, port = rest.removesuffix("/").rpartition(":")
        if not colon or port.endswith("]"):
            host, port = rest.removesuffix("/"), str(DEFAULT_PORT)
        if not _HOST.fullmatch(host):
            raise UsageError(f"{url!r} names no host: write {scheme.lower()}://host:{DEFAULT_PORT}")
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise UsageError(f"{url!r} names no port from 1 to 65535: write {scheme.lower()}://{host}:{DEFAULT_PORT}")
        return cls(host, int(port), scheme.lower() == "grpcs", **more)  # type: ignore[arg-type]

    @classmethod
    def by(cls, url: str, settings: Settings) -> Endpoint:
        """The endpoint that a URL means, with what the settings say of certificates and of the token.

        Raises:
            UsageError: the URL is none of a gRPC service's, or the settings do not fit together.
        """
        if settings.grpc_token and settings.grpc_token_file:
            raise UsageError("a bearer token is given by LINEAGEQL_GRPC_TOKEN or by a file, and not by both")
        files = ("ca_file", "certificate_file", "key_file", "token_file")
        given = {name: getattr(settings, f"grpc_{name}") for name in files}
        paths = {name: Path(value) if value else None for name, value in given.items()}
        return cls.of(url, **paths, token=settings.grpc_token or None)

    def __str__(self) -> str:
        return f"{'grpcs' if self.tls else 'grpc'}://{self.target}"

    @property
    def target(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    def certificates(self) -> Mapping[str, bytes | None]:
        """The files of TLS, as gRPC's credentials take them; the system's own authorities where none are given.

        Raises:
            UsageError: a file cannot be read.
        """
        return {
            "root_certificates": _read(self.ca_file),
            "private_key": _read(self.key_file),
            "certificate_chain": _read(self.certificate_file),
        }


class Certificates:
    """The files of TLS of an endpoint, read again now and then: who makes new ones puts them in the same place."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stale_at = 0.0
        self.files: Mapping[str, bytes | None] = {}

    @property
    def stale(self) -> bool:
        """Whether the files have to be read before the next call."""
        return any(content is not None for content in self.files.values()) and time.monotonic() >= self._stale_at

    def forget(self) -> None:
        """Has the files read before the next call; for a server that could not be reached with them."""
        self._stale_at = 0.0

    def read(self) -> bool:
        """Reads the files; answers whether they are others than before.

        Raises:
            UsageError: one cannot be read.
        """
        self._stale_at = time.monotonic() + FRESH
        before, self.files = self.files, self._endpoint.certificates()
        return self.files != before


class Bearer:
    """The bearer token of an endpoint, read again from its file now and then."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._token, self._file = endpoint.token, endpoint.token_file
        self._stale_at = 0.0

    @property
    def given(self) -> bool:
        """Whether there is one."""
        return self._token is not None or self._file is not None

    @property
    def stale(self) -> bool:
        """Whether the file has to be read before the next call."""
        return self._file is not None and time.monotonic() >= self._stale_at

    def forget(self) -> None:
        """Has the file read before the next call; for a token that was refused."""
        self._stale_at = 0.0

    def read(self) -> None:
        """Reads the file.

        Raises:
            UsageError: it cannot be read, or holds no token.
        """
        token = _read(self._file)
        if token is not None:
            self._token = _checked(token.decode(errors="replace").strip(), f"what stands in {self._file}")
            self._stale_at = time.monotonic() + FRESH

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What a call carries beside its request."""
        return (("authorization", f"Bearer {self._token}"),) if self._token is not None else ()


def _checked(token: str, place: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise UsageError(f"{place} is no bearer token: it is letters, digits and -._~+/ without spaces")
    return token


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
