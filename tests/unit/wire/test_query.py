"""Form fields in, XML out."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.service_models import MODELS

from sekisho.wire.message import Unparsable
from sekisho.wire.query import decode_pairs, escape, fold, parse, serialize, serialize_error

IAM = MODELS.get("iam")
STS = MODELS.get("sts")
CLOUDFORMATION = MODELS.get("cloudformation")


def test_pairs_are_decoded_with_plus_as_space() -> None:
    assert decode_pairs("a=1+2&b=%2B&c&&d=") == [("a", "1 2"), ("b", "+"), ("c", ""), ("d", "")]


def test_lists_are_read_in_numeric_order() -> None:
    form = {f"Tags.member.{n}.{part}": f"{part}{n}" for n in (10, 2, 1) for part in ("Key", "Value")}
    assert parse(IAM.operations["TagRole"], {"RoleName": "r", **form}) == {
        "RoleName": "r",
        "Tags": [{"Key": f"Key{n}", "Value": f"Value{n}"} for n in (1, 2, 10)],
    }


def test_an_empty_list_is_a_list() -> None:
    assert parse(IAM.operations["TagRole"], {"Tags": ""}) == {"Tags": []}


def test_fields_that_no_member_claims_are_ignored() -> None:
    form = {"Action": "GetRole", "Version": "2010-05-08", "RoleName": "r", "Nonsense.member.1": "x"}
    assert parse(IAM.operations["GetRole"], form) == {"RoleName": "r"}


@pytest.mark.parametrize(
    ("operation", "form"),
    [
        ("ListRoles", {"MaxItems": "many"}),
        ("ListRoles", {"MaxItems": "99999999999"}),
        ("ListRoles", {"MaxItems.member.1": "1"}),
        ("TagRole", {"Tags": "x"}),
        ("TagRole", {"Tags.member.one.Key": "x"}),
        ("TagRole", {"Tags.member.1": "x"}),
        ("CreateVirtualMFADevice", {"Tags.member.1.Key.deeper": "x"}),
    ],
)
def test_fields_of_the_wrong_shape_are_refused(operation: str, form: dict[str, str]) -> None:
    with pytest.raises(Unparsable):
        parse(IAM.operations[operation], form)


@pytest.mark.parametrize(("form"), [{"a": "1", "a.b": "2"}, {"a.b": "2", "a": "1"}, {"a.b.c": "1", "a.b": "2"}])
def test_a_field_cannot_be_both_value_and_structure(form: dict[str, str]) -> None:
    with pytest.raises(Unparsable):
        fold(form)


@given(st.dictionaries(st.text("ab.1", max_size=8), st.text(max_size=3), max_size=6))
def test_folding_is_total_but_for_unparsable(form: dict[str, str]) -> None:
    try:
        assert isinstance(fold(form), dict)
    except Unparsable as problem:
        assert problem.reason


def test_results_carry_wrapper_namespace_and_request_id() -> None:
    response = serialize(STS.operations["GetCallerIdentity"], {"Account": "123456789012"}, "rid")
    assert response.status == 200
    assert ("Content-Type", "text/xml") in response.headers
    assert response.body == (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        b"<Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>rid</RequestId>"
        b"</ResponseMetadata></GetCallerIdentityResponse>"
    )


def test_an_operation_without_result_answers_its_metadata_only() -> None:
    body = serialize(IAM.operations["DeleteRole"], {}, "rid").body
    assert body == (
        b'<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        b"<ResponseMetadata><RequestId>rid</RequestId></ResponseMetadata></DeleteRoleResponse>"
    )


def test_iam_shows_whole_seconds_and_cloudformation_milliseconds() -> None:
    role = serialize(IAM.operations["GetRole"], {"Role": {"CreateDate": 1_700_000_000.25}}, "r").body
    stack = serialize(
        CLOUDFORMATION.operations["DescribeStacks"], {"Stacks": [{"CreationTime": 1_700_000_000.25}]}, "r"
    ).body
    assert b"<CreateDate>2023-11-14T22:13:20Z</CreateDate>" in role
    assert b"<CreationTime>2023-11-14T22:13:20.250Z</CreationTime>" in stack


def test_errors_say_whose_fault_it_was() -> None:
    sender = serialize_error(IAM, "NoSuchEntity", "no <b>", 404, "rid")
    receiver = serialize_error(IAM, "ServiceFailure", "oops", 500, "rid")
    assert sender.status == 404
    assert sender.body == (
        b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
        b"<Code>NoSuchEntity</Code><Message>no &lt;b&gt;</Message></Error><RequestId>rid</RequestId></ErrorResponse>"
    )
    assert b"<Type>Receiver</Type>" in receiver.body


@given(st.text())
def test_any_text_makes_xml_that_parses(text: str) -> None:
    root = ElementTree.fromstring(f"<a>{escape(text)}</a>")
    allowed = "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "�" for c in text
    )
    assert (root.text or "") == allowed
