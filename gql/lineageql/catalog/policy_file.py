"""The file of a policy, which is read again when it changes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lineageql.errors import UsageError
from lineageql.model.rights import Policy, parse_policy
from lineageql.settings import Settings
from lineageql.watched_file import WatchedFile


def policy_file(settings: Settings, *, over_mlmd: bool = False) -> WatchedFile[Policy] | None:
    """What says who may do what; None where the settings name no file.

    Args:
        settings: which file.
        over_mlmd: whether MLMD's gRPC service is served too. It knows no rights, so then only a policy counts that lets
            whoever can call it record everywhere.

    Raises:
        UsageError: the file cannot be read, or says what cannot be.
    """
    if not settings.policy:
        return None
    path = Path(settings.policy)
    strangers = not (settings.auth_tokens or settings.auth_issuer)
    parse = partial(_open_policy, strangers=strangers) if over_mlmd else parse_policy
    return WatchedFile(path, partial(parse, source=str(path)))


def _open_policy(text: str, source: str, *, strangers: bool) -> Policy:
    policy = parse_policy(text, source)
    if not policy.lets_all_record(strangers=strangers):
        who = '"*", "anonymous"' if strangers else '"*"'
        raise UsageError(
            f"{source} does not let everybody record everywhere, and MLMD's gRPC service knows no rights: do without "
            f'that service, or write a rule with who = [{who}] and roles = ["READ", "RECORD"]'
        )
    return policy
