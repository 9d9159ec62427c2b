"""Functions are compiled from documents, and only those that a change touched."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.functions import Functions, arn, zipped

from sekisho.config.functions import Function
from sekisho.policy.combine import NO_POLICIES, decide
from sekisho.policy.request import MappingContext, Question, service_subject
from sekisho.publish.functions import functions
from sekisho.state.world import Key

GRANT = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
VECTORS = Path(__file__).parents[2] / "vectors" / "iam" / "apigw-to-lambda.json"


def keys(cloud: Functions) -> list[Key]:
    return [change.key for change in cloud.changes]


def test_compiling_everything_equals_compiling_step_by_step() -> None:
    cloud = Functions()
    cloud.create("a", Publish=True)
    cloud.create("b", LoggingConfig={"LogGroup": "/own"})
    cloud("UpdateFunctionCode", FunctionName="a", ZipFile=zipped({"x.py": "2"}), Publish=True)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    cloud("CreateAlias", FunctionName="a", Name="live", FunctionVersion="1", RoutingConfig=routing)
    cloud("AddPermission", FunctionName="a", Qualifier="live", **GRANT)
    cloud("AddPermission", FunctionName="a", **GRANT)
    cloud("PutFunctionConcurrency", FunctionName="a", ReservedConcurrentExecutions=5)
    whole = functions(cloud.world, None, {})
    assert set(whole) == {arn("a"), arn("b")}
    for name, compiled in whole.items():
        stepwise = cloud.snapshot.functions[name]
        assert compiled.versions == stepwise.versions
        assert compiled.aliases == stepwise.aliases
        assert {q: p.document for q, p in compiled.policies.items()} == {
            q: p.document for q, p in stepwise.policies.items()
        }
    a = whole[arn("a")]
    assert (a.account, a.region, a.name) == (ACCOUNT, REGION, "a")
    assert set(a.versions) == {"$LATEST", "1", "2"}
    assert a.aliases == {"live": ("1", "2")}
    assert set(a.policies) == {"", "live"}
    assert a.policies["live"].name == "resource policy of function a:live"
    assert {spec.reserved_concurrency for spec in a.versions.values()} == {5}
    assert a.versions["1"].code_sha256 != a.versions["2"].code_sha256
    assert (a.versions["1"].log_group, whole[arn("b")].versions["$LATEST"].log_group) == ("/aws/lambda/a", "/own")
    assert a.spec("live") == a.versions["1"]


def test_untouched_functions_are_shared() -> None:
    cloud = Functions()
    cloud.create("a")
    cloud.create("b")
    before = cloud.snapshot.functions
    cloud("UpdateFunctionConfiguration", FunctionName="a", Timeout=9)
    after = cloud.snapshot.functions
    assert after[arn("b")] is before[arn("b")]
    assert after[arn("a")].versions["$LATEST"].timeout == 9.0
    assert before[arn("a")].versions["$LATEST"].timeout == 3.0


def test_changes_of_other_services_compile_nothing() -> None:
    cloud = Functions()
    cloud.create("a")
    before = cloud.snapshot.functions
    other = Key(ACCOUNT, REGION, "logs", "group", "a")
    assert functions(cloud.world, [other], before) is before
    assert functions(cloud.world, [], before) is before


def test_unchanged_policies_are_not_compiled_again() -> None:
    cloud = Functions()
    cloud.create("a")
    cloud("AddPermission", FunctionName="a", **GRANT)
    policy = cloud.snapshot.functions[arn("a")].policies[""]
    cloud("UpdateFunctionConfiguration", FunctionName="a", Timeout=9)
    assert cloud.snapshot.functions[arn("a")].policies[""] is policy
    cloud("AddPermission", FunctionName="a", **{**GRANT, "StatementId": "t"})
    assert cloud.snapshot.functions[arn("a")].policies[""] is not policy


def test_revisions_follow_code_and_configuration_only() -> None:
    cloud = Functions()
    cloud.create("a")

    def revision() -> str:
        return cloud.snapshot.functions[arn("a")].versions["$LATEST"].revision

    first = revision()
    cloud("AddPermission", FunctionName="a", **GRANT)
    cloud("PublishVersion", FunctionName="a")
    cloud("TagResource", Resource=arn("a"), Tags={"x": "y"})
    assert revision() == first
    cloud.now += 1
    cloud("UpdateFunctionConfiguration", FunctionName="a", Environment={"Variables": {"AA": "1"}})
    second = revision()
    assert second != first
    cloud("UpdateFunctionCode", FunctionName="a", ZipFile=zipped({"x.py": "2"}))
    assert revision() not in (first, second)


def test_a_deleted_function_is_gone() -> None:
    cloud = Functions()
    cloud.create("a")
    cloud.create("b")
    cloud("DeleteFunction", FunctionName="a")
    assert set(cloud.snapshot.functions) == {arn("b")}


def ask(compiled: Function, qualifier: str, source: str) -> bool:
    resource = compiled.arn + (f":{qualifier}" if qualifier else "")
    context = MappingContext({"aws:SourceArn": source, "aws:SourceAccount": ACCOUNT})
    question = Question(
        service_subject("apigateway.amazonaws.com"), "lambda:InvokeFunction", resource, ACCOUNT, context
    )
    return decide(question, NO_POLICIES, compiled.policies.get(qualifier)).allowed


def source_arns() -> Iterable[tuple[str, str, bool]]:
    """(granted, calling, allowed) of the vectors about SourceArn alone."""
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        statements = (vector["given"]["resourcePolicy"] or {}).get("Statement", [])
        if len(statements) != 1 or set(statements[0].get("Condition", {})) != {"ArnLike"}:
            continue
        granted = statements[0]["Condition"]["ArnLike"].get("AWS:SourceArn")
        calling = vector["when"]["context"].get("aws:SourceArn")
        if granted and calling and vector["when"]["resource"] == statements[0]["Resource"]:
            yield granted, calling, vector["then"]["decision"] == "Allowed"


@pytest.mark.parametrize(("granted", "calling", "allowed"), list(source_arns()))
def test_what_add_permission_wrote_decides_as_the_vectors_say(granted: str, calling: str, allowed: bool) -> None:
    cloud = Functions()
    cloud.create("a")
    cloud("AddPermission", FunctionName="a", SourceArn=granted, **GRANT)
    assert ask(cloud.snapshot.functions[arn("a")], "", calling) is allowed


def test_permission_is_per_qualifier() -> None:
    cloud = Functions()
    cloud.create("a", Publish=True)
    cloud("CreateAlias", FunctionName="a", Name="live", FunctionVersion="1")
    cloud("AddPermission", FunctionName="a", **GRANT)
    compiled = cloud.snapshot.functions[arn("a")]
    source = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:x/prod/GET/"
    assert ask(compiled, "", source)
    assert not ask(compiled, "live", source)
    assert not ask(compiled, "1", source)
    cloud("AddPermission", FunctionName="a:live", **GRANT)
    assert ask(cloud.snapshot.functions[arn("a")], "live", source)


def test_the_publisher_asks_with_collections() -> None:
    cloud = Functions()
    cloud.create("a")
    changed: Collection[Any] = frozenset(keys(cloud))
    assert set(functions(cloud.world, changed, {})) == {arn("a")}
