"""Is this document acceptable to the operation that stores it? AWS's grammar, limits and messages.

Theory of operation. AWS checks in passes over the whole document, and the first pass that fails names the problem:

1. *syntax*: JSON, known members, types (``Syntax errors in policy.``);
2. *version*;
3. *legacy parsing*: effects spelt exactly, ARNs with a service and without holes, dates that are dates;
4. *statement ids* are unique;
5. statement by statement: principals, actions, resources.

That order is visible: a document with two faults gets the message of the earlier pass. Messages are those recorded for
``iam:CreatePolicy`` (vectors ``validate-*``); trust policies have their own for what only they forbid.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from sekisho.policy.ast import VARIABLES_VERSION, VERSIONS
from sekisho.policy.operators import applied
from sekisho.policy.parse import MAX_TEXT, statements_of, texts
from sekisho.policy.pattern import OWN_API
from sekisho.policy.values import read_date


class PolicyKind(Enum):
    """What a document is stored as; operations differ in what they accept."""

    MANAGED = "managed policy"
    INLINE = "inline policy"
    TRUST = "trust policy"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"


class Malformed(NamedTuple):
    """Why a document is refused."""

    code: str
    """``MalformedPolicyDocument`` or ``LimitExceeded``, as IAM spells them."""
    message: str
    pointer: str = ""
    """Where in the document, as a JSON pointer; empty for the document as a whole."""


class Limit(NamedTuple):
    """A size quota, in characters."""

    size: int
    counts_whitespace: bool
    code: str
    message: str


LIMITS: Final[Mapping[PolicyKind, Limit]] = {
    PolicyKind.MANAGED: Limit(6144, False, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"),
    PolicyKind.TRUST: Limit(2048, False, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"),
    PolicyKind.SESSION: Limit(
        2048, True, "PackedPolicyTooLarge", "The total packed size of the policies is too large."
    ),
    PolicyKind.SCP: Limit(5120, True, "PolicySizeLimitExceeded", "You have exceeded the maximum policy size."),
    PolicyKind.RCP: Limit(5120, True, "PolicySizeLimitExceeded", "You have exceeded the maximum policy size."),
    PolicyKind.RESOURCE: Limit(
        20480, True, "PolicyLengthExceededException", "The final policy size is bigger than the limit."
    ),
}
"""Quota of one document by kind. Inline policies share a quota per principal: ``INLINE_TOTAL``."""

INLINE_TOTAL: Final[Mapping[str, int]] = {"user": 2048, "group": 5120, "role": 10240}
"""Characters of all inline policies of a principal together, white space not counted."""

KIND_OF_OPERATION: Final[Mapping[str, PolicyKind]] = {
    "iam:CreatePolicy": PolicyKind.MANAGED,
    "iam:CreatePolicyVersion": PolicyKind.MANAGED,
    "iam:PutUserPolicy": PolicyKind.INLINE,
    "iam:PutGroupPolicy": PolicyKind.INLINE,
    "iam:PutRolePolicy": PolicyKind.INLINE,
    "iam:CreateRole": PolicyKind.TRUST,
    "iam:UpdateAssumeRolePolicy": PolicyKind.TRUST,
    "sts:AssumeRole": PolicyKind.SESSION,
    "sts:AssumeRoleWithWebIdentity": PolicyKind.SESSION,
    "sts:AssumeRoleWithSAML": PolicyKind.SESSION,
    "sts:GetFederationToken": PolicyKind.SESSION,
}
"""Which kind of document an operation takes."""

SYNTAX: Final = "Syntax errors in policy."
INVALID_JSON: Final = "This policy contains invalid Json"
LEGACY: Final = "The policy failed legacy parsing"
VERSION: Final = "Policy document must be version 2012-10-17 or greater."

_NO_PRINCIPAL: Final = frozenset({PolicyKind.MANAGED, PolicyKind.INLINE, PolicyKind.SESSION, PolicyKind.SCP})
_NEEDS_PRINCIPAL: Final = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE, PolicyKind.RCP})
_NEEDS_2012: Final = frozenset(
    {PolicyKind.MANAGED, PolicyKind.INLINE, PolicyKind.SESSION, PolicyKind.SCP, PolicyKind.RCP}
)
_SAYS_INVALID_JSON: Final = frozenset({PolicyKind.TRUST, PolicyKind.SESSION})

_DOCUMENT: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT: Final = frozenset(
    {
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
    }
)
_PRINCIPAL_KINDS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_PAIRS: Final = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_PARTITIONS: Final = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}
)
_IAM_PATHS: Final = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
_TRUST_ACTIONS: Final = (
    "sts:assumerole",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
)


def validate(document: str, kind: PolicyKind = PolicyKind.MANAGED) -> Malformed | None:
    """What AWS says against ``document`` as a policy of ``kind``; None when it is accepted. Total, linear."""
    invalid = INVALID_JSON if kind in _SAYS_INVALID_JSON else SYNTAX
    if len(document) > MAX_TEXT:
        return _malformed(SYNTAX)
    try:
        source = json.loads(document)
    except (ValueError, RecursionError):
        return _malformed(invalid)
    if not isinstance(source, Mapping):
        return _malformed(SYNTAX)
    problem = validate_document(source, kind)
    return problem or over_limit(document, kind)


def validate_document(source: Mapping[str, Any], kind: PolicyKind) -> Malformed | None:
    """The same for decoded JSON, sizes aside."""
    for check in _PASSES:
        for problem in check(source, kind):
            return problem
    return None


def size_without_whitespace(document: str) -> int:
    """Characters of ``document`` as IAM's quotas count them."""
    return sum(map(len, document.split()))


