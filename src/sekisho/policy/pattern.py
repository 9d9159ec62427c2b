"""Texts of a policy that hold wildcards and variables: tokenised once, resolved per question.

Theory of operation. A text becomes tokens: literals, the wildcards of ``kit.glob``, and ``Variable``. Resolving
replaces each variable by a *literal* token holding the condition key's value, after the wildcards were found: a value
``*`` or ``${aws:username}`` is nothing but itself. ARN patterns are cut into their six segments before that, so that a
value cannot move a segment boundary either. Texts without variables compile to a matcher at once.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from sekisho.kit.glob import ANY, Matcher, Token, Wild, compile_tokens, tokens_of
from sekisho.policy.request import Context

SEGMENTS: Final = ("arn", "partition", "service", "region", "account", "resource")
"""Names of the segments of an ARN, in order."""


OWN_API: Final = "execute-api:/"
"""How a REST API's resource policy abbreviates its own ARN.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html"""


class Variable(NamedTuple):
    """``${key}`` or ``${key, 'default'}``."""

    key: str
    """In lower case."""
    default: str | None


Part = Token | Variable


def parts_of(text: str, variables: bool) -> list[Part]:
    """The parts of ``text``; without ``variables`` (documents older than 2012-10-17) ``${key}`` is literal text.

    ``${*}``, ``${?}`` and ``${$}`` are the literal characters; what is no well-formed variable stays literal.
    """
    if not variables or "${" not in text:
        return list(tokens_of(text))
    parts: list[Part] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = text.find("}", start + 2)
        if end < 0:
            break
        parts.extend(tokens_of(text[position:start]))
        parts.append(_variable(text[start + 2 : end]) or text[start : end + 1])
        position = end + 1
    parts.extend(tokens_of(text[position:]))
    return parts


def _variable(inner: str) -> str | Variable | None:
    """What stands between the braces: an escaped character, a variable, or nothing that AWS knows."""
    if inner in ("*", "?", "$"):
        return inner
    key, comma, default = inner.partition(",")
    key = key.strip().lower()
    if not key:
        return None
    if not comma:
        return Variable(key, None)
    default = default.strip()
    if len(default) < 2 or default[0] != "'" or default[-1] != "'":
        return None
    return Variable(key, default[1:-1])


def is_static(parts: Sequence[Part]) -> bool:
    """Whether no variable has to be resolved."""
    return not any(type(part) is Variable for part in parts)


def resolve(parts: Sequence[Part], context: Context) -> list[Token] | None:
    """``parts`` with the variables replaced by literals; None when one has no value: its key is absent (and it has no
    default) or multivalued, which AWS does not allow in variables."""
    tokens: list[Token] = []
    for part in parts:
        if isinstance(part, Variable):
            value = context.get(part.key)
            if value is None:
                value = part.default
            if not isinstance(value, str):
                return None
            tokens.append(value)
        else:
            tokens.append(part)
    return tokens


def unresolved(parts: Sequence[Part], context: Context) -> str:
    """The first variable of ``parts`` that has no value, as written in lower case; empty when all have one."""
    for part in parts:
        if isinstance(part, Variable):
            value = context.get(part.key)
            if not isinstance(value, str) and (value is not None or part.default is None):
                return part.key
    return ""


def literal(parts: Sequence[Part], context: Context) -> str | None:
    """``parts`` as one text in which wildcards stand for themselves (operators without wildcards); None: no value."""
    tokens = resolve(parts, context)
    if tokens is None:
        return None
    return "".join(token.value if isinstance(token, Wild) else token for token in tokens)


