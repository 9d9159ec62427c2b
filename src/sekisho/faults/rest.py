"""The faults of REST APIs, as AWS shows them.

Sources: recordings named by the id of their vector;
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html;
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sekisho.faults.appearance import Face, Provenance, Source, Spelling
from sekisho.faults.fault import Fault

_TYPES = "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"
_SIGV4 = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"
_WHY_403 = "https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden"
_WHY_5XX = "https://repost.aws/knowledge-center/api-gateway-5xx-error"

_INTERNAL_TEXT = "Internal server error"
_CONFIGURATION = "Execution failed due to configuration error: "
_PERMISSION = f"{_CONFIGURATION}Invalid permissions on Lambda function"
_FUNCTION_ERROR = (
    "Lambda execution failed with status 200 due to customer function error: {message}. Lambda request id: {request_id}"
)
_UNTRUSTED = (
    "PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: "
    "unable to find valid certification path to requested target"
)
_NOT_AUTHORIZED = "The client is not authorized to perform this operation."
_MALFORMED = f"{_CONFIGURATION}Malformed Lambda proxy response"


def recorded(vector: str) -> Source:
    return Source(Provenance.RECORDED, vector)


def documented(page: str) -> Source:
    return Source(Provenance.DOCUMENTED, page)


def observed(where: str) -> Source:
    return Source(Provenance.OBSERVED, where)


def inferred(reason: str) -> Source:
    return Source(Provenance.INFERRED, reason)


def _signature(text: str, response_type: str, error_type: str, source: Source, *, phase: bool = True) -> Face:
    """A refusal of the SigV4 verifier. The authenticate phase shows the sentence that the client gets."""
    log = {"authenticate.status": "403", "authenticate.error": text} if phase else {}
    return Face(403, Spelling.TIGHT, text, response_type, error_type, source, log)


def _denial(ending: str, source: Source) -> Face:
    text = "User: {principal} is not authorized to perform: execute-api:Invoke on resource: {masked_resource} " + ending
    log = {"authorize.status": "403", "authorize.error": _NOT_AUTHORIZED}
    return Face(403, Spelling.CAPITAL, text, "ACCESS_DENIED", "AccessDeniedException", source, log)


def _configuration(sentence: str, source: Source, **log: str) -> Face:
    """500: the API is not set up so that this request could be served."""
    return Face(
        500,
        Spelling.SPACED,
        _INTERNAL_TEXT,
        "API_CONFIGURATION_ERROR",
        "InternalServerErrorException",
        source,
        {"integration.error": sentence} if sentence else {},
        sentence,
    )


def _failure(status: int, error: str, execution: str, source: Source) -> Face:
    """The function was called, and what came back cannot be an answer."""
    return Face(
        status,
        Spelling.SPACED,
        _INTERNAL_TEXT,
        "INTEGRATION_FAILURE",
        "InternalServerErrorException",
        source,
        {"integration.error": error} if error else {},
        execution,
    )


def _authorizer(source: Source, error: str = "", execution: str = "") -> Face:
    """500: the authorizer came to no decision. The body's message is null."""
    log = {"authorizer.status": "500", **({"authorizer.error": error} if error else {})}
    return Face(
        500,
        Spelling.TIGHT,
        None,
        "AUTHORIZER_CONFIGURATION_ERROR",
        "AuthorizerConfigurationException",
        source,
        log,
        f"{_CONFIGURATION}{execution}",
    )


def _not_authorized(ending: str, source: Source) -> Face:
    """403: the policy that the authorizer answered does not let this request pass."""
    text = f"User is not authorized to access this resource {ending}"
    log = {"authorizer.status": "200", "authorize.status": "403", "authorize.error": _NOT_AUTHORIZED}
    return Face(403, Spelling.CAPITAL, text, "ACCESS_DENIED", "AccessDeniedException", source, log, _NOT_AUTHORIZED)


def _forbidden(response_type: str, source: Source, *, customisable: bool = True) -> Face:
    return Face(
        403, Spelling.TIGHT, "Forbidden", response_type, "ForbiddenException", source, customisable=customisable
    )


_IMPLICIT = "because no {layer} allows the execute-api:Invoke action"
_EXPLICIT = "with an explicit deny in {a_layer}"
_TOKEN_INVALID = "The security token included in the request is invalid."
_NO_TOKEN = "Missing Authentication Token"

