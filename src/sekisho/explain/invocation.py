"""Rules about calling the function: as whom, under which policy, and what it answered.

The log line "Invalid permissions on Lambda function" has many causes. Which authority was in force decides where to
look: the function's resource policy (service), the integration's role, or the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sekisho.config.integrations import Authority, HttpLambda, LambdaCustom, LambdaProxy
from sekisho.explain.case import Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.explain.permitting import (
    SERVICE,
    covers,
    document_statements,
    foreign,
    matches,
    names_service,
    principals,
    qualified,
    source_patterns,
    statements,
    trust_call,
)
from sekisho.explain.statements import allow, check_evidence, grant_to_principal, policy_name, role_name
from sekisho.faults.fault import Kind
from sekisho.functions.invocation import Failed
from sekisho.gateway.trace import Check

Function = LambdaProxy | LambdaCustom | HttpLambda
"""An integration with a function."""

SAM_INVOKE_ROLE_NONE = """\
 Properties:
   Auth:
     DefaultAuthorizer: AWS_IAM
+    InvokeRole: NONE
"""


def not_invocable(case: Case) -> Finding:
    """Lambda refused API Gateway; who asked depends on the integration's credentials."""
    target = case.trace.route.integration
    assert isinstance(target, Function)
    if target.authority is Authority.CALLER:
        return _caller(case, target)
    if target.authority is Authority.ROLE:
        return _role(case, target)
    return _service(case, target)


def _deciding(case: Case) -> Check:
    return case.trace.checks[-1]


def source_arn(case: Case, target: Function) -> str:
    """The SourceArn that fits this route: any stage, this verb, the template with ``*`` for its parameters."""
    route = case.trace.route
    prefix = target.source_arn.rsplit(":", 1)[0] + ":" + case.trace.api.id
    if route.route_key == "$default":
        return f"{prefix}/*/$default"
    method = "*" if route.method == "ANY" else route.method
    parts = ["*" if part.startswith("{") else part for part in route.resource_path.strip("/").split("/")]
    return f"{prefix}/*/{method}/{'/'.join(parts)}"


def add_permission(case: Case, target: Function) -> ApiCall:
    """AddPermission for API Gateway on exactly this route."""
    route = case.trace.route
    words = [part for part in route.resource_path.replace("{", "").replace("}", "").replace("+", "").split("/") if part]
    statement = "-".join(["sekisho", case.trace.api.id, route.method, *words])
    clean = "".join(c if c.isalnum() or c in "-_" else "-" for c in statement)[:100]
    parameters = {
        "FunctionName": target.function_arn,
        "StatementId": clean,
        "Action": "lambda:InvokeFunction",
        "Principal": SERVICE,
        "SourceArn": source_arn(case, target),
    }
    if target.qualifier:
        parameters["Qualifier"] = target.qualifier
    return ApiCall("lambda", "AddPermission", parameters)


def _change_credentials(case: Case, value: str) -> tuple[ApiCall, ...]:
    """REST only: an HTTP API's integration is not known by the route it serves."""
    trace = case.trace
    if trace.kind is not Kind.REST:
        return ()
    update = ApiCall(
        "apigateway",
        "UpdateIntegration",
        {
            "restApiId": trace.api.id,
            "resourceId": trace.route.resource_id,
            "httpMethod": trace.route.method,
            "patchOperations": [{"op": "replace", "path": "/credentials", "value": value}],
        },
    )
    return (update, deploy(trace))


