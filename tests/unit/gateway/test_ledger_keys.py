"""The ledger stays within its bounds."""

from __future__ import annotations

from tests.scenes.jwt import NOW, key_set

from sekisho.gateway.ledger import MAX_DECISIONS, MAX_ISSUERS, MAX_TOKEN_BYTES, Ledger


def test_issuers_are_bounded() -> None:
    ledger, keys = Ledger(), key_set()
    for number in range(MAX_ISSUERS + 10):
        ledger.remember_keys(f"https://{number}.example", keys, NOW)
    assert ledger.keys("https://0.example", NOW) is None
    assert ledger.keys(f"https://{MAX_ISSUERS + 9}.example", NOW) is keys


def test_decisions_are_bounded_by_number() -> None:
    ledger, keys = Ledger(), key_set()

    def key(number: int) -> tuple[str, tuple[str, ...], str, str]:
        return str(number), (), "a", "i"

    for number in range(MAX_DECISIONS):
        ledger.remember_decision(key(number), "authorizer", keys, NOW + 9, number)
    assert ledger.decision(key(0), "authorizer", keys, NOW) == 0
    ledger.remember_decision(key(MAX_DECISIONS), "authorizer", keys, NOW + 9, MAX_DECISIONS)
    found = [ledger.decision(key(number), "authorizer", keys, NOW) for number in (0, 1, 2, MAX_DECISIONS)]
    assert found == [0, None, 2, MAX_DECISIONS]


def test_decisions_are_bounded_by_size() -> None:
    ledger, keys = Ledger(), key_set()
    longest = MAX_TOKEN_BYTES // 2 - 100

    def key(number: int) -> tuple[str, tuple[str, ...], str, str]:
        return f"{number:0{longest}d}", (), "a", "i"

    for number in range(10):
        ledger.remember_decision(key(number), "authorizer", keys, NOW + 9, number)
        # Again: the same token takes its place only once.
        ledger.remember_decision(key(number), "authorizer", keys, NOW + 9, number)
    held = [number for number in range(10) if ledger.decision(key(number), "authorizer", keys, NOW) is not None]
    assert held == [8, 9]


def test_nothing_is_left_after_a_reset() -> None:
    ledger, keys = Ledger(), key_set()
    ledger.remember_keys("https://a.example", keys, NOW)
    ledger.remember_decision(("t", (), "a", "i"), "authorizer", keys, NOW + 9, 1)
    ledger.clear()
    assert ledger.keys("https://a.example", NOW) is None
    assert ledger.decision(("t", (), "a", "i"), "authorizer", keys, NOW) is None
