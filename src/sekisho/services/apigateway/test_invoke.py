"""TestInvokeMethod and TestInvokeAuthorizer: a method or an authorizer is tried as it stands, without deployment.

The method's authorization, the API's resource policy, API keys and throttles take no part; request validation and
the integration do. Lambda sees the stage ``test-invoke-stage`` in ``aws:SourceArn``: a permission that names another
stage does not cover a test.
https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-test-method.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sekisho.kit.outcome import Ask
from sekisho.services.apigateway import arns, lookup
from sekisho.services.apigateway.deployments import frozen
from sekisho.services.apigateway.errors import bad_request, not_found, not_implemented
from sekisho.services.apigateway.lookup import Doc
from sekisho.services.effects import Effect, Ran, RunRequest
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

STAGE: Final = "test-invoke-stage"
AUTHORIZER_STAGE: Final = "ESTestInvoke-stage"
"""What an authorizer sees in ``methodArn``."""


@ops("TestInvokeMethod", resource=arns.METHOD)
def test_invoke_method(call: Call) -> Ask[Effect, Call]:
    """Raises NotFound for a resource or method that is not there, BadRequest."""
    if call.params.get("clientCertificateId"):
        raise not_implemented("TestInvokeMethod with clientCertificateId")
    resource, verb = _resource(call), call.params["httpMethod"]
    methods = resource["resourceMethods"]
    method = methods.get(verb) or methods.get("ANY")
    if method is None:
        raise not_found("Invalid Method identifier specified")
    if "methodIntegration" not in method:
        raise bad_request("No integration defined for method")
    alone = {**resource, "resourceMethods": {method["httpMethod"]: method}}
    path, query = _address(call, resource["path"])
    effect = _effect(call, lookup.rest_api(call), [alone], STAGE, path, query)
    return Ask(effect._replace(resource_path=resource["path"], method=verb), _method_answer)


@ops("TestInvokeAuthorizer", resource=arns.AUTHORIZER)
def test_invoke_authorizer(call: Call) -> Ask[Effect, Call]:
    """Raises NotFoundException. The authorizer's memory takes no part."""
    identifier = call.params["authorizerId"]
    if call.params.get("additionalContext"):
        raise not_implemented("TestInvokeAuthorizer with additionalContext")
    lookup.child(call, lookup.AUTHORIZERS, identifier, "Invalid Authorizer identifier specified")
    path, query = _address(call, "/")
    effect = _effect(call, lookup.rest_api(call), [], AUTHORIZER_STAGE, path, query)
    return Ask(effect._replace(authorizer=identifier), _authorizer_answer)


def _method_answer(call: Call, ran: Ran) -> Mapping[str, Any]:
    multiple: dict[str, list[str]] = {}
    for name, value in ran.headers:
        multiple.setdefault(name, []).append(value)
    return {
        "status": ran.status,
        "body": ran.body.decode("utf-8", "replace"),
        "headers": {name: values[-1] for name, values in multiple.items()},
        "multiValueHeaders": multiple,
        "log": ran.log,
        "latency": ran.latency,
    }


def _authorizer_answer(call: Call, ran: Ran) -> Mapping[str, Any]:
    answer: Doc = {"clientStatus": ran.status, "log": ran.log, "latency": ran.latency}
    if ran.principal is not None:
        answer["principalId"] = ran.principal
    if ran.policy is not None:
        answer["policy"] = ran.policy
    if ran.claims is not None:
        answer["claims"] = dict(ran.claims)
    return answer


def _resource(call: Call) -> Doc:
    """vector: test-invoke/rest-api-not-found: an unknown API is told as an unknown resource."""
    message = "Invalid Resource identifier specified"
    if lookup.api_id(call) not in call.table(lookup.REST_APIS):
        raise not_found(message)
    return lookup.child(call, lookup.RESOURCES, call.params["resourceId"], message)


def _address(call: Call, own: str) -> tuple[str, str]:
    """Path and query. vector: test-invoke/test-invoke-method-get-pets-id-no-path."""
    path, _, query = (call.params.get("pathWithQueryString") or own).partition("?")
    return path if path.startswith("/") else f"/{path}", query


def _effect(call: Call, api: Doc, resources: list[Doc], stage: str, path: str, query: str) -> RunRequest:
    params = call.params
    headers = dict(params.get("headers") or {})
    pairs = [(name, each) for name, values in (params.get("multiValueHeaders") or {}).items() for each in values]
    several = {name.lower() for name, _ in pairs}
    pairs += [(name, value) for name, value in headers.items() if name.lower() not in several]
    for name, value in pairs:
        if not name or any(ord(each) < 32 or ord(each) == 127 for each in name + value):
            raise bad_request(f"Invalid header specified: {name}")
    record = {
        "stageName": stage,
        "deploymentId": "",
        "methodSettings": {},
        "tracingEnabled": False,
        "variables": dict(params.get("stageVariables") or {}),
    }
    return RunRequest(
        account=call.account,
        region=call.region,
        api=api,
        deployment=frozen(call, api, resources),
        stage=record,
        path=path,
        resource_path="/",
        method="GET",
        query=query,
        headers=tuple(pairs),
        body=(params.get("body") or "").encode("utf-8", "surrogatepass"),
        caller=call.caller,
        user_agent=call.user_agent,
    )
