"""The control plane's pipeline: dispatch → identify → authorize → parse → run → serialize. Pure.

Theory of operation. ``handle`` is a generator: it yields the effects that operations ask for, is sent their results,
and returns an ``Outcome``. What an operation writes goes to an overlay; the outcome carries it only when the
operation succeeded, and the edge commits it before it sends the response. Every ending, also an unexpected exception,
is an outcome with a response and a record of the call.

Operations that call others (``Call.invoke``) do so through the same tables, as the same caller, in the same overlay.
What CloudFormation does is done with the caller's rights and is authorized; what other services do among themselves
is their own business, as on AWS.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from sekisho.config.snapshot import Snapshot
from sekisho.kit.ids import Entropy
from sekisho.kit.outcome import Ask
from sekisho.services.authentication import NOBODY, Caller, Keyring, trusting, verified
from sekisho.services.authorization import Denied, authorize, denied_error, denied_text
from sekisho.services.effects import Effect
from sekisho.services.operation import Call, Operation, ServiceError
from sekisho.state.world import Overlay, View
from sekisho.wire.dispatch import Dispatcher, Unmatched
from sekisho.wire.message import WireError, WireRequest, WireResponse
from sekisho.wire.model import QUERY, OperationSpec, ServiceModel, Shape
from sekisho.wire.protocol import read, serialize, serialize_error, settle
from sekisho.wire.scope import Scope, read_host, read_scope
from sekisho.wire.validate import validate

Tables = Mapping[str, Mapping[str, Operation]]
"""Service → operation name → row."""


class Env(NamedTuple):
    """Everything a call depends on beside the request. Made by the edge for each call."""

    tables: Tables
    dispatcher: Dispatcher
    snapshot: Snapshot
    view: View
    keyring: Keyring
    """Finds the root's key too."""
    now: float
    entropy: Entropy
    request_id: str
    source_ip: str
    enforce_iam: bool
    account: str
    """Whom callers without a known key belong to."""
    region: str
    """Where callers that do not say are."""


class CallRecord(NamedTuple):
    """What the recorder keeps of a call, whatever became of it."""

    request_id: str
    received: float
    """Epoch seconds."""
    service: str
    operation: str
    caller: str
    """ARN; empty when nobody was identified."""
    access_key_id: str
    account: str
    region: str
    source_ip: str
    user_agent: str
    params: Mapping[str, Any]
    status: int
    error_code: str
    error_message: str
    denied: Denied | None
    """The question, the policies and the decision, when the call was refused by them."""
    problem: str
    """A traceback, when the operation failed in a way it should not have."""


class Outcome(NamedTuple):
    """A response, what to commit before sending it (None: nothing), and the record."""

    response: WireResponse
    overlay: Overlay | None
    record: CallRecord


