"""What a Lambda authorizer may answer, and the first rule that an answer breaks.

Two shapes. A *policy* (REST, HTTP 1.0, HTTP 2.0) is judged for every request that uses it, whether it was just made or
remembered; a *simple response* (HTTP 2.0) is the decision itself. Only the policy document is required of the first
and only ``isAuthorized`` of the second. An answer is read once, when it arrives: its policy is compiled there, and its
context is brought into the form in which backends and logs see it.

What API Gateway would not read is never read kindly: an answer that breaks a rule lets nobody pass.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
vectors: authz/*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from sekisho.policy.ast import VARIABLES_VERSION
from sekisho.policy.combine import NO_POLICIES, PolicyStack
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.validate import PolicyKind, validate_document

REST: Final = "REST"
LATENCY: Final = "integrationLatency"
PRINCIPAL: Final = "principalId"


class Answer:
    """An answer that can be used, as often as it may be."""

    __slots__ = ("authorized", "context", "policy", "principal", "remembered", "stack", "usage_key", "visible")

    def __init__(
        self,
        context: dict[str, Any],
        policy: CompiledPolicy | None,
        authorized: bool = False,
        principal: str | None = None,
        usage_key: str | None = None,
    ) -> None:
        self.context = context
        """What the function says about the caller."""
        self.policy = policy
        """None for simple responses, where ``authorized`` decides."""
        self.authorized = authorized
        self.principal = principal
        self.usage_key = usage_key
        """``usageIdentifierKey``: the API key of APIs whose keys come from authorizers."""
        self.stack = NO_POLICIES if policy is None else PolicyStack(identity=(policy,))
        self.visible = context if principal is None else {**context, PRINCIPAL: principal}
        """With ``principalId``, which no context value can stand in for."""
        self.remembered = {**self.visible, LATENCY: 0}
        """What REST backends see when the function was not called."""


class Malformed(NamedTuple):
    """An answer that cannot be used."""

    rule: str
    """``json``, ``object``, ``is-authorized-missing``, ``is-authorized``, ``policy-missing``, ``policy``, ``context``,
    ``context-value``, ``principal-id`` or ``usage-identifier-key``."""
    detail: str = ""


def read_answer(payload: bytes, shape: str, simple: bool) -> Answer | Malformed:
    """Read what the function returned. ``shape`` is the payload format, ``REST``, ``1.0`` or ``2.0``."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Malformed("json")
    if type(value) is not dict:
        return Malformed("object", "null" if value is None else type(value).__name__)
    return _simple(value) if simple else _policy(value, shape)


def _simple(value: dict[str, Any]) -> Answer | Malformed:
    if "isAuthorized" not in value:
        return Malformed("is-authorized-missing", ", ".join(sorted(map(str, value)))[:200])
    authorized = value["isAuthorized"]
    if type(authorized) is not bool:
        return Malformed("is-authorized", type(authorized).__name__)
    context = value.get("context")
    if context is not None and type(context) is not dict:
        return Malformed("context", type(context).__name__)
    # ``claims`` belongs to JWT authorizers, so a function's own is dropped.
    kept = {name: each for name, each in (context or {}).items() if name != "claims"}
    return Answer(kept, None, authorized) if _can_be_sent(kept) else Malformed("context-value", "nested too deeply")


def _policy(value: dict[str, Any], shape: str) -> Answer | Malformed:
    document = value.get("policyDocument")
    if document is None:
        return Malformed("policy-missing", ", ".join(sorted(map(str, value)))[:200])
    if type(document) is not dict:
        return Malformed("policy", type(document).__name__)
    problem = _policy_problem(document)
    if problem:
        return Malformed("policy", problem)
    principal = value.get("principalId")
    if principal is not None and type(principal) is not str:
        principal = _text(principal)
        if principal is None:
            return Malformed("principal-id", type(value["principalId"]).__name__)
    usage_key = value.get("usageIdentifierKey")
    if usage_key is not None and type(usage_key) is not str:
        return Malformed("usage-identifier-key", type(usage_key).__name__)
    context = _context(value.get("context"), shape)
    if isinstance(context, Malformed):
        return context
    return Answer(context, compile_policy(document, name="policyDocument"), False, principal, usage_key)


def _policy_problem(document: Mapping[str, Any]) -> str:
    """What IAM would say against the document as an identity policy; a missing version is the current one."""
    if "Version" not in document:
        document = {"Version": VARIABLES_VERSION, **document}
    try:
        problem = validate_document(document, PolicyKind.INLINE)
    except RecursionError:
        return "Syntax errors in policy."
    return f"{problem.pointer} {problem.message}".strip() if problem else ""


def _context(context: Any, shape: str) -> dict[str, Any] | Malformed:
    """The context as backends see it: format 2.0 keeps JSON, the others know text only.

    A REST API takes no lists, objects or nulls. vectors: authz/rest-context-stringified, authz/http-v2-….
    """
    if context is None:
        return {}
    if type(context) is not dict:
        return Malformed("context", type(context).__name__)
    if shape != REST and not _can_be_sent(context):
        return Malformed("context-value", "nested too deeply")
    if shape == "2.0":
        return context
    read: dict[str, Any] = {}
    for name, value in context.items():
        text = _text(value)
        if text is None:
            if shape == REST:
                return Malformed("context-value", f"{name}: {'null' if value is None else type(value).__name__}")
            if value is None:
                continue
            text = orjson.dumps(value).decode()
        read[name] = text
    return read


def _can_be_sent(context: dict[str, Any]) -> bool:
    """Whether an event can hold the context, which stands a few levels deep in it."""
    try:
        orjson.dumps([[[[[[context]]]]]])
    except TypeError:
        return False
    return True


def _text(value: Any) -> str | None:
    """A scalar as text (``123``, ``1.5``, ``true``); None for anything else."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    return orjson.dumps(value).decode() if kind is int or kind is float else None
