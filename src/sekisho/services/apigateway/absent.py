"""Reading what is not here: VPC links, client certificates, documentation.

They cannot be created on this server (those operations answer that they are not implemented), so the empty lists are
true; tools that take stock of an account or an API ask for them.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import arns, lookup
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

_OF_ACCOUNTS = {
    "GetClientCertificates": "clientcertificates",
    "GetVpcLinks": "vpclinks",
}
_OF_APIS = {
    "GetDocumentationParts": "documentation/parts",
    "GetDocumentationVersions": "documentation/versions",
}


def _nothing(call: Call) -> Mapping[str, Any]:
    return {"items": []}


def _nothing_of_api(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    return {"items": []}


for _name, _path in _OF_ACCOUNTS.items():
    ops(_name, resource="arn:aws:apigateway:{region}::/" + _path)(_nothing)
for _name, _path in _OF_APIS.items():
    ops(_name, resource=f"{arns.RESTAPI}/{_path}")(_nothing_of_api)
