"""The second story against a real server: 35 bytes, two causes, both texts, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from examples.http_authorizer import RIGHT, Story
from examples.story import archive
from tests.scenes.server import Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


ROW = (
    r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET ANY / HTTP/1\.1" 500 35 [\w-]{15}= '
    r"- Internal Server Error AUTHORIZER_CONFIGURATION_ERROR,"
)
NOT_PERMITTED = (
    "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. "
    "Check the permissions and try again."
)
WRONG_SHAPE = (
    "The response from the Lambda Authorizer function doesn't match the format that API Gateway expects. "
    "Simple response did not include 'isAuthorized'"
)


def failing(story: Story, api: str, text: str) -> dict[str, object]:
    answer = story.call(api)
    assert (answer.status_code, answer.content) == (500, b'{"message":"Internal Server Error"}')
    request_id = answer.headers["apigw-requestid"]
    record = story.log_record(request_id)
    assert re.fullmatch(ROW + re.escape(text), record), record
    return story.explanation(request_id, "en")


def test_two_causes_behind_one_body(server: Server) -> None:
    story = Story(server.url)
    api = story.set_up()
    why = failing(story, api, NOT_PERMITTED)
    assert (why["cause"], why["blame"]) == ("LAUTH_NO_PERMISSION", "configuration")
    remedies = why["remedies"]
    assert isinstance(remedies, list) and remedies[0]["proven"]
    story.apply(remedies[0])
    why = failing(story, api, WRONG_SHAPE)
    assert (why["cause"], why["blame"]) == ("LAUTH_SIMPLE_RESPONSE_MISSING", "function")
    story.client("lambda").update_function_code(FunctionName="authorizer", ZipFile=archive(RIGHT))
    answer = story.call(api)
    assert (answer.status_code, answer.text) == (200, "hello traveller")
