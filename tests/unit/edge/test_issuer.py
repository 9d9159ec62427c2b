"""The local issuer: its key, whom it stands in for, what its tokens say, and that authorizers accept them."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.edge_server import Wire, run, served
from tests.scenes.jwt import ISSUER, jwks

from sekisho.config.authorizers import CognitoAuthorizer, IdentitySource, JwtAuthorizer
from sekisho.edge.issuer import MAX_REGISTERED, LocalIssuer
from sekisho.edge.keys import IssuerKeys
from sekisho.edge.minting import Order, OrderRefused, claims_of, pool_issuer, read_order
from sekisho.gateway.authorizers import cognito, jwt
from sekisho.gateway.authorizers.keys import KeySet, read_jwks
from sekisho.gateway.effects import FetchKeys, Keys

NOW = 1_790_000_000.0
URL = "http://127.0.0.1:4566"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
HEADER = IdentitySource("header", "authorization", "")


def issuer(folder: Path) -> LocalIssuer:
    return LocalIssuer(folder, lambda: URL, lambda: NOW)


async def mint(local: LocalIssuer, **order: Any) -> Mapping[str, Any]:
    return await local.mint(read_order(order))


async def keys_of(local: LocalIssuer) -> KeySet:
    return read_jwks(await local.jwks())


# --- whom it stands in for


@pytest.mark.parametrize(
    "url",
    [
        ISSUER,
        "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_X",
        "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_X",
        f"{URL}/_sekisho/issuer/local",
        "http://localhost:4566/_sekisho/issuer/a-b_c.d",
    ],
)
def test_stands_in_for(tmp_path: Path, url: str) -> None:
    assert issuer(tmp_path).stands_for(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.auth0.com/",
        "http://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
        "https://cognito-idp.us-east-1.amazonaws.com.evil.example/x",
        "https://evil.example/https://cognito-idp.us-east-1.amazonaws.com/x",
        "https://cognito-idp.us-east-1.amazonaws.com/x/y",
        "https://cognito-idp.us-east-1.amazonaws.com/x\n",
        "https://user@cognito-idp.us-east-1.amazonaws.com/x",
        "http://127.0.0.1:4567/_sekisho/issuer/local",
        f"{URL}/_sekisho/issuer/",
        f"{URL}/_sekisho/issuer/a/b",
        f"{URL}/_sekisho/issuer/a?x",
        f"{URL}/_sekisho/requests",
        "https://127.0.0.1:4566/_sekisho/issuer/local",
        "http://evil.example:4566/_sekisho/issuer/local",
        "http://127.0.0.1:port/_sekisho/issuer/local",
        "http://[",
        "",
    ],
)
def test_does_not_stand_in_for(tmp_path: Path, url: str) -> None:
    assert not issuer(tmp_path).stands_for(url)


def test_registered_issuers_survive_a_restart_and_end_with_a_reset(tmp_path: Path) -> None:
    auth0 = "https://example.auth0.com/"
    local = issuer(tmp_path)
    assert local.register(auth0) == ""
    assert local.register(auth0) == ""
    again = issuer(tmp_path)
    assert again.stands_for(auth0)
    assert not again.stands_for(auth0.rstrip("/"))
    again.forget()
    assert not issuer(tmp_path).stands_for(auth0)


def test_what_can_be_registered(tmp_path: Path) -> None:
    local = issuer(tmp_path)
    for url in ("", "ftp://x", "https://", "https://[", "https://x/" + "a" * 3000):
        assert local.register(url)
    for number in range(MAX_REGISTERED):
        local._registered.add(f"https://{number}.example")
    assert local.register("https://one.more.example")


def test_a_spoilt_register_is_empty(tmp_path: Path) -> None:
    for content in (b"{", b"{}", b"[1, null]", b""):
        (tmp_path / "issuers.json").write_bytes(content)
        assert not issuer(tmp_path).stands_for("https://example.auth0.com/")


# --- the key


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    async def work() -> None:
        local = issuer(tmp_path)
        assert not list(tmp_path.iterdir())
        found = await asyncio.gather(*[local.jwks() for _ in range(5)])
        assert all(each == found[0] for each in found)
        path = tmp_path / "issuer-key.pem"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await issuer(tmp_path).jwks() == found[0]
        assert "d" not in found[0]["keys"][0]

    run(work)


def test_a_spoilt_key_is_reported_and_not_replaced(tmp_path: Path) -> None:
    async def work() -> None:
        path = tmp_path / "issuer-key.pem"
        path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nnonsense\n")
        local = issuer(tmp_path)
        with pytest.raises(ValueError, match="remove it"):
            await local.jwks()
        assert path.read_bytes().startswith(b"-----BEGIN")
        path.unlink()
        assert (await local.jwks())["keys"]

    run(work)


# --- its tokens


def test_an_id_token_of_a_pool(tmp_path: Path) -> None:
    async def work() -> None:
        local = issuer(tmp_path)
        made = await mint(local, userPool="us-east-1_abc", clientId="app1", username="rex")
        keys = await keys_of(local)
        claims = made["claims"]
        assert made["issuer"] == claims["iss"] == ISSUER
        assert (claims["token_use"], claims["aud"], claims["cognito:username"]) == ("id", "app1", "rex")
        assert (claims["iat"], claims["exp"], claims["auth_time"]) == (int(NOW), int(NOW) + 3600, int(NOW))
        rest = CognitoAuthorizer("a", "a", HEADER, (POOL,))
        assert isinstance(cognito.judge(made["token"], rest, (), {ISSUER: keys}, NOW), cognito.Accepted)
        http = JwtAuthorizer("a", "a", HEADER, ISSUER, ("app1",))
        assert isinstance(jwt.judge(made["token"], http, (), keys, NOW), jwt.Accepted)

    run(work)


def test_an_access_token_of_a_pool(tmp_path: Path) -> None:
    async def work() -> None:
        local = issuer(tmp_path)
        made = await mint(local, userPool="us-east-1_abc", clientId="app1", scope="orders/read orders/write")
        keys = await keys_of(local)
        assert made["claims"]["token_use"] == "access"
        assert "aud" not in made["claims"]
        rest = CognitoAuthorizer("a", "a", HEADER, (POOL,))
        found = cognito.judge(made["token"], rest, ("orders/read",), {ISSUER: keys}, NOW)
        assert isinstance(found, cognito.Accepted)
        http = JwtAuthorizer("a", "a", HEADER, ISSUER, ("app1",))
        accepted = jwt.judge(made["token"], http, ("orders/write",), keys, NOW)
        assert isinstance(accepted, jwt.Accepted)
        assert accepted.scopes == ("orders/write",)

    run(work)


def test_tokens_that_are_wrong_on_purpose(tmp_path: Path) -> None:
    async def work() -> None:
        local = issuer(tmp_path)
        keys = await keys_of(local)
        http = JwtAuthorizer("a", "a", HEADER, f"{URL}/_sekisho/issuer/local", ("api",))

        async def kind(**order: Any) -> str:
            found = jwt.judge((await mint(local, audience="api", **order))["token"], http, (), keys, NOW)
            return found.kind if isinstance(found, jwt.Rejected) else ""

        assert await kind() == ""
        assert await kind(expiresIn=-60) == "expired"
        assert await kind(kid="other") == "kid"
        assert await kind(claims={"aud": "other"}) == "audience"
        assert await kind(claims={"exp": None}) == "expired"
        assert await kind(claims={"nbf": NOW + 60}) == "not-yet"

    run(work)


def test_no_token_for_an_issuer_that_is_not_stood_in_for(tmp_path: Path) -> None:
    async def work() -> None:
        local = issuer(tmp_path)
        with pytest.raises(OrderRefused, match="/_sekisho/issuer/map"):
            await mint(local, issuer="https://example.auth0.com/")
        local.register("https://example.auth0.com/")
        assert (await mint(local, issuer="https://example.auth0.com/"))["claims"]["iss"] == "https://example.auth0.com/"

    run(work)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": 7},
        {"userPool": "pool"},
        {"userPool": "us-east-1_abc/../x"},
        {"userPool": "us-east-1_abc", "issuer": ISSUER},
        {"audience": 7},
        {"audience": [7]},
        {"claims": []},
        {"expiresIn": "60"},
        {"expiresIn": True},
        {"expiresIn": 10**12},
        {"expiresIn": 1.5},
        {"use": "refresh"},
        {"scopes": "a"},
    ],
)
def test_orders_that_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(OrderRefused):
        read_order(document)


def test_pools_have_their_issuers() -> None:
    assert pool_issuer("us-gov-west-1_A1") == "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_A1"
    assert pool_issuer("cn-north-1_A1") == "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A1"


def test_audiences_and_subjects() -> None:
    def claims(**more: Any) -> dict[str, Any]:
        order: Order = read_order(more)
        return claims_of(order, "https://i.example", NOW, lambda: "unique")

    assert claims(audience=["a", "b"])["aud"] == ["a", "b"]
    assert claims(audience="a", clientId="c")["client_id"] == "c"
    assert claims()["sub"] == claims()["sub"] != claims(username="other")["sub"]
    assert "scope" not in claims(use="id", scope="a")


@given(
    st.dictionaries(
        st.sampled_from(["issuer", "userPool", "audience", "clientId", "scope", "use", "claims", "expiresIn", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2),
        max_size=4,
    )
)
def test_orders_of_any_shape_have_an_answer(document: dict[str, Any]) -> None:
    try:
        found = read_order(document)
    except OrderRefused as problem:
        assert str(problem)
    else:
        assert isinstance(found, Order)


# --- keys, as the gateway asks for them


def test_cognito_needs_no_network(tmp_path: Path) -> None:
    async def work() -> None:
        local = issuer(tmp_path)
        own = await local.jwks()
        kid = own["keys"][0]["kid"]
        assert await IssuerKeys(local, lambda: 0).fetch(FetchKeys(ISSUER, kid)) == Keys(own)

    run(work)


def test_the_real_issuer_counts_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of the real pool names a key that is not here: both sets hold. Without the network, only the own one."""

    async def work() -> None:
        local = issuer(tmp_path)
        keys = IssuerKeys(local, lambda: 0)
        asked: list[str] = []

        async def remote(url: str) -> Any:
            asked.append(url)
            return Keys(jwks("real")) if len(asked) == 1 else unavailable

        from sekisho.gateway.effects import KeysUnavailable

        unavailable = KeysUnavailable("discovery", "offline")
        monkeypatch.setattr(keys, "_remote", remote)
        own = await local.jwks()
        assert await keys.fetch(FetchKeys(ISSUER, "real")) == Keys({"keys": [*own["keys"], *jwks("real")["keys"]]})
        assert await keys.fetch(FetchKeys(ISSUER, "real")) == Keys(own)
        assert await keys.fetch(FetchKeys(f"{URL}/_sekisho/issuer/local", "real")) == Keys(own)
        assert asked == [ISSUER, ISSUER]

    run(work)


