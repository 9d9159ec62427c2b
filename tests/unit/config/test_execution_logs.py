"""Which methods of a stage write execution logs."""

from __future__ import annotations

from typing import Any

from sekisho.config.execution_logs import ExecutionLog, compile_execution_logs

INFO: dict[str, Any] = {"loggingLevel": "INFO", "dataTraceEnabled": True}
ERROR: dict[str, Any] = {"loggingLevel": "ERROR", "dataTraceEnabled": False}
OFF: dict[str, Any] = {"loggingLevel": "OFF", "dataTraceEnabled": True}


def levels(settings: dict[str, dict[str, Any]], path: str = "/a/b", method: str = "GET") -> dict[str, str]:
    found = compile_execution_logs(settings, path, method, "group", "stream")
    return {verb: log.level for verb, log in found.items()}


def test_nothing_is_logged_unless_it_is_said() -> None:
    assert levels({}) == {}
    assert levels({"*/*": OFF}) == {}
    assert levels({"~1a/GET": INFO}) == {}


def test_the_closest_key_decides_alone() -> None:
    assert levels({"*/*": INFO}) == {"GET": "INFO"}
    assert levels({"*/*": INFO, "~1a~1b/GET": ERROR}) == {"GET": "ERROR"}
    assert levels({"*/*": INFO, "~1a~1b/GET": OFF}) == {}
    assert levels({"*/*": INFO, "~1a~1b/POST": OFF}) == {"GET": "INFO"}


def test_a_method_for_any_verb_is_judged_by_verb() -> None:
    assert levels({"~1a~1b/GET": ERROR}, method="ANY") == {"GET": "ERROR"}
    assert len(levels({"*/*": INFO}, method="ANY")) == 7


def test_the_whole_row() -> None:
    found = compile_execution_logs({"*/*": INFO}, "/", "PUT", "group", "stream")
    assert found == {"PUT": ExecutionLog("INFO", True, "group", "stream")}
