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
from sekisho.services.apigateway.usage_plans import join, refuse_overlap
from sekisho.services.operation import Call, Operations, ServiceError

ops = Operations("apigateway")

LONGEST_NAME: Final = 1024
LARGEST: Final = 1024 * 1024
MOST_ROWS: Final = 10000
"""As many keys as an account may have in a region."""


@ops("ImportApiKeys", resource=arns.API_KEYS)
def import_api_keys(call: Call) -> Mapping[str, Any]:
    """``ids`` of the keys that were made or changed, and ``warnings``. Raises BadRequestException."""
    if call.params["format"] != "csv":
        raise bad_request("Invalid API Key format specified. Must be one of: [csv]")
    work = _Import(call)
    found: list[str] = []
    warnings: list[str] = []
    for number, row in enumerate(_rows(call.params["body"]), 2):
        try:
            found.append(work.take(row))
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
    if len(table) > MOST_ROWS + 1:
        raise bad_request(f"Invalid API Key file: it has more than {MOST_ROWS} keys")
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


class _Import:
    """One import: what is there already is read once, since a file may have thousands of rows."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._keys = call.table(lookup.API_KEYS)
        self._memberships = call.table(lookup.USAGE_PLAN_KEYS)
        self._plans = dict(call.table(lookup.USAGE_PLANS).items())
        self._known = {each["value"]: id_ for id_, each in self._keys.items()}

    def take(self, row: Mapping[str, str]) -> str:
        """The id of the row's key. Raises ServiceError for a row that cannot be imported; then nothing is changed."""
        value, members, plans = self._read(row)
        identifier = self._known.get(value)
        for number, plan in enumerate(plans):
            others = {each: self._plans[each] for each in plans[:number]}
            _refuse_sharing(self._plans[plan], others)
            if identifier is not None:
                refuse_overlap(self._plans[plan], identifier, self._plans, self._memberships)
        known = self._keys.get(identifier) if identifier is not None else None
        if known is None:
            document = create(self._call, value, **members)
        else:
            now = float(int(self._call.now))
            document = {**known, **members, "createdDate": now, "lastUpdatedDate": now}
            self._keys.put(document["id"], document)
        self._known[value] = document["id"]
        for plan in plans:
            join(self._memberships, plan, document["id"])
        return str(document["id"])

    def _read(self, row: Mapping[str, str]) -> tuple[str, Doc, list[str]]:
        """The row's value, the members it sets, and the plans it names."""
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
        named = [each.strip() for each in row.get("usageplanids", "").strip("'").split(",")]
        plans = [each for each in dict.fromkeys(named) if each]
        for plan in plans:
            if plan not in self._plans:
                raise bad_request(f"Invalid Usage Plan ID specified: {plan}")
        return value, members, plans


def _refuse_sharing(plan: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> None:
    """Two plans of one row may not have a stage in common."""
    mine = {(each["apiId"], each["stage"]) for each in plan["apiStages"]}
    for other in others.values():
        for each in other["apiStages"]:
            if (each["apiId"], each["stage"]) in mine:
                raise bad_request(f"Usage Plans {other['id']} and {plan['id']} have the same API stage")
