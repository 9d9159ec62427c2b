"""What a function's resource policy and a role's trust say about API Gateway: for integrations and authorizers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from sekisho.config.identities import Role
from sekisho.config.integrations import Authority
from sekisho.explain.case import Case
from sekisho.explain.explanation import ApiCall
from sekisho.kit.arn import Arn
from sekisho.kit.glob import compile_glob

SERVICE = "apigateway.amazonaws.com"


class Target(Protocol):
    """A function that the gateway calls: of an integration or of an authorizer."""

    @property
    def function_arn(self) -> str: ...
    @property
    def qualifier(self) -> str: ...
    @property
    def authority(self) -> Authority: ...
    @property
    def role_arn(self) -> str: ...


def qualified(target: Target) -> str:
    """The function's ARN with the qualifier."""
    return f"{target.function_arn}:{target.qualifier}" if target.qualifier else target.function_arn


def foreign(case: Case, target: Target) -> bool:
    """Whether the function is in another account than the API."""
    arn = Arn.parse(target.function_arn)
    return arn is not None and arn.account != case.trace.api.account


def document_statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy document."""
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else [s for s in found if isinstance(s, dict)]


def statements(case: Case, target: Target, qualifier: str) -> list[dict[str, Any]]:
    """The statements of the function's policy for a qualifier (empty: of the function itself)."""
    function = case.trace.snapshot.functions.get(target.function_arn)
    policy = function.policies.get(qualifier) if function else None
    return document_statements(policy.document) if policy else []


def names_service(statement: Mapping[str, Any]) -> bool:
    """Whether the principal is, or includes, API Gateway."""
    principal = statement.get("Principal")
    if principal == "*":
        return True
    services = principal.get("Service", []) if isinstance(principal, Mapping) else []
    return SERVICE in ([services] if isinstance(services, str) else services)


def principals(found: list[dict[str, Any]]) -> str:
    """Whom statements name, as they are written."""
    return ", ".join(json.dumps(s.get("Principal"), ensure_ascii=False) for s in found)


def source_patterns(statement: Mapping[str, Any]) -> list[str]:
    """The values of ``aws:SourceArn`` conditions."""
    found: list[str] = []
    for tests in statement.get("Condition", {}).values():
        if isinstance(tests, Mapping):
            for key, value in tests.items():
                if key.lower() == "aws:sourcearn":
                    found += [value] if isinstance(value, str) else [str(v) for v in value]
    return found


def matches(pattern: str, text: str) -> bool:
    """IAM wildcards."""
    return compile_glob(pattern)(text)


def covers(statement: Mapping[str, Any], source: str) -> bool:
    """Whether the SourceArn patterns admit ``source`` (other conditions aside)."""
    patterns = source_patterns(statement)
    return not patterns or any(matches(p, source) for p in patterns)


def trust_call(role: Role) -> ApiCall:
    """UpdateAssumeRolePolicy with API Gateway among the trusted; the other statements stay."""
    kept = [s for s in document_statements(role.trust.document) if not names_service(s)]
    ours = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [*kept, ours]}
    parameters = {"RoleName": role.name, "PolicyDocument": json.dumps(document)}
    return ApiCall("iam", "UpdateAssumeRolePolicy", parameters)
