"""Cognito user pool authorizers of REST APIs: an ID token, or an access token where the method asks for scopes.

The same steps as for JWT authorizers, with the rules of user pools: the issuer is one of the authorizer's pools, the
signature is RS256, ``token_use`` must fit the method, and audiences do not matter: every client of a pool may call. A
method with scopes wants an access token with one of them, a method without wants an ID token; the other kind is
refused like garbage (vectors cognito/*). All refusals are 401.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
https://repost.aws/knowledge-center/api-gateway-cognito-401-unauthorized
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from sekisho.config.authorizers import CognitoAuthorizer
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.authorizers.jwt import ALLOWED, granted_scopes, held, learned, token_at
from sekisho.gateway.authorizers.keys import KeySet
from sekisho.gateway.authorizers.tokens import Flaw, Token, number, read_token, without_scheme
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.trace import Phase
from sekisho.kit.arn import Arn
from sekisho.kit.outcome import PASS, Ask

EXPIRED: Final = "The incoming token has expired"
UNAUTHORIZED: Final = "Unauthorized"
_REFUSED: Final = Phase("401")
_DATES: Final = ("exp", "iat")
"""Claims shown as Java prints dates. vector: cognito/claims-format (``auth_time`` stays a number)."""
_LAST_MOMENT: Final = 253_402_300_799
"""The end of the year 9999, beyond which there are no dates here."""
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SCHEMES: Final = ("AWS4-HMAC-SHA256", "Basic", "Digest", "Bearer")
_SHOWN: Final = 256


class Accepted(NamedTuple):
    """The token is good until ``until`` (epoch seconds)."""

    claims: Mapping[str, str]
    until: float
    issuer: str


class Rejected(NamedTuple):
    """The token is refused with 401."""

    kind: str
    """``missing``, ``expression``, ``segments``, ``size``, ``malformed``, ``algorithm``, ``pool``, ``discovery``,
    ``jwks``, ``kid``, ``signature``, ``expired``, ``not-yet``, ``token-use`` or ``scope``."""
    details: Mapping[str, str] = {}
    issuer: str = ""
    """The pool's, once the token named one of them."""


class KeysNeeded(NamedTuple):
    """Nothing speaks against the token so far; the keys of ``issuer`` are needed to go on."""

    issuer: str
    kid: str


@lru_cache(maxsize=1024)
def issuers_of(pools: tuple[str, ...]) -> tuple[str, ...]:
    """The issuers of user pools, by their ARNs."""
    found = []
    for text in pools:
        arn = Arn.parse(text)
        if arn is not None and arn.service == "cognito-idp" and arn.resource.startswith("userpool/"):
            suffix = "amazonaws.com.cn" if arn.partition == "aws-cn" else "amazonaws.com"
            found.append(f"https://cognito-idp.{arn.region}.{suffix}/{arn.resource[9:]}")
    return tuple(found)


def read(text: str, authorizer: CognitoAuthorizer) -> tuple[Token, str] | Rejected:
    """The token in ``text`` and the pool that it claims to be from; nothing is verified yet."""
    if authorizer.validation is not None and not authorizer.validation(text):
        return Rejected("expression")
    found = read_token(without_scheme(text))
    if isinstance(found, Flaw):
        scheme = text.partition(" ")[0]
        return Rejected(found.kind, {"scheme": scheme} if scheme in _SCHEMES else {})
    if found.algorithm != "RS256":
        return Rejected("algorithm", {"alg": found.algorithm[:_SHOWN]})
    issuer = found.claims.get("iss")
    if not isinstance(issuer, str) or issuer not in issuers_of(authorizer.pools):
        return Rejected("pool", {"iss": _shown(issuer)})
    return found, issuer


def judge(
    text: str,
    authorizer: CognitoAuthorizer,
    scopes: tuple[str, ...],
    keys_of: Mapping[str, KeySet | KeysUnavailable],
    now: float,
) -> Accepted | Rejected | KeysNeeded:
    """Whether ``text`` lets its bearer pass at ``now``. ``keys_of``: issuer → keys, as far as they are known."""
    found = read(text, authorizer)
    if isinstance(found, Rejected):
        return found
    token, issuer = found
    keys = keys_of.get(issuer)
    if keys is None:
        return KeysNeeded(issuer, token.kid)
    if isinstance(keys, KeysUnavailable):
        return Rejected(keys.kind, {"reason": keys.message}, issuer)
    key = keys.find(token.kid)
    if key is None:
        return Rejected("kid", {"kid": token.kid[:_SHOWN]}, issuer)
    if not key.verifies(token):
        return Rejected("signature", {"kid": token.kid[:_SHOWN]}, issuer)
    return _claims(token.claims, issuer, scopes, now)


