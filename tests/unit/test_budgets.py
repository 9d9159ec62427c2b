"""The hot path's cost against a loop of plain Python, with wide margins: what doubles is noticed, noise is not.

The unit is one turn of the calibration loop, measured beside each trial, so that slow and busy machines are slow in
both. Best of many short rounds: what else the machine does can only make a round longer.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.lab import Lab, allow

from sekisho.edge.http1 import Request, encode
from sekisho.functions.invocation import InvokeFunction, Returned
from sekisho.gateway.entry import begin
from sekisho.gateway.record import finish
from sekisho.gateway.request import GatewayRequest

ROUNDS = 60
CALLS = 40
LOG_FORMAT = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","time":"$context.requestTime",'
    '"method":"$context.httpMethod","path":"$context.resourcePath","status":"$context.status"}'
)
REPLY = b'{"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "ok"}'


class _Point:
    __slots__ = ("x", "y")

    def __init__(self, x: int, y: str) -> None:
        self.x = x
        self.y = y


def _turn() -> list[str]:
    """Calls, objects, look-ups and texts, in about the mixture that serving a request is made of."""
    known = {"a": 1, "b": 2, "c": 3}
    out = []
    for name in ("a", "b", "c", "d"):
        point = _Point(known.get(name) or 0, name)
        if isinstance(point, _Point) and point.y != "d":
            out.append(f"{point.y}: {point.x}")
    return out


def _best(call: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(CALLS):
        call()
    return time.process_time() - begun


def turns(call: Callable[[], object]) -> float:
    """The cost of one call in turns of the calibration loop."""
    for each in (call, _turn):
        for _ in range(200):
            each()
    trials = [(_best(call), _best(_turn)) for _ in range(ROUNDS)]
    return min(spent for spent, _ in trials) / min(spent for _, spent in trials)


def _logged(lab: Lab, api: str) -> None:
    lab("logs", "CreateLogGroup", logGroupName="access")
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = lab("iam", "CreateRole", RoleName="logs", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    lab("iam", "AttachRolePolicy", RoleName="logs", PolicyArn=policy)
    patch = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    lab("apigateway", "UpdateAccount", patchOperations=patch)
    settings = {"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access", "format": LOG_FORMAT}
    operations = [{"op": "replace", "path": f"/accessLogSettings/{k}", "value": v} for k, v in settings.items()]
    lab("apigateway", "UpdateStage", restApiId=api, stageName="prod", patchOperations=operations)


def _mock_api(lab: Lab, auth: str) -> str:
    api: str = lab("apigateway", "CreateRestApi", name="api")["id"]
    root = lab("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
    resource = lab("apigateway", "CreateResource", restApiId=api, parentId=root, pathPart="mock")["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    json_ = "application/json"
    lab("apigateway", "PutMethod", **method, authorizationType=auth)
    lab("apigateway", "PutIntegration", **method, type="MOCK", requestTemplates={json_: '{"statusCode": 200}'})
    lab("apigateway", "PutMethodResponse", **method, statusCode="200")
    lab("apigateway", "PutIntegrationResponse", **method, statusCode="200", responseTemplates={json_: '{"ok": true}'})
    lab("apigateway", "CreateDeployment", restApiId=api, stageName="prod")
    return api


def _served(lab: Lab, request: GatewayRequest) -> Callable[[], object]:
    """The whole way of a request without sockets: gates, log line, bytes of the answer."""
    wire = Request(request.method, request.path, request.headers, "1.1", True)

    def serve() -> bytes:
        x, work = begin(request, lab.snapshot, lab.keyring, lab.now, time.monotonic, os.urandom)
        answer: Any = None
        for _ in itertools.count():
            try:
                effect = work.send(answer)
            except StopIteration as end:
                response = end.value
                break
            assert isinstance(effect, InvokeFunction)
            answer = Returned(REPLY, effect.request_id, 0.001)
        assert response.status == 200
        finish(x.trace)
        return encode(wire, response.status, response.headers, response.body, "Tue, 10 Oct 2023 01:01:01 GMT", True)

    return serve


def _open_mock() -> Callable[[], object]:
    lab = Lab()
    api = _mock_api(lab, "NONE")
    _logged(lab, api)
    return _served(lab, lab.request(api, target="/prod/mock").trace.request)


def _signed_mock() -> Callable[[], object]:
    lab = Lab()
    api = _mock_api(lab, "AWS_IAM")
    _logged(lab, api)
    ids = [*(f"other{n}" for n in range(9)), api]
    arns = [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{each}/*/GET/*" for each in ids]
    key = lab.user_key("caller", *(allow("execute-api:Invoke", arn) for arn in arns))
    return _served(lab, lab.request(api, target="/prod/mock", key=key).trace.request)


def _lambda_proxy() -> Callable[[], object]:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(auth="NONE", function=function)
    lab.permit(api, function)
    _logged(lab, api)
    return _served(lab, lab.request(api).trace.request)


@pytest.mark.parametrize(
    ("made", "budget"),
    [(_open_mock, 13.0), (_signed_mock, 36.0), (_lambda_proxy, 48.0)],
    ids=["mock", "signed", "lambda"],
)
def test_a_request_costs_no_more_than(made: Callable[[], Callable[[], object]], budget: float) -> None:
    spent = turns(made())
    assert spent <= budget, f"{spent:.1f} turns; the budget is {budget}"
