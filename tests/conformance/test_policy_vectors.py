"""Every IAM decision vector, asked of ``decide`` and of ``explain``; every document of the validation vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.tally import tally

from sekisho.policy import Case, decide, explain, read_case
from sekisho.policy.validate import KIND_OF_OPERATION, validate

FOLDER = Path(__file__).parents[1] / "vectors" / "iam"
FILES = sorted(path for path in FOLDER.glob("*.json") if path.name != "policy-validation.json")
CASES = [(path.stem, case) for path in FILES for case in json.loads(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("file", "raw"), CASES, ids=[case["id"] for _, case in CASES])
def test_decision(file: str, raw: dict[str, Any]) -> None:
    case = read_case(raw)
    assert isinstance(case, Case), case
    decision = decide(case.question, case.stack, case.resource_policy)
    assert explain(case.question, case.stack, case.resource_policy).decision[:2] == decision[:2]
    passed = decision.verdict is case.expected
    tally(f"iam/{file}", case.id, passed, "" if passed else f"{case.confidence}: we say {decision.verdict.value}")
    if case.confidence in ("documented", "inferred"):
        assert passed, decision


DOCUMENTS = json.loads((FOLDER / "policy-validation.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", DOCUMENTS, ids=[case["id"] for case in DOCUMENTS])
def test_validation(case: dict[str, Any]) -> None:
    document = case["document"] if isinstance(case["document"], str) else json.dumps(case["document"])
    problem = validate(document, KIND_OF_OPERATION[case["api"]])
    then = case["then"]
    got = {"ok": True} if problem is None else {"ok": False, "code": problem.code, "message": problem.message}
    expected = {name: then[name] for name in got if name in then} if not then["ok"] else {"ok": True}
    tally("iam/policy-validation", case["id"], got == expected, "" if got == expected else str(got))
    assert got == expected
