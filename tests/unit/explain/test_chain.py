"""The chain of a route for everybody at once, and what a change opens beyond what was asked."""

from __future__ import annotations

import json
from typing import Any

from tests.scenes.lab import Lab

from sekisho.explain.chain import Opened, chain, opened


def allow(action: str, resource: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def statuses(lab: Lab, api: str) -> dict[str, tuple[int, bool]]:
    found = chain(lab.snapshot, api, "prod")
    assert found is not None and found["complete"]
    (route,) = found["routes"]
    return {row["principal"].rsplit("/")[-1]: (row["status"], row["conditional"]) for row in route["principals"]}


def test_who_gets_what() -> None:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function)
    lab.role("caller", allow("execute-api:Invoke", "*"))
    lab.role("home", allow("execute-api:Invoke", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    lab.role("nobody")
    found = chain(lab.snapshot, api, "prod")
    assert found is not None and found["routes"][0]["brokenForEverybody"][-1]["step"] == "function"
    lab.permit(api, function)
    found = chain(lab.snapshot, api, "prod")
    assert found is not None and found["routes"][0]["brokenForEverybody"] is None
    answers = statuses(lab, api)
    assert answers["caller"] == (200, False)
    assert answers["home"] == (200, True)
    assert answers["nobody"] == (403, False)
    assert answers["anonymous"] == (403, False)
    assert lab.request(api, key=lab.assume("caller")).status == 200
    assert lab.request(api, key=lab.assume("nobody")).status == 403
    assert chain(lab.snapshot, api, "none") is None


def test_an_open_route_serves_everybody() -> None:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function, auth="NONE")
    lab.permit(api, function)
    assert {status for status, _ in statuses(lab, api).values()} == {200}


def test_a_wide_grant_opens_more_than_a_narrow_one() -> None:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function)
    lab.permit(api, function)
    lab.role("caller")
    lab.role("other")
    before = lab.snapshot
    resource = f"arn:aws:execute-api:us-east-1:123456789012:{api}/prod/GET/api/endpoint"
    lab("iam", "PutRolePolicy", RoleName="caller", PolicyName="p", PolicyDocument=allow("execute-api:Invoke", resource))
    role = "arn:aws:iam::123456789012:role/caller"
    assert opened(before, lab.snapshot, api, "prod", function) == [Opened(role, "execute-api:Invoke", resource)]
    lab("iam", "PutRolePolicy", RoleName="caller", PolicyName="p", PolicyDocument=allow("*", "*"))
    assert opened(before, lab.snapshot, api, "prod", function) == [
        Opened(role, "execute-api:Invoke", resource),
        Opened(role, "lambda:InvokeFunction", function),
    ]
    assert opened(lab.snapshot, lab.snapshot, api, "prod", function) == []
    before = lab.snapshot
    lab(
        "lambda", "AddPermission", FunctionName=function, StatementId="x", Action="lambda:InvokeFunction", Principal="*"
    )
    names = {found.principal for found in opened(before, lab.snapshot, api, "prod", function)}
    assert "anonymous" in names and "anybody in any other account" in names


def test_a_remedy_says_what_else_it_opens() -> None:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function)
    lab.permit(api, function)
    role = "arn:aws:iam::123456789012:role/caller"
    lab.role("caller")
    lab.role("friend", allow("sts:AssumeRole", "*"))
    found = lab.explain(lab.request(api, key=lab.assume("caller")).trace)
    narrow = found["remedies"][0]
    assert [call["operation"] for call in narrow["patch"]] == ["PutRolePolicy"]
    assert narrow["opened"] == [] and narrow["opens"] == ""
    policy = allow("execute-api:Invoke", f"arn:aws:execute-api:us-east-1:123456789012:{api}/prod/GET/other")
    lab("iam", "CreatePolicy", PolicyName="shared", PolicyDocument=policy)
    for name in ("caller", "friend"):
        lab("iam", "AttachRolePolicy", RoleName=name, PolicyArn="arn:aws:iam::123456789012:policy/shared")
    found = lab.explain(lab.request(api, key=lab.assume("caller")).trace)
    widening = [r for r in found["remedies"] if r["patch"][0]["operation"] == "CreatePolicyVersion"]
    assert widening, found["remedies"]
    friend = "arn:aws:iam::123456789012:role/friend"
    assert {row["principal"] for row in widening[0]["opened"]} == {friend} and role != friend
    assert "role/friend" in widening[0]["opens"]
