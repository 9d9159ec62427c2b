"""JWT authorizers of HTTP APIs: is this token from the issuer, for this audience, still valid, with a scope we ask for?

Theory of operation. ``judge`` is a function of the token, the authorizer, the route's scopes, the issuer's keys and the
time. It goes from what costs nothing to what costs most: the shape of the token, its algorithm, whom it claims to be
from, then the signature, and only then the other claims. Claims that are read before the signature can only refuse.
``authorize`` is the gate around it: it finds the token, remembers decisions, and asks for keys.

AWS's page names the claims and when they fail (https://docs.aws.amazon.com/apigateway/latest/developerguide/
http-api-jwt-authorizer.html); times are compared without leeway. A token without ``exp`` would be good for ever; it is
refused. The descriptions of missing segments, audience and scopes are AWS's own (vectors jwt/*); those of expired,
early, foreign and wrongly signed tokens are worded after them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sekisho.config.authorizers import IdentitySource, JwtAuthorizer
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.authorizers.keys import ALGORITHMS, SEEN, KeySet, read_jwks
from sekisho.gateway.authorizers.tokens import Flaw, Token, number, read_token, without_scheme
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.payload.v1 import query_values
from sekisho.gateway.trace import Phase
from sekisho.kit.outcome import PASS, Ask

ALLOWED: Final = Phase("200")
_KNOWN_ALGORITHMS: Final = frozenset(
    ("HS256", "HS384", "HS512", "ES256", "ES256K", "ES384", "ES512", "EdDSA", "none", *ALGORITHMS)
)
"""The names that are repeated to the client; others are not, since they are the client's own words."""
_UNREACHABLE: Final = {
    "discovery": "OIDC discovery endpoint communication error",
    "jwks": "JWKS communication error",
}
"""vector: other/jwt-jwks-failure."""
_SHOWN: Final = 256
"""Characters of a claim that evidence repeats."""


class Accepted(NamedTuple):
    """The token is good until ``until`` (epoch seconds)."""

    claims: Mapping[str, str]
    """As the backend sees them: ``rendered`` says how."""
    scopes: tuple[str, ...] | None
    """Those of the route that the token has; None when the route asks for none."""
    until: float


class Rejected(NamedTuple):
    """The token is refused."""

    kind: str
    """``missing``, ``segments``, ``size``, ``malformed``, ``algorithm``, ``issuer``, ``discovery``, ``jwks``, ``kid``,
    ``signature``, ``expired``, ``not-yet``, ``issued-later``, ``audience`` or ``scope``."""
    status: int
    challenge: str
    """The ``www-authenticate`` header."""
    error: str
    """``$context.authorizer.error``; empty when there is no token."""
    details: Mapping[str, str] = {}
    """What was compared."""


class KeysNeeded(NamedTuple):
    """Nothing speaks against the token so far; the issuer's keys are needed to go on."""

    kid: str


MISSING: Final = Rejected("missing", 401, "Bearer", "")


def judge(
    text: str,
    authorizer: JwtAuthorizer,
    scopes: tuple[str, ...],
    keys: KeySet | KeysUnavailable | None,
    now: float,
) -> Accepted | Rejected | KeysNeeded:
    """Whether ``text``, with or without ``Bearer``, lets its bearer pass at ``now`` (epoch seconds)."""
    text = without_scheme(text)
    if not text:
        return MISSING
    token = read_token(text)
    if isinstance(token, Flaw):
        return _invalid(token.kind, token.description)
    algorithm, claims = token.algorithm, token.claims
    if algorithm not in ALGORITHMS:
        return _invalid("algorithm", _wrong_method(algorithm), alg=algorithm)
    issuer = claims.get("iss")
    if issuer != authorizer.issuer:
        return _invalid("issuer", "invalid issuer", iss=_shown(issuer))
    if keys is None:
        return KeysNeeded(token.kid)
    if isinstance(keys, KeysUnavailable):
        return _invalid(keys.kind, _UNREACHABLE.get(keys.kind, _UNREACHABLE["jwks"]), reason=keys.message)
    key = keys.find(token.kid)
    if key is None:
        return _invalid("kid", "unable to find a signing key that matches", kid=_shown(token.kid))
    if not key.verifies(token):
        return _invalid("signature", "signature is invalid", kid=_shown(token.kid), alg=algorithm)
    return _claims(token, authorizer, scopes, now)


