"""What IAM says about a member that is too long or spelled with the wrong characters.

Required members, enums and types are the wire's business; this is the part of the service model that is prose on the
wire. Source of the limits: the shapes of the service model; of the sentences:
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and what IAM answers to bad names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from sekisho.services.operation import Call, Operations, Result, Run, ServiceError

NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")
PATH = re.compile(r"/|/[!-~]+/")
POLICY_PATH = re.compile(r"((/[A-Za-z0-9.,+@=_-]+)*)/")
DOCUMENT = re.compile("[\t\n\r -\u00ff]+")
DESCRIPTION = re.compile("[\t\n\r -~\u00a1-\u00ff]*")
ALIAS = re.compile(r"[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]")

NAME_TEXT = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH_TEXT = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
DOCUMENT_TEXT = "It must contain only printable ASCII characters."


class Rule(NamedTuple):
    """Length limits and spelling of one member."""

    least: int
    most: int
    pattern: re.Pattern[str] | None
    text: str


def _name(most: int) -> Rule:
    return Rule(1, most, NAME, NAME_TEXT)


_RULES = {
    "RoleName": _name(64),
    "UserName": _name(128),
    "NewUserName": _name(64),
    "GroupName": _name(128),
    "NewGroupName": _name(128),
    "PolicyName": _name(128),
    "InstanceProfileName": _name(128),
    "Path": Rule(1, 512, PATH, PATH_TEXT),
    "NewPath": Rule(1, 512, PATH, PATH_TEXT),
    "PolicyDocument": Rule(1, 131072, DOCUMENT, DOCUMENT_TEXT),
    "AssumeRolePolicyDocument": Rule(1, 131072, DOCUMENT, DOCUMENT_TEXT),
    "PolicyArn": Rule(20, 2048, None, ""),
    "PermissionsBoundary": Rule(20, 2048, None, ""),
    "Marker": Rule(1, 320, None, ""),
    "AccessKeyId": Rule(16, 128, re.compile(r"\w+", re.ASCII), NAME_TEXT),
}
_DESCRIPTION = Rule(0, 1000, DESCRIPTION, DOCUMENT_TEXT)
_CREATED_USER = _name(64)


def _rule(call: Call, member: str) -> Rule | None:
    if member == "Description":
        return Rule(0, 1000, None, "") if call.operation == "CreatePolicy" else _DESCRIPTION
    if member == "UserName" and call.operation == "CreateUser":
        return _CREATED_USER
    return _RULES.get(member)


def _member(name: str) -> str:
    return name[0].lower() + name[1:]


def invalid(member: str, value: object, constraint: str) -> ServiceError:
    """ValidationError in the words of the service model's own checks."""
    return ServiceError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{_member(member)}' failed to satisfy constraint: "
        f"{constraint}",
    )


def check(call: Call) -> None:
    """Raises ValidationError for the first member that IAM would not accept."""
    for member, value in call.params.items():
        if isinstance(value, str):
            rule = _rule(call, member)
            if rule is not None:
                _check_text(member, value, rule)
    items = call.params.get("MaxItems")
    if items is not None and not 1 <= items <= 1000:
        bound = "greater than or equal to 1" if items < 1 else "less than or equal to 1000"
        raise invalid("MaxItems", items, f"Member must have value {bound}")
    duration = call.params.get("MaxSessionDuration")
    if duration is not None and not 3600 <= duration <= 43200:
        bound = "greater than or equal to 3600" if duration < 3600 else "less than or equal to 43200"
        raise invalid("MaxSessionDuration", duration, f"Member must have value {bound}")


def _check_text(member: str, value: str, rule: Rule) -> None:
    if len(value) > rule.most:
        raise invalid(member, value, f"Member must have length less than or equal to {rule.most}")
    if len(value) < rule.least:
        raise invalid(member, value, f"Member must have length greater than or equal to {rule.least}")
    if rule.pattern is not None and not rule.pattern.fullmatch(value):
        raise ServiceError("ValidationError", f"The specified value for {_member(member)} is invalid. {rule.text}")


class IamOperations(Operations):
    """An operations table whose functions see only members that IAM accepts."""

    def __init__(self) -> None:
        super().__init__("iam")

    def __call__(self, name: str, **row: Any) -> Callable[[Run], Run]:
        register = super().__call__(name, **row)

        def checked(run: Run) -> Run:
            def run_checked(call: Call) -> Result:
                check(call)
                return run(call)

            register(run_checked)
            return run

        return checked
