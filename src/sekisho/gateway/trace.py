"""One trace per request: what every gate saw. Access log, explanation and console are readers of it.

No Optionals in the middle: null objects (``UNASKED``, ``UNROUTED``, ``NOBODY`` …) stand for "this gate has not run".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sekisho.config.api import OPEN, ApiMapping, ApiSnapshot, Route, Stage
from sekisho.config.identities import Principal
from sekisho.config.integrations import Unsupported
from sekisho.config.router import Router
from sekisho.config.snapshot import Snapshot
from sekisho.faults.fault import Fault, Kind, Reject
from sekisho.functions.invocation import InvocationResult
from sekisho.gateway.effects import HttpAnswer, HttpFailed
from sekisho.gateway.request import GatewayRequest
from sekisho.policy.combine import NO_POLICIES, Decision, PolicyStack
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.request import ANONYMOUS, Question
from sekisho.sigv4.claim import Claim

_NOTHING: Final[Mapping[str, Any]] = {}
_REST: Final = Kind.REST
NOBODY: Final = Principal(ANONYMOUS, NO_POLICIES)
UNSTAGED: Final = Stage("", "", {}, Router(), None, None)
UNROUTED: Final = Route("", "", "", "", OPEN, Unsupported("NONE", ""))
UNSERVED: Final = ApiSnapshot(Kind.REST, "", "", "", "", {})


class Check:
    """One authorization question and its answer; enough to ask it again in recording mode."""

    __slots__ = ("decision", "purpose", "question", "resource_policy", "stack")

    def __init__(
        self,
        purpose: str,
        question: Question,
        stack: PolicyStack,
        resource_policy: CompiledPolicy | None,
        decision: Decision,
    ) -> None:
        self.purpose = purpose
        """``invoke-api``, ``resource-policy``, ``assume-role``, ``invoke-function``, ``authorizer-policy`` …"""
        self.question = question
        self.stack = stack
        """The asker's own policies: references into the snapshot, never copies."""
        self.resource_policy = resource_policy
        self.decision = decision


class Phase(NamedTuple):
    """``$context.authenticate.*``, ``authorize.*``, ``authorizer.*``: status and error, None as ``-``."""

    status: str | None = None
    error: str | None = None


UNASKED: Final = Phase()


class Signature:
    """What a signed request claimed, and what verification found."""

    __slots__ = ("canonical_request", "claim", "string_to_sign")

    def __init__(self, claim: Claim | None = None, canonical_request: str = "", string_to_sign: str = "") -> None:
        self.claim = claim
        """None: the request is not signed, or its claim could not be read."""
        self.canonical_request = canonical_request
        """Ours; only when it was refused."""
        self.string_to_sign = string_to_sign

    @property
    def scope(self) -> str:
        """``date/region/service/aws4_request`` as claimed."""
        return self.claim.scope if self.claim is not None else ""

    @property
    def signed_headers(self) -> str:
        return self.claim.signed_headers if self.claim is not None else ""


UNSIGNED: Final = Signature()


class Trace:
    """The record of one request. Slots are filled by the gates in the order of the pipeline."""

    __slots__ = (
        "access_key_id",
        "api",
        "asked",
        "authenticate",
        "authorize",
        "authorizer",
        "authorizer_context",
        "backend_status",
        "caller",
        "checks",
        "ended",
        "error_message",
        "error_type",
        "extended_id",
        "fields",
        "integration_error",
        "integration_request_id",
        "integration_status",
        "kind",
        "length",
        "local_path",
        "mapping",
        "marks",
        "path",
        "path_parameters",
        "received",
        "refused_at",
        "rejection",
        "reply",
        "request",
        "request_id",
        "response_headers",
        "response_type",
        "results",
        "route",
        "signature",
        "snapshot",
        "stage",
        "status",
        "xray_id",
    )

    def __init__(
        self, request: GatewayRequest, snapshot: Snapshot, received: float, request_id: str, extended_id: str
    ) -> None:
        self.kind = _REST
        self.request = request
        self.snapshot = snapshot
        self.received = received
        """Epoch seconds."""
        self.request_id = request_id
        self.extended_id = extended_id
        self.xray_id = ""
        self.marks: list[float] = []
        """Monotonic seconds at the beginning of each gate, then of the end of the last."""
        self.api: ApiSnapshot = UNSERVED
        self.stage: Stage = UNSTAGED
        self.route: Route = UNROUTED
        self.mapping: ApiMapping | None = None
        """The custom domain's mapping by which the API was reached."""
        self.path = ""
        """``$context.path``: as sent, with the stage; slashes before the stage are one."""
        self.local_path = ""
        """What is routed: behind the stage, beginning with one slash; still percent-encoded."""
        self.path_parameters: Mapping[str, str] = _NOTHING
        self.signature: Signature = UNSIGNED
        self.access_key_id = ""
        self.caller: Principal = NOBODY
        self.authenticate: Phase = UNASKED
        self.authorize: Phase = UNASKED
        self.authorizer: Phase = UNASKED
        self.authorizer_context: Mapping[str, Any] = _NOTHING
        self.checks: list[Check] = []
        self.asked: tuple[float, float] | None = None
        """Monotonic seconds at which the integration was begun and ended; None when it never began."""
        self.integration_status: str | None = None
        """``integration.integrationStatus``: what Lambda's Invoke answered."""
        self.backend_status: str | None = None
        """``integration.status``: what the function's reply said."""
        self.integration_error: str | None = None
        self.integration_request_id: str | None = None
        self.reply: InvocationResult | HttpAnswer | HttpFailed | None = None
        self.results: list[tuple[str, InvocationResult]] = []
        """Every function that was called (unqualified ARN) and its answer, in order: a replay is fed with these."""
        self.refused_at = ""
        """The gate's name; empty when the request was served."""
        self.rejection: Reject | None = None
        self.error_message: str | None = None
        self.error_type: str | None = None
        """``error.responseType``."""
        self.response_type: str | None = None
        self.status = 0
        self.length = 0
        self.response_headers: list[tuple[str, str]] = []
        self.ended: float = 0.0
        """Monotonic seconds at which the answer was ready."""
        self.fields: dict[str, Any] = {}
        """Room for variables of rare features (keys: names without ``$context.``)."""

    @property
    def fault(self) -> Fault | None:
        return self.rejection.fault if self.rejection else None
