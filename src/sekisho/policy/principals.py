"""Whether, and how closely, a ``Principal`` element names a subject.

How closely matters: a resource policy that names a session takes the place of more of the caller's own policies than
one that names its role, and naming the account only delegates (see ``combine``).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sekisho.policy.ast import Principals
from sekisho.policy.request import Subject, SubjectKind


class Match(IntEnum):
    """How an element names the subject, loosest first."""

    NONE = 0
    ACCOUNT = 1
    """By its account: access is delegated to the account's own policies."""
    ISSUER = 2
    """A role session by its role, a federated user by the user that called GetFederationToken."""
    DIRECT = 3
    """By its own ARN or service name, or as anybody."""


# Looking a member up in an enumeration takes longer than comparing it.
_DIRECT: Final = Match.DIRECT
_SERVICE: Final = SubjectKind.SERVICE
_NAMED: Final = {SubjectKind.SERVICE: "service", SubjectKind.WEB_IDENTITY: "federated"}


class CompiledPrincipals:
    """A ``Principal`` or ``NotPrincipal`` element, as sets."""

    __slots__ = ("_accounts", "_anybody", "_everyone", "_federated", "_names", "_roles", "_services")

    def __init__(self, principals: Principals) -> None:
        self._everyone = principals.everyone
        self._anybody = principals.everyone or "*" in principals.aws
        self._accounts = frozenset(account for name in principals.aws if (account := account_of(name)))
        self._names = frozenset(name for name in principals.aws if name != "*" and not account_of(name))
        self._roles = frozenset(role for name in self._names if (role := role_of(name)))
        self._services = frozenset(name.lower() for name in principals.service)
        self._federated = frozenset(principals.federated)

    def level(self, subject: Subject) -> Match:
        """How closely the element names ``subject``."""
        kind = subject.kind
        if kind is _SERVICE:
            return _DIRECT if subject.arn.lower() in self._services or self._anybody else Match.NONE
        if kind is SubjectKind.WEB_IDENTITY:
            # {"AWS": "*"} means IAM's principals and nobody; identity providers are named or "*" alone.
            named = subject.arn in self._federated or "*" in self._federated
            return Match.DIRECT if named or self._everyone else Match.NONE
        if self._anybody:
            return Match.DIRECT
        if kind is SubjectKind.ANONYMOUS:
            return Match.NONE
        if subject.arn in self._names or (subject.unique_id and subject.unique_id in self._names):
            return Match.DIRECT
        if self._names and self._names_issuer(subject):
            return Match.ISSUER
        if subject.account in self._accounts:
            return Match.DIRECT if kind is SubjectKind.ROOT else Match.ACCOUNT
        return Match.NONE

    def _names_issuer(self, subject: Subject) -> bool:
        if subject.issuer_arn and subject.issuer_arn in self._names:
            return True
        if subject.kind is not SubjectKind.ROLE_SESSION:
            return False
        # The session's ARN has lost the role's path, so roles compare by account and name, which are unique.
        if self._roles and session_role(subject.arn) in self._roles:
            return True
        unique_id = subject.unique_id.partition(":")[0]
        return bool(unique_id) and unique_id in self._names

    def spares(self, subject: Subject) -> bool:
        """Whether a ``Deny`` with this as ``NotPrincipal`` leaves ``subject`` alone. AWS looks at everything the
        subject is: a user and its account, a session, its role and its account; what is not listed is denied."""
        level = self.level(subject)
        if level is Match.NONE or self._anybody or subject.kind in _NAMED or subject.kind is SubjectKind.ROOT:
            return level is not Match.NONE
        listed = subject.account in self._accounts and subject.arn in self._names
        if subject.kind is SubjectKind.ROLE_SESSION:
            return listed and self._names_issuer(subject)
        return listed


def account_of(name: str) -> str:
    """The account that ``name`` (``111122223333`` or ``arn:aws:iam::111122223333:root``) stands for; else empty."""
    if len(name) == 12 and name.isdigit():
        return name
    if name.endswith(":root") and name.startswith("arn:"):
        fields = name.split(":")
        if len(fields) == 6 and fields[2] == "iam":
            return fields[4]
    return ""


def role_of(name: str) -> tuple[str, str] | None:
    """(account, role name) of a role's ARN."""
    fields = name.split(":", 5)
    if len(fields) != 6 or fields[2] != "iam" or not fields[5].startswith("role/"):
        return None
    return fields[4], fields[5].rpartition("/")[2]


def session_role(arn: str) -> tuple[str, str] | None:
    """(account, role name) of a role session's ARN."""
    fields = arn.split(":", 5)
    if len(fields) != 6 or not fields[5].startswith("assumed-role/"):
        return None
    return fields[4], fields[5].split("/", 2)[1]
