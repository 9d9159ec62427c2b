"""A private REST API whose policy names a VPC endpoint; a header of the loopback client says which one was used."""

from __future__ import annotations

import json

import requests
from tests.scenes.server import running

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
            "Condition": {
                "StringEquals": {"aws:SourceVpce": "vpce-0123"},
                "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"},
            },
        }
    ],
}


def test_source_endpoint_decides() -> None:
    with running() as server:
        client = server.client("apigateway")
        api = client.create_rest_api(
            name="private", endpointConfiguration={"types": ["PRIVATE"]}, policy=json.dumps(POLICY)
        )
        method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        client.put_method(**method, authorizationType="NONE")
        client.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        client.put_method_response(**method, statusCode="200")
        client.put_integration_response(**method, statusCode="200")
        client.create_deployment(restApiId=api["id"], stageName="prod")

        def get(**headers: str) -> requests.Response:
            named = {f"x-sekisho-source-{name}": value for name, value in headers.items()}
            url = f"{server.url}/restapis/{api['id']}/prod/_user_request_/"
            return requests.get(url, headers=named, timeout=30)

        assert get(vpce="vpce-0123", ip="10.1.2.3").status_code == 200
        for answer in (get(), get(ip="10.1.2.3"), get(vpce="vpce-9999", ip="10.1.2.3")):
            assert answer.status_code == 403
            request_id = answer.headers["x-amzn-RequestId"]
            why = requests.get(f"{server.url}/_sekisho/requests/{request_id}/explanation", timeout=30).json()
            assert why["cause"] == "RP_VPCE_MISMATCH"
