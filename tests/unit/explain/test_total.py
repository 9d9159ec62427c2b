"""No fault leaves a person without an explanation, however little its gate said."""

from __future__ import annotations

import pytest
from tests.scenes.corpus import Scene, cases

from sekisho.explain.rules import rule_for
from sekisho.faults.fault import NATURE, Fault, Reject
from sekisho.gateway.trace import Trace

IDS = ("200-", "092-", "155-", "139-", "116-", "244-", "182-", "027-", "011-", "009-")
CASES = [case for case in cases() if case["id"].startswith(IDS)]


def refused(scene: Scene, fault: Fault) -> Trace:
    """The trace of the scene's request, as if it had been refused for ``fault``."""
    trace = scene.send().trace
    trace.rejection = Reject(fault, {})
    trace.refused_at = NATURE[fault].gate or "integrate"
    trace.status = 500
    return trace


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_every_fault_on_every_kind_of_route(case: dict[str, object]) -> None:
    scene = Scene(case)
    for fault in Fault:
        found = scene.lab.explain(refused(scene, fault))
        assert found["headline"] and found["fault"] == fault.name
        assert scene.lab.explain(refused(scene, fault), "ja")["headline"]


def test_every_fault_has_a_rule_of_its_own_or_says_where() -> None:
    general = rule_for(Fault.INTERNAL)
    assert {fault for fault in Fault if rule_for(fault) is general} <= {
        Fault.INTERNAL,
        Fault.HEADERS_TOO_LARGE,
        Fault.ARN_TOO_LONG,
        Fault.BINARY_CONVERSION_FAILED,
    }
