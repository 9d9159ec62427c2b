"""ImportApiKeys: keys from a file of comma-separated values.

The first row names the columns: ``Name`` and ``Key`` at least, then ``Description``, ``Enabled`` and ``UsageplanIds``
(ids separated by commas) in any order and any case; other columns mean nothing. A key is enabled unless it says not.
A row whose value is known changes that key: its id and its plans stay, its dates are new (vector
apikeys/control-import-csv-overwrite). Rows that cannot be imported give warnings; with ``failOnWarnings`` the first of
them ends the import, and the rows before it are kept (vector apikeys/control-import-fail-on-warnings).
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from sekisho.services.apigateway import arns, lookup
from sekisho.services.apigateway.api_keys import check_value, create
from sekisho.services.apigateway.errors import bad_request
from sekisho.services.apigateway.lookup import Doc
from sekisho.services.apigateway.usage_plans import ops as plan_ops
from sekisho.services.operation import Call, Operations, ServiceError

ops = Operations("apigateway")

LONGEST_NAME: Final = 1024
LARGEST: Final = 1024 * 1024
_ADD: Final = plan_ops.table["CreateUsagePlanKey"].run


@ops("ImportApiKeys", resource=arns.API_KEYS)
def import_api_keys(call: Call) -> Mapping[str, Any]:
    """``ids`` of the keys that were made or changed, and ``warnings``. Raises BadRequestException."""
    if call.params["format"] != "csv":
        raise bad_request("Invalid API Key format specified. Must be one of: [csv]")
    rows = _rows(call.params["body"])
    found: list[str] = []
    warnings: list[str] = []
    for number, row in enumerate(rows, 2):
        try:
            found.append(_import(call, row))
        except ServiceError as problem:
            warnings.append(f"Row {number}: {problem.message}")
            if call.params.get("failOnWarnings"):
                break
    return {"ids": found, "warnings": warnings}


def _rows(body: bytes) -> list[dict[str, str]]:
    if len(body) > LARGEST:
        raise bad_request("The file is too large")
    try:
        table = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise bad_request("Invalid API Key file: it is not a table of comma-separated values in UTF-8") from problem
    names = [name.strip().lower() for name in table[0]] if table else []
    if "name" not in names or "key" not in names:
        raise bad_request("Invalid API Key file: the first row must have the columns Name and Key")
    return [
        {name: value.strip() for name, value in zip(names, _joined(row, len(names)), strict=False)}
        for row in table[1:]
        if any(value.strip() for value in row)
    ]


def _joined(row: list[str], width: int) -> list[str]:
    """A row whose list of plans stands in single quotes, as one value again."""
    if len(row) <= width:
        return row
    joined: list[str] = []
    for value in row:
        if joined and joined[-1].startswith("'") and not joined[-1].endswith("'"):
            joined[-1] += f",{value}"
        else:
            joined.append(value.strip())
    return joined


def _import(call: Call, row: Mapping[str, str]) -> str:
    """The id of the row's key."""
    value = row.get("key", "")
    check_value(value)
    if len(row.get("name", "")) > LONGEST_NAME:
        raise bad_request(f"API Key name exceeds maximum size of {LONGEST_NAME} characters")
    enabled = row.get("enabled", "").lower()
    if enabled not in ("", "true", "false"):
        raise bad_request(f"Invalid boolean value: {row['enabled']}")
    members: Doc = {"name": row.get("name", ""), "enabled": enabled != "false"}
    if row.get("description"):
        members["description"] = row["description"]
    plans = [each.strip() for each in row.get("usageplanids", "").strip("'").split(",") if each.strip()]
    for plan in plans:
        if plan not in call.table(lookup.USAGE_PLANS):
            raise bad_request(f"Invalid Usage Plan ID specified: {plan}")
    table = call.table(lookup.API_KEYS)
    known = next((each for _, each in table.items() if each["value"] == value), None)
    if known is None:
        document = create(call, value, **members)
    else:
        now = float(int(call.now))
        document = {**known, **members, "createdDate": now, "lastUpdatedDate": now}
        table.put(document["id"], document)
    given, memberships = call.params, call.table(lookup.USAGE_PLAN_KEYS)
    for plan in plans:
        if f"{plan}/{document['id']}" in memberships:
            continue
        call.params = {"usagePlanId": plan, "keyId": document["id"], "keyType": "API_KEY"}
        try:
            _ADD(call)
        finally:
            call.params = given
    return str(document["id"])
