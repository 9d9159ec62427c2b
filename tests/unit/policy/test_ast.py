"""``policy.ast`` is vocabulary; what has to hold is that its names are AWS's."""

from __future__ import annotations

from sekisho.policy.ast import VARIABLES_VERSION, VERSIONS, Effect


def test_the_spellings_of_the_grammar() -> None:
    assert [effect.value for effect in Effect] == ["Allow", "Deny"]
    assert VARIABLES_VERSION == VERSIONS[-1] == "2012-10-17"
