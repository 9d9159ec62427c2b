"""Every IAM decision vector, asked of ``decide``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.tally import tally

from sekisho.policy import Case, decide, read_case

FOLDER = Path(__file__).parents[1] / "vectors" / "iam"
FILES = sorted(path for path in FOLDER.glob("*.json") if path.name != "policy-validation.json")
CASES = [(path.stem, case) for path in FILES for case in json.loads(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("file", "raw"), CASES, ids=[case["id"] for _, case in CASES])
def test_decision(file: str, raw: dict[str, Any]) -> None:
    case = read_case(raw)
    assert isinstance(case, Case), case
    decision = decide(case.question, case.stack, case.resource_policy)
    passed = decision.verdict is case.expected
    tally(f"iam/{file}", case.id, passed, "" if passed else f"{case.confidence}: we say {decision.verdict.value}")
    if case.confidence in ("documented", "inferred"):
        assert passed, decision
