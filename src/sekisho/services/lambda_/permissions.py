"""Resource policies: AddPermission, RemovePermission, GetPolicy.

Theory of operation. A function, each of its versions and each of its aliases has a policy of its own; none inherits
from another, and the statement's ``Resource`` names exactly the ARN it was added to. A permission on the function does
therefore not cover its alias, which is the usual reason why an API that calls an alias answers 500. Statements are
kept as AWS writes them, because people read and compare them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.arn import Arn, iam_arn
from sekisho.services.lambda_.names import LATEST, Target, qualified_arn, target
from sekisho.services.lambda_.records import PermissionRecord, policy_document
from sekisho.services.lambda_.refusals import conflict, invalid, no_alias, no_function, not_found
from sekisho.services.lambda_.shelf import alias, check_revision, function, touch, version
from sekisho.services.operation import Call, Operations, ServiceError

ops = Operations("lambda")

MAX_POLICY = 20_480
"""Bytes of a function's resource policy (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_SERVICE = re.compile(
    r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal|alexa\.com)", re.ASCII
)
_IAM_PRINCIPAL = re.compile(r"(root|(user|role)/.+)", re.ASCII)


@ops("AddPermission", resource=qualified_arn)
def add_permission(call: Call) -> Mapping[str, Any]:
    params = call.params
    found = _qualified(call)
    revision = _revision(call, found)
    check_revision(call, revision, "GetPolicy")
    statement = _statement(call, found)
    table = call.table("permission", account=found.account)
    current = cast("PermissionRecord | None", table.get(_id(found)))
    statements = list(current["Statements"]) if current else []
    if any(existing["Sid"] == params["StatementId"] for existing in statements):
        raise conflict(
            f"The statement id ({params['StatementId']}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    record: PermissionRecord = {"Statements": [*statements, statement], "RevisionId": ""}
    size = len(_compact(policy_document(record)).encode())
    if size > MAX_POLICY:
        message = f"The final policy size ({size}) is bigger than the limit ({MAX_POLICY})."
        raise ServiceError("PolicyLengthExceededException", message, 400, Type="User")
    table.put(_id(found), {**record, "RevisionId": touch(call, found)})
    return {"Statement": _compact(statement)}


@ops("RemovePermission", resource=qualified_arn)
def remove_permission(call: Call) -> Mapping[str, Any]:
    found = _qualified(call)
    sid = call.params["StatementId"]
    revision = _revision(call, found)
    table = call.table("permission", account=found.account)
    record = cast("PermissionRecord | None", table.get(_id(found)))
    if record is None:
        raise not_found("No policy is associated with the given resource.")
    kept = [statement for statement in record["Statements"] if statement["Sid"] != sid]
    if len(kept) == len(record["Statements"]):
        raise not_found(f"Statement {sid} is not found in resource policy.")
    check_revision(call, revision, "GetPolicy")
    latest = touch(call, found)
    if kept:
        table.put(_id(found), {"Statements": kept, "RevisionId": latest})
    else:
        table.delete(_id(found))
    return {}


@ops("GetPolicy", resource=qualified_arn)
def get_policy(call: Call) -> Mapping[str, Any]:
    found = target(call)
    revision = _revision(call, found)
    record = cast("PermissionRecord | None", call.table("permission", account=found.account).get(_id(found)))
    if record is None:
        raise not_found("The resource you requested does not exist.")
    return {"Policy": _compact(policy_document(record)), "RevisionId": revision}


def _id(found: Target) -> str:
    return found.name if found.latest else f"{found.name}/{found.qualifier}"


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _qualified(call: Call) -> Target:
    found = target(call)
    if found.qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    return found


def _revision(call: Call, found: Target) -> str:
    """The latest RevisionId of what the policy belongs to, which must exist. Raises ServiceError (404)."""
    latest = function(call, found)
    if found.latest:
        return latest["RevisionId"]
    if found.version:
        published = version(call, found, found.qualifier)
        if published is None:
            raise no_function(found.arn)
        return published["RevisionId"]
    named = alias(call, found)
    if named is None:
        raise no_alias(found.arn)
    return named["RevisionId"]


def _statement(call: Call, found: Target) -> dict[str, Any]:
    params = call.params
    statement: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(call, params["Principal"]),
        "Action": params["Action"],
        "Resource": found.arn,
    }
    condition = _condition(params)
    if condition:
        statement["Condition"] = condition
    return statement


def _principal(call: Call, text: str) -> str | dict[str, str]:
    """A service, an account (written as its root's ARN), an IAM principal's ARN, or everybody."""
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": iam_arn(text, "root")}
    arn = Arn.parse(text)
    if arn is None:
        if _SERVICE.fullmatch(text):
            return {"Service": text}
        raise _bad_principal()
    if arn.service == "sts" and arn.resource.startswith(("assumed-role/", "federated-user/")):
        return {"AWS": text}
    if arn.service != "iam" or not _ACCOUNT.fullmatch(arn.account) or not _IAM_PRINCIPAL.fullmatch(arn.resource):
        raise _bad_principal()
    if arn.account == call.account and arn.resource != "root" and not _exists(call, text, arn):
        raise _bad_principal()
    return {"AWS": text}


def _exists(call: Call, text: str, arn: Arn) -> bool:
    """Whether a user or role of this account exists, in the snapshot or earlier in this unit of work."""
    identities = call.snapshot.identities
    if text in identities.users or text in identities.roles:
        return True
    kind, _, path = arn.resource.partition("/")
    document = call.global_table(kind, service="iam", account=arn.account).get(path.rpartition("/")[2])
    return document is not None and document["Arn"] == text


def _bad_principal() -> ServiceError:
    return invalid("The provided principal was invalid. Please check the principal and try again.")


def _condition(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The Condition block, operators and keys spelled as AWS spells them."""
    equals: dict[str, str] = {}
    if params.get("FunctionUrlAuthType"):
        if params["Action"] != "lambda:InvokeFunctionUrl":
            raise invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
        equals["lambda:FunctionUrlAuthType"] = params["FunctionUrlAuthType"]
    if params.get("EventSourceToken"):
        equals["lambda:EventSourceToken"] = params["EventSourceToken"]
    if params.get("SourceAccount"):
        equals["AWS:SourceAccount"] = params["SourceAccount"]
    if params.get("PrincipalOrgID"):
        equals["aws:PrincipalOrgID"] = params["PrincipalOrgID"]
    out: dict[str, dict[str, str]] = {}
    if equals:
        out["StringEquals"] = equals
    if params.get("InvokedViaFunctionUrl"):
        out["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
    if params.get("SourceArn"):
        out["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    return out
