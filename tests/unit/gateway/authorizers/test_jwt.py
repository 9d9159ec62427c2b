"""JWT authorizers: every reason to refuse, in AWS's words; what the backend sees; what is remembered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenes.jwt import ISSUER, KID, NOW, claims, evidence_of, jwk, jwks, key_set, segment, token

from sekisho.config.api import ApiSnapshot
from sekisho.config.authorizers import IdentitySource, JwtAuthorizer
from sekisho.config.snapshot import EMPTY
from sekisho.faults.fault import Fault, Kind, Reject
from sekisho.gateway.authorizers.jwt import Accepted, KeysNeeded, Rejected, authorize, judge, rendered
from sekisho.gateway.authorizers.keys import read_jwks
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.ledger import ASK_AGAIN_SECONDS, FAILURE_SECONDS, KEYS_SECONDS, Ledger
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.trace import UNROUTED, Trace
from sekisho.kit.headers import Headers
from sekisho.kit.outcome import PASS, Ask

HEADER = IdentitySource("header", "authorization", "$request.header.Authorization")
AUTHORIZER = JwtAuthorizer("auth01", "pool", HEADER, ISSUER, ("app1", "app2"))
INVALID = 'Bearer scope="" error="invalid_token" error_description="{}"'


def judged(text: str, *scopes: str, authorizer: JwtAuthorizer = AUTHORIZER, now: float = NOW) -> Any:
    return judge(text, authorizer, scopes, key_set(), now)


def refused(text: str, *scopes: str, **more: Any) -> Rejected:
    found = judged(text, *scopes, **more)
    assert isinstance(found, Rejected)
    return found


# --- judge


def test_a_good_token_is_accepted_until_it_expires() -> None:
    found = judged(token())
    assert isinstance(found, Accepted)
    assert found.until == claims()["exp"]
    assert found.scopes is None
    assert found.claims["sub"] == "user-1"


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER  ", ""])
def test_bearer_is_optional(prefix: str) -> None:
    assert isinstance(judged(prefix + token()), Accepted)


@pytest.mark.parametrize("text", ["", "Bearer ", "  "])
def test_no_token(text: str) -> None:
    """vector: jwt/missing-token."""
    found = refused(text)
    assert (found.kind, found.status, found.challenge) == ("missing", 401, "Bearer")


@pytest.mark.parametrize("text", ["Bearer opaque", "opaque", "Bearer", "Basic dXNlcjpwYXNz"])
def test_an_opaque_token(text: str) -> None:
    found = refused(text)
    assert found.challenge == INVALID.format("token contains an invalid number of segments")
    assert found.error == "invalid_token: token contains an invalid number of segments"


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "none"])
def test_other_algorithms_are_refused_whatever_the_key(algorithm: str) -> None:
    found = refused(token(alg=algorithm))
    assert (found.kind, found.challenge) == ("algorithm", INVALID.format(f"signing method {algorithm} is invalid"))


@pytest.mark.parametrize("algorithm", ["None", "NONE", "rs256", 'x"\r\ny: z', "RS256 "])
def test_unknown_algorithms_are_not_repeated_to_the_client(algorithm: str) -> None:
    text = f"{segment({'alg': algorithm, 'kid': KID})}.{segment(claims())}.AA"
    assert refused(text).challenge == INVALID.format("signing method (alg) is unavailable")


def test_no_algorithm() -> None:
    text = f"{segment({'kid': KID})}.{segment(claims())}.AA"
    assert refused(text).challenge == INVALID.format("signing method (alg) is unspecified")


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u", "x5c"])
def test_keys_that_a_token_brings_are_never_used(header: str) -> None:
    value: Any = {"jwk": jwk(), "jku": "https://evil.example/jwks", "x5u": "https://evil.example", "x5c": ["MII"]}
    text = token(signed_by="attacker", **{header: value[header]})
    assert refused(text).kind == "signature"
    assert isinstance(judged(token(**{header: value[header]})), Accepted)


def test_critical_headers_are_refused() -> None:
    assert refused(token(crit=["b64"], b64=False)).kind == "malformed"


@pytest.mark.parametrize("issuer", [ISSUER + "/", ISSUER.upper(), "https://other.example", "", None, 7, [ISSUER]])
def test_the_issuer_must_be_the_same_to_the_letter(issuer: Any) -> None:
    found = refused(token(claims(iss=issuer)))
    assert (found.kind, found.challenge) == ("issuer", INVALID.format("invalid issuer"))


def test_a_foreign_issuer_needs_no_keys() -> None:
    assert isinstance(judge(token(claims(iss="https://other.example")), AUTHORIZER, (), None, NOW), Rejected)
    assert judge(token(), AUTHORIZER, (), None, NOW) == KeysNeeded(KID)


@pytest.mark.parametrize("kid", ["key-9", "", None])
def test_the_key_must_be_named_and_known(kid: str | None) -> None:
    found = refused(token(kid=kid, signed_by=KID))
    assert (found.kind, found.challenge) == ("kid", INVALID.format("unable to find a signing key that matches"))


def test_a_wrong_signature() -> None:
    found = refused(token(signed_by="attacker"))
    assert (found.kind, found.challenge) == ("signature", INVALID.format("signature is invalid"))


def test_claims_of_another_token_do_not_fit_the_signature() -> None:
    head, _, signature = token().split(".")
    assert refused(f"{head}.{segment(claims(sub='admin'))}.{signature}").kind == "signature"


@pytest.mark.parametrize(
    "expires", [NOW, NOW - 1, 0, -1, None, "9999999999", True, [NOW + 60], {}], ids=lambda value: repr(value)
)
def test_expired(expires: Any) -> None:
    found = refused(token(claims(exp=expires)))
    assert (found.kind, found.challenge) == ("expired", INVALID.format("the token has expired"))


def test_there_is_no_leeway() -> None:
    text = token(claims(exp=NOW + 1, iat=NOW, nbf=NOW))
    assert isinstance(judged(text), Accepted)
    assert refused(text, now=NOW + 1).kind == "expired"
    assert refused(text, now=NOW - 0.5).kind == "not-yet"
    assert refused(token(claims(iat=NOW)), now=NOW - 0.5).kind == "issued-later"


@pytest.mark.parametrize("moment", [NOW + 1, "0", True, [], {}], ids=repr)
def test_not_valid_yet(moment: Any) -> None:
    found = refused(token(claims(nbf=moment)))
    assert (found.kind, found.challenge) == ("not-yet", INVALID.format("the token is not valid yet"))
    assert refused(token(claims(iat=moment))).kind == "issued-later"


def test_a_null_time_is_no_absent_one() -> None:
    body = json.dumps({**claims(), "nbf": None}).encode()
    assert refused(token(body)).kind == "not-yet"


@pytest.mark.parametrize("number", ["10000000000000000000000000000000", "1e308", "1.79e9999"])
def test_numbers_may_be_huge(number: str) -> None:
    body = json.dumps(claims()).replace("1790003600", number).encode()
    assert isinstance(judged(token(body)), Accepted | Rejected)
    assert isinstance(judged(token(claims(exp=10**40))), Accepted)


@pytest.mark.parametrize(
    ("aud", "client", "accepted"),
    [
        ("app1", None, True),
        (["x", "app2"], None, True),
        (None, "app1", True),
        ("other", None, False),
        ("other", "app1", False),
        ([], "app1", False),
        (["x"], "app1", False),
        ({"app1": 1}, "app1", False),
        (1, "app1", False),
        ([["app1"]], None, False),
        (None, None, False),
        (None, ["app1"], True),
        ("APP1", None, False),
        ("", None, False),
    ],
)
def test_audience(aud: Any, client: Any, accepted: bool) -> None:
    """client_id counts only when there is no aud."""
    found = judged(token(claims(aud=aud, client_id=client)))
    if accepted:
        assert isinstance(found, Accepted)
    else:
        assert found.challenge == INVALID.format("the token does not have a valid audience")
        assert found.details["audience"] == "app1 app2"


def test_an_authorizer_without_audiences_accepts_nobody() -> None:
    nobody = JwtAuthorizer("a", "a", HEADER, ISSUER, ())
    assert refused(token(), authorizer=nobody).kind == "audience"
    assert refused(token(claims(aud=None)), authorizer=nobody).kind == "audience"


@pytest.mark.parametrize(
    ("more", "matched"),
    [
        ({"scope": "openid orders/read"}, ("orders/read",)),
        ({"scope": "orders/write orders/read"}, ("orders/read", "orders/write")),
        ({"scp": ["orders/write"]}, ("orders/write",)),
        ({"scp": "orders/write email"}, ("orders/write",)),
        ({"scope": "openid", "scp": ["orders/read"]}, ("orders/read",)),
        ({"scope": ["orders/read", 7]}, ("orders/read",)),
    ],
)
def test_one_scope_of_the_route_suffices(more: dict[str, Any], matched: tuple[str, ...]) -> None:
    found = judged(token(claims(**more)), "orders/read", "orders/write")
    assert isinstance(found, Accepted)
    assert found.scopes == matched


@pytest.mark.parametrize("more", [{}, {"scope": "openid"}, {"scope": 7}, {"scope": "ORDERS/READ"}, {"scp": {"a": 1}}])
def test_insufficient_scope(more: dict[str, Any]) -> None:
    """vector: jwt/insufficient-scope."""
    found = refused(token(claims(**more)), "orders/read", "orders/write")
    assert (found.kind, found.status) == ("scope", 403)
    assert found.challenge == (
        'Bearer scope="orders/read" error="insufficient_scope" error_description="expected scopes within the token"'
    )
    assert found.error == "insufficient_scope: expected scopes within the token"


def test_a_configured_scope_cannot_break_out_of_the_header() -> None:
    assert refused(token(), 'a"\r\nx: y\u20ac').challenge.startswith('Bearer scope="ax: y" ')


@pytest.mark.parametrize(
    ("kind", "text"),
    [("discovery", "OIDC discovery endpoint communication error"), ("jwks", "JWKS communication error")],
)
def test_an_issuer_that_does_not_answer(kind: str, text: str) -> None:
    """vector: other/jwt-jwks-failure."""
    found = judge(token(), AUTHORIZER, (), KeysUnavailable(kind, "timeout"), NOW)
    assert isinstance(found, Rejected)
    assert (found.status, found.challenge, found.error) == (401, INVALID.format(text), f"invalid_token: {text}")


def test_the_empty_key_set_accepts_nothing() -> None:
    assert isinstance(judge(token(), AUTHORIZER, (), read_jwks({}), NOW), Rejected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (1790284571, "1790284571"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (None, "<nil>"),
        (["USERS", "ADMINS"], "[USERS ADMINS]"),
        ([], "[]"),
        ({"b": [1, True], "a": {"x": None}}, "map[a:map[x:<nil>] b:[1 true]]"),
        (
            {"sign_in_provider": "password", "identities": {"email": ["a@b.c"]}},
            "map[identities:map[email:[a@b.c]] sign_in_provider:password]",
        ),
    ],
)
def test_claims_are_text(value: Any, text: str) -> None:
    """vector: jwt/context-shape."""
    assert rendered(value) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("iss", "aud", "client_id", "exp", "nbf", "iat", "scope", "scp", "sub")


# Signing takes its time on a busy machine.
@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)), st.booleans())
def test_claims_of_any_type_have_an_answer(changes: dict[str, Any], scoped: bool) -> None:
    body = json.dumps({**claims(), **changes}).encode("utf-8", "surrogatepass")
    found = judged(token(body), *(("a",) if scoped else ()))
    assert isinstance(found, Accepted | Rejected)
    if isinstance(found, Accepted):
        assert all(isinstance(value, str) for value in found.claims.values())
    else:
        assert found.challenge.isascii()
        assert found.challenge.isprintable()


# --- authorize


class NoKeys:
    def find(self, access_key_id: str, snapshot: Any) -> None:
        return None


def exchange(
    headers: Mapping[str, str] | list[tuple[str, str]],
    *scopes: str,
    ledger: Ledger | None = None,
    query: str = "",
    now: float = NOW,
) -> Exchange:
    pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
    request = GatewayRequest("GET", "/items", "/items", query, Headers(pairs), b"", "h", "api", "r", "203.0.113.1")
    trace = Trace(request, EMPTY, now, "id", "xid")
    trace.api = ApiSnapshot(Kind.HTTP, "api", "123456789012", "us-east-1", "n", {})
    trace.route = replace(UNROUTED, scopes=scopes)
    ticks = itertools.count()
    return Exchange(request, EMPTY, NoKeys(), trace, now, lambda: float(next(ticks)), bytes, ledger)


def drive(x: Exchange, *answers: Any, authorizer: JwtAuthorizer = AUTHORIZER) -> tuple[Any, list[FetchKeys]]:
    """The outcome, and what was asked for on the way."""
    left, asked = list(answers), []
    outcome = authorize(x, authorizer)
    while isinstance(outcome, Ask):
        assert isinstance(outcome.effect, FetchKeys)
        asked.append(outcome.effect)
        outcome = outcome.then(x, left.pop(0))
    return outcome, asked


def bearer(text: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token() if text is None else text}"}


def test_keys_are_asked_for_once() -> None:
    ledger = Ledger()
    first = exchange(bearer(), ledger=ledger)
    outcome, asked = drive(first, Keys(jwks()))
    assert outcome is PASS
    assert asked == [FetchKeys(ISSUER, KID)]
    assert first.trace.authorizer_context["jwt"]["claims"]["exp"] == "1790003600"
    assert first.trace.authorizer_context["jwt"]["scopes"] is None
    for text in (token(), token(claims(sub="user-2"))):
        assert drive(exchange(bearer(text), ledger=ledger)) == (PASS, [])


def test_matched_scopes_are_shown() -> None:
    x = exchange(bearer(token(claims(scope="b a"))), "a", "c")
    assert drive(x, Keys(jwks()))[0] is PASS
    assert x.trace.authorizer_context["jwt"]["scopes"] == ["a"]


def test_a_missing_token_asks_for_nothing() -> None:
    x = exchange({"X-Other": token()})
    outcome, asked = drive(x)
    assert isinstance(outcome, Reject)
    assert (outcome.fault, asked) == (Fault.IDENTITY_SOURCE_MISSING, [])
    assert outcome.evidence["www_authenticate"] == "Bearer"
    assert x.trace.authorizer == ("401", None)


def test_a_refused_token_has_its_evidence() -> None:
    x = exchange(bearer(token(claims(aud="other"))))
    outcome, _ = drive(x, Keys(jwks()))
    assert outcome.fault is Fault.TOKEN_REJECTED
    assert evidence_of(outcome) == {
        "kind": "audience",
        "error": "invalid_token",
        "description": "the token does not have a valid audience",
        "www_authenticate": INVALID.format("the token does not have a valid audience"),
        "authorizer": "pool",
        "source": "$request.header.Authorization",
        "issuer": ISSUER,
        "aud": "other",
        "audience": "app1 app2",
    }
    assert x.trace.authorizer.error == "invalid_token: the token does not have a valid audience"
    assert x.trace.authorizer_context == {}


def test_scopes_are_their_own_fault() -> None:
    outcome, _ = drive(exchange(bearer(), "a"), Keys(jwks()))
    assert outcome.fault is Fault.SCOPE_INSUFFICIENT


def test_two_tokens_are_no_token() -> None:
    twice = [("Authorization", "Bearer " + token()), ("authorization", "Bearer " + token())]
    outcome, asked = drive(exchange(twice))
    assert outcome.evidence["kind"] == "segments"
    assert not asked


def test_the_token_may_be_in_the_query() -> None:
    source = IdentitySource("querystring", "access_token", "$request.querystring.access_token")
    authorizer = JwtAuthorizer("a", "a", source, ISSUER, ("app1",))
    assert drive(exchange({}, query=f"x=1&access_token={token()}"), Keys(jwks()), authorizer=authorizer)[0] is PASS
    outcome, _ = drive(exchange({}, query="Access_Token=x"), authorizer=authorizer)
    assert outcome.fault is Fault.IDENTITY_SOURCE_MISSING


def test_a_decision_ends_with_the_token() -> None:
    ledger = Ledger()
    text = token(claims(exp=NOW + 10))
    assert drive(exchange(bearer(text), ledger=ledger), Keys(jwks()))[0] is PASS
    assert drive(exchange(bearer(text), ledger=ledger, now=NOW + 9.9))[0] is PASS
    outcome, _ = drive(exchange(bearer(text), ledger=ledger, now=NOW + 10))
    assert outcome.evidence["kind"] == "expired"


def test_a_decision_is_for_its_scopes_and_its_authorizer() -> None:
    ledger = Ledger()
    text = token(claims(scope="a"))
    assert drive(exchange(bearer(text), "a", ledger=ledger), Keys(jwks()))[0] is PASS
    assert drive(exchange(bearer(text), "b", ledger=ledger))[0].fault is Fault.SCOPE_INSUFFICIENT
    changed = JwtAuthorizer("auth01", "pool", HEADER, ISSUER, ("app9",))
    assert drive(exchange(bearer(text), "a", ledger=ledger), authorizer=changed)[0].evidence["kind"] == "audience"


def test_rotation_an_unknown_key_is_looked_for_at_most_once_a_minute() -> None:
    ledger = Ledger()
    fresh = token(kid="key-2", signed_by="key-2")
    assert drive(exchange(bearer(), ledger=ledger), Keys(jwks()))[0] is PASS
    outcome, asked = drive(exchange(bearer(fresh), ledger=ledger, now=NOW + 5))
    assert (outcome.evidence["kind"], asked) == ("kid", [])
    later = NOW + ASK_AGAIN_SECONDS
    outcome, asked = drive(exchange(bearer(fresh), ledger=ledger, now=later), Keys(jwks("key-2")))
    assert outcome is PASS
    assert asked == [FetchKeys(ISSUER, "key-2")]
    # The old key is gone, and so is what was decided by it.
    outcome, asked = drive(exchange(bearer(), ledger=ledger, now=later + 1))
    assert (outcome.evidence["kind"], asked) == ("kid", [])


def test_made_up_keys_cost_one_fetch_a_minute() -> None:
    ledger = Ledger()
    fetches = 0
    for second in range(0, 180, 10):
        text = token(kid=f"made-up-{second}", signed_by="attacker")
        _, asked = drive(exchange(bearer(text), ledger=ledger, now=NOW + second), *[Keys(jwks())] * 3)
        fetches += len(asked)
    assert fetches == 3


def test_a_failed_look_for_a_new_key_keeps_the_old_ones() -> None:
    ledger = Ledger()
    assert drive(exchange(bearer(), ledger=ledger), Keys(jwks()))[0] is PASS
    later = NOW + ASK_AGAIN_SECONDS
    strange = bearer(token(kid="key-2", signed_by="key-2"))
    outcome, _ = drive(exchange(strange, ledger=ledger, now=later), KeysUnavailable("jwks", "down"))
    assert outcome.evidence["kind"] == "kid"
    assert drive(exchange(bearer(), ledger=ledger, now=later + 1)) == (PASS, [])
    assert drive(exchange(strange, ledger=ledger, now=later + 1))[1] == []


def test_keys_are_fetched_again_after_two_hours() -> None:
    ledger = Ledger()
    text = token(claims(exp=NOW + 10 * KEYS_SECONDS))
    assert drive(exchange(bearer(text), ledger=ledger), Keys(jwks()))[0] is PASS
    assert drive(exchange(bearer(text), ledger=ledger, now=NOW + KEYS_SECONDS - 1)) == (PASS, [])
    outcome, asked = drive(exchange(bearer(text), ledger=ledger, now=NOW + KEYS_SECONDS), KeysUnavailable("jwks", "x"))
    assert (outcome.evidence["kind"], len(asked)) == ("jwks", 1)


def test_a_failure_is_remembered_for_seconds() -> None:
    ledger = Ledger()
    outcome, _ = drive(exchange(bearer(), ledger=ledger), KeysUnavailable("discovery", "timeout"))
    assert outcome.fault is Fault.TOKEN_REJECTED
    assert outcome.evidence["reason"] == "timeout"
    assert drive(exchange(bearer(), ledger=ledger, now=NOW + 1))[1] == []
    outcome, asked = drive(exchange(bearer(), ledger=ledger, now=NOW + FAILURE_SECONDS), Keys(jwks()))
    assert outcome is PASS
    assert len(asked) == 1


def test_what_is_fetched_may_be_anything() -> None:
    documents: list[dict[str, Any]] = [{}, {"keys": 7}, {"keys": [None, [], 7, {"kty": "RSA"}]}]
    for document in documents:
        outcome, _ = drive(exchange(bearer()), Keys(document))
        assert outcome.evidence["kind"] == "kid"