def _caller(case: Case, target: Function) -> Finding:
    """``arn:aws:iam::*:user/*``: the caller's own rights decide, the function's resource policy does not stand in."""
    trace, check = case.trace, _deciding(case)
    who = trace.caller.subject.arn
    evidence = [
        Evidence(say("inv.authenticated", who=who)),
        Evidence(say("inv.authority-caller", who=who), {"credentials": "arn:aws:iam::*:user/*"}),
        *check_evidence(check),
    ]
    evidence += _resource_policy_beside_the_point(case, target)
    without = _change_credentials(case, "")
    candidates = [
        Candidate(say("cure.drop-credentials"), without, SAM_INVOKE_ROLE_NONE),
        Candidate(
            say("cure.drop-credentials-and-permit"), (add_permission(case, target), *without), SAM_INVOKE_ROLE_NONE
        ),
    ]
    grant = grant_to_principal(
        trace.caller, trace.snapshot, "sekisho-invoke-function", "lambda:InvokeFunction", qualified(target)
    )
    if grant is not None:
        opens = say("grants.around-the-api", who=role_name(trace.caller) or who)
        candidates.append(Candidate(say("cure.grant-caller", who=who), (grant,), grants=opens))
    if case.cures(without) is not None:
        del candidates[1]
    cause = "LINV_CALLER_CREDENTIALS"
    return Finding(cause, say("inv.caller", who=who, function=qualified(target)), tuple(evidence), tuple(candidates))


def _resource_policy_beside_the_point(case: Case, target: Function) -> list[Evidence]:
    """Why the permission that is there did not count."""
    found = []
    for number, statement in enumerate(statements(case, target, target.qualifier)):
        if names_service(statement):
            sid = str(statement.get("Sid") or f"#{number}")
            pattern = ", ".join(source_patterns(statement)) or "-"
            found.append(Evidence(say("inv.statement-unused", sid=sid, pattern=pattern), {"statement": statement}))
    return found


def _role(case: Case, target: Function) -> Finding:
    """The integration's role was assumed, but may not invoke."""
    check = _deciding(case)
    evidence = [Evidence(say("inv.authority-role", role=target.role_arn)), *check_evidence(check)]
    name = target.role_arn.rsplit("/", 1)[-1]
    document = allow("lambda:InvokeFunction", qualified(target))
    grant = ApiCall(
        "iam",
        "PutRolePolicy",
        {"RoleName": name, "PolicyName": policy_name("sekisho-invoke-function", document), "PolicyDocument": document},
    )
    candidates = [Candidate(say("cure.grant-role", role=name), (grant,))]
    candidates += _without_role(case, target)
    return Finding(
        "LINV_ROLE_NO_INVOKE",
        say("inv.role", role=target.role_arn, function=qualified(target)),
        tuple(evidence),
        tuple(candidates),
    )


def _without_role(case: Case, target: Function) -> list[Candidate]:
    """Let the service ask, with a permission for this route when there is none yet."""
    without = _change_credentials(case, "")
    if not without:
        return []
    if case.cures(without) is not None:
        return [Candidate(say("cure.drop-role"), without)]
    return [Candidate(say("cure.drop-role-and-permit"), (add_permission(case, target), *without))]


def role_not_assumable(case: Case) -> Finding:
    """API Gateway may not assume the integration's role."""
    trace = case.trace
    target = trace.route.integration
    assert isinstance(target, Function)
    role = trace.snapshot.identities.roles.get(target.role_arn)
    name = target.role_arn.rsplit("/", 1)[-1]
    evidence = [Evidence(say("inv.authority-role", role=target.role_arn))]
    candidates = []
    if role is None:
        evidence.append(Evidence(say("inv.role-missing", role=target.role_arn)))
    else:
        evidence += check_evidence(_deciding(case))
        if any("Condition" in statement for statement in document_statements(role.trust.document)):
            evidence.append(Evidence(say("inv.no-source-keys")))
        candidates.append(Candidate(say("cure.trust", role=name), (trust_call(role),)))
    candidates += _without_role(case, target)
    return Finding(
        "LINV_ROLE_NOT_ASSUMABLE",
        say("inv.role-not-assumable", role=target.role_arn),
        tuple(evidence),
        tuple(candidates),
    )


def _service(case: Case, target: Function) -> Finding:
    """API Gateway asks as itself: only the function's resource policy for this qualifier counts."""
    check = _deciding(case)
    asked = str(check.question.context.get("aws:sourcearn") or "")
    evidence = [
        Evidence(say("inv.authority-service", source=asked), {"SourceArn": asked}),
        *check_evidence(check),
    ]
    cause, headline, more, candidates = _service_cause(case, target, asked)
    return Finding(cause, headline, (*evidence, *more), tuple(candidates))


