"""The ledger stays within its bounds."""

from __future__ import annotations

import pytest
from tests.scenes.jwt import NOW, key_set

from sekisho.gateway import ledger as module
from sekisho.gateway.ledger import MAX_ISSUERS, Ledger


def test_issuers_are_bounded() -> None:
    ledger, keys = Ledger(), key_set()
    for number in range(MAX_ISSUERS + 10):
        ledger.remember_keys(f"https://{number}.example", keys, NOW)
    assert ledger.keys("https://0.example", NOW) is None
    assert ledger.keys(f"https://{MAX_ISSUERS + 9}.example", NOW) is keys


def test_decisions_are_bounded_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DECISIONS", 3)
    ledger, keys = Ledger(), key_set()

    def key(name: str) -> tuple[str, tuple[str, ...], str, str]:
        return name, (), "a", "i"

    for name in ("one", "two", "three"):
        ledger.remember_decision(key(name), "authorizer", keys, NOW + 9, name)
    assert ledger.decision(key("one"), "authorizer", keys, NOW) == "one"
    ledger.remember_decision(key("four"), "authorizer", keys, NOW + 9, "four")
    found = [ledger.decision(key(name), "authorizer", keys, NOW) for name in ("one", "two", "three", "four")]
    assert found == ["one", None, "three", "four"]


def test_decisions_are_bounded_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKEN_BYTES", 100)
    ledger, keys = Ledger(), key_set()
    for number in range(30):
        ledger.remember_decision((f"{number:040d}", (), "a", "i"), "authorizer", keys, NOW + 9, number)
        # Again: the same token takes its place only once.
        ledger.remember_decision((f"{number:040d}", (), "a", "i"), "authorizer", keys, NOW + 9, number)
    held = [n for n in range(30) if ledger.decision((f"{n:040d}", (), "a", "i"), "authorizer", keys, NOW) is not None]
    assert held == [28, 29]


def test_nothing_is_left_after_a_reset() -> None:
    ledger, keys = Ledger(), key_set()
    ledger.remember_keys("https://a.example", keys, NOW)
    ledger.remember_decision(("t", (), "a", "i"), "authorizer", keys, NOW + 9, 1)
    ledger.clear()
    assert ledger.keys("https://a.example", NOW) is None
    assert ledger.decision(("t", (), "a", "i"), "authorizer", keys, NOW) is None
