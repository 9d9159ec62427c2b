"""``policy.evaluate``: pools select what can match, large ones by the beginnings of resource patterns."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sekisho.kit.memory import MOST, remember
from sekisho.policy.compile import compile_policy
from sekisho.policy.evaluate import first, pool, sides
from sekisho.policy.request import EMPTY_CONTEXT

names = st.text("ab*?$", max_size=6)


@given(st.lists(names, min_size=13, max_size=40), st.text("ab", max_size=6))
def test_a_bucketed_pool_selects_what_a_walk_finds(patterns: list[str], name: str) -> None:
    statements = [{"Effect": "Allow", "Action": "s3:Get", "Resource": f"arn:aws:s3:::{text}"} for text in patterns]
    policy = compile_policy({"Version": "2012-10-17", "Statement": statements})
    resource = f"arn:aws:s3:::{name}"
    found = {entry.statement.index for entry in pool((policy,), "s3:get").select(resource).allows}
    assert found == {
        statement.index for statement in policy.index.statements if statement.arm() and statement.covers(resource)
    }


def test_many_lengths_are_rounded_down() -> None:
    statements: list[dict[str, Any]] = [
        {"Effect": "Deny", "Action": "s3:Get", "Resource": f"arn:aws:s3:::{'x' * size}*"} for size in range(100)
    ]
    statements.append({"Effect": "Allow", "Action": "s3:Get", "NotResource": "arn:aws:s3:::y"})
    policy = compile_policy({"Statement": statements})
    selected = pool((policy,), "s3:get").select("arn:aws:s3:::" + "x" * 50)
    assert [entry.statement.index for entry in selected.denies] == list(range(51))
    assert len(selected.allows) == 1


def test_unconditional_statements_come_first() -> None:
    conditional = {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    allow = {"Effect": "Allow", "Action": "s3:Get", "Resource": "*"}
    policy = compile_policy({"Statement": [{**allow, **conditional}, allow]})
    entries = sides(policy, "s3:Get", "arn:aws:s3:::b").allows
    assert [entry.statement.index for entry in entries] == [1, 0]
    found = first(entries, EMPTY_CONTEXT)
    assert found is not None and found.index == 1
    assert first(entries[1:], EMPTY_CONTEXT) is None


def test_memory_is_bounded() -> None:
    policy = compile_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    for number in range(MOST + 10):
        sides(policy, "s3:Get", f"arn:aws:s3:::{number}")
    assert len(policy.answers) == 10
    before = len(policy.answers)
    sides(policy, "s3:Get", "arn:aws:s3:::" + "x" * 5000)
    assert len(policy.answers) == before
    assert remember({}, "k", 1) == 1
