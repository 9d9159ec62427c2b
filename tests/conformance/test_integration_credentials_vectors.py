"""Recorded outcomes of the three authorities under which an integration calls a function."""

from __future__ import annotations

import re

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, calls, load
from tests.scenes.pipeline import (
    ACCOUNT,
    IAM,
    OPEN,
    Api,
    Played,
    allow,
    deny,
    function,
    gateway_may_invoke,
    lambda_proxy,
    returned,
    role,
    user,
)

from sekisho.config.identities import AccessKey, Role

FILE = "stackd-integration-credentials"
INVOKE = "lambda:InvokeFunction"
ELSEWHERE = frozenset(
    (
        "intcred/rest-patch-replace-empty-removes",
        "intcred/rest-role-assignment-needs-passrole",
        "intcred/rest-credentials-change-needs-deploy",
    )
)
"""Replayed on the control plane, in ``test_redeployment_vectors``."""
CASES = [
    case
    for case in load(FILE)
    if (case["id"].startswith("intcred/rest-") or case["given"].get("api") == "REST") and case["id"] not in ELSEWHERE
]

SOURCE_KEYS = {
    "Null": {"aws:SourceArn": "true", "aws:SourceAccount": "true"},
    "StringEquals": {"aws:PrincipalType": "AssumedRole"},
}

ROLES: dict[str, Role] = {
    "ROLE_allow": role("allow", allow(INVOKE)),
    "ROLE_deny": role("deny", allow(INVOKE), deny(INVOKE)),
    "ROLE_missing": role("missing"),
}


def trusting_only_without_source() -> Role:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": SOURCE_KEYS,
    }
    return role("trusting", allow(INVOKE), trust=trust)


def caller_policy(text: str) -> AccessKey:
    """A caller that may invoke the API, with the statement on Lambda that the case words."""
    invoke = allow("execute-api:Invoke")
    if "Deny lambda:InvokeFunction" in text:
        return user("caller", invoke, allow(INVOKE), deny(INVOKE))
    condition = re.search(r"Condition (\S+) (\S+) (\S+)", text)
    if condition is None:
        assert "lambda:InvokeFunction" in text
        return user("caller", invoke, allow(INVOKE))
    operator, key, value = condition.groups()
    return user("caller", invoke, allow(INVOKE, Condition={operator: {key: value}}))


def play(case: Case, roles: dict[str, Role] = ROLES) -> Played:
    given, when = case["given"], case["when"]
    permissions = [gateway_may_invoke()] if given.get("function_policy") else []
    api = Api(stage="dev", functions=[function(*permissions)], roles=list(roles.values()))
    if "role_trust" in given:
        trusting = trusting_only_without_source()
        api.roles.append(trusting)
        credentials, signed = trusting.arn, False
    else:
        named = calls(case, "put_integration")[0]["credentials"] or ""
        known = roles.get(named)
        credentials = known.arn if known else named.replace("ROLE_", f"arn:aws:iam::{ACCOUNT}:role/")
        signed = calls(case, "put_method")[0]["authorizationType"] == "AWS_IAM"
    api.route("GET", "/", lambda_proxy(credentials), auth=IAM if signed else OPEN)
    caller = None
    if when.get("signed"):
        caller = caller_policy(when.get("caller") or when["caller_policy"])
        api.keys.append(caller)
    return api.play("GET", "/dev/", signed_by=caller, answers=[returned({"statusCode": 200, "body": "{}"})])


def compare(case: Case, played: Played) -> list[str]:
    then = case["then"]
    problems = []
    wanted = 200 if then.get("status") == "success" else then["status"]
    if played.status != wanted:
        problems.append(f"status {played.status}")
    if "body_text" in then and played.text != then["body_text"]:
        problems.append(f"body {played.text}")
    if "content_length" in then and played.headers.get("content-length") != str(then["content_length"]):
        problems.append("length")
    for name, value in then.get("headers", {}).items():
        found = [each for key, each in played.response.headers if key == name]
        if len(found) != 1 or not (found[0] if value.startswith("<") else found[0] == value):
            problems.append(f"header {name}: {found}")
    if "backend_invoked" in then and bool(played.asked) != then["backend_invoked"]:
        problems.append("the function was called")
    if then.get("role_assumed") and [check.purpose for check in played.trace.checks] != [
        "assume-role",
        "invoke-function",
    ]:
        problems.append("the role was not assumed")
    return problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_credentials(case: Case) -> None:
    if case["id"] == "intcred/rest-role-repair-live":
        repaired = ROLES | {"ROLE_missing": role("missing", allow(INVOKE))}
        statuses = [play(case).status, play(case, repaired).status]
        tally(FILE, case["id"], statuses == [500, 200])
        assert statuses == [500, 200]
        return
    problems = compare(case, play(case))
    tally(FILE, case["id"], not problems)
    assert not problems, problems
