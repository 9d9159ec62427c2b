"""The throttle gate of REST APIs: keys, their plans, and what everybody may call together."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.keys import BURST_ONE, Keys

from sekisho.faults.fault import Fault
from sekisho.gateway.context.execution_log import execution_lines
from sekisho.gateway.context.variables import read_variable
from sekisho.gateway.gates.usage_plan import masked
from sekisho.gateway.record import display


def lines(scene: Keys, key: str) -> list[str]:
    trace = scene.get(key).trace
    return [each.replace(f"({trace.request_id}) ", "") for each in execution_lines(trace, "INFO")]


def test_the_execution_log_says_why_a_key_does_not_count() -> None:
    scene = Keys()
    scene.key("mine", value="a" * 34 + "gE96dR")
    stage, shown = f"{scene.api}/dev", "*" * 34 + "gE96dR"
    method = "method 'GET /required'"
    needs = "requires API Key and API Key is not associated with a Usage Plan for API Stage"
    told = lines(scene, "mine")
    assert told[1].endswith(f". API Key: {shown} API Stage: {stage}")
    assert told[2:] == [
        f"API Key {shown} not authorized because {method} {needs} {stage}: API Stage is not in a Usage Plan",
        "Method completed with status: 403",
    ]
    plan = scene.plan()
    why = "No Usage Plan found for API Key and API Stage"
    assert lines(scene, "mine")[2] == f"API Key {shown} not authorized because {method} {needs} {stage}: {why}"
    assert lines(scene, "")[2] == f"API Key  not authorized because {method} {needs} {stage}: No API Key"
    scene.gateway("CreateUsagePlanKey", usagePlanId=plan, keyId=scene.ids["mine"], keyType="API_KEY")
    assert lines(scene, "mine")[2].startswith(
        f"API Key {shown} authorized because method 'GET /required' requires API Key"
    )
    scene.patch("UpdateApiKey", "replace", "/enabled", "false", apiKey=scene.ids["mine"])
    assert lines(scene, "mine")[2] == f"API Key {shown} not authorized because API Key is disabled"


def test_the_execution_log_says_which_limit_was_reached() -> None:
    scene = Keys()
    scene.key("mine", plan=scene.plan(throttle=BURST_ONE))
    scene.get("mine")
    place = f"RestApi {scene.api}, Stage dev, Resource {scene.resource}, HttpMethod GET"
    assert lines(scene, "mine")[2] == f"Key throttle limit exceeded for {place}. Limit: 1.00 Burst: 1"


def test_the_context_knows_the_key() -> None:
    scene = Keys()
    scene.key("mine")
    trace = scene.get("mine").trace
    assert read_variable(trace, "identity.apiKey") == scene.values["mine"]
    assert read_variable(trace, "identity.apiKeyId") == scene.ids["mine"]
    assert read_variable(trace, "error.responseType") == "INVALID_API_KEY"
    assert scene.values["mine"] not in json.dumps(display(trace))


def test_a_request_authorizer_sees_the_key() -> None:
    scene = Keys(auth="CUSTOM")
    scene.key("mine", plan=scene.plan())
    answer = scene.get("mine", Who="me")
    assert answer.status == 200
    identity = json.loads(answer.invoked[0].payload)["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (scene.values["mine"], scene.ids["mine"])


def test_a_key_that_the_authorizer_names_is_masked_where_it_is_shown() -> None:
    scene = Keys(auth="CUSTOM", source="AUTHORIZER")
    scene.key("mine", plan=scene.plan())
    scene.says = {"usageIdentifierKey": scene.values["mine"]}
    answer = scene.get("other", Who="me")
    assert answer.status == 200
    assert read_variable(answer.trace, "identity.apiKeyId") == scene.ids["mine"]
    assert scene.values["mine"] not in json.dumps(display(answer.trace))


def test_the_source_of_keys_is_that_of_the_deployment() -> None:
    scene = Keys()
    scene.key("mine", plan=scene.plan("dev", "other"))
    scene.patch("UpdateRestApi", "replace", "/apiKeySource", "AUTHORIZER", restApiId=scene.api)
    assert scene.get("mine").status == 200
    scene.gateway("CreateDeployment", restApiId=scene.api, stageName="other")
    assert [scene.get("mine", stage).status for stage in ("dev", "other")] == [200, 403]


def test_what_a_throttle_refused_is_not_charged() -> None:
    scene = Keys()
    scene.key("mine", plan=scene.plan(throttle=BURST_ONE, quota={"limit": 2, "period": "DAY"}))
    statuses = []
    for wait in (0.0, 0.0, 2.0, 0.0, 2.0):
        scene.now += wait
        answer = scene.get("mine")
        statuses.append((answer.status, answer.trace.fault))
    assert statuses == [
        (200, None),
        (429, Fault.THROTTLED),
        (200, None),
        (429, Fault.THROTTLED),
        (429, Fault.QUOTA_EXCEEDED),
    ]


def test_a_stage_limits_everybody_together() -> None:
    scene = Keys(required=False)
    for member in ("rateLimit", "burstLimit"):
        path = f"/*/*/throttling/{member}"
        scene.patch("UpdateStage", "replace", path, "2", restApiId=scene.api, stageName="dev")
    assert [scene.get().status for _ in range(3)] == [200, 200, 429]
    assert scene.get(stage="other").status == 200
    scene.now += 1
    answer = scene.get()
    assert answer.status == 200


def test_limits_of_any_hold_for_each_verb() -> None:
    scene = Keys()
    made = {"restApiId": scene.api, "resourceId": scene.resource, "httpMethod": "ANY"}
    scene.gateway("PutMethod", **made, authorizationType="NONE", apiKeyRequired=True)
    template = {"application/json": '{"statusCode": 200}'}
    scene.gateway("PutIntegration", **made, type="MOCK", requestTemplates=template)
    scene.gateway("PutMethodResponse", **made, statusCode="200")
    scene.gateway("PutIntegrationResponse", **made, statusCode="200")
    scene.gateway("CreateDeployment", restApiId=scene.api, stageName="dev")
    stage = {"apiId": scene.api, "stage": "dev", "throttle": {"/required/ANY": BURST_ONE}}
    scene.key("mine", plan=scene.plan(apiStages=[stage]))
    headers = {"x-api-key": scene.values["mine"]}
    answers = [scene.request(scene.api, "POST", "/dev/required", headers=headers) for _ in range(2)]
    assert [each.status for each in answers] == [200, 429]
    remedy = scene.explain(answers[1].trace)["remedies"][0]
    assert "/throttle/~1required~1ANY/rateLimit" in json.dumps(remedy["patch"])


@pytest.mark.parametrize(
    ("value", "shown"), [("", ""), (None, ""), ("abc", "***"), ("x" * 6 + "abcdef", "******abcdef")]
)
def test_keys_are_masked(value: str | None, shown: str) -> None:
    assert masked(value) == shown


@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=60))
def test_any_text_is_no_key(value: str) -> None:
    answer = SCENE.get(value)
    assert (answer.status, answer.response.body) == (403, b'{"message":"Forbidden"}')


SCENE = Keys()
