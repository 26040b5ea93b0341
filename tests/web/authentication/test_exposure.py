"""No network is let in by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.exposure import check_exposure, check_mlmd_exposure


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "a.localhost"])
def test_a_loopback_address_needs_no_choice(host: str) -> None:
    settings = Settings(host=host)
    check_exposure(settings, Authentication(settings))
    check_mlmd_exposure(settings, Authentication(settings))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.io"])
def test_any_other_does(host: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(host=host)
    for check in (check_exposure, check_mlmd_exposure):
        with pytest.raises(UsageError, match="--auth-tokens FILE"):
            check(settings, Authentication(settings))
    file = tmp_path / "tokens.toml"
    file.write_text("")
    for chosen in (Settings(host=host, insecure=True), Settings(host=host, auth_tokens=str(file))):
        caplog.clear()
        check_exposure(chosen, Authentication(chosen))
        check_mlmd_exposure(chosen, Authentication(chosen))
        assert (f"whoever reaches {host} can read" in caplog.text) == chosen.insecure
