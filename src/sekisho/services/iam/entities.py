"""Users, groups, roles and managed policies: finding them, naming them, paging through them.

``USER``, ``GROUP`` and ``ROLE`` say how the three kinds of entity differ, so that what IAM offers for all of them
(inline policies, attachments, tags, boundaries) is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.policy.request import SubjectKind
from sekisho.services.iam.aws_managed import AWS_MANAGED
from sekisho.services.operation import Call, ServiceError
from sekisho.state.table import BadToken, Table, page

Record = dict[str, Any]
"""A document of ``records``, top level free to be changed and put back."""

AWS_PREFIX = "arn:aws:iam::aws:policy/"
SERVICE_LINKED_PATH = "/aws-service-role/"


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of entity that policies can be attached to."""

    noun: str
    """``Role``, as in operation names; its lower case is the record's kind and the word in messages."""

    @property
    def kind(self) -> str:
        return self.noun.lower()

    @property
    def member(self) -> str:
        return f"{self.noun}Name"

    def table(self, call: Call) -> Table:
        return call.global_table(self.kind, service="iam")

    def records(self, call: Call) -> list[Mapping[str, Any]]:
        return [record for _, record in self.table(call).items()]

    def missing(self, name: str) -> ServiceError:
        return no_such(f"The {self.kind} with name {name} cannot be found.")

    def require(self, call: Call, name: str | None = None) -> Record:
        """The record named by the params (or ``name``). Raises NoSuchEntity."""
        wanted = call.params[self.member] if name is None else name
        found = self.table(call).get(wanted)
        if found is None:
            raise self.missing(wanted)
        return found

    def require_modifiable(self, call: Call) -> Record:
        """The same, and refused when only AWS may change it. Raises UnmodifiableEntity."""
        record = self.require(call)
        refuse_service_linked(record)
        return record

    def put(self, call: Call, record: Mapping[str, Any]) -> None:
        self.table(call).put(record[self.member], record)

    def arn(self, call: Call) -> str:
        """What IAM is asked about: the entity's ARN, with its stored or requested path."""
        name = call.params.get(self.member, "")
        found = self.table(call).get(name)
        if found is not None:
            return str(found["Arn"])
        return iam_arn(call.account, f"{self.kind}{call.params.get('Path') or '/'}{name}")

    def require_new(self, call: Call, name: str) -> None:
        """Names are unique without regard to case. Raises EntityAlreadyExists."""
        if any(other.lower() == name.lower() for other, _ in self.table(call).items()):
            raise ServiceError("EntityAlreadyExists", f"{self.noun} with name {name} already exists.", 409)


USER = Entity("User")
GROUP = Entity("Group")
ROLE = Entity("Role")
ENTITIES = (USER, GROUP, ROLE)


def no_such(message: str) -> ServiceError:
    return ServiceError("NoSuchEntity", message, 404)


def limit_exceeded(message: str) -> ServiceError:
    return ServiceError("LimitExceeded", message, 409)


def refuse_service_linked(record: Mapping[str, Any]) -> None:
    """Raises UnmodifiableEntity for a service-linked role."""
    if "RoleName" in record and record["Path"].startswith(SERVICE_LINKED_PATH):
        raise ServiceError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{record['RoleName']}' - "
            "this role is only modifiable by AWS",
        )


def policies(call: Call) -> Table:
    """The customer managed policies of the account, by ARN."""
    return call.global_table("policy", service="iam")


def find_policy(call: Call, arn: str) -> Record | None:
    """A managed policy's record, the account's or AWS's own; None when there is none."""
    if arn.startswith(AWS_PREFIX):
        found = AWS_MANAGED.get(arn)
        return None if found is None else dict(found)
    return policies(call).get(arn)


def require_policy(call: Call, arn: str) -> Record:
    """Raises NoSuchEntity."""
    check_policy_arn(arn)
    found = find_policy(call, arn)
    if found is None:
        raise no_such(f"Policy {arn} was not found.")
    return found


def check_policy_arn(arn: str) -> None:
    """Raises ValidationError for what is not an ARN, InvalidInput for one of something else."""
    if not arn.startswith("arn:"):
        raise ServiceError("ValidationError", f"Invalid ARN:  Could not be parsed!: {arn}")
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("policy/"):
        raise ServiceError("InvalidInput", f"ARN {arn} is not valid.")


def own_policy(call: Call, arn: str) -> Record:
    """A managed policy that this account may change. Raises NoSuchEntity, AccessDenied."""
    check_policy_arn(arn)
    if arn.split(":", 5)[4] != call.account:
        raise ServiceError("AccessDenied", "Policy is outside your own account.", 403)
    return require_policy(call, arn)


def policy_name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def caller_user(call: Call) -> str:
    """The name of the user that calls, for operations whose ``UserName`` may be left out. Raises ValidationError."""
    if call.caller.subject.kind is not SubjectKind.USER:
        raise ServiceError("ValidationError", "Must specify userName when calling with non-User credentials")
    return call.caller.name


def user_arn(call: Call) -> str:
    """The resource of operations whose ``UserName`` may be left out: the caller's own user."""
    if call.params.get("UserName"):
        return USER.arn(call)
    return call.caller.subject.arn


def under_path(kind: str) -> Callable[[Call], str]:
    """The resource of operations that list what is below a path: ``arn:aws:iam::ACCOUNT:role/``.

    AWS's own examples grant them on such ARNs (``arn:aws:iam::*:mfa/*`` for ListVirtualMFADevices):
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam_mfa-selfmanage.html
    """
    return lambda call: iam_arn(call.account, f"{kind}{call.params.get('PathPrefix') or '/'}")


def paged(
    call: Call,
    member: str,
    items: Iterable[Any],
    name: Callable[[Any], str],
    describe: Callable[[Any], Any] = lambda item: item,
) -> dict[str, Any]:
    """``{member: […], IsTruncated, Marker?}``: one page of ``items``, which this sorts by ``name``."""
    try:
        part = page(sorted(items, key=name), call.params.get("MaxItems") or 100, call.params.get("Marker"), name)
    except BadToken as problem:
        raise ServiceError("ValidationError", "Invalid Marker.") from problem
    out: dict[str, Any] = {member: [describe(item) for item in part.items], "IsTruncated": part.token is not None}
    if part.token is not None:
        out["Marker"] = part.token
    return out


def under(call: Call, records: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """The records whose path starts with the params' ``PathPrefix``."""
    prefix = call.params.get("PathPrefix") or "/"
    return [record for _, record in records if record["Path"].startswith(prefix)]
