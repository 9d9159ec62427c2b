"""What STS says about a member that is out of bounds.

Source of the limits and patterns: the shapes of the service model.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sekisho.services.operation import Call, ServiceError


class Rule(NamedTuple):
    """Length limits of a text member, and the pattern as the message shows it."""

    least: int
    most: int
    pattern: re.Pattern[str]
    shown: str


_NAME = r"[\w+=,.@-]*"
RULES = {
    "RoleSessionName": Rule(2, 64, re.compile(_NAME, re.ASCII), _NAME),
    "SourceIdentity": Rule(2, 256, re.compile(_NAME, re.ASCII), _NAME),
    "ExternalId": Rule(2, 1224, re.compile(r"[\w+=,.@:/-]*", re.ASCII), r"[\w+=,.@:\/-]*"),
    "Name": Rule(2, 32, re.compile(_NAME, re.ASCII), _NAME),
    "RoleArn": Rule(20, 2048, re.compile("[\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"), ""),
    "AccessKeyId": Rule(16, 128, re.compile(r"\w*", re.ASCII), r"[\w]*"),
    "Policy": Rule(1, 2048, re.compile("[\t\n\r -\u00ff]+"), r"[\u0009\u000A\u000D\u0020-\u00FF]+"),
}
TAG = re.compile(r"[\w\s.:/=+\-@]*")
TAG_PATTERN = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"


def invalid(member: str, value: object, constraint: str) -> ServiceError:
    """ValidationError in the words of the service model's own checks."""
    shown = member[0].lower() + member[1:]
    return ServiceError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{shown}' failed to satisfy constraint: {constraint}",
    )


def check(call: Call, *members: str) -> None:
    """Raises ValidationError for the first of ``members`` that is too short, too long, or misspelled."""
    for member in members:
        value = call.params.get(member)
        if value is None:
            continue
        rule = RULES[member]
        if len(value) < rule.least:
            raise invalid(member, value, f"Member must have length greater than or equal to {rule.least}")
        if len(value) > rule.most:
            raise invalid(member, value, f"Member must have length less than or equal to {rule.most}")
        if not rule.pattern.fullmatch(value):
            raise invalid(member, value, f"Member must satisfy regular expression pattern: {rule.shown}")


def duration(call: Call, default: int, most: int) -> int:
    """``DurationSeconds`` within 900 and ``most`` seconds. Raises ValidationError."""
    value: int = call.params.get("DurationSeconds") or default
    if value < 900:
        raise invalid("DurationSeconds", value, "Member must have value greater than or equal to 900")
    if value > most:
        raise invalid("DurationSeconds", value, f"Member must have value less than or equal to {most}")
    return value
