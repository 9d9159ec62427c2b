"""Which entries of a JWK set are keys, and what they verify."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenes.jwt import KID, jwk, jwks, key_set, token

from sekisho.gateway.authorizers.keys import ALGORITHMS, MAX_KEYS, read_jwks
from sekisho.gateway.authorizers.tokens import Token, read_token


def read(text: str) -> Token:
    found = read_token(text)
    assert isinstance(found, Token)
    return found


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_rsa_algorithm_is_verified(algorithm: str) -> None:
    key = read_jwks({"keys": [jwk(alg=None)]}).find(KID)
    assert key is not None
    assert key.verifies(read(token(alg=algorithm)))


def test_a_key_for_one_algorithm_is_for_no_other() -> None:
    key = key_set().find(KID)
    assert key is not None
    assert key.verifies(read(token()))
    assert not key.verifies(read(token(alg="RS512")))


def test_what_another_key_signed_is_refused() -> None:
    key = key_set().find(KID)
    assert key is not None
    assert not key.verifies(read(token(signed_by="key-2")))


@pytest.mark.parametrize("change", range(0, 40, 7))
def test_one_changed_byte_breaks_the_signature(change: int) -> None:
    key = key_set().find(KID)
    assert key is not None
    good = read(token())
    position = change % len(good.signature)
    spoilt = bytearray(good.signature)
    spoilt[position] ^= 1
    assert not key.verifies(good._replace(signature=bytes(spoilt)))
    signed = bytearray(good.signed)
    signed[change % len(signed)] ^= 1
    assert not key.verifies(good._replace(signed=bytes(signed)))


@pytest.mark.parametrize(
    "entry",
    [
        jwk(use="enc"),
        jwk(kty="EC"),
        {**jwk(), "kid": None},
        {**jwk(), "kid": ""},
        {**jwk(), "kid": 7},
        jwk(alg="HS256"),
        jwk(alg="ES256"),
        {**jwk(), "alg": ["RS256"]},
        jwk(key_ops=["sign"]),
        jwk(key_ops="verify"),
        jwk(n=None),
        jwk(n="not base64!"),
        jwk(n=17),
        jwk(n="AQAB"),
        jwk(e="AQ"),
        jwk(e="A" * 100),
        jwk("small", bits=1024),
        None,
        [],
        "key",
    ],
)
def test_unusable_entries_are_passed_over(entry: Any) -> None:
    found = read_jwks({"keys": [entry, jwk("good")]})
    assert list(found.keys) == ["good"]


def test_an_even_exponent_is_no_key() -> None:
    key = read_jwks({"keys": [jwk(e="AQAC")]}).find(KID)
    assert key is None or not key.verifies(read(token()))


def test_the_first_of_two_keys_with_one_name_counts() -> None:
    found = read_jwks({"keys": [jwk(), jwk(of="key-2")]}).find(KID)
    assert found is not None
    assert found.verifies(read(token()))


def test_a_token_without_kid_names_no_key() -> None:
    assert key_set().find("") is None


def test_sets_are_bounded() -> None:
    entry = jwk()
    assert len(read_jwks({"keys": [{**entry, "kid": str(n)} for n in range(MAX_KEYS + 50)]}).keys) == MAX_KEYS


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, {"keys": "x"}])
def test_what_is_no_set_has_no_keys(document: dict[str, Any]) -> None:
    assert not read_jwks(document).keys


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


# Signing takes its time on a busy machine.
@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("kty", "kid", "alg", "use", "n", "e", "key_ops"), JSON)))
def test_reading_is_total(changes: dict[str, Any]) -> None:
    found = read_jwks({"keys": [{**jwk(), **changes}, jwks()["keys"][0]]})
    assert KID in found.keys
    for key in found.keys.values():
        assert key.verifies(read(token())) in (True, False)


def test_a_set_reads_as_its_own_document() -> None:
    found = read_jwks({"keys": [jwk(), jwk("any", alg=None), jwk(use="enc", kid="other")]})
    again = read_jwks(found.document())
    assert list(again.keys) == [KID, "any"]
    key = again.find(KID)
    assert key is not None
    assert key.verifies(read(token()))
    assert not key.verifies(read(token(alg="RS512")))
