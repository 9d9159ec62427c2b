"""PolicyStack (identity, resource, boundary, session, SCP, RCP, endpoint) → Decision; cross-account rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.request import Question


class Layer(Enum):
    """Kinds of policy that can decide."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"
    TRUST = "role trust policy"


class Verdict(Enum):
    """The three outcomes of a decision."""

    ALLOWED = "Allowed"
    IMPLICITLY_DENIED = "ImplicitlyDenied"
    EXPLICITLY_DENIED = "ExplicitlyDenied"


@dataclass(frozen=True, slots=True)
class PolicyStack:
    """The policies on the principal's own side, references into the snapshot."""

    identity: tuple[CompiledPolicy, ...] = ()
    boundary: CompiledPolicy | None = None
    session: tuple[CompiledPolicy, ...] | None = None
    """None: no session policy was passed; a tuple is evaluated as one set."""
    scps: tuple[tuple[CompiledPolicy, ...], ...] = ()
    """Levels, root first; every level must allow."""
    rcps: tuple[tuple[CompiledPolicy, ...], ...] = ()
    """Levels that apply to the resource's account."""
    endpoint: tuple[CompiledPolicy, ...] = ()


NO_POLICIES = PolicyStack()


class Decision(NamedTuple):
    """Allowed or not, and which layer's which statement decided (statement index -1: the absence of any Allow)."""

    verdict: Verdict
    layer: Layer
    policy: CompiledPolicy | None
    statement: int

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOWED


def decide(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None) -> Decision:
    """The whole decision, single account or cross account, as AWS combines the layers."""
    raise NotImplementedError
