"""Amazon Resource Names: parsed once, compared by field.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from typing import NamedTuple

PARTITION = "aws"


class Arn(NamedTuple):
    """``arn:partition:service:region:account:resource``; ``resource`` keeps its own colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """The six fields of ``text``, or None when it is not an ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            return None
        return cls(parts[1], parts[2], parts[3], parts[4], parts[5])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def iam_arn(account: str, resource: str) -> str:
    """The ARN of an IAM resource such as ``role/service/name`` (IAM is global: no region)."""
    return f"arn:{PARTITION}:iam::{account}:{resource}"


def sts_arn(account: str, resource: str) -> str:
    """The ARN of an STS session such as ``assumed-role/name/session``."""
    return f"arn:{PARTITION}:sts::{account}:{resource}"


def function_arn(region: str, account: str, name: str, qualifier: str = "") -> str:
    """The ARN of a Lambda function, with its version or alias when ``qualifier`` is given."""
    arn = f"arn:{PARTITION}:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def execute_api_arn(region: str, account: str, resource: str) -> str:
    """The ARN of something callable, for example ``apiId/stage/GET/path``."""
    return f"arn:{PARTITION}:execute-api:{region}:{account}:{resource}"
