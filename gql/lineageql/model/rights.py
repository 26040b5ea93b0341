"""What callers may do: the rules of a policy, and what they add up to for one caller.

    [[rule]]
    who = ["ann@example.org", "group:fraud-team"]
    roles = ["READ", "RECORD"]
    workspaces = ["fraud-*", "shared"]

Rules add up. A workspace can be seen where a rule gives READ there. It can be
recorded in where a rule gives RECORD there and it can be seen. ADMIN is both.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import translate
from functools import cached_property
from typing import Any

from lineageql.errors import Forbidden, UsageError
from lineageql.model.callers import Caller

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UNPLACED = ""
"""The pattern that stands for what is in no workspace."""
ANY = "*"
"""The pattern of every workspace; among `who`, whoever is known."""
NOT_KNOWN = "anonymous"
"""Among `who`, whoever is not known."""
GROUP = "group:"
"""What stands before the name of a group among `who`."""
_SPECIAL = re.compile(r"[*?\[]")


class Role(Enum):
    """What a rule lets a caller do."""

    READ = "READ"
    RECORD = "RECORD"
    ADMIN = "ADMIN"


_IMPLIED = {role: frozenset({role}) for role in Role} | {Role.ADMIN: frozenset(Role)}


@dataclass(frozen=True)
class Sight:
    """A part of a store: what is in the workspaces whose names match one of some patterns.

    Attributes:
        patterns: `*` stands for any signs, `?` for one, `[a-z]` for one of these; upper and lower case differ.
            The empty one stands for what is in no workspace. None stands for the whole store.
    """

    patterns: frozenset[str] | None = frozenset()

    @property
    def whole(self) -> bool:
        """Whether it is the whole store."""
        return self.patterns is None

    @property
    def unplaced(self) -> bool:
        """Whether what is in no workspace is among it."""
        return self.patterns is None or UNPLACED in self.patterns

    @cached_property
    def _matches(self) -> re.Pattern[str]:
        return re.compile("|".join(translate(pattern) for pattern in sorted(self.patterns or ()) if pattern) or r"(?!)")

    def holds(self, workspace: str) -> bool:
        """Whether a workspace of this name is among it."""
        return self.patterns is None or self._matches.match(workspace) is not None

    @property
    def beginnings(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names without special signs, and what the names begin with that the other patterns match."""
        named = {pattern for pattern in self.patterns or () if pattern}
        exact = {pattern for pattern in named if not _SPECIAL.search(pattern)}
        return frozenset(exact), frozenset(_SPECIAL.split(pattern, maxsplit=1)[0] for pattern in named - exact)


def sight(patterns: Iterable[str] | None) -> Sight:
    """What some patterns add up to; of `*` and the empty one that is all."""
    found = None if patterns is None else frozenset(patterns)
    return Sight(None if found is not None and {ANY, UNPLACED} <= found else found)


WHOLE = Sight(None)
EVERY_SPACE = Sight(frozenset({ANY}))
NOTHING = Sight()


@dataclass(frozen=True)
class Rights:
    """What one caller may do.

    Attributes:
        sees: what it may read.
        records: where rules let it record; of these places it may where it sees them too.
        roles: the roles that some rule gives it.
        restricted: whether there are rules at all.
    """

    sees: Sight = NOTHING
    records: Sight = NOTHING
    roles: frozenset[Role] = frozenset()
    restricted: bool = True

    @property
    def administers(self) -> bool:
        """Whether it may know where the store is and how it is read."""
        return not self.restricted or Role.ADMIN in self.roles

    @property
    def records_somewhere(self) -> bool:
        """Whether it may record in any place."""
        return self.records.patterns != frozenset() and self.sees.patterns != frozenset()

    @property
    def records_everywhere(self) -> bool:
        """Whether it may record in every place."""
        return self.sees.whole and self.records.whole

    def may_record_in(self, workspace: str | None) -> bool:
        """Whether it may record in a workspace of this name; None stands for what is in none."""
        if workspace is None:
            return self.sees.unplaced and self.records.unplaced
        return self.sees.holds(workspace) and self.records.holds(workspace)

    def check_record(self, workspace: str | None) -> None:
        """Refuses to record in a workspace, whether there is one of the name or not.

        Raises:
            Forbidden: it may not.
        """
        if not self.may_record_in(workspace):
            where = "outside of workspaces" if workspace is None else f"in the workspace {workspace!r}"
            raise Forbidden(f"you may not record {where}")


