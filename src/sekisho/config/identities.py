"""Principals, access keys and roles, compiled: what both planes are judged by.

Users, roles and their policies are compiled when they change and replaced by reference. Sessions live beside the
snapshot (``Sessions``): assuming a role publishes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.request import Subject


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who can ask: a user, the root, a role session, a federated user, a service, or nobody."""

    subject: Subject
    stack: PolicyStack
    """The policies on the principal's own side: identity, boundary, session, SCPs."""
    name: str = ""
    """User name (``aws:username``), role session name, service name."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """``aws:PrincipalTag/*``; session tags override the role's."""
    source_identity: str = ""
    issued_at: float = 0.0
    """When temporary credentials were issued (``aws:TokenIssueTime``); 0 for long-term ones."""
    mfa: bool | None = None
    """``aws:MultiFactorAuthPresent``; None when the key is absent (long-term keys)."""
    transitive_tags: frozenset[str] = frozenset()
    """Keys of session tags that sessions assumed from this one inherit, in lower case."""

    @property
    def account(self) -> str:
        return self.subject.account


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A credential that can sign."""

    id: str
    secret: str
    principal: Principal
    active: bool = True
    session_token: str = ""
    """Must accompany requests when not empty."""
    expires_at: float = 0.0
    """Epoch seconds; 0: never."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role that can be assumed."""

    arn: str
    unique_id: str
    """``AROA…``."""
    account: str
    name: str
    trust: CompiledPolicy
    stack: PolicyStack
    """Identity policies and boundary, as its sessions carry them."""
    tags: Mapping[str, str] = field(default_factory=dict)
    max_session: int = 3600
    service_linked: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user with its own and its groups' policies."""

    arn: str
    unique_id: str
    """``AIDA…``."""
    account: str
    name: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class Levels:
    """What an organization lays over one account: levels, root first, each a set of policies."""

    scps: tuple[tuple[CompiledPolicy, ...], ...] = ()
    """They bind the account's principals; empty for the management account."""
    rcps: tuple[tuple[CompiledPolicy, ...], ...] = ()
    """They bind access to the account's resources."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Everything compiled about IAM. Replaced whole; lookups are dictionary reads."""

    users: Mapping[str, User]
    """By ARN."""
    roles: Mapping[str, Role]
    """By ARN."""
    keys: Mapping[str, AccessKey]
    """Long-term access keys by id."""
    ids: Mapping[str, str]
    """Unique id (``AIDA…``, ``AROA…``) → ARN, for those that exist."""
    managed: Mapping[str, CompiledPolicy] = field(default_factory=dict)
    """Default versions of managed policies by ARN, AWS's own included; stacks share them by reference."""
    levels: Mapping[str, Levels] = field(default_factory=dict)
    """By account; accounts that are in no organization are missing."""

    def stack_at(self, stack: PolicyStack, account: str) -> PolicyStack:
        """``stack`` as it asks about resources of ``account``: RCPs are those of the resource's account."""
        rcps = self.levels[account].rcps if account in self.levels else ()
        return stack if stack.rcps == rcps else replace(stack, rcps=rcps)


NO_IDENTITIES: Final = Identities({}, {}, {}, {})
