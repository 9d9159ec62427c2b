"""Which requests of a REST stage write execution logs: the stage's method settings, compiled per method.

``Route.extras["executionLog"]`` holds verb → ``ExecutionLog`` when at least one verb of the method is logged.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

EXTRA: Final = "executionLog"
_VERBS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_NOTHING: Final[Mapping[str, Any]] = {}


class ExecutionLog(NamedTuple):
    """How much one method tells, and where."""

    level: str
    """``INFO`` or ``ERROR``."""
    data: bool
    """``dataTraceEnabled``: requests and responses, too."""
    group: str
    stream: str


def compile_execution_logs(
    settings: Mapping[str, Mapping[str, Any]], path: str, method: str, group: str, stream: str
) -> Mapping[str, ExecutionLog]:
    """Verb → its log, for the verbs that are logged. ``settings`` is the stage's ``methodSettings``; keys are
    ``{path}/{VERB}`` with the path's slashes as ``~1``, or ``*`` for either part. The closest key decides alone."""
    found = {}
    for verb in _VERBS if method == "ANY" else (method,):
        row = _closest(settings, path.replace("/", "~1"), verb)
        level = row.get("loggingLevel", "OFF")
        if level in ("INFO", "ERROR"):
            found[verb] = ExecutionLog(level, bool(row.get("dataTraceEnabled")), group, stream)
    return found


def _closest(settings: Mapping[str, Mapping[str, Any]], path: str, verb: str) -> Mapping[str, Any]:
    for key in (f"{path}/{verb}", f"{path}/*", f"*/{verb}", "*/*"):
        if key in settings:
            return settings[key]
    return _NOTHING
