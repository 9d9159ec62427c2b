"""Replies in the format of payload 2.0: structured when they have a ``statusCode``, else the body itself.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from sekisho.gateway.payload.reply import Malformed, Reply, header_line, read_v1, scalar_text, status_of

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
"""What a structured reply without a content type is taken to be."""


def read_v2(payload: bytes) -> Reply | Malformed:
    """A reply, or the first rule that it breaks."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Malformed("not-json")
    if type(value) is not dict or "statusCode" not in value:
        # What is not structured is the body of a 200: text as it is, everything else as JSON.
        text = value if type(value) is str else payload.decode("utf-8", "replace")
        return Reply(200, [("Content-Type", JSON)], text, False)
    return _structured(value)


def read_strict_v1(payload: bytes) -> Reply | Malformed:
    """A reply in the format of payload 1.0 as HTTP APIs read it: nothing is assumed, the status code must be there.

    https://repost.aws/knowledge-center/api-gateway-status-codes-http-api
    """
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Malformed("not-json")
    if type(value) is dict and value.get("statusCode") is None:
        return Malformed("status-code", "missing")
    return read_v1(payload)


def _structured(value: dict[str, Any]) -> Reply | Malformed:
    status = status_of(value["statusCode"])
    if status is None or value["statusCode"] is None:
        return Malformed("status-code", repr(value["statusCode"])[:80])
    lines: list[tuple[str, str]] = []
    headers = value.get("headers")
    if headers is not None:
        if type(headers) is not dict:
            return Malformed("headers", type(headers).__name__)
        for name, each in headers.items():
            if not header_line(lines, name, each):
                return Malformed("headers", name)
    cookies = value.get("cookies")
    if cookies is not None:
        if type(cookies) is not list:
            return Malformed("cookies", type(cookies).__name__)
        for each in cookies:
            if type(each) is not str or not header_line(lines, "set-cookie", each):
                return Malformed("cookies", repr(each)[:80])
    body = value.get("body")
    text = "" if body is None else scalar_text(body)
    if text is None:
        return Malformed("body", type(body).__name__)
    encoded = value.get("isBase64Encoded")
    if encoded is not None and type(encoded) is not bool:
        return Malformed("is-base64-encoded", repr(encoded)[:80])
    if not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("Content-Type", TEXT))
    return Reply(status, lines, text, bool(encoded))
