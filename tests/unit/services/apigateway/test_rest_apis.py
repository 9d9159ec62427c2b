"""REST APIs: creation, description, policy rewriting, patches, deletion."""

from __future__ import annotations

import json

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.rest import Rest

from sekisho.services.operation import ServiceError

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::123456789012:role/a"]},
            "Action": "execute-api:Invoke",
            "Resource": ["execute-api:/*/GET/x", "execute-api:/v1/*"],
        },
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/x"},
    ],
}


def test_created_api_has_a_root_resource_and_defaults() -> None:
    rest = Rest()
    made = rest("CreateRestApi", name="pets", tags={"a": "b"})
    assert made["endpointConfiguration"] == {"types": ["EDGE"]}
    assert made["apiKeySource"] == "HEADER"
    assert made["disableExecuteApiEndpoint"] is False
    assert made["createdDate"] == 1_700_000_000.0
    assert made["tags"] == {"a": "b"}
    assert "policy" not in made and "description" not in made
    rest.api = made["id"]
    items = rest("GetResources", restApiId=made["id"])["items"]
    assert items == [{"id": made["rootResourceId"], "path": "/"}]
    assert rest("GetRestApi", restApiId=made["id"]) == made


def test_policy_is_rewritten_and_shown_as_a_string_literal() -> None:
    """vector policy/get-rest-api-rewrites-policy"""
    rest = Rest()
    made = rest("CreateRestApi", name="p", policy=json.dumps(POLICY))
    stored = json.loads(json.loads(f'"{made["policy"]}"'))
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{made['id']}"
    assert stored["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/a"}
    assert stored["Statement"][0]["Resource"] == [f"{arn}/*/GET/x", f"{arn}/v1/*"]
    assert stored["Statement"][1]["Resource"] == f"{arn}/*/GET/x"
    assert '\\"' in made["policy"]


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": [1]}',
        '{"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}',
        '{"Statement": {"Effect": "Maybe", "Principal": "*", "Action": "a", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": 1, "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "a", "Resource": [null]}}',
        '{"Statement": {"Effect": "Allow", "Principal": {"Who": "*"}, "Action": "a", "Resource": "*"}}',
    ],
)
def test_malformed_policies_are_refused(policy: str) -> None:
    rest = Rest()
    rest.create()
    operations = [{"op": "replace", "path": "/policy", "value": policy}]
    with pytest.raises(ServiceError) as caught:
        rest("UpdateRestApi", restApiId=rest.api, patchOperations=operations)
    assert caught.value.code == "BadRequestException"
    assert caught.value.message.startswith("Invalid policy document.")


def test_unknown_api() -> None:
    with pytest.raises(ServiceError) as caught:
        Rest()("GetRestApi", restApiId="fake-api-id")
    assert (caught.value.code, caught.value.status) == ("NotFoundException", 404)
    assert caught.value.message == f"Invalid API identifier specified {ACCOUNT}:fake-api-id"


def test_patches() -> None:
    rest = Rest()
    rest.create()
    changed = rest(
        "UpdateRestApi",
        restApiId=rest.api,
        patchOperations=[
            {"op": "replace", "path": "/name", "value": "other"},
            {"op": "add", "path": "/binaryMediaTypes/image~1png"},
            {"op": "add", "path": "/binaryMediaTypes/*~1*"},
            {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
            {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"},
            {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
            {"op": "replace", "path": "/minimumCompressionSize", "value": "10"},
        ],
    )
    assert changed["name"] == "other"
    assert changed["binaryMediaTypes"] == ["*/*"]
    assert changed["disableExecuteApiEndpoint"] is True
    assert changed["endpointConfiguration"] == {"types": ["REGIONAL"]}
    assert changed["minimumCompressionSize"] == 10


def test_wrong_patches_change_nothing() -> None:
    rest = Rest()
    rest.create()
    before = rest("GetRestApi", restApiId=rest.api)
    for operation, message in (
        ({"op": "replace", "path": "/id", "value": "x"}, "Invalid patch path  '/id' specified for op 'replace'."),
        ({"op": "add", "path": "/name", "value": "x"}, "Invalid patch path  '/name' specified for op 'add'."),
        ({"op": "replace", "path": "/minimumCompressionSize", "value": "-1"}, "Invalid minimum compression size"),
    ):
        with pytest.raises(ServiceError) as caught:
            rest(
                "UpdateRestApi",
                restApiId=rest.api,
                patchOperations=[{"op": "replace", "path": "/description", "value": "d"}, operation],
            )
        assert caught.value.message.startswith(message)
        assert rest("GetRestApi", restApiId=rest.api) == before


def test_listing_pages() -> None:
    rest = Rest()
    made = {rest("CreateRestApi", name=str(i))["id"] for i in range(5)}
    seen: list[str] = []
    position = None
    while True:
        part = rest("GetRestApis", limit=2, position=position)
        seen += [each["id"] for each in part["items"]]
        position = part.get("position")
        if position is None:
            break
    assert sorted(seen) == sorted(made)
    with pytest.raises(ServiceError):
        rest("GetRestApis", position="é")


def test_deletion_takes_everything_below() -> None:
    rest = Rest()
    rest.create()
    rest.lambda_method("/pets", "GET")
    rest.deploy("prod")
    rest("DeleteRestApi", restApiId=rest.api)
    assert [key for key, document in rest.documents() if document is not None] == []


def test_endpoint_types_are_patched_by_name_and_by_number() -> None:
    """By number as the Terraform provider does, https://github.com/hashicorp/terraform-provider-aws (rest_api)."""
    rest = Rest()
    rest.api = rest("CreateRestApi", name="pets")["id"]
    by_number = rest.patch("UpdateRestApi", ("replace", "/endpointConfiguration/types/0", "REGIONAL"))
    assert by_number["endpointConfiguration"]["types"] == ["REGIONAL"]
    by_name = rest.patch("UpdateRestApi", ("replace", "/endpointConfiguration/types/REGIONAL", "EDGE"))
    assert by_name["endpointConfiguration"]["types"] == ["EDGE"]
    dual = rest.patch("UpdateRestApi", ("replace", "/endpointConfiguration/ipAddressType", "dualstack"))
    assert dual["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "dualstack"}
    for missing in ("1", "REGIONAL"):
        with pytest.raises(ServiceError) as caught:
            rest.patch("UpdateRestApi", ("replace", f"/endpointConfiguration/types/{missing}", "PRIVATE"))
        assert caught.value.code == "BadRequestException"
