"""The organization that a server's accounts belong to, from a file: SCPs and RCPs by level.

{"accounts": {"123456789012": {
    "scps": [{"target": "root", "policies": [DOCUMENT, …]}, {"target": "ou-prod", "policies": […]}],
    "rcps": [{"target": "root", "policies": […]}],
    "managementAccount": false}}}

Levels go from the root down to the account; every level must allow. What the file says is stored as documents, so that
explanations of earlier requests see the organization of then. A server that is started without the file keeps what is
stored. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from sekisho.edge.commits import Written
from sekisho.policy.validate import PolicyKind, validate
from sekisho.state.world import GLOBAL, Key, Overlay, View

SERVICE, KIND = "organizations", "account"
_MEMBERS = frozenset({"scps", "rcps", "managementAccount"})
_LEVEL = frozenset({"target", "policies"})
_KINDS = {"scps": PolicyKind.SCP, "rcps": PolicyKind.RCP}
Documents = Mapping[str, Mapping[str, Any]]
"""By account."""


def read(path: Path) -> Documents:
    """The file's accounts as documents. Raises ValueError with a message for people, OSError."""
    text = path.read_text(encoding="utf-8")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"{path}: not JSON: {problem}") from None
    try:
        return parse(raw)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def parse(raw: Any) -> Documents:
    """The same of decoded JSON."""
    accounts = raw.get("accounts") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(accounts, dict) or set(raw) != {"accounts"}:
        raise ValueError('expected {"accounts": {"ACCOUNT": {"scps": […], "rcps": […], "managementAccount": false}}}')
    return {account: _account(account, found) for account, found in accounts.items()}


def _account(account: str, raw: Any) -> dict[str, Any]:
    if not (len(account) == 12 and account.isascii() and account.isdigit()):
        raise ValueError(f"accounts.{account}: an account id has twelve digits")
    where = f"accounts.{account}"
    _only(raw, _MEMBERS, where)
    management = raw.get("managementAccount", False)
    if not isinstance(management, bool):
        raise ValueError(f"{where}.managementAccount is true or false")
    return {
        "Scps": _levels(raw.get("scps", []), "scps", where),
        "Rcps": _levels(raw.get("rcps", []), "rcps", where),
        "ManagementAccount": management,
    }


def _levels(raw: Any, member: str, where: str) -> list[dict[str, Any]]:
    if not isinstance(raw, list):
        raise ValueError(f"{where}.{member} is a list of levels, root first")
    found: list[dict[str, Any]] = []
    for number, level in enumerate(raw):
        place = f"{where}.{member}[{number}]"
        _only(level, _LEVEL, place)
        target, policies = level.get("target", f"level {number}"), level.get("policies")
        if not isinstance(target, str) or not isinstance(policies, list):
            raise ValueError(f'{place}: a level is {{"target": "…", "policies": [DOCUMENT, …]}}')
        for index, document in enumerate(policies):
            problem = validate(json.dumps(document), _KINDS[member])
            if problem is not None:
                raise ValueError(f"{place}.policies[{index}]{problem.pointer}: {problem.message}")
        found.append({"Target": target, "Policies": policies})
    return found


def _only(raw: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(raw, dict):
        raise ValueError(f"{where} is an object with {', '.join(sorted(known))}")
    for member in raw:
        if member not in known:
            raise ValueError(f"{where}: unknown member {member}; there are {', '.join(sorted(known))}")


def store(view: View, documents: Documents) -> Generator[Any, Any, Written]:
    """A unit of work that makes the stored organization that of ``documents``, and writes nothing when it is."""
    overlay = Overlay(view)
    for partition in view.partitions():
        if (partition.service, partition.kind) == (SERVICE, KIND):
            for account, _ in list(view.items(partition)):
                if account not in documents:
                    overlay.delete(Key(*partition, account))
    for account, document in documents.items():
        key = Key(account, GLOBAL, SERVICE, KIND, account)
        if view.get(key) != document:
            overlay.put(key, document)
    return Written(overlay)
    yield
