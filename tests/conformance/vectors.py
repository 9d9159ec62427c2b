"""Recorded vectors as data, and the few words of their ``given`` that every runner understands."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

Case = dict[str, Any]

_GATEWAY = Path(__file__).parent.parent / "vectors" / "gateway"


@cache
def document(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_GATEWAY / f"{file}.json").read_text(encoding="utf-8"))
    return found


def load(file: str) -> list[Case]:
    """The cases of ``vectors/gateway/<file>.json``."""
    cases: list[Case] = document(file)["cases"]
    return cases


def calls(case: Case, operation: str) -> list[dict[str, Any]]:
    """The parameters of every ``apigateway.<operation>`` in the case's setup."""
    given = case["given"]
    return [
        params for name, params in given.get("boto3") or given.get("setup") or () if name == f"apigateway.{operation}"
    ]


def resources(case: Case) -> tuple[str, list[tuple[str, str]]]:
    """The stage's name, and (path, verb) of every method."""
    stage = calls(case, "create_deployment")[0]["stageName"]
    return stage, [(each.get("resource") or each["path"], each["httpMethod"]) for each in calls(case, "put_method")]
