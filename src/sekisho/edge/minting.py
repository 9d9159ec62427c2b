"""What a token of the local issuer says: an order, as ``sekisho token`` sends it, → claims.

Tokens of user pools have the claims that Cognito gives them; others have the registered ones.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from sekisho.kit.ids import uuid4

DEFAULT_SECONDS: Final = 3600
DEFAULT_CLIENT: Final = "local-client"
DEFAULT_USER: Final = "local-user"
_MAX_SECONDS: Final = 10 * 365 * 86_400
_POOL: Final = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d)_[A-Za-z0-9]{1,55}").fullmatch
_TEXTS: Final = ("issuer", "userPool", "clientId", "scope", "use", "username", "kid")
_OTHERS: Final = ("audience", "claims", "expiresIn")


class OrderRefused(ValueError):
    """The order cannot be carried out; ``str()`` says why."""


class Order(NamedTuple):
    """What is asked for. Empty: the default."""

    issuer: str
    audience: tuple[str, ...]
    client: str
    scope: str
    use: str
    """``id`` or ``access`` for user pools; empty otherwise."""
    username: str
    claims: Mapping[str, Any]
    """Added at the end; null takes a claim away."""
    seconds: int
    """Until it expires; negative: it has."""
    kid: str


def read_order(document: Mapping[str, Any]) -> Order:
    """An order from JSON; null is as good as absent. Raises OrderRefused."""
    unknown = sorted(set(document) - {*_TEXTS, *_OTHERS})
    if unknown:
        raise OrderRefused(f"unknown: {', '.join(unknown)}. Known are {', '.join((*_TEXTS, *_OTHERS))}")
    given = {name: value for name, value in document.items() if value is not None}
    for name in _TEXTS:
        if not isinstance(given.get(name, ""), str):
            raise OrderRefused(f"{name} must be text")
    text: dict[str, str] = {name: given.get(name, "") for name in _TEXTS}
    audience = given.get("audience", [])
    audience = [audience] if isinstance(audience, str) else audience
    if not isinstance(audience, list) or not all(isinstance(each, str) for each in audience):
        raise OrderRefused("audience must be text or a list of texts")
    claims = given.get("claims", {})
    if not isinstance(claims, dict):
        raise OrderRefused("claims must be an object")
    seconds = given.get("expiresIn", DEFAULT_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or abs(seconds) > _MAX_SECONDS:
        raise OrderRefused("expiresIn must be a number of seconds, at most ten years")
    issuer = text["issuer"]
    if text["userPool"]:
        if issuer:
            raise OrderRefused("name an issuer or a user pool, not both")
        issuer = pool_issuer(text["userPool"])
    use = text["use"]
    if use not in ("", "id", "access"):
        raise OrderRefused("use must be id or access")
    if not use and issuer.startswith("https://cognito-idp."):
        use = "access" if text["scope"] else "id"
    return Order(
        issuer, tuple(audience), text["clientId"], text["scope"], use, text["username"], claims, seconds, text["kid"]
    )


def pool_issuer(pool: str) -> str:
    """The issuer of a user pool by its id, ``us-east-1_abc``. Raises OrderRefused."""
    found = _POOL(pool)
    if found is None:
        raise OrderRefused("a user pool id looks like us-east-1_aBcD1234")
    suffix = "amazonaws.com.cn" if found[1].startswith("cn-") else "amazonaws.com"
    return f"https://cognito-idp.{found[1]}.{suffix}/{pool}"


def claims_of(order: Order, issuer: str, now: float, unique: Callable[[], str]) -> dict[str, Any]:
    """The claims of a token made at ``now``; ``unique`` gives a new UUID each time."""
    user = order.username or DEFAULT_USER
    begun = int(now) + min(0, order.seconds)
    digest = hashlib.sha256(f"{issuer}#{user}".encode("utf-8", "surrogatepass")).digest()
    # The same user of an issuer has the same subject each time.
    claims: dict[str, Any] = {"sub": uuid4(lambda count: digest[:count]), "iss": issuer}
    audience: Any = order.audience[0] if len(order.audience) == 1 else list(order.audience)
    if order.use:
        claims |= _of_pool(order, user, unique)
        claims["auth_time"] = begun
    elif order.client:
        claims["client_id"] = order.client
    if order.audience:
        claims["aud"] = audience
    if order.scope and order.use != "id":
        claims["scope"] = order.scope
    claims |= {"exp": int(now) + order.seconds, "iat": begun, "jti": unique()}
    claims |= order.claims
    return {name: value for name, value in claims.items() if value is not None}


def _of_pool(order: Order, user: str, unique: Callable[[], str]) -> dict[str, Any]:
    """What Cognito's two kinds of tokens differ in."""
    client = order.client or (order.audience[0] if order.audience else DEFAULT_CLIENT)
    common = {"origin_jti": unique(), "event_id": unique(), "token_use": order.use}
    if order.use == "id":
        return {**common, "aud": client, "cognito:username": user}
    scope = order.scope or "aws.cognito.signin.user.admin"
    return {**common, "client_id": client, "username": user, "version": 2, "scope": scope}
