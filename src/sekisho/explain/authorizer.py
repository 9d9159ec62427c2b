"""Rules about Lambda authorizers: may they be called, did they answer, is the answer well formed, what does it say.

The client sees 500 ``{"message":null}`` for four different troubles and 403 for five; the questions that were asked and
the answer that was recorded tell them apart.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html;
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.config.integrations import Authority
from sekisho.explain.answers import decisions, widened
from sekisho.explain.case import Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, Said, say
from sekisho.explain.permitting import (
    SERVICE,
    covers,
    foreign,
    names_service,
    principals,
    qualified,
    source_patterns,
    statements,
    trust_call,
)
from sekisho.explain.statements import allow, check_evidence, misses_only, policy_name
from sekisho.faults.fault import Fault, Kind
from sekisho.functions.invocation import Failed, Returned
from sekisho.policy.combine import Verdict
from sekisho.policy.witness import Element
from sekisho.policy.witness import explain as witness_of

SHOWN = 300


def _authorizer(case: Case) -> LambdaAuthorizer:
    authorizer = case.trace.route.authorizer
    assert isinstance(authorizer, LambdaAuthorizer)
    return authorizer


def _proof(case: Case) -> Mapping[str, str]:
    rejection = case.trace.rejection
    return rejection.evidence if rejection else {}


def not_invocable(case: Case) -> Finding:
    """API Gateway may not call the authorizer's function: as the service, or in the authorizer's role."""
    authorizer = _authorizer(case)
    function = qualified(authorizer)
    shown = {"name": authorizer.name, "function": function}
    beside = Evidence(say("auth.not-the-backend", **shown), {"authorizer": authorizer.id, "function": function})
    if not authorizer.function_arn:
        headline = say("auth.no-function", name=authorizer.name, uri=authorizer.uri or "-")
        return Finding("LAUTH_NO_PERMISSION", headline, (beside,))
    if authorizer.authority is Authority.ROLE:
        return _role(case, authorizer, beside)
    check = case.trace.checks[-1]
    asked = authorizer.source_arn
    evidence = [beside, Evidence(say("auth.source", source=asked), {"SourceArn": asked}), *check_evidence(check)]
    permit = Candidate(say("cure.permit-authorizer", **shown), (_permission(authorizer),))
    known = case.trace.snapshot.functions.get(authorizer.function_arn)
    if known is None or known.spec(authorizer.qualifier) is None:
        return Finding("LAUTH_NO_PERMISSION", say("inv.function-missing", function=function), tuple(evidence))
    here = statements(case, authorizer, authorizer.qualifier)
    ours = [s for s in here if names_service(s)]
    if not any(covers(s, asked) for s in ours):
        if foreign(case, authorizer):
            headline = say("auth.cross-account", **shown, account=known.account)
            there = replace(permit, grants=say("grants.other-account", account=known.account))
            return Finding("LAUTH_CROSS_ACCOUNT", headline, tuple(evidence), (there,))
        if ours:
            patterns = ", ".join(p for s in ours for p in source_patterns(s)) or "-"
            headline = say("auth.source-arn", **shown, pattern=patterns, source=asked)
            return Finding("LAUTH_PERMISSION_SOURCE_ARN", headline, tuple(evidence), (permit,))
    if here and not ours:
        evidence.append(Evidence(say("inv.wrong-principal", function=function, principal=principals(here))))
    return Finding("LAUTH_NO_PERMISSION", say("auth.no-permission", **shown), tuple(evidence), (permit,))


def _permission(authorizer: LambdaAuthorizer) -> ApiCall:
    parameters = {
        "FunctionName": authorizer.function_arn,
        "StatementId": f"sekisho-authorizer-{authorizer.id}",
        "Action": "lambda:InvokeFunction",
        "Principal": SERVICE,
        "SourceArn": authorizer.source_arn,
    }
    if authorizer.qualifier:
        parameters["Qualifier"] = authorizer.qualifier
    return ApiCall("lambda", "AddPermission", parameters)


def _role(case: Case, authorizer: LambdaAuthorizer, beside: Evidence) -> Finding:
    role, name = authorizer.role_arn, authorizer.role_arn.rsplit("/", 1)[-1]
    shown = {"name": authorizer.name, "role": role, "function": qualified(authorizer)}
    evidence = [beside, Evidence(say("auth.role-decides", role=role))]
    checks = case.trace.checks
    known = case.trace.snapshot.identities.roles.get(role)
    without = _without_role(case, authorizer)
    if known is None or not checks or checks[-1].purpose == "assume-role":
        candidates: list[Candidate] = []
        if known is None:
            evidence.append(Evidence(say("inv.role-missing", role=role)))
        else:
            evidence += check_evidence(checks[-1])
            candidates.append(Candidate(say("cure.trust", role=name), (trust_call(known),)))
        candidates += without
        headline = say("auth.role-not-assumable", **shown)
        return Finding("LAUTH_ROLE_NOT_ASSUMABLE", headline, tuple(evidence), tuple(candidates))
    evidence += check_evidence(checks[-1])
    document = allow("lambda:InvokeFunction", qualified(authorizer))
    grant = ApiCall(
        "iam",
        "PutRolePolicy",
        {"RoleName": name, "PolicyName": policy_name("sekisho-invoke-function", document), "PolicyDocument": document},
    )
    candidates = [Candidate(say("cure.grant-role", role=name), (grant,)), *without]
    return Finding("LAUTH_ROLE_NO_INVOKE", say("auth.role", **shown), tuple(evidence), tuple(candidates))


def _without_role(case: Case, authorizer: LambdaAuthorizer) -> list[Candidate]:
    """REST: let the service ask, with a permission for this authorizer when there is none yet."""
    if case.trace.kind is not Kind.REST:
        return []
    patch = [{"op": "replace", "path": "/authorizerCredentials", "value": ""}]
    calls = (
        ApiCall(
            "apigateway",
            "UpdateAuthorizer",
            {"restApiId": case.trace.api.id, "authorizerId": authorizer.id, "patchOperations": patch},
        ),
        deploy(case.trace),
    )
    shown = {"name": authorizer.name}
    if case.cures(calls) is not None:
        return [Candidate(say("cure.authorizer-without-role", **shown), calls)]
    return [Candidate(say("cure.authorizer-without-role-permit", **shown), (_permission(authorizer), *calls))]


def failed(case: Case) -> Finding:
    """The function was called and gave no answer."""
    proof = _proof(case)
    kind, message = proof.get("kind", ""), proof.get("message", "-")
    if kind == "unsupported":
        return Finding("", say("other.unsupported", what=proof.get("type", "-")))
    authorizer = _authorizer(case)
    name = authorizer.name
    logs = Evidence(
        say(
            "fn.where-logs",
            group=f"/aws/lambda/{authorizer.function_arn.rsplit(':', 1)[-1]}",
            request=proof.get("request_id", "-"),
        )
    )
    if kind in ("timeout", "patience"):
        return Finding("LAUTH_TIMEOUT", say("auth.timeout", name=name, message=message), (logs,), blame="function")
    evidence = [logs]
    if kind in ("raised", "init", "exit"):
        evidence.insert(0, Evidence(say("auth.only-unauthorized")))
        if "unauthorized" in message.lower():
            evidence.insert(0, Evidence(say("auth.almost-unauthorized", message=message[:SHOWN])))
    headline = say("auth.exception", name=name, message=message[:SHOWN])
    return Finding("LAUTH_EXCEPTION", headline, tuple(evidence), blame="function")


def bad_reply(case: Case) -> Finding:
    """The function answered something that is no decision."""
    authorizer, proof = _authorizer(case), _proof(case)
    rule, detail = proof.get("rule", ""), proof.get("detail", "")
    raw = case.trace.fields.get("authorizer.answer", b"")
    text = raw.decode("utf-8", "replace")
    value = _parsed(text)
    cures = decisions(case, authorizer, value)
    shown = {"name": authorizer.name, "detail": detail or rule}
    evidence = [Evidence(say("auth.answered", text=text[:SHOWN]), {"answer": text[:SHOWN], "rule": rule})]
    if rule in ("context", "context-value"):
        return _answer_finding("LAUTH_BAD_CONTEXT", say("auth.bad-context", **shown), evidence, cures)
    if authorizer.simple:
        if isinstance(value, dict) and "policyDocument" in value:
            evidence.append(Evidence(say("auth.policy-but-simple")))
        return _answer_finding("LAUTH_SIMPLE_RESPONSE_MISSING", say("auth.simple-missing", **shown), evidence, cures)
    if isinstance(value, dict) and "isAuthorized" in value and "policyDocument" not in value:
        return _answer_finding("LAUTH_POLICY_RESPONSE_MISSING", say("auth.policy-missing", **shown), evidence, cures)
    if authorizer.payload != "REST" and rule == "json" and proof.get("cached"):
        return _answer_finding("LAUTH_CACHED_CONTEXT_JSON", say("auth.cached-json", **shown), evidence, cures)
    evidence += [Evidence(hint) for hint in _hints(value)]
    return _answer_finding("LAUTH_BAD_OUTPUT", say("auth.bad-output", **shown), evidence, cures)


def _answer_finding(cause: str, headline: Said, evidence: list[Evidence], candidates: tuple[Candidate, ...]) -> Finding:
    return Finding(cause, headline, tuple(evidence), candidates, blame="function")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _hints(value: Any) -> list[Said]:
    """What people usually did when an answer looks like this."""
    if value is None:
        return [say("auth.hint-null")]
    if isinstance(value, str) and isinstance(_parsed(value), dict):
        return [say("auth.hint-text")]
    if not isinstance(value, dict):
        return []
    if "statusCode" in value:
        return [say("auth.hint-http")]
    document = value.get("policyDocument")
    if isinstance(document, str):
        return [say("auth.hint-document-text")]
    if not isinstance(document, dict):
        return [say("auth.hint-no-document", keys=", ".join(map(str, value)) or "-")]
    found = document.get("Statement")
    listed = found if isinstance(found, list) else [found]
    hints = []
    for statement in listed:
        if not isinstance(statement, dict):
            continue
        lower = [key for key in statement if key in ("effect", "action", "resource")]
        if lower:
            hints.append(say("auth.hint-lowercase", keys=", ".join(lower)))
        if statement.get("Resource") == []:
            hints.append(say("auth.hint-no-resource"))
    return hints or ([say("auth.hint-lowercase", keys="statement")] if "statement" in document else [])


def denied(case: Case) -> Finding:
    """The answer was read, and does not let this request pass."""
    authorizer, proof, trace = _authorizer(case), _proof(case), case.trace
    shown = {"name": authorizer.name, "resource": proof.get("resource", "-")}
    checks = [check for check in trace.checks if check.purpose == "authorizer-policy"]
    evidence = [Evidence(say("auth.function-decided", **shown))]
    explicit = trace.fault is Fault.AUTHORIZER_EXPLICITLY_DENIED
    mismatch = False
    if checks:
        check = checks[-1]
        evidence += check_evidence(check)
        witness = witness_of(check.question, check.stack, check.resource_policy)
        mismatch = misses_only(witness, Element.RESOURCE)
        explicit = explicit or witness.decision.verdict is Verdict.EXPLICITLY_DENIED
    cached = proof.get("cached") or trace.fields.get("authorizer.cached", "")
    if cached:
        cause = "LAUTH_CACHE_NARROW_POLICY" if checks and not explicit else "LAUTH_CACHE_STALE"
        headline = say(
            "auth.cache-narrow" if checks and not explicit else "auth.cache-stale",
            **shown,
            request=str(cached),
            ttl=f"{authorizer.ttl:g}",
        )
        cures = _uncached(case, authorizer)
        if cause == "LAUTH_CACHE_NARROW_POLICY":
            cures = [*widened(case, _last_answer(case, authorizer)), *cures]
        return Finding(cause, headline, tuple(evidence), tuple(cures), blame="configuration")
    if not checks:
        return Finding("LAUTH_EXPLICIT_DENY", say("auth.simple-denied", **shown), tuple(evidence), blame="caller")
    if explicit:
        return Finding("LAUTH_EXPLICIT_DENY", say("auth.explicit", **shown), tuple(evidence), blame="caller")
    headline = say("auth.mismatch" if mismatch else "auth.no-allow", **shown)
    cures = list(widened(case, _last_answer(case, authorizer))) if mismatch else []
    return Finding("LAUTH_POLICY_RESOURCE_MISMATCH", headline, tuple(evidence), tuple(cures), blame="function")


def _last_answer(case: Case, authorizer: LambdaAuthorizer) -> bytes:
    """What the authorizer's function answered, now or for the request that filled the cache."""
    replies = [reply for arn, reply in case.trace.results if arn == authorizer.function_arn]
    return replies[-1].payload if replies and isinstance(replies[-1], Returned) else b""


