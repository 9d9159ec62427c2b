"""The resource tree: parents, siblings, paths, moves, deletion."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.rest import Rest

from sekisho.services.operation import ServiceError


@pytest.fixture
def rest() -> Rest:
    made = Rest()
    made.create()
    return made


def refused(rest: Rest, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        rest(operation, restApiId=rest.api, **params)
    return caught.value


def test_paths_follow_parents(rest: Rest) -> None:
    rest.resource("/pets/{petId}/toys")
    paths = {each["path"] for each in rest("GetResources", restApiId=rest.api)["items"]}
    assert paths == {"/", "/pets", "/pets/{petId}", "/pets/{petId}/toys"}


def test_duplicate_name(rest: Rest) -> None:
    rest.resource("/pets")
    error = refused(rest, "CreateResource", parentId=rest.resource("/"), pathPart="pets")
    assert (error.code, error.status) == ("ConflictException", 409)
    assert error.message == "Another resource with the same parent already has this name: pets"


@pytest.mark.parametrize("part", ["{other}", "{proxy+}"])
def test_one_variable_sibling(rest: Rest, part: str) -> None:
    rest.resource("/{petId}")
    error = refused(rest, "CreateResource", parentId=rest.resource("/"), pathPart=part)
    assert error.code == "BadRequestException"
    assert error.message == (
        "A sibling ({petId}) of this resource already has a variable path part -- only one is allowed"
    )


@pytest.mark.parametrize(
    "part", ["", "a/b", "{", "{}", "{a", "a}", "{+}", "{a}{b}", "x{y}", "sp ace", "a~b", "a%20b", "a+"]
)
def test_wrong_parts(rest: Rest, part: str) -> None:
    error = refused(rest, "CreateResource", parentId=rest.resource("/"), pathPart=part)
    assert error.message.startswith("Resource's path part only allow a-zA-Z0-9._-:")


def test_no_child_of_a_greedy_resource(rest: Rest) -> None:
    error = refused(rest, "CreateResource", parentId=rest.resource("/{proxy+}"), pathPart="x")
    assert error.message == "Cannot create a child of a resource with a greedy path variable: {proxy+}"


def test_unknown_parent(rest: Rest) -> None:
    error = refused(rest, "CreateResource", parentId="nope", pathPart="x")
    assert (error.code, error.message) == ("NotFoundException", "Invalid Resource identifier specified")


def test_embedding_methods(rest: Rest) -> None:
    where = rest.mock_method("/pets", "GET")
    plain = rest("GetResource", restApiId=rest.api, resourceId=where["resourceId"])
    assert plain["resourceMethods"] == {"GET": {}}
    full = rest("GetResource", restApiId=rest.api, resourceId=where["resourceId"], embed=["methods"])
    assert full["resourceMethods"]["GET"]["methodIntegration"]["type"] == "MOCK"


def test_moving_a_subtree(rest: Rest) -> None:
    rest.resource("/a/b/c")
    target = rest.resource("/x")
    rest.patch("UpdateResource", ("replace", "/parentId", target), resourceId=rest.resource("/a/b"))
    paths = {each["path"] for each in rest("GetResources", restApiId=rest.api)["items"]}
    assert paths == {"/", "/a", "/x", "/x/b", "/x/b/c"}
    with pytest.raises(ServiceError):
        rest.patch("UpdateResource", ("replace", "/parentId", rest.resource("/x/b/c")), resourceId=target)


def test_renaming(rest: Rest) -> None:
    identifier = rest.resource("/a")
    rest.resource("/a/{id}")
    changed = rest.patch("UpdateResource", ("replace", "/pathPart", "z"), resourceId=identifier)
    assert changed["path"] == "/z"
    with pytest.raises(ServiceError) as caught:
        rest.patch("UpdateResource", ("replace", "/path", "z"), resourceId=identifier)
    assert caught.value.message == (
        "Invalid patch path  '/path' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"
    )


def test_deleting_a_subtree(rest: Rest) -> None:
    rest.resource("/a/b/c")
    rest("DeleteResource", restApiId=rest.api, resourceId=rest.resource("/a"))
    assert [each["path"] for each in rest("GetResources", restApiId=rest.api)["items"]] == ["/"]
    error = refused(rest, "DeleteResource", resourceId=rest.resource("/"))
    assert error.message == "Root resource cannot be deleted."