def over_limit(document: str, kind: PolicyKind) -> Malformed | None:
    """The quota that ``document`` exceeds, if any."""
    limit = LIMITS.get(kind)
    if limit is None:
        return None
    size = len(document) if limit.counts_whitespace else size_without_whitespace(document)
    return Malformed(limit.code, limit.message) if size > limit.size else None


def over_inline_total(documents: Iterable[str], owner: str, name: str) -> Malformed | None:
    """Whether all inline policies of a ``user``, ``group`` or ``role`` called ``name`` are together too large."""
    limit = INLINE_TOTAL[owner]
    if sum(map(size_without_whitespace, documents)) <= limit:
        return None
    return Malformed("LimitExceeded", f"Maximum policy size of {limit} bytes exceeded for {owner} {name}")


def _malformed(message: str, pointer: str = "") -> Malformed:
    return Malformed("MalformedPolicyDocument", message, pointer)


def _numbered(source: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for position, statement in enumerate(statements_of(source)):
        yield f"/Statement/{position}", statement


def _syntax(source: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    if not _DOCUMENT.issuperset(source):
        yield _malformed(SYNTAX)
    version = source.get("Version")
    if "Version" in source and version not in VERSIONS:
        yield _malformed(SYNTAX, "/Version")
    if "Id" in source and not isinstance(source["Id"], str):
        yield _malformed(SYNTAX, "/Id")
    statements = statements_of(source)
    if not statements:
        yield _malformed(SYNTAX, "/Statement")
    for position, statement in enumerate(statements):
        if not isinstance(statement, Mapping) or not _is_statement(statement):
            yield _malformed(SYNTAX, f"/Statement/{position}")


def _is_statement(statement: Mapping[str, Any]) -> bool:
    if not _STATEMENT.issuperset(statement):
        return False
    if "Sid" in statement and not isinstance(statement["Sid"], str):
        return False
    effect = statement.get("Effect")
    if not isinstance(effect, str) or effect.lower() not in ("allow", "deny"):
        return False
    for one, other in _PAIRS:
        if one in statement and other in statement:
            return False
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in statement and not _are_strings(statement[name]):
            return False
    for name in ("Principal", "NotPrincipal"):
        if name in statement and not _is_principal(statement[name]):
            return False
    return "Condition" not in statement or _is_condition(statement["Condition"])


def _are_strings(raw: Any) -> bool:
    """A string, or a list of strings; AWS lets nulls pass in lists."""
    if isinstance(raw, list):
        return all(item is None or isinstance(item, str) for item in raw)
    return isinstance(raw, str)


def _is_principal(raw: Any) -> bool:
    if isinstance(raw, str):
        return raw == "*"
    if not isinstance(raw, Mapping) or not raw or not _PRINCIPAL_KINDS.issuperset(raw):
        return False
    return all(_are_strings(value) for value in raw.values())


def _is_condition(raw: Any) -> bool:
    if not isinstance(raw, Mapping):
        return False
    for name, block in raw.items():
        if not isinstance(block, Mapping) or (block and applied(name) is None):
            return False
        if any(texts(value) is None for value in block.values()):
            return False
    return True


def _version(source: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    if kind in _NEEDS_2012 and source.get("Version") != VARIABLES_VERSION:
        yield _malformed(VERSION, "/Version")


def _legacy(source: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    for pointer, statement in _numbered(source):
        if statement["Effect"] not in ("Allow", "Deny"):
            yield _malformed(LEGACY, f"{pointer}/Effect")
        for name in ("Resource", "NotResource"):
            if not all(map(_is_whole, texts(statement.get(name)) or ())):
                yield _malformed(LEGACY, f"{pointer}/{name}")
        for operator, block in (statement.get("Condition") or {}).items():
            known = applied(operator)
            if known is None or not known.row.name.startswith("Date"):
                continue
            for value in block.values():
                if not all(map(_is_date, texts(value) or ())):
                    yield _malformed(LEGACY, f"{pointer}/Condition/{operator}")


def _is_whole(resource: str) -> bool:
    """Whether an ARN names its service, and has no empty fields when it is cut short."""
    fields = resource.split(":", 5)
    if fields[0] != "arn" or len(fields) < 3 or fields[1] not in _PARTITIONS:
        return True
    return bool(fields[2]) and (len(fields) == 6 or all(fields[2:]))


def _is_date(text: str) -> bool:
    moment = read_date(text)
    return moment is not None and -(2**63) <= moment < 2**63


def _ids(source: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    sids = Counter(sid for _, statement in _numbered(source) if (sid := statement.get("Sid")))
    if any(count > 1 for count in sids.values()):
        yield _malformed("Statement IDs (SID) in a single policy must be unique.", "/Statement")


def _statements(source: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    for pointer, statement in _numbered(source):
        yield from _principals(pointer, statement, kind)
        yield from _actions(pointer, statement, kind)
        yield from _resources(pointer, statement, kind)


def _principals(pointer: str, statement: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    named = "Principal" in statement or "NotPrincipal" in statement
    if named and kind in _NO_PRINCIPAL:
        yield _malformed("Policy document should not specify a principal.", f"{pointer}/Principal")
    if not named and kind in _NEEDS_PRINCIPAL:
        yield _malformed("Missing required field Principal", pointer)
    if kind is not PolicyKind.TRUST:
        return
    if "NotPrincipal" in statement:
        yield _malformed("Has prohibited field NotPrincipal", f"{pointer}/NotPrincipal")
    if statement.get("Principal") == "*":  # https://github.com/aws/aws-cdk/issues/5732
        yield _malformed('AssumeRolepolicy contained an invalid principal: "STAR":"*".', f"{pointer}/Principal")


def _actions(pointer: str, statement: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    element = "NotAction" if "NotAction" in statement else "Action"
    actions = texts(statement.get(element)) or ()
    if not actions:
        yield _malformed("Policy statement must contain actions.", pointer)
    for action in actions:
        yield from _action(f"{pointer}/{element}", action)
    if kind is PolicyKind.TRUST and not all(action.lower().startswith(_TRUST_ACTIONS) for action in actions):
        yield _malformed("AssumeRole policy may only specify STS AssumeRole actions.", f"{pointer}/{element}")


def _action(pointer: str, action: str) -> Iterator[Malformed]:
    if action == "*":
        return
    vendor, colon, name = action.partition(":")
    if not colon:
        yield _malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", pointer)
    if ":" in name:
        yield _malformed("Actions/Condition can contain only one colon.", pointer)
    if vendor != "*" and not vendor.replace("-", "").replace("_", "").isalnum():
        yield _malformed(f"Vendor {vendor} is not valid", pointer)


def _resources(pointer: str, statement: Mapping[str, Any], kind: PolicyKind) -> Iterator[Malformed]:
    element = "NotResource" if "NotResource" in statement else "Resource"
    if kind is PolicyKind.TRUST:
        if element in statement:
            yield _malformed(f"Has prohibited field {element}", f"{pointer}/{element}")
        return
    resources = texts(statement.get(element)) or ()
    if not resources and kind not in (PolicyKind.RESOURCE, PolicyKind.ENDPOINT):
        yield _malformed("Policy statement must contain resources.", pointer)
    for resource in resources:
        if not (kind is PolicyKind.RESOURCE and resource.startswith(OWN_API)):
            yield from _resource(f"{pointer}/{element}", resource)


def _resource(pointer: str, resource: str) -> Iterator[Malformed]:
    if resource == "*":
        return
    fields = resource.split(":", 5)
    if len(fields) < 2:
        yield _malformed(f'Resource {resource} must be in ARN format or "*".', pointer)
        return
    partition, vendor, region, account, path = (fields[1:] + ["*"] * 4)[:5]
    if partition not in _PARTITIONS and partition != "*":
        whole = f"arn:{partition}:{vendor}:{region}:{account}:{path}"
        yield _malformed(f'Partition "{partition}" is not valid for resource "{whole}".', pointer)
    if fields[0] != "arn":
        yield _malformed(f'Resource {resource} must be in ARN format or "*".', pointer)
    if "*" in vendor or "?" in vendor or not vendor:
        yield _malformed("Resource vendor must be fully qualified and cannot contain regexes.", pointer)
    if len(fields) < 6:
        return
    if vendor == "iam":
        if region:
            yield _malformed(f"IAM resource {resource} cannot contain region information.", pointer)
        if not path.startswith(("*", *_IAM_PATHS)) and path != "root":
            paths = ", ".join(_IAM_PATHS)
            yield _malformed(f'IAM resource path must either be "*" or start with {paths}.', pointer)
    # Buckets are global; access points have a region and an account.
    if vendor == "s3" and region and not account:
        yield _malformed(f"Resource {resource} can not contain region information.", pointer)


_Pass = Callable[[Mapping[str, Any], PolicyKind], Iterator[Malformed]]
_PASSES: Final[tuple[_Pass, ...]] = (_syntax, _version, _legacy, _ids, _statements)
