"""Classes of resources: one example of each, and none is missed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.policy.classes import classes, row_of, shape
from sekisho.policy.pattern import ArnPattern

PIECES = ["*", "?", "a", "b", "/", ":", "ab", "arn:aws:s3:::", "arn:aws:*:::", "arn:*:s3:*:*:"]
patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
texts = st.lists(st.sampled_from(["a", "b", "/", ":", "x", "arn:aws:s3:::", "arn:aws:sqs:::"]), max_size=5).map("".join)


def matches(pattern: str, text: str) -> bool:
    found = ArnPattern(pattern, False).static
    return found is not None and found(text)


@given(patterns, st.lists(patterns, max_size=3), texts)
@settings(max_examples=300)
def test_every_text_has_an_example_of_its_class(within: str, others: list[str], text: str) -> None:
    row = row_of(ArnPattern(within, False))
    rows = [row_of(ArnPattern(other, False)) for other in others]
    found = classes(row, [other for other in rows if other is not None]) if row is not None else None
    for example in found.examples if found else ():
        assert matches(within, example)
    if not matches(within, text):
        return
    assert found is not None and found.complete
    mine = [matches(other, text) for other in others]
    assert mine in [[matches(other, example) for other in others] for example in found.examples]


def test_wildcards_cross_slashes() -> None:
    base = "arn:aws:execute-api:us-east-1:123456789012:api"
    shapes = [shape(f"arn:*:execute-api:*:*:*/*/{verb}/**") for verb in ("GET", "POST")]
    row = row_of(ArnPattern(f"{base}/*/GET/pets/*", False))
    assert row is not None
    found = classes(row, (), shapes)
    assert found.complete
    assert any(example.split("/")[2] == "POST" for example in found.examples)


def test_hostile_patterns_are_given_up() -> None:
    rows = [row_of(ArnPattern(f"*{chr(97 + number) * 2}*", False)) for number in range(16)]
    everything = row_of(ArnPattern("*", False))
    assert everything is not None
    found = classes(everything, [row for row in rows if row is not None], most=500)
    assert not found.complete
