"""Reading what no function here has: code signing, event sources, URLs, provisioned concurrency, layers.

These things cannot be created on this server (their operations answer that they are not implemented), so the answers
are simply true. They are here because deployment tools ask for them after every CreateFunction.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.lambda_.names import LATEST, plain_arn, qualified_arn, target
from sekisho.services.lambda_.refusals import not_found
from sekisho.services.lambda_.shelf import require
from sekisho.services.operation import Call, Operations, ServiceError

ops = Operations("lambda")


@ops("GetFunctionCodeSigningConfig", resource=plain_arn)
def get_function_code_signing_config(call: Call) -> Mapping[str, Any]:
    found = target(call)
    require(call, found)
    return {"FunctionName": found.name}


@ops("ListCodeSigningConfigs")
def list_code_signing_configs(call: Call) -> Mapping[str, Any]:
    return {"CodeSigningConfigs": []}


@ops("ListEventSourceMappings")
def list_event_source_mappings(call: Call) -> Mapping[str, Any]:
    if call.params.get("FunctionName"):
        require(call, target(call))
    return {"EventSourceMappings": []}


@ops("GetFunctionUrlConfig", resource=qualified_arn)
def get_function_url_config(call: Call) -> Mapping[str, Any]:
    require(call, target(call))
    raise not_found("The resource you requested does not exist.")


@ops("ListFunctionUrlConfigs", resource=plain_arn)
def list_function_url_configs(call: Call) -> Mapping[str, Any]:
    require(call, target(call))
    return {"FunctionUrlConfigs": []}


@ops("GetFunctionEventInvokeConfig", resource=qualified_arn)
def get_function_event_invoke_config(call: Call) -> Mapping[str, Any]:
    found = target(call)
    require(call, found)
    arn = found._replace(qualifier=found.qualifier or LATEST).arn
    raise not_found(f"The function {arn} doesn't have an EventInvokeConfig")


@ops("ListFunctionEventInvokeConfigs", resource=plain_arn)
def list_function_event_invoke_configs(call: Call) -> Mapping[str, Any]:
    require(call, target(call))
    return {"FunctionEventInvokeConfigs": []}


@ops("GetProvisionedConcurrencyConfig", resource=qualified_arn)
def get_provisioned_concurrency_config(call: Call) -> Mapping[str, Any]:
    require(call, target(call))
    message = "No Provisioned Concurrency Config found for this function"
    raise ServiceError("ProvisionedConcurrencyConfigNotFoundException", message, 404, Type="User")


@ops("ListProvisionedConcurrencyConfigs", resource=plain_arn)
def list_provisioned_concurrency_configs(call: Call) -> Mapping[str, Any]:
    require(call, target(call))
    return {"ProvisionedConcurrencyConfigs": []}


@ops("GetRuntimeManagementConfig", resource=qualified_arn)
def get_runtime_management_config(call: Call) -> Mapping[str, Any]:
    found = target(call)
    require(call, found)
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": found._replace(qualifier=found.qualifier or LATEST).arn}


@ops("GetFunctionRecursionConfig", resource=plain_arn)
def get_function_recursion_config(call: Call) -> Mapping[str, Any]:
    require(call, target(call))
    return {"RecursiveLoop": "Terminate"}


@ops("ListLayers")
def list_layers(call: Call) -> Mapping[str, Any]:
    return {"Layers": []}
