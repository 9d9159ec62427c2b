"""Integrations: what a method calls, with AWS's admission rules."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import Arn
from sekisho.services.apigateway import arns, lookup, mappings, patch
from sekisho.services.apigateway.errors import bad_request, not_implemented
from sekisho.services.apigateway.lookup import Doc, present
from sekisho.services.apigateway.methods import CALLER, NEEDS_IAM, VERBS
from sekisho.services.operation import Call, Operations
from sekisho.services.pass_role import check_pass_role

ops = Operations("apigateway")

TYPES = ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
CONTENT_HANDLING = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
DEFAULT_TIMEOUT = 29000
"""Milliseconds, also the greatest.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
SERVICE = "apigateway.amazonaws.com"
VARIABLE = "${stageVariables."
HTTP_URI = re.compile(r"https?://[^\s/?#]+[^\s]*")
LAMBDA_PATH = re.compile(r"path/2015-03-31/functions/(?P<function>.+)/invocations")
FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:(\$LATEST|[A-Za-z0-9_-]+))?")
ONLY_LAMBDA = (
    "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
)

TARGETS = (
    patch.item("/cacheKeyParameters/{name}"),
    patch.member("/cacheNamespace"),
    patch.member("/connectionId"),
    patch.member("/connectionType", convert=patch.one_of("INTERNET", "VPC_LINK")),
    patch.member("/contentHandling", convert=patch.one_of(*CONTENT_HANDLING), cleared_by_empty=True),
    patch.member("/credentials", cleared_by_empty=True),
    patch.member("/httpMethod"),
    patch.member("/passthroughBehavior"),
    patch.entry("/requestParameters/{name}"),
    patch.entry("/requestTemplates/{contentType}"),
    patch.member("/timeoutInMillis", convert=patch.integer),
    patch.member("/tlsConfig/insecureSkipVerification", convert=patch.boolean),
    patch.member("/type"),
    patch.member("/uri"),
)


@ops("PutIntegration", resource=arns.INTEGRATION)
def put_integration(call: Call) -> Mapping[str, Any]:
    """Sets the method's integration; an earlier one with its responses is replaced."""
    params = call.params
    owner, method = lookup.method(call)
    if params.get("responseTransferMode", "BUFFERED") != "BUFFERED":
        raise not_implemented("PutIntegration with responseTransferMode STREAM")
    if params.get("integrationTarget"):
        raise not_implemented("PutIntegration with integrationTarget")
    timeout = params.get("timeoutInMillis")
    document: Doc = present(
        type=params["type"],
        httpMethod=params.get("integrationHttpMethod") or None,
        uri=params.get("uri") or None,
        connectionType=params.get("connectionType"),
        connectionId=params.get("connectionId"),
        credentials=params.get("credentials") or None,
        requestParameters=copy.deepcopy(params.get("requestParameters")),
        requestTemplates=copy.deepcopy(params.get("requestTemplates")),
        passthroughBehavior=params.get("passthroughBehavior") or "WHEN_NO_MATCH",
        contentHandling=params.get("contentHandling"),
        timeoutInMillis=DEFAULT_TIMEOUT if timeout is None else timeout,
        cacheNamespace=params.get("cacheNamespace") or owner["id"],
        cacheKeyParameters=list(params.get("cacheKeyParameters") or ()),
        tlsConfig=copy.deepcopy(params.get("tlsConfig")),
    )
    check(call, method, document)
    check_credentials(call, method, document.get("credentials"))
    method["methodIntegration"] = document
    lookup.put_resource(call, owner)
    return document


@ops("GetIntegration", resource=arns.INTEGRATION)
def get_integration(call: Call) -> Mapping[str, Any]:
    return lookup.integration(call)[2]


@ops("UpdateIntegration", resource=arns.INTEGRATION)
def update_integration(call: Call) -> Mapping[str, Any]:
    owner, method, before = lookup.integration(call)
    asked = patch.operations(call.params.get("patchOperations"))
    document = patch.apply(before, asked, TARGETS, wrong_path=patch.bare_wrong_path)
    document.setdefault("cacheKeyParameters", [])
    check(call, method, document)
    if document.get("credentials") != before.get("credentials"):
        check_credentials(call, method, document.get("credentials"))
    method["methodIntegration"] = document
    lookup.put_resource(call, owner)
    return document


