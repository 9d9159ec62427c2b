"""Every way a request to an API can fail, as gates speak of it.

A ``Fault`` is our word for what a gate saw; how AWS shows it (status, body, headers, log variables) is a ``Face``, one
for each kind of API, in ``faults/rest.py`` and its siblings. Facts about a fault itself (gate, blame, evidence keys)
stand in ``NATURE``. The root cause behind a fault is found by ``explain``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple


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
