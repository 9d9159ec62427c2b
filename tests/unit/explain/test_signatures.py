"""Damaged signatures: each kind of damage is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.scenes.lab import Lab, allow

DAMAGE: dict[str, tuple[Callable[[str], str], str, str]] = {
    "blank before the key": (lambda v: v.replace("Credential=", "Credential= "), "SIGV4_MALFORMED_HEADER", "blank"),
    "blank in the key": (lambda v: v.replace("=AKIA", "=AK IA"), "SIGV4_MALFORMED_HEADER", "blank"),
    "header name repeated": (lambda v: f"Authorization: {v}", "SIGV4_MALFORMED_HEADER", "name of the header"),
    "no signature": (lambda v: v.split(", Signature")[0], "SIGV4_MALFORMED_HEADER", "lacks Signature"),
    "another scheme": (lambda _: "Basic YWJj", "SIGV4_NON_SIGV4_HEADER", "Sign with SigV4"),
    "another key": (lambda v: v.replace("=AKIA", "=AKIX"), "SIGV4_UNKNOWN_KEY", "access key id"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(name: str) -> None:
    damage, cause, said = DAMAGE[name]
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function)
    lab.permit(api, function)
    key = lab.user_key("caller", allow("execute-api:Invoke", "*"))

    def change(pairs: list[tuple[str, str]]) -> None:
        pairs[:] = [(n, damage(v) if n.lower() == "authorization" else v) for n, v in pairs]

    assert lab.request(api, key=key).status == 200
    answer = lab.request(api, key=key, change=change)
    found = lab.explain(answer.trace)
    assert (answer.status, found["cause"]) == (403, cause)
    assert said in " ".join([found["headline"], *(item["text"] for item in found["evidence"])])
    assert "Signature=" not in str(found["evidence"])