@ops("DeleteIntegration", resource=arns.INTEGRATION)
def delete_integration(call: Call) -> Mapping[str, Any]:
    owner, method, _ = lookup.integration(call)
    del method["methodIntegration"]
    lookup.put_resource(call, owner)
    return {}


def check(call: Call, method: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Everything that AWS refuses at admission, in AWS's words (vectors put_integration_validation/*)."""
    kind = document["type"]
    if kind not in TYPES:
        raise bad_request(f"Invalid integration type specified. Valid options are {','.join(TYPES)}")
    if kind != "MOCK":
        verb = document.get("httpMethod")
        if not verb:
            raise bad_request("Enumeration value for HttpMethod must be non-empty")
        if verb not in VERBS:
            raise bad_request("Invalid HttpMethod specified. Valid options are " + ",".join(VERBS))
        check_uri(kind, document)
    if not 50 <= document["timeoutInMillis"] <= DEFAULT_TIMEOUT:
        raise bad_request(f"Timeout should be between 50 ms and {DEFAULT_TIMEOUT} ms")
    if document["passthroughBehavior"] not in PASSTHROUGH:
        raise bad_request(f"Invalid passthrough behavior specified. Valid options are {','.join(PASSTHROUGH)}")
    if document.get("connectionType") == "VPC_LINK" and not document.get("connectionId"):
        raise bad_request("Connection Id cannot be null or empty when connection type is VPC_LINK")
    mappings.check_request(document.get("requestParameters") or {}, method.get("requestParameters") or {})


def check_uri(kind: str, document: Mapping[str, Any]) -> None:
    uri = document.get("uri") or ""
    if kind in ("HTTP", "HTTP_PROXY"):
        if not HTTP_URI.fullmatch(uri):
            raise bad_request("Invalid HTTP endpoint specified for URI")
        return
    arn = Arn.parse(uri)
    if arn is None:
        raise bad_request("Invalid ARN specified in the request")
    if not arn.resource.startswith(("path/", "action/")) or arn.service != "apigateway":
        raise bad_request("AWS ARN for integration must contain path or action")
    found = LAMBDA_PATH.fullmatch(arn.resource) if arn.account == "lambda" else None
    if found is None:
        firehose = arn.account == "firehose" and arn.resource in ("action/PutRecord", "action/PutRecordBatch")
        if kind == "AWS_PROXY" and not firehose:
            raise bad_request(ONLY_LAMBDA)
        if not document.get("credentials"):
            raise bad_request("Role ARN must be specified for AWS integrations")
    elif VARIABLE not in found["function"] and not FUNCTION.fullmatch(found["function"]):
        raise bad_request("Invalid lambda function")


def check_credentials(call: Call, method: Mapping[str, Any], credentials: str | None) -> None:
    """A role must be passable by the caller; the caller sentinel needs AWS_IAM. A stage variable may stand in a role's
    ARN (https://docs.aws.amazon.com/apigateway/latest/developerguide/aws-api-gateway-stage-variables-reference.html).

    vectors intcred/rest-role-assignment-needs-passrole, failure rest-caller-creds-not-iam. A role that does not exist
    is admitted (intcred/rest-role-nonexistent).
    """
    if not credentials:
        return
    if credentials == CALLER:
        if method["authorizationType"] != "AWS_IAM":
            raise bad_request(NEEDS_IAM)
        return
    if credentials.startswith("arn:aws:iam::") and VARIABLE in credentials:
        return
    arn = Arn.parse(credentials)
    if arn is None or arn.service != "iam" or not arn.resource.startswith(("role/", "user/")):
        raise bad_request("Invalid ARN specified in the request")
    if arn.resource.startswith("role/"):
        check_pass_role(call, credentials, SERVICE)