def _uncached(case: Case, authorizer: LambdaAuthorizer) -> list[Candidate]:
    """Have the function asked anew: forget what is remembered, or remember nothing."""
    trace = case.trace
    if trace.kind is not Kind.REST:
        return []
    at = {"restApiId": trace.api.id}
    flush = ApiCall("apigateway", "FlushStageAuthorizersCache", {**at, "stageName": trace.stage.name})
    patch = [{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "0"}]
    update = ApiCall("apigateway", "UpdateAuthorizer", {**at, "authorizerId": authorizer.id, "patchOperations": patch})
    arn = authorizer.function_arn
    return [
        Candidate(say("cure.flush-authorizers"), (flush,), forget=arn),
        Candidate(say("cure.authorizer-ttl", name=authorizer.name), (update, deploy(trace)), forget=arn),
    ]


def token_rejected(case: Case) -> Finding:
    """The function raised exactly ``Unauthorized``."""
    authorizer, proof = _authorizer(case), _proof(case)
    reply = next((r for arn, r in case.trace.results if arn == authorizer.function_arn), None)
    evidence = [Evidence(say("auth.was-called", request=proof.get("request_id", "-")))]
    if isinstance(reply, Failed):
        evidence.append(Evidence(say("auth.only-unauthorized")))
    headline = say("auth.rejected", name=authorizer.name)
    return Finding("LAUTH_TOKEN_REJECTED", headline, tuple(evidence), blame="caller")


def unidentified(case: Case) -> Finding:
    """An identity source is missing, empty, or not as the validation expression wants it: nobody was called."""
    authorizer, proof = _authorizer(case), _proof(case)
    source = proof.get("source", "-")
    shown = {"name": authorizer.name, "source": source}
    evidence = [Evidence(say("auth.not-called", name=authorizer.name))]
    if proof.get("kind") == "pattern":
        return Finding("LAUTH_IDENTITY_VALIDATION", say("auth.pattern", **shown), tuple(evidence), blame="caller")
    names = ", ".join(each.text for each in authorizer.identity_sources)
    evidence.append(Evidence(say("auth.all-sources", sources=names), {"identitySources": names}))
    if authorizer.ttl > 0 and len(authorizer.identity_sources) > 1:
        evidence.append(Evidence(say("auth.every-source")))
    message = "auth.source-empty" if proof.get("kind") == "empty" else "auth.source-missing"
    return Finding("LAUTH_IDENTITY_SOURCE_MISSING", say(message, **shown), tuple(evidence), blame="caller")
