"""Document → CompiledPolicy: statements indexed by the actions they speak of, compiled when first asked about.

Theory of operation. The index has three parts: exact actions (a dictionary), patterns by service prefix, and
``NotAction`` statements. A question about ``execute-api:Invoke`` so never meets a statement about S3, and finding the
statements of an action costs a few dictionary reads. A statement whose action comes up is *armed*: parsed, its resource
patterns and conditions compiled. Most statements of a large account are never armed. A statement that cannot be parsed,
or uses an operator that does not exist, is not ``sound`` and never matches; documents are validated before they are
stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sekisho.kit.glob import Matcher, compile_glob, has_wildcard
from sekisho.policy.ast import VARIABLES_VERSION, Effect, Problem, Statement
from sekisho.policy.operators import Test, compile_condition
from sekisho.policy.parse import actions_of, effect_of, load, parse_statement, statements_of
from sekisho.policy.pattern import OWN_API, ArnPattern, arn_pattern, unresolved
from sekisho.policy.principals import CompiledPrincipals, Match
from sekisho.policy.request import Context, Subject

_WILD: Final = re.compile(r"[*?$]")
"""The first wildcard or variable."""


class CompiledStatement:
    """A statement of ``policy``; ``index`` is its place in the document."""

    __slots__ = (
        "_armed",
        "_raw",
        "actions",
        "deny",
        "dynamic",
        "heads",
        "index",
        "not_principal",
        "not_resource",
        "notes",
        "patterns",
        "policy",
        "principals",
        "sound",
        "source",
        "static",
        "tests",
        "variables",
        "verdict",
    )

    def __init__(
        self,
        policy: CompiledPolicy,
        index: int,
        deny: bool,
        raw: Mapping[str, Any],
        actions: tuple[str, ...],
        variables: bool,
    ) -> None:
        self.policy = policy
        self.index = index
        self.deny = deny
        self.actions = actions
        self.variables = variables
        self.heads = _heads(raw.get("Resource"))
        """For each resource pattern the literal text it begins with; ``("",)`` when the statement may cover resources
        whatever they begin with. Known before the statement is armed."""
        self._raw = raw
        self._armed = False
        self.notes: object | None = None
        """What ``witness`` keeps of the statement between explanations."""
        self.verdict: Any = None
        """What ``combine`` keeps of it: the decision that it allows as an identity policy's statement."""
        self.sound = False
        self.source: Statement | None = None
        """The parsed statement, once armed."""
        self.tests: tuple[Test, ...] = ()
        self.patterns: tuple[ArnPattern, ...] | None = None
        self.static: tuple[Matcher, ...] = ()
        self.dynamic: tuple[ArnPattern, ...] = ()
        self.not_resource = False
        self.not_principal = False
        self.principals: CompiledPrincipals | None = None

    def arm(self) -> bool:
        """Compile the statement, once; whether it is sound."""
        if not self._armed:
            self._armed = True
            self._compile()
        return self.sound

    def _compile(self) -> None:
        source = parse_statement(self._raw, self.index)
        if isinstance(source, Problem):
            return
        tests: list[Test] = []
        for condition in source.conditions:
            test = compile_condition(condition, self.variables)
            if test is None:
                return
            tests.append(test)
        self.tests = tuple(tests)
        self.source = source
        self.not_resource = source.not_resource
        self.not_principal = source.not_principal
        if source.principals is not None:
            self.principals = CompiledPrincipals(source.principals)
        if source.resources is not None:
            complete = source.principals is None
            self.patterns = tuple([arn_pattern(text, self.variables, complete) for text in source.resources])
            self.static = tuple(pattern.static for pattern in self.patterns if pattern.static is not None)
            self.dynamic = tuple(pattern for pattern in self.patterns if pattern.static is None)
        self.sound = True

    def operators(self) -> list[str]:
        """The condition operators as written, readable even when the statement is not sound."""
        block = self._raw.get("Condition")
        return [str(name) for name in block] if isinstance(block, Mapping) else []

    def covers(self, resource: str) -> bool | None:
        """Whether the statement is about ``resource``; None when that depends on variables."""
        if self.patterns is None:
            return True
        for matcher in self.static:
            if matcher(resource):
                return not self.not_resource
        for pattern in self.dynamic:
            if resource.startswith(pattern.prefix):
                return None
        return self.not_resource

    def covers_in(self, resource: str, context: Context) -> bool:
        """The same with variables resolved, for statements where ``covers`` answers None.

        A variable without a value makes its pattern match nothing. In ``NotResource`` that must not widen: an Allow
        then does not apply, a Deny does.
        """
        if self.not_resource and any(unresolved(pattern.parts, context) for pattern in self.dynamic):
            return self.deny
        for pattern in self.dynamic:
            if pattern.matches(resource, context):
                return not self.not_resource
        return self.not_resource

    def names(self, subject: Subject, bounded: bool) -> Match:
        """How closely the statement names ``subject``; ``bounded`` when the subject has a permissions boundary.

        Statements without a principal element name everybody they are attached to. A Deny with ``NotPrincipal`` always
        hits principals with a boundary, whatever it lists.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        principals = self.principals
        if principals is None:
            return Match.DIRECT
        if not self.not_principal:
            return principals.level(subject)
        if self.deny:
            return Match.NONE if not bounded and principals.spares(subject) else Match.DIRECT
        return Match.NONE if principals.level(subject) is not Match.NONE else Match.DIRECT


_ANYWHERE: Final = ("",)


def _heads(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        if raw.startswith(OWN_API):
            return _ANYWHERE
        found = _WILD.search(raw)
        return (raw if found is None else raw[: found.start()],)
    if not isinstance(raw, list):
        return _ANYWHERE
    heads: list[str] = []
    for text in raw:
        if not isinstance(text, str) or text.startswith(OWN_API):
            return _ANYWHERE
        found = _WILD.search(text)
        heads.append(text if found is None else text[: found.start()])
    return tuple(heads)


def names_action(pattern: str, action: str) -> bool:
    """Whether an action pattern covers ``action``; both in lower case.

    The service prefix has no wildcards, except that ``*`` (and ``*:*``) is every action. White space matches nothing.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    if " " in pattern:
        return False
    service, colon, name = pattern.partition(":")
    if not service.strip("*") and service:
        return not colon or not name or compile_glob(name)(action.partition(":")[2])
    if not colon or has_wildcard(service):
        return False
    asked, _, asked_name = action.partition(":")
    return asked == service and compile_glob(name)(asked_name)


