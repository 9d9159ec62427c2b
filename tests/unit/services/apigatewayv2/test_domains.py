"""Custom domain names and API mappings."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.http_api import HttpApi, function_arn

from sekisho.services.operation import ServiceError
from sekisho.state.world import Key


def test_domain_names() -> None:
    http = HttpApi()
    http.create()
    http.route("GET /")
    http.stage("s")
    certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c"
    made = http(
        "CreateDomainName", DomainName="Api.Example.com", DomainNameConfigurations=[{"CertificateArn": certificate}]
    )
    assert made["DomainName"] == "api.example.com"
    target = made["DomainNameConfigurations"][0]["ApiGatewayDomainName"]
    where = {"DomainName": "api.example.com"}

    def refused(operation: str, **params: Any) -> str:
        with pytest.raises(ServiceError) as caught:
            http(operation, **{**where, **params})
        return caught.value.code

    renewed = [{"CertificateArn": certificate, "SecurityPolicy": "TLS_1_2"}]
    after = http("UpdateDomainName", **where, DomainNameConfigurations=renewed)
    assert after["DomainNameConfigurations"][0]["ApiGatewayDomainName"] == target
    assert http("GetDomainNames")["Items"] == [after]
    assert refused("CreateDomainName", DomainNameConfigurations=renewed) == "ConflictException"
    assert refused("CreateDomainName", DomainName="no dots") == "BadRequestException"
    wrong = [{"CertificateArn": function_arn("f")}]
    assert refused("CreateDomainName", DomainName="b.example.com", DomainNameConfigurations=wrong) == (
        "BadRequestException"
    )
    assert refused("UpdateDomainName", MutualTlsAuthentication={"TruststoreUri": "s3://b/k"}) == (
        "NotImplementedException"
    )
    to = {"ApiId": http.api, "Stage": "s"}
    mapping = http("CreateApiMapping", **where, **to, ApiMappingKey="v1/pets")
    assert http("GetApiMapping", **where, ApiMappingId=mapping["ApiMappingId"]) == mapping
    assert http("GetApiMappings", **where)["Items"] == [mapping]
    assert refused("CreateApiMapping", **to, ApiMappingKey="v1/pets") == "ConflictException"
    for key in ("/v1", "v1/", "v1//a", "a b", "x" * 301):
        assert refused("CreateApiMapping", **to, ApiMappingKey=key) == "BadRequestException"
    assert refused("CreateApiMapping", ApiId=http.api, Stage="none") == "BadRequestException"
    assert refused("CreateApiMapping", ApiId="none", Stage="s") == "NotFoundException"
    moved = http("UpdateApiMapping", **where, ApiMappingId=mapping["ApiMappingId"], ApiId=http.api, ApiMappingKey="")
    assert moved["ApiMappingKey"] == ""
    assert refused("DeleteStage", ApiId=http.api, StageName="s") == "BadRequestException"
    assert refused("DeleteApi", ApiId=http.api) == "BadRequestException"
    assert http("DeleteApiMapping", **where, ApiMappingId=mapping["ApiMappingId"]) == {}
    assert refused("GetApiMapping", ApiMappingId=mapping["ApiMappingId"]) == "NotFoundException"
    http("CreateApiMapping", **where, **to)
    assert http("DeleteDomainName", **where) == {}
    assert refused("GetDomainName") == "NotFoundException"
    assert http.on("DeleteApi") == {}


def test_a_mapping_to_a_rest_api() -> None:
    http = HttpApi()
    certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c"
    http("CreateDomainName", DomainName="a.example.com", DomainNameConfigurations=[{"CertificateArn": certificate}])
    for kind, id_ in (("restapi", "rest"), ("stage", "rest/prod")):
        http.store.put(Key(ACCOUNT, REGION, "apigateway", kind, id_), {})
    made = http("CreateApiMapping", DomainName="a.example.com", ApiId="rest", Stage="prod", ApiMappingKey="v1")
    assert (made["ApiId"], made["Stage"]) == ("rest", "prod")
    with pytest.raises(ServiceError) as caught:
        http("CreateApiMapping", DomainName="a.example.com", ApiId="rest", Stage="none")
    assert caught.value.code == "BadRequestException"
