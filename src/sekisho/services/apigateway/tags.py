"""Tags of APIs, stages, API keys and usage plans, by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from sekisho.kit.arn import Arn
from sekisho.services.apigateway import arns, lookup
from sekisho.services.apigateway.errors import bad_request, not_found, not_implemented
from sekisho.services.operation import Call, Operations
from sekisho.state.table import Table

ops = Operations("apigateway")

MAX_TAGS = 50


@ops("TagResource", resource=arns.TAGS)
def tag_resource(call: Call) -> Mapping[str, Any]:
    table, key, document = _tagged(call)
    tags = {**document.get("tags", {}), **call.params["tags"]}
    if any(name.startswith("aws:") for name in call.params["tags"]):
        raise bad_request("Tag keys starting with 'aws:' are reserved for system use")
    if len(tags) > MAX_TAGS:
        raise bad_request(f"A resource may not have more than {MAX_TAGS} tags")
    table.put(key, {**document, "tags": tags})
    return {}


@ops("UntagResource", resource=arns.TAGS)
def untag_resource(call: Call) -> Mapping[str, Any]:
    table, key, document = _tagged(call)
    gone = set(call.params["tagKeys"])
    table.put(key, {**document, "tags": {k: v for k, v in document.get("tags", {}).items() if k not in gone}})
    return {}


@ops("GetTags", resource=arns.TAGS)
def get_tags(call: Call) -> Mapping[str, Any]:
    return {"tags": _tagged(call)[2].get("tags", {})}


def _tagged(call: Call) -> tuple[Table, str, dict[str, Any]]:
    """The table, key and document that ``resourceArn`` names."""
    text = call.params["resourceArn"]
    arn = Arn.parse(text) or Arn.parse(unquote(text))
    if arn is None or arn.service != "apigateway":
        raise bad_request("Invalid ARN specified in the request")
    parts = arn.resource.split("/")
    if len(parts) == 3 and parts[1] == "restapis":
        table, key = call.table(lookup.REST_APIS), parts[2]
        missing = f"Invalid API identifier specified {call.account}:{key}"
    elif len(parts) == 5 and parts[1] == "restapis" and parts[3] == "stages":
        table, key = call.table(lookup.STAGES), f"{parts[2]}/{parts[4]}"
        missing = "Invalid stage identifier specified"
    elif len(parts) == 3 and parts[1] == "apikeys":
        table, key, missing = call.table(lookup.API_KEYS), parts[2], "Invalid API Key identifier specified"
    elif len(parts) == 3 and parts[1] == "usageplans":
        table, key, missing = call.table(lookup.USAGE_PLANS), parts[2], "Invalid Usage Plan ID specified"
    else:
        raise not_implemented(f"Tagging {arn.resource}")
    document = table.get(key)
    if document is None:
        raise not_found(missing)
    return table, key, document
