"""What AWS accepts in a policy although it hardly means what its author thinks.

Theory of operation. First the document is validated as AWS would (``validate``): what AWS refuses is an *error* with
AWS's own message. Then each rule of ``RULES`` looks at each statement; a rule is a function that yields warnings, and
``SAYS`` has the words. A rule warns of what can be shown: an over-grant comes with a request
that the pattern covers.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
         https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
         https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from sekisho.kit.glob import has_wildcard
from sekisho.policy.ast import VARIABLES_VERSION, Condition, Effect, Problem, Statement
from sekisho.policy.operators import NULL, OPERATORS, Applied, Operator, Quantifier, applied
from sekisho.policy.parse import load, parse_statement, statements_of
from sekisho.policy.pattern import Variable, parts_of
from sekisho.policy.principals import account_of
from sekisho.policy.prove import crossing
from sekisho.policy.validate import PolicyKind, validate
from sekisho.policy.values import read_network
from sekisho.policy.witness import escape

KNOWN_KEYS: Final = frozenset(
    {
        "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:CurrentTime", "aws:EpochTime",
        "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount",
        "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalType", "aws:Referer",
        "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths",
        "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp",
        "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:TagKeys",
        "aws:TokenIssueTime", "aws:UserAgent", "aws:userid", "aws:username", "aws:ViaAWSService", "aws:VpcSourceIp",
        "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:Ec2InstanceSourceVpc",
        "aws:Ec2InstanceSourcePrivateIPv4", "aws:AssumedRoot", "aws:ChatbotSourceArn", "aws:SignInSessionArn",
        "aws:IsMcpServiceAction", "aws:ViaAWSMCPService",
    }
)  # fmt: skip
"""Global condition keys.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
_FAMILIES: Final = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")
_BY_LOWER: Final = {key.lower(): key for key in KNOWN_KEYS}
_MULTIVALUED: Final = frozenset(
    {
        "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths",
        "aws:sourceorgpaths", "aws:tagkeys", "aws:vpceorgpaths",
    }
)  # fmt: skip
_OFTEN_ABSENT: Final = {
    "aws:multifactorauthpresent": "long-term access keys do not send it at all",
    "aws:sourceip": "requests that AWS services make for somebody may lack it",
    "aws:securetransport": "requests that AWS services make for somebody may lack it",
    "aws:sourcevpce": "only requests through a VPC endpoint have it",
    "aws:sourcevpc": "only requests through a VPC endpoint have it",
}


class Warned(NamedTuple):
    """One remark on a document."""

    id: str
    level: str
    """``error``: AWS refuses the document; ``warning``: it is accepted, and a trap."""
    pointer: str
    message: str


class _Place(NamedTuple):
    """A statement under a rule's eyes."""

    statement: Statement
    pointer: str
    kind: PolicyKind
    version: str

    @property
    def allows(self) -> bool:
        return self.statement.effect is Effect.ALLOW

    def of(self, condition: Condition) -> str:
        return f"{self.pointer}/Condition/{escape(condition.operator)}/{escape(condition.key)}"


def kind_of(document: Mapping[str, Any]) -> PolicyKind:
    """What a document looks like: with principals a resource (or trust) policy, else an identity policy."""
    statements = [raw for raw in statements_of(document) if isinstance(raw, Mapping)]
    if any("Principal" in raw or "NotPrincipal" in raw for raw in statements):
        trust = all("Resource" not in raw and "NotResource" not in raw for raw in statements)
        return PolicyKind.TRUST if trust and "sts:" in json.dumps(document).lower() else PolicyKind.RESOURCE
    return PolicyKind.MANAGED


def lint(document: Mapping[str, Any] | str, kind: PolicyKind | None = None) -> list[Warned]:
    """Errors and warnings about a document; the kind is told from its looks when it is not given."""
    source = load(document)
    text = document if isinstance(document, str) else json.dumps(document)
    if isinstance(source, Problem):
        refused = validate(text, kind or PolicyKind.MANAGED)
        code, message = refused[:2] if refused else ("MalformedPolicyDocument", source.text)
        return [_say("invalid", "", code=code, message=message)]
    kind = kind or kind_of(source)
    found: list[Warned] = []
    refused = validate(text, kind)
    if refused is not None:
        found.append(_say("invalid", refused.pointer, code=refused.code, message=refused.message))
    version = source.get("Version")
    lone = isinstance(source.get("Statement"), Mapping)
    for index, raw in enumerate(statements_of(source)):
        found += _spelling(raw, "/Statement" if lone else f"/Statement/{index}")
        statement = parse_statement(raw, index)
        if isinstance(statement, Problem):
            continue
        pointer = "/Statement" if lone else f"/Statement/{index}"
        place = _Place(statement, pointer, kind, version if isinstance(version, str) else "")
        for rule in RULES:
            found += rule(place)
    return found


