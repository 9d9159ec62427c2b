"""What is kept of a request suffices to come to the same end: with the keys that its token was verified by."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.jwt import ISSUER, NOW, claims, jwks, token
from tests.scenes.pipeline import Api, Keys, mock

from sekisho.config.authorizers import CognitoAuthorizer, IdentitySource
from sekisho.edge.explaining import remake
from sekisho.edge.reenact import keep
from sekisho.gateway import effects

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
COGNITO = CognitoAuthorizer("auth01", "cog", IdentitySource("header", "authorization", ""), (POOL,))


@pytest.mark.parametrize(
    ("text", "fetched", "kind"),
    [
        (token(claims(exp=NOW - 1)), effects.Keys(jwks()), "expired"),
        (token(claims(token_use="access")), effects.Keys(jwks()), "token-use"),
        (token(kid="key-9", signed_by="key-9"), effects.Keys(jwks()), "kid"),
        (token(), effects.KeysUnavailable("discovery", "timeout"), "discovery"),
        ("junk", None, "segments"),
    ],
)
def test_tokens_are_judged_by_the_keys_of_then(text: str, fetched: Any, kind: str) -> None:
    api = Api().route("GET", "/x", mock(), auth=COGNITO)
    played = api.play("GET", "/prod/x", {"Authorization": text}, answers=lambda effect: fetched, now=NOW)
    assert played.trace.rejection is not None
    assert played.trace.rejection.evidence["kind"] == kind
    kept = json.loads(json.dumps(keep(played.trace)))
    again = remake(kept, api.snapshot(), Keys([]))
    assert again.rejection == played.trace.rejection
    assert again.authorizer == played.trace.authorizer
    assert set(kept.get("keys", {})) == ({ISSUER} if fetched else set())