class ActionIndex:
    """Statements by action, in lower case."""

    __slots__ = ("exact", "excluding", "patterns", "statements")

    def __init__(self) -> None:
        self.statements: list[CompiledStatement] = []
        self.exact: dict[str, list[CompiledStatement]] = {}
        self.patterns: dict[str, dict[str, list[CompiledStatement]]] = {}
        """By service prefix (``*`` for patterns that span services), then by pattern: each is matched once."""
        self.excluding: list[CompiledStatement] = []
        """Statements with ``NotAction``."""

    def add(self, statement: CompiledStatement, negated: bool) -> None:
        self.statements.append(statement)
        if negated:
            self.excluding.append(statement)
            return
        for action in statement.actions:
            if "*" not in action and "?" not in action:
                about = self.exact.setdefault(action, [])
                if not about or about[-1] is not statement:
                    about.append(statement)
            else:
                service = action.partition(":")[0]
                key = service if service.strip("*") else "*"
                about = self.patterns.setdefault(key, {}).setdefault(action, [])
                if not about or about[-1] is not statement:
                    about.append(statement)

    def about(self, action: str) -> list[CompiledStatement]:
        """The statements about ``action`` (lower case), in document order. They are not armed yet."""
        lists: list[list[CompiledStatement]] = []
        if (exact := self.exact.get(action)) is not None:
            lists.append(exact)
        if self.patterns:
            for key in (action.partition(":")[0], "*"):
                for pattern, about in self.patterns.get(key, _NO_PATTERNS).items():
                    if names_action(pattern, action):
                        lists.append(about)
        if self.excluding:
            lists.append([s for s in self.excluding if not any(names_action(named, action) for named in s.actions)])
        if len(lists) < 2:
            return lists[0] if lists else []
        found = {statement.index: statement for about in lists for statement in about}
        return [found[index] for index in sorted(found)]


_NO_PATTERNS: Final[Mapping[str, list[CompiledStatement]]] = {}


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy document ready to be asked; see ``evaluate``."""

    name: str
    """What explanations call it: the policy's name or ARN, ``inline policy X of role Y`` …"""
    arn: str
    """The managed policy's ARN; empty for inline and resource policies."""
    document: Mapping[str, Any]
    """The source text, parsed; witnesses point into it."""
    index: ActionIndex = field(init=False, repr=False, compare=False)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What ``evaluate`` found out about (action, resource); bounded there."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", _index(self))


def _index(policy: CompiledPolicy) -> ActionIndex:
    index = ActionIndex()
    variables = policy.document.get("Version") == VARIABLES_VERSION
    for position, raw in enumerate(statements_of(policy.document)):
        if not isinstance(raw, Mapping):
            continue
        effect, found = effect_of(raw), actions_of(raw)
        if effect is None or found is None:
            continue
        actions = tuple([action.lower() for action in found[0]])
        index.add(CompiledStatement(policy, position, effect is Effect.DENY, raw, actions, variables), found[1])
    return index


def compile_policy(document: Mapping[str, Any] | str, *, name: str = "", arn: str = "") -> CompiledPolicy:
    """Compile a document. Total: what cannot be parsed never matches."""
    source = load(document)
    return CompiledPolicy(name, arn, {} if isinstance(source, Problem) else source)
