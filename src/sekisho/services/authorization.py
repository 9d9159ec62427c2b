"""May the caller do this? The control plane's questions to the policy engine, and their condition keys.

An operation's row says what is asked about (``resource``) and in whose name (``action``); the request's parameters
give the condition keys. Parameters have been read but not yet validated when the question is asked, as on AWS, where
somebody without permission does not learn what is wrong with a request: so everything here is total over them.

Condition keys of each service: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from sekisho.config.context import CallerContext
from sekisho.kit.arn import Arn
from sekisho.policy.combine import Decision, PolicyStack, decide
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.messages import denial_reason, name_of
from sekisho.policy.request import Question, Value
from sekisho.services.operation import Call, Operation, ServiceError
from sekisho.state.world import Key
from sekisho.wire.message import WireError
from sekisho.wire.model import JSON, QUERY, OperationSpec

_ANYTHING: Final = "*"
_PLACE = re.compile(r"\{(\w+)\}")

_MEMBER_KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "iam": {
        "AWSServiceName": "iam:awsservicename",
        "PermissionsBoundary": "iam:permissionsboundary",
        "PolicyArn": "iam:policyarn",
    },
    "lambda": {
        "AuthType": "lambda:functionurlauthtype",
        "CodeSigningConfigArn": "lambda:codesigningconfigarn",
        "FunctionUrlAuthType": "lambda:functionurlauthtype",
        "Layers": "lambda:layer",
        "Principal": "lambda:principal",
    },
    "sts": {
        "ExternalId": "sts:externalid",
        "RoleSessionName": "sts:rolesessionname",
        "SourceIdentity": "sts:sourceidentity",
        "TransitiveTagKeys": "sts:transitivetagkeys",
    },
}
"""Parameters that are condition keys of their own."""


class Denied(NamedTuple):
    """A refusal with all it was made of, so that it can be explained: asking ``decide`` again gives it again."""

    question: Question
    stack: PolicyStack
    resource_policy: CompiledPolicy | None
    decision: Decision


def authorize(
    call: Call, operation: Operation, spec: OperationSpec, *, secure: bool = True, referer: str | None = None
) -> Denied | None:
    """None when ``call.caller`` may, otherwise the refusal."""
    resource = resource_of(call, operation)
    arn = Arn.parse(resource)
    owner = arn.account if arn is not None else ""
    context = CallerContext(
        call.caller,
        call.now,
        call.source_ip,
        secure,
        call.user_agent or None,
        referer,
        call.region,
        condition_keys(call, resource),
    )
    question = Question(
        call.caller.subject,
        action_of(operation, spec),
        resource,
        owner if owner.isdigit() else call.account,
        context,
    )
    attached = _attached_policy(call, operation)
    decision = decide(question, call.caller.stack, attached)
    return None if decision.allowed else Denied(question, call.caller.stack, attached, decision)


def action_of(operation: Operation, spec: OperationSpec) -> str:
    """``service:Name``; API Gateway's actions are the HTTP verbs of its own API.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
    """
    if operation.action:
        return operation.action
    if spec.service in ("apigateway", "apigatewayv2"):
        return f"apigateway:{spec.method}"
    return f"{spec.service}:{spec.name}"


def resource_of(call: Call, operation: Operation) -> str:
    """The ARN the operation is about; ``*`` where a parameter that it needs is missing, which only ``*`` allows."""
    resource = operation.resource
    if isinstance(resource, str):
        return resource if "{" not in resource else _PLACE.sub(lambda place: _place(call, place[1]), resource)
    try:
        return resource(call)
    except (KeyError, TypeError, ValueError, AttributeError, ServiceError):
        return _ANYTHING


def _place(call: Call, name: str) -> str:
    if name == "account":
        return call.account
    if name == "region":
        return call.region
    value = call.params.get(name)
    return _ANYTHING if value is None else str(value)


def _attached_policy(call: Call, operation: Operation) -> CompiledPolicy | None:
    if operation.resource_policy is None:
        return None
    try:
        return operation.resource_policy(call)
    except (KeyError, TypeError, ValueError, AttributeError, ServiceError):
        return None


def condition_keys(call: Call, resource: str) -> dict[str, Value]:
    """Keys that come from the parameters and from the resource's tags; names in lower case."""
    keys: dict[str, Value] = {}
    params = call.params
    for member, key in _MEMBER_KEYS.get(call.service, {}).items():
        value = params.get(member)
        if isinstance(value, str) and value:
            keys[key] = value
        elif isinstance(value, list):
            keys[key] = tuple(item for item in value if isinstance(item, str))
    tags = dict(_pairs(params.get("Tags") or params.get("tags")))
    named = list(tags) or params.get("TagKeys") or params.get("tagKeys")
    if isinstance(named, list) and named:
        keys["aws:tagkeys"] = tuple(name for name in named if isinstance(name, str))
    for name, text in tags.items():
        keys[f"aws:requesttag/{name.lower()}"] = text
    for name, text in resource_tags(call, resource).items():
        keys[f"aws:resourcetag/{name.lower()}"] = text
        if call.service == "iam":
            keys[f"iam:resourcetag/{name.lower()}"] = text
    if call.service == "iam" and "iam:permissionsboundary" not in keys:
        boundary = _boundary(call, resource)
        if boundary:
            keys["iam:permissionsboundary"] = boundary
    return keys


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    """Tags in either of AWS's spellings: a list of ``{Key, Value}``, or a map."""
    if isinstance(tags, Mapping):
        for name, value in tags.items():
            if isinstance(value, str):
                yield name, value
    elif isinstance(tags, list):
        for tag in tags:
            if isinstance(tag, Mapping) and isinstance(tag.get("Key"), str) and isinstance(tag.get("Value"), str):
                yield tag["Key"], tag["Value"]


