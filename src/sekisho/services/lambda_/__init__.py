"""AWS Lambda's control plane, and Invoke."""

from sekisho.services.lambda_ import absent, aliases, functions, invoke, permissions, updates, versions
from sekisho.services.operation import compose

OPERATIONS = compose((functions.ops, updates.ops, versions.ops, aliases.ops, permissions.ops, invoke.ops, absent.ops))
"""Every operation of Lambda that is implemented, by name."""
