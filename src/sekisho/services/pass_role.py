"""iam:PassRole: may the caller hand this role to that service?

Checked when a role is *configured* (CreateFunction, PutIntegration with credentials, CreateAuthorizer …), never when
the service uses it. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from sekisho.config.context import CallerContext
from sekisho.kit.arn import Arn
from sekisho.policy.combine import decide
from sekisho.policy.request import Question, SubjectKind, Value
from sekisho.services.authorization import Denied, denied_text
from sekisho.services.operation import Call, ServiceError

ACTION = "iam:PassRole"


def check_pass_role(call: Call, role_arn: str, service_principal: str, associated_arn: str = "") -> None:
    """Raises AccessDeniedException (403) when ``call.caller`` may not pass the role to ``service_principal``.

    ``associated_arn`` is the resource that will use the role, when it is known. The root user may pass every role of
    its own account. Nobody may pass a role of another account.
    """
    subject = call.caller.subject
    parsed = Arn.parse(role_arn)
    if parsed is not None and parsed.account != call.account:
        raise ServiceError("AccessDeniedException", "Cross-account pass role is not allowed.", 403)
    if subject.kind is SubjectKind.ROOT:
        return
    keys: dict[str, Value] = {"iam:passedtoservice": service_principal}
    if associated_arn:
        keys["iam:associatedresourcearn"] = associated_arn
    role = call.snapshot.identities.roles.get(role_arn)
    if role is not None:
        for key, value in role.tags.items():
            keys[f"iam:resourcetag/{key.lower()}"] = keys[f"aws:resourcetag/{key.lower()}"] = value
    context = CallerContext(
        call.caller, call.now, call.source_ip, user_agent=call.user_agent or None, region=call.region, extra=keys
    )
    question = Question(subject, ACTION, role_arn, call.account, context)
    decision = decide(question, call.caller.stack, None)
    if not decision.allowed:
        denied = Denied(question, call.caller.stack, None, decision)
        error = ServiceError("AccessDeniedException", denied_text(call, denied), 403)
        error.denied = denied
        raise error
