"""STS's documents: region ``GLOBAL`` of the account that owns the session, service ``sts``. Times are epoch seconds."""

from __future__ import annotations

from typing import TypedDict


class SessionRecord(TypedDict):
    """kind ``session``, id = access key id (``ASIA…``)."""

    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: float
    IssuedAt: float
    Kind: str
    """``role`` (AssumeRole), ``federated`` (GetFederationToken), ``user`` (GetSessionToken of a user or the root)."""
    Arn: str
    """``arn:aws:sts::…:assumed-role/R/S``, ``…:federated-user/n``, or the user's own ARN."""
    UserId: str
    """``AROA…:session``, ``account:name``, ``AIDA…``, or the account id for the root."""
    IssuerArn: str
    """The role's ARN (with its path), or the ARN of the user (or root) that called."""
    IssuerId: str
    """Unique id of the role or user: a deleted and recreated one does not revive its sessions."""
    SessionName: str
    Policies: list[str] | None
    """Session policy documents (inline first, then managed ones as text); None when none were passed."""
    Tags: dict[str, str]
    TransitiveTags: list[str]
    SourceIdentity: str
    Mfa: bool