class ArnPattern:
    """A resource pattern or an ``Arn*`` condition value: six segments, each matched alone.

    ``*`` alone covers everything. A pattern with fewer segments is completed with ``*`` when ``complete`` (identity
    policies) or when it contains a wildcard (resource policies); otherwise it matches nothing.
    """

    __slots__ = ("_matchers", "anything", "base", "exact", "parts", "prefix", "segments", "static", "text")

    def __init__(self, text: str, variables: bool, complete: bool = True) -> None:
        self.text = text
        self._matchers: list[Matcher] | None = None
        self.parts = parts_of(text, variables)
        self.anything = self.parts == [ANY]
        self.segments = [] if self.anything else _segments(self.parts)
        whole = len(self.segments) == 6
        self.static: Matcher | None
        """The matcher; None when a variable has to be resolved first."""
        if text.startswith(OWN_API):
            self.prefix, self.base, self.exact, self.static = "", "", False, _own_api_matcher(text[len(OWN_API) :])
            return
        short = not whole and self.segments[:1] == [["arn"]]
        if short and (complete or any(isinstance(part, Wild) for part in self.parts)):
            self.segments += [[ANY] for _ in range(6 - len(self.segments))]
        first = self.parts[0] if self.parts else ""
        self.prefix = first if isinstance(first, str) else ""
        """Literal text that everything matching starts with."""
        self.base = _base(self.prefix) if len(self.segments) == 6 else ""
        """The first five segments when they are literal, each with its colon; else empty."""
        self.exact = whole and self.prefix == text
        """Whether only ``text`` itself matches."""
        self.static = self._compile_static(whole) if is_static(self.parts) else None

    def matches(self, text: str, context: Context) -> bool:
        """Whether ``text`` is covered; False when a variable has no value."""
        if self.static is not None:
            return self.static(text)
        if not text.startswith(self.prefix):
            return False
        return self.mismatch(text, context) is None

    def mismatch(self, text: str, context: Context) -> str | None:
        """The name of the first segment that does not match; empty when ``text`` or the pattern is no ARN at all."""
        if self.anything:
            return None
        if self.base and self.static is not None and text.startswith(self.base):
            return None if self.static(text) else "resource"
        fields = text.split(":", 5)
        if len(self.segments) != 6 or len(fields) != 6:
            return "" if self.static is None or not self.static(text) else None
        if self.static is not None:
            if self._matchers is None:
                self._matchers = [compile_tokens(_tokens(segment)) for segment in self.segments]
            for index, matcher in enumerate(self._matchers):
                if not matcher(fields[index]):
                    return SEGMENTS[index]
            return None
        for index, parts in enumerate(self.segments):
            tokens = resolve(parts, context)
            if tokens is None or not compile_tokens(tokens)(fields[index]):
                return SEGMENTS[index]
        return None

    def _compile_static(self, whole: bool) -> Matcher:
        if self.anything:
            return compile_tokens([ANY])
        if len(self.segments) != 6:
            return compile_tokens(_tokens(self.parts)) if ":" not in self.text else _never
        if whole and all(not any(isinstance(part, Wild) for part in segment) for segment in self.segments[:5]):
            # The literal head holds all five colons, so a text that starts with it is aligned with the pattern.
            return compile_tokens(_tokens(self.parts))
        checks = [
            (index, compile_tokens(_tokens(segment))) for index, segment in enumerate(self.segments) if segment != [ANY]
        ]
        return _segment_matcher(checks)


def _base(prefix: str) -> str:
    fields = prefix.split(":", 5)
    return prefix[: len(prefix) - len(fields[5])] if len(fields) == 6 else ""


_SHORT: Final = 256
"""Characters of patterns that are kept compiled: policies of many principals name the same routes."""
_kept: Final = lru_cache(maxsize=4096)(ArnPattern)


def arn_pattern(text: str, variables: bool, complete: bool) -> ArnPattern:
    """An ``ArnPattern``; equal patterns of different policies share one."""
    return (_kept if len(text) <= _SHORT else ArnPattern)(text, variables, complete)


def _own_api_matcher(path: str) -> Matcher:
    """``execute-api:/stage/METHOD/path`` in a REST API's policy: of the API that the policy is attached to."""
    matcher = compile_tokens(tokens_of(path))

    def matches(text: str) -> bool:
        fields = text.split(":", 5)
        return len(fields) == 6 and fields[2] == "execute-api" and matcher(fields[5].partition("/")[2])

    return matches


def _segment_matcher(checks: list[tuple[int, Matcher]]) -> Matcher:
    def matches(text: str) -> bool:
        fields = text.split(":", 5)
        if len(fields) != 6:
            return False
        for index, matcher in checks:  # noqa: SIM110  (a generator costs more than the test)
            if not matcher(fields[index]):
                return False
        return True

    return matches


def _never(_text: str) -> bool:
    return False


def _tokens(parts: Sequence[Part]) -> list[Token]:
    return [part for part in parts if not isinstance(part, Variable)]


def _segments(parts: Sequence[Part]) -> list[list[Part]]:
    """``parts`` cut at the first five colons of their literal text."""
    segments: list[list[Part]] = [[]]
    for part in parts:
        if not isinstance(part, str) or len(segments) == 6:
            segments[-1].append(part)
            continue
        pieces = part.split(":", 6 - len(segments))
        if pieces[0]:
            segments[-1].append(pieces[0])
        segments.extend([[piece] if piece else [] for piece in pieces[1:]])
    return segments
