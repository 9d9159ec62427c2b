"""Versions and aliases."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.functions import Functions, arn, zipped


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.create(Description="first")
    return out


def test_a_version_is_made_only_when_something_changed(cloud: Functions) -> None:
    one = cloud("PublishVersion", FunctionName="orders", Description="one")
    assert (one["Version"], one["FunctionArn"], one["Description"]) == ("1", arn("orders", "1"), "one")
    assert cloud("PublishVersion", FunctionName="orders")["Version"] == "1"
    cloud("UpdateFunctionConfiguration", FunctionName="orders", Timeout=9)
    two = cloud("PublishVersion", FunctionName="orders")
    assert (two["Version"], two["Timeout"], two["Description"]) == ("2", 9, "first")
    assert cloud("GetFunctionConfiguration", FunctionName="orders", Qualifier="1")["Timeout"] == 3
    listed = cloud("ListVersionsByFunction", FunctionName="orders")["Versions"]
    assert [row["Version"] for row in listed] == ["$LATEST", "1", "2"]
    assert listed[0]["FunctionArn"] == arn("orders", "$LATEST")


def test_numbers_are_not_used_twice(cloud: Functions) -> None:
    cloud("PublishVersion", FunctionName="orders")
    cloud("DeleteFunction", FunctionName="orders", Qualifier="1")
    assert cloud("PublishVersion", FunctionName="orders")["Version"] == "2"


def test_versions_are_listed_by_number(cloud: Functions) -> None:
    for timeout in range(10, 22):
        cloud("UpdateFunctionConfiguration", FunctionName="orders", Timeout=timeout)
        cloud("PublishVersion", FunctionName="orders")
    first = cloud("ListVersionsByFunction", FunctionName="orders", MaxItems=4)
    assert [row["Version"] for row in first["Versions"]] == ["$LATEST", "1", "2", "3"]
    rest = cloud("ListVersionsByFunction", FunctionName="orders", Marker=first["NextMarker"])
    assert [row["Version"] for row in rest["Versions"]] == [str(number) for number in range(4, 13)]


def test_publishing_can_be_guarded(cloud: Functions) -> None:
    current = cloud("GetFunctionConfiguration", FunctionName="orders")
    error = cloud.refused("PublishVersion", FunctionName="orders", CodeSha256="other")
    assert error.code == "InvalidParameterValueException"
    assert "CodeSHA256 (other) is different from current CodeSHA256" in error.message
    assert cloud.refused("PublishVersion", FunctionName="orders", RevisionId="other").status == 412
    out = cloud(
        "PublishVersion",
        FunctionName="orders",
        CodeSha256=current["CodeSha256"],
        RevisionId=current["RevisionId"],
    )
    assert out["Version"] == "1"


def test_aliases_live(cloud: Functions) -> None:
    cloud("PublishVersion", FunctionName="orders")
    made = cloud("CreateAlias", FunctionName="orders", Name="live", FunctionVersion="1", Description="d")
    assert made == {
        "AliasArn": arn("orders", "live"),
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "d",
        "RevisionId": made["RevisionId"],
    }
    assert cloud("GetAlias", FunctionName="orders", Name="live") == made
    shown = cloud("GetFunctionConfiguration", FunctionName="orders", Qualifier="live")
    assert (shown["FunctionArn"], shown["Version"]) == (arn("orders", "live"), "1")
    error = cloud.refused("CreateAlias", FunctionName="orders", Name="live", FunctionVersion="1")
    assert (error.status, error.message) == (409, f"Alias already exists: {arn('orders', 'live')}")
    assert cloud.refused("UpdateAlias", FunctionName="orders", Name="live", RevisionId="x").status == 412
    changed = cloud(
        "UpdateAlias", FunctionName="orders", Name="live", FunctionVersion="$LATEST", RevisionId=made["RevisionId"]
    )
    assert (changed["FunctionVersion"], changed["Description"]) == ("$LATEST", "d")
    assert changed["RevisionId"] != made["RevisionId"]
    cloud("DeleteAlias", FunctionName="orders", Name="live")
    cloud("DeleteAlias", FunctionName="orders", Name="live")
    error = cloud.refused("GetAlias", FunctionName="orders", Name="live")
    assert (error.status, error.message) == (404, f"Cannot find alias arn: {arn('orders', 'live')}")


def test_weights(cloud: Functions) -> None:
    cloud("PublishVersion", FunctionName="orders")
    cloud("UpdateFunctionCode", FunctionName="orders", ZipFile=zipped({"app.py": "x = 2"}), Publish=True)
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    made = cloud("CreateAlias", FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig=routing)
    assert made["RoutingConfig"] == routing
    kept = cloud("UpdateAlias", FunctionName="orders", Name="live", Description="x")
    assert kept["RoutingConfig"] == routing
    cleared = cloud("UpdateAlias", FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in cleared
    assert cloud.snapshot.functions[arn("orders")].aliases == {"live": ("1",)}


@pytest.mark.parametrize(
    ("main", "weights"),
    [("1", {"1": 0.5}), ("1", {"9": 0.5}), ("1", {"2": 1.5}), ("1", {"live": 0.5}), ("$LATEST", {"1": 0.5}), ("9", {})],
)
def test_impossible_aliases(cloud: Functions, main: str, weights: dict[str, Any]) -> None:
    cloud("PublishVersion", FunctionName="orders")
    routing = {"AdditionalVersionWeights": weights}
    params = {"FunctionName": "orders", "Name": "live", "FunctionVersion": main, "RoutingConfig": routing}
    assert cloud.refused("CreateAlias", **params).status in (400, 404)


@pytest.mark.parametrize("name", ["12", "a b", "", "x" * 129])
def test_alias_names(cloud: Functions, name: str) -> None:
    error = cloud.refused("CreateAlias", FunctionName="orders", Name=name, FunctionVersion="$LATEST")
    assert error.code == "ValidationException"


def test_aliases_are_listed_by_version(cloud: Functions) -> None:
    cloud("PublishVersion", FunctionName="orders")
    for name, number in (("a", "1"), ("b", "$LATEST"), ("c", "1")):
        cloud("CreateAlias", FunctionName="orders", Name=name, FunctionVersion=number)
    assert [a["Name"] for a in cloud("ListAliases", FunctionName="orders")["Aliases"]] == ["a", "b", "c"]
    chosen = cloud("ListAliases", FunctionName="orders", FunctionVersion="1", MaxItems=1)
    assert [a["Name"] for a in chosen["Aliases"]] == ["a"]
    rest = cloud("ListAliases", FunctionName="orders", FunctionVersion="1", Marker=chosen["NextMarker"])
    assert [a["Name"] for a in rest["Aliases"]] == ["c"]
