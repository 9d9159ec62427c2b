"""Admission of access-log settings of HTTP stages.

HTTP APIs refuse what REST APIs let through: names that are no variables, formats that lack an id, log groups that do
not exist, callers that may not set up log delivery (vectors logsettings/http-*).
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sekisho.config.context import CallerContext
from sekisho.kit.arn import Arn
from sekisho.policy.combine import decide
from sekisho.policy.request import Question, SubjectKind
from sekisho.services.apigatewayv2.errors import bad_request, not_found, not_implemented
from sekisho.services.apigatewayv2.lookup import Doc
from sekisho.services.authorization import Denied, denied_text
from sekisho.services.operation import Call, ServiceError

MAX_FORMAT = 3072
"""Bytes."""
REFERENCE = re.compile(r"\$context\.([A-Za-z0-9_.|]*[A-Za-z0-9_|])|\$\{context\.([^}]+)\}")
"""An adjacent bar is taken as part of the name. vector: logsettings/http-reject-adjacent-pipe."""
_NAMES = """accountId apiId authorizer.error authorizer.latency authorizer.principalId authorizer.status
    awsEndpointRequestId awsEndpointRequestId2 customDomain.basePathMatched dataProcessed domainName domainPrefix
    error.message error.messageString error.responseType extendedRequestId httpMethod identity.accountId identity.caller
    identity.cognitoAuthenticationProvider identity.cognitoAuthenticationType identity.cognitoIdentityId
    identity.cognitoIdentityPoolId identity.principalOrgId identity.sourceIp identity.user identity.userAgent
    identity.userArn identity.clientCert.clientCertPem identity.clientCert.subjectDN identity.clientCert.issuerDN
    identity.clientCert.serialNumber identity.clientCert.validity.notBefore identity.clientCert.validity.notAfter
    integration.error integration.integrationStatus integration.latency integration.requestId integration.status
    integrationErrorMessage integrationLatency integrationStatus path protocol requestId requestTime requestTimeEpoch
    responseLatency responseLength routeKey stage status"""
VARIABLES = frozenset(_NAMES.split())
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""
FOUND = "The following errors are found in Access Log Format: "


def merged(call: Call, before: Mapping[str, str] | None, given: Mapping[str, str]) -> Doc:
    """The settings after a change; on a stage that logs already, one of the two members is enough.

    vectors logsettings/http-configured-*, logsettings/http-reject-format-only
    """
    after = {**(before or {}), **{name: value for name, value in given.items() if value is not None}}
    if not given or not after.get("DestinationArn") or not after.get("Format"):
        raise bad_request("Both DestinationArn and Format must be specified in AccessLogSettings")
    check_format(after["Format"])
    if after["DestinationArn"] != (before or {}).get("DestinationArn"):
        check_destination(call, after["DestinationArn"])
    return after


def check_format(line: str) -> None:
    if len(line.encode("utf-8", "surrogatepass")) > MAX_FORMAT:
        raise bad_request(f"{FOUND}Access Log format must not exceed {MAX_FORMAT} bytes")
    bare = line.removesuffix("\n").removesuffix("\r")
    if "\n" in bare or "\r" in bare:
        raise bad_request(
            f"{FOUND}Access Log format must be single line, new line character is allowed only at end of the format: "
            f"'{line}'"
        )
    names = [found[1] or found[2] for found in REFERENCE.finditer(line)]
    unknown = list(dict.fromkeys(f"$context.{name}" for name in names if not is_variable(name)))
    if unknown:
        raise bad_request(f"{FOUND}The following context variables are not supported: [{', '.join(unknown)}]")
    if not {"requestId", "extendedRequestId"} & set(names):
        raise bad_request(
            f"{FOUND}Access Log format must include either $context.requestId or $context.extendedRequestId : '{line}'"
        )


def is_variable(name: str) -> bool:
    """``authorizer.<key>`` is whatever an authorizer gives."""
    return name in VARIABLES or (name.startswith("authorizer.") and len(name) > 11 and "|" not in name)


def check_destination(call: Call, destination: str) -> None:
    arn = Arn.parse(destination)
    if arn is not None and arn.service == "firehose":
        raise not_implemented("An access log destination in Amazon Data Firehose")
    if arn is None or arn.service != "logs" or not arn.region or not arn.resource.startswith("log-group:"):
        raise bad_request(f"Invalid ARN specified in the request: {destination}")
    _check_delivery(call)
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    if arn.region == call.region and arn.account == call.account:
        found = _exists(call, destination.removesuffix(":*"))
    else:
        found = False
    if not found:
        raise not_found(
            "Insufficient permissions to enable logging or the destination does not exist: "
            f"LogDestinationNotFoundException: The log group {group} does not exist"
        )


def _exists(call: Call, arn: str) -> bool:
    try:
        call.invoke("logs", "ListTagsForResource", {"resourceArn": arn})
    except ServiceError as problem:
        if problem.code == "ResourceNotFoundException":
            return False
        raise
    return True


def _check_delivery(call: Call) -> None:
    """Whoever turns on access logs must be allowed to create a log delivery.

    vector logsettings/http-caller-denied-createlogdelivery
    """
    subject = call.caller.subject
    if subject.kind is SubjectKind.ROOT:
        return
    context = CallerContext(
        call.caller, call.now, call.source_ip, user_agent=call.user_agent or None, region=call.region
    )
    question = Question(subject, "logs:CreateLogDelivery", "*", call.account, context)
    decision = decide(question, call.caller.stack, None)
    if not decision.allowed:
        denied = Denied(question, call.caller.stack, None, decision)
        error = bad_request(f"Insufficient permissions to enable logging: {denied_text(call, denied)}")
        error.denied = denied
        raise error
