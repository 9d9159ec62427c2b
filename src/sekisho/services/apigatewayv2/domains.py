"""Custom domain names and their API mappings: which host and path lead to which stage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import Arn
from sekisho.kit.ids import pick, short_id
from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request, conflict, not_found, not_implemented
from sekisho.services.apigatewayv2.lookup import Doc, listing
from sekisho.services.apigatewayv2.tags import checked_tags
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MAPPING_KEY = re.compile(r"[A-Za-z0-9$\-_.+!*'()]+(/[A-Za-z0-9$\-_.+!*'()]+)*")
MAX_KEY = 300
ZONE = "Z1UJRXOUMOOFQ8"
"""The hosted zone of regional API Gateway endpoints in us-east-1.
https://docs.aws.amazon.com/general/latest/gr/apigateway.html"""
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"


@ops("CreateDomainName", resource=arns.DOMAIN_NAMES)
def create_domain_name(call: Call) -> Mapping[str, Any]:
    """Certificates are taken as given. Raises Conflict for a name in use, BadRequest."""
    params = call.params
    name = params["DomainName"].lower()
    if not HOST.fullmatch(name) or len(name) > 253:
        raise bad_request("The domain name you provided is not valid")
    if name in call.table(lookup.DOMAIN_NAMES):
        raise conflict("The domain name you provided already exists.")
    _check_unsupported(params)
    document: Doc = {
        "DomainName": name,
        "DomainNameArn": f"arn:aws:apigateway:{call.region}::/domainnames/{name}",
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainNameConfigurations": _configurations(call, params.get("DomainNameConfigurations"), ()),
        "RoutingMode": params.get("RoutingMode") or "API_MAPPING_ONLY",
        "Tags": checked_tags({}, params.get("Tags") or {}),
    }
    call.table(lookup.DOMAIN_NAMES).put(name, document)
    return document


@ops("GetDomainName", resource=arns.DOMAIN_NAME)
def get_domain_name(call: Call) -> Mapping[str, Any]:
    return _domain(call)


@ops("GetDomainNames", resource=arns.DOMAIN_NAMES)
def get_domain_names(call: Call) -> Mapping[str, Any]:
    every = [dict(each) for _, each in call.table(lookup.DOMAIN_NAMES).items()]
    return listing(call, every, lambda each: str(each["DomainName"]))


@ops("UpdateDomainName", resource=arns.DOMAIN_NAME)
def update_domain_name(call: Call) -> Mapping[str, Any]:
    document = _domain(call)
    params = call.params
    _check_unsupported(params)
    if params.get("DomainNameConfigurations"):
        document["DomainNameConfigurations"] = _configurations(
            call, params["DomainNameConfigurations"], document["DomainNameConfigurations"]
        )
    call.table(lookup.DOMAIN_NAMES).put(document["DomainName"], document)
    return document


@ops("DeleteDomainName", resource=arns.DOMAIN_NAME)
def delete_domain_name(call: Call) -> Mapping[str, Any]:
    """With its mappings."""
    name = _domain(call)["DomainName"]
    table = call.table(lookup.API_MAPPINGS)
    for key in [key for key, _ in table.items(f"{name}/")]:
        table.delete(key)
    call.table(lookup.DOMAIN_NAMES).delete(name)
    return {}


@ops("CreateApiMapping", resource=arns.API_MAPPINGS)
def create_api_mapping(call: Call) -> Mapping[str, Any]:
    """Leads to an HTTP or a REST API. Raises Conflict for a key in use, BadRequest, NotFound."""
    params = call.params
    domain = _domain(call)["DomainName"]
    document: Doc = {"ApiMappingId": short_id(call.entropy), "ApiMappingKey": params.get("ApiMappingKey") or ""}
    document.update(ApiId=params["ApiId"], Stage=params["Stage"])
    return _keep(call, domain, document)


@ops("GetApiMapping", resource=arns.API_MAPPING)
def get_api_mapping(call: Call) -> Mapping[str, Any]:
    return _mapping(call)


