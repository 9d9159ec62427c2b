"""IAM's documents → compiled users, roles and access keys.

Theory of operation. Managed policies compile once, by ARN, and every stack that has them shares them by reference;
AWS's own are compiled when everything is. After a change, ``_Touched`` works out who depends on what changed: a user on
its own record and its groups, everybody on the managed policies attached to them, an access key on its user, a role's
trust on the users and roles it names. Only those are compiled again; whoever did not change stays the same object,
which lets others memoise by identity.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache, partial
from typing import Any

from sekisho.config.identities import AccessKey, Identities, Levels, Principal, Role, User
from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.request import Subject, SubjectKind
from sekisho.publish.isolation import compiled_or, forbidding
from sekisho.services.iam.aws_managed import AWS_MANAGED
from sekisho.services.iam.records import current_trust
from sekisho.state.world import GLOBAL, Document, Key, View

SERVICE_LINKED_PATH = "/aws-service-role/"


def identities(view: View, changed: Collection[Key] | None, previous: Identities) -> Identities:
    """Everything compiled about IAM in ``view``; what ``changed`` does not touch is kept from ``previous``."""
    if changed is None or any(key.service == "organizations" for key in changed):
        return _compile_all(view)
    keys = [key for key in changed if key.service == "iam"]
    if not keys:
        return previous
    touched = _Touched(view, keys)
    managed = dict(previous.managed)
    for arn in touched.policies:
        _put(managed, arn, _managed_policy(view, arn))
    users = dict(previous.users)
    roles = dict(previous.roles)
    access = dict(previous.keys)
    levels = previous.levels
    ids = dict(previous.ids)
    _forget(users, ids, "user", touched.users)
    _forget(roles, ids, "role", touched.roles)
    for account, name in touched.users:
        record = view.get(Key(account, GLOBAL, "iam", "user", name))
        if record is not None:
            user = _user(view, account, record, managed, levels)
            users[user.arn] = user
            ids[user.unique_id] = user.arn
    for account, name in touched.roles:
        record = view.get(Key(account, GLOBAL, "iam", "role", name))
        if record is not None:
            role = _role(view, account, record, managed, levels)
            roles[role.arn] = role
            ids[role.unique_id] = role.arn
    for account, id_ in touched.access_keys:
        record = view.get(Key(account, GLOBAL, "iam", "accesskey", id_))
        _put(access, id_, None if record is None else _access_key(view, account, record, users))
    return Identities(users, roles, access, ids, managed, levels)


def _compile_all(view: View) -> Identities:
    managed: dict[str, CompiledPolicy] = {}
    for arn in AWS_MANAGED:
        _put(managed, arn, _managed_policy(view, arn))
    for _, arn, _ in _records(view, "policy"):
        _put(managed, arn, compiled_or(partial(_managed_policy, view, arn), forbidding(arn)))
    levels = organization(view)
    users: dict[str, User] = {}
    for account, _, record in _records(view, "user"):
        user = compiled_or(partial(_user, view, account, record, managed, levels), None)
        if user is not None:
            users[user.arn] = user
    roles: dict[str, Role] = {}
    for account, _, record in _records(view, "role"):
        role = compiled_or(partial(_role, view, account, record, managed, levels), None)
        if role is not None:
            roles[role.arn] = role
    access: dict[str, AccessKey] = {}
    for account, id_, record in _records(view, "accesskey"):
        _put(access, id_, compiled_or(partial(_access_key, view, account, record, users), None))
    ids = {user.unique_id: user.arn for user in users.values()} | {role.unique_id: role.arn for role in roles.values()}
    return Identities(users, roles, access, ids, managed, levels)


def organization(view: View) -> dict[str, Levels]:
    """The levels of every account that is in an organization, from documents of kind ``account``:
    ``{"Scps": [{"Target", "Policies": [document]}], "Rcps": …, "ManagementAccount": bool}``.

    SCPs and RCPs do not touch a management account.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    """
    found: dict[str, Levels] = {}
    for partition in view.partitions():
        if (partition.service, partition.kind) != ("organizations", "account"):
            continue
        for account, record in view.items(partition):
            if not record["ManagementAccount"]:
                found[account] = Levels(_levels(record["Scps"], "SCP"), _levels(record["Rcps"], "RCP"))
    return found


def _levels(raw: Collection[Mapping[str, Any]], kind: str) -> tuple[tuple[CompiledPolicy, ...], ...]:
    return tuple(
        tuple(
            compile_policy(document, name=f"{kind} {document.get('Id') or number} at {level['Target']}")
            for number, document in enumerate(level["Policies"], 1)
        )
        for level in raw
    )


_NO_LEVELS = Levels()


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    """Set, or remove when ``value`` is None."""
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value


def _records(view: View, kind: str, account: str = "") -> Iterator[tuple[str, str, Document]]:
    """``(account, id, record)`` of every record of a kind, of one account or all."""
    for partition in view.partitions():
        if partition.service == "iam" and partition.kind == kind and account in ("", partition.account):
            for id_, record in view.items(partition):
                yield partition.account, id_, record


def _forget(compiled: dict[str, Any], ids: dict[str, str], kind: str, touched: Collection[tuple[str, str]]) -> None:
    """Remove whoever bears a touched name, under whatever path, so that the record's present state replaces it."""
    gone = [arn for arn, entity in compiled.items() if (entity.account, entity.name) in touched]
    for arn in gone:
        ids.pop(compiled.pop(arn).unique_id, None)


