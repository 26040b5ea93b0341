"""Enums that are cheap as keys."""

from __future__ import annotations

from enum import Enum


class Choice(Enum):
    """An enum whose members hash by identity: there is one of each, and Enum's own hash is a call of Python code."""

    __hash__ = object.__hash__
