"""IAM's own sentences about names, paths and documents that are spelled with the wrong characters.

Lengths, ranges and enums are checked against the service model before an operation runs; for these patterns IAM has
words of its own, for example https://github.com/aws-amplify/amplify-cli/issues/9120.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sekisho.policy.request import SubjectKind
from sekisho.services.operation import Call, Operations, Result, Run, ServiceError

NAME_TEXT = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH_TEXT = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
DOCUMENT_TEXT = "It must contain only printable ASCII characters."

_NAME = (re.compile(r"[A-Za-z0-9_+=,.@-]+"), NAME_TEXT)
_PATH = (re.compile(r"/|/[!-~]+/"), PATH_TEXT)
_POLICY_PATH = (re.compile(r"((/[A-Za-z0-9.,+@=_-]+)*)/"), PATH_TEXT)
_DOCUMENT = (re.compile("[\t\n\r -\u00ff]+"), DOCUMENT_TEXT)
_ALIAS = (
    re.compile(r"[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]"),
    "It must contain only digits, lowercase letters, and hyphens.",
)

_SPELLINGS = {
    "RoleName": _NAME,
    "UserName": _NAME,
    "NewUserName": _NAME,
    "GroupName": _NAME,
    "NewGroupName": _NAME,
    "PolicyName": _NAME,
    "InstanceProfileName": _NAME,
    "Path": _PATH,
    "NewPath": _PATH,
    "PolicyDocument": _DOCUMENT,
    "AssumeRolePolicyDocument": _DOCUMENT,
    "AccountAlias": _ALIAS,
}


def check(call: Call) -> None:
    """Raises InvalidClientTokenId for sessions that IAM does not serve, ValidationError for a misspelled member.

    IAM does not take the credentials of GetFederationToken, nor those of GetSessionToken unless MFA was used.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """
    caller = call.caller
    kind = caller.subject.kind
    if caller.issued_at and (
        kind is SubjectKind.FEDERATED_USER or (kind in (SubjectKind.USER, SubjectKind.ROOT) and not caller.mfa)
    ):
        raise ServiceError("InvalidClientTokenId", "The security token included in the request is invalid", 403)
    for member, value in call.params.items():
        spelling = _SPELLINGS.get(member)
        if spelling is None:
            continue
        pattern, text = _POLICY_PATH if member == "Path" and call.operation == "CreatePolicy" else spelling
        if not pattern.fullmatch(value):
            shown = member[0].lower() + member[1:]
            raise ServiceError("ValidationError", f"The specified value for {shown} is invalid. {text}")


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
