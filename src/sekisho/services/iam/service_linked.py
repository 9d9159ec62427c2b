"""Service-linked roles: made for a service, with a policy and a trust that only AWS may change.

Only the roles of services that live here can be made.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import unique_id, uuid4
from sekisho.services.iam import describe
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import AWS_PREFIX, ROLE, SERVICE_LINKED_PATH, no_such
from sekisho.services.operation import Call, ServiceError

ops = IamOperations()

_ROLES = {
    "ops.apigateway.amazonaws.com": (
        "AWSServiceRoleForAPIGateway",
        f"{AWS_PREFIX}aws-service-role/APIGatewayServiceRolePolicy",
        "The Service Linked Role is used by Amazon API Gateway.",
    ),
}
"""Service → role name, policy, description."""


def _arn_of_service(call: Call) -> str:
    service = call.params.get("AWSServiceName", "*")
    name = _ROLES[service][0] if service in _ROLES else "*"
    return iam_arn(call.account, f"role{SERVICE_LINKED_PATH}{service}/{name}")


@ops("CreateServiceLinkedRole", resource=_arn_of_service)
def create_service_linked_role(call: Call) -> Mapping[str, Any]:
    service = call.params["AWSServiceName"]
    if service not in _ROLES:
        raise ServiceError("InvalidInput", f"Service-linked roles of {service} cannot be created here.")
    if call.params.get("CustomSuffix"):
        raise ServiceError("InvalidInput", f"Custom suffix is not allowed for {service}")
    name, policy, description = _ROLES[service]
    if name in ROLE.table(call):
        raise ServiceError(
            "InvalidInput",
            f"Service role name {name} has been taken in this account, please try a different suffix.",
        )
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    path = f"{SERVICE_LINKED_PATH}{service}/"
    record: dict[str, Any] = {
        "RoleName": name,
        "RoleId": unique_id(call.entropy, "AROA"),
        "Path": path,
        "Arn": iam_arn(call.account, f"role{path}{name}"),
        "CreateDate": call.now,
        "Description": call.params.get("Description") or description,
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": json.dumps(
            {"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":")
        ),
        "TrustIds": {},
        "Tags": [],
        "PermissionsBoundary": "",
        "Inline": {},
        "Attached": [policy],
    }
    ROLE.put(call, record)
    return {"Role": describe.role(call, record)}


@ops("DeleteServiceLinkedRole", resource=ROLE.arn)
def delete_service_linked_role(call: Call) -> Mapping[str, Any]:
    record = ROLE.require(call)
    if not record["Path"].startswith(SERVICE_LINKED_PATH):
        raise no_such(f"The role with name {record['RoleName']} is not a service-linked role.")
    ROLE.table(call).delete(record["RoleName"])
    return {"DeletionTaskId": f"task{record['Path']}{record['RoleName']}/{uuid4(call.entropy)}"}


@ops("GetServiceLinkedRoleDeletionStatus")
def get_service_linked_role_deletion_status(call: Call) -> Mapping[str, Any]:
    task = call.params["DeletionTaskId"].split("/")
    if len(task) != 5 or "/".join(task[:2]) != f"task{SERVICE_LINKED_PATH.rstrip('/')}":
        raise no_such(f"Deletion task {call.params['DeletionTaskId']} cannot be found.")
    # Roles here are deleted at once.
    return {"Status": "SUCCEEDED"}
