"""An operation is one function and one decorator line.

    ops = Operations("apigateway")

    @ops("CreateStage", resource="/restapis/{restApiId}/stages")
    def create_stage(call: Call) -> Mapping[str, Any]: ...

Wire shapes, required members and enums come from the service models; the function sees checked ``params`` and returns
the output members, or ``Ask(effect, then)``, or raises ``ServiceError``. It reads and writes documents through
``call.table(kind)``, calls other services through ``call.invoke``, and never reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sekisho.config.identities import Principal
from sekisho.config.snapshot import Snapshot
from sekisho.kit.ids import Entropy
from sekisho.kit.outcome import Ask
from sekisho.policy.compile import CompiledPolicy
from sekisho.services.effects import Effect
from sekisho.state.table import Table
from sekisho.state.world import GLOBAL, Overlay, Partition

Result = Mapping[str, Any] | Ask[Effect, "Call"]


class ServiceError(Exception):
    """AWS's own error: a code that is an error shape of the operation, its message, and its HTTP status.

    ``members`` are further members of the error shape (``Type``, ``Reason`` …).
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members
        self.denied: Any = None
        """``authorization.Denied``, when an operation that decides for itself refused: what it was decided from."""


class Runner(Protocol):
    """Calls another operation inside the same unit of work, as a client would. Raises ServiceError."""

    def __call__(self, call: Call, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Call:
    """One control-plane call: who, what, where, and the unit of work it writes to."""

    __slots__ = (
        "account",
        "caller",
        "entropy",
        "now",
        "operation",
        "params",
        "region",
        "request_id",
        "runner",
        "service",
        "snapshot",
        "source_ip",
        "store",
        "user_agent",
    )

    def __init__(
        self,
        *,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Principal,
        account: str,
        region: str,
        now: float,
        request_id: str,
        store: Overlay,
        snapshot: Snapshot,
        entropy: Entropy,
        runner: Runner,
        source_ip: str = "127.0.0.1",
        user_agent: str = "",
    ) -> None:
        self.service = service
        self.operation = operation
        self.params = params
        self.caller = caller
        self.account = account
        self.region = region
        self.now = now
        self.request_id = request_id
        self.store = store
        self.snapshot = snapshot
        self.entropy = entropy
        self.runner = runner
        self.source_ip = source_ip
        self.user_agent = user_agent

    def table(self, kind: str, *, service: str = "", account: str = "", region: str | None = None) -> Table:
        """The records of ``kind`` of this call's service, account and region."""
        where = Partition(
            account or self.account, self.region if region is None else region, service or self.service, kind
        )
        return Table(self.store, where)

    def global_table(self, kind: str, *, service: str = "", account: str = "") -> Table:
        """The same for services without regions (iam, sts)."""
        return self.table(kind, service=service, account=account, region=GLOBAL)

    def invoke(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Another service's operation, in the same unit of work, as this caller. Raises ServiceError."""
        return self.runner(self, service, operation, params)


Run = Callable[[Call], Result]
ResourcePolicy = Callable[[Call], CompiledPolicy | None]
"""The resource-based policy attached to what an operation is about; None when there is none."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the operations table."""

    service: str
    name: str
    run: Run
    resource: str | Callable[[Call], str]
    """What IAM is asked about: a full ARN template with ``{account}``, ``{region}`` and ``{member}`` of the params,
    a function of the call for the few that need one, or ``*``."""
    action: str
    """``service:Name``; for apigateway, whose actions are HTTP verbs, filled in from the model by the front door."""
    authorized: bool = True
    """False for the few operations that need no permission (sts:GetCallerIdentity, GetSessionToken, GetAccessKeyInfo)
    or decide for themselves (sts:AssumeRole: the role's trust policy is part of the decision)."""
    resource_policy: ResourcePolicy | None = None
    """For operations whose resource carries a policy of its own (lambda:InvokeFunction): what the front door hands to
    ``combine.decide`` as the resource policy. The owning account is the one in the resource's ARN."""


class Operations:
    """Collects the operations of one module; ``compose`` joins modules. Nothing registers itself globally."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.table: dict[str, Operation] = {}

    def __call__(
        self,
        name: str,
        *,
        resource: str | Callable[[Call], str] = "*",
        action: str = "",
        authorized: bool = True,
        resource_policy: ResourcePolicy | None = None,
    ) -> Callable[[Run], Run]:
        def register(run: Run) -> Run:
            self.table[name] = Operation(self.service, name, run, resource, action, authorized, resource_policy)
            return run

        return register


def compose(modules: Iterable[Operations]) -> dict[str, Operation]:
    """The operations of a service. Two modules may not define the same one."""
    joined: dict[str, Operation] = {}
    for module in modules:
        for name, operation in module.table.items():
            if name in joined:
                raise ValueError(f"operation {operation.service}:{name} is defined twice")
            joined[name] = operation
    return joined
