"""RCPs follow the resource's account, SCPs the principal's."""

from __future__ import annotations

from sekisho.config.identities import Identities, Levels
from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import compile_policy

MINE = ((compile_policy({"Statement": []}, name="mine"),),)
THEIRS = ((compile_policy({"Statement": []}, name="theirs"),),)


def test_rcps_are_those_of_the_resources_account() -> None:
    levels = {"1" * 12: Levels(rcps=MINE), "2" * 12: Levels(rcps=THEIRS)}
    identities = Identities({}, {}, {}, {}, levels=levels)
    stack = PolicyStack(scps=MINE, rcps=MINE)
    assert identities.stack_at(stack, "1" * 12) is stack
    assert identities.stack_at(stack, "2" * 12) == PolicyStack(scps=MINE, rcps=THEIRS)
    assert identities.stack_at(stack, "3" * 12).rcps == ()
