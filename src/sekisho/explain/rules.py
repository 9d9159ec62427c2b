"""Fault → rule. Total over the faults; a test says so."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.config.integrations import Unsupported
from sekisho.explain import authorizer, backends, input, invocation, permission, replies, routing, signature, token
from sekisho.explain.case import Case
from sekisho.explain.explanation import Evidence, Finding, say
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import Unavailable
from sekisho.gateway.trace import Trace

Rule = Callable[[Case], Finding]


def _plain(cause: str, message: str) -> Rule:
    """A rule whose cause follows from the fault alone."""

    def rule(case: Case) -> Finding:
        trace = case.trace
        shown = trace.error_message or trace.integration_error or "-"
        at = say("other.fault", gate=trace.refused_at, fault=shown)
        return Finding(cause, say(message), (Evidence(at),))

    return rule


def _unsupported(case: Case) -> Finding:
    trace = case.trace
    integration = trace.route.integration
    if isinstance(integration, Unsupported) and trace.fault is Fault.INTEGRATION_UNSUPPORTED:
        what = f"{integration.type}, {integration.reason}"
    else:
        what = getattr(trace.route.authorizer, "type", "") or "-"
    return Finding("", say("other.unsupported", what=what))


def _unavailable(case: Case) -> Finding:
    reply = case.trace.reply
    message = reply.message if isinstance(reply, Unavailable) else "-"
    return Finding("LFN_UNHANDLED_ERROR", say("fn.unavailable", message=message))


def _unforeseen(case: Case) -> Finding:
    trace = case.trace
    fault = trace.fault
    return Finding("", say("other.fault", gate=trace.refused_at or "-", fault=fault.name if fault else "-"))


RULES: dict[Fault, Rule] = {
    Fault.NO_SUCH_API: routing.no_api,
    Fault.NO_SUCH_STAGE: routing.no_stage,
    Fault.ENDPOINT_DISABLED: routing.endpoint_disabled,
    Fault.BODY_TOO_LARGE: routing.too_large,
    Fault.NO_ROUTE: routing.no_route,
    Fault.NO_ROUTE_WITH_AUTHORIZATION: routing.no_route,
    Fault.SIGNATURE_MISSING: signature.missing,
    Fault.SIGNATURE_NOT_KEY_VALUE: signature.not_a_signature,
    Fault.SIGNATURE_INCOMPLETE: signature.malformed,
    Fault.SIGNATURE_SCOPE_WRONG: signature.wrong_scope,
    Fault.SIGNATURE_EXPIRED: signature.clock,
    Fault.SIGNATURE_NOT_YET_CURRENT: signature.clock,
    Fault.SIGNATURE_MISMATCH: signature.mismatch,
    Fault.ACCESS_KEY_UNKNOWN: signature.unknown_key,
    Fault.SESSION_TOKEN_INVALID: signature.bad_token,
    Fault.SESSION_EXPIRED: signature.expired_session,
    Fault.CALLER_DENIED: permission.caller_denied,
    Fault.CALLER_EXPLICITLY_DENIED: permission.caller_denied,
    Fault.RESOURCE_POLICY_DENIED: permission.resource_policy_denied,
    Fault.RESOURCE_POLICY_EXPLICITLY_DENIED: permission.resource_policy_denied,
    Fault.ROLE_NOT_ASSUMABLE: invocation.role_not_assumable,
    Fault.FUNCTION_NOT_INVOCABLE: invocation.not_invocable,
    Fault.FUNCTION_METHOD_NOT_POST: invocation.method_not_post,
    Fault.FUNCTION_ADDRESS_INVALID: invocation.address_invalid,
    Fault.FUNCTION_RAISED: invocation.failed,
    Fault.FUNCTION_TIMED_OUT: invocation.timed_out,
    Fault.FUNCTION_RESPONSE_TOO_LARGE: invocation.response_too_large,
    Fault.FUNCTION_THROTTLED: invocation.throttled,
    Fault.FUNCTION_UNAVAILABLE: _unavailable,
    Fault.FUNCTION_BAD_REPLY: replies.bad_reply,
    Fault.FUNCTION_BAD_BASE64: replies.bad_base64,
    Fault.INTEGRATION_TIMED_OUT: backends.timed_out,
    Fault.INTEGRATION_UNSUPPORTED: _unsupported,
    Fault.NO_INTEGRATION_RESPONSE: backends.no_integration_response,
    Fault.NO_METHOD_RESPONSE: backends.no_method_response,
    Fault.MOCK_STATUS_MISSING: input.mock,
    Fault.TEMPLATE_FAILED: backends.template,
    Fault.MEDIA_UNSUPPORTED: backends.media,
    Fault.HEADER_MAPPING_ILLEGAL: input.reserved_header,
    Fault.BACKEND_UNREACHABLE: backends.web_server,
    Fault.BACKEND_CERTIFICATE_UNTRUSTED: backends.web_server,
    Fault.BACKEND_NAME_MISMATCH: backends.web_server,
    Fault.BACKEND_ADDRESS_INVALID: backends.web_server,
    Fault.BINARY_CONVERSION_FAILED: backends.binary,
    Fault.IDENTITY_SOURCE_MISSING: token.unidentified,
    Fault.TOKEN_REJECTED: token.rejected,
    Fault.SCOPE_INSUFFICIENT: token.rejected,
    Fault.AUTHORIZER_DENIED: authorizer.denied,
    Fault.AUTHORIZER_EXPLICITLY_DENIED: authorizer.denied,
    Fault.AUTHORIZER_NOT_INVOCABLE: authorizer.not_invocable,
    Fault.AUTHORIZER_FAILED: authorizer.failed,
    Fault.AUTHORIZER_BAD_REPLY: authorizer.bad_reply,
    Fault.API_KEY_INVALID: input.api_key,
    Fault.QUOTA_EXCEEDED: input.throttled,
    Fault.THROTTLED: input.throttled,
    Fault.PARAMETERS_MISSING: input.parameters,
    Fault.BODY_INVALID: input.body,
}


_CHECKED = frozenset(
    (
        Fault.CALLER_DENIED,
        Fault.CALLER_EXPLICITLY_DENIED,
        Fault.RESOURCE_POLICY_DENIED,
        Fault.RESOURCE_POLICY_EXPLICITLY_DENIED,
        Fault.FUNCTION_NOT_INVOCABLE,
    )
)
_OF_FUNCTIONS = frozenset((Fault.ROLE_NOT_ASSUMABLE, Fault.FUNCTION_NOT_INVOCABLE, Fault.FUNCTION_TIMED_OUT))
_OF_AUTHORIZERS = frozenset(
    (
        Fault.AUTHORIZER_DENIED,
        Fault.AUTHORIZER_EXPLICITLY_DENIED,
        Fault.AUTHORIZER_NOT_INVOCABLE,
        Fault.AUTHORIZER_BAD_REPLY,
    )
)


def _evident(trace: Trace, fault: Fault) -> bool:
    """Whether the trace has what the fault's rule reads. A stored request that is judged again may have less."""
    if fault in _CHECKED and not trace.checks:
        return False
    if fault in _OF_FUNCTIONS and not isinstance(trace.route.integration, invocation.Function):
        return False
    if fault is Fault.AUTHORIZER_FAILED and trace.rejection and trace.rejection.evidence.get("kind") == "unsupported":
        return True
    needs_authorizer = fault in _OF_AUTHORIZERS or fault is Fault.AUTHORIZER_FAILED
    return not needs_authorizer or isinstance(trace.route.authorizer, LambdaAuthorizer)


def finding_for(case: Case, fault: Fault) -> Finding:
    """What the fault's rule finds out; where it was refused, when the trace says no more."""
    return (rule_for(fault) if _evident(case.trace, fault) else _unforeseen)(case)


def rule_for(fault: Fault) -> Rule:
    """The rule of a fault; faults whose trigger says everything share one."""
    return RULES.get(fault, _unforeseen)
