"""Recorded outcomes of JWT authorizers (HTTP) and user pools (REST), played on the whole pipeline."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.authorizers import source
from tests.scenes.http import HttpApi, http_lambda
from tests.scenes.jwt import ISSUER, claims, jwks, token
from tests.scenes.pipeline import Api, Played, function, gateway_may_invoke, lambda_proxy, policy, returned

from sekisho.config.authorizers import CognitoAuthorizer, JwtAuthorizer
from sekisho.functions.invocation import InvokeFunction
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable

RECORDED, OTHER = "authorization-recorded", "other-recordings"
SCOPE = "aws.cognito.signin.user.admin"
POOL = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_abc"


def case_of(file: str, id_: str) -> Case:
    return next(each for each in load(file) if each["id"] == id_)


def answer(effect: Any) -> Any:
    return Keys(jwks()) if isinstance(effect, FetchKeys) else returned({"statusCode": 200})


def http(bearer: str | None, scopes: tuple[str, ...] = (), answers: Any = answer, log: str = "") -> Played:
    authorizer = JwtAuthorizer("a", "jwt", source("$request.header.Authorization"), ISSUER, ("client",))
    found = HttpApi(functions=[function(gateway_may_invoke())], format=log)
    found.add("GET /a", http_lambda(), auth=authorizer, scopes=scopes)
    return found.play("GET", "/a", {} if bearer is None else {"Authorization": bearer}, answers=answers)


def rest(bearer: str | None, **settings: Any) -> Played:
    authorizer = CognitoAuthorizer("a", "pool", source("method.request.header.Authorization"), (POOL,))
    found = Api(functions=[function(gateway_may_invoke())], **settings).route(
        "GET", "/a", lambda_proxy(), auth=authorizer
    )
    return found.play("GET", "/prod/a", {} if bearer is None else {"Authorization": bearer}, answers=answer)


def told(file: str, id_: str, played: Played) -> None:
    then = case_of(file, id_)["then"]
    problems = [] if played.status == then["status"] else [f"status {played.status}"]
    if "body_text" in then and played.text != then["body_text"]:
        problems.append(played.text)
    for name, value in then.get("headers", {}).items():
        found = played.headers.get(name.lower())
        if found is None or not (value.startswith("<") or found == value):
            problems.append(f"{name}: {found}")
    wanted = then.get("www_authenticate_contains", "")
    if wanted not in (played.headers.get("www-authenticate") or ""):
        problems.append("challenge")
    tally(file, id_, not problems)
    assert not problems, problems


def test_missing_tokens() -> None:
    told(RECORDED, "jwt/missing-token", http(None))
    told(OTHER, "other/jwt-missing", http(None))
    played = rest(None)
    assert "www-authenticate" not in played.headers
    told(RECORDED, "cognito/missing", played)


def test_scopes() -> None:
    bearer = f"Bearer {token(claims(aud='client'))}"
    told(RECORDED, "jwt/insufficient-scope", http(bearer, (SCOPE,)))


def test_accepted_tokens() -> None:
    played = http(f"Bearer {token(claims(aud='client'))}")
    told(RECORDED, "jwt/revoked-token-accepted", played)
    seen = json.loads(played.asked[0].payload)["requestContext"]["authorizer"]["jwt"]
    passed = seen["scopes"] is None and all(type(each) is str for each in seen["claims"].values())
    tally(RECORDED, "jwt/context-shape", passed)
    tally("stackd-deployed-metrics-audit", "deployed/http-jwt-scopes-null", seen["scopes"] is None)
    assert passed, seen


def test_keys_that_cannot_be_had() -> None:
    def failing(effect: Any) -> Any:
        assert not isinstance(effect, InvokeFunction)
        return KeysUnavailable("jwks", "slow")

    played = http(f"Bearer {token(claims(aud='client'))}", (), failing, "$context.authorizer.error")
    assert played.line == "invalid_token: JWKS communication error"
    told(OTHER, "other/jwt-jwks-failure", played)


def test_a_user_pool_and_a_resource_policy_must_both_allow() -> None:
    bearer = token(claims(token_use="id", aud="client"))
    assert rest(bearer).status == 200
    somebody = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
    elsewhere = {**somebody, "Resource": "arn:aws:execute-api:*:*:*/prod/GET/other"}
    assert rest(bearer, resource_policy=policy(somebody)).status == 200
    refused = rest(bearer, resource_policy=policy(elsewhere))
    assert (refused.status, refused.asked) == (403, [])
    assert refused.trace.refused_at == "authorize"


def test_claims_reach_the_backend_and_the_log() -> None:
    played = rest(token(claims(token_use="id", aud="client", sub="somebody")), format="$context.authorizer.claims.sub")
    assert played.line == "somebody"
    assert played.event["requestContext"]["authorizer"]["claims"]["sub"] == "somebody"
    bearer = f"Bearer {token(claims(aud='client', sub='somebody'))}"
    assert http(bearer, log="$context.authorizer.claims.sub $context.requestId").line is not None
    assert str(http(bearer, log="$context.authorizer.claims.sub $context.requestId").line).startswith("somebody ")
