"""Cognito authorizers of REST APIs: pools, kinds of token, scopes, and claims as Java prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenes.jwt import ISSUER, KID, NOW, claims, jwks, key_set, segment, token

from sekisho.config.authorizers import CognitoAuthorizer, IdentitySource
from sekisho.config.snapshot import EMPTY
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.authorizers.cognito import (
    Accepted,
    KeysNeeded,
    Rejected,
    authorize,
    issuers_of,
    java_date,
    judge,
    rendered,
)
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.trace import UNROUTED, Trace
from sekisho.kit.headers import Headers
from sekisho.kit.outcome import PASS, Ask

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
OTHER_POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_xyz"
OTHER_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_xyz"
HEADER = IdentitySource("header", "authorization", "method.request.header.Authorization")
AUTHORIZER = CognitoAuthorizer("auth01", "cog", HEADER, (POOL,))
BOTH = CognitoAuthorizer("auth02", "cogs", HEADER, (POOL, OTHER_POOL))
SCOPE = "aws.cognito.signin.user.admin"


def access(**more: Any) -> dict[str, Any]:
    return claims(token_use="access", aud=None, client_id="app1", username="u", **{"scope": SCOPE, **more})


def judged(text: str, *scopes: str, authorizer: CognitoAuthorizer = AUTHORIZER, now: float = NOW) -> Any:
    return judge(text, authorizer, scopes, {ISSUER: key_set()}, now)


def kind(text: str, *scopes: str, **more: Any) -> str:
    found = judged(text, *scopes, **more)
    assert isinstance(found, Rejected)
    return found.kind


def test_issuers_are_those_of_the_pools() -> None:
    china = "arn:aws-cn:cognito-idp:cn-north-1:123456789012:userpool/cn-north-1_c"
    assert issuers_of((POOL, OTHER_POOL, china)) == (
        ISSUER,
        OTHER_ISSUER,
        "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_c",
    )
    assert issuers_of(("", "no arn", "arn:aws:iam::1:role/x", "arn:aws:cognito-idp:us-east-1:1:identitypool/x")) == ()


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_an_id_token_where_no_scopes_are_asked_for(prefix: str) -> None:
    found = judged(prefix + token())
    assert isinstance(found, Accepted)
    assert (found.until, found.issuer) == (claims()["exp"], ISSUER)


def test_an_access_token_where_scopes_are_asked_for() -> None:
    assert isinstance(judged(token(access()), "other", SCOPE), Accepted)


def test_the_other_kind_of_token_is_refused() -> None:
    """vectors: cognito/id-token-on-scoped-method, and the same the other way round."""
    assert kind(token(claims(scope=SCOPE)), SCOPE) == "token-use"
    assert kind(token(access())) == "token-use"
    for use in (None, "", "refresh", True, ["id"]):
        assert kind(token(claims(token_use=use))) == "token-use"


def test_an_access_token_without_one_of_the_scopes() -> None:
    found = judged(token(access(scope="openid")), "orders/read", "orders/write")
    assert found == Rejected("scope", {"required": "orders/read orders/write", "granted": "openid"}, ISSUER)


def test_audiences_do_not_matter() -> None:
    assert isinstance(judged(token(claims(aud="any client"))), Accepted)


@pytest.mark.parametrize("issuer", [OTHER_ISSUER, ISSUER + "/", None, 7, "https://evil.example"])
def test_a_token_of_another_pool(issuer: Any) -> None:
    assert kind(token(claims(iss=issuer))) == "pool"


def test_an_authorizer_without_pools_accepts_nobody() -> None:
    assert kind(token(), authorizer=CognitoAuthorizer("a", "a", HEADER, ())) == "pool"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256", "PS256", "RS512"])
def test_cognito_signs_with_rs256_only(algorithm: str) -> None:
    assert kind(token(alg=algorithm)) == "algorithm"


def test_signatures_and_keys() -> None:
    assert kind(token(signed_by="attacker")) == "signature"
    assert kind(token(kid="key-9", signed_by=KID)) == "kid"
    head, _, signature = token().split(".")
    assert kind(f"{head}.{segment(claims(sub='admin'))}.{signature}") == "signature"


@pytest.mark.parametrize("expires", [NOW, 0, None, "9999999999", True, []], ids=repr)
def test_expired(expires: Any) -> None:
    assert kind(token(claims(exp=expires))) == "expired"


def test_early() -> None:
    assert kind(token(claims(nbf=NOW + 1))) == "not-yet"
    assert kind(token(claims(nbf="0"))) == "not-yet"


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("AWS4-HMAC-SHA256 Credential=ASIA/20171118/us-east-2/execute-api/aws4_request", "AWS4-HMAC-SHA256"), ("x", "")],
)
def test_what_is_no_token(text: str, scheme: str) -> None:
    found = judged(text)
    assert found.kind == "segments"
    assert found.details.get("scheme", "") == scheme


def test_the_validation_expression_is_asked_first() -> None:
    strict = replace(AUTHORIZER, validation=lambda text: text.startswith("Bearer "))
    assert kind(token(), authorizer=strict) == "expression"
    assert isinstance(judged("Bearer " + token(), authorizer=strict), Accepted)


def test_keys_are_needed_only_for_tokens_of_the_pools() -> None:
    assert judge(token(), AUTHORIZER, (), {}, NOW) == KeysNeeded(ISSUER, KID)
    found = judge(token(), AUTHORIZER, (), {ISSUER: KeysUnavailable("jwks", "down")}, NOW)
    assert found == Rejected("jwks", {"reason": "down"}, ISSUER)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("exp", 1790284571, "Thu Sep 24 21:16:11 UTC 2026"),
        ("iat", 1790280971, "Thu Sep 24 20:16:11 UTC 2026"),
        ("auth_time", 1790280971, "1790280971"),
        ("exp", "text", "text"),
        ("exp", -1, "-1"),
        ("exp", 10**30, str(10**30)),
        ("email_verified", True, "true"),
        ("cognito:groups", ["admin", "users"], "admin,users"),
        ("identities", [{"userId": "1", "primary": "true"}], '{"userId":"1","primary":"true"}'),
        ("nothing", None, ""),
    ],
)
def test_claims_are_text(name: str, value: Any, text: str) -> None:
    """vector: cognito/claims-format."""
    assert rendered(name, value) == text


@given(st.integers(0, 253_402_300_799))
def test_every_moment_has_a_date(moment: int) -> None:
    assert len(java_date(moment)) == 28


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


# Signing takes its time on a busy machine.
@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("iss", "exp", "nbf", "iat", "scope", "token_use"), VALUES)),
    st.booleans(),
)
def test_claims_of_any_type_have_an_answer(changes: dict[str, Any], scoped: bool) -> None:
    found = judged(token({**claims(), **changes}), *(("a",) if scoped else ()))
    assert isinstance(found, Accepted | Rejected)
    if isinstance(found, Accepted):
        assert all(isinstance(value, str) for value in found.claims.values())


# --- authorize


class NoKeys:
    def find(self, access_key_id: str, snapshot: Any) -> None:
        return None


def exchange(headers: Mapping[str, str], *scopes: str, ledger: Ledger | None = None, now: float = NOW) -> Exchange:
    request = GatewayRequest(
        "GET", "/prod/x", "/prod/x", "", Headers(headers.items()), b"", "h", "api", "r", "203.0.113.1"
    )
    trace = Trace(request, EMPTY, now, "id", "xid")
    trace.route = replace(UNROUTED, scopes=scopes)
    return Exchange(request, EMPTY, NoKeys(), trace, now, lambda: 0.0, bytes, ledger)


def drive(x: Exchange, *answers: Any, authorizer: CognitoAuthorizer = AUTHORIZER) -> tuple[Any, list[FetchKeys]]:
    left, asked = list(answers), []
    outcome = authorize(x, authorizer)
    while isinstance(outcome, Ask):
        assert isinstance(outcome.effect, FetchKeys)
        asked.append(outcome.effect)
        outcome = outcome.then(x, left.pop(0))
    return outcome, asked


def test_a_good_token_passes_and_is_remembered() -> None:
    ledger = Ledger()
    x = exchange({"Authorization": token()}, ledger=ledger)
    outcome, asked = drive(x, Keys(jwks()))
    assert outcome is PASS
    assert asked == [FetchKeys(ISSUER, KID)]
    assert x.trace.authorizer.status == "200"
    assert x.trace.authorizer_context["claims"]["sub"] == "user-1"
    again = exchange({"Authorization": token()}, ledger=ledger)
    assert drive(again) == (PASS, [])
    assert again.trace.authorizer_context == x.trace.authorizer_context


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Token": "x"}])
def test_missing(headers: dict[str, str]) -> None:
    """vector: cognito/missing."""
    outcome, asked = drive(exchange(headers))
    assert isinstance(outcome, Reject)
    assert (outcome.fault, asked) == (Fault.IDENTITY_SOURCE_MISSING, [])


def test_refusals_are_one_fault_with_evidence() -> None:
    x = exchange({"Authorization": token(access())})
    outcome, _ = drive(x, Keys(jwks()))
    assert outcome == Reject(
        Fault.TOKEN_REJECTED,
        {
            "kind": "token-use",
            "message": "Unauthorized",
            "authorizer": "cog",
            "source": "method.request.header.Authorization",
            "issuer": ISSUER,
            "token_use": "access",
            "required": "",
        },
    )
    assert x.trace.authorizer.status == "401"
    assert x.trace.authorizer_context == {}


def test_an_expired_token_says_so() -> None:
    outcome, _ = drive(exchange({"Authorization": token(claims(exp=NOW - 1))}), Keys(jwks()))
    assert outcome.evidence["message"] == "The incoming token has expired"


def test_each_pool_has_its_own_keys() -> None:
    ledger = Ledger()
    first = {"Authorization": token()}
    second = {"Authorization": token(claims(iss=OTHER_ISSUER), kid="key-2", signed_by="key-2")}
    crossed = {"Authorization": token(claims(iss=OTHER_ISSUER))}
    assert drive(exchange(first, ledger=ledger), Keys(jwks()), authorizer=BOTH)[0] is PASS
    assert drive(exchange(second, ledger=ledger), Keys(jwks("key-2")), authorizer=BOTH)[0] is PASS
    for headers in (first, second, first, second):
        assert drive(exchange(headers, ledger=ledger), authorizer=BOTH) == (PASS, [])
    outcome, _ = drive(exchange(crossed, ledger=ledger), authorizer=BOTH)
    assert outcome.evidence["kind"] == "kid"


def test_rotation() -> None:
    ledger = Ledger()
    fresh = {"Authorization": token(kid="key-2", signed_by="key-2")}
    assert drive(exchange({"Authorization": token()}, ledger=ledger), Keys(jwks()))[0] is PASS
    assert drive(exchange(fresh, ledger=ledger, now=NOW + 59))[1] == []
    outcome, asked = drive(exchange(fresh, ledger=ledger, now=NOW + 60), Keys(jwks(KID, "key-2")))
    assert (outcome, len(asked)) == (PASS, 1)


def test_a_decision_is_for_its_method() -> None:
    ledger = Ledger()
    headers = {"Authorization": token(access())}
    assert drive(exchange(headers, SCOPE, ledger=ledger), Keys(jwks()))[0] is PASS
    assert drive(exchange(headers, SCOPE, ledger=ledger)) == (PASS, [])
    assert drive(exchange(headers, ledger=ledger))[0].evidence["kind"] == "token-use"
    assert drive(exchange(headers, "orders/read", ledger=ledger))[0].evidence["kind"] == "scope"
