"""The request context of both planes: global condition keys, read when a policy's condition asks for them.

Theory of operation. A ``CallerContext`` stores references and computes nothing. Policies rarely look at more than two
or three keys, so each key is a row of ``READERS``: a function from the context to the value, or to None when AWS
leaves the key out of such a request. An absent key stays absent; it is never an empty string, because ``Null``,
``...IfExists`` and negated operators tell the two apart. ``extra`` holds what the caller of this class knows beyond
the principal and the connection (``aws:SourceArn``, ``aws:RequestTag/*``, ``lambda:*``, ``sts:*`` …) and wins over
the rows.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sekisho.config.identities import Principal
from sekisho.kit.instants import iso
from sekisho.policy.request import SubjectKind, Value

NO_EXTRA: Final[Mapping[str, Value]] = {}

_PRINCIPAL_TAG: Final = "aws:principaltag/"

_PRINCIPAL_TYPES: Final[Mapping[SubjectKind, str]] = {
    SubjectKind.ROOT: "Account",
    SubjectKind.USER: "User",
    SubjectKind.ROLE_SESSION: "AssumedRole",
    SubjectKind.FEDERATED_USER: "FederatedUser",
    SubjectKind.ANONYMOUS: "Anonymous",
}
"""``aws:PrincipalType``. Services and web identities have none.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable"""


class CallerContext:
    """Condition keys of one request made by ``principal``; satisfies ``policy.request.Context``."""

    __slots__ = ("extra", "now", "principal", "referer", "region", "secure", "source_ip", "user_agent")

    def __init__(
        self,
        principal: Principal,
        now: float,
        source_ip: str,
        secure: bool = True,
        user_agent: str | None = None,
        referer: str | None = None,
        region: str = "",
        extra: Mapping[str, Value] = NO_EXTRA,
    ) -> None:
        """``now`` in epoch seconds; empty ``source_ip`` or ``region``, and None, mean the key is absent;
        the keys of ``extra`` are in lower case."""
        self.principal = principal
        self.now = now
        self.source_ip = source_ip
        self.secure = secure
        self.user_agent = user_agent
        self.referer = referer
        self.region = region
        self.extra = extra

    def get(self, key: str) -> Value | None:
        """The value of ``key`` (lower case), or None when the request does not have it."""
        found = self.extra.get(key)
        if found is not None:
            return found
        reader = READERS.get(key)
        if reader is not None:
            return reader(self)
        if key.startswith(_PRINCIPAL_TAG):
            return _principal_tag(self.principal.tags, key[len(_PRINCIPAL_TAG) :])
        return None


def _principal_tag(tags: Mapping[str, str], name: str) -> str | None:
    """Tag keys in condition keys are compared without regard to case; ``name`` is in lower case."""
    found = tags.get(name)
    if found is not None:
        return found
    for key, value in tags.items():
        if key.lower() == name:
            return value
    return None


def _principal_account(context: CallerContext) -> str | None:
    subject = context.principal.subject
    if subject.kind is SubjectKind.ANONYMOUS:
        return "anonymous"
    return subject.account or None


def _username(context: CallerContext) -> str | None:
    principal = context.principal
    return principal.name or None if principal.subject.kind is SubjectKind.USER else None


def _service_name(context: CallerContext) -> str | None:
    subject = context.principal.subject
    return subject.arn if subject.kind is SubjectKind.SERVICE else None


def _is_service(context: CallerContext) -> str | None:
    kind = context.principal.subject.kind
    if kind is SubjectKind.ANONYMOUS:
        return None
    return "true" if kind is SubjectKind.SERVICE else "false"


def _token_issue_time(context: CallerContext) -> str | None:
    issued = context.principal.issued_at
    return iso(issued) if issued else None


def _mfa_present(context: CallerContext) -> str | None:
    mfa = context.principal.mfa
    return None if mfa is None else "true" if mfa else "false"


def _mfa_age(context: CallerContext) -> str | None:
    principal = context.principal
    return str(int(context.now - principal.issued_at)) if principal.mfa and principal.issued_at else None


READERS: Final[Mapping[str, Callable[[CallerContext], Value | None]]] = {
    "aws:currenttime": lambda c: iso(c.now),
    "aws:epochtime": lambda c: str(int(c.now)),
    "aws:multifactorauthage": _mfa_age,
    "aws:multifactorauthpresent": _mfa_present,
    "aws:principalaccount": _principal_account,
    "aws:principalarn": lambda c: c.principal.subject.principal_arn or None,
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": _service_name,
    "aws:principaltype": lambda c: _PRINCIPAL_TYPES.get(c.principal.subject.kind),
    "aws:referer": lambda c: c.referer,
    "aws:requestedregion": lambda c: c.region or None,
    "aws:securetransport": lambda c: "true" if c.secure else "false",
    "aws:sourceidentity": lambda c: c.principal.source_identity or None,
    "aws:sourceip": lambda c: c.source_ip or None,
    "aws:tokenissuetime": _token_issue_time,
    "aws:useragent": lambda c: c.user_agent,
    "aws:userid": lambda c: c.principal.subject.unique_id or None,
    "aws:username": _username,
    "aws:viaawsservice": lambda c: "false",
}
"""Condition key in lower case → how it is read. One row per key that AWS puts into requests made directly."""