def _claims(claims: Mapping[str, Any], issuer: str, scopes: tuple[str, ...], now: float) -> Accepted | Rejected:
    expires = number(claims.get("exp"))
    if expires is None or now >= expires:
        return Rejected("expired", {"exp": _shown(claims.get("exp"))}, issuer)
    if "nbf" in claims:
        begins = number(claims["nbf"])
        if begins is None or begins > now:
            return Rejected("not-yet", {"nbf": _shown(claims["nbf"])}, issuer)
    use = claims.get("token_use")
    if use != ("access" if scopes else "id"):
        return Rejected("token-use", {"token_use": _shown(use), "required": " ".join(scopes)}, issuer)
    if scopes:
        granted = granted_scopes(claims)
        if not granted.intersection(scopes):
            shown = " ".join(sorted(granted))[:_SHOWN]
            return Rejected("scope", {"required": " ".join(scopes), "granted": shown}, issuer)
    return Accepted({name: rendered(name, value) for name, value in claims.items()}, expires, issuer)


def rendered(name: str, value: Any) -> str:
    """A claim as REST events show it: text, dates as Java prints them, lists with commas, objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return java_date(value) if name in _DATES and 0 <= value <= _LAST_MOMENT else str(value)
    if isinstance(value, list):
        return ",".join([rendered("", each) for each in value])
    return orjson.dumps(value).decode()


def java_date(moment: float) -> str:
    """``Thu Sep 24 21:16:11 UTC 2026``."""
    t = datetime.fromtimestamp(int(moment), UTC)
    return (
        f"{_DAYS[t.weekday()]} {_MONTHS[t.month - 1]} {t.day:02d} {t.hour:02d}:{t.minute:02d}:{t.second:02d} "
        f"UTC {t.year:04d}"
    )


def _shown(claim: Any) -> str:
    return "" if claim is None else rendered("", claim)[:_SHOWN]


# --- the gate


def authorize(x: Exchange, authorizer: CognitoAuthorizer) -> Outcome:
    """Pass with the token's claims in ``trace.authorizer_context``, refuse, or ask for a pool's keys."""
    text = token_at(x, authorizer.identity_source)
    if text is None or not without_scheme(text):
        return _refuse(x, authorizer, Rejected("missing"))
    scopes = x.trace.route.scopes
    keys_of: dict[str, KeySet | KeysUnavailable] = {}
    for issuer in issuers_of(authorizer.pools):
        keys = held(x, issuer)
        if keys is None:
            continue
        keys_of[issuer] = keys
        if isinstance(keys, KeySet):
            known = x.ledger.decision((text, scopes, authorizer.id, issuer), authorizer, keys, x.now)
            if known is not None:
                return _pass(x, known)
    return _judged(x, authorizer, text, scopes, keys_of, False)


def _judged(
    x: Exchange,
    authorizer: CognitoAuthorizer,
    text: str,
    scopes: tuple[str, ...],
    keys_of: dict[str, KeySet | KeysUnavailable],
    asked: bool,
) -> Outcome:
    verdict = judge(text, authorizer, scopes, keys_of, x.now)
    if isinstance(verdict, Accepted):
        context = {"claims": verdict.claims}
        keys = keys_of.get(verdict.issuer)
        if isinstance(keys, KeySet):
            key = (text, scopes, authorizer.id, verdict.issuer)
            x.ledger.remember_decision(key, authorizer, keys, verdict.until, context)
        return _pass(x, context)
    if isinstance(verdict, KeysNeeded):
        issuer, kid = verdict
    elif verdict.kind == "kid" and not asked and x.ledger.may_ask_again(verdict.issuer, x.now):
        issuer, kid = verdict.issuer, verdict.details["kid"]
    else:
        return _refuse(x, authorizer, verdict)

    def then(again: Exchange, result: Keys | KeysUnavailable) -> Outcome:
        known = {**keys_of, issuer: learned(again, issuer, result)}
        return _judged(again, authorizer, text, scopes, known, True)

    return Ask(FetchKeys(issuer, kid), then)


def _pass(x: Exchange, context: Mapping[str, Any]) -> Outcome:
    x.trace.authorizer = ALLOWED
    x.trace.authorizer_context = context
    return PASS


def _refuse(x: Exchange, authorizer: CognitoAuthorizer, verdict: Rejected) -> Reject:
    x.trace.authorizer = _REFUSED
    evidence = {
        "kind": verdict.kind,
        "message": EXPIRED if verdict.kind == "expired" else UNAUTHORIZED,
        "authorizer": authorizer.name,
        "source": authorizer.identity_source.text,
        "issuer": verdict.issuer or " ".join(issuers_of(authorizer.pools)),
        **verdict.details,
    }
    fault = Fault.IDENTITY_SOURCE_MISSING if verdict.kind == "missing" else Fault.TOKEN_REJECTED
    return Reject(fault, evidence)