class _Refused(Exception):
    """Ends a call with an error of the wire's."""

    def __init__(self, error: WireError, denied: Denied | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.denied = denied


class _Attempt:
    """One call while it runs; what is learnt about it is written here for the record."""

    __slots__ = ("call", "caller", "denied", "env", "error", "model", "overlay", "problem", "region", "request", "spec")

    def __init__(self, request: WireRequest, env: Env) -> None:
        self.request = request
        self.env = env
        self.overlay = Overlay(env.view)
        self.model: ServiceModel | None = None
        self.spec: OperationSpec | None = None
        self.caller = Caller(NOBODY)
        self.region = env.region
        self.call: Call | None = None
        self.error: WireError | None = None
        self.denied: Denied | None = None
        self.problem = ""

    def run(self) -> Generator[Effect, Any, WireResponse]:
        """The pipeline itself. Raises _Refused, ServiceError, and what should not happen."""
        scope = read_scope(self.request)
        self.region = _region(self.request, scope, self.env.region)
        found = self.env.dispatcher.find(self.request, scope)
        if isinstance(found, Unmatched):
            self.model = found.model
            raise _Refused(found.error)
        spec = self.spec = found.spec
        self.model = spec.model
        self.caller = self._identify(spec, scope)
        operation = _row(self.env.tables, spec)
        params = read(found, self.request)
        if isinstance(params, WireError):
            raise _Refused(params)
        call = self.call = self._call(spec, params)
        if self.env.enforce_iam:
            _authorize(call, operation, spec, self.request.headers.get("referer"))
        invalid = validate(spec, params)
        if invalid is not None:
            raise _Refused(invalid)
        result = operation.run(call)
        while isinstance(result, Ask):
            answer = yield result.effect
            result = result.then(call, answer)
        return serialize(spec, result, self.env.request_id)

    def _identify(self, spec: OperationSpec, scope: Scope | None) -> Caller:
        env = self.env
        if spec.unsigned:
            return Caller(NOBODY)
        if not env.enforce_iam:
            return trusting(scope, env.keyring, env.snapshot, env.account)
        caller = verified(self.request, spec.model.protocol, env.keyring, env.snapshot, env.now)
        if isinstance(caller, WireError):
            raise _Refused(caller)
        return caller

    def _call(self, spec: OperationSpec, params: dict[str, Any]) -> Call:
        env = self.env
        return Call(
            service=spec.service,
            operation=spec.name,
            params=params,
            caller=self.caller.principal,
            account=self.caller.principal.account or env.account,
            region=self.region,
            now=env.now,
            request_id=env.request_id,
            store=self.overlay,
            snapshot=env.snapshot,
            entropy=env.entropy,
            runner=self._invoke,
            source_ip=env.source_ip,
            user_agent=self.request.headers.get("user-agent") or "",
        )

    def _invoke(self, call: Call, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """An operation on behalf of another (``operation.Runner``). It may not need effects."""
        row = self.env.tables.get(service, {}).get(operation)
        if row is None:
            raise ServiceError("NotImplementedException", _not_implemented(service, operation), 501)
        model = self.env.dispatcher.models.get(service)
        spec = model.operations[operation]
        inner = Call(
            service=service,
            operation=operation,
            params=dict(params),
            caller=call.caller,
            account=call.account,
            region=call.region,
            now=call.now,
            request_id=call.request_id,
            store=call.store,
            snapshot=call.snapshot,
            entropy=call.entropy,
            runner=call.runner,
            source_ip=call.source_ip,
            user_agent=call.user_agent,
        )
        try:
            if self.env.enforce_iam and call.service == "cloudformation":
                _authorize(inner, row, spec, None)
            invalid = validate(spec, inner.params)
            if invalid is not None:
                raise _Refused(invalid)
        except _Refused as refused:
            code, status = settle(model, refused.error)
            raise ServiceError(code, refused.error.message, status) from None
        result = row.run(inner)
        if isinstance(result, Ask):
            message = f"{_not_implemented(service, operation)} as a step of {call.service}:{call.operation}"
            raise ServiceError("NotImplementedException", message, 501)
        return result

    def fail(self, error: WireError) -> WireResponse:
        """The response that tells ``error``."""
        self.error = error
        form = "application/x-www-form-urlencoded" in (self.request.headers.get("content-type") or "")
        return serialize_error(self.model, error, self.env.request_id, form=form)

    def outcome(self, response: WireResponse) -> Outcome:
        """The end: changes are handed over only by calls that succeeded."""
        env, spec, error = self.env, self.spec, self.error
        code = ""
        if error is not None:
            code = settle(self.model, error)[0] if self.model is not None else error.code
        record = CallRecord(
            request_id=env.request_id,
            received=env.now,
            service=self.model.name if self.model is not None else "",
            operation=spec.name if spec is not None else "",
            caller=self.caller.principal.subject.arn,
            access_key_id=self.caller.access_key_id,
            account=self.caller.principal.account or env.account,
            region=self.region,
            source_ip=env.source_ip,
            user_agent=self.request.headers.get("user-agent") or "",
            params=masked(spec.input, self.call.params) if spec and spec.input and self.call else {},
            status=response.status,
            error_code=code,
            error_message=error.message if error is not None else "",
            denied=self.denied,
            problem=self.problem,
        )
        return Outcome(response, self.overlay if error is None else None, record)


def handle(request: WireRequest, env: Env) -> Generator[Effect, Any, Outcome]:
    """Serve one request of the control plane. Total: every ending is an ``Outcome``."""
    attempt = _Attempt(request, env)
    try:
        response = yield from attempt.run()
    except _Refused as refused:
        attempt.denied = refused.denied
        response = attempt.fail(refused.error)
    except ServiceError as error:
        attempt.denied = error.denied
        response = attempt.fail(WireError(error.code, error.message, error.status, error.members))
    except Exception:
        attempt.problem = traceback.format_exc()
        response = attempt.fail(_internal(attempt.model))
    return attempt.outcome(response)


def masked(shape: Shape, value: Any) -> Any:
    """Parameters as they may be kept and shown: what the model calls sensitive is hidden, bytes are only counted."""
    if shape.sensitive:
        return "***"
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, dict) and shape.kind == "structure":
        return {m.name: masked(m.shape, value[m.name]) for m in shape.members if m.name in value}
    if isinstance(value, dict) and shape.kind == "map":
        return {name: masked(shape.value, item) for name, item in value.items()}
    if isinstance(value, list) and shape.kind == "list":
        return [masked(shape.element, item) for item in value]
    return value


def _region(request: WireRequest, scope: Scope | None, default: str) -> str:
    region = (scope.region if scope is not None else "") or read_host(request).region
    return (
        region if region and len(region) <= 32 and region.replace("-", "").isalnum() and region.isascii() else default
    )


def _row(tables: Tables, spec: OperationSpec) -> Operation:
    row = tables.get(spec.service, {}).get(spec.name)
    if row is None or spec.unsupported:
        code = "NotImplemented" if spec.model.protocol == QUERY else "NotImplementedException"
        reason = f" ({spec.unsupported})" if spec.unsupported else ""
        raise _Refused(WireError(code, _not_implemented(spec.service, spec.name) + reason, 501))
    return row


def _not_implemented(service: str, operation: str) -> str:
    return f"sekisho does not implement {service}:{operation}"


def _authorize(call: Call, operation: Operation, spec: OperationSpec, referer: str | None) -> None:
    if not operation.authorized:
        return
    denied = authorize(call, operation, spec, referer=referer)
    if denied is not None:
        raise _Refused(denied_error(denied_text(call, denied), spec.model.protocol), denied)


def _internal(model: ServiceModel | None) -> WireError:
    """A fault of this server: 500 in the name that each service's clients know for it."""
    names = {"iam": "ServiceFailure", "lambda": "ServiceException", "logs": "ServiceUnavailableException"}
    code = names.get(model.name if model is not None else "", "InternalFailure")
    return WireError(code, "An unexpected error occurred in Sekisho; its log has the details.", 500)
