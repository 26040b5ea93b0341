"""A store in MariaDB while it is served: the server goes and comes back, and what is encrypted."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from lineageql.errors import StoreError, Unavailable, UsageError
from lineageql.settings import Settings
from lineageql.store.open import open_store
from tests.servers.mariadb import MariaDB
from tests.service import serving

pytest.importorskip("ml_metadata")

ASK = "{ store { counts { workspaces } } }"
MAKE = 'mutation { createWorkspace(input: {name: "w"}) { created } }'


async def test_a_server_that_ends_and_comes_back() -> None:
    server = MariaDB()
    try:
        async with serving(server.url(server.name()), create=True, deadline=20) as service:
            await asyncio.gather(*(service.data(ASK) for _ in range(8)))
            server.stop()
            for _ in range(3):
                assert (await service.error(ASK))["code"] == "UNAVAILABLE"
            assert (await service.client.get("/readyz")).status_code == 503
            server.start()
            await asyncio.gather(*(service.data(ASK) for _ in range(8)))
            server.stop()
            server.start()
            await asyncio.gather(*(service.data(ASK) for _ in range(8)))
    finally:
        server.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A certificate of this machine's that signs itself, its key, and another one."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    for name in ("server", "other"):
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.crt")]
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject]
        subprocess.run(command, check=True, capture_output=True)
    return tmp_path


async def test_tls(certificates: Path) -> None:
    server = MariaDB()
    try:
        # MariaDB 11.4 and newer make a certificate for themselves.
        if server.sql("SELECT @@have_ssl") == "YES\n":
            async with serving(server.url(server.database(), ssl_mode="required"), create=True) as service:
                await service.data(MAKE)
        server.stop()
        files = (f"--ssl-cert={certificates / 'server.crt'}", f"--ssl-key={certificates / 'server.key'}")
        server.start(*files, "--require-secure-transport=ON")
        name = server.database()
        trusted, other = str(certificates / "server.crt"), str(certificates / "other.crt")
        for options in (
            {"ssl_mode": "required"},
            {"ssl_ca": trusted},
            {"ssl_ca": trusted, "ssl_mode": "verify-identity"},
        ):
            async with serving(server.url(name, **options), create=True) as service:
                await service.data(MAKE)
                assert await service.data(ASK) == {"store": {"counts": {"workspaces": 1}}}
        for url in (server.url(name), server.url(name, ssl_ca=other)):
            with pytest.raises((StoreError, Unavailable)):
                await open_store(url, Settings(read_only=True))
        with pytest.raises(UsageError, match="certificates"):
            await open_store(server.url(name, ssl_ca="/nowhere"), Settings(read_only=True))
    finally:
        server.close()


async def test_nothing_is_recorded_over_another_charset() -> None:
    server = MariaDB()
    try:
        with pytest.raises(UsageError, match="--read-only"):
            await open_store(server.url(server.database(), charset="utf8mb4"), Settings(create=True))
    finally:
        server.close()
