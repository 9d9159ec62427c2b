"""A slow, plain evaluator of IAM policies, written from the rules and sharing nothing with the engine.

Documents are walked as they are on every question. Regular expressions and recursion stand in for matchers.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
Context = Mapping[str, Any]

ALLOWED, IMPLICIT, EXPLICIT = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def like(pattern: str, text: str) -> bool:
    """Wildcards by regular expression; patterns of the tests are short."""
    parts = [".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def lookup(context: Context, key: str) -> Any:
    for name, value in context.items():
        if name.lower() == key.lower():
            return value
    return None


def substituted(pattern: str, context: Context) -> str | None:
    """``${key}`` replaced by a text that ``like`` takes literally; None when the key has no single value."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        got = lookup(context, found[1])
        if not isinstance(got, str):
            missing = True
            return ""
        return got.translate({ord("*"): "\ue000", ord("?"): "\ue001"})

    text = re.sub(r"\$\{([^}]*)\}", value, pattern)
    return None if missing else text


def shielded(text: str) -> str:
    return text.translate({ord("*"): "\ue000", ord("?"): "\ue001"})


def action_matches(pattern: str, action: str) -> bool:
    pattern, action = pattern.lower(), action.lower()
    if pattern == "*":
        return True
    return pattern.split(":")[0] == action.split(":")[0] and like(pattern.split(":")[1], action.split(":")[1])


def arn_matches(pattern: str, arn: str, context: Context, variables: bool) -> bool:
    if pattern == "*":
        return True
    patterns, fields = pattern.split(":", 5), arn.split(":", 5)
    if len(fields) != 6:
        return False
    for one, field in zip(patterns, fields, strict=True):
        text = substituted(one, context) if variables else one
        if text is None or not like(text, shielded(field) if variables else field):
            return False
    return True


def value_matches(operator: str, expected: str, actual: str, context: Context, variables: bool) -> bool | None:
    """One policy value against one request value; None: the request's value has the wrong type."""
    if operator.startswith("String"):
        text = expected
        if variables:
            replaced = substituted(expected, context)
            if replaced is None:
                return False
            text, actual = replaced, shielded(actual)
        if operator == "StringLike":
            return like(text, actual)
        if operator == "StringEqualsIgnoreCase":
            return shielded(text).lower() == actual.lower() if variables else text.lower() == actual.lower()
        return (shielded(text) if variables else text) == actual
    if operator.startswith("Numeric"):
        try:
            left = float(actual)
        except ValueError:
            return None
        right = float(expected)
        return {"NumericEquals": left == right, "NumericLessThan": left < right}[operator]
    if operator == "Bool":
        return None if actual.lower() not in ("true", "false") else actual.lower() == expected.lower()
    if operator == "ArnLike":
        return None if not actual.startswith("arn:") else arn_matches(expected, actual, context, variables)
    raise AssertionError(operator)


NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "ArnNotLike": "ArnLike",
}


def condition_holds(operator: str, key: str, values: Any, context: Context, variables: bool) -> bool:
    actual = lookup(context, key)
    if actual == []:
        actual = None
    if operator == "Null":
        return any((str(value).lower() == "true") == (actual is None) for value in listed(values))
    prefix, _, base = operator.rpartition(":")
    if_exists = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    negated = base in NEGATIONS
    base = NEGATIONS.get(base, base)

    def one(item: str) -> bool:
        answers = [value_matches(base, value, item, context, variables) for value in listed(values)]
        if None in answers:
            return False
        return not any(answers) if negated else any(answers)

    if prefix == "ForAllValues":
        return all(one(item) for item in listed(actual)) if actual is not None else True
    if actual is None:
        return if_exists or (negated and prefix != "ForAnyValue")
    if prefix == "ForAnyValue":
        return any(one(item) for item in listed(actual))
    if isinstance(actual, list):
        return negated
    return one(actual)


def statement_applies(statement: Document, document: Document, action: str, resource: str, context: Context) -> bool:
    variables = document.get("Version") == "2012-10-17"
    if "Action" in statement:
        if not any(action_matches(pattern, action) for pattern in listed(statement["Action"])):
            return False
    elif any(action_matches(pattern, action) for pattern in listed(statement["NotAction"])):
        return False
    if "Resource" in statement:
        if not any(arn_matches(pattern, resource, context, variables) for pattern in listed(statement["Resource"])):
            return False
    elif "NotResource" in statement and any(
        arn_matches(pattern, resource, context, variables) for pattern in listed(statement["NotResource"])
    ):
        return False
    return all(
        condition_holds(operator, key, values, context, variables)
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )


def verdict_of(documents: Sequence[Document], action: str, resource: str, context: Context) -> str:
    """What a set of identity policies says by itself."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in listed(document["Statement"])
        if statement_applies(statement, document, action, resource, context)
    }
    return EXPLICIT if "Deny" in effects else ALLOWED if "Allow" in effects else IMPLICIT


def shell_like(pattern: str, text: str) -> bool:
    """``fnmatch`` with everything but ``*`` and ``?`` made literal: a second opinion on ``like``."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))