# --- over HTTP


async def call(wire: Wire, method: str, path: str, document: Any = None, **headers: str) -> tuple[int, Any]:
    body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    wire.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    status, _, answered = await wire.answer()
    return status, orjson.loads(answered)


def test_endpoints() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            base = f"{server.endpoint_url}/_sekisho/issuer/shop"
            status, found = await call(wire, "GET", "/_sekisho/issuer/shop/.well-known/openid-configuration")
            assert (status, found["issuer"], found["jwks_uri"]) == (200, base, f"{base}/.well-known/jwks.json")
            status, keys = await call(wire, "GET", "/_sekisho/issuer/shop/.well-known/jwks.json")
            assert status == 200
            status, made = await call(wire, "POST", "/_sekisho/issuer/token", {"issuer": base, "audience": "api"})
            assert status == 200
            http = JwtAuthorizer("a", "a", HEADER, base, ("api",))
            now = made["claims"]["iat"] + 1.0
            assert isinstance(jwt.judge(made["token"], http, (), read_jwks(keys), now), jwt.Accepted)
            assert await server.driver.perform(FetchKeys(base, keys["keys"][0]["kid"])) == Keys(keys)

    run(work)


def test_registering_over_http_until_reset() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            order = {"issuer": "https://example.auth0.com/"}
            assert (await call(wire, "POST", "/_sekisho/issuer/token", order))[0] == 400
            assert (await call(wire, "POST", "/_sekisho/issuer/map", order))[0] == 200
            assert (await call(wire, "POST", "/_sekisho/issuer/token", order))[0] == 200
            assert order["issuer"] in (await call(wire, "GET", "/_sekisho/issuer"))[1]["standsFor"]
            assert (await call(wire, "POST", "/_sekisho/reset"))[0] == 200
            assert (await call(wire, "POST", "/_sekisho/issuer/token", order))[0] == 400

    run(work)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"claims": 7}', b" " * 70_000])
