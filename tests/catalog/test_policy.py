"""What a policy says, what its rules add up to, and how a file of one is watched."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from lineageql import watched_file
from lineageql.errors import Forbidden, UsageError
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.model.rights import WHOLE, Rights, Role, parse_policy
from tests.demo import demo_store, lineageql
from tests.service import serving

ANN = Caller("ann", frozenset({"fraud-team"}))
RULE = '[[rule]]\nwho = ["ann"]\nroles = ["READ"]\n'


def rights(text: str, caller: Caller = ANN) -> Rights:
    return parse_policy(text, "policy.toml").rights_of(caller)


def test_rules_add_up() -> None:
    found = rights(
        """
        [[rule]]
        who = ["ann", "bob"]
        roles = ["READ"]
        workspaces = ["fraud-*", "[a-c]?"]
        [[rule]]
        who = ["group:fraud-team"]
        roles = ["RECORD"]
        workspaces = ["fraud-1", "other"]
        [[rule]]
        who = ["bob"]
        roles = ["ADMIN"]
        """
    )
    for name, seen in (
        ("fraud-", True),
        ("fraud-x", True),
        ("bx", True),
        ("Fraud-x", False),
        ("b", False),
        ("", False),
    ):
        assert found.sees.holds(name) is seen, name
    assert found.may_record_in("fraud-1")
    # It is not seen.
    assert not found.may_record_in("other")
    assert not found.may_record_in("fraud-2")
    with pytest.raises(Forbidden, match="outside of workspaces"):
        found.check_record(None)
    assert (found.roles, found.administers) == ({Role.READ, Role.RECORD}, False)


def test_everything_is_what_is_in_any_workspace_and_in_none() -> None:
    whole = rights(RULE)
    assert whole.sees == WHOLE == rights(f'{RULE}workspaces = ["*", ""]\n').sees
    spaces = rights(f'{RULE}workspaces = ["*"]\n').sees
    assert (spaces.whole, spaces.unplaced, spaces.holds("any")) == (False, False, True)
    admin = rights(RULE.replace("READ", "ADMIN"))
    assert (admin.roles, admin.records_everywhere, admin.administers) == (set(Role), True, True)


@pytest.mark.parametrize(
    ("who", "means"),
    [
        ('"*"', (True, False, True)),
        ('"anonymous"', (False, True, False)),
        ('"group:fraud-team"', (True, False, False)),
        ('"ann"', (True, False, False)),
        ('"fraud-team"', (False, False, False)),
    ],
)
def test_who_a_rule_is_about(who: str, means: tuple[bool, ...]) -> None:
    text = RULE.replace('"ann"', who)
    # Nobody is taken for a group, or for whoever is known, by a name that is spelt like these.
    odd = [Caller(name) for name in ("group:fraud-team", "anonymous")]
    callers = (ANN, ANONYMOUS, Caller("eve"))
    assert tuple(bool(rights(text, caller).roles) for caller in callers) == means
    assert all(bool(rights(text, caller).roles) is (who == '"*"') for caller in odd)


WRONG = {
    "no TOML": ("who = ", "is no TOML"),
    "nothing": ("", "no \\[\\[rule\\]\\]"),
    "another table": ("[[rules]]\n", "has 'rules'"),
    "a table": ("[rule]\n", "a rule that is no table"),
    "a misspelt key": (f'{RULE}workspace = ["a"]\n', "rule 1 has 'workspace'.*workspaces\\?"),
    "nobody": (RULE.replace('["ann"]', "[]"), "needs who"),
    "a text": (RULE.replace('["ann"]', '"ann"'), "needs who"),
    "no name": (RULE.replace("ann", ""), "names nobody"),
    "a group without a name": (RULE.replace("ann", "group:"), "names nobody"),
    "an unknown role": (f"{RULE}{RULE.replace('READ', 'WRITE')}", "rule 2 gives the role 'WRITE'"),
    "no roles": ('[[rule]]\nwho = ["ann"]\n', "needs roles"),
    "no patterns": (f"{RULE}workspaces = []\n", "needs workspaces"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_a_policy_cannot_say(what: str) -> None:
    text, words = WRONG[what]
    with pytest.raises(UsageError, match=f"^policy.toml.*{words}"):
        parse_policy(text, "policy.toml")


async def test_a_changed_policy_counts_and_a_wrong_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watched_file, "LOOK", 0.0)
    path, policy = tmp_path / "demo.db", tmp_path / "policy.toml"
    path.write_bytes(demo_store())
    rule = '[[rule]]\nwho = ["anonymous"]\nroles = ["READ"]\nworkspaces = ["{}"]\n'
    policy.write_text(rule.format("charge*"))

    async def seen(service: Any) -> list[str]:
        found = await service.data("{ workspaces { nodes { name } } }")
        return [node["name"] for node in found["workspaces"]["nodes"]]

    async with serving(path, read_only=True, policy=str(policy)) as service:
        assert await seen(service) == ["chargebacks"]
        policy.write_text(rule.format("mnist-tutorial"))
        assert await seen(service) == ["mnist-tutorial"]
        with caplog.at_level(logging.ERROR, "lineageql"):
            policy.write_text("[[rule")
            assert await seen(service) == ["mnist-tutorial"]
            policy.unlink()
            assert await seen(service) == ["mnist-tutorial"]
        assert "STILL COUNTS" in caplog.text
    with pytest.raises(UsageError, match="cannot read"):
        async with serving(path, read_only=True, policy=str(policy)):
            pass


def test_a_policy_about_known_callers_needs_a_way_to_know_them(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(RULE)
    said = lineageql("serve", str(tmp_path / "none.db"), "--policy", str(path), "--port", "0", code=2)
    assert "nothing says who asks: give --auth-tokens" in said