def _service_cause(case: Case, target: Function, asked: str) -> tuple[str, Any, list[Evidence], list[Candidate]]:
    trace = case.trace
    function = trace.snapshot.functions.get(target.function_arn)
    permit = Candidate(say("cure.add-permission", function=qualified(target)), (add_permission(case, target),))
    shown = {"function": qualified(target), "source": asked}
    if function is None or (target.qualifier and function.spec(target.qualifier) is None):
        if "${stageVariables" in target.uri:
            return "LPERM_STAGE_VARIABLE", say("inv.function-missing-variable", **shown, uri=target.uri), [], []
        return "LPERM_MISSING", say("inv.function-missing", **shown), [], []
    here = statements(case, target, target.qualifier)
    ours = [s for s in here if names_service(s)]
    elsewhere = [
        qualifier or "$LATEST"
        for qualifier in function.policies
        if qualifier != target.qualifier
        and any(names_service(s) and covers(s, asked) for s in statements(case, target, qualifier))
    ]
    if elsewhere and not any(covers(s, asked) for s in ours):
        where = ", ".join(elsewhere)
        used = target.qualifier or "$LATEST"
        if "${stageVariables" in target.uri:
            headline = say("inv.stage-variable", **shown, uri=target.uri, where=where)
            return "LPERM_STAGE_VARIABLE", headline, [Evidence(say("inv.qualifier-own-policy", used=used))], [permit]
        headline = say("inv.qualifier", **shown, where=where, used=used)
        return "LPERM_QUALIFIER", headline, [Evidence(say("inv.qualifier-own-policy", used=used))], [permit]
    if foreign(case, target) and not any(covers(s, asked) for s in ours):
        there = replace(permit, grants=say("grants.other-account", account=function.account))
        return "LPERM_CROSS_ACCOUNT", say("inv.cross-account", **shown), [], [there]
    denies = [s for s in here if s.get("Effect") == "Deny"]
    if any(covers(s, asked) for s in denies):
        return "LPERM_CONDITION", say("inv.denied", **shown), [], _remove(target, denies)
    if not ours:
        if "${stageVariables" in target.uri:
            return "LPERM_STAGE_VARIABLE", say("inv.variable-no-permission", **shown, uri=target.uri), [], [permit]
        if here:
            return "LPERM_CONDITION", say("inv.wrong-principal", **shown, principal=principals(here)), [], [permit]
        return "LPERM_MISSING", say("inv.no-permission", **shown), [], [permit]
    if any(covers(s, asked) for s in ours):
        return "LPERM_CONDITION", say("inv.condition", **shown), [], [permit]
    patterns = [p for s in ours for p in source_patterns(s)]
    parts = [_segments(p) for p in patterns]
    actual = _segments(asked)
    more = [Evidence(say("inv.pattern", pattern=p, source=asked), {"pattern": p}) for p in patterns]
    if actual and parts and all(p and not matches(p[0], actual[0]) for p in parts):
        names = ", ".join(sorted({p[0] for p in parts if p}))
        return "LPERM_LITERAL_API_ID", say("inv.other-api", **shown, other=names, api=trace.api.id), more, [permit]
    if actual and any(
        p and matches(p[0], actual[0]) and not matches(p[1], actual[1]) and p[2:] and _same_rest(p, actual)
        for p in parts
    ):
        stages = ", ".join(sorted({p[1] for p in parts if p}))
        return (
            "LPERM_STAGE_SCOPED",
            say("inv.other-stage", **shown, other=stages, stage=trace.stage.name),
            more,
            [permit],
        )
    return "LPERM_SOURCE_ARN", say("inv.other-route", **shown), more, [permit]


def _remove(target: Function, denies: Sequence[Mapping[str, Any]]) -> list[Candidate]:
    calls = []
    for statement in denies:
        parameters = {"FunctionName": target.function_arn, "StatementId": str(statement.get("Sid", ""))}
        if target.qualifier:
            parameters["Qualifier"] = target.qualifier
        calls.append(ApiCall("lambda", "RemovePermission", parameters))
    return [Candidate(say("cure.remove-deny"), tuple(calls))]


