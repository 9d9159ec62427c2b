"""JSON document → ast. Total: whatever is wrong becomes a ``Problem``; nothing raises.

Theory of operation. The grammar has a fixed depth (document, statement, condition block, operator, key, value), so the
parser never recurses into what it is given; nesting can only hurt the JSON decoder, which stops at its own limit and is
caught there. ``parse_statement`` stands alone so that ``compile`` can parse a statement when it is first asked about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sekisho.policy.ast import Condition, Effect, Policy, Principals, Problem, Statement

MAX_TEXT: Final = 4 * 1024 * 1024
"""Characters of JSON that are looked at. AWS's largest policy document is a hundred times smaller."""

_EFFECTS: Final[Mapping[str, Effect]] = {"Allow": Effect.ALLOW, "Deny": Effect.DENY}


class Parsed(NamedTuple):
    """What could be read of a document (``policy`` holds the sound statements) and what could not."""

    policy: Policy
    problems: tuple[Problem, ...]


def load(document: Mapping[str, Any] | str | bytes) -> Mapping[str, Any] | Problem:
    """The JSON object that ``document`` is or spells."""
    if isinstance(document, (str, bytes)):
        if len(document) > MAX_TEXT:
            return Problem("", "the document is too large")
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return Problem("", "the document is not JSON")
    if not isinstance(document, Mapping):
        return Problem("", "the document is not a JSON object")
    return document


def parse(document: Mapping[str, Any] | str | bytes) -> Parsed:
    """Parse a document, given as JSON text or as decoded JSON."""
    source = load(document)
    if isinstance(source, Problem):
        return Parsed(Policy("", "", ()), (source,))
    problems: list[Problem] = []
    statements: list[Statement] = []
    raw = statements_of(source)
    if not raw:
        problems.append(Problem("/Statement", "the document has no statements"))
    for index, item in enumerate(raw):
        statement = parse_statement(item, index)
        if isinstance(statement, Problem):
            problems.append(statement)
        else:
            statements.append(statement)
    return Parsed(Policy(_text(source.get("Version")), _text(source.get("Id")), tuple(statements)), tuple(problems))


def statements_of(document: Mapping[str, Any]) -> list[Any]:
    """The statements as written, one or many."""
    raw = document.get("Statement")
    if isinstance(raw, Mapping):
        return [raw]
    return list(raw) if isinstance(raw, (list, tuple)) else []


def effect_of(raw: Mapping[str, Any]) -> Effect | None:
    """The effect of a raw statement; AWS spells it exactly ``Allow`` or ``Deny``."""
    effect = raw.get("Effect")
    return _EFFECTS.get(effect) if isinstance(effect, str) else None


def actions_of(raw: Mapping[str, Any]) -> tuple[tuple[str, ...], bool] | None:
    """The actions of a raw statement and whether they are those of ``NotAction``; None when it says neither or both."""
    if "Action" in raw:
        actions = None if "NotAction" in raw else texts(raw["Action"])
        return None if actions is None else (actions, False)
    actions = texts(raw.get("NotAction"))
    return None if actions is None or "NotAction" not in raw else (actions, True)


def parse_statement(raw: Any, index: int) -> Statement | Problem:
    """One statement of a document."""
    pointer = f"/Statement/{index}"
    if not isinstance(raw, Mapping):
        return Problem(pointer, "a statement is an object")
    effect = effect_of(raw)
    if effect is None:
        return Problem(f"{pointer}/Effect", "the effect is Allow or Deny")
    actions = actions_of(raw)
    if actions is None:
        return Problem(f"{pointer}/Action", "a statement has Action or NotAction, a string or a list of strings")
    if ("Resource" in raw and "NotResource" in raw) or ("Principal" in raw and "NotPrincipal" in raw):
        return Problem(pointer, "a statement cannot have an element and its negation")
    not_resource, not_principal = "NotResource" in raw, "NotPrincipal" in raw
    resources: tuple[str, ...] | None = None
    if not_resource or "Resource" in raw:
        resources = texts(raw["NotResource" if not_resource else "Resource"])
        if resources is None:
            return Problem(f"{pointer}/Resource", "resources are a string or a list of strings")
    principals: Principals | None = None
    if not_principal or "Principal" in raw:
        principals = parse_principals(raw["NotPrincipal" if not_principal else "Principal"])
        if principals is None:
            return Problem(f"{pointer}/Principal", 'a principal is "*" or an object of strings or lists of strings')
    conditions = parse_conditions(raw.get("Condition"))
    if conditions is None:
        return Problem(f"{pointer}/Condition", "a condition is an object of operators, each an object of keys")
    return Statement(
        index,
        _text(raw.get("Sid")),
        effect,
        actions[0],
        actions[1],
        resources,
        not_resource,
        principals,
        not_principal,
        conditions,
    )


def parse_principals(raw: Any) -> Principals | None:
    """A ``Principal`` element. A lone string other than ``"*"`` is read as an AWS principal."""
    if raw == "*":
        return Principals(everyone=True)
    if isinstance(raw, str):
        return Principals(aws=(raw,))
    if not isinstance(raw, Mapping):
        return None
    found: dict[str, tuple[str, ...]] = {}
    for kind, value in raw.items():
        values = texts(value)
        if values is None:
            return None
        found[str(kind)] = values
    return Principals(
        False,
        found.get("AWS", ()),
        found.get("Service", ()),
        found.get("Federated", ()),
        found.get("CanonicalUser", ()),
    )


def parse_conditions(raw: Any) -> tuple[Condition, ...] | None:
    """A ``Condition`` block; None when it is not one."""
    if raw is None:
        return ()
    if not isinstance(raw, Mapping):
        return None
    conditions: list[Condition] = []
    for operator, block in raw.items():
        if not isinstance(block, Mapping):
            return None
        for key, value in block.items():
            values = texts(value)
            if values is None:
                return None
            conditions.append(Condition(str(operator), str(key), values))
    return tuple(conditions)


def texts(raw: Any) -> tuple[str, ...] | None:
    """A scalar or a list of scalars as strings; nulls are left out, as AWS ignores them. None when it is neither."""
    if isinstance(raw, str):
        return (raw,)
    if isinstance(raw, (list, tuple)):
        found: list[str] = []
        for item in raw:
            if item is None:
                continue
            text = item if isinstance(item, str) else _scalar(item)
            if text is None:
                return None
            found.append(text)
        return tuple(found)
    text = _scalar(raw)
    return None if text is None else (text,)


def _scalar(raw: Any) -> str | None:
    """JSON's number or boolean as the string it is compared as."""
    if raw is True:
        return "true"
    if raw is False:
        return "false"
    if isinstance(raw, int):
        return str(raw) if raw.bit_length() < 1024 else None
    return repr(raw) if isinstance(raw, float) else None


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""
