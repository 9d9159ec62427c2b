"""Integrations of HTTP APIs: Lambda functions and web servers, with AWS's admission rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sekisho.config.parameters import REQUEST, RESPONSE, read_mapping
from sekisho.kit.arn import Arn
from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.deployments import auto_deploy
from sekisho.services.apigatewayv2.errors import bad_request, conflict, not_implemented
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations
from sekisho.services.pass_role import check_pass_role

ops = Operations("apigatewayv2")

MAX_INTEGRATIONS = 300
"""Per API. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
DEFAULT_TIMEOUT = 30000
"""Milliseconds, also the greatest."""
SERVICE = "apigateway.amazonaws.com"
CALLER = "arn:aws:iam::*:user/*"
VARIABLE = "${stageVariables."
METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
WEBSOCKET_ONLY = ("ContentHandlingStrategy", "PassthroughBehavior", "RequestTemplates", "TemplateSelectionExpression")
FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:(\$LATEST|[A-Za-z0-9_-]+))?")
INVOCATION = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(?P<function>.+)/invocations"
)
HTTP_URI = re.compile(r"https?://[^\s/?#]+[^\s]*")
STATUS = re.compile(r"[2-5]\d\d")
MEMBERS = (
    "ConnectionId",
    "ConnectionType",
    "CredentialsArn",
    "Description",
    "IntegrationMethod",
    "IntegrationType",
    "IntegrationUri",
    "PayloadFormatVersion",
    "TimeoutInMillis",
    "TlsConfig",
)
CLEARED_BY_EMPTY = ("CredentialsArn", "Description", "ConnectionId", "TlsConfig")


@ops("CreateIntegration", resource=arns.INTEGRATIONS)
def create_integration(call: Call) -> Mapping[str, Any]:
    """Raises BadRequest, NotFound (the VPC link), Conflict (the quota), AccessDenied (iam:PassRole)."""
    api = lookup.api(call)["ApiId"]
    document = make(call, api, call.params)
    auto_deploy(call, api)
    return document


@ops("GetIntegration", resource=arns.INTEGRATION)
def get_integration(call: Call) -> Mapping[str, Any]:
    return lookup.child(call, lookup.INTEGRATIONS)


@ops("GetIntegrations", resource=arns.INTEGRATIONS)
def get_integrations(call: Call) -> Mapping[str, Any]:
    api = lookup.api(call)["ApiId"]
    return listing(call, lookup.children(call, lookup.INTEGRATIONS, api), lambda each: str(each["IntegrationId"]))


@ops("UpdateIntegration", resource=arns.INTEGRATION)
def update_integration(call: Call) -> Mapping[str, Any]:
    document = lookup.child(call, lookup.INTEGRATIONS)
    api = lookup.api_id(call)
    if document.get("ApiGatewayManaged"):
        raise bad_request(f"Integration {document['IntegrationId']} is managed by API Gateway; change it by UpdateApi")
    changed = change(call, api, document, call.params)
    auto_deploy(call, api)
    return changed


@ops("DeleteIntegration", resource=arns.INTEGRATION)
def delete_integration(call: Call) -> Mapping[str, Any]:
    """Raises Conflict while a route leads to it."""
    document = lookup.child(call, lookup.INTEGRATIONS)
    api = lookup.api_id(call)
    target = f"integrations/{document['IntegrationId']}"
    routes = [each["RouteId"] for each in lookup.children(call, lookup.ROUTES, api) if each.get("Target") == target]
    if routes:
        raise conflict(
            "Cannot delete Integration because it is referenced by the following Routes with Ids: "
            f"[{', '.join(routes)}]"
        )
    lookup.remove(call, lookup.INTEGRATIONS, api, document["IntegrationId"])
    auto_deploy(call, api)
    return {}