def test_orders_over_http_that_are_refused(body: bytes) -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            for path in ("/_sekisho/issuer/token", "/_sekisho/issuer/map"):
                status, found = await call(wire, "POST", path, body)
                assert (status, bool(found["message"])) == (400, True)

    run(work)


def test_other_paths_are_no_endpoints() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            for method, path in (
                ("GET", "/_sekisho/issuer/a/.well-known/other"),
                ("GET", "/_sekisho/issuer/a%2Fb/.well-known/jwks.json"),
                ("GET", "/_sekisho/issuer/token"),
                ("POST", "/_sekisho/issuer/a/.well-known/jwks.json"),
                ("DELETE", "/_sekisho/issuer/map"),
            ):
                assert (await call(wire, method, path))[0] == 404, path

    run(work)


def test_web_pages_and_strangers_have_no_tokens_made() -> None:
    async def work() -> None:
        async with served(enforce_iam=True) as server:
            wire = await Wire.to(server)
            for path in ("/_sekisho/issuer/token", "/_sekisho/issuer/map"):
                assert (await call(wire, "POST", path, {}, Origin="https://evil.example"))[0] == 403
                assert (await call(wire, "POST", path, {}, x_sekisho_source_ip="203.0.113.9"))[0] == 403
            assert (await call(wire, "POST", "/_sekisho/issuer/token", {}))[0] == 200
            status, _ = await call(
                wire, "GET", "/_sekisho/issuer/a/.well-known/jwks.json", x_sekisho_source_ip="203.0.113.9"
            )
            assert status == 200

    run(work)
