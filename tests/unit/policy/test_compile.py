"""``policy.compile``: the index, and statements armed when they are asked about."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest

from sekisho.policy.compile import compile_policy, names_action
from sekisho.policy.request import MappingContext


def allow(action: Any, **members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **members}


@pytest.mark.parametrize(
    ("pattern", "action", "named"),
    [
        ("*", "s3:getobject", True),
        ("*:*", "s3:getobject", True),
        ("s3:get*", "s3:getobject", True),
        ("s3:getobjec?", "s3:getobject", True),
        ("s3:getobject?", "s3:getobject", False),
        ("s*:getobject", "s3:getobject", False),
        ("s3", "s3:getobject", False),
        ("s3:get object", "s3:get object", False),
        ("sqs:*", "s3:getobject", False),
    ],
)
def test_action_patterns(pattern: str, action: str, named: bool) -> None:
    assert names_action(pattern, action) is named


def test_the_index_finds_statements_in_document_order_once() -> None:
    policy = compile_policy(
        {
            "Statement": [
                allow("s3:*"),
                allow(["S3:GetObject", "s3:Get*", "s3:getobject"]),
                allow("sqs:SendMessage"),
                {"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"},
                allow("*"),
            ]
        }
    )
    assert [statement.index for statement in policy.index.about("s3:getobject")] == [0, 1, 3, 4]
    assert [statement.index for statement in policy.index.about("sqs:sendmessage")] == [2, 4]


def test_what_cannot_be_parsed_never_matches() -> None:
    policy = compile_policy({"Statement": [allow("s3:*", Condition={"Strange": {"a": "b"}}), "x", allow({}), {}]})
    (unsound,) = policy.index.about("s3:getobject")
    assert not unsound.arm()
    assert unsound.operators() == ["Strange"]
    assert compile_policy("not json").index.statements == []
    assert compile_policy('{"Statement": {"Effect": "Allow", "Action": "a:b"}}').index.about("a:b")


def test_resources_and_their_beginnings() -> None:
    policy = compile_policy(
        {
            "Version": "2012-10-17",
            "Statement": [
                allow("a:b", Resource=["arn:aws:s3:::b/x", "arn:aws:s3:::${aws:username}", "arn:aws:s3"]),
                {"Effect": "Allow", "Action": "a:b", "NotResource": "arn:aws:s3:::${aws:username}/*"},
                {"Effect": "Deny", "Action": "a:b", "NotResource": "arn:aws:s3:::${aws:username}/*"},
            ],
        }
    )
    first, second, third = policy.index.about("a:b")
    assert first.heads == ("arn:aws:s3:::b/x", "arn:aws:s3:::", "arn:aws:s3")
    assert second.heads == ("",)
    assert first.arm() and second.arm() and third.arm()
    assert first.covers("arn:aws:sqs:::q") is False
    assert second.covers("arn:aws:s3:::alice/x") is None
    alice, nobody = MappingContext({"aws:username": "alice"}), MappingContext({})
    assert not second.covers_in("arn:aws:s3:::alice/x", alice)
    assert second.covers_in("arn:aws:s3:::bob/x", alice)
    assert not second.covers_in("arn:aws:s3:::bob/x", nobody)
    assert third.covers_in("arn:aws:s3:::bob/x", nobody)


def test_compiling_is_cheap_because_it_is_lazy() -> None:
    statements = [
        allow(["lambda:InvokeFunction"], Resource=f"arn:aws:lambda:us-east-1:1:function:f{number}*")
        for number in range(2000)
    ]
    spent = []
    for _ in range(3):
        # A collection over all that the suite has made so far may fall into one run, and says nothing of compiling.
        gc.collect()
        start = time.process_time()
        compile_policy({"Version": "2012-10-17", "Statement": statements})
        spent.append(time.process_time() - start)
    assert min(spent) < 0.15