def resource_tags(call: Call, resource: str) -> Mapping[str, str]:
    """The tags that the resource carries now; empty when it has none or is not known."""
    arn = Arn.parse(resource)
    if arn is None:
        return {}
    if arn.service == "iam":
        role = call.snapshot.identities.roles.get(resource)
        if role is not None:
            return role.tags
        user = call.snapshot.identities.users.get(resource)
        return user.principal.tags if user is not None else {}
    key = _record_key(call, arn)
    record = call.store.get(key) if key is not None else None
    if record is None:
        return {}
    return dict(_pairs(record.get("Tags") or record.get("tags")))


_V2_KINDS = {"apis": "api", "vpclinks": "vpclink", "domainnames": "domainname"}


def _record_key(call: Call, arn: Arn) -> Key | None:
    """Where the document is that carries the tags of a resource."""
    parts = arn.resource.split("/")
    if arn.service == "lambda":
        name = arn.resource.split(":")
        return Key(arn.account, arn.region, "lambda", "function", name[1]) if len(name) > 1 else None
    if arn.service == "logs":
        name = arn.resource.split(":")
        return Key(arn.account, arn.region, "logs", "group", name[1]) if len(name) > 1 else None
    if arn.service == "apigateway" and len(parts) > 2 and parts[1] == "restapis":
        if len(parts) > 4 and parts[3] == "stages":
            return Key(call.account, arn.region, "apigateway", "stage", f"{parts[2]}/{parts[4]}")
        return Key(call.account, arn.region, "apigateway", "restapi", parts[2])
    if arn.service == "apigateway" and len(parts) > 2 and parts[1] in _V2_KINDS:
        if parts[1] == "apis" and len(parts) > 4 and parts[3] == "stages":
            return Key(call.account, arn.region, "apigatewayv2", "stage", f"{parts[2]}/{parts[4]}")
        return Key(call.account, arn.region, "apigatewayv2", _V2_KINDS[parts[1]], parts[2])
    return None


def _boundary(call: Call, resource: str) -> str:
    """``iam:PermissionsBoundary``: the boundary that the role or user in question has."""
    identities = call.snapshot.identities
    role = identities.roles.get(resource)
    if role is not None:
        return role.stack.boundary.arn if role.stack.boundary is not None else ""
    user = identities.users.get(resource)
    if user is None or user.principal.stack.boundary is None:
        return ""
    return user.principal.stack.boundary.arn


def denied_text(call: Call, denied: Denied) -> str:
    """AWS's sentence about a refusal. It names the policy of an explicit deny to callers of the resource's own account.

    ``*`` is named too: https://github.com/RhinoSecurityLabs/cloudgoat/issues/384
    """
    question = denied.question
    own = question.subject.account == question.resource_account
    reason = denial_reason(denied.decision, question.action, name_policy=own)
    resource = shown_resource(call, question.resource)
    return (
        f"User: {name_of(question.subject)} is not authorized to perform: {question.action} "
        f"on resource: {resource} {reason}"
    )


def shown_resource(call: Call, resource: str) -> str:
    """What the sentence calls the resource: its ARN, but IAM says ``role NAME`` of what was asked for by its name.

    https://github.com/aws/aws-cdk/issues/27067, https://github.com/elastic/apm-aws-lambda/issues/526 (``policy NAME``),
    https://github.com/rebuy-de/aws-nuke/issues/294 (``user NAME``).
    """
    arn = Arn.parse(resource) if call.service == "iam" else None
    if arn is None:
        return resource
    if call.operation == "ListPolicies":
        return f"policy path {arn.resource.removeprefix('policy')}"
    kind, slash, rest = arn.resource.partition("/")
    name = call.params.get(_NAMED.get(kind, ""))
    return f"{kind} {name}" if slash and isinstance(name, str) and rest.rpartition("/")[2] == name else resource


_NAMED: Final[Mapping[str, str]] = {
    "group": "GroupName",
    "instance-profile": "InstanceProfileName",
    "policy": "PolicyName",
    "role": "RoleName",
    "user": "UserName",
}


def denied_error(text: str, protocol: str) -> WireError:
    """A refusal as a protocol tells it.

    https://github.com/elastic/apm-aws-lambda/issues/526 shows both: logs answers AccessDeniedException with 400, IAM
    AccessDenied with 403.
    """
    if protocol == QUERY:
        return WireError("AccessDenied", text, 403)
    return WireError("AccessDeniedException", text, 400 if protocol == JSON else 403)
