"""Tags of APIs, stages, VPC links and domain names, by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from sekisho.kit.arn import Arn
from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request, not_found
from sekisho.services.operation import Call, Operations
from sekisho.state.table import Table

ops = Operations("apigatewayv2")

MAX_TAGS = 50


@ops("TagResource", resource=arns.TAGS)
def tag_resource(call: Call) -> Mapping[str, Any]:
    table, key, document = _tagged(call)
    table.put(key, {**document, "Tags": checked_tags(document.get("Tags", {}), call.params.get("Tags") or {})})
    return {}


@ops("UntagResource", resource=arns.TAGS)
def untag_resource(call: Call) -> Mapping[str, Any]:
    table, key, document = _tagged(call)
    gone = set(call.params["TagKeys"])
    table.put(key, {**document, "Tags": {k: v for k, v in document.get("Tags", {}).items() if k not in gone}})
    return {}


@ops("GetTags", resource=arns.TAGS)
def get_tags(call: Call) -> Mapping[str, Any]:
    return {"Tags": _tagged(call)[2].get("Tags", {})}


def checked_tags(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """``before`` with ``given``. Raises BadRequestException."""
    after = {**before, **given}
    for name, value in given.items():
        if name.lower().startswith("aws:"):
            raise bad_request("Tag keys starting with 'aws:' are reserved for system use")
        if not 1 <= len(name) <= 128 or len(value) > 256:
            raise bad_request("Tag keys have 1 to 128 characters, tag values up to 256")
    if len(after) > MAX_TAGS:
        raise bad_request(f"A resource may not have more than {MAX_TAGS} tags")
    return after


def _tagged(call: Call) -> tuple[Table, str, dict[str, Any]]:
    """The table, key and document that ``ResourceArn`` names."""
    text = call.params["ResourceArn"]
    arn = Arn.parse(text) or Arn.parse(unquote(text))
    if arn is None or arn.service != "apigateway" or arn.region not in ("", call.region):
        raise bad_request(f"Invalid ARN specified in the request: {text}")
    match arn.resource.split("/"):
        case ["", "apis", key]:
            table, missing = call.table(lookup.APIS), f"Invalid API identifier specified {call.account}:{key}"
        case ["", "apis", api, "stages", name]:
            table, key = call.table(lookup.STAGES), f"{api}/{name}"
            missing = f"Unable to find Stage by name {name} within the scope of API {api}"
        case ["", "vpclinks", key]:
            table, missing = call.table(lookup.VPC_LINKS), f"Invalid VPC link identifier specified {key}"
        case ["", "domainnames", key]:
            table, missing = call.table(lookup.DOMAIN_NAMES), "Invalid domain name identifier specified"
        case _:
            raise bad_request(f"Invalid ARN specified in the request: {text}")
    document = table.get(key)
    if document is None:
        raise not_found(missing)
    return table, key, document