def make(call: Call, api: str, given: Mapping[str, Any], *, managed: bool = False) -> Doc:
    """A new integration from CreateIntegration's members."""
    if len(lookup.children(call, lookup.INTEGRATIONS, api)) >= MAX_INTEGRATIONS:
        raise conflict(
            "Maximum number of Integrations for this API has been reached.  Please contact AWS if you need additional "
            "Integrations.",
            429,
        )
    check_members(given)
    document = present(
        IntegrationId=lookup.new_id(call, lookup.INTEGRATIONS, api),
        **{name: given.get(name) for name in MEMBERS},
        RequestParameters=_merged({}, given.get("RequestParameters")),
        ResponseParameters=_merged_responses({}, given.get("ResponseParameters")),
        ApiGatewayManaged=True if managed else None,
    )
    for name in CLEARED_BY_EMPTY:
        if not document.get(name, True):
            del document[name]
    document.setdefault("ConnectionType", "INTERNET")
    document.setdefault("TimeoutInMillis", DEFAULT_TIMEOUT)
    if document["IntegrationType"] == "AWS_PROXY":
        document.setdefault("IntegrationMethod", "POST")
    check(call, document)
    check_credentials(call, document.get("CredentialsArn"))
    lookup.put(call, lookup.INTEGRATIONS, api, document["IntegrationId"], document)
    return document


def change(call: Call, api: str, document: Doc, given: Mapping[str, Any]) -> Doc:
    """Applies UpdateIntegration's members: what is omitted stays (vector intcred/http-update-omitted-keeps), what is
    empty clears; parameters are merged, an empty value removes one.
    """
    check_members(given)
    before = document.get("CredentialsArn")
    for name in MEMBERS:
        value = given.get(name)
        if value is None:
            continue
        if value or name not in CLEARED_BY_EMPTY:
            document[name] = value
        else:
            document.pop(name, None)
    if document["IntegrationType"] == "AWS_PROXY":
        document.setdefault("IntegrationMethod", "POST")
    merged = {
        "RequestParameters": _merged(document.get("RequestParameters", {}), given.get("RequestParameters")),
        "ResponseParameters": _merged_responses(
            document.get("ResponseParameters", {}), given.get("ResponseParameters")
        ),
    }
    for name, parameters in merged.items():
        document.pop(name, None)
        if parameters:
            document[name] = parameters
    check(call, document)
    if document.get("CredentialsArn") != before:
        check_credentials(call, document.get("CredentialsArn"))
    lookup.put(call, lookup.INTEGRATIONS, api, document["IntegrationId"], document)
    return document


def check_members(given: Mapping[str, Any]) -> None:
    """What HTTP APIs do not have, and what this server does not run."""
    for name in WEBSOCKET_ONLY:
        if given.get(name):
            raise bad_request(f"{name} is not currently supported for HTTP APIs")
    if given.get("IntegrationSubtype"):
        raise not_implemented(f"IntegrationSubtype {given['IntegrationSubtype']}")
    if given.get("CredentialsArn") == CALLER:
        # vector intcred/http-caller-sentinel-rejected
        raise bad_request(f"Invalid credentials ARN: {CALLER}. Caller credentials are not supported for HTTP APIs")
    lookup.check_length("description", given.get("Description"), 0, 1024)
    lookup.check_length("integrationUri", given.get("IntegrationUri"), 1, 2048)


def check(call: Call, document: Mapping[str, Any]) -> None:
    kind = document["IntegrationType"]
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise bad_request(
            "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, "
            "HTTP_PROXY)"
        )
    if not 50 <= document["TimeoutInMillis"] <= DEFAULT_TIMEOUT:
        raise bad_request(f"Timeout should be between 50 ms and {DEFAULT_TIMEOUT} ms")
    version = document.get("PayloadFormatVersion")
    if not version:
        raise bad_request("PayloadFormatVersion is a required parameter for integration")
    versions = ("1.0", "2.0") if kind == "AWS_PROXY" else ("1.0",)
    if version not in versions:
        raise bad_request(f"Invalid PayloadFormatVersion: {version}. Valid values for {kind} are {', '.join(versions)}")
    _check_connection(call, document)
    uri = document.get("IntegrationUri") or ""
    if kind == "AWS_PROXY":
        _check_function(uri, document)
    else:
        _check_http(uri, document)
    _check_parameters(document)


