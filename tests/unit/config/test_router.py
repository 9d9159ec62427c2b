"""The router's precedence rules and its treatment of slashes."""

from __future__ import annotations

import timeit

import pytest

from sekisho.config.router import Router


def rest(*routes: tuple[str, str]) -> Router[str]:
    router: Router[str] = Router()
    for template, method in routes:
        router.add(template, method, f"{method} {template}")
    return router


def http(*routes: tuple[str, str]) -> Router[str]:
    router: Router[str] = Router(backtrack=True)
    for template, method in routes:
        router.add(template, method, f"{method} {template}")
    return router


def found(router: Router[str], path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    match = router.match(path, method)
    return None if match is None else (match.route, dict(match.parameters))


def test_root() -> None:
    router = rest(("/", "GET"))
    assert found(router, "/") == ("GET /", {})
    assert found(router, "") == ("GET /", {})
    assert found(router, "/x") is None


@pytest.mark.parametrize(
    ("path", "proxy"),
    [
        ("/proxy-value", "proxy-value"),
        ("/proxy-value/", "proxy-value"),
        ("/proxy-value//double-slash", "proxy-value//double-slash"),
        ("//proxy-value", "proxy-value"),
        ("/a/test%2Balias@gmail.com/plus/x+y", "a/test%2Balias@gmail.com/plus/x+y"),
    ],
)
def test_slashes_and_escapes_in_proxy(path: str, proxy: str) -> None:
    """vectors rest-proxy-event/invocation-payload-*"""
    assert found(rest(("/{proxy+}", "ANY")), path) == ("ANY /{proxy+}", {"proxy": proxy})


def test_proxy_does_not_match_its_parent() -> None:
    router = rest(("/api/{proxy+}", "ANY"))
    assert found(router, "/api") is None
    assert found(router, "/api/") is None
    assert found(rest(("/{proxy+}", "ANY")), "/") is None


def test_static_beats_parameter_beats_greedy() -> None:
    router = rest(("/pets/dog", "GET"), ("/pets/{id}", "GET"), ("/{proxy+}", "ANY"))
    assert found(router, "/pets/dog") == ("GET /pets/dog", {})
    assert found(router, "/pets/cat") == ("GET /pets/{id}", {"id": "cat"})
    assert found(router, "/other/cat") == ("ANY /{proxy+}", {"proxy": "other/cat"})


def test_rest_commits_early() -> None:
    router = rest(("/pets/dog", "GET"), ("/{proxy+}", "ANY"))
    assert found(router, "/pets/cat") is None
    assert found(router, "/pets/dog", "POST") is None
    assert found(router, "/pets/dog/leash") is None


def test_exact_verb_before_any() -> None:
    router = rest(("/x", "ANY"), ("/x", "GET"))
    assert found(router, "/x", "GET") == ("GET /x", {})
    assert found(router, "/x", "PUT") == ("ANY /x", {})
    assert found(router, "/x", "get") == ("ANY /x", {})


def test_parameter_is_not_empty() -> None:
    router = rest(("/pets/{id}/toys", "GET"))
    assert found(router, "/pets//toys") is None
    assert found(router, "/pets/1/toys") == ("GET /pets/{id}/toys", {"id": "1"})


def test_a_position_may_have_two_names() -> None:
    router = http(("/{a}/x", "GET"), ("/{b}/y", "GET"))
    assert found(router, "/1/x") == ("GET /{a}/x", {"a": "1"})
    assert found(router, "/1/y") == ("GET /{b}/y", {"b": "1"})


def test_http_backtracks_and_prefers_full_matches() -> None:
    router = http(("/pets/dog", "GET"), ("/pets/{proxy+}", "ANY"), ("/{kind}/cat", "GET"), ("/{proxy+}", "GET"))
    assert found(router, "/pets/dog", "POST") == ("ANY /pets/{proxy+}", {"proxy": "dog"})
    assert found(router, "/pets/cat") == ("GET /{kind}/cat", {"kind": "pets"})
    assert found(router, "/pets/bird/1") == ("ANY /pets/{proxy+}", {"proxy": "bird/1"})
    assert found(router, "/x/y/z") == ("GET /{proxy+}", {"proxy": "x/y/z"})


def test_http_slashes_count() -> None:
    router = http(("/pets", "GET"), ("/pets/{id}", "GET"))
    assert found(router, "/pets/") is None
    assert found(http(("/pets/", "GET")), "/pets/") == ("GET /pets/", {})
    assert found(http(("/{proxy+}", "GET")), "/pets/") == ("GET /{proxy+}", {"proxy": "pets/"})


def test_long_hostile_paths_end() -> None:
    router = http(("/{a}/{b}", "GET"), ("/{proxy+}", "POST"))
    assert found(router, "/x" * 10_000) is None
    assert found(rest(("/{a}/{b}", "GET")), "/x" * 10_000) is None


def test_match_among_many_routes_is_fast() -> None:
    """Relative budget: a match costs no more than 25 times splitting its path (5 µs where a split costs 0.2)."""
    router = rest(*((f"/service{i}/items/{{id}}/parts/{{part}}", "GET") for i in range(500)))
    path = "/service250/items/42/parts/7"
    assert found(router, path) == ("GET /service250/items/{id}/parts/{part}", {"id": "42", "part": "7"})
    unit = min(timeit.repeat(lambda: path.split("/"), number=2000, repeat=5))
    cost = min(timeit.repeat(lambda: router.match(path, "GET"), number=2000, repeat=5))
    assert cost <= 25 * unit
