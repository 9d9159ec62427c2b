"""Integrations: what is admitted, what is kept, what is cleared."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION, user
from tests.scenes.http_api import HttpApi, function_arn, invocation_uri

from sekisho.services.operation import ServiceError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
WEB = {
    "IntegrationType": "HTTP_PROXY",
    "IntegrationMethod": "GET",
    "IntegrationUri": "https://example.com",
    "PayloadFormatVersion": "1.0",
}


@pytest.fixture
def http() -> HttpApi:
    made = HttpApi()
    made.create()
    return made


def refused(http: HttpApi, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        http.on(operation, **params)
    return caught.value


def test_a_function(http: HttpApi) -> None:
    made = http.on("GetIntegration", IntegrationId=http.integration(Description="d"))
    assert made == {
        "IntegrationId": made["IntegrationId"],
        "IntegrationType": "AWS_PROXY",
        "IntegrationMethod": "POST",
        "IntegrationUri": function_arn("f"),
        "PayloadFormatVersion": "2.0",
        "ConnectionType": "INTERNET",
        "TimeoutInMillis": 30000,
        "Description": "d",
    }
    assert http.on("GetIntegrations")["Items"] == [made]


@pytest.mark.parametrize(
    "uri",
    [
        function_arn("f:live"),
        function_arn("f:$LATEST"),
        invocation_uri("f"),
        invocation_uri("f:${stageVariables.alias}"),
        function_arn("${stageVariables.fn}"),
    ],
)
def test_addresses_of_functions(http: HttpApi, uri: str) -> None:
    assert http.on("GetIntegration", IntegrationId=http.integration(IntegrationUri=uri))["IntegrationUri"] == uri


@pytest.mark.parametrize(
    "params",
    [
        {"PayloadFormatVersion": ""},
        {"PayloadFormatVersion": "3.0"},
        {"TimeoutInMillis": 49},
        {"TimeoutInMillis": 30001},
        {"IntegrationUri": "https://example.com"},
        {"IntegrationUri": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
        {"IntegrationMethod": "GET"},
        {"ConnectionType": "VPC_LINK", "ConnectionId": "x"},
        {"ConnectionId": "x"},
        {"CredentialsArn": "arn:aws:iam::*:user/*"},
        {"CredentialsArn": "nonsense"},
        {"CredentialsArn": function_arn("f")},
        {"RequestParameters": {"integration.request.header.a": "method.request.header.b"}},
        {"RequestParameters": {"overwrite:header.Authorization": "x"}},
        {"ResponseParameters": {"100": {"overwrite:statuscode": "200"}}},
        {"ResponseParameters": {"200": {"overwrite:path": "x"}}},
        {"TlsConfig": {"ServerNameToVerify": "x"}},
        {"RequestTemplates": {"application/json": "{}"}},
        {"PassthroughBehavior": "NEVER"},
        {"ContentHandlingStrategy": "CONVERT_TO_TEXT"},
        {"IntegrationType": "MOCK"},
        {"IntegrationType": "AWS"},
        {"IntegrationType": "HTTP"},
        {**WEB, "IntegrationMethod": "FETCH"},
        {**WEB, "IntegrationUri": "ftp://example.com"},
        {**WEB, "PayloadFormatVersion": "2.0"},
        {**WEB, "CredentialsArn": ROLE},
        {**WEB, "ConnectionType": "VPC_LINK"},
        {**WEB, "ConnectionType": "VPC_LINK", "ConnectionId": "missing"},
    ],
)
def test_refused(http: HttpApi, params: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        http.integration(**params)
    assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)
    assert http.on("GetIntegrations")["Items"] == []


def test_first_class_service_integrations_are_refused_by_name(http: HttpApi) -> None:
    with pytest.raises(ServiceError) as caught:
        http.integration(IntegrationSubtype="SQS-SendMessage")
    assert caught.value.status == 501
    assert "IntegrationSubtype SQS-SendMessage" in caught.value.message


def test_parameters_are_merged(http: HttpApi) -> None:
    made = http.integration(
        RequestParameters={"append:header.a": "1", "remove:header.b": "''"},
        ResponseParameters={"200": {"append:header.a": "1"}, "500": {"overwrite:statuscode": "200"}},
    )
    after = http.on(
        "UpdateIntegration",
        IntegrationId=made,
        RequestParameters={"append:header.a": "", "append:header.c": "3"},
        ResponseParameters={"200": {"append:header.b": "2"}, "500": {}},
    )
    assert after["RequestParameters"] == {"remove:header.b": "''", "append:header.c": "3"}
    assert after["ResponseParameters"] == {"200": {"append:header.a": "1", "append:header.b": "2"}}


def test_updates_are_checked_and_clear(http: HttpApi) -> None:
    made = http.integration(CredentialsArn=ROLE, Description="d")
    after = http.on("UpdateIntegration", IntegrationId=made, CredentialsArn="", Description="", TimeoutInMillis=50)
    assert not {"CredentialsArn", "Description"} & set(after)
    assert after["TimeoutInMillis"] == 50
    assert refused(http, "UpdateIntegration", IntegrationId=made, TimeoutInMillis=1).code == "BadRequestException"
    assert http.on("GetIntegration", IntegrationId=made) == after


def test_a_role_needs_pass_role(http: HttpApi) -> None:
    http.caller = user("nobody")
    with pytest.raises(ServiceError) as caught:
        http.integration(CredentialsArn=ROLE)
    assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 403)


def test_deleting(http: HttpApi) -> None:
    made = http.integration()
    route = http.route("GET /", Target=f"integrations/{made}")
    error = refused(http, "DeleteIntegration", IntegrationId=made)
    assert (error.code, error.status) == ("ConflictException", 409)
    assert error.message == (
        f"Cannot delete Integration because it is referenced by the following Routes with Ids: [{route}]"
    )
    http.on("DeleteRoute", RouteId=route)
    assert http.on("DeleteIntegration", IntegrationId=made) == {}
    assert refused(http, "GetIntegration", IntegrationId=made).code == "NotFoundException"


def test_vpc_links(http: HttpApi) -> None:
    link = str(http("CreateVpcLink", Name="l", SubnetIds=["subnet-1"])["VpcLinkId"])
    assert http("GetVpcLink", VpcLinkId=link)["VpcLinkStatus"] == "AVAILABLE"
    listener = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/a/b/c"
    private = {**WEB, "IntegrationUri": listener, "ConnectionType": "VPC_LINK", "ConnectionId": link}
    made = http.integration(**private, TlsConfig={"ServerNameToVerify": "x"})
    with pytest.raises(ServiceError) as caught:
        http("DeleteVpcLink", VpcLinkId=link)
    assert caught.value.code == "BadRequestException"
    http.on("DeleteIntegration", IntegrationId=made)
    assert http("UpdateVpcLink", VpcLinkId=link, Name="m")["Name"] == "m"
    assert [each["Name"] for each in http("GetVpcLinks")["Items"]] == ["m"]
    assert http("DeleteVpcLink", VpcLinkId=link) == {}
    with pytest.raises(ServiceError) as caught:
        http("GetVpcLink", VpcLinkId=link)
    assert caught.value.code == "NotFoundException"
