"""The settings of a stage's methods, patched as ``/{resourcePath}/{httpMethod}/{setting}``.

https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sekisho.services.apigateway import patch
from sekisho.services.apigateway.errors import bad_request, not_implemented
from sekisho.services.apigateway.lookup import Doc
from sekisho.services.apigateway.methods import VERBS


class Setting(NamedTuple):
    """A row: the member that a path suffix sets, and how its text becomes a value."""

    member: str
    convert: patch.Convert


SETTINGS: Mapping[str, Setting] = {
    "metrics/enabled": Setting("metricsEnabled", patch.boolean),
    "logging/loglevel": Setting("loggingLevel", patch.one_of("OFF", "ERROR", "INFO")),
    "logging/dataTrace": Setting("dataTraceEnabled", patch.boolean),
    "throttling/burstLimit": Setting("throttlingBurstLimit", patch.integer),
    "throttling/rateLimit": Setting("throttlingRateLimit", patch.decimal),
    "caching/enabled": Setting("cachingEnabled", patch.boolean),
    "caching/ttlInSeconds": Setting("cacheTtlInSeconds", patch.integer),
    "caching/dataEncrypted": Setting("cacheDataEncrypted", patch.boolean),
    "caching/requireAuthorizationForCacheControl": Setting("requireAuthorizationForCacheControl", patch.boolean),
    "caching/unauthorizedCacheControlHeaderStrategy": Setting(
        "unauthorizedCacheControlHeaderStrategy",
        patch.one_of("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"),
    ),
}

METHODS = ("*", *(verb for verb in VERBS if verb != "ANY"))
"""Settings are per verb of requests: ``ANY`` names none of them."""

DEFAULTS: Mapping[str, Any] = {
    "metricsEnabled": False,
    "loggingLevel": "OFF",
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
"""What a method has when one of its settings is set. The throttle is the account's."""


def is_setting_path(path: str) -> bool:
    """``/{resourcePath}/{httpMethod}…`` with the resource's own slashes as ``~1``."""
    return len(path.split("/")) in (3, 5)


def patch_settings(settings: Mapping[str, Any], asked: patch.Operation) -> Doc:
    """The settings with one operation applied: ``replace`` (or ``add``) of one, ``remove`` of a method's all."""
    _, resource, verb, *rest = asked.path.split("/")
    key = f"{resource}/{verb}"
    if not resource or verb not in METHODS:
        raise bad_request(f"Invalid method setting path: {asked.path}")
    if not rest:
        if asked.op != "remove":
            raise bad_request(f"Invalid method setting path: {asked.path}")
        return {name: each for name, each in settings.items() if name != key}
    row = SETTINGS.get("/".join(rest))
    if row is None or asked.op not in ("replace", "add", "remove"):
        allowed = ", ".join(f"/{{resourcePath}}/{{httpMethod}}/{suffix}" for suffix in SETTINGS)
        raise bad_request(f"Invalid method setting path: {asked.path}. Must be one of: [{allowed}]")
    if asked.op == "remove":
        value = DEFAULTS[row.member]
    elif asked.value is None:
        raise bad_request(f"Invalid null or empty value in {asked.path}")
    else:
        value = row.convert(asked.value)
    check(row.member, value)
    return {**settings, key: {**DEFAULTS, **settings.get(key, {}), row.member: value}}


def check(member: str, value: Any) -> None:
    """Limits of values, and what this server does not run."""
    if member == "cacheTtlInSeconds" and not 0 <= value <= 3600:
        raise bad_request("Cache TTL must be between 0 and 3600 seconds")
    if member == "cachingEnabled" and value:
        raise not_implemented("Response caching (caching/enabled)")
    if member in ("throttlingBurstLimit", "throttlingRateLimit") and value != -1 and value < 0:
        raise bad_request(f"Invalid {member}: {value:g}. Must be 0 or more, or -1 for the account's")
