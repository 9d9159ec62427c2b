"""Finding the documents that a call's identifiers name, or raising AWS's own not-found errors; lists in pages.

Documents come back as copies that may be changed freely and put back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sekisho.kit.ids import short_id
from sekisho.services.apigatewayv2.errors import bad_request, not_found
from sekisho.services.operation import Call
from sekisho.state.table import BadToken, page

APIS = "api"
ROUTES = "route"
INTEGRATIONS = "integration"
AUTHORIZERS = "authorizer"
DEPLOYMENTS = "deployment"
STAGES = "stage"
MODELS = "model"
VPC_LINKS = "vpclink"
DOMAIN_NAMES = "domainname"
API_MAPPINGS = "apimapping"
UNDER_API = (ROUTES, INTEGRATIONS, AUTHORIZERS, DEPLOYMENTS, STAGES, MODELS)

Doc = dict[str, Any]
_NAMES = {
    ROUTES: ("Route", "RouteId"),
    INTEGRATIONS: ("Integration", "IntegrationId"),
    AUTHORIZERS: ("Authorizer", "AuthorizerId"),
    DEPLOYMENTS: ("Deployment", "DeploymentId"),
    MODELS: ("Model", "ModelId"),
}
MAX_RESULTS = 500
DEFAULT_RESULTS = 100


def api_id(call: Call) -> str:
    return str(call.params["ApiId"])


def api(call: Call) -> Doc:
    """The API that ``ApiId`` names."""
    return api_of(call, api_id(call))


def api_of(call: Call, id_: str) -> Doc:
    found = call.table(APIS).get(id_)
    if found is None:
        raise not_found(f"Invalid API identifier specified {call.account}:{id_}")
    return copy.deepcopy(found)


def child(call: Call, kind: str) -> Doc:
    """The document of ``kind`` under the call's API that the call's own parameter names."""
    return child_of(call, api_id(call), kind, str(call.params[_NAMES[kind][1]]))


def child_of(call: Call, api: str, kind: str, id_: str) -> Doc:
    api_of(call, api)
    found = call.table(kind).get(f"{api}/{id_}")
    if found is None:
        raise not_found(f"Unable to find {_NAMES[kind][0]} by ID {id_} within the scope of API {api}")
    return copy.deepcopy(found)


def stage(call: Call) -> Doc:
    api(call)
    name = call.params["StageName"]
    found = call.table(STAGES).get(f"{api_id(call)}/{name}")
    if found is None:
        raise not_found(f"Unable to find Stage by name {name} within the scope of API {api_id(call)}")
    return copy.deepcopy(found)


def put(call: Call, kind: str, api: str, id_: str, document: Mapping[str, Any]) -> None:
    call.table(kind).put(f"{api}/{id_}", document)


def remove(call: Call, kind: str, api: str, id_: str) -> None:
    call.table(kind).delete(f"{api}/{id_}")


def children(call: Call, kind: str, api: str) -> list[Doc]:
    """Every document of ``kind`` under an API, by id."""
    return [dict(document) for _, document in call.table(kind).items(f"{api}/")]


def new_id(call: Call, kind: str, api: str, length: int = 7) -> str:
    """An id that is not taken under the API."""
    table = call.table(kind)
    while True:
        candidate = short_id(call.entropy, length)
        if f"{api}/{candidate}" not in table:
            return candidate


def listing(call: Call, documents: Iterable[Doc], name: Callable[[Doc], str]) -> Doc:
    """``Items`` and ``NextToken``; ``MaxResults`` is a number in a string, as the model has it."""
    given = call.params.get("MaxResults")
    limit = DEFAULT_RESULTS
    if given not in (None, ""):
        text = str(given)
        if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0):
            raise bad_request(f"Invalid value for maxResults: {text}")
        limit = min(int(text), MAX_RESULTS)
    try:
        part = page(sorted(documents, key=name), limit, call.params.get("NextToken"), name)
    except BadToken as problem:
        raise bad_request("Invalid NextToken specified") from problem
    answer: Doc = {"Items": part.items}
    if part.token is not None:
        answer["NextToken"] = part.token
    return answer


def present(**members: Any) -> Doc:
    """The members that have a value: AWS leaves out what was not given."""
    return {name: copy.deepcopy(value) for name, value in members.items() if value is not None}


def check_length(name: str, value: str | None, low: int, high: int) -> None:
    """AWS's bounds, which the service model has only in its shapes' names."""
    if value is not None and not low <= len(value) <= high:
        raise bad_request(f"Invalid length for {name}: must be between {low} and {high} characters")