def _claims(token: Token, authorizer: JwtAuthorizer, scopes: tuple[str, ...], now: float) -> Accepted | Rejected:
    claims = token.claims
    expires = number(claims.get("exp"))
    if expires is None or now >= expires:
        return _invalid("expired", "the token has expired", exp=_shown(claims.get("exp")))
    if not _passed(claims, "nbf", now):
        return _invalid("not-yet", "the token is not valid yet", nbf=_shown(claims.get("nbf")))
    if not _passed(claims, "iat", now):
        return _invalid("issued-later", "the token is used before it was issued", iat=_shown(claims.get("iat")))
    # client_id is looked at only when there is no aud at all, whatever aud is.
    name = "aud" if "aud" in claims else "client_id"
    claimed = claims.get(name)
    if not _is_for(claimed, authorizer.audience):
        details = {name: _shown(claimed), "audience": " ".join(authorizer.audience)}
        return _invalid("audience", "the token does not have a valid audience", **details)
    matched: tuple[str, ...] | None = None
    if scopes:
        granted = granted_scopes(claims)
        matched = tuple(scope for scope in scopes if scope in granted)
        if not matched:
            return _insufficient(scopes, granted)
    return Accepted({name: rendered(value) for name, value in claims.items()}, matched, expires)


def _passed(claims: Mapping[str, Any], name: str, now: float) -> bool:
    """Whether a moment that must lie in the past does; one that is not claimed does."""
    if name not in claims:
        return True
    moment = number(claims[name])
    return moment is not None and moment <= now


def _is_for(claimed: Any, audience: tuple[str, ...]) -> bool:
    if isinstance(claimed, str):
        return claimed in audience
    return isinstance(claimed, list) and any(isinstance(each, str) and each in audience for each in claimed)


def granted_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """The scopes of ``scope`` and ``scp``: words of a text, or the texts of a list."""
    found: list[str] = []
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            found += value.split()
        elif isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    return frozenset(found)


def rendered(value: Any) -> str:
    """A claim as text: lists as ``[a b]``, objects as ``map[key:value …]``, as Go prints them.

    vector: jwt/context-shape; public events of HTTP APIs show ``map[identities:map[email:[…]] …]``.
    """
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "<nil>"
    if isinstance(value, list):
        return f"[{' '.join([rendered(each) for each in value])}]"
    if isinstance(value, dict):
        return f"map[{' '.join([f'{name}:{rendered(value[name])}' for name in sorted(value)])}]"
    return str(value)


def _wrong_method(algorithm: str) -> str:
    if not algorithm:
        return "signing method (alg) is unspecified"
    if algorithm in _KNOWN_ALGORITHMS:
        return f"signing method {algorithm} is invalid"
    return "signing method (alg) is unavailable"


def _shown(claim: Any) -> str:
    return "" if claim is None else rendered(claim)[:_SHOWN]


def _invalid(kind: str, description: str, **details: str) -> Rejected:
    challenge = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    return Rejected(kind, 401, challenge, f"invalid_token: {description}", details)


def _insufficient(scopes: tuple[str, ...], granted: frozenset[str]) -> Rejected:
    """vector: jwt/insufficient-scope."""
    description = "expected scopes within the token"
    # A scope is configuration and could hold anything; quotes and line ends would end the parameter.
    first = "".join(each for each in scopes[0] if each.isascii() and each.isprintable() and each not in '"\\')
    return Rejected(
        "scope",
        403,
        f'Bearer scope="{first}" error="insufficient_scope" error_description="{description}"',
        f"insufficient_scope: {description}",
        {"required": " ".join(scopes), "granted": " ".join(sorted(granted))[:_SHOWN]},
    )


# --- the gate


