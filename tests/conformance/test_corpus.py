"""Failures as they reached people: the same symptom, the cause by name, and a cure.

Each case is built from its template with control-plane calls, its request is sent, and three things must hold: the
client sees what the reporter saw, the explanation names the root cause, and the case's own fix heals it. What the
explanation offers must heal as well.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.scenes.corpus import SUPPORTED, Document, Scene, cases, patched
from tests.scenes.lab import Answer

from sekisho.explain.messages import MESSAGES
from sekisho.functions.invocation import InvocationResult, InvokeFunction, Returned

FILE = "corpus"
CASES = {case["id"]: case for case in cases()}
CANNOT: dict[str, str] = {
    "015-route-stage-url-without-slash": "the root method answers with and without the slash here",
    "042-sigv4-double-encoded-path": "the path of the request is no resource of the template",
    "078-vpce-policy-denies-execute-api-variant": "there are no VPC endpoints here",
    "117-lauth-http-cached-json-string-context": "the route of the request is not in the template",
    "229-lambda-not-in-vpc-endpoint-timeout-variant": "functions run on this machine's network",
    "247-vpclink-target-unhealthy-variant": "there are no VPC links here",
    "249-vpclink-certificate-name-mismatch-variant": "there are no VPC links here",
}
"""Cases that cannot be built, or whose configuration does not show what they report."""
OTHER_STATUS = {
    "230-lambda-throttled-reserved-concurrency": 500,
}
"""Statuses that other sources, which go before these reports, give otherwise."""
OTHER_ERROR_TYPE = {
    "179-request-too-large": None,
}
"""The same for ``x-amzn-ErrorType``."""
OTHER_TEXT = {
    "055-sigv4-clock-skew-variant": "the times are those of the run",
    "179-request-too-large": "another source quotes the text",
    "208-lambda-stage-variable-empty": "the report quotes the console's test",
    "240-mapping-invalid-method-response": "the fix makes the function's error a 404 that is meant",
    "242-lambda-nonproxy-error-returns-200": "the fix makes the function's error visible, as 504",
    "251-cors-401-without-cors-headers": "an expired token is named as such",
}
"""Bodies that are not compared, and why."""
UNHEALED: dict[str, str] = {
    "061-rp-ip-allowlist-implicit-deny": "the method requires an API key, which the case does not make",
    "064-rp-lambda-authorizer-preauth-deny": "there are no VPC endpoints here",
    "069-rp-private-sourceip-instead-of-vpcsourceip": "there are no VPC endpoints here",
    "072-rp-private-vpc-id-under-vpce-key": "there are no VPC endpoints here",
    "100-lauth-rest-cross-account-permission-missing": "the remote function's code is not given",
    "106-lauth-rest-empty-resource-list": "the fix is a denial that is meant",
    "110-lauth-http-exception": "the fix is a denial that is meant",
    "114-lauth-http-policy-while-simple-enabled": "the policy names another stage than the case's",
    "154-cognito-sigv4-header-sent-to-cognito-authorizer-variant": "the case names two regions",
    "208-lambda-stage-variable-empty": "the fix does not give the alias a permission",
    "240-mapping-invalid-method-response": "the fix makes the function's error a 404 that is meant",
    "242-lambda-nonproxy-error-returns-200": "the fix makes the function's error visible, as 504",
    "251-cors-401-without-cors-headers": "the fix makes the refusal visible, it stays one",
}
"""Cases whose fix does not lead to an answer below 400 here."""
MEANT = {"240-mapping-invalid-method-response": 404, "242-lambda-nonproxy-error-returns-200": 504}
"""Answers above 400 that a case wants to see."""
UNPLACED = {
    "LPERM_CROSS_ACCOUNT": "the permission is given in the other account",
}


def built(case: Document) -> tuple[Scene, Answer]:
    scene = Scene(case)
    return scene, scene.send()


def runs(case: Document) -> bool:
    return case["id"] not in CANNOT


def types_of(case: Document) -> set[str]:
    return {resource["Type"] for resource in case["config"]["template"]["Resources"].values()}


def test_there_are_cases() -> None:
    assert len(CASES) > 60
    assert set(CANNOT) | set(OTHER_STATUS) | set(OTHER_TEXT) | set(UNHEALED) <= set(CASES)
    assert all(types_of(case) & SUPPORTED for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_symptom_and_cause(name: str) -> None:
    case = CASES[name]
    if not runs(case):
        tally(FILE, name, False, CANNOT[name])
        pytest.skip(CANNOT[name])
    scene, answer = built(case)
    assert answer.status == OTHER_STATUS.get(name, case["symptom"]["http_status"]), answer.response.body
    expected = case["symptom"]["headers"].get("x-amzn-ErrorType", _said(answer))
    assert _said(answer) == OTHER_ERROR_TYPE.get(name, expected)
    if name not in OTHER_TEXT:
        assert _text(answer.response.body.decode()).startswith(_reported(scene.case))
    explained = scene.lab.explain(answer.trace)
    assert explained["cause"] == case["root_cause"], explained["headline"]
    assert explained["headline"] and explained["evidence"]
    japanese = scene.lab.explain(answer.trace, "ja")
    assert japanese["headline"] != explained["headline"]
    tally(FILE, name, True)


def _text(body: str) -> str:
    """The member of a JSON body that speaks, with its name; other bodies as they are."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    if not isinstance(found, dict):
        return body
    return next((f"{key}: {found[key]}" for key in ("message", "Message") if key in found), body)


