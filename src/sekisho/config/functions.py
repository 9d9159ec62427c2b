"""Lambda functions, compiled: what the gateway and Invoke may run, and under which resource policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sekisho.functions.invocation import FunctionSpec
from sekisho.policy.compile import CompiledPolicy


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its versions and aliases. Permission is per qualifier: an alias does not inherit.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """

    arn: str
    """Unqualified."""
    account: str
    region: str
    name: str
    versions: Mapping[str, FunctionSpec]
    """``$LATEST`` and numbers as text."""
    aliases: Mapping[str, tuple[str, ...]]
    """Alias → its version (first) and, when weighted, the others."""
    policies: Mapping[str, CompiledPolicy]
    """Qualifier (empty for the function itself) → resource policy."""

    def spec(self, qualifier: str) -> FunctionSpec | None:
        """The version that ``qualifier`` (empty: ``$LATEST``) stands for, or None."""
        if not qualifier:
            return self.versions.get("$LATEST")
        version = self.aliases.get(qualifier)
        return self.versions.get(version[0] if version else qualifier)
