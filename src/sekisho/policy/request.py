"""The question the policy engine answers: may this principal do this action on this resource, in this context?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, auto
from typing import Final, NamedTuple, Protocol

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


EMPTY_CONTEXT: Final = MappingContext({})


class SubjectKind(IntEnum):
    """Kinds of principal; integers, because decisions index tables with them.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """

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
    """The ARN the request is made as (user, ``assumed-role/R/S``, ``federated-user/n``, root); name of a service;
    provider ARN or host for web identities; empty for the anonymous."""
    issuer_arn: str = ""
    """For role sessions the role's ARN with its path, for federated users that of the user that called; else empty."""
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


ANONYMOUS: Final = Subject(SubjectKind.ANONYMOUS, "", "", unique_id="anonymous")


def service_subject(name: str) -> Subject:
    """An AWS service calling as itself, such as ``apigateway.amazonaws.com``."""
    return Subject(SubjectKind.SERVICE, "", name)


class Question:
    """One authorization question; together with the policies it is all a decision depends on. Immutable by custom: a
    plain class, because one is made for every request."""

    __slots__ = ("action", "context", "resource", "resource_account", "subject")

    def __init__(
        self, subject: Subject, action: str, resource: str, resource_account: str, context: Context = EMPTY_CONTEXT
    ) -> None:
        self.subject = subject
        self.action = action
        """``service:Name``."""
        self.resource = resource
        """An ARN, or ``*`` for actions without resources."""
        self.resource_account = resource_account
        """The account that owns the resource, 12 digits."""
        self.context = context

    def about(
        self,
        *,
        subject: Subject | None = None,
        resource: str | None = None,
        resource_account: str | None = None,
        context: Context | None = None,
    ) -> Question:
        """The same question with other members."""
        return Question(
            self.subject if subject is None else subject,
            self.action,
            self.resource if resource is None else resource,
            self.resource_account if resource_account is None else resource_account,
            self.context if context is None else context,
        )


def subject_from(principal: str, account: str = "", service_linked: bool = False) -> Subject:
    """The subject that a bare ARN, service name or identity provider stands for, with what can be told from the text.

    An empty text is the anonymous. A role session's role is taken to have no path, a federated user to carry the name
    of the user that called GetFederationToken; who knows better builds the ``Subject`` itself.
    """
    if not principal or principal == "*":
        return ANONYMOUS
    fields = principal.split(":", 5)
    if len(fields) != 6 or fields[0] != "arn":
        kind = SubjectKind.SERVICE if _is_service_name(principal) else SubjectKind.WEB_IDENTITY
        return Subject(kind, "", principal)
    partition, owner, resource = fields[1], account or fields[4], fields[5]
    kind_name, _, name = resource.partition("/")
    iam = f"arn:{partition}:iam::{owner}"
    if resource == "root":
        return Subject(SubjectKind.ROOT, owner, principal, unique_id=owner)
    if kind_name == "assumed-role":
        issuer = f"{iam}:role/{name.partition('/')[0]}"
        return Subject(SubjectKind.ROLE_SESSION, owner, principal, issuer, service_linked=service_linked)
    if kind_name == "role":
        return Subject(SubjectKind.ROLE_SESSION, owner, principal, principal, service_linked=service_linked)
    if kind_name == "federated-user":
        return Subject(SubjectKind.FEDERATED_USER, owner, principal, f"{iam}:user/{name}", f"{owner}:{name}")
    if kind_name in ("oidc-provider", "saml-provider"):
        return Subject(SubjectKind.WEB_IDENTITY, owner, principal)
    return Subject(SubjectKind.USER, owner, principal)


_IDENTITY_HOSTS: Final = frozenset({"cognito-identity.amazonaws.com", "www.amazon.com"})


def _is_service_name(text: str) -> bool:
    return text.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")) and text not in _IDENTITY_HOSTS
