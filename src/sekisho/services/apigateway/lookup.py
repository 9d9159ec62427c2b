"""Finding the documents that a call's identifiers name, or raising AWS's own not-found errors.

Documents come back as copies that may be changed freely and put back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sekisho.kit.ids import short_id
from sekisho.services.apigateway.errors import bad_request, not_found
from sekisho.services.operation import Call
from sekisho.state.table import BadToken, page

REST_APIS = "restapi"
RESOURCES = "resource"
DEPLOYMENTS = "deployment"
STAGES = "stage"
AUTHORIZERS = "authorizer"
VALIDATORS = "validator"
MODELS = "model"
GATEWAY_RESPONSES = "gatewayresponse"
ACCOUNT = "account"
API_KEYS = "apikey"
USAGE_PLANS = "usageplan"
USAGE_PLAN_KEYS = "usageplankey"

Doc = dict[str, Any]


def api_id(call: Call) -> str:
    return str(call.params["restApiId"])


def rest_api(call: Call) -> Doc:
    """The API that ``restApiId`` names."""
    found = call.table(REST_APIS).get(api_id(call))
    if found is None:
        raise not_found(f"Invalid API identifier specified {call.account}:{api_id(call)}")
    return copy.deepcopy(found)


def child(call: Call, kind: str, name: str, message: str) -> Doc:
    """A document of ``kind`` under the call's API; ``message`` is what AWS answers when there is none."""
    rest_api(call)
    found = call.table(kind).get(f"{api_id(call)}/{name}")
    if found is None:
        raise not_found(message)
    return copy.deepcopy(found)


def put_child(call: Call, kind: str, name: str, document: Mapping[str, Any]) -> None:
    call.table(kind).put(f"{api_id(call)}/{name}", document)


def children(call: Call, kind: str) -> list[Doc]:
    """Every document of ``kind`` under the call's API, by id."""
    return [dict(document) for _, document in call.table(kind).items(f"{api_id(call)}/")]


def resource(call: Call) -> Doc:
    return child(call, RESOURCES, call.params["resourceId"], "Invalid Resource identifier specified")


def method(call: Call) -> tuple[Doc, Doc]:
    """The resource and its method; changing the method changes the resource, which must be put back."""
    owner = resource(call)
    found = owner["resourceMethods"].get(call.params["httpMethod"])
    if found is None:
        raise not_found("Invalid Method identifier specified")
    return owner, found


def put_resource(call: Call, document: Mapping[str, Any]) -> None:
    put_child(call, RESOURCES, document["id"], document)


def integration(call: Call) -> tuple[Doc, Doc, Doc]:
    """The resource, its method and the method's integration."""
    owner, found = method(call)
    backend = found.get("methodIntegration")
    if backend is None:
        raise not_found("Invalid Integration identifier specified")
    return owner, found, backend


def stage(call: Call) -> Doc:
    return child(call, STAGES, call.params["stageName"], "Invalid stage identifier specified")


def new_id(call: Call, kind: str) -> str:
    """A six-character id that is not taken under the call's API."""
    table = call.table(kind)
    while True:
        candidate = short_id(call.entropy)
        if f"{api_id(call)}/{candidate}" not in table:
            return candidate


def listing(call: Call, documents: Iterable[Doc], name: Callable[[Doc], str], default: int = 25) -> Doc:
    """``items`` and ``position``, as the list operations answer them; ``limit`` is 1 to 500."""
    limit = call.params.get("limit") or default
    if not 1 <= limit <= 500:
        raise bad_request("Limit must be between 1 and 500")
    try:
        part = page(sorted(documents, key=name), limit, call.params.get("position"), name)
    except BadToken as problem:
        raise bad_request("Invalid position specified") from problem
    answer: Doc = {"items": part.items}
    if part.token is not None:
        answer["position"] = part.token
    return answer


def present(**members: Any) -> Doc:
    """The members that have a value: AWS leaves out what was not given."""
    return {name: value for name, value in members.items() if value is not None}
