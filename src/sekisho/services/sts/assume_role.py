"""AssumeRole: the trust policy judged, and a session issued.

Theory of operation. The role's trust policy is its resource policy. The caller needs it to grant ``sts:AssumeRole``,
and where the two accounts differ or the trust only names the account, its own policies too: ``policy.combine`` knows.
The same is asked of ``sts:TagSession`` when the session gets tags, own or inherited, and of ``sts:SetSourceIdentity``
when it gets a source identity. Whether the role exists is not told apart from whether it may be assumed.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.config.context import CallerContext
from sekisho.config.identities import Role
from sekisho.kit.arn import Arn, sts_arn
from sekisho.policy.combine import decide
from sekisho.policy.request import Question, SubjectKind, Value
from sekisho.services.authorization import Denied
from sekisho.services.operation import Call, Operations, ServiceError
from sekisho.services.sts.credentials import issue
from sekisho.services.sts.session_terms import Terms, terms

ops = Operations("sts")

DEFAULT = 3600
CHAINED = 3600
"""Seconds that a session assumed from another role's session may last."""


@ops("AssumeRole", authorized=False)
def assume_role(call: Call) -> Mapping[str, Any]:
    params = call.params
    role_arn, name = params["RoleArn"], params["RoleSessionName"]
    parsed = Arn.parse(role_arn)
    if parsed is None or parsed.service != "iam" or not parsed.resource.startswith("role/"):
        raise ServiceError("ValidationError", "Request ARN is invalid")
    seconds = params.get("DurationSeconds") or DEFAULT
    if params.get("SerialNumber") or params.get("TokenCode"):
        raise mfa_failed()
    asked = terms(call, parsed.account)
    role = _judged(call, role_arn, asked)
    _check_duration(call, role, seconds)
    source_identity = params.get("SourceIdentity") or call.caller.source_identity
    arn = sts_arn(role.account, f"assumed-role/{role.name}/{name}")
    user_id = f"{role.unique_id}:{name}"
    given = _with_inherited(call, asked)
    credentials = issue(
        call,
        account=role.account,
        kind="role",
        arn=arn,
        user_id=user_id,
        issuer=(role.arn, role.unique_id),
        name=name,
        seconds=seconds,
        terms=given,
        source_identity=source_identity,
    )
    out: dict[str, Any] = {
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
    }
    if given.packed is not None:
        out["PackedPolicySize"] = given.packed
    if source_identity:
        out["SourceIdentity"] = source_identity
    return out


def mfa_failed() -> ServiceError:
    """What AWS answers when the MFA device is not the caller's. There are no MFA devices here."""
    return ServiceError(
        "AccessDenied",
        "MultiFactorAuthentication failed, unable to validate MFA code. "
        "Please verify your MFA serial number is valid and associated with this user.",
        403,
    )


def _judged(call: Call, role_arn: str, asked: Terms) -> Role:
    """The role, when the caller may have such a session of it. Raises AccessDenied."""
    subject = call.caller.subject
    role = call.snapshot.identities.roles.get(role_arn)
    actions = ["sts:AssumeRole"]
    if asked.tags or call.caller.transitive_tags:
        actions.append("sts:TagSession")
    requested = call.params.get("SourceIdentity")
    if requested or call.caller.source_identity:
        actions.append("sts:SetSourceIdentity")
    if requested and call.caller.source_identity not in ("", requested):
        # Once set, a source identity stays for the whole chain of roles.
        raise _denied(call, "sts:SetSourceIdentity", role_arn)
    # GetFederationToken's users may call nothing of STS but GetCallerIdentity.
    if role is None or subject.kind is SubjectKind.FEDERATED_USER:
        raise _denied(call, "sts:AssumeRole", role_arn)
    context = CallerContext(
        call.caller,
        call.now,
        call.source_ip,
        user_agent=call.user_agent or None,
        region=call.region,
        extra=_keys(call, role, asked),
    )
    for action in actions:
        question = Question(subject, action, role_arn, role.account, context)
        decision = decide(question, call.snapshot.identities.stack_at(call.caller.stack, role.account), role.trust)
        if not decision.allowed:
            error = _denied(call, action, role_arn)
            error.denied = Denied(question, call.caller.stack, role.trust, decision)
            raise error
    return role


def _denied(call: Call, action: str, role_arn: str) -> ServiceError:
    return ServiceError(
        "AccessDenied",
        f"User: {call.caller.subject.arn} is not authorized to perform: {action} on resource: {role_arn}",
        403,
    )


def _keys(call: Call, role: Role, asked: Terms) -> dict[str, Value]:
    """The condition keys of this request beside the global ones.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
    """
    params = call.params
    keys: dict[str, Value] = {"sts:rolesessionname": params["RoleSessionName"]}
    if params.get("ExternalId"):
        keys["sts:externalid"] = params["ExternalId"]
    source_identity = params.get("SourceIdentity") or call.caller.source_identity
    if source_identity:
        keys["sts:sourceidentity"] = source_identity
    for key, value in role.tags.items():
        keys[f"aws:resourcetag/{key.lower()}"] = keys[f"iam:resourcetag/{key.lower()}"] = value
    given = _with_inherited(call, asked)
    for key, value in given.tags.items():
        keys[f"aws:requesttag/{key.lower()}"] = value
    if given.tags:
        keys["aws:tagkeys"] = tuple(given.tags)
    if given.transitive:
        keys["sts:transitivetagkeys"] = tuple(given.transitive)
    return keys


def _with_inherited(call: Call, asked: Terms) -> Terms:
    """The terms, with the transitive tags of the calling session. They stay transitive.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    """
    caller = call.caller
    inherited = {key: value for key, value in caller.tags.items() if key.lower() in caller.transitive_tags}
    if not inherited:
        return asked
    return asked._replace(tags=inherited | asked.tags, transitive=[*inherited, *asked.transitive])


def _check_duration(call: Call, role: Role, seconds: int) -> None:
    if call.caller.subject.kind is SubjectKind.ROLE_SESSION and seconds > CHAINED:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    if seconds > role.max_session:
        raise ServiceError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