@ops("GetApiMappings", resource=arns.API_MAPPINGS)
def get_api_mappings(call: Call) -> Mapping[str, Any]:
    domain = _domain(call)["DomainName"]
    return listing(call, lookup.children(call, lookup.API_MAPPINGS, domain), lambda each: str(each["ApiMappingId"]))


@ops("UpdateApiMapping", resource=arns.API_MAPPING)
def update_api_mapping(call: Call) -> Mapping[str, Any]:
    document = _mapping(call)
    for name in ("ApiId", "Stage", "ApiMappingKey"):
        if call.params.get(name) is not None:
            document[name] = call.params[name]
    return _keep(call, call.params["DomainName"].lower(), document)


@ops("DeleteApiMapping", resource=arns.API_MAPPING)
def delete_api_mapping(call: Call) -> Mapping[str, Any]:
    document = _mapping(call)
    lookup.remove(call, lookup.API_MAPPINGS, call.params["DomainName"].lower(), document["ApiMappingId"])
    return {}


def _domain(call: Call) -> Doc:
    found = call.table(lookup.DOMAIN_NAMES).get(call.params["DomainName"].lower())
    if found is None:
        raise not_found("Invalid domain name identifier specified")
    return found


def _mapping(call: Call) -> Doc:
    domain = _domain(call)["DomainName"]
    found = call.table(lookup.API_MAPPINGS).get(f"{domain}/{call.params['ApiMappingId']}")
    if found is None:
        raise not_found("Invalid API mapping identifier specified")
    return found


def _keep(call: Call, domain: str, document: Doc) -> Doc:
    key = document["ApiMappingKey"]
    if key and (not MAPPING_KEY.fullmatch(key) or len(key) > MAX_KEY):
        raise bad_request(
            "API mapping key should not start with a '/' or have consecutive '/'s, and only contain letters, numbers "
            "and one of $-_.+!*'()/"
        )
    rest = document["ApiId"] in call.table("restapi", service="apigateway")
    if not rest:
        lookup.api_of(call, document["ApiId"])
    stages = call.table(lookup.STAGES, service="apigateway" if rest else "")
    if f"{document['ApiId']}/{document['Stage']}" not in stages:
        raise bad_request("Invalid stage identifier specified")
    for other in lookup.children(call, lookup.API_MAPPINGS, domain):
        if other["ApiMappingKey"] == key and other["ApiMappingId"] != document["ApiMappingId"]:
            raise conflict("ApiMapping key already exists for this domain name")
    lookup.put(call, lookup.API_MAPPINGS, domain, document["ApiMappingId"], document)
    return document


def _check_unsupported(params: Mapping[str, Any]) -> None:
    if params.get("MutualTlsAuthentication"):
        raise not_implemented("MutualTlsAuthentication")
    if params.get("RoutingMode") not in (None, "API_MAPPING_ONLY"):
        raise not_implemented(f"RoutingMode {params['RoutingMode']}")


def _configurations(call: Call, given: Any, before: Any) -> list[Doc]:
    """One endpoint with its certificate; the target name stays when the domain is updated."""
    if not given or len(given) != 1:
        raise bad_request("Exactly one domain name configuration must be specified")
    document = dict(given[0])
    arn = Arn.parse(document.get("CertificateArn") or "")
    if arn is None or arn.service not in ("acm", "iam"):
        raise bad_request("Invalid certificate ARN: " + str(document.get("CertificateArn") or "null"))
    if document.get("EndpointType", "REGIONAL") != "REGIONAL":
        raise bad_request("Only the endpoint type REGIONAL is supported for HTTP APIs")
    document.setdefault("EndpointType", "REGIONAL")
    document.setdefault("SecurityPolicy", "TLS_1_2")
    document.setdefault("IpAddressType", "ipv4")
    document["DomainNameStatus"] = "AVAILABLE"
    document["HostedZoneId"] = ZONE
    document["ApiGatewayDomainName"] = (
        before[0]["ApiGatewayDomainName"]
        if before
        else f"d-{pick(call.entropy, _LOWER, 10)}.execute-api.{call.region}.amazonaws.com"
    )
    return [document]
