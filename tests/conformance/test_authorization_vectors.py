"""Recorded outcomes of IAM, resource policies, Lambda permissions and integration credentials on REST APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    FUNCTION,
    IAM,
    REGION,
    SOURCE_IP,
    Api,
    Played,
    allow,
    deny,
    function,
    gateway_may_invoke,
    lambda_proxy,
    mock,
    policy,
    returned,
    role,
    session,
    user,
)

from sekisho.config.identities import AccessKey, Role
from sekisho.policy.combine import PolicyStack, decide
from sekisho.policy.compile import compile_policy
from sekisho.policy.request import MappingContext, Question

FILE = "authorization-recorded"
INVOKE = "lambda:InvokeFunction"
FAMILIES = ("iam/rest", "permission/", "credentials/", "respolicy/")
CASES = [case for case in load(FILE) if case["id"].startswith(FAMILIES)]
ROLE_A = f"arn:aws:iam::{ACCOUNT}:role/a"


def answered(api: Api, method: str = "GET", target: str = "/prod/a", caller: AccessKey | None = None) -> Played:
    if caller is not None:
        api.keys.append(caller)
    return api.play(method, target, signed_by=caller, answers=[returned({"statusCode": 200})])


def iam_case(case: Case) -> Played:
    api = Api(deployed="without deployment" not in str(case["given"]["api"]))
    api.route("GET", "/a", mock(), auth=IAM)
    if not api.deployed:
        return answered(api, target=case["when"]["url"])
    return answered(api, target="/prod/unknown" if "url" in case["when"] else "/prod/a")


def permission_case(case: Case) -> Played:
    source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*/GET/a"
    api = Api(functions=[function(gateway_may_invoke(source))])
    api.route("GET", "/a", lambda_proxy()).route("GET", "/b", lambda_proxy())
    return answered(api, target=f"/prod{case['when'].removeprefix('GET ')}")


TRUST_WITH_SOURCE = {
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}
ROLES: dict[str, Role | None] = {
    "ROLE without lambda:InvokeFunction": role("r"),
    "ROLE with Deny lambda:InvokeFunction": role("r", allow(INVOKE), deny(INVOKE)),
    "arn of a role that does not exist": None,
    "ROLE whose trust requires aws:SourceArn or aws:SourceAccount": role("r", allow(INVOKE), trust=TRUST_WITH_SOURCE),
}


def credentials_case(case: Case) -> Played:
    given = case["given"]
    integration = given.get("integration", given)
    wanted = integration["credentials"]
    api = Api(functions=[function(gateway_may_invoke())] if integration.get("lambda_policy") else [function()])
    if wanted in ROLES:
        found = ROLES[wanted]
        api.roles = [found] if found else []
        api.route("GET", "/a", lambda_proxy(f"arn:aws:iam::{ACCOUNT}:role/r"))
        return answered(api)
    if wanted is None:
        api.route("GET", "/a", lambda_proxy())
        return answered(api)
    api.route("GET", "/a", lambda_proxy(wanted), auth=IAM)
    if not case["when"]["signed"]:
        return answered(api)
    words = case["when"]["caller"]
    statements = [allow("execute-api:Invoke"), allow(INVOKE)]
    if "explicit Deny lambda:InvokeFunction" in words:
        statements.append(deny(INVOKE))
    return answered(api, caller=user("caller", *statements))


def respolicy_case(case: Case) -> Played:
    given = case["given"]
    text = json.dumps(given["resource_policy"])
    text = text.replace("execute-api:/", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/")
    text = text.replace("ROLE_A", ROLE_A).replace("<caller ip>", f"{SOURCE_IP}/32")
    document = {"Version": "2012-10-17", **json.loads(text)}
    api = Api(stage="v1", resource_policy=compile_policy(document))
    for name, what in given["methods"].items():
        verb, path = name.split()
        if "AWS_IAM" in what:
            api.route(verb, path, mock(), auth=IAM)
        else:
            api.route(verb, path, mock())
    who, _, path = case["when"].rpartition(" GET ")
    caller = None
    if who.startswith("ROLE_"):
        caller = session(who[5].lower(), "session")
    return answered(api, target=f"/v1{path}", caller=caller)


PLAYS: dict[str, Callable[[Case], Played]] = {
    "iam": iam_case,
    "permission": permission_case,
    "credentials": credentials_case,
    "respolicy": respolicy_case,
}


def compare(case: Case, played: Played) -> list[str]:
    then = case["then"]
    problems = []
    if played.status != then["status"]:
        problems.append(f"status {played.status}")
    if "lambda_invoked" in then and bool(played.asked) != then["lambda_invoked"]:
        problems.append("the function was called")
    if "content_length" in then and played.headers.get("content-length") != str(then["content_length"]):
        problems.append("length")
    for name, value in then.get("headers", {}).items():
        found = next((each for key, each in played.response.headers if key == name), "")
        if not (found if value.startswith("<") else found == value):
            problems.append(f"header {name}: {found}")
    if "body_text" in then:
        pattern = re.sub(r"<[a-z-]+>", "[^/:]+", re.escape(then["body_text"]).replace("\\-", "-"))
        if not re.fullmatch(pattern, played.text):
            problems.append(f"body {played.text}")
    return problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_rest_authorization(case: Case) -> None:
    problems = compare(case, PLAYS[case["id"].partition("/")[0]](case))
    tally(FILE, case["id"], not problems)
    assert not problems, problems


# Measurements of other services' resource policies: the same decision, asked directly.

FLOCI = "floci-iam-policy"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"


def floci_answer(case: Case) -> int:
    given = case["given"]
    words = case["when"].split()
    name = words[0]
    letter = name[-1].lower()
    if "function_policy" in given:
        permission = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/b"},
            "Action": INVOKE,
            "Resource": FUNCTION,
        }
        action, resource, resource_policy = INVOKE, FUNCTION, policy(permission)
    else:
        statements = [given["queue_policy"]]
        if "queue_policy_extra" in given:
            statements.append({"Resource": "QUEUE", **given["queue_policy_extra"]})
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        text = re.sub(r"ROLE_([A-C])", lambda found: f"arn:aws:iam::{ACCOUNT}:role/{found[1].lower()}", text)
        action, resource = "sqs:SendMessage", QUEUE
        resource_policy = compile_policy(text.replace('"QUEUE"', f'"{QUEUE}"'))
    identity = given.get(name, {}).get("identity_policy")
    stack = PolicyStack((policy(allow("sqs:SendMessage", QUEUE)),)) if identity else PolicyStack()
    subject = session(letter, "session").principal.subject
    keys = {f"aws:PrincipalTag/{key}": value for key, value in given.get(name, {}).get("tags", {}).items()}
    context = MappingContext({"aws:PrincipalArn": subject.issuer_arn, **keys})
    question = Question(subject, action, resource, ACCOUNT, context)
    return 200 if decide(question, stack, resource_policy).allowed else 403


@pytest.mark.parametrize("case", load(FLOCI), ids=lambda case: case["id"])
def test_measured_resource_policies(case: Case) -> None:
    status = floci_answer(case)
    tally(FLOCI, case["id"], status == case["then"]["status"])
    assert status == case["then"]["status"]
