"""Settings as flags of commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from lineageql.settings import Settings, default_of, flag, variable

F = TypeVar("F", bound=Callable[..., Any])


def settings_flags(*names: str) -> Callable[[F], F]:
    """Adds the flags of settings to a command; each falls back to its environment variable."""

    def add(command: F) -> F:
        for row in reversed([row for row in fields(Settings) if row.name in names]):
            text = f"{row.metadata['help']} [{variable(row)}; default {default_of(row)}]"
            if isinstance(row.default, bool):
                option = click.option(f"{flag(row)}/--no-{flag(row)[2:]}", row.name, default=None, help=text)
            else:
                option = click.option(flag(row), row.name, default=None, metavar="VALUE", help=text)
            command = option(command)
        return command

    return add