ROWS: Final[Mapping[Fault, Face]] = {
    Fault.NO_SUCH_API: _forbidden("", observed("execute-api hosts of ids that do not exist"), customisable=False),
    Fault.NO_SUCH_STAGE: _forbidden("", recorded("iam/rest-not-deployed"), customisable=False),
    Fault.ENDPOINT_DISABLED: _forbidden(
        "",
        documented(
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html"
        ),
        customisable=False,
    ),
    Fault.BODY_TOO_LARGE: Face(
        413,
        Spelling.PLAIN,
        "HTTP content length exceeded 10485760 bytes.",
        "REQUEST_TOO_LARGE",
        "",
        recorded("rest-payload-too-large"),
        content_type="text/plain",
        customisable=False,
    ),
    Fault.HEADERS_TOO_LARGE: Face(
        431,
        Spelling.TIGHT,
        "Request Header Fields Too Large",
        "",
        "RequestHeaderFieldsTooLargeException",
        inferred("the limit of 10240 bytes is documented, the answer is not"),
        customisable=False,
    ),
    Fault.ARN_TOO_LONG: Face(
        414,
        Spelling.TIGHT,
        "Request URI too long",
        "",
        "RequestUriTooLongException",
        documented(
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html"
        ),
        customisable=False,
    ),
    Fault.NO_ROUTE: _signature(
        _NO_TOKEN,
        "MISSING_AUTHENTICATION_TOKEN",
        "MissingAuthenticationTokenException",
        recorded("iam/rest-unknown-resource-identical"),
        phase=False,
    ),
    Fault.NO_ROUTE_WITH_AUTHORIZATION: _signature(
        "{message}",
        "DEFAULT_4XX",
        "IncompleteSignatureException",
        recorded("rest-unknown-route-with-bearer"),
        phase=False,
    ),
    Fault.SIGNATURE_MISSING: _signature(
        _NO_TOKEN,
        "MISSING_AUTHENTICATION_TOKEN",
        "MissingAuthenticationTokenException",
        recorded("iam/rest-unsigned"),
        phase=False,
    ),
    Fault.SIGNATURE_NOT_KEY_VALUE: _signature(
        "{message}", "DEFAULT_4XX", "IncompleteSignatureException", recorded("rest-unknown-route-with-bearer")
    ),
    Fault.SIGNATURE_INCOMPLETE: _signature(
        "{message}", "INVALID_SIGNATURE", "IncompleteSignatureException", observed("rest-sigv4-incomplete")
    ),
    Fault.SIGNATURE_SCOPE_WRONG: _signature(
        "{message}", "INVALID_SIGNATURE", "InvalidSignatureException", observed("rest-sigv4-wrong-region")
    ),
    Fault.SIGNATURE_EXPIRED: _signature(
        "{message}", "INVALID_SIGNATURE", "InvalidSignatureException", documented(_SIGV4)
    ),
    Fault.SIGNATURE_NOT_YET_CURRENT: _signature(
        "{message}", "INVALID_SIGNATURE", "InvalidSignatureException", inferred("the sentence of an expired signature")
    ),
    Fault.SIGNATURE_MISMATCH: _signature(
        "{message}", "INVALID_SIGNATURE", "InvalidSignatureException", observed(_WHY_403)
    ),
    Fault.ACCESS_KEY_UNKNOWN: _signature(
        _TOKEN_INVALID, "ACCESS_DENIED", "UnrecognizedClientException", observed("rest-sigv4-bad-key-id")
    ),
    Fault.SESSION_TOKEN_INVALID: _signature(
        _TOKEN_INVALID, "ACCESS_DENIED", "UnrecognizedClientException", observed("rest-sigv4-bad-key-id")
    ),
    Fault.SESSION_EXPIRED: _signature(
        "The security token included in the request is expired",
        "EXPIRED_TOKEN",
        "ExpiredTokenException",
        observed("rest-sigv4-expired-token"),
    ),
    Fault.CALLER_DENIED: _denial(_IMPLICIT, observed("rest-iam-implicit-deny")),
    Fault.CALLER_EXPLICITLY_DENIED: _denial(_EXPLICIT, observed("rest-iam-explicit-deny")),
    Fault.RESOURCE_POLICY_DENIED: _denial(_IMPLICIT, observed("rest-respolicy-implicit-deny-anonymous")),
    Fault.RESOURCE_POLICY_EXPLICITLY_DENIED: _denial(_EXPLICIT, recorded("respolicy/s3.2-role-b-signed")),
    Fault.IDENTITY_SOURCE_MISSING: Face(
        401,
        Spelling.TIGHT,
        "Unauthorized",
        "UNAUTHORIZED",
        "UnauthorizedException",
        recorded("authz/rest-token-missing"),
    ),
    Fault.TOKEN_REJECTED: Face(
        401,
        Spelling.TIGHT,
        "{message}",
        "UNAUTHORIZED",
        "UnauthorizedException",
        recorded("authz/rest-token-raises-unauthorized"),
        {"authorizer.status": "401", "authorizer.error": "{message}"},
        "Unauthorized request",
    ),
    Fault.AUTHORIZER_DENIED: _not_authorized(
        "because no identity-based policy allows the execute-api:Invoke action",
        recorded("policies of authorizers that cover nothing"),
    ),
    Fault.AUTHORIZER_EXPLICITLY_DENIED: _not_authorized(
        "with an explicit deny in an identity-based policy", recorded("other/authorizer-deny-remapped")
    ),
    Fault.AUTHORIZER_NOT_INVOCABLE: _authorizer(recorded("authz/rest-no-lambda-permission"), "{error}", "{error}"),
    Fault.AUTHORIZER_FAILED: _authorizer(observed("other/rest-authorizer-other-exception"), "", "Authorizer error"),
    Fault.AUTHORIZER_BAD_REPLY: _authorizer(
        recorded("authz/rest-missing-policy-document"), "", "Could not parse policy"
    ),
    Fault.API_KEY_INVALID: Face(
        403,
        Spelling.TIGHT,
        "Forbidden",
        "INVALID_API_KEY",
        "ForbiddenException",
        recorded("apikeys/required-disabled"),
        execution="{log}",
    ),
    Fault.QUOTA_EXCEEDED: Face(
        429,
        Spelling.TIGHT,
        "Limit Exceeded",
        "QUOTA_EXCEEDED",
        "LimitExceededException",
        recorded("apikeys/optional-disabled-mapped-still-limited"),
        execution="Key quota limit exceeded for Usage Plan {plan}",
    ),
    Fault.THROTTLED: Face(
        429,
        Spelling.TIGHT,
        "Too Many Requests",
        "THROTTLED",
        "TooManyRequestsException",
        recorded("apikeys/throttle"),
        execution="{log}",
    ),
    Fault.PARAMETERS_MISSING: Face(
        400,
        Spelling.SPACED,
        "Missing required request parameters: [{parameters}]",
        "BAD_REQUEST_PARAMETERS",
        "BadRequestException",
        recorded("request validators"),
    ),
    Fault.BODY_INVALID: Face(
        400,
        Spelling.SPACED,
        "Invalid request body",
        "BAD_REQUEST_BODY",
        "BadRequestException",
        recorded("request validators"),
        execution="Request body does not match model schema for content type {media}: {problem}",
    ),
    Fault.MEDIA_UNSUPPORTED: Face(
        415,
        Spelling.SPACED,
        "Unsupported Media Type",
        "UNSUPPORTED_MEDIA_TYPE",
        "BadRequestException",
        documented(_TYPES),
    ),
    Fault.ROLE_NOT_ASSUMABLE: _configuration(
        _CONFIGURATION + "API Gateway does not have permission to assume the provided role {role}",
        recorded("intcred/rest-role-nonexistent"),
    ),
    Fault.FUNCTION_NOT_INVOCABLE: _configuration(_PERMISSION, recorded("intcred/rest-role-deny")),
    Fault.FUNCTION_METHOD_NOT_POST: _failure(500, "", "", recorded("rest-proxy-response/non-post-integration-method")),
    Fault.FUNCTION_ADDRESS_INVALID: _configuration(
        _CONFIGURATION + "Invalid endpoint address", recorded("rest-stagevar-uri-invalid")
    ),
    Fault.FUNCTION_RAISED: _failure(
        502,
        "Lambda Customer Function Error:{message}",
        _FUNCTION_ERROR,
        recorded("accesslog/rest-lambda-raises"),
    ),
    Fault.FUNCTION_TIMED_OUT: _failure(
        502,
        "Lambda Customer Function Error:{message}",
        _FUNCTION_ERROR,
        inferred("a function that runs out of its own time is a function error"),
    ),
    Fault.FUNCTION_RESPONSE_TOO_LARGE: _failure(
        502,
        "Lambda Customer Function Error:{message}",
        _FUNCTION_ERROR,
        observed("rest-lambda-response-too-large"),
    ),
    Fault.FUNCTION_THROTTLED: _failure(
        500,
        "",
        "Lambda invocation failed with status: 429. Lambda request id: {request_id}",
        observed(_WHY_5XX),
    ),
    Fault.FUNCTION_UNAVAILABLE: _failure(
        500,
        "",
        "Lambda invocation failed with status: {status}. Lambda request id: {request_id}",
        inferred("as a throttled function"),
    ),
    Fault.FUNCTION_BAD_REPLY: _failure(502, _MALFORMED, _MALFORMED, recorded("rest-proxy-response/just-string")),
    Fault.FUNCTION_BAD_BASE64: _configuration("", recorded("rest-proxy-bad-base64")),
    Fault.INTEGRATION_TIMED_OUT: Face(
        504,
        Spelling.SPACED,
        "Endpoint request timed out",
        "INTEGRATION_TIMEOUT",
        "InternalServerErrorException",
        observed("rest-timeout"),
        {"integration.error": "Execution failed due to a timeout error"},
        "Execution failed due to a timeout error",
    ),
    Fault.BACKEND_UNREACHABLE: Face(
        504,
        Spelling.SPACED,
        "Network error communicating with endpoint",
        "INTEGRATION_FAILURE",
        "InternalServerErrorException",
        observed("rest-http-network-error"),
        {"integration.error": "Execution failed due to a network error communicating with endpoint"},
        "Execution failed due to a network error communicating with endpoint",
    ),
    Fault.BACKEND_CERTIFICATE_UNTRUSTED: Face(
        500,
        Spelling.SPACED,
        _INTERNAL_TEXT,
        "DEFAULT_5XX",
        "InternalServerErrorException",
        observed("rest-http-tls-untrusted"),
        {"integration.error": f"{_CONFIGURATION}{_UNTRUSTED}"},
        f"{_CONFIGURATION}{_UNTRUSTED}",
    ),
    Fault.BACKEND_NAME_MISMATCH: _configuration(
        _CONFIGURATION + "Host name '{host}' does not match the certificate subject provided by the peer",
        observed("https://www.repost.aws/knowledge-center/api-gateway-500-error-vpc"),
    ),
    Fault.BACKEND_ADDRESS_INVALID: _configuration(
        _CONFIGURATION + "Invalid endpoint address", recorded("import_with_stage_variables/get-error-resp-from-http")
    ),
    Fault.INTEGRATION_UNSUPPORTED: Face(
        501,
        Spelling.SPACED,
        "Integration type {type} is not implemented here: {reason}",
        "",
        "NotImplementedException",
        inferred("no AWS answer: this server says what it cannot do"),
        {"integration.error": "Integration type {type} is not implemented here: {reason}"},
        "Integration type {type} is not implemented here: {reason}",
        customisable=False,
    ),
    Fault.HEADER_MAPPING_ILLEGAL: _configuration(
        _CONFIGURATION + "{header} header already present", recorded("header-remap/AWS_PROXY/content-length")
    ),
    Fault.TEMPLATE_FAILED: _configuration(
        _CONFIGURATION + "Unable to transform request", observed("preflights whose content type has no MOCK template")
    ),
    Fault.MOCK_STATUS_MISSING: _configuration(
        _CONFIGURATION + "statusCode should be an integer which defined in request template",
        observed("rest-mock-bad-statuscode"),
    ),
    Fault.NO_INTEGRATION_RESPONSE: _configuration(
        _CONFIGURATION
        + "No match for output mapping and no default output mapping configured. "
        + "Endpoint Response Status Code: {status}",
        documented(_WHY_5XX),
    ),
    Fault.NO_METHOD_RESPONSE: _configuration(
        _CONFIGURATION + "Output mapping refers to an invalid method response: {status}",
        observed("integration responses whose method response was deleted"),
    ),
    Fault.BINARY_CONVERSION_FAILED: _configuration(
        _CONFIGURATION + "Unable to base64 decode the body.", documented(_TYPES)
    ),
    Fault.INTERNAL: _configuration("", inferred("an error of this server is an error of the gateway")),
}
"""One row per fault that a gate of a REST API can raise."""
