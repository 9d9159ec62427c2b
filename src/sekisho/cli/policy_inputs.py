"""What ``sekisho policy`` reads: policy documents and decision cases. Problems are told so that they teach."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sekisho.policy.cases import Case, read_case
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.validate import KIND_OF_OPERATION


class InputProblem(Exception):
    """The input cannot be used; the message is for the person at the terminal."""


VALIDATION = frozenset({"id", "source", "api", "document", "then", "note", "area"})
VALIDATION_THEN = frozenset({"ok", "code", "message", "confidence"})
MEMBERS = (
    "a decision case has id, area, source, note, given, when and then; a validation case has id, source, api, document "
    "and then"
)


def read_text(path: str) -> str:
    """A file's text; ``-`` is the standard input."""
    import sys

    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise InputProblem(f"{path}: cannot be read: {reason}") from None


def read_json(path: str) -> Any:
    """A file's JSON."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as problem:
        raise InputProblem(f"{path}:{problem.lineno}:{problem.colno}: not JSON: {problem.msg}") from None
    except RecursionError:
        raise InputProblem(f"{path}: nested too deeply") from None


def read_policy(path: str) -> CompiledPolicy:
    """A policy document."""
    document = read_json(path)
    if not isinstance(document, dict) or "Statement" not in document:
        raise InputProblem(f'{path}: not a policy document: it needs "Version" and "Statement"')
    return compile_policy(document, name=path)


def read_policies(paths: Sequence[str]) -> tuple[CompiledPolicy, ...]:
    """Several policy documents."""
    return tuple(read_policy(path) for path in paths)


class ValidationCase:
    """What an operation answers to a document."""

    def __init__(self, raw: dict[str, Any]) -> None:
        document = raw["document"]
        self.id = str(raw.get("id", ""))
        self.document = document if isinstance(document, str) else json.dumps(document)
        self.kind = KIND_OF_OPERATION[raw["api"]]
        self.then: dict[str, Any] = raw["then"]


def read_cases(path: str) -> list[Case | ValidationCase]:
    """The cases of a file: a JSON array, or one object."""
    raw = read_json(path)
    if not isinstance(raw, list):
        raw = [raw]
    return [_read_case(item, f"{path}: case {_called(item, place)}") for place, item in enumerate(raw)]


def _called(item: Any, place: int) -> str:
    return str(item["id"]) if isinstance(item, dict) and "id" in item else f"#{place}"


def _read_case(item: Any, where: str) -> Case | ValidationCase:
    if isinstance(item, dict) and "api" in item:
        problem = _validation_problem(item)
        if problem:
            raise InputProblem(f"{where}: {problem}")
        return ValidationCase(item)
    case = read_case(item)
    if isinstance(case, str):
        hint = f" ({MEMBERS})" if case.startswith("unknown member") else ""
        raise InputProblem(f"{where}: {case}{hint}")
    return case


def _validation_problem(item: dict[str, Any]) -> str:
    for member in item:
        if member not in VALIDATION:
            return f"unknown member {member} ({MEMBERS})"
    then = item.get("then")
    if not isinstance(then, dict) or not isinstance(then.get("ok"), bool):
        return 'then is {"ok": true} or {"ok": false, "code": …, "message": …}'
    for member in then:
        if member not in VALIDATION_THEN:
            return f"unknown member then.{member} (then has ok, code and message)"
    if "document" not in item:
        return "document is missing"
    if item.get("api") not in KIND_OF_OPERATION:
        return f"api is one of {', '.join(KIND_OF_OPERATION)}"
    return ""


def read_context(pairs: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    """``key=value`` pairs; a key given twice has several values."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputProblem(f"--context {pair}: expected KEY=VALUE, such as aws:SourceIp=203.0.113.7")
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else tuple(values) for key, values in found.items()}
