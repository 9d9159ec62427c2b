"""Which requests of browsers reach the control plane."""

from __future__ import annotations

import pytest

from sekisho.edge.crosssite import CrossSite
from sekisho.kit.headers import Headers


def objection(rule: CrossSite, host: str, **headers: str) -> str:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return rule.objection(host.partition(":")[0], Headers([("Host", host), *pairs]))


@pytest.mark.parametrize(
    "host",
    ["", "localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "10.1.2.3", "sekisho", "x.amazonaws.com"],
)
def test_programs_are_not_limited(host: str) -> None:
    assert objection(CrossSite(), host) == ""


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "amazonaws.com.evil.example"])
def test_names_that_are_not_this_servers(host: str) -> None:
    assert "DNS rebinding" in objection(CrossSite(), host)
    assert objection(CrossSite([host.upper()]), host) == ""


def test_addresses_of_version_6() -> None:
    assert CrossSite().objection("[::1]", Headers()) == "" == CrossSite().objection("::1", Headers())


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:9999", "file://", "http://localhost:4566.evil.example"]
)
def test_pages_of_other_origins(origin: str) -> None:
    said = objection(CrossSite(), "localhost:4566", Origin=origin)
    assert origin in said and "--allow-origin" in said


def test_pages_of_this_server() -> None:
    assert objection(CrossSite(), "localhost:4566", Origin="http://localhost:4566") == ""
    assert objection(CrossSite(), "localhost:4566", Origin="HTTP://LOCALHOST:4566") == ""


def test_origins_that_were_opened() -> None:
    rule = CrossSite(origins=["https://App.example/"])
    assert objection(rule, "localhost", Origin="https://app.example") == ""
    assert objection(rule, "localhost", Origin="https://other.example") != ""
    assert objection(CrossSite(origins=["*"]), "localhost", Origin="https://any.example") == ""
    assert rule.allowed_origin(Headers()) == ""


@pytest.mark.parametrize(("site", "refused"), [("cross-site", True), ("same-site", True), ("none", False)])
def test_requests_without_an_origin(site: str, refused: bool) -> None:
    assert bool(objection(CrossSite(), "localhost", Sec_Fetch_Site=site)) is refused
