"""Which condition keys a request has, for each kind of caller."""

from __future__ import annotations

import pytest

from sekisho.config.context import READERS, CallerContext
from sekisho.config.identities import Principal
from sekisho.policy.combine import NO_POLICIES
from sekisho.policy.request import ANONYMOUS, Subject, SubjectKind, service_subject

NOW = 1_700_000_000.0

USER = Principal(
    Subject(SubjectKind.USER, "111122223333", "arn:aws:iam::111122223333:user/eng/ana", unique_id="AIDAEXAMPLE"),
    NO_POLICIES,
    name="ana",
    tags={"Team": "blue"},
)
SESSION = Principal(
    Subject(
        SubjectKind.ROLE_SESSION,
        "111122223333",
        "arn:aws:sts::111122223333:assumed-role/R/s",
        issuer_arn="arn:aws:iam::111122223333:role/p/R",
        unique_id="AROAEXAMPLE:s",
    ),
    NO_POLICIES,
    name="s",
    source_identity="ana",
    issued_at=NOW - 60,
    mfa=False,
)
SERVICE = Principal(service_subject("apigateway.amazonaws.com"), NO_POLICIES)
NOBODY = Principal(ANONYMOUS, NO_POLICIES)


def context(principal: Principal) -> CallerContext:
    return CallerContext(principal, NOW, "203.0.113.7", region="eu-west-1")


@pytest.mark.parametrize(
    ("principal", "key", "value"),
    [
        (USER, "aws:principalarn", "arn:aws:iam::111122223333:user/eng/ana"),
        (USER, "aws:username", "ana"),
        (USER, "aws:userid", "AIDAEXAMPLE"),
        (USER, "aws:principaltype", "User"),
        (USER, "aws:principaltag/team", "blue"),
        (USER, "aws:principaltag/other", None),
        (USER, "aws:multifactorauthpresent", None),
        (USER, "aws:tokenissuetime", None),
        (USER, "aws:principalisawsservice", "false"),
        (SESSION, "aws:principalarn", "arn:aws:iam::111122223333:role/p/R"),
        (SESSION, "aws:username", None),
        (SESSION, "aws:userid", "AROAEXAMPLE:s"),
        (SESSION, "aws:principaltype", "AssumedRole"),
        (SESSION, "aws:multifactorauthpresent", "false"),
        (SESSION, "aws:multifactorauthage", None),
        (SESSION, "aws:tokenissuetime", "2023-11-14T22:12:20Z"),
        (SESSION, "aws:sourceidentity", "ana"),
        (SERVICE, "aws:principalarn", None),
        (SERVICE, "aws:principalaccount", None),
        (SERVICE, "aws:principalservicename", "apigateway.amazonaws.com"),
        (SERVICE, "aws:principalisawsservice", "true"),
        (NOBODY, "aws:principalarn", None),
        (NOBODY, "aws:userid", "anonymous"),
        (NOBODY, "aws:principalisawsservice", None),
    ],
)
def test_keys_follow_the_kind_of_caller(principal: Principal, key: str, value: str | None) -> None:
    assert context(principal).get(key) == value


def test_connection_keys() -> None:
    asked = context(USER)
    assert asked.get("aws:sourceip") == "203.0.113.7"
    assert asked.get("aws:securetransport") == "true"
    assert asked.get("aws:requestedregion") == "eu-west-1"
    assert asked.get("aws:currenttime") == "2023-11-14T22:13:20Z"
    assert asked.get("aws:epochtime") == "1700000000"
    assert asked.get("aws:viaawsservice") == "false"


def test_what_is_not_known_is_absent_not_empty() -> None:
    bare = CallerContext(USER, NOW, "")
    for key in ("aws:sourceip", "aws:requestedregion", "aws:referer", "aws:useragent", "aws:sourcearn"):
        assert bare.get(key) is None


def test_extra_wins_and_may_be_multivalued() -> None:
    asked = CallerContext(USER, NOW, "203.0.113.7", extra={"aws:viaawsservice": "true", "aws:tagkeys": ("a", "b")})
    assert asked.get("aws:viaawsservice") == "true"
    assert asked.get("aws:tagkeys") == ("a", "b")


def test_rows_are_keyed_in_lower_case() -> None:
    assert all(key == key.lower() for key in READERS)
