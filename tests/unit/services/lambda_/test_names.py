"""Names, partial ARNs and full ARNs; what IAM is asked about. Parsing is total: a Target or AWS's error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.calls import ACCOUNT, REGION, make_call

from sekisho.services.lambda_.names import Target, parse, plain_arn, qualified_arn
from sekisho.services.operation import ServiceError

CALL = make_call("lambda", "GetFunction")
OTHER = "arn:aws:lambda:us-east-1:999999999999:function:f"


@pytest.mark.parametrize(
    ("text", "account", "qualifier"),
    [
        ("f", ACCOUNT, ""),
        ("f:live", ACCOUNT, "live"),
        ("f:$LATEST", ACCOUNT, "$LATEST"),
        ("function:f", ACCOUNT, ""),
        ("999999999999:function:f:7", "999999999999", "7"),
        ("999999999999:f", "999999999999", ""),
        (OTHER, "999999999999", ""),
        (f"{OTHER}:live", "999999999999", "live"),
    ],
)
def test_forms(text: str, account: str, qualifier: str) -> None:
    assert parse(CALL, text) == Target(account, REGION, "f", qualifier)


@pytest.mark.parametrize("text", ["", "a b", "f:", "f:a:b", "arn:aws:s3:::f", "f.g", "../f", "f\n", "ｆ"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(CALL, text)
    assert caught.value.code == "ValidationException"
    assert "at 'functionName' failed to satisfy constraint" in caught.value.message


def test_qualifiers_of_the_arn_are_part_of_the_question() -> None:
    params = {"FunctionName": OTHER, "Qualifier": "live"}
    assert qualified_arn(make_call("lambda", "Invoke", params)) == f"{OTHER}:live"
    assert plain_arn(make_call("lambda", "CreateAlias", params)) == OTHER
    assert qualified_arn(make_call("lambda", "Invoke", {"FunctionName": f"{OTHER}:2"})) == f"{OTHER}:2"


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_has_an_answer(text: str, qualifier: str) -> None:
    call = make_call("lambda", "Invoke", {"FunctionName": text, "Qualifier": qualifier})
    assert qualified_arn(call).startswith("arn:aws:lambda:")
    assert plain_arn(call).startswith("arn:aws:lambda:")
    try:
        found = parse(call, text, qualifier)
    except ServiceError:
        return
    assert found.arn == qualified_arn(call)