ALL_RIGHTS = Rights(WHOLE, WHOLE, frozenset(Role), restricted=False)
"""Those of everybody where there is no policy."""


@dataclass(frozen=True)
class Rule:
    """One rule of a policy."""

    who: frozenset[str]
    roles: frozenset[Role]
    workspaces: frozenset[str] | None = None

    def means(self, caller: Caller) -> bool:
        """Whether it is about a caller."""
        if caller.name is None:
            return NOT_KNOWN in self.who
        if ANY in self.who:
            return True
        # Nobody becomes a group, or one who is not known, by a name that is spelt like that.
        own = set() if caller.name.startswith(GROUP) or caller.name == NOT_KNOWN else {caller.name}
        return not self.who.isdisjoint(own | {f"{GROUP}{group}" for group in caller.groups})


@dataclass(frozen=True)
class Policy:
    """The rules of a file."""

    rules: Sequence[Rule] = field(default_factory=tuple)

    def rights_of(self, caller: Caller) -> Rights:
        """What the rules add up to for a caller."""
        mine = [rule for rule in self.rules if rule.means(caller)]
        return Rights(
            _added(rule for rule in mine if Role.READ in rule.roles),
            _added(rule for rule in mine if Role.RECORD in rule.roles),
            frozenset(role for rule in mine for role in rule.roles),
        )

    @property
    def knows_strangers(self) -> bool:
        """Whether a rule is about callers that are not known."""
        return any(NOT_KNOWN in rule.who for rule in self.rules)


def _added(rules: Iterable[Rule]) -> Sight:
    patterns: set[str] = set()
    for rule in rules:
        patterns.update({ANY, UNPLACED} if rule.workspaces is None else rule.workspaces)
    return sight(patterns)


def parse_policy(text: str, source: str) -> Policy:
    """The policy that the text of a file says.

    Args:
        text: TOML.
        source: the file's name, for errors.

    Raises:
        UsageError: it is no TOML, or says what cannot be.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is no TOML: {error}") from None
    for name in found:
        if name != "rule":
            raise UsageError(f"{source} has {name!r}; a policy has nothing but [[rule]]")
    rules = found.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UsageError(f"{source} has a rule that is no table: write [[rule]] before each")
    if not rules:
        raise UsageError(f"{source} has no [[rule]], so nobody may do anything: write who may")
    return Policy(tuple(_rule(rule, f"{source}: rule {place}") for place, rule in enumerate(rules, 1)))


_KEYS = ("who", "roles", "workspaces")


def _rule(said: dict[str, Any], where: str) -> Rule:
    for key in said:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            raise UsageError(f"{where} has {key!r}; it takes {', '.join(_KEYS)}{f': {near[0]}?' if near else ''}")
    who = _texts(said, "who", where)
    for name in who:
        if not name.removeprefix(GROUP):
            raise UsageError(f"{where} names nobody by {name!r} in who")
    known = {role.value: role for role in Role}
    roles: set[Role] = set()
    for name in _texts(said, "roles", where):
        if name not in known:
            raise UsageError(f"{where} gives the role {name!r}; there are {', '.join(known)}")
        roles |= _IMPLIED[known[name]]
    workspaces = frozenset(_texts(said, "workspaces", where)) if "workspaces" in said else None
    return Rule(frozenset(who), frozenset(roles), workspaces)


def _texts(said: dict[str, Any], key: str, where: str) -> list[str]:
    found = said.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(text, str) for text in found):
        raise UsageError(f"{where} needs {key} = [...], a list of texts with at least one")
    return found
