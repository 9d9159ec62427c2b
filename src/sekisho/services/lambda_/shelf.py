"""Finding functions, versions and aliases among the documents, and listing them in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from sekisho.kit.ids import uuid4
from sekisho.services.lambda_.names import LATEST, Target
from sekisho.services.lambda_.records import AliasRecord, FunctionRecord
from sekisho.services.lambda_.refusals import invalid, no_function, stale
from sekisho.services.operation import Call
from sekisho.state.table import BadToken, page

PAGE = 50
"""Items in one answer at most, whatever MaxItems says (API_ListFunctions)."""

T = TypeVar("T")


def function(call: Call, found: Target) -> FunctionRecord:
    """The function itself (``$LATEST``), whatever the qualifier. Raises ServiceError (404)."""
    document = call.table("function", account=found.account).get(found.name)
    if document is None:
        raise no_function(found.unqualified)
    return cast(FunctionRecord, document)


def alias(call: Call, found: Target) -> AliasRecord | None:
    """The alias that the qualifier names, or None."""
    return cast("AliasRecord | None", call.table("alias", account=found.account).get(f"{found.name}/{found.qualifier}"))


def version(call: Call, found: Target, number: str) -> FunctionRecord | None:
    """A version by its number, or ``$LATEST``; None when it does not exist."""
    if number == LATEST:
        document = call.table("function", account=found.account).get(found.name)
    else:
        document = call.table("version", account=found.account).get(f"{found.name}/{number}")
    return cast("FunctionRecord | None", document)


def lookup(call: Call, found: Target) -> FunctionRecord | None:
    """What the qualifier stands for, or None. An alias is followed to its (first) version."""
    if found.latest:
        return version(call, found, LATEST)
    if found.version:
        return version(call, found, found.qualifier)
    named = alias(call, found)
    return version(call, found, named["FunctionVersion"]) if named else None


def require(call: Call, found: Target) -> FunctionRecord:
    """The same. Raises ServiceError (404)."""
    record = lookup(call, found)
    if record is None:
        raise no_function(found.arn)
    return record


def check_revision(call: Call, current: str, getter: str = "GetFunction/GetAlias") -> None:
    """The caller's RevisionId, when given, is the latest. Raises ServiceError (412)."""
    wanted = call.params.get("RevisionId")
    if wanted and wanted != current:
        raise stale(getter)


def touch(call: Call, found: Target) -> str:
    """Give the function, version or alias of ``found`` a new RevisionId and return it."""
    revision = uuid4(call.entropy)
    if found.latest:
        kind, id_ = "function", found.name
    else:
        kind, id_ = ("version" if found.version else "alias"), f"{found.name}/{found.qualifier}"
    table = call.table(kind, account=found.account)
    document = table.get(id_)
    if document is not None:
        table.put(id_, {**document, "RevisionId": revision})
    return revision


def listed(call: Call, records: Iterable[FunctionRecord]) -> tuple[list[FunctionRecord], Mapping[str, str]]:
    """A page of functions or versions by name and number, and ``NextMarker`` when there are more."""
    ordered = sorted(records, key=_order)
    return pages(call, ordered, _order)


def pages(call: Call, ordered: Iterable[T], name: Callable[[T], str]) -> tuple[list[T], Mapping[str, str]]:
    """A page of what is sorted by ``name``, from ``Marker`` and ``MaxItems``. Raises ServiceError."""
    limit = min(call.params.get("MaxItems") or PAGE, PAGE)
    try:
        part = page(ordered, limit, call.params.get("Marker"), name)
    except BadToken as token:
        raise invalid(f"The Marker {token} was not issued by this operation.") from token
    return part.items, {"NextMarker": part.token} if part.token else {}


def _order(record: Mapping[str, Any]) -> str:
    """``$LATEST`` first, then versions by number."""
    number = 0 if record["Version"] == LATEST else int(record["Version"])
    return f"{record['FunctionName']}/{number:012d}"
