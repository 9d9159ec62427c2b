"""Log groups by name, by ARN and by identifier; and the ARNs IAM is asked about.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

import re
from typing import cast

from sekisho.kit.arn import Arn
from sekisho.services.effects import LogGroupRef
from sekisho.services.logs.records import LogGroupRecord
from sekisho.services.logs.refusals import constraint, invalid, no_group
from sekisho.services.operation import Call

_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}", re.ASCII)


def group_arn(account: str, region: str, name: str) -> str:
    """``logGroupArn``: without the trailing ``:*`` that ``arn`` has."""
    return f"arn:aws:logs:{region}:{account}:log-group:{name}"


def from_arn(text: str) -> Arn | None:
    """The ARN of a log group (with or without ``:*``) as one whose resource is ``log-group:NAME``; else None."""
    arn = Arn.parse(text)
    if arn is None or arn.service != "logs" or not arn.resource.startswith("log-group:"):
        return None
    name = arn.resource.removeprefix("log-group:").removesuffix(":*")
    return arn._replace(resource=f"log-group:{name}") if _GROUP.fullmatch(name) else None


def reference(call: Call) -> LogGroupRef:
    """The group of ``logGroupName`` or ``logGroupIdentifier``. Raises ServiceError."""
    name, identifier = call.params.get("logGroupName"), call.params.get("logGroupIdentifier")
    if name and identifier:
        raise invalid("LogGroup name and LogGroup identifier are mutually exclusive parameters.")
    if identifier:
        return identified(call, identifier)
    if not name:
        raise invalid("Either LogGroup name or LogGroup identifier must be specified.")
    return LogGroupRef(call.account, call.region, name)


def identified(call: Call, identifier: str, member: str = "logGroupIdentifier") -> LogGroupRef:
    """The group of a name or an ARN. Raises ServiceError."""
    if not identifier.startswith("arn:"):
        if not _GROUP.fullmatch(identifier):
            raise constraint(identifier, member, r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+")
        return LogGroupRef(call.account, call.region, identifier)
    arn = from_arn(identifier)
    if arn is None:
        raise invalid(f"{identifier} is not the ARN of a log group.")
    if arn.region != call.region:
        raise no_group()
    return LogGroupRef(arn.account, arn.region, arn.resource.removeprefix("log-group:"))


def group(call: Call, found: LogGroupRef) -> LogGroupRecord:
    """The group's record. Raises ServiceError when there is none."""
    document = call.table("group", account=found.account).get(found.name)
    if document is None:
        raise no_group()
    return cast(LogGroupRecord, document)


def group_resource(call: Call) -> str:
    """What IAM is asked about by operations on a group. Total.

    It is the ARN of a stream without a name, and of a group without a name for operations on all groups: so a policy
    about ``log-group:NAME`` without ``:*`` does not cover the group. Recorded in
    https://github.com/hashicorp/terraform-provider-aws/issues/8804.
    """
    identifier = call.params.get("logGroupIdentifier") or call.params.get("logGroupName") or ""
    arn = from_arn(identifier) or group_arn(call.account, call.region, identifier)
    return f"{arn}:log-stream:"


def stream_resource(call: Call) -> str:
    """What IAM is asked about by operations on a stream. Total."""
    return f"{group_resource(call)}{call.params.get('logStreamName') or ''}"
