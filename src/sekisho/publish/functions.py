"""Lambda's documents → compiled functions: what may be run, and who may run it.

Theory of operation. A change touches functions, and only those are compiled again: their versions, their aliases, and
one resource policy per qualifier. A policy whose document did not change is kept, since compiling it is the only part
that costs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import NamedTuple, cast

from sekisho.config.functions import Function
from sekisho.functions.invocation import FunctionSpec
from sekisho.kit.arn import function_arn
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.publish.isolation import compiled_or
from sekisho.services.lambda_.records import (
    AliasRecord,
    FunctionRecord,
    PermissionRecord,
    function_spec,
    policy_document,
)
from sekisho.state.world import Key, Partition, View

LATEST = "$LATEST"
SERVICE = "lambda"
KINDS = frozenset(("function", "version", "alias", "permission"))
"""What functions are compiled from."""


class Place(NamedTuple):
    """Which function: where it lives and its name."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return function_arn(self.region, self.account, self.name)


def functions(view: View, changed: Collection[Key] | None, previous: Mapping[str, Function]) -> Mapping[str, Function]:
    """The functions of ``view`` by unqualified ARN; those that ``changed`` does not touch are ``previous``'s own."""
    if changed is None:
        return {
            place.arn: compiled
            for place in _all(view)
            if (compiled := compiled_or(partial(_compile, view, place, None), None))
        }
    touched = dict.fromkeys(
        Place(key.account, key.region, key.id.split("/", 1)[0])
        for key in changed
        if key.service == SERVICE and key.kind in KINDS
    )
    if not touched:
        return previous
    out = dict(previous)
    for place in touched:
        compiled = _compile(view, place, previous.get(place.arn))
        if compiled is None:
            out.pop(place.arn, None)
        else:
            out[place.arn] = compiled
    return out


def _all(view: View) -> list[Place]:
    return [
        Place(partition.account, partition.region, name)
        for partition in view.partitions()
        if partition.service == SERVICE and partition.kind == "function"
        for name, _ in view.items(partition)
    ]


def _compile(view: View, place: Place, previous: Function | None) -> Function | None:
    """One function, or None when it does not exist (any more)."""
    document = view.get(Key(place.account, place.region, SERVICE, "function", place.name))
    if document is None:
        return None
    latest = cast(FunctionRecord, document)
    reserved = latest["ReservedConcurrency"]
    versions: dict[str, FunctionSpec] = {LATEST: function_spec(latest, place.account, place.region, reserved)}
    for _, record in _of(view, place, "version"):
        spec = function_spec(cast(FunctionRecord, record), place.account, place.region, reserved)
        versions[spec.version] = spec
    aliases: dict[str, tuple[str, ...]] = {}
    for _, record in _of(view, place, "alias"):
        alias = cast(AliasRecord, record)
        aliases[alias["Name"]] = (alias["FunctionVersion"], *alias["RoutingConfig"])
    return Function(
        arn=place.arn,
        account=place.account,
        region=place.region,
        name=place.name,
        versions=versions,
        aliases=aliases,
        policies=_policies(view, place, previous),
    )


def _policies(view: View, place: Place, previous: Function | None) -> dict[str, CompiledPolicy]:
    known = previous.policies if previous else {}
    found = _of(view, place, "permission")
    own = view.get(Key(place.account, place.region, SERVICE, "permission", place.name))
    if own is not None:
        found.append(("", own))
    out: dict[str, CompiledPolicy] = {}
    for qualifier, record in found:
        document = policy_document(cast(PermissionRecord, record))
        kept = known.get(qualifier)
        if kept is not None and kept.document == document:
            out[qualifier] = kept
            continue
        shown = f"{place.name}:{qualifier}" if qualifier else place.name
        out[qualifier] = compile_policy(document, name=f"resource policy of function {shown}")
    return out


def _of(view: View, place: Place, kind: str) -> list[tuple[str, Mapping[str, object]]]:
    """``(qualifier, document)`` of everything below a function."""
    prefix = f"{place.name}/"
    partition = Partition(place.account, place.region, SERVICE, kind)
    return [(id_[len(prefix) :], record) for id_, record in view.items(partition) if id_.startswith(prefix)]
