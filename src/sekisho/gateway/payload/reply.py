"""Proxy replies → response, or the precise way in which they are malformed.

Only ``statusCode``, ``headers``, ``multiValueHeaders``, ``body`` and ``isBase64Encoded`` may stand in a reply; each is
optional (``{}`` is a 200 without body). Scalars are read as the text they are where text is wanted, and numbers in text
where numbers are wanted. vectors: rest-proxy-response/*.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final, NamedTuple

import orjson

from sekisho.gateway.payload.media import is_binary
from sekisho.kit.memory import remember


class Reply(NamedTuple):
    """A reply that can be sent."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    base64: bool


class Malformed(NamedTuple):
    """A reply that cannot: the first rule it violates."""

    problem: str
    """``not-json``, ``not-an-object``, ``unknown-key``, ``status-code``, ``headers``, ``multi-value-headers``,
    ``cookies``, ``body``, ``is-base64-encoded``."""
    detail: str = ""


_KEYS: Final = frozenset(("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"))
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch

_REMAPPED: Final = frozenset(("connection", "content-length", "date", "server"))
"""Header fields of a function's that are not its to set: they come out as ``x-amzn-Remapped-<name>``."""
_DROPPED: Final = frozenset(("transfer-encoding",))


def read_v1(payload: bytes) -> Reply | Malformed:
    """A reply in the format of payload 1.0, which REST APIs require."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Malformed("not-json")
    if type(value) is not dict:
        return Malformed("not-an-object", type(value).__name__)
    if not value.keys() <= _KEYS:
        return Malformed("unknown-key", next(key for key in value if key not in _KEYS))
    status = status_of(value.get("statusCode"))
    if status is None:
        return Malformed("status-code", repr(value["statusCode"])[:80])
    headers = _headers(value.get("headers"), value.get("multiValueHeaders"))
    if isinstance(headers, Malformed):
        return headers
    body = value.get("body")
    text = "" if body is None else scalar_text(body)
    if text is None:
        return Malformed("body", type(body).__name__)
    encoded = value.get("isBase64Encoded")
    if type(encoded) is not bool and encoded is not None:
        if encoded not in ("true", "false"):
            return Malformed("is-base64-encoded", repr(encoded)[:80])
        encoded = encoded == "true"
    return Reply(status, headers, text, bool(encoded))


def body_bytes(reply: Reply, accept: str | None, binary_types: tuple[str, ...]) -> bytes | None:
    """The bytes to send; None when what should be base64 is not.

    Base64 is undone only when the *first* media type of ``Accept`` is one of the API's binary types.
    """
    if reply.base64 and is_binary((accept or "").partition(",")[0], binary_types):
        try:
            return base64.b64decode(reply.body, validate=True)
        except (binascii.Error, ValueError):
            return None
    return reply.body.encode("utf-8", "surrogatepass")


def status_of(value: Any) -> int | None:
    """A status code, as number or text; None when it is none."""
    if value is None:
        return 200
    if type(value) is str:
        if not (value.isascii() and value.isdigit() and len(value) == 3):
            return None
        value = int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 200 <= value <= 599 else None


def scalar_text(value: Any) -> str | None:
    """A scalar as text; None for lists and objects."""
    kind = type(value)
    if kind is str:
        text: str = value
        return text
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return orjson.dumps(value).decode()
    return None


def _headers(single: Any, multi: Any) -> list[tuple[str, str]] | Malformed:
    """Both maps as lines: ``multiValueHeaders`` first, whose spelling of a name wins; no value twice."""
    lines: list[tuple[str, str]] = []
    spelling: dict[str, str] = {}
    if multi is not None:
        if type(multi) is not dict:
            return Malformed("multi-value-headers", type(multi).__name__)
        for name, values in multi.items():
            if type(values) is not list:
                return Malformed("multi-value-headers", name)
            spelling[name.lower()] = name
            for value in values:
                if not header_line(lines, name, value):
                    return Malformed("multi-value-headers", name)
    if single is not None:
        if type(single) is not dict:
            return Malformed("headers", type(single).__name__)
        for name, value in single.items():
            known = spelling.get(name.lower()) if spelling else None
            if known is not None and (_renamed(known), value) in lines:
                continue
            if not header_line(lines, known or name, value):
                return Malformed("headers", name)
    for name, _ in lines:
        if name.lower() == "content-type":
            return lines
    lines.append(("Content-Type", "application/json"))
    return lines


def header_line(lines: list[tuple[str, str]], name: str, value: Any) -> bool:
    """One header line; False when it cannot be one. A null value is no header."""
    if value is None:
        return True
    text = value if type(value) is str else scalar_text(value)
    if text is None or "\n" in text or "\r" in text or "\0" in text:
        return False
    sent = _sent(name)
    if sent is None:
        return False
    if sent:
        lines.append((sent, text))
    return True


_names: Final[dict[str, str]] = {}
_REMEMBERED_NAME: Final = 256


def _sent(name: str) -> str | None:
    """How a header field's name is sent: empty when the field is not, None when it is no name. Remembered: functions
    use the same few again and again."""
    found = _names.get(name)
    if found is not None:
        return found
    if not _TOKEN(name):
        return None
    sent = "" if name.lower() in _DROPPED else _renamed(name)
    return remember(_names, name, sent) if len(name) <= _REMEMBERED_NAME else sent


def _renamed(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name
