"""Control-plane calls in one line: an operation, its parameters, and the unit of work it writes to.

store = Overlay(World())
run(ROLES["CreateRole"], make_call("iam", "CreateRole", {...}, store=store))
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from sekisho.config.identities import Principal
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import Entropy
from sekisho.kit.outcome import Ask
from sekisho.policy.combine import NO_POLICIES, PolicyStack
from sekisho.policy.request import Subject, SubjectKind
from sekisho.services.operation import Call, Operation, Runner, ServiceError
from sekisho.state.world import Overlay, World

ACCOUNT = "123456789012"
REGION = "us-east-1"
NOW = 1_700_000_000.0
"""2023-11-14T22:13:20Z."""


def counting_entropy(seed: str = "") -> Entropy:
    """Bytes that are different at every call and the same in every run."""
    count = 0

    def entropy(size: int) -> bytes:
        nonlocal count
        out = b""
        while len(out) < size:
            out += hashlib.sha256(f"{seed}/{count}".encode()).digest()
            count += 1
        return out[:size]

    return entropy


ENTROPY = counting_entropy()


def root(account: str = ACCOUNT) -> Principal:
    """The account's root user: what callers are when permissions are not enforced."""
    return Principal(Subject(SubjectKind.ROOT, account, iam_arn(account, "root"), unique_id=account), NO_POLICIES)


def user(name: str, stack: PolicyStack = NO_POLICIES, account: str = ACCOUNT) -> Principal:
    """An IAM user with the given policies."""
    subject = Subject(SubjectKind.USER, account, iam_arn(account, f"user/{name}"), unique_id=f"AIDA{name.upper():A<17}")
    return Principal(subject, stack, name)


class Operator:
    """A runner that finds operations in given tables (by service, then name) and remembers what was called."""

    def __init__(self, tables: Mapping[str, Mapping[str, Operation]] | None = None) -> None:
        self.tables = tables or {}
        self.called: list[tuple[str, str, Mapping[str, Any]]] = []

    def __call__(self, call: Call, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self.called.append((service, operation, params))
        row = self.tables.get(service, {}).get(operation)
        if row is None:
            raise ServiceError("NotImplemented", f"{service}:{operation} is not part of this test", 501)
        inner = make_call(
            service,
            operation,
            params,
            store=call.store,
            caller=call.caller,
            snapshot=call.snapshot,
            account=call.account,
            region=call.region,
            now=call.now,
            entropy=call.entropy,
            runner=self,
        )
        return run(row, inner)


def make_call(
    service: str,
    operation: str,
    params: Mapping[str, Any] | None = None,
    *,
    store: Overlay | None = None,
    caller: Principal | None = None,
    snapshot: Snapshot = EMPTY,
    account: str = ACCOUNT,
    region: str = REGION,
    now: float = NOW,
    entropy: Entropy | None = None,
    runner: Runner | None = None,
    source_ip: str = "127.0.0.1",
) -> Call:
    """A call by the account's root on an empty world, unless told otherwise. ``params``: as the wire gives them."""
    return Call(
        service=service,
        operation=operation,
        params=dict(params or {}),
        caller=caller or root(account),
        account=account,
        region=region,
        now=now,
        request_id="00000000-0000-4000-8000-000000000000",
        store=Overlay(World()) if store is None else store,
        snapshot=snapshot,
        entropy=entropy or ENTROPY,
        runner=runner or Operator(),
        source_ip=source_ip,
    )


def run(operation: Operation, call: Call, answers: Callable[[Any], Any] | None = None) -> Mapping[str, Any]:
    """Run an operation to its end; effects it asks for are answered by ``answers``. Raises ServiceError."""
    result = operation.run(call)
    while isinstance(result, Ask):
        if answers is None:
            raise AssertionError(f"{call.operation} asks for {result.effect!r} and the test has no answer")
        result = result.then(call, answers(result.effect))
    return result
