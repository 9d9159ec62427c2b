"""The question the policy engine answers: may this principal do this action on this resource, in this context?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple, Protocol

Value = str | tuple[str, ...]
"""What a condition key holds: one string, or several for multivalued keys."""


class Context(Protocol):
    """Condition keys, read when a condition asks for them. An absent key is absent, not empty."""

    def get(self, key: str) -> Value | None:
        """The value of ``key``, which is given in lower case (``aws:sourceip``, ``aws:principaltag/team``)."""
        ...


class MappingContext:
    """Condition keys from a mapping; names are compared without regard to case."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, str | tuple[str, ...] | list[str]]) -> None:
        self.values: dict[str, Value] = {
            key.lower(): tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }

    def get(self, key: str) -> Value | None:
        return self.values.get(key)


EMPTY_CONTEXT = MappingContext({})


class SubjectKind(Enum):
    """Kinds of principal. Source: facts of IAM's reference_policies_elements_principal.html."""

    ROOT = auto()
    USER = auto()
    ROLE_SESSION = auto()
    FEDERATED_USER = auto()
    SERVICE = auto()
    WEB_IDENTITY = auto()
    ANONYMOUS = auto()


class Subject(NamedTuple):
    """Who asks, as ``Principal`` elements and messages see it."""

    kind: SubjectKind
    account: str
    """12 digits; empty for services and the anonymous."""
    arn: str
    """The ARN the request is made as (user, ``assumed-role/R/S``, ``federated-user/n``, root); service name for services;
    provider ARN or host for web identities; empty for the anonymous."""
    issuer_arn: str = ""
    """For role sessions the role's ARN with its path, for federated users the ARN of the user that called; else empty."""
    unique_id: str = ""
    """``AIDA…``, ``AROA…:session``, the account id of root; ``anonymous`` for nobody."""
    service_linked: bool = False

    @property
    def principal_arn(self) -> str:
        """``aws:PrincipalArn``: the role's ARN for role sessions, else the ARN itself; empty when the key is absent."""
        if self.kind is SubjectKind.ROLE_SESSION:
            return self.issuer_arn
        if self.kind in (SubjectKind.SERVICE, SubjectKind.ANONYMOUS):
            return ""
        return self.arn


ANONYMOUS = Subject(SubjectKind.ANONYMOUS, "", "", unique_id="anonymous")


def service_subject(name: str) -> Subject:
    """An AWS service calling as itself, such as ``apigateway.amazonaws.com``."""
    return Subject(SubjectKind.SERVICE, "", name)


class Question(NamedTuple):
    """One authorization question; together with the policies it is all a decision depends on."""

    subject: Subject
    action: str
    """``service:Name``."""
    resource: str
    """An ARN, or ``*`` for actions without resources."""
    resource_account: str
    """The account that owns the resource, 12 digits."""
    context: Context = EMPTY_CONTEXT