SAYS: Final[Mapping[str, str]] = {
    "invalid": "{code}: {message}",
    "unknown-operator": "There is no condition operator {name}{hint}",
    "wildcard-crosses-slash": "{resource} names one verb, but * also matches /, so that it covers {example} as well. "
    "Name the stage.",
    "allow-not-principal": "Allow with NotPrincipal allows everybody who is not listed, the anonymous included.",
    "not-principal-account": "Deny with NotPrincipal also denies the listed users and roles unless their account "
    "(arn:aws:iam::ACCOUNT:root) is listed too; a condition on aws:PrincipalArn says the same without the trap.",
    "not-principal-session": "Deny with NotPrincipal denies sessions of the listed roles unless the session "
    "(arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION) is listed too.",
    "not-principal-boundary": "Deny with NotPrincipal always denies principals that have a permissions boundary, "
    "listed or not.",
    "for-all-values-empty": "ForAllValues is true when {key} is missing: the Allow then applies without it. Add Null "
    'with "{key}": "false".',
    "set-operator-on-single-value": "{key} has one value; {operator} is meant for keys with several.",
    "set-operator-missing": "{key} may have several values; use ForAnyValue or ForAllValues.",
    "bool-on-missing-key": "Bool is not true of a missing {key}, and {why}: the Deny does not apply then. Use "
    "BoolIfExists.",
    "negation-on-missing-key": "A negated operator holds when {key} is missing, and {why}.",
    "if-exists-on-allow": "{operator} is true when {key} is missing: the Allow then applies without it.",
    "variable-without-version": '${{{key}}} is literal text here: variables need "Version": "2012-10-17".',
    "unknown-key": "No request has a condition key {key}{hint}",
    "no-value": "No value is listed: the condition never holds.",
    "unreadable-value": "{values}: not a value that {operator} can compare with; the condition never holds.",
    "contradiction": "The statement also demands that {key} be missing (Null): both cannot hold.",
    "not-whole": "{resource} is no whole ARN: in a resource-based policy it matches nothing.",
    "wrong-service": "Actions of {actions} never ask about resources of {resources}: the statement never matches.",
    "public": "Everybody on the internet is allowed, without a condition.",
    "confused-deputy": "{service} acts for every account: without a condition on AWS:SourceArn or AWS:SourceAccount "
    "others can use it to get in.",
}
"""Remark → what it says."""


def _say(id_: str, pointer: str, **values: str) -> Warned:
    level = "error" if id_ in ("invalid", "unknown-operator") else "warning"
    return Warned(id_, level, pointer, SAYS[id_].format(**values))


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {found[0]}?" if found else "."


def _spelling(raw: Any, pointer: str) -> Iterator[Warned]:
    block = raw.get("Condition") if isinstance(raw, Mapping) else None
    for name in block if isinstance(block, Mapping) else ():
        if applied(str(name)) is None:
            hint = _near(str(name), [row.name for row in (*OPERATORS, NULL)])
            yield _say("unknown-operator", f"{pointer}/Condition/{escape(str(name))}", name=str(name), hint=hint)


def _wildcard_crossing(place: _Place) -> Iterator[Warned]:
    resources = place.statement.resources or ()
    if place.allows and not place.statement.not_resource:
        for position, resource in enumerate(resources):
            example = crossing(resource)
            if example is not None:
                where = f"{place.pointer}/Resource" + (f"/{position}" if len(resources) > 1 else "")
                yield _say("wildcard-crosses-slash", where, resource=resource, example=example)


def _not_principal(place: _Place) -> Iterator[Warned]:
    if not place.statement.not_principal:
        return
    where = f"{place.pointer}/NotPrincipal"
    if place.allows:
        yield _say("allow-not-principal", where)
        return
    names = place.statement.principals.aws if place.statement.principals else ()
    if any(":role/" in name or ":user/" in name for name in names) and not any(map(account_of, names)):
        yield _say("not-principal-account", where)
    if any(":role/" in name for name in names) and not any(":assumed-role/" in name for name in names):
        yield _say("not-principal-session", where)
    yield _say("not-principal-boundary", where)


def _nulls(place: _Place) -> dict[str, set[str]]:
    """Key → what the statement's Null conditions demand of it."""
    found: dict[str, set[str]] = {}
    for condition in place.statement.conditions:
        known = applied(condition.operator)
        if known is not None and known.row is NULL:
            found.setdefault(condition.key.lower(), set()).update(value.lower() for value in condition.values)
    return found


def _conditions(place: _Place) -> Iterator[tuple[Condition, Applied]]:
    """The conditions whose operator exists and is not Null."""
    for condition in place.statement.conditions:
        known = applied(condition.operator)
        if known is not None and known.row is not NULL:
            yield condition, known


