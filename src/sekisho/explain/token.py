"""Rules about tokens: JWT authorizers of HTTP APIs and Cognito user pool authorizers of REST APIs.

The gate says which rule a token broke first (``kind``); here it becomes a cause, with what was compared. Tokens are
never repeated.
"""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.config.authorizers import CognitoAuthorizer, JwtAuthorizer, LambdaAuthorizer
from sekisho.explain import authorizer as lambda_authorizer
from sekisho.explain.case import Case, deploy, deployed
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.faults.fault import Kind

_JWT = {
    "segments": "JWT_NO_TOKEN",
    "size": "JWT_NO_TOKEN",
    "malformed": "JWT_NO_TOKEN",
    "missing": "JWT_NO_TOKEN",
    "algorithm": "JWT_SIGNATURE",
    "kid": "JWT_SIGNATURE",
    "signature": "JWT_SIGNATURE",
    "discovery": "JWT_SIGNATURE",
    "jwks": "JWT_SIGNATURE",
    "issuer": "JWT_ISSUER",
    "audience": "JWT_AUDIENCE",
    "expired": "JWT_EXPIRED",
    "not-yet": "JWT_EXPIRED",
    "issued-later": "JWT_EXPIRED",
    "scope": "JWT_SCOPE",
}
_COGNITO = {
    **_JWT,
    "segments": "COGNITO_NON_JWT_SENT",
    "size": "COGNITO_NON_JWT_SENT",
    "malformed": "COGNITO_NON_JWT_SENT",
    "pool": "COGNITO_WRONG_POOL",
    "expression": "LAUTH_IDENTITY_VALIDATION",
}


def rejected(case: Case) -> Finding:
    """The token was read and refused, by the function or by the gateway itself."""
    authorizer = case.trace.route.authorizer
    if isinstance(authorizer, LambdaAuthorizer):
        return lambda_authorizer.token_rejected(case)
    proof = _proof(case)
    kind = proof.get("kind", "")
    shown = {
        "iss": proof.get("iss") or "-",
        "issuer": proof.get("issuer") or getattr(authorizer, "issuer", "-"),
        "alg": proof.get("alg") or "-",
        "kid": proof.get("kid") or "-",
        "exp": proof.get("exp") or proof.get("nbf") or proof.get("iat") or "-",
        "audience": proof.get("aud") or proof.get("client_id") or "-",
        "expected": ", ".join(getattr(authorizer, "audience", ())) or "-",
        "required": proof.get("required") or "-",
        "granted": proof.get("granted") or "-",
        "reason": proof.get("reason") or "-",
        "scheme": proof.get("scheme") or "-",
    }
    evidence: list[Evidence] = [Evidence(say("token.authorizer", name=_name(authorizer)), _details(proof))]
    if isinstance(authorizer, CognitoAuthorizer) and kind == "token-use":
        return _token_use(case, proof, evidence)
    table = _COGNITO if isinstance(authorizer, CognitoAuthorizer) else _JWT
    cause = table.get(kind, "JWT_SIGNATURE")
    message = f"token.{kind}" if kind in table else "token.other"
    if kind == "issuer" and shown["iss"].rstrip("/") == shown["issuer"].rstrip("/"):
        evidence.append(Evidence(say("token.slash")))
    if kind == "segments" and shown["scheme"] == "AWS4-HMAC-SHA256":
        evidence.append(Evidence(say("token.signed-instead")))
    candidates: list[Candidate] = []
    if isinstance(authorizer, CognitoAuthorizer):
        candidates = _add_pool(case, authorizer, proof)
    elif isinstance(authorizer, JwtAuthorizer):
        candidates = _accept(case, authorizer, proof)
    return Finding(cause, say(message, **shown), tuple(evidence), tuple(candidates))


def _proof(case: Case) -> Mapping[str, str]:
    rejection = case.trace.rejection
    return rejection.evidence if rejection else {}


def _details(proof: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in proof.items() if name not in ("challenge",)}


