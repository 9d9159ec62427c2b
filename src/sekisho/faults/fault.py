"""Every way a request to an API can fail, as gates speak of it.

A ``Fault`` is our word for what a gate saw; how AWS shows it (status, body, headers, log variables) is a ``Face``, one
for each kind of API, in ``faults/rest.py`` and its siblings. Facts about a fault itself (gate, blame, evidence keys)
stand in ``NATURE``. The root cause behind a fault is found by ``explain``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple


class Kind(Enum):
    """Kinds of API."""

    REST = "REST"
    HTTP = "HTTP"
    WEBSOCKET = "WEBSOCKET"


class Blame(Enum):
    """Whose fault a fault is: the first word of every explanation."""

    CALLER = "caller"
    CONFIGURATION = "configuration"
    FUNCTION = "function"
    AWS = "aws"


class Fault(Enum):
    """What went wrong. Values carry nothing; see ``NATURE`` and the faces."""

    # admit
    NO_SUCH_API = auto()
    NO_SUCH_STAGE = auto()
    ENDPOINT_DISABLED = auto()
    BODY_TOO_LARGE = auto()
    HEADERS_TOO_LARGE = auto()
    ARN_TOO_LONG = auto()
    # route
    NO_ROUTE = auto()
    NO_ROUTE_WITH_AUTHORIZATION = auto()
    # authenticate
    SIGNATURE_MISSING = auto()
    SIGNATURE_NOT_KEY_VALUE = auto()
    SIGNATURE_INCOMPLETE = auto()
    SIGNATURE_SCOPE_WRONG = auto()
    SIGNATURE_EXPIRED = auto()
    SIGNATURE_NOT_YET_CURRENT = auto()
    SIGNATURE_MISMATCH = auto()
    ACCESS_KEY_UNKNOWN = auto()
    SESSION_TOKEN_INVALID = auto()
    SESSION_EXPIRED = auto()
    # authorize
    CALLER_DENIED = auto()
    CALLER_EXPLICITLY_DENIED = auto()
    RESOURCE_POLICY_DENIED = auto()
    RESOURCE_POLICY_EXPLICITLY_DENIED = auto()
    IDENTITY_SOURCE_MISSING = auto()
    TOKEN_REJECTED = auto()
    """The Lambda authorizer ran and raised exactly ``Unauthorized``, or a JWT/Cognito token was not accepted."""
    SCOPE_INSUFFICIENT = auto()
    AUTHORIZER_DENIED = auto()
    AUTHORIZER_EXPLICITLY_DENIED = auto()
    AUTHORIZER_NOT_INVOCABLE = auto()
    AUTHORIZER_FAILED = auto()
    AUTHORIZER_BAD_REPLY = auto()
    # throttle
    API_KEY_INVALID = auto()
    QUOTA_EXCEEDED = auto()
    THROTTLED = auto()
    # validate
    PARAMETERS_MISSING = auto()
    BODY_INVALID = auto()
    MEDIA_UNSUPPORTED = auto()
    # integrate
    ROLE_NOT_ASSUMABLE = auto()
    FUNCTION_NOT_INVOCABLE = auto()
    FUNCTION_METHOD_NOT_POST = auto()
    FUNCTION_ADDRESS_INVALID = auto()
    FUNCTION_RAISED = auto()
    FUNCTION_TIMED_OUT = auto()
    FUNCTION_RESPONSE_TOO_LARGE = auto()
    FUNCTION_THROTTLED = auto()
    FUNCTION_UNAVAILABLE = auto()
    FUNCTION_BAD_REPLY = auto()
    FUNCTION_BAD_BASE64 = auto()
    INTEGRATION_TIMED_OUT = auto()
    INTEGRATION_UNSUPPORTED = auto()
    BACKEND_UNREACHABLE = auto()
    BACKEND_CERTIFICATE_UNTRUSTED = auto()
    BACKEND_NAME_MISMATCH = auto()
    """The backend's certificate is another host's."""
    BACKEND_ADDRESS_INVALID = auto()
    HEADER_MAPPING_ILLEGAL = auto()
    TEMPLATE_FAILED = auto()
    MOCK_STATUS_MISSING = auto()
    NO_INTEGRATION_RESPONSE = auto()
    NO_METHOD_RESPONSE = auto()
    BINARY_CONVERSION_FAILED = auto()
    # anywhere
    INTERNAL = auto()


class Reject(NamedTuple):
    """A gate refuses: what went wrong, and the values that the face's templates may use."""

    fault: Fault
    evidence: Mapping[str, str]


class Nature(NamedTuple):
    """Facts about a fault that no kind of API changes."""

    gate: str
    blame: Blame
    needs: tuple[str, ...] = ()
    """The evidence that a gate must give with it."""


def _by(gate: str, blame: Blame, *needs: str) -> Nature:
    return Nature(gate, blame, needs)


_CALLER, _CONFIGURATION, _FUNCTION, _AWS = Blame.CALLER, Blame.CONFIGURATION, Blame.FUNCTION, Blame.AWS

