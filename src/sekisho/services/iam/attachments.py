"""What gives an entity its rights: inline policies, attached managed policies, permissions boundaries.

The operations of users, groups and roles differ only in the entity's name, so one function each is registered for all
three. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sekisho.services.iam import describe
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.documents import check_inline_policies
from sekisho.services.iam.entities import (
    ENTITIES,
    ROLE,
    USER,
    Entity,
    check_policy_arn,
    find_policy,
    limit_exceeded,
    no_such,
    paged,
)
from sekisho.services.operation import Call, Run

ops = IamOperations()

ATTACHED_QUOTA = 10

OfEntity = Callable[[Entity, Call], Mapping[str, Any]]


def _register(name: str, run: OfEntity, entities: tuple[Entity, ...] = ENTITIES) -> None:
    """``name`` is the operation's, with ``*`` for the entity's noun."""
    for entity in entities:
        ops(name.replace("*", entity.noun), resource=entity.arn)(_bound(run, entity))


def _bound(run: OfEntity, entity: Entity) -> Run:
    return lambda call: run(entity, call)


def _put_inline(entity: Entity, call: Call) -> Mapping[str, Any]:
    record = entity.require_modifiable(call)
    name = call.params["PolicyName"]
    inline = {**record["Inline"], name: call.params["PolicyDocument"]}
    check_inline_policies(entity, record[entity.member], inline, name)
    entity.put(call, {**record, "Inline": inline})
    return {}


def _no_inline(entity: Entity, call: Call) -> Exception:
    return no_such(f"The {entity.kind} policy with name {call.params['PolicyName']} cannot be found.")


def _get_inline(entity: Entity, call: Call) -> Mapping[str, Any]:
    record = entity.require(call)
    name = call.params["PolicyName"]
    if name not in record["Inline"]:
        raise _no_inline(entity, call)
    return {
        entity.member: record[entity.member],
        "PolicyName": name,
        "PolicyDocument": describe.encoded(record["Inline"][name]),
    }


def _list_inline(entity: Entity, call: Call) -> Mapping[str, Any]:
    return paged(call, "PolicyNames", entity.require(call)["Inline"], str)


def _delete_inline(entity: Entity, call: Call) -> Mapping[str, Any]:
    record = entity.require_modifiable(call)
    name = call.params["PolicyName"]
    if name not in record["Inline"]:
        raise _no_inline(entity, call)
    entity.put(call, {**record, "Inline": {n: document for n, document in record["Inline"].items() if n != name}})
    return {}


def _attach(entity: Entity, call: Call) -> Mapping[str, Any]:
    record = entity.require_modifiable(call)
    arn = call.params["PolicyArn"]
    check_policy_arn(arn)
    if find_policy(call, arn) is None:
        raise no_such(f"Policy {arn} does not exist or is not attachable.")
    if arn not in record["Attached"]:
        if len(record["Attached"]) >= ATTACHED_QUOTA:
            raise limit_exceeded(f"Cannot exceed quota for PoliciesPer{entity.noun}: {ATTACHED_QUOTA}")
        entity.put(call, {**record, "Attached": [*record["Attached"], arn]})
    return {}


def _detach(entity: Entity, call: Call) -> Mapping[str, Any]:
    record = entity.require_modifiable(call)
    arn = call.params["PolicyArn"]
    check_policy_arn(arn)
    if arn not in record["Attached"]:
        raise no_such(f"Policy {arn} was not found.")
    entity.put(call, {**record, "Attached": [other for other in record["Attached"] if other != arn]})
    return {}


def _list_attached(entity: Entity, call: Call) -> Mapping[str, Any]:
    prefix = call.params.get("PathPrefix") or "/"
    found = [arn for arn in entity.require(call)["Attached"] if arn.split(":policy", 1)[1].startswith(prefix)]
    return paged(call, "AttachedPolicies", found, str, describe.attached)


def require_boundary(call: Call) -> str:
    """The ARN in the params' ``PermissionsBoundary``. Raises NoSuchEntity and others when it is no managed policy."""
    arn = str(call.params["PermissionsBoundary"])
    check_policy_arn(arn)
    if find_policy(call, arn) is None:
        raise no_such(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def _put_boundary(entity: Entity, call: Call) -> Mapping[str, Any]:
    record = entity.require_modifiable(call)
    entity.put(call, {**record, "PermissionsBoundary": require_boundary(call)})
    return {}


def _delete_boundary(entity: Entity, call: Call) -> Mapping[str, Any]:
    entity.put(call, {**entity.require_modifiable(call), "PermissionsBoundary": ""})
    return {}


_register("Put*Policy", _put_inline)
_register("Get*Policy", _get_inline)
_register("List*Policies", _list_inline)
_register("Delete*Policy", _delete_inline)
_register("Attach*Policy", _attach)
_register("Detach*Policy", _detach)
_register("ListAttached*Policies", _list_attached)
_register("Put*PermissionsBoundary", _put_boundary, (USER, ROLE))
_register("Delete*PermissionsBoundary", _delete_boundary, (USER, ROLE))
