"""Aliases: names for versions, with optional weights.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.arn import function_arn
from sekisho.kit.ids import uuid4
from sekisho.services.lambda_.names import LATEST, Target, plain_arn, unqualified
from sekisho.services.lambda_.records import AliasRecord
from sekisho.services.lambda_.refusals import conflict, invalid, no_alias, no_function
from sekisho.services.lambda_.shelf import check_revision, function, pages, version
from sekisho.services.operation import Call, Operations

ops = Operations("lambda")


def _found(call: Call) -> Target:
    """The function, qualified with the alias ``Name``. Raises ServiceError."""
    found = unqualified(call)
    function(call, found)
    return found._replace(qualifier=call.params["Name"])


def _require(call: Call, found: Target) -> AliasRecord:
    document = call.table("alias", account=found.account).get(f"{found.name}/{found.qualifier}")
    if document is None:
        raise no_alias(found.arn)
    return cast(AliasRecord, document)


def _check_version(call: Call, found: Target, number: str) -> None:
    if version(call, found, number) is None:
        raise no_function(function_arn(found.region, found.account, found.name, number))


def _weights(call: Call, found: Target, routing: Mapping[str, Any] | None, main: str) -> dict[str, float]:
    """``RoutingConfig.AdditionalVersionWeights``, checked. Source: configuration-aliases.html, "Alias routing"."""
    weights: dict[str, float] = dict((routing or {}).get("AdditionalVersionWeights") or {})
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for number in weights:
        if number == main:
            raise invalid(
                f"Invalid function version {number}. "
                f"Function version {number} is already included in routing configuration."
            )
        if main == LATEST:
            raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
        _check_version(call, found, number)
    return weights


def _describe(found: Target, record: AliasRecord) -> dict[str, Any]:
    out: dict[str, Any] = {
        "AliasArn": function_arn(found.region, found.account, found.name, record["Name"]),
        "Name": record["Name"],
        "FunctionVersion": record["FunctionVersion"],
        "Description": record["Description"],
        "RevisionId": record["RevisionId"],
    }
    if record["RoutingConfig"]:
        out["RoutingConfig"] = {"AdditionalVersionWeights": dict(record["RoutingConfig"])}
    return out


@ops("CreateAlias", resource=plain_arn)
def create_alias(call: Call) -> Mapping[str, Any]:
    found = _found(call)
    table = call.table("alias", account=found.account)
    id_ = f"{found.name}/{found.qualifier}"
    number = call.params["FunctionVersion"]
    _check_version(call, found, number)
    if id_ in table:
        raise conflict(f"Alias already exists: {found.arn}")
    record: AliasRecord = {
        "Name": found.qualifier,
        "FunctionVersion": number,
        "Description": call.params.get("Description") or "",
        "RoutingConfig": _weights(call, found, call.params.get("RoutingConfig"), number),
        "RevisionId": uuid4(call.entropy),
    }
    table.put(id_, cast("dict[str, Any]", record))
    return _describe(found, record)


@ops("GetAlias", resource=plain_arn)
def get_alias(call: Call) -> Mapping[str, Any]:
    found = _found(call)
    return _describe(found, _require(call, found))


@ops("UpdateAlias", resource=plain_arn)
def update_alias(call: Call) -> Mapping[str, Any]:
    found = _found(call)
    record = _require(call, found)
    check_revision(call, record["RevisionId"])
    number = call.params.get("FunctionVersion") or record["FunctionVersion"]
    _check_version(call, found, number)
    routing = call.params.get("RoutingConfig")
    if routing is None:
        routing = {"AdditionalVersionWeights": record["RoutingConfig"]}
    description = call.params.get("Description")
    changed: AliasRecord = {
        "Name": record["Name"],
        "FunctionVersion": number,
        "Description": record["Description"] if description is None else description,
        "RoutingConfig": _weights(call, found, routing, number),
        "RevisionId": uuid4(call.entropy),
    }
    call.table("alias", account=found.account).put(f"{found.name}/{found.qualifier}", cast("dict[str, Any]", changed))
    return _describe(found, changed)


@ops("DeleteAlias", resource=plain_arn)
def delete_alias(call: Call) -> Mapping[str, Any]:
    found = _found(call)
    id_ = f"{found.name}/{found.qualifier}"
    # Deleting an alias that does not exist succeeds, as on AWS. Its resource policy goes with it.
    for kind in ("alias", "permission"):
        table = call.table(kind, account=found.account)
        if id_ in table:
            table.delete(id_)
    return {}


@ops("ListAliases", resource=plain_arn)
def list_aliases(call: Call) -> Mapping[str, Any]:
    found = unqualified(call)
    function(call, found)
    wanted = call.params.get("FunctionVersion")
    records = [
        cast(AliasRecord, document)
        for _, document in call.table("alias", account=found.account).items(f"{found.name}/")
        if wanted is None or wanted == document["FunctionVersion"] or wanted in document["RoutingConfig"]
    ]
    chosen, marker = pages(call, records, lambda record: record["Name"])
    return {"Aliases": [_describe(found, record) for record in chosen], **marker}