def _name(authorizer: object) -> str:
    return str(getattr(authorizer, "name", "-"))


def _token_use(case: Case, proof: Mapping[str, str], evidence: list[Evidence]) -> Finding:
    use, required = proof.get("token_use") or "-", proof.get("required") or ""
    if required:
        headline = say("token.id-with-scopes", use=use, required=required)
        return Finding("COGNITO_ID_TOKEN_WITH_SCOPES", headline, tuple(evidence))
    return Finding("COGNITO_ACCESS_TOKEN_NEEDS_SCOPES", say("token.access-without-scopes", use=use), tuple(evidence))


def _add_pool(case: Case, authorizer: CognitoAuthorizer, proof: Mapping[str, str]) -> list[Candidate]:
    """The pool that the token names, as one more of the authorizer's."""
    parts = proof.get("iss", "").removeprefix("https://").split("/")
    host = parts[0].split(".")
    if proof.get("kind") != "pool" or len(parts) != 2 or host[0] != "cognito-idp" or case.trace.kind is not Kind.REST:
        return []
    arn = f"arn:aws:cognito-idp:{host[1]}:{case.trace.api.account}:userpool/{parts[1]}"
    patch = [{"op": "add", "path": "/providerARNs", "value": arn}]
    at = {"restApiId": case.trace.api.id, "authorizerId": authorizer.id}
    update = ApiCall("apigateway", "UpdateAuthorizer", {**at, "patchOperations": patch})
    return [Candidate(say("cure.add-pool", pool=parts[1]), (update, deploy(case.trace)))]


def _accept(case: Case, authorizer: JwtAuthorizer, proof: Mapping[str, str]) -> list[Candidate]:
    """HTTP APIs: accept the audience or a scope of the token; right only when the token itself is the right one."""
    kind, api = proof.get("kind"), case.trace.api.id
    audience = proof.get("aud") or proof.get("client_id") or ""
    granted = (proof.get("granted") or "").split()
    if kind == "audience" and audience:
        configuration = {"Issuer": authorizer.issuer, "Audience": [*authorizer.audience, audience]}
        update = ApiCall(
            "apigatewayv2",
            "UpdateAuthorizer",
            {"ApiId": api, "AuthorizerId": authorizer.id, "JwtConfiguration": configuration},
        )
        return [Candidate(say("cure.add-audience", audience=audience, name=authorizer.name), deployed(case, update))]
    if kind == "scope" and granted and case.trace.kind is Kind.HTTP:
        scopes = [*case.trace.route.scopes, granted[0]]
        update = ApiCall(
            "apigatewayv2",
            "UpdateRoute",
            {"ApiId": api, "RouteId": case.trace.route.resource_id, "AuthorizationScopes": scopes},
        )
        return [Candidate(say("cure.add-scope", scope=granted[0]), deployed(case, update))]
    return []


def unidentified(case: Case) -> Finding:
    """Nothing stands where the authorizer looks."""
    authorizer = case.trace.route.authorizer
    if isinstance(authorizer, LambdaAuthorizer):
        return lambda_authorizer.unidentified(case)
    source = _proof(case).get("source") or "-"
    evidence = [Evidence(say("token.authorizer", name=_name(authorizer)))]
    wanted = getattr(getattr(authorizer, "identity_source", None), "name", "")
    elsewhere = [
        name
        for name, value in case.trace.request.headers.pairs
        if name.lower() != wanted and value.removeprefix("Bearer ").startswith("eyJ")
    ]
    if elsewhere:
        evidence.append(Evidence(say("token.elsewhere", header=elsewhere[0], source=source)))
    headline = say("token.missing", source=source)
    if isinstance(authorizer, JwtAuthorizer):
        return Finding("JWT_NO_TOKEN", headline, tuple(evidence))
    cause = "COGNITO_WRONG_HEADER" if elsewhere else "LAUTH_IDENTITY_SOURCE_MISSING"
    return Finding(cause, headline, tuple(evidence))