def _sets(place: _Place) -> Iterator[Warned]:
    nulls = _nulls(place)
    for condition, known in _conditions(place):
        key, where = condition.key.lower(), place.of(condition)
        said = {"key": condition.key, "operator": condition.operator}
        empty_holds = known.quantifier is Quantifier.FOR_ALL_VALUES and place.allows
        if empty_holds and "false" not in nulls.get(key, ()):
            yield _say("for-all-values-empty", where, **said)
        if known.quantifier is not Quantifier.NONE and key in _BY_LOWER and key not in _MULTIVALUED:
            yield _say("set-operator-on-single-value", where, **said)
        if known.quantifier is Quantifier.NONE and key in _MULTIVALUED:
            yield _say("set-operator-missing", where, **said)


def _missing_keys(place: _Place) -> Iterator[Warned]:
    nulls = _nulls(place)
    for condition, known in _conditions(place):
        key, where = condition.key.lower(), place.of(condition)
        if known.if_exists:
            if place.allows and key.startswith("aws:source"):
                yield _say("if-exists-on-allow", where, key=condition.key, operator=condition.operator)
            continue
        if key not in _OFTEN_ABSENT or key in nulls:
            continue
        said = {"key": condition.key, "why": _OFTEN_ABSENT[key]}
        values = {value.lower() for value in condition.values}
        if known.row.name == "Bool" and not place.allows and values == {"false"}:
            yield _say("bool-on-missing-key", where, **said)
        if known.row.negated and place.allows:
            yield _say("negation-on-missing-key", where, **said)


def _variables(place: _Place) -> Iterator[Warned]:
    if place.version == VARIABLES_VERSION:
        return
    statement = place.statement
    element = "NotResource" if statement.not_resource else "Resource"
    texts = [(f"{place.pointer}/{element}", text) for text in statement.resources or ()]
    texts += [(place.of(condition), value) for condition in statement.conditions for value in condition.values]
    for pointer, text in texts:
        for part in parts_of(text, True):
            if isinstance(part, Variable):
                yield _say("variable-without-version", pointer, key=part.key)
                break


def _keys(place: _Place) -> Iterator[Warned]:
    for condition in place.statement.conditions:
        key, where = condition.key.lower(), place.of(condition)
        if ":" not in key:
            yield _say("unknown-key", where, key=condition.key, hint=": it has no service prefix.")
        elif key.startswith("aws:") and key not in _BY_LOWER and not key.startswith(_FAMILIES):
            yield _say("unknown-key", where, key=condition.key, hint=_near(condition.key, KNOWN_KEYS))


def _never(place: _Place) -> Iterator[Warned]:
    """Conditions that no request can satisfy."""
    nulls = _nulls(place)
    for condition, known in _conditions(place):
        where, row = place.of(condition), known.row
        if row.negated:
            continue
        if not condition.values and known.quantifier is not Quantifier.FOR_ALL_VALUES:
            yield _say("no-value", where)
        elif condition.values and not row.variables and not any(_comparable(row, v) for v in condition.values):
            yield _say("unreadable-value", where, values=", ".join(condition.values), operator=row.name)
        absent = nulls.get(condition.key.lower()) == {"true"} and not known.if_exists
        if absent and known.quantifier is not Quantifier.FOR_ALL_VALUES:
            yield _say("contradiction", where, key=condition.key)


def _comparable(row: Operator, value: str) -> bool:
    if row.name == "IpAddress":
        return read_network(value) is not None
    return row.reads is None or row.reads(value) is not None


def _resources(place: _Place) -> Iterator[Warned]:
    statement = place.statement
    where, resources = f"{place.pointer}/Resource", statement.resources or ()
    if statement.not_action or statement.not_resource or not resources:
        return
    whole = [resource for resource in resources if resource.count(":") >= 5]
    for resource in resources if place.kind is PolicyKind.RESOURCE else ():
        if resource.startswith("arn:") and resource not in whole and not has_wildcard(resource):
            yield _say("not-whole", where, resource=resource)
    wanted = {action.partition(":")[0].lower() for action in statement.actions}
    named = {resource.split(":", 5)[2] for resource in whole}
    foreign = not any(name in wanted or has_wildcard(name) for name in named)
    if foreign and len(whole) == len(resources) and wanted <= _RESOURCE_SERVICES:
        yield _say("wrong-service", where, actions=", ".join(sorted(wanted)), resources=", ".join(sorted(named)))


_RESOURCE_SERVICES: Final = frozenset({"execute-api", "lambda"})


def _strangers(place: _Place) -> Iterator[Warned]:
    statement, principals = place.statement, place.statement.principals
    if not place.allows or principals is None or statement.not_principal or statement.conditions:
        return
    where = f"{place.pointer}/Principal"
    if principals.everyone or "*" in principals.aws:
        yield _say("public", where)
    elif place.kind is PolicyKind.RESOURCE and principals.service:
        yield _say("confused-deputy", where, service=principals.service[0])


Rule = Callable[[_Place], Iterator[Warned]]
RULES: Final[tuple[Rule, ...]] = (
    _wildcard_crossing,
    _not_principal,
    _sets,
    _missing_keys,
    _variables,
    _keys,
    _never,
    _resources,
    _strangers,
)
