"""What tests in a browser share: where it is, and Playwright for a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import CHROMIUMS, lacking

if TYPE_CHECKING:
    from playwright.sync_api import Playwright


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    return found or lacking(f"Chromium ({', '.join(CHROMIUMS)}) in the PATH")


@pytest.fixture(scope="module")
def playwright(chromium: str) -> Iterator[Playwright]:
    # Not for longer than a module: while it runs, no other test has an event loop.
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("Python package playwright")
    with sync_playwright() as started:
        yield started