def _reported(case: Document) -> str:
    """What the reporter quoted, up to the first value of their own; sessions have one name here."""
    text = re.split(r"'|\.\.\.", _text(case["symptom"]["body"]))[0]
    return re.sub(r"(assumed-role/[\w-]+)/[\w-]+", r"\1/session", text)


def _said(answer: Answer) -> str | None:
    return next((value for key, value in answer.response.headers if key.lower() == "x-amzn-errortype"), None)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if runs(case) and name not in UNHEALED])
def test_the_fix_of_the_case_heals(name: str) -> None:
    _, answer = built(patched(CASES[name]))
    assert answer.status < 400, answer.response.body


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if runs(case)])
def test_what_is_offered_heals(name: str) -> None:
    case = CASES[name]
    scene, answer = built(case)
    offered = scene.lab.explain(answer.trace)["remedies"]
    if case["root_cause"] in UNPLACED:
        return
    for number in range(len(offered)):
        fresh, again = built(case)
        remedy: dict[str, Any] = fresh.lab.explain(again.trace)["remedies"][number]
        assert remedy["proven"] and remedy["summary"]
        assert bool(remedy["commands"]) != bool(remedy["answer"])
        _apply(fresh, remedy)
        if remedy["answer"]:
            _let_answer(fresh, again.trace.results[-1][0], remedy["answer"])
        fresh.ledger.clear()
        healed = fresh.send()
        if remedy["proven_up_to"] in ("response", "function-call", "http-call"):
            healthy = healed.status < 400 or healed.status == MEANT.get(name)
            assert healthy, (remedy["summary"], healed.response.body)
        elif remedy["proven_up_to"] not in ("authorizer-call",):
            assert healed.trace.refused_at == remedy["proven_up_to"]


OFFERED = {
    "103-lauth-rest-returns-http-response": ["cure.answer"],
    "116-lauth-http-simple-while-policy-expected": ["cure.simple-on", "cure.answer"],
    "128-lauth-cache-proxy-resource-concrete-path": [
        "cure.answer-wider",
        "cure.flush-authorizers",
        "cure.authorizer-ttl",
    ],
    "134-lauth-policy-template-path-instead-of-concrete": ["cure.answer-wider"],
    "139-jwt-audience-not-listed": ["cure.add-audience"],
    "149-jwt-scope-not-granted-variant": ["cure.add-scope"],
    "214-proxy-response-body-is-object-variant": ["cure.answer"],
}
"""What must be offered, in this order."""


@pytest.mark.parametrize("name", OFFERED)
def test_cures_that_must_be_offered(name: str) -> None:
    scene, answer = built(CASES[name])
    texts = [remedy["summary"] for remedy in scene.lab.explain(answer.trace)["remedies"]]
    assert len(texts) == len(OFFERED[name])
    for text, message in zip(texts, OFFERED[name], strict=True):
        assert text.startswith(MESSAGES[message].en.partition("{")[0])


def _apply(scene: Scene, remedy: dict[str, Any]) -> None:
    for step in remedy["patch"]:
        scene.lab(step["service"], step["operation"], region=scene.region, **step["parameters"])


def _let_answer(scene: Scene, function: str, answer: str) -> None:
    """The function's author follows the advice: from now on it answers this."""
    others = scene.lab.functions

    def answering(effect: InvokeFunction) -> InvocationResult:
        if effect.function.arn == function:
            return Returned(answer.encode(), effect.request_id, 0.001)
        return others(effect)

    scene.lab.functions = answering


def test_an_observed_log_line_is_ours() -> None:
    """The fields of the first report of caller credentials, value by value."""
    case = CASES["200-lambda-caller-credentials-sam-default"]
    _, answer = built(case)
    wanted = json.loads(case["symptom"]["access_log_line"])
    trace = answer.trace
    assert str(trace.status) == wanted["status"]
    assert trace.integration_error == wanted["integrationError"]
    assert trace.error_message == wanted["errorMessage"]
    assert (trace.authenticate.status, trace.authorize.status) == (
        wanted["authenticateStatus"],
        wanted["authorizeStatus"],
    )
