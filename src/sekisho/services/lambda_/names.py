"""Function names: a name, a partial ARN or a full ARN, each with or without a qualifier.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (FunctionName), and
https://docs.aws.amazon.com/lambda/latest/dg/versioning-aliases.html for qualifiers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sekisho.kit.arn import function_arn
from sekisho.services.lambda_.refusals import constraint, invalid, not_found
from sekisho.services.operation import Call

_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
"""As AWS quotes it."""

_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):(?P<account>\d{12}):function:"
    r"|(?P<owner>\d{12}):(?:function:)?"
    r"|function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?",
    re.ASCII,
)
_QUALIFIER = re.compile(r"\$LATEST|[a-zA-Z0-9_-]{1,128}", re.ASCII)
LATEST = "$LATEST"
MAX_NAME = 64
"""Characters of the name itself."""


class Target(NamedTuple):
    """The function an operation is about; ``qualifier`` is empty, ``$LATEST``, a version or an alias."""

    account: str
    region: str
    name: str
    qualifier: str

    @property
    def unqualified(self) -> str:
        """The function's own ARN."""
        return function_arn(self.region, self.account, self.name)

    @property
    def arn(self) -> str:
        """The ARN as it was asked for."""
        return function_arn(self.region, self.account, self.name, self.qualifier)

    @property
    def latest(self) -> bool:
        """Whether the unpublished version is meant."""
        return self.qualifier in ("", LATEST)

    @property
    def version(self) -> bool:
        """Whether the qualifier is a version's number."""
        return self.qualifier.isdigit()


def target(call: Call) -> Target:
    """The function of ``FunctionName`` and ``Qualifier``. Raises ServiceError for names that cannot be."""
    return parse(call, call.params["FunctionName"], call.params.get("Qualifier") or "")


def parse(call: Call, text: str, qualifier: str = "") -> Target:
    """``text`` (name or ARN) and a separately given qualifier, which must agree when both are given."""
    found = _NAME.fullmatch(text)
    if found is None:
        raise constraint(text, "functionName", f"Member must satisfy regular expression pattern: {_PATTERN}")
    name = found["name"]
    if len(name) > MAX_NAME:
        raise constraint(text, "functionName", f"Member must have length less than or equal to {MAX_NAME}")
    if qualifier and not _QUALIFIER.fullmatch(qualifier):
        pattern = "(|[a-zA-Z0-9$_-]+)"
        raise constraint(qualifier, "qualifier", f"Member must satisfy regular expression pattern: {pattern}")
    derived = found["qualifier"] or ""
    if derived and qualifier and derived != qualifier:
        raise invalid("The derived qualifier from the function name does not match the specified qualifier.")
    region = found["region"] or call.region
    if region != call.region:
        raise not_found(f"Functions from '{region}' are not reachable in this region ('{call.region}')")
    return Target(found["account"] or found["owner"] or call.account, region, name, qualifier or derived)


def unqualified(call: Call) -> Target:
    """The function of an operation that does not accept versions and aliases."""
    found = target(call)
    if found.qualifier:
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN."
        )
    return found


def qualified_arn(call: Call) -> str:
    """What IAM is asked about: the function's ARN with the qualifier that was given. Total."""
    text = call.params.get("FunctionName") or "*"
    found = _NAME.fullmatch(text)
    if found is None:
        return function_arn(call.region, call.account, text)
    owner = found["account"] or found["owner"] or call.account
    qualifier = call.params.get("Qualifier") or found["qualifier"] or ""
    return function_arn(found["region"] or call.region, owner, found["name"], qualifier)


def plain_arn(call: Call) -> str:
    """What IAM is asked about by operations on whole functions: the unqualified ARN. Total."""
    found = _NAME.fullmatch(call.params.get("FunctionName") or "")
    if found is None:
        return function_arn(call.region, call.account, call.params.get("FunctionName") or "*")
    return function_arn(
        found["region"] or call.region, found["account"] or found["owner"] or call.account, found["name"]
    )
