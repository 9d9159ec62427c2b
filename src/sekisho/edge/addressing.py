"""Which plane a request is for: an API's host or path, or the control plane.

Three spellings reach an API:

- host ``{apiId}.execute-api.{region}.…`` (any suffix and port) and ``{apiId}.execute-api.localhost``;
- path ``/_aws/execute-api/{apiId}/{stage}/…``;
- path ``/restapis/{apiId}/{stage}/_user_request_/…``.

Everything else is the control plane's or ``/_sekisho/``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_PATH_STYLE: Final = "/_aws/execute-api/"
_USER_REQUEST: Final = "_user_request_"
_REMEMBERED_HOSTS: Final = 1024


class ApiHost(NamedTuple):
    """What a Host header says: the API (empty when it names none) and the region (empty when it names none)."""

    name: str
    """The host as sent, without port."""
    api_id: str
    region: str


class ApiPath(NamedTuple):
    """A path-style address, undone."""

    api_id: str
    path: str
    """What the execute-api host would have been asked for: ``/stage/…``."""


_known: Final[dict[str, ApiHost]] = {}


def without_port(host: str) -> str:
    """``host`` without its port; IPv6 literals keep their brackets."""
    if host.startswith("["):
        return host[: host.find("]") + 1] or host
    return host.partition(":")[0]


def read_host(host: str) -> ApiHost:
    """The API a Host header names. Remembered: servers see few different hosts."""
    found = _known.get(host)
    if found is None:
        found = _read_host(host)
        if len(_known) >= _REMEMBERED_HOSTS:
            _known.clear()
        _known[host] = found
    return found


def _read_host(host: str) -> ApiHost:
    name = without_port(host)
    labels = name.lower().split(".")
    if len(labels) >= 3 and labels[1] == "execute-api" and labels[0]:
        region = "" if labels[2] == "localhost" else labels[2]
        return ApiHost(name, labels[0], region)
    return ApiHost(name, "", "")


def read_path(path: str) -> ApiPath | None:
    """The API a path-style address names, or None when the path is not one."""
    if path.startswith(_PATH_STYLE):
        api_id, _, rest = path[len(_PATH_STYLE) :].partition("/")
        return ApiPath(api_id, "/" + rest) if api_id else None
    if path.startswith("/restapis/"):
        parts = path.split("/", 5)
        if len(parts) >= 5 and parts[4] == _USER_REQUEST and parts[2] and parts[3]:
            rest = "/" + parts[5] if len(parts) == 6 else ""
            return ApiPath(parts[2], f"/{parts[3]}{rest}")
    return None
