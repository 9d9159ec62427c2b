"""The execution role: may Lambda assume it, and may the caller hand it over?

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from sekisho.kit.arn import Arn
from sekisho.policy.combine import NO_POLICIES, decide
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.request import MappingContext, Question, service_subject
from sekisho.services.lambda_.refusals import invalid
from sekisho.services.operation import Call, ServiceError
from sekisho.services.pass_role import check_pass_role

SERVICE = "lambda.amazonaws.com"


def check_role(call: Call, role_arn: str, function_arn: str) -> None:
    """Raise ServiceError unless ``role_arn`` can be the execution role of ``function_arn``."""
    arn = Arn.parse(role_arn)
    owner = Arn.parse(function_arn)
    if arn is None or owner is None or arn.account != owner.account:
        raise ServiceError("AccessDeniedException", "Cross-account pass role is not allowed.", 403)
    check_pass_role(call, role_arn, SERVICE, function_arn)
    trust = _trust(call, arn, role_arn)
    if trust is None or not _assumable(trust, role_arn, arn.account, function_arn):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")


def _trust(call: Call, arn: Arn, role_arn: str) -> CompiledPolicy | None:
    """The role's trust policy: compiled, or as it was written earlier in this same unit of work (a stack's role)."""
    role = call.snapshot.identities.roles.get(role_arn)
    if role is not None:
        return role.trust
    document = call.global_table("role", service="iam", account=arn.account).get(arn.resource.rpartition("/")[2])
    if document is None or document["Arn"] != role_arn:
        return None
    return compile_policy(document["AssumeRolePolicyDocument"], name=f"trust policy of role {document['RoleName']}")


def _assumable(trust: CompiledPolicy, role_arn: str, account: str, function_arn: str) -> bool:
    context = MappingContext({"aws:SourceArn": function_arn, "aws:SourceAccount": account})
    question = Question(service_subject(SERVICE), "sts:AssumeRole", role_arn, account, context)
    return decide(question, NO_POLICIES, trust).allowed