def authorize(x: Exchange, authorizer: JwtAuthorizer) -> Outcome:
    """Pass with the token's claims in ``trace.authorizer_context``, refuse, or ask for the issuer's keys."""
    text = token_at(x, authorizer.identity_source)
    if text is None:
        return _refuse(x, authorizer, MISSING)
    scopes = x.trace.route.scopes
    keys = held(x, authorizer.issuer)
    if isinstance(keys, KeySet):
        key = (text, scopes, authorizer.id, authorizer.issuer)
        known = x.ledger.decision(key, authorizer, keys, x.now)
        if known is not None:
            return _pass(x, known)
    return _judged(x, authorizer, text, scopes, keys, False)


def _judged(
    x: Exchange,
    authorizer: JwtAuthorizer,
    text: str,
    scopes: tuple[str, ...],
    keys: KeySet | KeysUnavailable | None,
    asked: bool,
) -> Outcome:
    verdict = judge(text, authorizer, scopes, keys, x.now)
    if isinstance(verdict, Accepted):
        context = {"jwt": {"claims": verdict.claims, "scopes": list(verdict.scopes) if verdict.scopes else None}}
        if isinstance(keys, KeySet):
            key = (text, scopes, authorizer.id, authorizer.issuer)
            x.ledger.remember_decision(key, authorizer, keys, verdict.until, context)
        return _pass(x, context)
    if isinstance(verdict, KeysNeeded):
        wanted = verdict.kid
    elif verdict.kind == "kid" and not asked and x.ledger.may_ask_again(authorizer.issuer, x.now):
        wanted = verdict.details["kid"]
    else:
        return _refuse(x, authorizer, verdict)

    def then(again: Exchange, result: Keys | KeysUnavailable) -> Outcome:
        found = learned(again, authorizer.issuer, result)
        return _judged(again, authorizer, text, scopes, found, True)

    return Ask(FetchKeys(authorizer.issuer, wanted), then)


def learned(x: Exchange, issuer: str, result: Keys | KeysUnavailable) -> KeySet | KeysUnavailable:
    """Enter what was fetched in the ledger, and give back what holds now."""
    found = read_jwks(result.jwks) if isinstance(result, Keys) else result
    x.ledger.remember_keys(issuer, found, x.now)
    return held(x, issuer) or found


def held(x: Exchange, issuer: str) -> KeySet | KeysUnavailable | None:
    """What the ledger has of the issuer; the trace remembers what it was judged by."""
    keys = x.ledger.keys(issuer, x.now)
    if keys is not None:
        x.trace.fields.setdefault(SEEN, {})[issuer] = keys
    return keys


def token_at(x: Exchange, source: IdentitySource) -> str | None:
    """The text at an identity source; None when there is none or it is empty.

    Repeated fields are one, joined by commas, as HTTP APIs join them everywhere: two tokens are no token. Other places
    than headers and the query cannot hold a token.
    """
    if source.place == "header":
        values = x.request.headers.all(source.name)
    elif source.place == "querystring":
        values = query_values(x.request.query).get(source.name) or []
    else:
        return None
    return ",".join(values) or None


def _pass(x: Exchange, context: Mapping[str, Any]) -> Outcome:
    x.trace.authorizer = ALLOWED
    x.trace.authorizer_context = context
    return PASS


def _refuse(x: Exchange, authorizer: JwtAuthorizer, verdict: Rejected) -> Reject:
    """The fault with its evidence; an empty error leaves ``authorizer.error`` without a value."""
    x.trace.authorizer = Phase(str(verdict.status), verdict.error or None)
    error, _, description = verdict.error.partition(": ")
    evidence = {
        "kind": verdict.kind,
        "error": error,
        "description": description,
        "www_authenticate": verdict.challenge,
        "authorizer": authorizer.name,
        "source": authorizer.identity_source.text,
        "issuer": authorizer.issuer,
        **verdict.details,
    }
    if verdict.kind == "missing":
        return Reject(Fault.IDENTITY_SOURCE_MISSING, evidence)
    return Reject(Fault.SCOPE_INSUFFICIENT if verdict.kind == "scope" else Fault.TOKEN_REJECTED, evidence)
