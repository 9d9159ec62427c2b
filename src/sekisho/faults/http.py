"""The faults of HTTP APIs, as AWS shows them.

Clients are told less than by REST APIs: one text for each status, and no error type. What went wrong stands in the
access log, in ``authorizer.error`` and ``integration.error``. Nothing can be customised.

Sources: recordings named by the id of their vector;
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html;
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sekisho.faults.appearance import Face, Source, Spelling
from sekisho.faults.fault import Fault
from sekisho.faults.rest import documented, inferred, observed, recorded

_QUOTAS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"
_LAMBDA = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html"
_JWT = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html"
_THROTTLING = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html"

_CHECK = "Check the permissions and try again."
_FORMAT = "The response from the Lambda Authorizer function doesn't match the format that API Gateway expects."
_RAISED = "The Lambda function returned the following error: {message}. Check your Lambda function code and try again."
_CHALLENGE = {"www-authenticate": "{www_authenticate}"}
_TOKEN_INVALID = "The security token included in the request is invalid."


def _face(
    status: int, text: str, response_type: str, source: Source, log: Mapping[str, str] | None = None, **more: str
) -> Face:
    headers = _CHALLENGE if more.pop("challenged", "") else {}
    execution = more.pop("execution", "")
    return Face(
        status,
        Spelling.TIGHT,
        text,
        response_type,
        "",
        source,
        log or {},
        execution,
        customisable=False,
        headers=headers,
    )


def _not_found(source: Source) -> Face:
    return _face(404, "Not Found", "", source)


def _forbidden(source: Source, error: str = "") -> Face:
    """403; ``error`` is what only the log is told."""
    return _face(403, "Forbidden", "ACCESS_DENIED", source, {"authorizer.error": error} if error else {})


def _authorizer(response_type: str, error: str, source: Source) -> Face:
    log = {"authorizer.status": "500", **({"authorizer.error": error} if error else {})}
    return _face(500, "Internal Server Error", response_type, source, log)


def _integration(error: str, source: Source) -> Face:
    log = {"integration.error": error} if error else {}
    return _face(500, "Internal Server Error", "INTEGRATION_FAILURE", source, log, execution=error)


def _unavailable(response_type: str, error: str, source: Source) -> Face:
    return _face(503, "Service Unavailable", response_type, source, {"integration.error": error}, execution=error)


ROWS: Final[Mapping[Fault, Face]] = {
    Fault.NO_SUCH_STAGE: _not_found(recorded("deployed/http-before-deployment")),
    Fault.ENDPOINT_DISABLED: _not_found(observed("HTTP APIs whose default endpoint is disabled")),
    Fault.BODY_TOO_LARGE: _face(413, "Request Entity Too Large", "", inferred(f"the limit is documented: {_QUOTAS}")),
    Fault.HEADERS_TOO_LARGE: _face(
        431, "Request Header Fields Too Large", "", inferred(f"the limit is documented: {_QUOTAS}")
    ),
    Fault.ARN_TOO_LONG: _face(414, "Request URI too long", "", inferred("as REST APIs")),
    Fault.NO_ROUTE: _not_found(recorded("iam/http-unknown-route")),
    Fault.SIGNATURE_MISSING: _forbidden(
        recorded("HTTP API access logs of unsigned requests"),
        "The request for the IAM Authorizer doesn't match the format that API Gateway expects.",
    ),
    Fault.SIGNATURE_NOT_KEY_VALUE: _forbidden(documented(_LAMBDA), "{message}"),
    Fault.SIGNATURE_INCOMPLETE: _forbidden(documented(_LAMBDA), "{message}"),
    Fault.SIGNATURE_SCOPE_WRONG: _forbidden(documented(_LAMBDA), "{message}"),
    Fault.SIGNATURE_EXPIRED: _forbidden(documented(_LAMBDA), "{message}"),
    Fault.SIGNATURE_NOT_YET_CURRENT: _forbidden(inferred("as expired signatures"), "{message}"),
    Fault.SIGNATURE_MISMATCH: _forbidden(documented(_LAMBDA), "{message}"),
    Fault.ACCESS_KEY_UNKNOWN: _forbidden(inferred("as REST APIs say it"), _TOKEN_INVALID),
    Fault.SESSION_TOKEN_INVALID: _forbidden(inferred("as REST APIs say it"), _TOKEN_INVALID),
    Fault.SESSION_EXPIRED: _forbidden(
        inferred("as REST APIs say it"), "The security token included in the request is expired"
    ),
    Fault.CALLER_DENIED: _forbidden(recorded("HTTP API calls without execute-api:Invoke")),
    Fault.CALLER_EXPLICITLY_DENIED: _forbidden(recorded("HTTP API calls without execute-api:Invoke")),
    Fault.RESOURCE_POLICY_DENIED: _forbidden(
        documented("https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html")
    ),
    Fault.RESOURCE_POLICY_EXPLICITLY_DENIED: _forbidden(inferred("HTTP APIs have no resource policies")),
    Fault.IDENTITY_SOURCE_MISSING: _face(
        401, "Unauthorized", "UNAUTHORIZED", recorded("authz/http-missing-header"), challenged="yes"
    ),
    Fault.TOKEN_REJECTED: _face(401, "Unauthorized", "UNAUTHORIZED", documented(_JWT), challenged="yes"),
    Fault.SCOPE_INSUFFICIENT: _face(
        403, "Forbidden", "ACCESS_DENIED", recorded("jwt/insufficient-scope"), challenged="yes"
    ),
    Fault.AUTHORIZER_DENIED: _forbidden(recorded("authz/http-simple-new-identity")),
    Fault.AUTHORIZER_EXPLICITLY_DENIED: _forbidden(recorded("policies of HTTP API authorizers that deny")),
    Fault.AUTHORIZER_NOT_INVOCABLE: _authorizer(
        "AUTHORIZER_CONFIGURATION_ERROR",
        f"The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. "
        f"{_CHECK}",
        recorded("authzrole/http-simple-missing"),
    ),
    Fault.AUTHORIZER_FAILED: _authorizer(
        "AUTHORIZER_FAILURE", "", observed("exceptions and timeouts of HTTP APIs' authorizer functions")
    ),
    Fault.AUTHORIZER_BAD_REPLY: _authorizer(
        "AUTHORIZER_CONFIGURATION_ERROR", f"{_FORMAT}{{reason}}", recorded("seed/2-http-simple-missing-isauthorized")
    ),
    Fault.THROTTLED: _face(429, "Too Many Requests", "THROTTLED", documented(_THROTTLING)),
    Fault.ROLE_NOT_ASSUMABLE: _integration(
        f"API Gateway doesn't have permissions to assume the IAM role configured on the integration. {_CHECK}",
        observed("access logs of roles that do not trust API Gateway; the answer: intcred/http-role-wrongtrust"),
    ),
    Fault.FUNCTION_NOT_INVOCABLE: _integration(
        f"The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. "
        f"{_CHECK}",
        documented(_LAMBDA),
    ),
    Fault.FUNCTION_ADDRESS_INVALID: _integration("Invalid endpoint address", inferred("as REST APIs say it")),
    Fault.FUNCTION_RAISED: _integration(_RAISED, recorded("accesslog/http-lambda-raises")),
    Fault.FUNCTION_TIMED_OUT: _integration(_RAISED, documented(_LAMBDA)),
    Fault.FUNCTION_RESPONSE_TOO_LARGE: _integration(_RAISED, inferred("a function error like others")),
    Fault.FUNCTION_THROTTLED: _unavailable(
        "INTEGRATION_FAILURE", "{reason}", inferred("HTTP APIs answer 503 when a backend has no capacity")
    ),
    Fault.FUNCTION_UNAVAILABLE: _integration("{reason}", inferred("an error of Lambda itself")),
    Fault.FUNCTION_BAD_REPLY: _integration(
        "The response from the Lambda function doesn't match the format that API Gateway expects. "
        "Check your Lambda function code and try again.",
        documented(_LAMBDA),
    ),
    Fault.FUNCTION_BAD_BASE64: _integration(
        "The response from the Lambda function doesn't match the format that API Gateway expects. "
        "Check your Lambda function code and try again.",
        inferred("a malformed reply like others"),
    ),
    Fault.INTEGRATION_TIMED_OUT: _unavailable(
        "INTEGRATION_TIMEOUT", "Endpoint request timed out", documented("https://repost.aws/knowledge-center")
    ),
    Fault.INTEGRATION_UNSUPPORTED: _face(
        501,
        "Integration type {type} is not implemented here: {reason}",
        "",
        inferred("no AWS answer: this server says what it cannot do"),
        {"integration.error": "Integration type {type} is not implemented here: {reason}"},
    ),
    Fault.BACKEND_UNREACHABLE: _unavailable(
        "INTEGRATION_FAILURE", "{message}", observed("HTTP_PROXY endpoints that refuse connections")
    ),
    Fault.BACKEND_CERTIFICATE_UNTRUSTED: _unavailable(
        "INTEGRATION_FAILURE", "{message}", observed("HTTP_PROXY endpoints whose certificate is not trusted")
    ),
    Fault.BACKEND_NAME_MISMATCH: _unavailable(
        "INTEGRATION_FAILURE", "{message}", inferred("as certificates that are not trusted")
    ),
    Fault.BACKEND_ADDRESS_INVALID: _integration("{message}", inferred("an address that cannot be called")),
    Fault.INTERNAL: _face(
        500, "Internal Server Error", "", inferred("an error of this server is an error of the gateway")
    ),
}
"""One row per fault that a gate of an HTTP API can raise."""
