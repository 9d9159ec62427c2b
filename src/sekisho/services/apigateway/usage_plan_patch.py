"""The PATCH grammar of usage plans, whose throttles of methods have paths of their own.

``/apiStages/{apiId:stage}/throttle/{resourcePath}/{httpMethod}/rateLimit``: the resource's slashes may be written
``~1`` or as they are.
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateUsagePlan-Patch
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from sekisho.services.apigateway import patch
from sekisho.services.apigateway.errors import bad_request, not_found
from sekisho.services.apigateway.lookup import Doc

_STAGE: Final = "/apiStages/<apidId:stageName>/throttle"
_METHOD: Final = _STAGE + "/<resourcePath>/<httpMethod>"
_RATE: Final = _METHOD + "/rateLimit"
_BURST: Final = _METHOD + "/burstLimit"

TARGETS: Final = (
    patch.member("/name"),
    patch.member("/description", "replace"),
    patch.member("/productCode", "add replace remove", cleared_by_empty=True),
    patch.member("/throttle", "remove"),
    patch.member("/throttle/rateLimit", "add replace", patch.decimal),
    patch.member("/throttle/burstLimit", "add replace", patch.integer),
    patch.member("/quota", "remove"),
    patch.member("/quota/limit", "add replace", patch.integer),
    patch.member("/quota/offset", "add replace", patch.integer),
    patch.member("/quota/period", "add replace", patch.one_of("DAY", "WEEK", "MONTH")),
)
"""The rows that are plain members; ``/apiStages`` and what is below it are read here."""
_MEMBERS: Final = (
    "/productCode",
    "/quota/limit",
    "/quota/offset",
    "/quota/period",
    "/throttle/burstLimit",
    "/throttle/rateLimit",
)
_PLACES: Final = {
    "add": ("/apiStages", *_MEMBERS, _RATE, _BURST, _STAGE),
    "replace": ("/name", "/description", *_MEMBERS, _RATE, _BURST, _STAGE),
    "remove": ("/apiStages", "/quota", "/throttle", "/productCode", _METHOD, _STAGE),
}
"""What a refusal names."""
_OF_STAGE: Final = re.compile(r"/apiStages/(?P<api>[^/:]+):(?P<stage>[^/:]+)/throttle(?:/(?P<rest>.+))?")
_OF_METHOD: Final = re.compile(r"(?P<place>.+?)(?:/(?P<member>rateLimit|burstLimit))?")


def patched(document: Doc, asked: patch.Operation) -> Doc:
    """The plan with one operation applied. Raises BadRequest, NotFound."""
    if asked.path == "/apiStages" and asked.op in ("add", "remove"):
        return _stages(document, asked)
    found = _OF_STAGE.fullmatch(asked.path)
    if found is not None and asked.op in ("add", "replace", "remove"):
        stage = _find(document, found["api"], found["stage"])
        if stage is None:
            raise not_found(f"Invalid API Stage specified: {found['api']}:{found['stage']}")
        _throttle(stage, found["rest"], asked)
        return document
    if asked.op == "remove" and asked.path in ("/throttle", "/quota"):
        return {name: each for name, each in document.items() if name != asked.path[1:]}
    if patch.find(asked, TARGETS) is None:
        raise _wrong(asked)
    changed = patch.apply(document, [asked], TARGETS)
    if "quota" in changed:
        changed["quota"].setdefault("offset", 0)
    return changed


def _stages(document: Doc, asked: patch.Operation) -> Doc:
    api, colon, stage = (asked.value or "").partition(":")
    if not api or not colon or not stage:
        raise bad_request("Invalid API Stage specified")
    known = _find(document, api, stage)
    if asked.op == "add":
        return {**document, "apiStages": [*document["apiStages"], {"apiId": api, "stage": stage}]}
    if known is None:
        raise not_found(f"Invalid API Stage specified: {api}:{stage}")
    return {**document, "apiStages": [each for each in document["apiStages"] if each is not known]}


def _throttle(stage: Doc, rest: str | None, asked: patch.Operation) -> None:
    """The throttles of a stage's methods, one of them, or one of its two limits."""
    throttles: dict[str, Any] = dict(stage.get("throttle") or {})
    found = _OF_METHOD.fullmatch(rest or "")
    if found is None:
        throttles = {} if asked.op == "remove" else _whole(asked)
    else:
        place = "/" + patch.unescape(found["place"]).strip("/")
        if place.count("/") == 1:
            place = f"/{place}"
        if asked.op == "remove":
            if place not in throttles or found["member"]:
                raise _wrong(asked) if found["member"] else not_found(f"Invalid throttle specified: {place}")
            del throttles[place]
        elif not found["member"]:
            raise _wrong(asked)
        else:
            convert = patch.decimal if found["member"] == "rateLimit" else patch.integer
            if asked.value is None:
                raise bad_request(f"Invalid null or empty value in {asked.path}")
            throttles[place] = {**throttles.get(place, {}), found["member"]: convert(asked.value)}
    if throttles:
        stage["throttle"] = throttles
    else:
        stage.pop("throttle", None)


def _whole(asked: patch.Operation) -> dict[str, Any]:
    """All throttles of a stage as JSON: ``{"/path/GET": {"rateLimit": 1, "burstLimit": 1}}``."""
    try:
        given = json.loads(asked.value or "")
        return {
            str(place): {
                name: (float if name == "rateLimit" else int)(row[name])
                for name in ("rateLimit", "burstLimit")
                if name in row
            }
            for place, row in given.items()
        }
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError) as problem:
        raise bad_request(f"Invalid throttle settings in {asked.path}") from problem


def _find(document: Doc, api: str, stage: str) -> Doc | None:
    for each in document["apiStages"]:
        if (each["apiId"], each["stage"]) == (api, stage):
            found: Doc = each
            return found
    return None


def _wrong(asked: patch.Operation) -> Exception:
    places = ", ".join(_PLACES.get(asked.op, ()))
    return bad_request(f"Invalid patch path  '{asked.path}' specified for op '{asked.op}'. Must be one of: [{places}]")
