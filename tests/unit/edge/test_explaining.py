"""What is written down of a request gives the same explanation as the request itself."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from tests.conformance.test_corpus import CANNOT
from tests.scenes.corpus import Scene, cases
from tests.scenes.service_models import MODELS

from sekisho.edge.assembly import TABLES
from sekisho.edge.explaining import explanation_for
from sekisho.edge.logschema import Stored
from sekisho.edge.reenact import keep
from sekisho.gateway.record import display
from sekisho.gateway.trace import Trace

CASES = {case["id"]: case for case in cases() if case["id"] not in CANNOT and case["symptom"]["http_status"] >= 400}


def explained(scene: Scene, found: Trace | Stored) -> dict[str, Any]:
    lab = scene.lab
    why = explanation_for(
        found,
        "en",
        lab.world,
        keyring=lab.keyring,
        tables=TABLES,
        models=MODELS,
        entropy=lab.entropy,
        region=scene.region,
    )
    assert why is not None
    return why


@pytest.mark.parametrize("name", CASES)
def test_after_being_written_and_read(name: str) -> None:
    scene = Scene(CASES[name])
    trace = scene.send().trace
    before = explained(scene, trace)
    written = orjson.dumps(
        {"document": display(trace), "kept": keep(trace)}, option=orjson.OPT_NON_STR_KEYS, default=str
    )
    read = orjson.loads(written)
    after = explained(scene, Stored(read["document"], read["kept"], trace.snapshot.revision))
    for part in ("requestId", "cause", "fault", "blame", "gate", "headline"):
        assert after[part] == before[part]
    assert before["cause"] == CASES[name]["root_cause"]


def test_explanations_come_soon() -> None:
    """A person waits for one; it replays every remedy, and still takes no more than a moment."""
    scene = Scene(CASES["200-lambda-caller-credentials-sam-default"])
    trace = scene.send().trace
    begun = time.perf_counter()
    explained(scene, trace)
    assert time.perf_counter() - begun < 2
