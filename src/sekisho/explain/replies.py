"""Rules about proxy replies: which rule of the reply format the function's answer breaks first.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
"""

from __future__ import annotations

import json
from typing import Any

from sekisho.explain.answers import answering, corrected_reply
from sekisho.explain.case import Case
from sekisho.explain.explanation import Evidence, Finding, Said, say
from sekisho.functions.invocation import Returned

KNOWN = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


def bad_reply(case: Case) -> Finding:
    """The answer is not ``{statusCode, headers, multiValueHeaders, body, isBase64Encoded}``."""
    reply = case.trace.reply
    raw = reply.payload if isinstance(reply, Returned) else b""
    shown = raw[:300].decode("utf-8", "replace")
    cause, headline = _first_violation(raw)
    evidence = (Evidence(say("reply.was", text=shown), {"reply": shown}),)
    return Finding(cause, headline, evidence, (answering(corrected_reply(_read(raw))),))


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _first_violation(raw: bytes) -> tuple[str, Said]:
    try:
        value: Any = json.loads(raw)
    except ValueError:
        return "LRESP_NOT_OBJECT", say("reply.not-json")
    if not isinstance(value, dict):
        return "LRESP_NOT_OBJECT", say("reply.not-object", kind=_json_kind(value))
    unknown = [key for key in value if key not in KNOWN]
    if unknown:
        return "LRESP_UNKNOWN_KEYS", say("reply.unknown-keys", keys=", ".join(unknown[:10]))
    if "statusCode" in value and not _numeric(value["statusCode"]):
        return "LRESP_BAD_STATUS_CODE", say("reply.bad-status", value=json.dumps(value["statusCode"])[:80])
    body = value.get("body")
    if body is not None and not isinstance(body, str):
        return "LRESP_BODY_NOT_STRING", say("reply.body", kind=_json_kind(body))
    return "LRESP_MULTIVALUE_HEADERS", say("reply.multi-value")


def _numeric(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and value.strip().lstrip("+-").isdigit())


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]


def bad_base64(case: Case) -> Finding:
    """``isBase64Encoded`` with a body that is not base64."""
    return Finding("LRESP_BAD_BASE64", say("reply.base64"))