class _Touched:
    """Who has to be compiled again: ``(account, name)`` pairs, policy ARNs, ``(account, access key id)`` pairs."""

    def __init__(self, view: View, changed: Collection[Key]) -> None:
        self.users: set[tuple[str, str]] = set()
        self.roles: set[tuple[str, str]] = set()
        self.policies: set[str] = set()
        self.access_keys: set[tuple[str, str]] = set()
        groups: set[tuple[str, str]] = set()
        for key in changed:
            if key.kind == "policy":
                self.policies.add(key.id)
            else:
                into = {"user": self.users, "role": self.roles, "group": groups, "accesskey": self.access_keys}
                into.get(key.kind, set()).add((key.account, key.id))
        entities = self.users | self.roles
        for account in sorted({key.account for key in changed}):
            self._follow(view, account, groups, entities)

    def _follow(self, view: View, account: str, groups: set[tuple[str, str]], entities: set[tuple[str, str]]) -> None:
        if self.policies:
            groups.update((a, name) for a, name, group in _records(view, "group", account) if self._uses(group))
        if self.policies or groups:
            for _, name, user in _records(view, "user", account):
                if self._uses(user) or any((account, group) in groups for group in user["Groups"]):
                    self.users.add((account, name))
        if self.policies or entities:
            for _, name, role in _records(view, "role", account):
                if self._uses(role) or any((account, _name(arn)) in entities for arn in role.get("TrustIds", ())):
                    self.roles.add((account, name))
        if self.users:
            for _, id_, key in _records(view, "accesskey", account):
                if (account, key["UserName"]) in self.users:
                    self.access_keys.add((account, id_))

    def _uses(self, record: Mapping[str, Any]) -> bool:
        return bool(self.policies) and (
            record.get("PermissionsBoundary") in self.policies or not self.policies.isdisjoint(record["Attached"])
        )


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _managed_policy(view: View, arn: str) -> CompiledPolicy | None:
    """The default version of a managed policy, or None when it is gone."""
    record: Mapping[str, Any] | None = AWS_MANAGED.get(arn)
    if record is None:
        record = view.get(Key(arn.split(":", 5)[4], GLOBAL, "iam", "policy", arn))
    if record is None:
        return None
    return compile_policy(record["Versions"][record["Default"]]["Document"], name=record["PolicyName"], arn=arn)


def _policies(record: Mapping[str, Any], owner: str, managed: Mapping[str, CompiledPolicy]) -> Iterator[CompiledPolicy]:
    """An entity's own policies: inline ones by name, then attached ones in order of attachment."""
    for name, document in sorted(record["Inline"].items()):
        yield compile_policy(document, name=f"inline policy '{name}' of {owner}")
    for arn in record["Attached"]:
        if arn in managed:
            yield managed[arn]


@cache
def _nothing() -> CompiledPolicy:
    return compile_policy({"Version": "2012-10-17", "Statement": []}, name="a permissions boundary that does not exist")


def _boundary(record: Mapping[str, Any], managed: Mapping[str, CompiledPolicy]) -> CompiledPolicy | None:
    """The boundary; one whose policy is missing bounds everything away (fail closed)."""
    arn = record["PermissionsBoundary"]
    return (managed.get(arn) or _nothing()) if arn else None


def _tags(record: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in record["Tags"]}


def _user(
    view: View,
    account: str,
    record: Mapping[str, Any],
    managed: Mapping[str, CompiledPolicy],
    levels: Mapping[str, Levels],
) -> User:
    name, arn, unique_id = record["UserName"], record["Arn"], record["UserId"]
    own = list(_policies(record, f"user '{name}'", managed))
    for group in record["Groups"]:
        found = view.get(Key(account, GLOBAL, "iam", "group", group))
        if found is not None:
            own.extend(_policies(found, f"group '{group}'", managed))
    above = levels.get(account, _NO_LEVELS)
    stack = PolicyStack(identity=tuple(own), boundary=_boundary(record, managed), scps=above.scps, rcps=above.rcps)
    subject = Subject(SubjectKind.USER, account, arn, unique_id=unique_id)
    return User(arn, unique_id, account, name, Principal(subject, stack, name, _tags(record)))


def _role(
    view: View,
    account: str,
    record: Mapping[str, Any],
    managed: Mapping[str, CompiledPolicy],
    levels: Mapping[str, Levels],
) -> Role:
    name = record["RoleName"]
    above = levels.get(account, _NO_LEVELS)
    stack = PolicyStack(
        identity=tuple(_policies(record, f"role '{name}'", managed)),
        boundary=_boundary(record, managed),
        scps=above.scps,
        rcps=above.rcps,
    )
    return Role(
        arn=record["Arn"],
        unique_id=record["RoleId"],
        account=account,
        name=name,
        trust=compile_policy(current_trust(view, record), name=f"trust policy of role '{name}'"),
        stack=stack,
        tags=_tags(record),
        max_session=record["MaxSessionDuration"],
        service_linked=record["Path"].startswith(SERVICE_LINKED_PATH),
    )


def _access_key(view: View, account: str, record: Mapping[str, Any], users: Mapping[str, User]) -> AccessKey | None:
    """A long-term key; None when its user is gone."""
    user = view.get(Key(account, GLOBAL, "iam", "user", record["UserName"]))
    if user is None:
        return None
    return AccessKey(
        id=record["AccessKeyId"],
        secret=record["SecretAccessKey"],
        principal=users[user["Arn"]].principal,
        active=record["Status"] == "Active",
    )
