"""Every access key: the root's, users' long-term ones, and those of sessions.

Theory of operation. Long-term keys are part of the snapshot. Sessions live here, beside it: assuming a role publishes
nothing. What is kept of a session is its document; the principal it makes depends on the role or user it was issued
from, *as the snapshot has it*, and is made on first use and kept until that role or user is compiled anew. A session
whose issuer was deleted, or deleted and created again under the same name, is unknown, as on AWS.

The documents are those of STS (kind ``session``): ``note`` them when they are committed, ``load`` them at start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

from sekisho.config.identities import AccessKey, Identities, Levels, Principal, Role, User
from sekisho.config.snapshot import Snapshot
from sekisho.kit.arn import iam_arn
from sekisho.policy.combine import NO_POLICIES, PolicyStack
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.request import Subject, SubjectKind

SERVICE: Final = "sts"
KIND: Final = "session"


@cache
def _everything() -> CompiledPolicy:
    """What a federated user of the root is limited from: the root has no policies of its own."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return compile_policy({"Version": "2012-10-17", "Statement": statement}, name="the rights of the root user")


class DocumentKey(Protocol):
    """The parts of a document's key that are read here."""

    @property
    def account(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> str: ...


class Documents(Protocol):
    """Where committed documents are read from at start."""

    def partitions(self) -> Iterator[Any]: ...
    def items(self, partition: Any, /) -> Iterator[tuple[str, Mapping[str, Any]]]: ...


class _Session(NamedTuple):
    account: str
    document: Mapping[str, Any]


class _Root(NamedTuple):
    """The issuer of sessions that a root user asked for. Nothing about it changes but its organization."""

    account: str
    levels: Levels | None


class _Made(NamedTuple):
    """A session's key, and the compiled role or user it was made from."""

    # Not object: mypyc cannot compile that in a NamedTuple.
    issuer: Any
    key: AccessKey


class Sessions:
    """Finds credentials by access key id; satisfies ``gateway.exchange.Keyring``.

    A root key pair is given at construction and belongs to ``account``. Any twelve digits used as an access key id,
    with the root's secret, are the root of the account of that number, so that several accounts need no set-up.
    """

    __slots__ = ("_made", "_root", "_root_secret", "_sessions")

    def __init__(self, root_id: str, root_secret: str, account: str) -> None:
        self._root_secret = root_secret
        self._root: dict[str, AccessKey] = {root_id: self._root_key(root_id, account)}
        self._sessions: dict[str, _Session] = {}
        self._made: dict[str, _Made] = {}

    def load(self, documents: Documents) -> None:
        """Take in every session there is."""
        for partition in documents.partitions():
            if partition.service == SERVICE and partition.kind == KIND:
                for id_, document in documents.items(partition):
                    self._sessions[id_] = _Session(partition.account, document)

    def note(self, changes: Iterable[tuple[DocumentKey, Mapping[str, Any] | None]]) -> None:
        """Take in committed changes; those that are not of sessions are passed over."""
        for key, document in changes:
            if key.service != SERVICE or key.kind != KIND:
                continue
            self._made.pop(key.id, None)
            if document is None:
                self._sessions.pop(key.id, None)
            else:
                self._sessions[key.id] = _Session(key.account, document)

    def clear(self) -> None:
        """Forget every session."""
        self._sessions.clear()
        self._made.clear()

    def find(self, access_key_id: str, snapshot: Snapshot) -> AccessKey | None:
        """The credential, active or not, expired or not; None when it is unknown."""
        found = snapshot.identities.keys.get(access_key_id)
        if found is not None:
            return found
        found = self._root.get(access_key_id)
        if found is not None:
            return _limited(found, snapshot.identities)
        session = self._sessions.get(access_key_id)
        if session is not None:
            return self._of_session(access_key_id, session, snapshot.identities)
        if len(access_key_id) == 12 and access_key_id.isascii() and access_key_id.isdigit():
            return _limited(self._root_key(access_key_id, access_key_id), snapshot.identities)
        return None

    def _root_key(self, id_: str, account: str) -> AccessKey:
        return AccessKey(id_, self._root_secret, root_principal(account))

    def _of_session(self, id_: str, session: _Session, identities: Identities) -> AccessKey | None:
        document = session.document
        issuer = _issuer(session, identities)
        if issuer is None:
            return None
        made = self._made.get(id_)
        if made is not None and (made.issuer is issuer or (isinstance(issuer, _Root) and made.issuer == issuer)):
            return made.key
        key = AccessKey(
            id=id_,
            secret=document["SecretAccessKey"],
            principal=_principal(session, issuer),
            session_token=document["SessionToken"],
            expires_at=document["Expiration"],
        )
        self._made[id_] = _Made(issuer, key)
        return key


def _limited(key: AccessKey, identities: Identities) -> AccessKey:
    """The root's key, with the levels of its account: SCPs bind the root of a member account as well."""
    above = identities.levels.get(key.principal.account)
    if above is None:
        return key
    return replace(key, principal=replace(key.principal, stack=_root_stack(above)))


def _root_stack(levels: Levels | None) -> PolicyStack:
    """A root user has no policies, but its account's levels."""
    return NO_POLICIES if levels is None else PolicyStack(scps=levels.scps, rcps=levels.rcps)


def root_principal(account: str) -> Principal:
    """The root user of an account."""
    return Principal(Subject(SubjectKind.ROOT, account, iam_arn(account, "root"), unique_id=account), NO_POLICIES)


def _issuer(session: _Session, identities: Identities) -> Role | User | _Root | None:
    """Whom the session was issued from, if that very one still exists."""
    document = session.document
    arn, unique_id = document["IssuerArn"], document["IssuerId"]
    if document["Kind"] == "role":
        role = identities.roles.get(arn)
        return role if role is not None and role.unique_id == unique_id else None
    if arn == iam_arn(session.account, "root"):
        return _Root(session.account, identities.levels.get(session.account))
    user = identities.users.get(arn)
    return user if user is not None and user.unique_id == unique_id else None


def _principal(session: _Session, issuer: Role | User | _Root) -> Principal:
    if isinstance(issuer, Role):
        return _role_session(session.document, issuer)
    if session.document["Kind"] == "federated":
        return _federated_user(session, issuer)
    return _user_session(session.document, issuer)


def _session_policies(document: Mapping[str, Any]) -> tuple[CompiledPolicy, ...] | None:
    texts = document["Policies"]
    if texts is None:
        return None
    name = document["SessionName"]
    return tuple(compile_policy(text, name=f"session policy of session '{name}'") for text in texts)


def _role_session(document: Mapping[str, Any], role: Role) -> Principal:
    subject = Subject(
        SubjectKind.ROLE_SESSION, role.account, document["Arn"], role.arn, document["UserId"], role.service_linked
    )
    stack = PolicyStack(
        identity=role.stack.identity,
        boundary=role.stack.boundary,
        session=_session_policies(document),
        scps=role.stack.scps,
        rcps=role.stack.rcps,
        endpoint=role.stack.endpoint,
    )
    return Principal(
        subject=subject,
        stack=stack,
        name=document["SessionName"],
        tags=merged_tags(role.tags, document["Tags"]),
        source_identity=document["SourceIdentity"],
        issued_at=document["IssuedAt"],
        # AssumeRole without MFA carries the key with false; only long-term credentials lack it.
        mfa=document["Mfa"],
        transitive_tags=frozenset(key.lower() for key in document["TransitiveTags"]),
    )


def _federated_user(session: _Session, issuer: Role | User | _Root) -> Principal:
    document = session.document
    if isinstance(issuer, User):
        own = issuer.principal.stack
    else:
        own = replace(_root_stack(issuer.levels if isinstance(issuer, _Root) else None), identity=(_everything(),))
    stack = PolicyStack(
        identity=own.identity,
        boundary=own.boundary,
        # Without a session policy a federated user may do nothing but what resource policies give it.
        session=_session_policies(document) or (),
        scps=own.scps,
        rcps=own.rcps,
        endpoint=own.endpoint,
    )
    subject = Subject(
        SubjectKind.FEDERATED_USER, session.account, document["Arn"], document["IssuerArn"], document["UserId"]
    )
    return Principal(
        subject=subject,
        stack=stack,
        name=document["SessionName"],
        tags=merged_tags(issuer.principal.tags if isinstance(issuer, User) else {}, document["Tags"]),
        issued_at=document["IssuedAt"],
        mfa=document["Mfa"],
    )


def _user_session(document: Mapping[str, Any], issuer: Role | User | _Root) -> Principal:
    """GetSessionToken: the same user or root, with temporary credentials."""
    own = issuer.principal if isinstance(issuer, User) else root_principal(issuer.account)
    if isinstance(issuer, _Root) and issuer.levels is not None:
        own = replace(own, stack=_root_stack(issuer.levels))
    return Principal(own.subject, own.stack, own.name, own.tags, issued_at=document["IssuedAt"], mfa=document["Mfa"])


def merged_tags(own: Mapping[str, str], session: Mapping[str, str]) -> dict[str, str]:
    """Session tags override the role's or user's; keys are compared without regard to case.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    given = {key.lower() for key in session}
    return {key: value for key, value in own.items() if key.lower() not in given} | dict(session)
