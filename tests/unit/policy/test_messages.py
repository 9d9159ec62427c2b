"""``policy.messages``: AWS's sentences."""

from __future__ import annotations

import pytest

from sekisho.policy.combine import IMPLICIT, Decision, Layer, Verdict
from sekisho.policy.compile import compile_policy
from sekisho.policy.messages import denial_message, denial_reason
from sekisho.policy.request import ANONYMOUS, Question, subject_from

ALICE = subject_from("arn:aws:iam::111122223333:user/alice")
DENY = compile_policy({}, arn="arn:aws:iam::111122223333:policy/p")


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Layer.IDENTITY, "because no identity-based policy allows the s3:GetObject action"),
        (Layer.RESOURCE, "because no resource-based policy allows the s3:GetObject action"),
        (Layer.BOUNDARY, "because no permissions boundary allows the s3:GetObject action"),
        (Layer.SESSION, "because no session policy allows the s3:GetObject action"),
        (Layer.SCP, "because no service control policy allows the s3:GetObject action"),
        (Layer.RCP, "because no resource control policy allows the s3:GetObject action"),
        (Layer.ENDPOINT, "because no VPC endpoint policy allows the s3:GetObject action"),
        (Layer.TRUST, "because no role trust policy allows the s3:GetObject action"),
    ],
)
def test_implicit(layer: Layer, text: str) -> None:
    assert denial_reason(IMPLICIT[layer], "s3:GetObject") == text


def test_explicit_and_the_policy_it_names() -> None:
    decision = Decision(Verdict.EXPLICITLY_DENIED, Layer.SCP, DENY, 0)
    text = "with an explicit deny in a service control policy"
    assert denial_reason(decision, "a:b") == text
    assert denial_reason(decision, "a:b", name_policy=True) == f"{text}: {DENY.arn}"
    unnamed = decision._replace(layer=Layer.RESOURCE)
    assert denial_reason(unnamed, "a:b", name_policy=True) == "with an explicit deny in a resource-based policy"
    assert denial_reason(decision._replace(verdict=Verdict.ALLOWED), "a:b") == ""


def test_whole_sentences() -> None:
    implicit = IMPLICIT[Layer.IDENTITY]
    assert denial_message(implicit, Question(ALICE, "s3:ListAllMyBuckets", "*", "")) == (
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:ListAllMyBuckets "
        "because no identity-based policy allows the s3:ListAllMyBuckets action"
    )
    assert denial_message(implicit, Question(ANONYMOUS, "s3:GetObject", "arn:aws:s3:::b/x", "")) == (
        "User: anonymous is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/x "
        "because no identity-based policy allows the s3:GetObject action"
    )
