"""API keys and usage plans: AWS's rules and texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.rest import Rest

from sekisho.services.apigateway import patch
from sekisho.services.apigateway.usage_plan_patch import patched
from sekisho.services.operation import ServiceError


@pytest.fixture
def rest() -> Rest:
    made = Rest()
    made.create()
    made.mock_method("/pets/{id}", "GET")
    made.deploy("dev")
    made.deploy("prod")
    return made


def refusal(rest: Rest, operation: str, **params: Any) -> tuple[str, int, str]:
    with pytest.raises(ServiceError) as refused:
        rest(operation, **params)
    return refused.value.code, refused.value.status, refused.value.message


def change(rest: Rest, plan: str, op: str, path: str, value: str | None = None) -> Any:
    asked = {"op": op, "path": path, **({} if value is None else {"value": value})}
    return rest("UpdateUsagePlan", usagePlanId=plan, patchOperations=[asked])


def plan_of(rest: Rest, *stages: str, **params: Any) -> str:
    covered = [{"apiId": rest.api, "stage": each} for each in stages]
    return str(rest("CreateUsagePlan", name="plan", apiStages=covered, **params)["id"])


# --- keys


def test_a_new_key_is_disabled_and_shows_its_value_once(rest: Rest) -> None:
    made = rest("CreateApiKey", name="k")
    assert made["enabled"] is False
    assert len(made["value"]) == 40 and made["value"].isalnum()
    assert made["createdDate"] == made["lastUpdatedDate"] == rest.now
    assert "value" not in rest("GetApiKey", apiKey=made["id"])
    assert rest("GetApiKey", apiKey=made["id"], includeValue=True)["value"] == made["value"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * 19, "API Key value should be at least 20 characters"),
        ("x" * 129, "API Key value exceeds maximum size of 128 characters"),
        ("x" * 20 + "\n", "API Key value contains characters that a header value cannot have"),
    ],
)
def test_values_that_no_key_can_have(rest: Rest, value: str, message: str) -> None:
    assert refusal(rest, "CreateApiKey", value=value) == ("BadRequestException", 400, message)


def test_a_value_belongs_to_one_key(rest: Rest) -> None:
    rest("CreateApiKey", value="x" * 20)
    assert refusal(rest, "CreateApiKey", value="x" * 20) == ("ConflictException", 409, "API Key already exists")


def test_keys_are_found_by_prefix_and_customer(rest: Rest) -> None:
    for name, customer in (("alpha", "1"), ("alpine", "2"), ("beta", "2")):
        rest("CreateApiKey", name=name, customerId=customer)

    def names(**params: Any) -> list[str]:
        return sorted(each["name"] for each in rest("GetApiKeys", **params)["items"])

    assert names(nameQuery="alp") == ["alpha", "alpine"]
    assert names(customerId="2") == ["alpine", "beta"]
    first = rest("GetApiKeys", limit=2)
    assert len(rest("GetApiKeys", limit=2, position=first["position"])["items"]) == 1


def test_a_key_is_patched(rest: Rest) -> None:
    key = rest("CreateApiKey", name="k")["id"]
    rest.now += 10
    asked = [
        {"op": "replace", "path": "/enabled", "value": "true"},
        {"op": "replace", "path": "/name", "value": "renamed"},
        {"op": "add", "path": "/stages", "value": f"{rest.api}/dev"},
    ]
    changed = rest("UpdateApiKey", apiKey=key, patchOperations=asked)
    assert (changed["enabled"], changed["name"], changed["stageKeys"]) == (True, "renamed", [f"{rest.api}/dev"])
    assert changed["lastUpdatedDate"] == changed["createdDate"] + 10
    gone = [{"op": "remove", "path": "/stages", "value": f"{rest.api}/dev"}]
    assert rest("UpdateApiKey", apiKey=key, patchOperations=gone)["stageKeys"] == []
    for path, value in (("/value", "y" * 20), ("/enabled", "perhaps"), ("/id", "x")):
        asked = [{"op": "replace", "path": path, "value": value}]
        assert refusal(rest, "UpdateApiKey", apiKey=key, patchOperations=asked)[0] == "BadRequestException"


def test_missing_nouns_are_told_as_aws_does(rest: Rest) -> None:
    key = rest("CreateApiKey")["id"]
    plan = plan_of(rest)
    for operation, params, message in (
        ("GetApiKey", {"apiKey": "x"}, "Invalid API Key identifier specified"),
        ("DeleteApiKey", {"apiKey": "x"}, "Invalid API Key identifier specified"),
        ("GetUsagePlan", {"usagePlanId": "x"}, "Invalid Usage Plan ID specified"),
        ("CreateUsagePlanKey", {"usagePlanId": plan, "keyId": "x", "keyType": "API_KEY"}, "Invalid API Key identifier"),
        ("GetUsagePlanKey", {"usagePlanId": plan, "keyId": key}, "Invalid Usage Plan Key identifier specified"),
    ):
        code, status, said = refusal(rest, operation, **params)
        assert (code, status) == ("NotFoundException", 404) and said.startswith(message)


def test_a_deleted_key_leaves_its_plans(rest: Rest) -> None:
    plan, key = plan_of(rest, "dev"), rest("CreateApiKey", name="k")["id"]
    made = rest("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    assert (made["id"], made["type"], made["name"]) == (key, "API_KEY", "k")
    assert rest("GetUsagePlans", keyId=key)["items"][0]["id"] == plan
    rest("DeleteApiKey", apiKey=key)
    assert rest("GetUsagePlanKeys", usagePlanId=plan)["items"] == []


# --- plans


def test_a_stage_must_exist(rest: Rest) -> None:
    code, status, said = refusal(rest, "CreateUsagePlan", name="p", apiStages=[{"apiId": rest.api, "stage": "none"}])
    assert (code, status) == ("BadRequestException", 400)
    assert said.startswith(f"Invalid API Stage {{api: {rest.api}, stage: none}} specified for usageplan ")


def test_a_plan_with_stages_cannot_be_deleted(rest: Rest) -> None:
    plan = plan_of(rest, "dev")
    said = f"Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {rest.api}:dev"
    assert refusal(rest, "DeleteUsagePlan", usagePlanId=plan) == ("BadRequestException", 400, said)
    change(rest, plan, "remove", "/apiStages", f"{rest.api}:dev")
    assert rest("DeleteUsagePlan", usagePlanId=plan) == {}


def test_a_deleted_stage_leaves_its_plans(rest: Rest) -> None:
    plan = plan_of(rest, "dev", "prod")
    rest("DeleteStage", restApiId=rest.api, stageName="dev")
    assert rest("GetUsagePlan", usagePlanId=plan)["apiStages"] == [{"apiId": rest.api, "stage": "prod"}]
    rest("DeleteRestApi", restApiId=rest.api)
    assert rest("GetUsagePlan", usagePlanId=plan)["apiStages"] == []


def test_a_key_is_in_one_plan_of_a_stage(rest: Rest) -> None:
    """Whichever comes last is refused: the key's joining, or the stage's."""
    key = rest("CreateApiKey")["id"]
    first, second = plan_of(rest, "dev"), plan_of(rest, "prod")
    for plan in (first, second):
        rest("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    asked = [{"op": "add", "path": "/apiStages", "value": f"{rest.api}:dev"}]
    code, status, said = refusal(rest, "UpdateUsagePlan", usagePlanId=second, patchOperations=asked)
    assert (code, status) == ("ConflictException", 409)
    assert said == (
        f"Usage Plan {second} cannot be added because API Key {key} cannot reference multiple Usage Plans with the "
        f"same API stage: {rest.api}:dev"
    )
    third = plan_of(rest, "dev")
    params = {"usagePlanId": third, "keyId": key, "keyType": "API_KEY"}
    assert refusal(rest, "CreateUsagePlanKey", **params)[0] == "ConflictException"
    again = {**params, "usagePlanId": first}
    assert refusal(rest, "CreateUsagePlanKey", **again)[0] == "ConflictException"


def test_members_of_a_plan_are_patched(rest: Rest) -> None:
    plan = plan_of(rest, "dev")
    asked = [
        {"op": "replace", "path": "/name", "value": "renamed"},
        {"op": "add", "path": "/quota/limit", "value": "10"},
        {"op": "replace", "path": "/quota/period", "value": "WEEK"},
        {"op": "add", "path": "/throttle/rateLimit", "value": "2.5"},
        {"op": "replace", "path": "/throttle/burstLimit", "value": "5"},
    ]
    changed = rest("UpdateUsagePlan", usagePlanId=plan, patchOperations=asked)
    assert changed["quota"] == {"limit": 10, "period": "WEEK", "offset": 0}
    assert changed["throttle"] == {"rateLimit": 2.5, "burstLimit": 5}
    assert changed["name"] == "renamed" and "quotaSince" not in changed
    assert "quota" not in change(rest, plan, "remove", "/quota")
    assert "throttle" not in change(rest, plan, "remove", "/throttle")


@pytest.mark.parametrize("place", ["~1pets~1{id}/GET", "/pets/{id}/GET", "~1pets~1{id}~1GET"])
def test_throttles_of_methods_have_paths_of_their_own(rest: Rest, place: str) -> None:
    plan = plan_of(rest, "dev")
    base = f"/apiStages/{rest.api}:dev/throttle"
    change(rest, plan, "replace", f"{base}/{place}/rateLimit", "1.5")
    changed = change(rest, plan, "add", f"{base}/{place}/burstLimit", "3")
    assert changed["apiStages"][0]["throttle"] == {"/pets/{id}/GET": {"rateLimit": 1.5, "burstLimit": 3}}
    assert "throttle" not in change(rest, plan, "remove", f"{base}/{place}")["apiStages"][0]
    whole = '{"/pets/{id}/GET": {"rateLimit": 1, "burstLimit": 2}}'
    changed = change(rest, plan, "replace", base, whole)
    assert changed["apiStages"][0]["throttle"] == {"/pets/{id}/GET": {"rateLimit": 1.0, "burstLimit": 2}}
    assert "throttle" not in change(rest, plan, "remove", base)["apiStages"][0]


def test_the_root_has_a_throttle_too(rest: Rest) -> None:
    plan = plan_of(rest, "dev")
    for place in ("~1/GET", "//GET", "~1~1GET"):
        changed = change(rest, plan, "replace", f"/apiStages/{rest.api}:dev/throttle/{place}/rateLimit", "1")
        assert list(changed["apiStages"][0]["throttle"]) == ["//GET"]


def test_a_wrong_path_is_told_as_aws_does(rest: Rest) -> None:
    plan = plan_of(rest, "dev")
    asked = [{"op": "remove", "path": f"/apiStages/{rest.api}:dev"}]
    said = (
        f"Invalid patch path  '/apiStages/{rest.api}:dev' specified for op 'remove'. Must be one of: [/apiStages, "
        "/quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
        "/apiStages/<apidId:stageName>/throttle]"
    )
    found = refusal(rest, "UpdateUsagePlan", usagePlanId=plan, patchOperations=asked)
    assert found == ("BadRequestException", 400, said)
    asked = [{"op": "remove", "path": "/apiStages"}]
    found = refusal(rest, "UpdateUsagePlan", usagePlanId=plan, patchOperations=asked)
    assert found == ("BadRequestException", 400, "Invalid API Stage specified")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/quota/limit", "5"),
        ("/quota/period", "YEAR"),
        ("/quota/limit", "-1"),
        ("/throttle/rateLimit", "-1"),
        ("/throttle/rateLimit", "nan"),
        ("/throttle/burstLimit", "many"),
        ("/apiStages", "x"),
        ("/apiStages", "x:y"),
        ("/tags", "x"),
    ],
)
def test_what_a_plan_cannot_be(rest: Rest, path: str, value: str) -> None:
    asked = [{"op": "add", "path": path, "value": value}]
    found = refusal(rest, "UpdateUsagePlan", usagePlanId=plan_of(rest, "dev"), patchOperations=asked)
    assert found[0] == "BadRequestException"


@given(
    st.sampled_from(["add", "replace", "remove", "copy"]),
    st.one_of(
        st.text("/apiStgeshrotl:~10{}a", max_size=30).map(lambda each: f"/apiStages/a:b{each}"),
        st.text(max_size=30),
    ),
    st.one_of(st.none(), st.text(max_size=20)),
)
def test_patches_are_total(op: str, path: str, value: str | None) -> None:
    document = {"id": "p", "name": "n", "apiStages": [{"apiId": "a", "stage": "b"}]}
    try:
        found = patched(document, patch.Operation(op, path, value, None))
    except ServiceError as error:
        assert error.code in ("BadRequestException", "NotFoundException")
    else:
        assert found["id"] == "p"


# --- import


def test_a_file_of_keys(rest: Rest) -> None:
    first, second = plan_of(rest, "dev"), plan_of(rest, "prod")
    body = (
        "Enabled,Name,key,UsageplanIds,Ours\n"
        f'true,one,{"a" * 20},"{first},{second}",x\n'
        f"FALSE,two,{'b' * 20},'{first},{second}',y\n"
        "\n"
        f",three,{'c' * 20},\n"
    )
    found = rest("ImportApiKeys", format="csv", body=body.encode())
    assert len(found["ids"]) == 3 and found["warnings"] == []
    keys = [rest("GetApiKey", apiKey=each) for each in found["ids"]]
    assert [(each["name"], each["enabled"]) for each in keys] == [("one", True), ("two", False), ("three", True)]
    plans = [{each["id"] for each in rest("GetUsagePlans", keyId=key)["items"]} for key in found["ids"]]
    assert plans == [{first, second}, {first, second}, set()]


def test_rows_that_cannot_be_imported_are_told(rest: Rest) -> None:
    body = f"name,key,enabled,usageplanids\na,short\nb,{'b' * 20},perhaps\nc,{'c' * 20},,none\nd,{'d' * 20}\n"
    found = rest("ImportApiKeys", format="csv", body=body.encode())
    assert len(found["ids"]) == 1
    assert [each.partition(":")[0] for each in found["warnings"]] == ["Row 2", "Row 3", "Row 4"]


def test_a_row_puts_no_key_into_two_plans_of_a_stage(rest: Rest) -> None:
    first, second = plan_of(rest, "dev"), plan_of(rest, "dev")
    body = f'name,key,usageplanids\na,{"a" * 20},"{first},{second}"\nb,{"b" * 20},{first}\nb,{"b" * 20},{second}\n'
    found = rest("ImportApiKeys", format="csv", body=body.encode())
    assert len(found["ids"]) == 1
    assert [each.partition(":")[0] for each in found["warnings"]] == ["Row 2", "Row 4"]
    assert [each["name"] for each in rest("GetApiKeys")["items"]] == ["b"]


def test_a_large_file_is_read_in_one_go(rest: Rest) -> None:
    plan = plan_of(rest, "dev")
    rows = [f"k{number},{number:020},{plan}" for number in range(10000)]
    found = rest("ImportApiKeys", format="csv", body="\n".join(["name,key,usageplanids", *rows]).encode())
    assert len(found["ids"]) == 10000 and found["warnings"] == []
    body = "\n".join(["name,key", *rows, "one,too many"]).encode()
    assert refusal(rest, "ImportApiKeys", format="csv", body=body)[0] == "BadRequestException"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"name\nx\n", b"key,value\na,b\n"])
def test_files_that_are_no_tables_of_keys(rest: Rest, body: bytes) -> None:
    assert refusal(rest, "ImportApiKeys", format="csv", body=body)[0] == "BadRequestException"


@given(st.binary(max_size=200))
def test_any_file_is_answered(body: bytes) -> None:
    try:
        found = Rest()("ImportApiKeys", format="csv", body=b"name,key\n" + body)
    except ServiceError as error:
        assert error.code == "BadRequestException"
    else:
        assert set(found) == {"ids", "warnings"}


# --- usage


@pytest.mark.parametrize(
    ("start", "end"), [("2026-01-02", "2026-01-01"), ("2026-01-01", "2026-12-01"), ("yesterday", "2026-01-01")]
)
def test_ranges_that_usage_is_not_told_for(rest: Rest, start: str, end: str) -> None:
    found = refusal(rest, "GetUsage", usagePlanId=plan_of(rest), startDate=start, endDate=end)
    assert found[0] == "BadRequestException"


def test_usage_is_extended_only_where_there_is_a_quota(rest: Rest) -> None:
    plan, key = plan_of(rest), rest("CreateApiKey")["id"]
    rest("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    asked = [{"op": "replace", "path": "/remaining", "value": "1"}]
    found = refusal(rest, "UpdateUsage", usagePlanId=plan, keyId=key, patchOperations=asked)
    assert found[0] == "BadRequestException"
    limited = plan_of(rest, "dev", quota={"limit": 1, "period": "DAY"})
    params = {"usagePlanId": limited, "keyId": key}
    assert refusal(rest, "UpdateUsage", **params, patchOperations=asked)[0] == "NotFoundException"
    rest("CreateUsagePlanKey", **params, keyType="API_KEY")
    for path, value in (("/remaining", "-1"), ("/remaining", "x"), ("/used", "1")):
        asked = [{"op": "replace", "path": path, "value": value}]
        assert refusal(rest, "UpdateUsage", **params, patchOperations=asked)[0] == "BadRequestException"
