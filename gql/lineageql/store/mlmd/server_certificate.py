"""What MLMD's gRPC service shows its clients for TLS, read again when it changes."""

from __future__ import annotations

import logging
import os
import ssl
from pathlib import Path
from typing import Any

import grpc

from lineageql.errors import UsageError

log = logging.getLogger("lineageql.store.mlmd")


def server_certificate(certificate: str, key: str) -> Any:
    """gRPC's credentials of a server, which look at the files with every new connection.

    Args:
        certificate: a PEM file, with the certificates between it and its authority's after it; empty for no TLS.
        key: the PEM file of its key, which takes no password.

    Returns:
        The credentials; None for a server without TLS.

    Raises:
        UsageError: there is one of the two files without the other, they cannot be read, or do not belong together.
    """
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise UsageError("--mlmd-tls-cert and --mlmd-tls-key are given together, or not at all")
    files = _Files(Path(certificate), Path(key))
    return grpc.dynamic_ssl_server_credentials(files.read(), files.renewed, require_client_authentication=False)


class _Files:
    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._state: tuple[int, ...] = ()

    def read(self) -> Any:
        """What is in the files, checked.

        Raises:
            UsageError: see `server_certificate`.
        """
        try:
            self._state = self._stat()
            chain, key = self._certificate.read_bytes(), self._key.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {(error.strerror or str(error)).lower()}") from None
        try:
            # gRPC says nothing of what is wrong with them. A key with a password is none: nobody could type it.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._certificate, self._key, password="")
        except (ssl.SSLError, OSError):
            raise UsageError(
                f"{self._certificate} and {self._key} are not the PEM files of a certificate and of its key, "
                "which has no password"
            ) from None
        return grpc.ssl_server_certificate_configuration([(key, chain)])

    def renewed(self) -> Any:
        """What is in the files where they have changed; None where they have not, or are wrong, which the log says."""
        try:
            if self._stat() == self._state:
                return None
            found = self.read()
        except (OSError, UsageError) as error:
            log.error("%s; the certificate that was read before is still shown", error)
            return None
        log.warning("%s was read again", self._certificate)
        return found

    def _stat(self) -> tuple[int, ...]:
        found = [os.stat(path) for path in (self._certificate, self._key)]
        return tuple(number for each in found for number in (each.st_ino, each.st_size, each.st_mtime_ns))
