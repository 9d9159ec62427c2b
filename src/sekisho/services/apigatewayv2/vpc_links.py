"""VPC links, as records: there is no VPC here, so what goes through one does not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.ids import short_id
from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request, not_found
from sekisho.services.apigatewayv2.lookup import Doc, listing
from sekisho.services.apigatewayv2.tags import checked_tags
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")


@ops("CreateVpcLink", resource=arns.VPC_LINKS)
def create_vpc_link(call: Call) -> Mapping[str, Any]:
    params = call.params
    lookup.check_length("name", params["Name"], 1, 128)
    if not params["SubnetIds"]:
        raise bad_request("At least one subnet must be specified")
    document: Doc = {
        "VpcLinkId": short_id(call.entropy),
        "Name": params["Name"],
        "SecurityGroupIds": list(params.get("SecurityGroupIds") or ()),
        "SubnetIds": list(params["SubnetIds"]),
        "Tags": checked_tags({}, params.get("Tags") or {}),
        "CreatedDate": float(int(call.now)),
        "VpcLinkStatus": "AVAILABLE",
        "VpcLinkStatusMessage": "VPC link is ready to route traffic",
        "VpcLinkVersion": "V2",
    }
    call.table(lookup.VPC_LINKS).put(document["VpcLinkId"], document)
    return document


@ops("GetVpcLink", resource=arns.VPC_LINK)
def get_vpc_link(call: Call) -> Mapping[str, Any]:
    return _link(call)


@ops("GetVpcLinks", resource=arns.VPC_LINKS)
def get_vpc_links(call: Call) -> Mapping[str, Any]:
    every = [dict(each) for _, each in call.table(lookup.VPC_LINKS).items()]
    return listing(call, every, lambda each: str(each["VpcLinkId"]))


@ops("UpdateVpcLink", resource=arns.VPC_LINK)
def update_vpc_link(call: Call) -> Mapping[str, Any]:
    document = _link(call)
    lookup.check_length("name", call.params.get("Name"), 1, 128)
    if call.params.get("Name") is not None:
        document["Name"] = call.params["Name"]
    call.table(lookup.VPC_LINKS).put(document["VpcLinkId"], document)
    return document


@ops("DeleteVpcLink", resource=arns.VPC_LINK)
def delete_vpc_link(call: Call) -> Mapping[str, Any]:
    """Raises BadRequestException while an integration goes through it."""
    document = _link(call)
    integrations = [each for _, each in call.table(lookup.INTEGRATIONS).items()]
    if any(each.get("ConnectionId") == document["VpcLinkId"] for each in integrations):
        raise bad_request("Cannot delete vpc link. Vpc link is referenced by an integration")
    call.table(lookup.VPC_LINKS).delete(document["VpcLinkId"])
    return {}


def _link(call: Call) -> Doc:
    found = call.table(lookup.VPC_LINKS).get(call.params["VpcLinkId"])
    if found is None:
        raise not_found(f"Invalid VPC link identifier specified {call.params['VpcLinkId']}")
    return found
