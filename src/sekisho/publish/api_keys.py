"""API keys and usage plans → one table for each account and region; a region that was not touched keeps its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import ceil
from typing import Final

from sekisho.config.api import Limits
from sekisho.config.api_keys import NO_KEYS, ApiKey, KeyTable, Quota, UsagePlan
from sekisho.state.world import Document, Key, Partition, View

KINDS: Final = frozenset(("apikey", "usageplan", "usageplankey"))
Tables = Mapping[tuple[str, str], KeyTable]


def api_keys(view: View, changed: Collection[Key] | None, previous: Tables) -> Tables:
    """(account, region) → its keys and plans."""
    if changed is None:
        touched: Iterable[tuple[str, str]] = {
            (each.account, each.region)
            for each in view.partitions()
            if each.service == "apigateway" and each.kind in KINDS
        }
        tables: dict[tuple[str, str], KeyTable] = {}
    else:
        touched = {
            (each.account, each.region) for each in changed if each.service == "apigateway" and each.kind in KINDS
        }
        if not touched:
            return previous
        tables = dict(previous)
    for account, region in touched:
        table = _table(view, account, region)
        if table is NO_KEYS:
            tables.pop((account, region), None)
        else:
            tables[account, region] = table
    return tables


def _table(view: View, account: str, region: str) -> KeyTable:
    def records(kind: str) -> Mapping[str, Document]:
        return dict(view.items(Partition(account, region, "apigateway", kind)))

    plans = {id_: _plan(record) for id_, record in records("usageplan").items()}
    members: dict[str, list[UsagePlan]] = {}
    for id_ in records("usageplankey"):
        plan, _, key = id_.partition("/")
        if plan in plans:
            members.setdefault(key, []).append(plans[plan])
    keys = {record["value"]: _key(record, members.get(id_, ())) for id_, record in records("apikey").items()}
    return KeyTable(keys, plans) if keys or plans else NO_KEYS


def _key(record: Document, plans: Iterable[UsagePlan]) -> ApiKey:
    own = tuple(plans)
    return ApiKey(
        record["id"],
        record.get("name", ""),
        record["enabled"],
        own,
        {stage: plan for plan in own for stage in plan.stages},
    )


def _plan(record: Document) -> UsagePlan:
    quota = record.get("quota")
    return UsagePlan(
        record["id"],
        record["name"],
        limits_of(record.get("throttle")),
        Quota(quota["limit"], quota.get("offset", 0), quota["period"], record.get("quotaSince", 0.0))
        if quota
        else None,
        {
            (each["apiId"], each["stage"]): {
                place: limits
                for place, row in (each.get("throttle") or {}).items()
                if (limits := limits_of(row)) is not None
            }
            for each in record.get("apiStages", ())
        },
    )


def limits_of(row: Mapping[str, float] | None) -> Limits | None:
    """A throttle's terms. Without a burst, the rate's requests of one second; without a rate, the burst's."""
    if not row:
        return None
    rate, burst = row.get("rateLimit"), row.get("burstLimit")
    if rate is None and burst is None:
        return None
    return Limits(
        float(rate if rate is not None else burst or 0), int(burst if burst is not None else max(1, ceil(rate or 0)))
    )
