"""Operations with effects that the data plane answers: GetUsage, UpdateUsage, TestInvokeMethod, TestInvokeAuthorizer.

answer = attempt(lab, "TestInvokeMethod", restApiId=api, resourceId=resource, httpMethod="GET")
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from tests.scenes.calls import make_call, root
from tests.scenes.lab import Lab
from tests.scenes.service_models import MODELS

from sekisho.edge.assembly import TABLES
from sekisho.edge.trial import answering
from sekisho.functions.invocation import InvokeFunction
from sekisho.gateway.ledger import Ledger
from sekisho.kit.outcome import Ask
from sekisho.services.operation import Call, ServiceError
from sekisho.state.world import Overlay
from sekisho.wire.validate import validate


def attempt(lab: Lab, operation: str, **params: Any) -> Any:
    """The answer of an operation of ``apigateway`` that changes nothing; ``lab.functions`` answer for functions."""
    invalid = validate(MODELS.get("apigateway").operations[operation], params)
    if invalid is not None:
        raise ServiceError(invalid.code, invalid.message)
    call = make_call(
        "apigateway",
        operation,
        params,
        store=Overlay(lab.world),
        caller=root(),
        snapshot=lab.snapshot,
        now=lab.now,
        entropy=lab.entropy,
    )
    ledger = getattr(lab, "ledger", None) or Ledger()
    steps = answering(
        _run(call), snapshot=lab.snapshot, keyring=lab.keyring, ledger=ledger, now=lab.now, entropy=lab.entropy
    )
    try:
        effect = next(steps)
        while True:
            assert isinstance(effect, InvokeFunction)
            effect = steps.send(lab.functions(effect))
    except StopIteration as end:
        return end.value


def _run(call: Call) -> Generator[Any, Any, Any]:
    result: Any = TABLES["apigateway"][call.operation].run(call)
    while isinstance(result, Ask):
        result = result.then(call, (yield result.effect))
    return result
