"""Which API and stage is this? Sizes and hosts that are refused before anything is looked at."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from sekisho.config.api import ApiMapping
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.kit.memory import remember
from sekisho.kit.outcome import PASS

DEFAULT: Final = "$default"
"""The stage without a name in the path."""
MAX_BODY: Final = 10_485_760
"""Bytes. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
MAX_HEADERS: Final = 10_240
"""Bytes of all header names and values; same page."""

_REMEMBERED_PATH: Final = 256
_TOO_LARGE: Final = Reject(Fault.BODY_TOO_LARGE, {})
_HEADERS_TOO_LARGE: Final = Reject(Fault.HEADERS_TOO_LARGE, {})
_DISABLED: Final = Reject(Fault.ENDPOINT_DISABLED, {})


def no_such_api(x: Exchange) -> Outcome:
    """The host names no API that is deployed here."""
    return Reject(Fault.NO_SUCH_API, {"api": x.request.api_id})


def by_stage_path(x: Exchange) -> Outcome:
    """REST: the first segment of the path is the stage.

    Slashes before the stage are one, and so are those right behind it; all others count.
    vector: rest-proxy-event/invocation-payload-with-prepended-slash.
    """
    request, t = x.request, x.trace
    sizes = _sizes_problem(x)
    if sizes is not None:
        return sizes
    if t.mapping is not None:
        return _mapped(x, t.mapping)
    path = request.path
    found = _paths.get(path)
    if found is None:
        found = _split(path)
        if len(path) <= _REMEMBERED_PATH:
            remember(_paths, path, found)
    name, t.path, t.local_path = found
    stage = t.api.stages.get(name)
    if stage is None:
        return Reject(Fault.NO_SUCH_STAGE, {"stage": name})
    if t.api.disable_execute_api_endpoint and ".execute-api." in request.host:
        return _DISABLED
    t.stage = stage
    return PASS


_paths: Final[dict[str, tuple[str, str, str]]] = {}
"""Paths that were split: the same ones come again."""


def _split(path: str) -> tuple[str, str, str]:
    """The stage's name, ``$context.path``, and what is behind the stage."""
    name, _, rest = path.lstrip("/").partition("/")
    whole = f"/{name}/{rest}" if rest or path.endswith("/") else f"/{name}"
    return name, whole, "/" + (rest.lstrip("/") if rest[:1] == "/" else rest)


def _mapped(x: Exchange, mapping: ApiMapping) -> Outcome:
    """REST by a custom domain name: the mapping names the stage, and the path has its key instead."""
    t = x.trace
    stage = t.api.stages.get(mapping.stage)
    if stage is None:
        return Reject(Fault.NO_SUCH_STAGE, {"stage": mapping.stage})
    t.path = x.request.path or "/"
    t.local_path = _behind(t.path, mapping.key)
    t.stage = stage
    return PASS


def by_stage_or_default(x: Exchange) -> Outcome:
    """HTTP: the first segment of the path names a stage, or else the whole path belongs to ``$default``.

    Paths are decoded here, once, so that what is routed, what policies name and what backends see is the same text.
    vectors: deployed/http-before-deployment, iam/http-unknown-route.
    """
    request, t = x.request, x.trace
    sizes = _sizes_problem(x)
    if sizes is not None:
        return sizes
    path = unquote(request.path) if "%" in request.path else request.path
    if not path.startswith("/"):
        path = f"/{path}"
    t.path = path
    if t.mapping is not None:
        name, local = t.mapping.stage, _behind(path, t.mapping.key)
    else:
        name, _, local = path[1:].partition("/")
        local = f"/{local}"
    stage = t.api.stages.get(name)
    if stage is None or (name == DEFAULT and t.mapping is None):
        name, local = DEFAULT, path
        stage = t.api.stages.get(DEFAULT) if t.mapping is None else None
    if stage is None:
        return Reject(Fault.NO_SUCH_STAGE, {"stage": name})
    if t.api.disable_execute_api_endpoint and ".execute-api." in request.host:
        return _DISABLED
    t.stage = stage
    t.local_path = local
    return PASS


def _behind(path: str, key: str) -> str:
    """What is left of a path behind a mapping's key; begins with a slash."""
    rest = path[len(key) + 1 :] if key else path
    return rest if rest.startswith("/") else f"/{rest}"


def _sizes_problem(x: Exchange) -> Reject | None:
    request = x.request
    if len(request.body) > MAX_BODY:
        return _TOO_LARGE
    return _HEADERS_TOO_LARGE if request.headers.size > MAX_HEADERS else None