def _check_connection(call: Call, document: Mapping[str, Any]) -> None:
    kind = document["ConnectionType"]
    if kind == "INTERNET":
        if "ConnectionId" in document:
            raise bad_request("ConnectionId can only be set when ConnectionType is VPC_LINK")
        if "TlsConfig" in document:
            raise bad_request("TlsConfig can only be set for private integrations")
        return
    if kind != "VPC_LINK":
        raise bad_request(f"Invalid ConnectionType: {kind}. Valid values are INTERNET, VPC_LINK")
    if document["IntegrationType"] != "HTTP_PROXY":
        raise bad_request("VPC_LINK connections are only supported for HTTP_PROXY integrations")
    link = document.get("ConnectionId")
    if not link:
        raise bad_request("ConnectionId must be set when ConnectionType is VPC_LINK")
    if VARIABLE not in link and link not in call.table(lookup.VPC_LINKS):
        raise bad_request(f"VPC link {link} does not exist")


def _check_function(uri: str, document: Mapping[str, Any]) -> None:
    if document["IntegrationMethod"] != "POST":
        raise bad_request("IntegrationMethod must be POST for Lambda integrations")
    found = INVOCATION.fullmatch(uri)
    function = found["function"] if found else uri
    if not (VARIABLE in function and function.startswith("arn:")) and not FUNCTION.fullmatch(function):
        raise bad_request(f"Invalid function ARN or invalid uri: {uri}" if uri else "IntegrationUri must be set")


def _check_http(uri: str, document: Mapping[str, Any]) -> None:
    if document.get("IntegrationMethod") not in METHODS:
        raise bad_request("HttpMethod must be specified. Valid options are " + ", ".join(METHODS))
    if document.get("CredentialsArn"):
        raise bad_request("CredentialsArn is not supported for HTTP_PROXY integrations")
    if document["ConnectionType"] == "VPC_LINK":
        arn = Arn.parse(uri)
        if arn is None or arn.service not in ("elasticloadbalancing", "servicediscovery"):
            raise bad_request("IntegrationUri of a private integration must be the ARN of a listener or service")
    elif not HTTP_URI.fullmatch(uri):
        raise bad_request("Invalid HTTP endpoint specified for URI")


def _check_parameters(document: Mapping[str, Any]) -> None:
    for key, value in document.get("RequestParameters", {}).items():
        if read_mapping(key, value, REQUEST) is None:
            raise bad_request(f"Invalid mapping expression specified: {key} = {value}")
    for status, rows in document.get("ResponseParameters", {}).items():
        if not STATUS.fullmatch(status):
            raise bad_request(f"Invalid selection key for ResponseParameters: {status}. Must be a status code 200-599")
        for key, value in rows.items():
            if read_mapping(key, value, RESPONSE) is None:
                raise bad_request(f"Invalid mapping expression specified: {key} = {value}")


def check_credentials(call: Call, credentials: str | None) -> None:
    """A role must be passable by the caller; one that does not exist is admitted, as on REST APIs."""
    if not credentials:
        return
    arn = Arn.parse(credentials)
    if arn is None or arn.service != "iam" or not arn.resource.startswith(("role/", "user/")):
        raise bad_request(f"Invalid credentials ARN: {credentials}")
    if arn.resource.startswith("role/"):
        check_pass_role(call, credentials, SERVICE)


def _merged(before: Mapping[str, str], given: Mapping[str, str] | None) -> dict[str, str] | None:
    """Empty values remove; the documented way to delete a parameter."""
    after = {**before, **(given or {})}
    return {key: value for key, value in after.items() if value != "" or key.startswith("remove:")} or None


def _merged_responses(
    before: Mapping[str, Mapping[str, str]], given: Mapping[str, Mapping[str, str]] | None
) -> dict[str, dict[str, str]] | None:
    after = {status: dict(rows) for status, rows in before.items()}
    for status, rows in (given or {}).items():
        merged = _merged(after.get(status, {}), rows) if rows else None
        after.pop(status, None)
        if merged:
            after[status] = merged
    return after or None