def _segments(arn: str) -> list[str]:
    """``api``, ``stage``, ``METHOD``, ``path`` of an execute-api ARN."""
    resource = arn.split(":", 5)[-1]
    parts = resource.split("/", 3)
    return parts + ["*"] * (4 - len(parts)) if parts[-1] == "*" else parts + [""] * (4 - len(parts))


def _same_rest(pattern: list[str], actual: list[str]) -> bool:
    return matches("/".join(pattern[2:]), "/".join(actual[2:]))


def method_not_post(case: Case) -> Finding:
    """Lambda's Invoke takes only POST."""
    trace = case.trace
    target = trace.route.integration
    method = target.http_method if isinstance(target, LambdaProxy | LambdaCustom) else "-"
    update = ApiCall(
        "apigateway",
        "UpdateIntegration",
        {
            "restApiId": trace.api.id,
            "resourceId": trace.route.resource_id,
            "httpMethod": trace.route.method,
            "patchOperations": [{"op": "replace", "path": "/httpMethod", "value": "POST"}],
        },
    )
    return Finding(
        "LINT_HTTP_METHOD",
        say("inv.method", method=method),
        (Evidence(say("inv.method-two", method=method)),),
        (Candidate(say("cure.post"), (update, deploy(trace))),),
    )


def address_invalid(case: Case) -> Finding:
    """The URI names no function: usually an unset stage variable."""
    target = case.trace.route.integration
    uri = target.uri if isinstance(target, Function) else "-"
    variables = ", ".join(case.trace.stage.variables) or "-"
    evidence = (Evidence(say("inv.variables", variables=variables), {"variables": list(case.trace.stage.variables)}),)
    return Finding("LFN_STAGE_VARIABLE_UNSET", say("inv.address", uri=uri, stage=case.trace.stage.name), evidence)


def failed(case: Case) -> Finding:
    """The function raised, exited, or could not start."""
    reply = case.trace.reply
    message = reply.message if isinstance(reply, Failed) else "-"
    kind = reply.kind if isinstance(reply, Failed) else "raised"
    request_id = reply.request_id if isinstance(reply, Failed) else "-"
    said = {"init": "fn.init", "exit": "fn.exit", "raised": "fn.raised"}.get(kind, "fn.raised")
    return Finding(
        "LFN_UNHANDLED_ERROR",
        say(said, message=message[:400]),
        (Evidence(say("fn.where-logs", group=_log_group(case), request=request_id), {"lambdaRequestId": request_id}),),
    )


def _log_group(case: Case) -> str:
    target = case.trace.route.integration
    name = target.function_arn.rsplit(":", 1)[-1] if isinstance(target, Function) else "-"
    return f"/aws/lambda/{name}"


def timed_out(case: Case) -> Finding:
    """The function's own Timeout ended it."""
    target = case.trace.route.integration
    assert isinstance(target, Function)
    function = case.trace.snapshot.functions.get(target.function_arn)
    spec = function.spec(target.qualifier) if function else None
    seconds = f"{spec.timeout:g}" if spec else "-"
    return Finding(
        "LFN_TIMEOUT",
        say("fn.timeout", seconds=seconds),
        (Evidence(say("fn.where-logs", group=_log_group(case), request=case.trace.integration_request_id or "-")),),
    )


def throttled(case: Case) -> Finding:
    """No sandbox was free."""
    return Finding("LFN_THROTTLED", say("fn.throttled"), (Evidence(say("fn.concurrency")),))


def response_too_large(case: Case) -> Finding:
    """Over 6 MB."""
    error = case.trace.integration_error or "-"
    return Finding("LFN_RESPONSE_TOO_LARGE", say("fn.too-large"), (Evidence(say("fn.lambda-said", error=error)),))


def gateway_timeout(case: Case) -> Finding:
    """The gateway waited as long as the integration allows."""
    target = case.trace.route.integration
    seconds = target.timeout if isinstance(target, Function) else 29.0
    cause = "INT_TIMEOUT" if seconds >= 29.0 else "INT_TIMEOUT_CUSTOM"
    return Finding(cause, say("fn.gateway-timeout", seconds=f"{seconds:g}"), (Evidence(say("fn.runs-on")),))
