"""A copy of the configuration on which an explanation's remedies are tried; nothing of it is ever committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sekisho.config.keyring import root_principal
from sekisho.config.snapshot import Snapshot
from sekisho.explain.explanation import ApiCall
from sekisho.gateway.exchange import Keyring
from sekisho.gateway.trace import Trace
from sekisho.kit.ids import Entropy
from sekisho.kit.outcome import Ask
from sekisho.publish.publisher import publish
from sekisho.services.frontdoor import Tables
from sekisho.services.operation import Call, ServiceError
from sekisho.state.world import Overlay, View
from sekisho.wire.model import Models
from sekisho.wire.validate import validate


class Bench:
    """``explain.replay.Workbench`` over a view of the world."""

    def __init__(
        self, view: View, keyring: Keyring, tables: Tables, models: Models, entropy: Entropy, now: float
    ) -> None:
        self._view = view
        self._keyring = keyring
        self._tables = tables
        self._models = models
        self._entropy = entropy
        self._now = now

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    def apply(self, calls: Sequence[ApiCall], trace: Trace) -> Snapshot | str:
        """The snapshot after these calls, made as the root of the API's account; or why they are refused."""
        return self.apply_in(calls, trace.snapshot, trace.api.account, trace.api.region)

    def apply_in(self, calls: Sequence[ApiCall], snapshot: Snapshot, account: str, region: str) -> Snapshot | str:
        """The same for any account and region."""
        overlay = Overlay(self._view)
        for made in calls:
            call = self._call(overlay, snapshot, account, region, made.service, made.operation)
            try:
                self._run(call, made.parameters)
            except ServiceError as refused:
                return f"{made.service}:{made.operation}: {refused.code}: {refused.message}"
        keys = [change.key for change in overlay.changes()]
        return publish(overlay, keys, snapshot, snapshot.revision)

    def _call(
        self, overlay: Overlay, snapshot: Snapshot, account: str, region: str, service: str, operation: str
    ) -> Call:
        return Call(
            service=service,
            operation=operation,
            params={},
            caller=root_principal(account),
            account=account,
            region=region,
            now=self._now,
            request_id="trial",
            store=overlay,
            snapshot=snapshot,
            entropy=self._entropy,
            runner=self._invoke,
        )

    def _run(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        row = self._tables.get(call.service, {}).get(call.operation)
        if row is None:
            raise ServiceError("NotImplementedException", f"{call.service}:{call.operation} is not served here", 501)
        call.params = dict(params)
        invalid = validate(self._models.get(call.service).operations[call.operation], call.params)
        if invalid is not None:
            raise ServiceError(invalid.code, invalid.message)
        result = row.run(call)
        if isinstance(result, Ask):
            raise ServiceError("NotImplementedException", "it would have effects beyond the configuration", 501)
        return result

    def _invoke(self, call: Call, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """An operation on behalf of another (``operation.Runner``)."""
        inner = self._call(call.store, call.snapshot, call.account, call.region, service, operation)
        return self._run(inner, params)
