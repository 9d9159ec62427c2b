"""The policy language as values, with JSON pointers back into the source text.

Only what AWS's grammar knows is represented; texts are kept as written (``compile`` reads wildcards and variables).
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

VARIABLES_VERSION = "2012-10-17"
"""The version that turns ``${key}`` into a policy variable; in older ones and without one it is literal text."""
VERSIONS = ("2008-10-17", VARIABLES_VERSION)


class Effect(Enum):
    """What a matching statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


class Principals(NamedTuple):
    """A ``Principal`` or ``NotPrincipal`` element, by kind."""

    everyone: bool = False
    """``"*"``: anybody, the anonymous included."""
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()


class Condition(NamedTuple):
    """One key of one operator of a ``Condition`` block."""

    operator: str
    """As written, set prefix and ``IfExists`` included."""
    key: str
    """As written; comparison ignores case."""
    values: tuple[str, ...]
    """JSON numbers and booleans as the strings AWS compares them as."""


class Statement(NamedTuple):
    """One statement."""

    position: int
    sid: str
    effect: Effect
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...] | None
    """None: the statement has no resource element, as in trust policies; then it covers every resource."""
    not_resource: bool
    principals: Principals | None
    """None: the statement has no principal element, as in identity policies."""
    not_principal: bool
    conditions: tuple[Condition, ...]

    @property
    def pointer(self) -> str:
        """JSON pointer of the statement, as if ``Statement`` were a list."""
        return f"/Statement/{self.position}"


class Policy(NamedTuple):
    """A document."""

    version: str
    """Empty when the document does not say."""
    id: str
    statements: tuple[Statement, ...]


class Problem(NamedTuple):
    """Why a document, or a part of it, is not a policy."""

    pointer: str
    text: str