NATURE: Final[Mapping[Fault, Nature]] = {
    Fault.NO_SUCH_API: _by("admit", _CALLER),
    Fault.NO_SUCH_STAGE: _by("admit", _CALLER, "stage"),
    Fault.ENDPOINT_DISABLED: _by("admit", _CONFIGURATION),
    Fault.BODY_TOO_LARGE: _by("admit", _CALLER),
    Fault.HEADERS_TOO_LARGE: _by("admit", _CALLER),
    Fault.ARN_TOO_LONG: _by("authorize", _CALLER),
    Fault.NO_ROUTE: _by("route", _CALLER),
    Fault.NO_ROUTE_WITH_AUTHORIZATION: _by("route", _CALLER, "message"),
    Fault.SIGNATURE_MISSING: _by("authenticate", _CALLER),
    Fault.SIGNATURE_NOT_KEY_VALUE: _by("authenticate", _CALLER, "message"),
    Fault.SIGNATURE_INCOMPLETE: _by("authenticate", _CALLER, "message"),
    Fault.SIGNATURE_SCOPE_WRONG: _by("authenticate", _CALLER, "message"),
    Fault.SIGNATURE_EXPIRED: _by("authenticate", _CALLER, "message"),
    Fault.SIGNATURE_NOT_YET_CURRENT: _by("authenticate", _CALLER, "message"),
    Fault.SIGNATURE_MISMATCH: _by("authenticate", _CALLER, "message"),
    Fault.ACCESS_KEY_UNKNOWN: _by("authenticate", _CALLER, "access_key_id"),
    Fault.SESSION_TOKEN_INVALID: _by("authenticate", _CALLER, "access_key_id"),
    Fault.SESSION_EXPIRED: _by("authenticate", _CALLER, "access_key_id"),
    Fault.CALLER_DENIED: _by("authorize", _CONFIGURATION, "principal", "resource", "layer"),
    Fault.CALLER_EXPLICITLY_DENIED: _by("authorize", _CONFIGURATION, "principal", "resource", "layer"),
    Fault.RESOURCE_POLICY_DENIED: _by("authorize", _CONFIGURATION, "principal", "resource", "layer"),
    Fault.RESOURCE_POLICY_EXPLICITLY_DENIED: _by("authorize", _CONFIGURATION, "principal", "resource", "layer"),
    Fault.IDENTITY_SOURCE_MISSING: _by("authorize", _CALLER, "source"),
    Fault.TOKEN_REJECTED: _by("authorize", _CALLER, "kind"),
    Fault.SCOPE_INSUFFICIENT: _by("authorize", _CALLER),
    Fault.AUTHORIZER_DENIED: _by("authorize", _CALLER, "resource"),
    Fault.AUTHORIZER_EXPLICITLY_DENIED: _by("authorize", _CALLER, "resource"),
    Fault.AUTHORIZER_NOT_INVOCABLE: _by("authorize", _CONFIGURATION, "error"),
    Fault.AUTHORIZER_FAILED: _by("authorize", _FUNCTION, "kind", "message"),
    Fault.AUTHORIZER_BAD_REPLY: _by("authorize", _FUNCTION, "rule", "detail"),
    Fault.API_KEY_INVALID: _by("throttle", _CALLER, "kind", "log"),
    Fault.QUOTA_EXCEEDED: _by("throttle", _CALLER, "plan", "key"),
    Fault.THROTTLED: _by("throttle", _CALLER),
    Fault.PARAMETERS_MISSING: _by("validate", _CALLER, "parameters"),
    Fault.BODY_INVALID: _by("validate", _CALLER, "media", "problem"),
    Fault.MEDIA_UNSUPPORTED: _by("integrate", _CALLER),
    Fault.ROLE_NOT_ASSUMABLE: _by("integrate", _CONFIGURATION, "role"),
    Fault.FUNCTION_NOT_INVOCABLE: _by("integrate", _CONFIGURATION, "function", "principal"),
    Fault.FUNCTION_METHOD_NOT_POST: _by("integrate", _CONFIGURATION, "method"),
    Fault.FUNCTION_ADDRESS_INVALID: _by("integrate", _CONFIGURATION),
    Fault.FUNCTION_RAISED: _by("integrate", _FUNCTION, "message"),
    Fault.FUNCTION_TIMED_OUT: _by("integrate", _FUNCTION, "message"),
    Fault.FUNCTION_RESPONSE_TOO_LARGE: _by("integrate", _FUNCTION, "message"),
    Fault.FUNCTION_THROTTLED: _by("integrate", _CONFIGURATION, "reason"),
    Fault.FUNCTION_UNAVAILABLE: _by("integrate", _AWS, "code"),
    Fault.FUNCTION_BAD_REPLY: _by("integrate", _FUNCTION, "problem"),
    Fault.FUNCTION_BAD_BASE64: _by("integrate", _FUNCTION),
    Fault.INTEGRATION_TIMED_OUT: _by("integrate", _FUNCTION),
    Fault.INTEGRATION_UNSUPPORTED: _by("integrate", _CONFIGURATION, "type", "reason"),
    Fault.BACKEND_UNREACHABLE: _by("integrate", _CONFIGURATION, "message"),
    Fault.BACKEND_CERTIFICATE_UNTRUSTED: _by("integrate", _CONFIGURATION, "message"),
    Fault.BACKEND_NAME_MISMATCH: _by("integrate", _CONFIGURATION, "message", "host"),
    Fault.BACKEND_ADDRESS_INVALID: _by("integrate", _CONFIGURATION, "message"),
    Fault.HEADER_MAPPING_ILLEGAL: _by("integrate", _CONFIGURATION, "header"),
    Fault.TEMPLATE_FAILED: _by("integrate", _CONFIGURATION, "problem"),
    Fault.MOCK_STATUS_MISSING: _by("integrate", _CONFIGURATION),
    Fault.NO_INTEGRATION_RESPONSE: _by("integrate", _CONFIGURATION, "status"),
    Fault.NO_METHOD_RESPONSE: _by("integrate", _CONFIGURATION, "status"),
    Fault.BINARY_CONVERSION_FAILED: _by("integrate", _CONFIGURATION),
    Fault.INTERNAL: _by("", _AWS),
}
"""Every fault. ``gate`` is empty where any gate may end so."""
